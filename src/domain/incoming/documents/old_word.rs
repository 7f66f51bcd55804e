//! Word files of 1997 to 2003 ([MS-DOC]): the piece table to text; hidden and deleted runs, comments are reported.

use crate::domain::incoming::documents::compound::{self, Compound, size_at, u16_at, u32_at};
use crate::domain::incoming::documents::properties::Remarks;
use crate::domain::incoming::documents::{Document, Hiding, MAX_TEXT};
use crate::domain::incoming::mime::Notes;
use encoding_rs::WINDOWS_1252;

/// Where the numbers of the file information block stand (§2.5).
mod fib {
    /// Number of characters of the body; six further stories follow.
    pub const STORIES: usize = 76;
    /// Place and length of the table of character runs (`PlcBteChpx`).
    pub const RUNS: usize = 250;
    /// Place and length of the piece table (`Clx`).
    pub const PIECES: usize = 418;
}

/// How many pieces or pages of runs are read.
const MAX_PIECES: usize = 200_000;

/// Reads a doc file.
pub fn read(data: &[u8], notes: &mut Notes) -> Document {
    let mut document = Document::default();
    let Some(mut file) = compound::open(data, notes) else { return document };
    let main = compound::stream(&mut file, "/WordDocument").unwrap_or_default();
    let flags = u16_at(&main, 10).unwrap_or(0);
    if flags & 0x0100 != 0 {
        notes.add("not read: protected with a password");
    } else if u16_at(&main, 0) != Some(0xa5ec) {
        notes.add("not read: written by a Word older than 1997");
    } else if let Some(story) = characters(&mut file, &main, flags) {
        story.tell(&main, &mut document);
    } else {
        notes.add("not read: the file is damaged");
    }
    compound::report(&mut file, &mut document);
    document
}

/// A character, where it stands in the file, and how it looks.
#[derive(Clone, Copy)]
struct Char {
    unit: u16,
    look: Look,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Shown,
    Hidden,
    Deleted,
}

struct Story {
    chars: Vec<Char>,
}

/// A run of characters with one look, by bytes of the main stream.
struct Run {
    from: usize,
    to: usize,
    look: Look,
}

/// All characters of all stories in their order, by the piece table (§2.4.1).
fn characters(file: &mut Compound<'_>, main: &[u8], flags: u16) -> Option<Story> {
    let name = if flags & 0x0200 == 0 { "/0Table" } else { "/1Table" };
    let table = compound::stream(file, name)?;
    let at = size_at(main, fib::PIECES)?;
    let clx = table.get(at..at.checked_add(size_at(main, fib::PIECES + 4)?)?)?;
    let pieces = piece_table(clx)?;
    let count = pieces.len().checked_sub(4)? / 12;
    let runs = runs(main, &table);
    let mut chars = Vec::new();
    for n in 0..count.min(MAX_PIECES) {
        let length = size_at(pieces, (n + 1) * 4)?.checked_sub(size_at(pieces, n * 4)?)?;
        let place = u32_at(pieces, (count + 1) * 4 + n * 8 + 2)?;
        let start = usize::try_from(place & 0x3fff_ffff).ok()?;
        if chars.len() + length > MAX_TEXT {
            break;
        }
        if place & 0x4000_0000 == 0 {
            let bytes = main.get(start..).unwrap_or_default();
            let units = bytes.chunks_exact(2).take(length).enumerate();
            chars.extend(units.filter_map(|(at, unit)| {
                let look = look_at(&runs, start + at * 2);
                Some(Char { unit: u16::from_le_bytes(*unit.first_chunk::<2>()?), look })
            }));
        } else {
            let bytes = main.get(start / 2..).unwrap_or_default();
            chars.extend(bytes.iter().take(length).enumerate().map(|(at, byte)| {
                let wide = WINDOWS_1252.decode_without_bom_handling(&[*byte]).0.encode_utf16().next();
                Char { unit: wide.unwrap_or(0), look: look_at(&runs, start / 2 + at) }
            }));
        }
    }
    Some(Story { chars })
}

/// The `PlcPcd` of a `Clx`, after the property changes before it (§2.9.38).
fn piece_table(clx: &[u8]) -> Option<&[u8]> {
    let mut rest = clx;
    while rest.first() == Some(&1) {
        rest = rest.get(3 + usize::from(u16_at(rest, 1)?)..)?;
    }
    let length = size_at(rest, 1)?;
    (rest.first() == Some(&2)).then(|| rest.get(5..5_usize.checked_add(length)?)).flatten()
}

/// Runs that are hidden or deleted, sorted by place (§2.9.33, §2.9.34).
fn runs(main: &[u8], table: &[u8]) -> Vec<Run> {
    let mut found = Vec::new();
    let place = (size_at(main, fib::RUNS), size_at(main, fib::RUNS + 4));
    let (Some(at), Some(length)) = place else { return found };
    let Some(pages) = at.checked_add(length).and_then(|to| table.get(at..to)) else { return found };
    let count = length.saturating_sub(4) / 8;
    for n in 0..count.min(MAX_PIECES) {
        let number = size_at(pages, (count + 1) * 4 + n * 4).unwrap_or(0) & 0x003f_ffff;
        let Some(page) = main.get(number * 512..number * 512 + 512) else { continue };
        let runs = page.last().map_or(0, |n| usize::from(*n));
        for run in 0..runs.min(101) {
            found.extend(run_of(page, runs, run));
        }
    }
    found.sort_by_key(|run: &Run| run.from);
    found
}

/// One run of a page; none if it looks like any other.
fn run_of(page: &[u8], runs: usize, run: usize) -> Option<Run> {
    let (from, to) = (size_at(page, run * 4)?, size_at(page, run * 4 + 4)?);
    let at = usize::from(*page.get((runs + 1) * 4 + run)?) * 2;
    let length = usize::from(*page.get(at)?);
    if at == 0 || length == 0 {
        return None;
    }
    let look = look(page.get(at + 1..at + 1 + length)?);
    (look != Look::Shown).then_some(Run { from, to, look })
}

/// What a list of changes (`Prl`, §2.2.5) makes of the characters.
fn look(changes: &[u8]) -> Look {
    let (mut found, mut at) = (Look::Shown, 0);
    while let Some(code) = u16_at(changes, at) {
        let value = changes.get(at + 2).copied().unwrap_or(0);
        match (code, value) {
            (0x0800, 1) => return Look::Deleted,
            (0x083c, 1) => found = Look::Hidden,
            _ => {}
        }
        at += 2 + match code >> 13 {
            0 | 1 => 1,
            3 => 4,
            6 => usize::from(value) + 1,
            7 => 3,
            _ => 2,
        };
    }
    found
}

fn look_at(runs: &[Run], place: usize) -> Look {
    let after = runs.partition_point(|run| run.from <= place);
    let run = after.checked_sub(1).and_then(|at| runs.get(at));
    run.filter(|run| place < run.to).map_or(Look::Shown, |run| run.look)
}

impl Story {
    /// Body, footnotes, headers, comments, endnotes, text boxes follow each other without a mark.
    fn tell(&self, main: &[u8], document: &mut Document) {
        let mut from = 0_usize;
        let (mut shown, mut comments) = (Vec::new(), Remarks::default());
        let (mut hidden, mut deleted) = (Remarks::default(), Remarks::default());
        for story in 0..8 {
            let length = size_at(main, fib::STORIES + story * 4).unwrap_or(0);
            let to = from.max(from.saturating_add(length).min(self.chars.len()));
            let chars = self.chars.get(from..to).unwrap_or_default();
            from = to;
            match story {
                // The fourth is one of macros that nobody writes any more.
                3 => {}
                4 => clean(chars, Look::Shown).lines().for_each(|line| comments.says(line)),
                _ => shown.push(clean(chars, Look::Shown).trim().to_owned()),
            }
            clean_runs(chars, Look::Hidden, &mut hidden);
            clean_runs(chars, Look::Deleted, &mut deleted);
        }
        shown.retain(|text| !text.is_empty());
        document.text = Some(shown.join("\n\n"));
        deleted.report(Hiding::TrackedChanges, "text that was deleted and is still there", document);
        hidden.report(Hiding::HiddenText, "hidden text", document);
        comments.report(Hiding::Comments, "comments", document);
    }
}

fn clean_runs(chars: &[Char], look: Look, into: &mut Remarks) {
    for run in chars.chunk_by(|a, b| (a.look == look) == (b.look == look)) {
        if run.first().is_some_and(|c| c.look == look) {
            into.says(&clean(run, look));
        }
    }
}

/// Characters of one look as text. A field shows its result, not its code (§2.8.25).
fn clean(chars: &[Char], look: Look) -> String {
    let mut units = Vec::new();
    let mut fields: Vec<bool> = Vec::new();
    for char in chars {
        match char.unit {
            0x13 => fields.push(true),
            0x14 => {
                if let Some(code) = fields.last_mut() {
                    *code = false;
                }
            }
            0x15 => drop(fields.pop()),
            _ if char.look != look || fields.contains(&true) => {}
            0x0c..=0x0e => units.extend([0x0a, 0x0a]),
            0x0b => units.push(0x0a),
            0x07 => units.push(0x09),
            0x1e => units.push(0x2d),
            0x00..=0x08 | 0x0f..=0x1f => {}
            unit => units.push(unit),
        }
        if fields.len() > 1_000 {
            break;
        }
    }
    String::from_utf16_lossy(&units)
}
