//! `OpenDocument` texts and presentations (OASIS ODF 1.3): what is shown becomes text, the rest is reported.

use crate::domain::incoming::documents::package::Package;
use crate::domain::incoming::documents::properties::Remarks;
use crate::domain::incoming::documents::xml::{Step, Tag, walk};
use crate::domain::incoming::documents::{Document, Hiding, MAX_TEXT};
use crate::domain::incoming::mime::Notes;
use std::collections::BTreeSet;

/// Reads an odt or odp file.
pub fn read(package: &mut Package<'_>, notes: &mut Notes) -> Document {
    let mut document = Document::default();
    let mut walked = Walk::default();
    let mut texts = Vec::new();
    if !package.has("content.xml") {
        notes.add("not read: the file holds no document");
    }
    // Headers and footers stand in the styles.
    for part in ["styles.xml", "content.xml"] {
        let Some(xml) = package.xml(part, notes) else { continue };
        walked.styles = part == "styles.xml";
        walk(&xml, notes, |step| walked.step(&step, &mut document));
        let text = std::mem::take(&mut walked.out);
        if !text.trim().is_empty() {
            texts.push(text.trim().to_owned());
        }
    }
    document.text = Some(texts.join("\n\n"));
    walked.changed.report(
        Hiding::TrackedChanges,
        "text changed with changes tracked, deleted words",
        &mut document,
    );
    walked.comments.report(Hiding::Comments, "comments", &mut document);
    walked.concealed.report(Hiding::HiddenText, "hidden text", &mut document);
    document
}

/// What the characters belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Shown,
    Change,
    Comment,
    SpeakerNotes,
    Concealed,
    HiddenSlide,
    Person,
    Nowhere,
}

#[derive(Default)]
struct Walk {
    out: String,
    styles: bool,
    /// Elements that change where characters go, with their depth.
    places: Vec<(usize, Place)>,
    depth: usize,
    piece: String,
    style: String,
    unseen: BTreeSet<String>,
    slides: usize,
    /// Depth of paragraphs: characters outside of one are the file's indentation.
    paragraphs: usize,
    cells: usize,
    changed: Remarks,
    comments: Remarks,
    concealed: Remarks,
}

impl Walk {
    fn place(&self) -> Place {
        let top = if self.styles { Place::Nowhere } else { Place::Shown };
        self.places.last().map_or(top, |(_, place)| *place)
    }

    fn step(&mut self, step: &Step<'_>, document: &mut Document) -> bool {
        match step {
            Step::Open(tag) => {
                self.depth += 1;
                self.open(tag);
            }
            Step::Close(name) => {
                self.close(name, document);
                self.depth = self.depth.saturating_sub(1);
            }
            Step::Text(text) if self.paragraphs > 0 || self.place() == Place::Person => self.written(text),
            Step::Text(_) => {}
        }
        self.out.len() < MAX_TEXT && self.piece.len() < MAX_TEXT && self.places.len() < 10_000
    }

    fn open(&mut self, tag: &Tag<'_>) {
        self.paragraphs += usize::from(matches!(tag.name(), "p" | "h"));
        let styled = || tag.attribute("style-name").unwrap_or_default();
        let place = match tag.name() {
            "tracked-changes" => Place::Change,
            "annotation" => Place::Comment,
            // `presentation:notes` of a slide; a note's number in a text is `text:notes-configuration`.
            "notes" => Place::SpeakerNotes,
            "hidden-text" | "hidden-paragraph" => Place::Concealed,
            "header" | "footer" | "header-first" | "footer-first" if self.styles => Place::Shown,
            "creator" | "initials" | "date" | "creator-initials" if self.place() != Place::Shown => {
                Place::Person
            }
            "script" | "forms" | "sequence-decls" | "desc" | "title" => Place::Nowhere,
            "page" => {
                self.slides += 1;
                if !self.unseen.contains(&styled()) {
                    return;
                }
                Place::HiddenSlide
            }
            "span" | "p" | "h" | "section" if self.unseen.contains(&styled()) => Place::Concealed,
            name => return self.inside(name, tag),
        };
        // What lies in something hidden stays there.
        let kept = matches!(self.place(), Place::HiddenSlide | Place::Change) && place != Place::Person;
        let place = if kept { self.place() } else { place };
        if !kept {
            self.piece.clear();
        }
        if tag.name() == "hidden-text" {
            self.concealed.says(&tag.attribute("string-value").unwrap_or_default());
        }
        self.places.push((self.depth, place));
    }

    fn inside(&mut self, name: &str, tag: &Tag<'_>) {
        match name {
            "style" => self.style = tag.attribute("name").unwrap_or_default(),
            "text-properties" if tag.attribute("display").as_deref() == Some("none") => {
                self.unseen.insert(self.style.clone());
            }
            "drawing-page-properties" if tag.attribute("visibility").as_deref() == Some("hidden") => {
                self.unseen.insert(self.style.clone());
            }
            "line-break" => self.text("\n"),
            "tab" => self.text(" "),
            "s" => {
                let count = tag.attribute("c").and_then(|c| c.parse().ok()).unwrap_or(1_usize);
                self.text(&" ".repeat(count.min(80)));
            }
            "table-cell" => self.cells += 1,
            _ => {}
        }
    }

    /// Characters as written: blanks and line ends in a row are one blank (part 3 §6.1.2).
    fn written(&mut self, text: &str) {
        let blank = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
        let mut line = String::with_capacity(text.len());
        for c in text.chars() {
            if !blank(c) {
                line.push(c);
            } else if !line.ends_with(' ') {
                line.push(' ');
            }
        }
        let goes_on =
            self.place() == Place::Shown && (self.out.is_empty() || self.out.ends_with([' ', '\n', '\t']));
        self.text(if goes_on { line.trim_start_matches(' ') } else { &line });
    }

    fn text(&mut self, text: &str) {
        match self.place() {
            Place::Nowhere => {}
            Place::Shown => self.out.push_str(text),
            Place::Person => {
                let text = text.trim();
                // Dates stand beside the names.
                if !text.starts_with(|c: char| c.is_ascii_digit()) {
                    let around = self.places.iter().rev().find(|(_, p)| *p != Place::Person);
                    match around.map(|(_, place)| *place) {
                        Some(Place::Change) => self.changed.by(text),
                        Some(Place::Comment) => self.comments.by(text),
                        _ => {}
                    }
                }
            }
            _ => self.piece.push_str(text),
        }
    }

    fn close(&mut self, name: &str, document: &mut Document) {
        if matches!(name, "p" | "h") {
            self.paragraphs = self.paragraphs.saturating_sub(1);
            if self.place() == Place::Shown {
                self.out.truncate(self.out.trim_end_matches(' ').len());
            }
        }
        match name {
            "p" | "h" if self.place() == Place::Shown => {
                self.out.push_str(if self.cells > 0 { "\n" } else { "\n\n" });
            }
            "p" | "h" => self.piece.push(' '),
            "table-cell" => {
                self.cells = self.cells.saturating_sub(1);
                if self.place() == Place::Shown {
                    self.out.truncate(self.out.trim_end_matches('\n').len());
                    self.out.push('\t');
                }
            }
            "table-row" if self.place() == Place::Shown => {
                self.out.truncate(self.out.trim_end_matches(['\t', '\n']).len());
                self.out.push('\n');
            }
            "deletion" => self.changed.says(&std::mem::take(&mut self.piece)),
            _ => {}
        }
        let ended = self.places.pop_if(|(depth, _)| *depth == self.depth);
        // The same place around it: the piece goes on.
        if let Some((_, place)) = ended
            && self.places.last().is_none_or(|(_, around)| *around != place)
        {
            self.end(place, document);
        }
    }

    fn end(&mut self, place: Place, document: &mut Document) {
        if place == Place::Person {
            return;
        }
        let piece = std::mem::take(&mut self.piece);
        let line = piece.split_whitespace().collect::<Vec<_>>().join(" ");
        match place {
            Place::Comment => self.comments.says(&line),
            Place::Concealed => self.concealed.says(&line),
            Place::SpeakerNotes if !line.is_empty() => {
                document.hide(Hiding::Notes, format!("notes to slide {}: {line}", self.slides));
            }
            Place::HiddenSlide => {
                document
                    .hide(Hiding::HiddenSheet, format!("slide {} is hidden, starts: {line}", self.slides));
            }
            _ => {}
        }
    }
}
