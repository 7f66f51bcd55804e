//! Excel files (ECMA-376 part 1 §18): rows of shown sheets as lines, read as a stream so that a cell at the far end
//! of an empty sheet costs nothing.

use crate::domain::incoming::documents::grid::{Grid, Sight};
use crate::domain::incoming::documents::number::{Look, looks};
use crate::domain::incoming::documents::package::Package;
use crate::domain::incoming::documents::xml::{Step, Tag, walk};
use crate::domain::incoming::documents::{Document, beside, relations};
use crate::domain::incoming::mime::Notes;

/// How many characters the shared strings may have together.
const MAX_STRINGS: usize = 16 * 1024 * 1024;

/// Reads an xlsx file.
pub fn read(package: &mut Package<'_>, notes: &mut Notes) -> Document {
    let mut document = Document::default();
    let mut out = String::new();
    let strings = package.xml("xl/sharedStrings.xml", notes).map(|x| strings(&x, notes)).unwrap_or_default();
    let looks = package.xml("xl/styles.xml", notes).map(|x| looks(&x, notes)).unwrap_or_default();
    for (name, sight, part) in sheets(package, notes) {
        let Some(xml) = package.xml(&part, notes) else { continue };
        let mut walked = Walk { strings: &strings, looks: &looks, ..Walk::new(&name, sight) };
        walk(&xml, notes, |step| walked.step(&step));
        if !walked.grid.has_room() {
            notes.add("not read to its end: too many cells");
        }
        walked.grid.end(&mut out, &mut document);
    }
    beside::report(package, &mut document, notes);
    document.text = Some(out);
    document
}

/// Name, visibility and part of each sheet.
fn sheets(package: &mut Package<'_>, notes: &mut Notes) -> Vec<(String, Sight, String)> {
    let mut listed: Vec<(String, Sight, String)> = Vec::new();
    if let Some(xml) = package.xml("xl/workbook.xml", notes) {
        walk(&xml, notes, |step| {
            if let Step::Open(tag) = step
                && tag.name() == "sheet"
            {
                let sight = match tag.attribute("state").as_deref() {
                    Some("hidden") => Sight::Hidden,
                    Some("veryHidden") => Sight::VeryHidden,
                    _ => Sight::Shown,
                };
                let name = tag.attribute("name").unwrap_or_default();
                listed.push((name, sight, tag.exactly("r:id").unwrap_or_default()));
            }
            listed.len() < 1_000
        });
    }
    let related = relations::of(package, "xl/workbook.xml", notes);
    let mut found = Vec::new();
    for (name, sight, id) in listed {
        let part = related.iter().find(|r| r.id == id).map(|r| r.target.clone());
        found.extend(part.filter(|p| package.has(p)).map(|part| (name, sight, part)));
    }
    if found.is_empty() {
        let parts = package.named("xl/worksheets/sheet", ".xml").into_iter();
        return parts.map(|part| ("sheet".to_owned(), Sight::Shown, part)).collect();
    }
    found
}

/// The strings that cells point at; how they are pronounced (`rPh`) is left out.
fn strings(xml: &str, notes: &mut Notes) -> Vec<String> {
    let (mut found, mut text, mut size) = (Vec::new(), String::new(), 0);
    let (mut words, mut spoken) = (0_usize, 0_usize);
    walk(xml, notes, |step| {
        match step {
            Step::Open(tag) => match tag.name() {
                "t" => words += 1,
                "rPh" => spoken += 1,
                _ => {}
            },
            Step::Close("t") => words = words.saturating_sub(1),
            Step::Close("rPh") => spoken = spoken.saturating_sub(1),
            Step::Close("si") => {
                size += text.len() + 24;
                found.push(std::mem::take(&mut text));
            }
            Step::Text(piece) if words > 0 && spoken == 0 => text.push_str(piece),
            _ => {}
        }
        size + text.len() < MAX_STRINGS
    });
    found
}

struct Walk<'a> {
    strings: &'a [String],
    looks: &'a [Look],
    grid: Grid,
    hidden_columns: Vec<(usize, usize)>,
    row_hidden: bool,
    column: usize,
    kind: String,
    look: Look,
    taking: bool,
    value: String,
}

impl Walk<'_> {
    fn new(name: &str, sight: Sight) -> Self {
        Self {
            strings: &[],
            looks: &[],
            grid: Grid::new(name, sight),
            hidden_columns: Vec::new(),
            row_hidden: false,
            column: 0,
            kind: String::new(),
            look: Look::Number,
            taking: false,
            value: String::new(),
        }
    }

    fn step(&mut self, step: &Step<'_>) -> bool {
        match step {
            Step::Open(tag) => self.open(tag),
            Step::Close("v" | "t") => self.taking = false,
            Step::Close("c") => self.end_cell(),
            Step::Close("row") => self.grid.end_row(self.row_hidden),
            Step::Text(text) if self.taking => self.value.push_str(text),
            _ => {}
        }
        self.grid.has_room() && self.value.len() < MAX_STRINGS
    }

    fn open(&mut self, tag: &Tag<'_>) {
        match tag.name() {
            "col" if tag.says("hidden") => {
                let edge =
                    |name: &str| tag.attribute(name).and_then(|v| v.parse::<usize>().ok()).unwrap_or(1);
                let (from, to) = (edge("min").saturating_sub(1), edge("max").min(16_384));
                self.grid.hide_columns(to.saturating_sub(from));
                self.hidden_columns.push((from, to));
            }
            "row" => {
                self.row_hidden = tag.says("hidden");
                self.column = 0;
            }
            "c" => {
                let at = tag.attribute("r").and_then(|r| column(&r));
                self.column = at.unwrap_or(self.column + 1);
                self.kind = tag.attribute("t").unwrap_or_default();
                let style = tag.attribute("s").and_then(|s| s.parse::<usize>().ok()).unwrap_or(0);
                self.look = self.looks.get(style).copied().unwrap_or_default();
                self.value.clear();
            }
            // A formula (`f`) is not what is seen.
            "v" | "t" => self.taking = true,
            _ => {}
        }
    }

    fn end_cell(&mut self) {
        let value = match self.kind.as_str() {
            "s" => {
                let at = self.value.trim().parse::<usize>().ok();
                at.and_then(|at| self.strings.get(at)).map_or("", String::as_str).to_owned()
            }
            "b" => if self.value.trim() == "1" { "TRUE" } else { "FALSE" }.to_owned(),
            "" | "n" => self.look.show(self.value.trim()),
            _ => std::mem::take(&mut self.value),
        };
        // Columns are counted from 1 in a reference.
        let at = self.column.saturating_sub(1);
        let hidden =
            self.row_hidden || self.hidden_columns.iter().any(|(from, to)| (*from..*to).contains(&at));
        self.grid.cell(at, &value, hidden);
    }
}

/// The column of `AB12`, counted from 1.
fn column(reference: &str) -> Option<usize> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic).take(3);
    let number = letters.fold(0_usize, |sum, b| sum * 26 + usize::from(b.to_ascii_uppercase() - b'A') + 1);
    (number > 0).then_some(number)
}
