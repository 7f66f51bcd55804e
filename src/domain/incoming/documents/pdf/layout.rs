//! Letters to lines and lines to paragraphs, in the order in which a person reads them.

use crate::domain::incoming::documents::pdf::state::Glyph;
use std::cmp::Ordering;
use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;

/// A gap wider than this share of the size is a space.
const SPACE: f64 = 0.14;
/// A gap wider than this is another cell or column.
const CELL: f64 = 1.1;
/// How often a page may be divided in itself.
const MAX_CUTS: usize = 24;
/// Words before which a hyphen at the end of a line stays: "Vor- und Nachname".
const JOINING: &[&str] = &["und", "oder", "bzw", "sowie", "bis", "and", "or", "et", "ou", "en", "of", "och", "og", "i", "a"];

/// A piece of a line that was written in one go.
#[derive(Debug, Clone)]
struct Piece {
    text: String,
    left: f64,
    right: f64,
    base: f64,
    size: f64,
}

impl Piece {
    fn top(&self) -> f64 {
        self.base + 0.75 * self.size
    }

    fn bottom(&self) -> f64 {
        self.base - 0.2 * self.size
    }
}

/// The text of a page from its letters, paragraphs apart by an empty line.
pub fn text(glyphs: &[Glyph]) -> String {
    let mut turns: Vec<(u8, usize)> = (0..=4).map(|t| (t, glyphs.iter().filter(|g| g.turn == t).count())).collect();
    turns.sort_by_key(|(_, count)| usize::MAX - count);
    let mut out = String::new();
    for (turn, _) in turns.iter().filter(|(_, count)| *count > 0) {
        let blocks = arranged(distinct(pieces(glyphs.iter().filter(|g| g.turn == *turn))));
        let mut above: Option<(Piece, f64)> = None;
        for block in blocks {
            above = write_block(block, above, &mut out);
        }
    }
    out
}

/// Pieces in the order in which they were written.
fn pieces<'a>(glyphs: impl Iterator<Item = &'a Glyph>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut run: Vec<Glyph> = Vec::new();
    for glyph in glyphs {
        if let Some(last) = run.last() {
            let size = last.size.max(glyph.size);
            let gap = glyph.start - last.end;
            let is_beside = (glyph.base - last.base).abs() < 0.45 * size;
            if !is_beside || gap > CELL * size || gap < -0.6 * size {
                pieces.extend(piece(&run));
                run.clear();
            }
        }
        run.push(*glyph);
    }
    pieces.extend(piece(&run));
    pieces
}

/// One piece, its words apart.
fn piece(run: &[Glyph]) -> Option<Piece> {
    let ink: Vec<&Glyph> = run.iter().filter(|g| !g.c.is_whitespace()).collect();
    let (first, last) = (ink.first()?, ink.last()?);
    let size = ink.iter().map(|g| g.size).fold(0.0, f64::max);
    let threshold = word_gap(run, size);
    let mut text = String::new();
    let mut before: Option<&Glyph> = None;
    for glyph in run {
        if glyph.c.is_whitespace() {
            if !text.is_empty() && !text.ends_with(' ') {
                text.push(' ');
            }
        } else {
            if before.is_some_and(|b| !b.c.is_whitespace() && glyph.start - b.end > threshold) {
                text.push(' ');
            }
            text.push(glyph.c);
        }
        before = Some(glyph);
    }
    let text: String = accented(&text).trim_end().nfc().collect();
    // The line of a piece is that of most of its letters: a footnote's number stands higher.
    let main = ink.iter().max_by(|a, b| a.size.total_cmp(&b.size).then(b.base.total_cmp(&a.base)))?;
    let (left, right) = (first.start.min(last.start), last.end.max(first.end));
    Some(Piece { text, left, right, base: main.base, size })
}

/// From which gap on two letters of a run belong to two words: more where letters are spaced out for emphasis.
fn word_gap(run: &[Glyph], size: f64) -> f64 {
    let mut gaps: Vec<f64> = run
        .iter()
        .zip(run.iter().skip(1))
        .filter(|(a, b)| !a.c.is_whitespace() && !b.c.is_whitespace())
        .map(|(a, b)| b.start - a.end)
        .collect();
    gaps.sort_by(f64::total_cmp);
    let usual = gaps.get(gaps.len() / 2).copied().unwrap_or(0.0);
    if gaps.len() >= 4 && usual > SPACE * size { usual * 1.5 } else { (SPACE * size).max(usual + 0.1 * size) }
}

/// Accents that were drawn as letters of their own over the letter that follows, as old TeX does.
fn accented(text: &str) -> String {
    if !text.contains(['¨', '´', 'ˇ', '˚', '˝', '˘', '˛']) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let sign = match c {
            '¨' => '\u{308}',
            '´' => '\u{301}',
            'ˇ' => '\u{30c}',
            '˚' => '\u{30a}',
            '˝' => '\u{30b}',
            '˘' => '\u{306}',
            '˛' => '\u{328}',
            _ => {
                out.push(c);
                continue;
            }
        };
        match rest.next_if(|next| next.is_alphabetic()) {
            Some('ı') => out.extend(['i', sign]),
            Some(next) => out.extend([next, sign]),
            None => out.push(c),
        }
    }
    out
}

/// Each piece once: bold type is sometimes made by printing twice.
fn distinct(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut seen: HashMap<String, Vec<(f64, f64)>> = HashMap::new();
    let mut kept = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let places = seen.entry(piece.text.clone()).or_default();
        let near = 0.15 * piece.size;
        if places.iter().rev().take(50).any(|(x, y)| (x - piece.left).abs() < near && (y - piece.base).abs() < near) {
            continue;
        }
        places.push((piece.left, piece.base));
        kept.push(piece);
    }
    kept
}

/// Blocks in reading order: the page is cut where white runs across it, and where it runs down between columns.
fn arranged(pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
    let mut done = Vec::new();
    let mut open = vec![(pieces, 0, false)];
    while let Some((block, cuts, is_column)) = open.pop() {
        if block.is_empty() {
            continue;
        }
        if cuts >= MAX_CUTS {
            done.push(block);
            continue;
        }
        let bands = if is_column { vec![block] } else { bands(block) };
        if bands.len() > 1 {
            open.extend(bands.into_iter().rev().map(|band| (band, cuts + 1, true)));
            continue;
        }
        for block in bands {
            match columns(block) {
                Ok((left, right)) => open.extend([(right, cuts + 1, false), (left, cuts + 1, false)]),
                Err(block) => done.push(block),
            }
        }
    }
    done
}

/// A stretch of a line of print, from left to right.
type Span = (f64, f64);

/// Rows that belong together, and the white that runs down between their columns, if any.
struct Band {
    pieces: Vec<Piece>,
    extent: Span,
    gutters: Vec<Span>,
    floor: f64,
}

/// The least width of white between columns.
fn gutter_width(size: f64) -> f64 {
    (0.8 * size).max(6.0)
}

/// Cuts at the white that runs across where it is wide, and where columns begin or end.
fn bands(mut pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
    pieces.sort_by(|a, b| b.top().total_cmp(&a.top()));
    let mut rows: Vec<Vec<Piece>> = Vec::new();
    let mut floor = f64::INFINITY;
    for piece in pieces {
        let is_new = piece.top() < floor;
        floor = if is_new { piece.bottom() } else { floor.min(piece.bottom()) };
        match rows.last_mut().filter(|_| !is_new) {
            Some(row) => row.push(piece),
            None => rows.push(vec![piece]),
        }
    }
    let mut bands: Vec<Band> = Vec::new();
    for row in rows.into_iter().map(band) {
        let fits = bands.last().and_then(|above| continued(above, &row));
        match (bands.last_mut(), fits) {
            (Some(above), Some(gutters)) => {
                above.gutters = gutters;
                above.extent = (above.extent.0.min(row.extent.0), above.extent.1.max(row.extent.1));
                above.floor = row.floor;
                above.pieces.extend(row.pieces);
            }
            _ => bands.push(row),
        }
    }
    bands.into_iter().map(|band| band.pieces).collect()
}

fn band(mut pieces: Vec<Piece>) -> Band {
    pieces.sort_by(|a, b| a.left.total_cmp(&b.left));
    let mut extent = (f64::INFINITY, f64::NEG_INFINITY);
    let mut gutters = Vec::new();
    for piece in &pieces {
        if extent.1.is_finite() && piece.left - extent.1 > gutter_width(piece.size) {
            gutters.push((extent.1, piece.left));
        }
        extent = (extent.0.min(piece.left), extent.1.max(piece.right));
    }
    let floor = pieces.iter().map(Piece::bottom).fold(f64::INFINITY, f64::min);
    Band { pieces, extent, gutters, floor }
}

/// The white between columns that a row leaves to the rows above it; none if the row belongs to another block.
fn continued(above: &Band, row: &Band) -> Option<Vec<Span>> {
    let top = row.pieces.iter().map(Piece::top).fold(f64::NEG_INFINITY, f64::max);
    let size = row.pieces.iter().chain(above.pieces.last()).map(|p| p.size).fold(f64::INFINITY, f64::min);
    if above.floor - top > 0.8 * size {
        return None;
    }
    let beside = |gutter: &Span, extent: Span| extent.1 <= gutter.0 + 1.0 || extent.0 >= gutter.1 - 1.0;
    let left: Vec<Span> = match (above.gutters.is_empty(), row.gutters.is_empty()) {
        (true, true) => return Some(Vec::new()),
        (false, true) => above.gutters.iter().filter(|g| beside(g, row.extent)).copied().collect(),
        (true, false) => row.gutters.iter().filter(|g| beside(g, above.extent)).copied().collect(),
        (false, false) => above
            .gutters
            .iter()
            .take(40)
            .flat_map(|a| row.gutters.iter().take(40).map(move |b| (a.0.max(b.0), a.1.min(b.1))))
            .filter(|(from, to)| to - from > gutter_width(size))
            .collect(),
    };
    (!left.is_empty()).then_some(left)
}

/// Divides a block at the widest gap that runs down all of it, if the two sides are read one after the other.
fn columns(mut pieces: Vec<Piece>) -> Result<(Vec<Piece>, Vec<Piece>), Vec<Piece>> {
    pieces.sort_by(|a, b| a.left.total_cmp(&b.left));
    let (mut edge, mut cut) = (f64::INFINITY, None::<(f64, f64)>);
    for piece in &pieces {
        let gap = piece.left - edge;
        if gap > gutter_width(piece.size) && cut.is_none_or(|(widest, _)| gap > widest) {
            cut = Some((gap, piece.left));
        }
        edge = if edge.is_finite() { edge.max(piece.right) } else { piece.right };
    }
    let Some((_, at)) = cut else { return Err(pieces) };
    let (left, right): (Vec<Piece>, Vec<Piece>) = pieces.into_iter().partition(|p| p.left < at);
    if are_columns(&left, &right) { Ok((left, right)) } else { Err(left.into_iter().chain(right).collect()) }
}

/// Whether two blocks beside each other are columns, and not the rows of a table or labels with what they say.
fn are_columns(left: &[Piece], right: &[Piece]) -> bool {
    let (left, right) = (lines(left.to_vec()), lines(right.to_vec()));
    if left.len() < 2 || right.len() < 2 {
        return false;
    }
    let (few, many) = if left.len() < right.len() { (&left, &right) } else { (&right, &left) };
    let level = |a: &[Piece], b: &[Piece]| match (a.first(), b.first()) {
        (Some(a), Some(b)) => (a.base - b.base).abs() < 0.3 * a.size.max(b.size),
        _ => false,
    };
    let aligned = few.iter().filter(|a| many.iter().any(|b| level(a, b))).count();
    if aligned * 10 < few.len() * 6 {
        return true;
    }
    let texts = |lines: &[Vec<Piece>]| -> Vec<String> {
        lines.iter().map(|l| l.iter().map(|p| p.text.as_str()).collect::<Vec<_>>().join(" ")).collect()
    };
    let (left_texts, right_texts) = (texts(&left), texts(&right));
    let share = |texts: &[String], is: &dyn Fn(&str) -> bool| texts.iter().filter(|t| is(t)).count() * 10 / texts.len();
    if share(&left_texts, &|t| t.trim_end().ends_with(':')) >= 5 {
        return false;
    }
    let long = |t: &str| t.chars().count() >= 28;
    let names = |t: &str| t.contains(": ") || t.ends_with(':');
    // Small print above what it names: "Ihr Zeichen" over the number, side by side with the next.
    let size = |line: Option<&Vec<Piece>>| line.and_then(|l| l.first()).map_or(0.0, |p| p.size);
    let small_head = left.len() == 2 && right.len() == 2 && size(right.first()) < 0.93 * size(right.get(1));
    small_head
        || share(&right_texts, &names) >= 3
        || (share(&left_texts, &long) >= 5 && share(&right_texts, &long) >= 5)
}

/// Lines from top to bottom, each from left to right.
fn lines(mut pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
    pieces.sort_by(|a, b| b.base.total_cmp(&a.base));
    let mut lines: Vec<Vec<Piece>> = Vec::new();
    for piece in pieces {
        let fits = lines.last().and_then(|line| line.first()).is_some_and(|head| {
            (head.base - piece.base).abs() < 0.4 * head.size.max(piece.size).min(2.0 * head.size.min(piece.size))
        });
        match lines.last_mut().filter(|_| fits) {
            Some(line) => line.push(piece),
            None => lines.push(vec![piece]),
        }
    }
    for line in &mut lines {
        line.sort_by(|a, b| a.left.total_cmp(&b.left).then(Ordering::Equal));
    }
    lines
}

/// Writes a block below what stands; what is close below the last line goes on in the same paragraph.
fn write_block(block: Vec<Piece>, above: Option<(Piece, f64)>, out: &mut String) -> Option<(Piece, f64)> {
    let lines = lines(block);
    let heads: Vec<&Piece> = lines.iter().filter_map(|line| line.first()).collect();
    let mut steps: Vec<f64> = heads.iter().zip(heads.iter().skip(1)).map(|(a, b)| a.base - b.base).collect();
    steps.sort_by(f64::total_cmp);
    let own = steps.get(steps.len() / 2).copied();
    let usual = own.or(above.as_ref().map(|(_, step)| *step)).unwrap_or(f64::INFINITY);
    let mut last = above.map(|(piece, _)| piece);
    for line in &lines {
        let Some(head) = line.first() else { continue };
        let text = line_text(line);
        match &last {
            Some(last) => {
                let step = last.base - head.base;
                let near = step > 0.0 && step <= (1.3 * usual).min(2.2 * head.size);
                join(out, &text, !near || (last.left - head.left).abs() > 20.0 * head.size);
            }
            None if out.is_empty() => out.push_str(&text),
            None => join(out, &text, true),
        }
        last = Some((*head).clone());
    }
    last.map(|piece| (piece, usual))
}

fn line_text(line: &[Piece]) -> String {
    let mut text = String::new();
    let mut before: Option<&Piece> = None;
    for piece in line {
        if let Some(before) = before {
            let gap = piece.left - before.right;
            let size = before.size.min(piece.size);
            if gap > CELL * size {
                text.push_str("  ");
            } else if gap > SPACE * size || gap < -size {
                text.push(' ');
            }
        }
        text.push_str(&piece.text);
        before = Some(piece);
    }
    text
}

/// Puts a line below what stands; a word divided at the end of a line becomes whole again.
fn join(out: &mut String, line: &str, is_far: bool) {
    if !is_far && (out.ends_with('-') || out.ends_with('\u{ad}') || out.ends_with('\u{2010}')) {
        let hyphen = out.pop().unwrap_or('-');
        let word: String = line.chars().take_while(|c| c.is_alphabetic()).collect();
        let goes_on = word.chars().next().is_some_and(char::is_lowercase);
        let is_letter = out.chars().last().is_some_and(char::is_alphabetic);
        if hyphen == '\u{ad}' || (goes_on && is_letter && !JOINING.contains(&word.as_str())) {
            // The rest of the line follows the whole word.
            out.push_str(line);
            return;
        }
        out.push(hyphen);
    }
    out.push_str(if is_far { "\n\n" } else { "\n" });
    out.push_str(line);
}
