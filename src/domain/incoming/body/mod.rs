//! What the sender wrote now: apart from quotes, with signature, legal footer and remedies marked.

mod attribution;
mod copies;
mod header_block;
mod lines;
mod parts;
mod placed;
mod requester;

pub use crate::domain::incoming::body::copies::without_copies;
pub use crate::domain::incoming::body::parts::{Marked, Part};
pub use crate::domain::incoming::body::placed::{Placed, placed, quoted_too};

use crate::domain::incoming::body::lines::{Line, is_angled};
use crate::domain::incoming::phrases::Phrasebook;

/// A text in two: what is new and what is quoted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Split {
    /// What the sender wrote now.
    pub own: String,
    /// What is quoted from earlier mails.
    pub quoted: Option<String>,
    /// What each stretch of the whole text is, in order; what only separates them belongs to none.
    pub parts: Vec<Marked>,
}

/// How many lines are looked at.
const MAX_LINES: usize = 20_000;

/// Tells own from quoted text: `>` marks, header blocks of any language, "on … wrote", forwarded blocks, the copy of
/// the request that ticket systems add.
pub fn split(text: &str, book: &Phrasebook) -> Split {
    let lines: Vec<&str> = text.lines().take(MAX_LINES).collect();
    let mut marks = vec![Line::Own; lines.len()];
    for (line, mark) in lines.iter().zip(marks.iter_mut()) {
        if is_angled(line) {
            *mark = Line::Quoted;
        }
    }
    attribution::mark(&lines, &mut marks, book);
    header_block::mark(&lines, &mut marks, book);
    requester::mark(&lines, &mut marks, book);
    mark_signature(&lines, &mut marks);
    let own = collect(&lines, &marks, Line::Own);
    if own.trim().is_empty() {
        // Nothing but a quote: a bare forward. All of it is what came.
        marks.fill(Line::Own);
        let parts = parts::of(text, &lines, &marks, book);
        return Split { own: text.trim().to_owned(), quoted: None, parts };
    }
    let quoted = collect(&lines, &marks, Line::Quoted);
    let parts = parts::of(text, &lines, &marks, book);
    Split { own, quoted: (!quoted.trim().is_empty()).then_some(quoted), parts }
}

fn collect(lines: &[&str], marks: &[Line], wanted: Line) -> String {
    let of_mark = |(line, mark): (&&str, &Line)| *mark == wanted && !line.trim().is_empty();
    joined(lines.iter().zip(marks).map(|(line, mark)| of_mark((line, mark)).then(|| line.trim_end())))
}

/// Lines that stay, where `None` is one that went: an empty line stands for whatever lay between, so that no sentence
/// runs over it.
fn joined<'a>(lines: impl Iterator<Item = Option<&'a str>>) -> String {
    let mut out = String::new();
    let mut gap = false;
    for line in lines {
        if let Some(line) = line {
            if !out.is_empty() {
                out.push_str(if gap { "\n\n" } else { "\n" });
            }
            out.push_str(line);
        }
        gap = line.is_none();
    }
    out
}

/// From the line `-- ` (RFC 3676 §4.3) to the next quote or the end.
fn mark_signature(lines: &[&str], marks: &mut [Line]) {
    let start = lines
        .iter()
        .zip(marks.iter())
        .rposition(|(line, mark)| *mark == Line::Own && (*line == "-- " || line.trim_end() == "--"));
    let Some(start) = start.filter(|start| *start > 0) else { return };
    for mark in marks.iter_mut().skip(start).take_while(|m| **m == Line::Own) {
        *mark = Line::Signature;
    }
}
