//! Word files (ECMA-376 part 1 §17): what is shown becomes text; changes, comments and hidden runs are reported.

use crate::domain::incoming::documents::package::Package;
use crate::domain::incoming::documents::properties::Remarks;
use crate::domain::incoming::documents::xml::{Step, Tag, walk};
use crate::domain::incoming::documents::{Document, Hiding, MAX_TEXT};
use crate::domain::incoming::mime::Notes;

/// Reads a docx file: header, body, notes, footer.
pub fn read(package: &mut Package<'_>, notes: &mut Notes) -> Document {
    let mut document = Document::default();
    let mut parts = package.named("word/header", ".xml");
    parts.extend(package.named("word/document", ".xml"));
    parts.extend(package.named("word/footnotes", ".xml"));
    parts.extend(package.named("word/endnotes", ".xml"));
    parts.extend(package.named("word/footer", ".xml"));
    let mut texts: Vec<String> = Vec::new();
    let mut walked = Walk::default();
    for part in parts {
        let Some(xml) = package.xml(&part, notes) else { continue };
        walk(&xml, notes, |step| walked.step(&step));
        let text = std::mem::take(&mut walked.out).trim().to_owned();
        // First, even and odd pages often have the same header.
        if !text.is_empty() && !texts.contains(&text) {
            texts.push(text);
        }
        walked.start_anew();
    }
    if !package.has("word/document.xml") && texts.is_empty() {
        notes.add("not read: the file holds no document");
    }
    document.text = Some(texts.join("\n\n"));
    walked.deleted.report(Hiding::TrackedChanges, "text that was deleted and is still there", &mut document);
    walked.inserted.report(
        Hiding::TrackedChanges,
        "text that was inserted with changes tracked",
        &mut document,
    );
    walked.concealed.report(Hiding::HiddenText, "hidden text", &mut document);
    walked.white.report(Hiding::HiddenText, "white text", &mut document);
    for part in package.named("word/comments", ".xml") {
        let Some(xml) = package.xml(&part, notes) else { continue };
        comments(&xml, notes).report(Hiding::Comments, "comments", &mut document);
    }
    document
}

/// Comments of a Word file: `w:comment w:author`.
fn comments(xml: &str, notes: &mut Notes) -> Remarks {
    let mut found = Remarks::default();
    let mut text = String::new();
    walk(xml, notes, |step| {
        match step {
            Step::Open(tag) if tag.name() == "comment" => {
                found.by(&tag.attribute("author").unwrap_or_default());
            }
            Step::Close("comment") => found.says(&std::mem::take(&mut text)),
            Step::Close("p") => text.push(' '),
            Step::Text(piece) => text.push_str(piece),
            _ => {}
        }
        text.len() < MAX_TEXT
    });
    found
}

/// A run of characters with one look (`w:r`).
#[derive(Default)]
struct Run {
    text: String,
    hidden: bool,
    white: bool,
}

#[derive(Default)]
struct Walk {
    out: String,
    runs: Vec<Run>,
    /// Depth of `w:t`: characters elsewhere are the file's indentation.
    words: usize,
    /// Depth within deleted text, within the second copy of a text box, within a property list.
    gone: usize,
    inserting: usize,
    fallback: usize,
    /// For each open cell, paragraph or box whether something dark lies behind.
    grounds: Vec<bool>,
    cells: usize,
    /// Field codes are instructions, not text.
    instructions: usize,
    deleted: Remarks,
    inserted: Remarks,
    concealed: Remarks,
    white: Remarks,
    fresh: String,
    removed: String,
}

impl Walk {
    /// Between two parts: what a damaged part left open is closed.
    fn start_anew(&mut self) {
        self.runs.clear();
        self.grounds.clear();
        (self.gone, self.inserting, self.fallback) = (0, 0, 0);
        (self.cells, self.instructions, self.words) = (0, 0, 0);
    }

    fn step(&mut self, step: &Step<'_>) -> bool {
        match step {
            Step::Open(tag) => self.open(tag),
            Step::Close(name) => self.close(name),
            Step::Text(text) if self.words > 0 => self.text(text),
            Step::Text(_) => {}
        }
        self.out.len() < MAX_TEXT && self.runs.len() < 1_000
    }

    fn open(&mut self, tag: &Tag<'_>) {
        match tag.name() {
            "Fallback" => self.fallback += 1,
            "t" | "delText" => self.words += 1,
            "del" | "moveFrom" => {
                self.gone += 1;
                self.deleted.by(&tag.attribute("author").unwrap_or_default());
            }
            "ins" | "moveTo" => {
                self.inserting += 1;
                self.inserted.by(&tag.attribute("author").unwrap_or_default());
            }
            "instrText" | "delInstrText" => self.instructions += 1,
            "r" => self.runs.push(Run::default()),
            "tc" | "p" | "txbxContent" => {
                self.grounds.push(tag.name() == "txbxContent");
                self.cells += usize::from(tag.name() == "tc");
            }
            "shd" | "highlight" => self.ground(tag),
            "vanish" | "specVanish" if tag.is_on() => self.run(|run| run.hidden = true),
            "color" if tag.attribute("val").is_some_and(|v| v.eq_ignore_ascii_case("ffffff")) => {
                self.run(|run| run.white = true);
            }
            "br" | "cr" => self.text("\n"),
            "tab" if !self.runs.is_empty() => self.text(" "),
            "noBreakHyphen" => self.text("-"),
            _ => {}
        }
    }

    fn run(&mut self, change: impl FnOnce(&mut Run)) {
        if let Some(run) = self.runs.last_mut() {
            change(run);
        }
    }

    fn ground(&mut self, tag: &Tag<'_>) {
        let fill = tag.attribute("fill").or_else(|| tag.attribute("val")).unwrap_or_default();
        let light =
            matches!(fill.to_lowercase().as_str(), "" | "auto" | "clear" | "none" | "ffffff" | "white");
        if !light {
            self.run(|run| run.white = false);
            if let Some(ground) = self.grounds.last_mut() {
                *ground = true;
            }
        }
    }

    fn text(&mut self, text: &str) {
        if self.fallback > 0 || self.instructions > 0 {
            return;
        }
        match self.runs.last_mut() {
            Some(run) => run.text.push_str(text),
            None => self.out.push_str(text),
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "Fallback" => self.fallback = self.fallback.saturating_sub(1),
            "t" | "delText" => self.words = self.words.saturating_sub(1),
            "instrText" | "delInstrText" => self.instructions = self.instructions.saturating_sub(1),
            "del" | "moveFrom" => {
                self.gone = self.gone.saturating_sub(1);
                self.deleted.says(&std::mem::take(&mut self.removed));
            }
            "ins" | "moveTo" => {
                self.inserting = self.inserting.saturating_sub(1);
                self.inserted.says(&std::mem::take(&mut self.fresh));
            }
            "r" => self.end_run(),
            "p" if self.fallback == 0 => {
                self.grounds.pop();
                self.end_paragraph();
            }
            "txbxContent" | "p" => drop(self.grounds.pop()),
            "tc" => {
                self.grounds.pop();
                self.cells = self.cells.saturating_sub(1);
                self.out.truncate(self.out.trim_end_matches('\n').len());
                self.out.push('\t');
            }
            "tr" => {
                self.out.truncate(self.out.trim_end_matches(['\t', '\n']).len());
                self.out.push('\n');
            }
            "tbl" => self.out.push('\n'),
            _ => {}
        }
    }

    /// A text box stands in a run: its paragraphs end while the run is open.
    fn end_paragraph(&mut self) {
        let end = if self.cells > 0 { "\n" } else { "\n\n" };
        match self.runs.last_mut() {
            Some(run) => run.text.push_str(end),
            None => self.out.push_str(end),
        }
    }

    fn end_run(&mut self) {
        let Some(run) = self.runs.pop() else { return };
        if run.text.is_empty() {
            return;
        }
        if self.gone > 0 {
            self.removed.push_str(&run.text);
        } else if run.hidden {
            self.concealed.says(&run.text);
        } else if run.white && !run.text.trim().is_empty() && !self.grounds.contains(&true) {
            self.white.says(&run.text);
        } else {
            if self.inserting > 0 {
                self.fresh.push_str(&run.text);
            }
            match self.runs.last_mut() {
                Some(around) => around.text.push_str(&run.text),
                None => self.out.push_str(&run.text),
            }
        }
    }
}
