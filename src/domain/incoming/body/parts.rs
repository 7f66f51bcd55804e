//! What each stretch of a mail is: letter, signature, legal footer, remedies or quote, with its place in the text.

use crate::domain::incoming::body::lines::{Line, is_closing};
use crate::domain::incoming::phrases::{List, Phrasebook};
use crate::domain::incoming::text::flat;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// What a stretch of a mail is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// What the authority says.
    Letter,
    /// Who signs, with address and telephone.
    Signature,
    /// Confidentiality, data protection, the environment: said below every mail.
    Footer,
    /// How to appeal: said below every decision.
    Remedies,
    /// Quoted from earlier mails.
    Quoted,
}

/// A stretch of the whole text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marked {
    /// What it is.
    pub part: Part,
    /// Its bytes in the whole text.
    pub range: Range<usize>,
}

/// A signature has at most so many lines, each at most so long.
const SIGNATURE_LINES: usize = 14;
const SIGNATURE_WIDTH: usize = 90;

pub(super) fn is_footer(text: &str, book: &Phrasebook) -> bool {
    book.says(List::Footer, &flat(text))
}

/// Marks the whole text line by line and joins neighbours of one kind.
pub(super) fn of(text: &str, lines: &[&str], marks: &[Line], book: &Phrasebook) -> Vec<Marked> {
    let kinds = kinds(lines, marks, book);
    let mut out: Vec<Marked> = Vec::new();
    for (line, kind) in lines.iter().zip(kinds) {
        let start = line.as_ptr().addr().saturating_sub(text.as_ptr().addr());
        let range = start..start + line.len();
        match (kind, out.last_mut()) {
            (None, _) => {}
            (Some(part), Some(last)) if last.part == part => last.range.end = range.end,
            (Some(part), _) => out.push(Marked { part, range }),
        }
    }
    out
}

/// The kind of each line, `None` for an empty one.
fn kinds(lines: &[&str], marks: &[Line], book: &Phrasebook) -> Vec<Option<Part>> {
    let mut kinds = Vec::with_capacity(lines.len());
    let mut signing = 0;
    let mut below_heading = false;
    let mut at = 0;
    while at < lines.len() {
        let blank = lines.get(at).is_none_or(|l| l.trim().is_empty());
        let mark = marks.get(at).copied().unwrap_or(Line::Own);
        if blank || mark != Line::Own {
            kinds.push(match mark {
                _ if blank => None,
                Line::Quoted => Some(Part::Quoted),
                _ => Some(Part::Signature),
            });
            at += 1;
            continue;
        }
        let end = (at..lines.len())
            .find(|&i| lines.get(i).is_none_or(|l| l.trim().is_empty()) || marks.get(i) != Some(&Line::Own))
            .unwrap_or(lines.len());
        let paragraph = lines.get(at..end).unwrap_or_default();
        let whole = paragraph.join(" ");
        let narrow = paragraph.iter().all(|l| l.chars().nth(SIGNATURE_WIDTH).is_none());
        let flat = flat(&whole);
        let remedies = book.says(List::Remedies, &flat);
        let part = if book.says(List::Footer, &flat) {
            Part::Footer
        } else if remedies || (below_heading && !paragraph.iter().any(|l| is_closing(l, book))) {
            Part::Remedies
        } else if signing > 0 && narrow && signing + paragraph.len() <= SIGNATURE_LINES {
            signing += paragraph.len();
            Part::Signature
        } else {
            Part::Letter
        };
        // A heading of one short line speaks for the paragraph below it.
        below_heading = remedies && paragraph.len() == 1 && whole.chars().nth(60).is_none();
        for line in paragraph {
            if is_closing(line, book) && part == Part::Letter {
                signing = 1;
            }
            let signed = signing > 0 && part == Part::Letter;
            kinds.push(Some(if signed { Part::Signature } else { part }));
        }
        at = end;
    }
    kinds
}
