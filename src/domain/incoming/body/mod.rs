//! What the sender wrote now: apart from quotes, with signature, legal footer and remedies marked.

mod attribution;
mod bare;
mod beyond;
mod bounced;
mod copies;
mod header_block;
mod lines;
mod names;
mod parts;
mod placed;
mod requester;
mod signature;

pub use crate::domain::incoming::body::beyond::{Beyond, not_ours};
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
    /// Whether what stands below a signature mark reads like a letter, and so is own.
    pub below_mark: bool,
    /// Whether there are more lines than are looked at; those stay own.
    pub unread: bool,
}

/// How many lines are looked at.
pub const MAX_LINES: usize = 20_000;

/// Tells own from quoted text: `>` marks, header blocks of any language, "on … wrote", forwarded blocks, the copy of
/// the request that ticket systems add.
pub fn split(text: &str, book: &Phrasebook) -> Split {
    let (text, rest) = at_line(text, MAX_LINES);
    let lines: Vec<&str> = text.lines().collect();
    let mut marks = vec![Line::Own; lines.len()];
    for (line, mark) in lines.iter().zip(marks.iter_mut()) {
        if is_angled(line) {
            *mark = Line::Quoted;
        }
    }
    attribution::mark(&lines, &mut marks, book);
    header_block::mark(&lines, &mut marks, book);
    requester::mark(&lines, &mut marks, book);
    bounced::mark(&lines, &mut marks, book);
    bare::mark(&lines, &mut marks, book);
    let below_mark = signature::mark(&lines, &mut marks, book);
    let own = collect(&lines, &marks, Line::Own);
    let split = if own.trim().is_empty() {
        // Nothing but a quote: a bare forward. All of it is what came.
        marks.fill(Line::Own);
        let parts = parts::of(text, &lines, &marks, book);
        Split { own: text.trim().to_owned(), parts, ..Split::default() }
    } else {
        let quoted = collect(&lines, &marks, Line::Quoted);
        let parts = parts::of(text, &lines, &marks, book);
        let quoted = (!quoted.trim().is_empty()).then_some(quoted);
        Split { own, quoted, parts, below_mark, unread: false }
    };
    with_rest(split, rest, text.len())
}

/// A text in two, after so many lines.
fn at_line(text: &str, lines: usize) -> (&str, &str) {
    let end = text.match_indices('\n').nth(lines.saturating_sub(1)).map_or(text.len(), |(at, _)| at + 1);
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// What comes after the lines that are looked at stays the sender's: nothing of it is lost.
fn with_rest(mut split: Split, rest: &str, start: usize) -> Split {
    let kept = rest.trim();
    if kept.is_empty() {
        return split;
    }
    split.own.push_str("\n\n");
    split.own.push_str(kept);
    let from = start + rest.find(kept).unwrap_or_default();
    split.parts.push(Marked { part: Part::Letter, range: from..from + kept.len() });
    split.unread = true;
    split
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
