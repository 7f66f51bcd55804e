//! The copy of the request without any mark: below "Your request:", or below the authority's closing.

use crate::domain::incoming::body::lines::{Line, has_date, is_byline, is_closing, is_rule, requests};
use crate::domain::incoming::body::names::is_salutation;
use crate::domain::incoming::body::parts::is_footer;
use crate::domain::incoming::phrases::{List, Phrasebook};
use crate::domain::incoming::text::fold;

/// A label before a requester's words has at most so many words.
const LABEL: usize = 6;
/// So many letters make a letter of what stands above its closing.
const SAID: usize = 40;

/// A paragraph: its first line and the one after its last.
pub(super) type Paragraph = (usize, usize);

/// Marks what a requester says where only the authority should speak. If in doubt it stays: a word of the authority
/// must not vanish.
pub(super) fn mark(lines: &[&str], marks: &mut [Line], book: &Phrasebook) {
    let paragraphs = paragraphs(lines, marks);
    let labelled =
        (0..lines.len()).find(|&at| marks.get(at) == Some(&Line::Own) && is_label(lines, at, book));
    if let Some(at) = labelled {
        mark_labelled(lines, marks, at, book);
        return;
    }
    let closed = closing(lines, &paragraphs, book);
    let Some(closed) = closed else { return };
    let start = paragraphs.iter().enumerate().skip(closed + 1).find(|(_, p)| is_request(lines, **p, book));
    let Some((index, _)) = start else { return };
    let first = opening(lines, &paragraphs, index, closed, book);
    let rest: Vec<Paragraph> = paragraphs.iter().skip(first).copied().collect();
    quote(lines, marks, &rest, book);
}

/// The paragraph with the authority's closing: "Pozdrav" also opens a letter, so something must have been said.
fn closing(lines: &[&str], paragraphs: &[Paragraph], book: &Phrasebook) -> Option<usize> {
    let mut said = 0;
    for (index, paragraph) in paragraphs.iter().enumerate() {
        for line in text(lines, *paragraph).lines() {
            if said >= SAID && is_closing(line, book) {
                return Some(index);
            }
            said += line.chars().filter(|c| c.is_alphabetic()).count();
        }
    }
    None
}

/// Runs of own lines without an empty one.
pub(super) fn paragraphs(lines: &[&str], marks: &[Line]) -> Vec<Paragraph> {
    let mut out = Vec::new();
    let mut open = None;
    for (at, (line, mark)) in lines.iter().zip(marks).enumerate() {
        let blank = line.trim().is_empty() || *mark != Line::Own;
        match (blank, open) {
            (true, Some(start)) => {
                out.push((start, at));
                open = None;
            }
            (false, None) => open = Some(at),
            _ => {}
        }
    }
    out.extend(open.map(|start| (start, lines.len())));
    out
}

pub(super) fn text(lines: &[&str], (start, end): Paragraph) -> String {
    lines.get(start..end.min(lines.len())).unwrap_or_default().join("\n")
}

pub(super) fn quote(lines: &[&str], marks: &mut [Line], paragraphs: &[Paragraph], book: &Phrasebook) {
    for paragraph in paragraphs.iter().filter(|p| !is_footer(&text(lines, **p), book)) {
        for mark in marks.iter_mut().take(paragraph.1).skip(paragraph.0) {
            *mark = Line::Quoted;
        }
    }
}

/// A requester's paragraph below a closing: it asks in its first lines, and is no postscript of the authority.
fn is_request(lines: &[&str], paragraph: Paragraph, book: &Phrasebook) -> bool {
    let text = text(lines, paragraph);
    let folded = fold(text.trim());
    let postscript =
        ["ps", "p.s", "p. s", "nb", "υ.γ", "upoz", "hinweis", "note"].iter().any(|p| folded.starts_with(p));
    let opening: String = text.chars().take(240).collect();
    !postscript && text.chars().nth(40).is_some() && !is_footer(&text, book) && requests(&opening, book)
}

/// A salutation, a label, a rule or a name with a date above the request belongs to it.
fn opening(
    lines: &[&str],
    paragraphs: &[Paragraph],
    index: usize,
    closed: usize,
    book: &Phrasebook,
) -> usize {
    let mut first = index;
    while first > closed + 1
        && let Some(above) = paragraphs.get(first - 1)
    {
        let written = text(lines, *above);
        let one = written.trim();
        let short = above.1 - above.0 == 1 && one.chars().nth(70).is_none();
        let belongs = is_rule(one)
            || (short && is_salutation(one, book))
            || is_byline(one)
            || (short && one.ends_with([',', ':', '!', '-', '—']))
            || is_label_text(one, book);
        if !belongs {
            break;
        }
        first -= 1;
    }
    first
}

pub(super) fn is_label_text(line: &str, book: &Phrasebook) -> bool {
    let bare = fold(line.trim_matches(|c: char| !c.is_alphanumeric()));
    if bare.is_empty() || bare.len() > 80 {
        return false;
    }
    let ends = line.trim_end().ends_with(':');
    [List::RequestLabel, List::OriginalMessage].into_iter().flat_map(|list| book.behind(list, &bare)).any(
        |rest| {
            // "Ihre Anfrage vom 3. März 2026:" is a label with its day.
            rest.is_empty() || (ends && rest.starts_with(' ') && has_date(rest))
        },
    ) || (ends && ends_with_verb(&bare, book))
}

/// "Sie schrieben:", "Rasmus Holm skrev:"
fn ends_with_verb(bare: &str, book: &Phrasebook) -> bool {
    bare.split_whitespace().count() <= 5
        && book.folded(List::Wrote).iter().any(|verb| {
            bare.strip_suffix(verb.as_str()).is_some_and(|before| before.ends_with(' ') || before.is_empty())
        })
}

/// "Your request:" on its own line, with a requester's words or a name and date right below it.
fn is_label(lines: &[&str], at: usize, book: &Phrasebook) -> bool {
    let Some(line) = lines.get(at).map(|l| l.trim()) else { return false };
    if !is_label_text(line, book) {
        return is_labelled(line, book);
    }
    let below: Vec<&str> =
        lines.iter().skip(at + 1).map(|l| l.trim()).filter(|l| !l.is_empty()).take(6).collect();
    let decorated = line.ends_with(':') || line.starts_with(['-', '=', '*', '_', '#', '[', '<']);
    let named = below.first().is_some_and(|l| is_byline(l));
    !below.is_empty() && (named || (requests(&below.join(" "), book) && (decorated || line.len() > 8)))
}

/// "Description of the request: I would like …": the label and a requester's words behind it.
fn is_labelled(line: &str, book: &Phrasebook) -> bool {
    line.split_once(": ").is_some_and(|(label, behind)| {
        label.split_whitespace().count() <= LABEL
            && requests(behind, book)
            && is_label_text(&format!("{label}:"), book)
    })
}

/// Below a label: all the rest where the authority has closed its letter, else the paragraphs that ask.
fn mark_labelled(lines: &[&str], marks: &mut [Line], at: usize, book: &Phrasebook) {
    let above: Vec<Paragraph> = paragraphs(lines, marks).into_iter().filter(|p| p.0 < at).collect();
    let closed = closing(lines.get(..at).unwrap_or_default(), &above, book).is_some();
    let below: Vec<Paragraph> =
        paragraphs(lines, marks).into_iter().filter(|p| p.1 > at).map(|p| (p.0.max(at), p.1)).collect();
    let mut taken = 0;
    for (index, paragraph) in below.iter().enumerate() {
        let written = text(lines, *paragraph);
        // The label may be a paragraph of its own, with the request in the next.
        let first = index == 0 || (index == 1 && below.first().is_some_and(|p| p.1 == at + 1));
        if !(closed || first || requests(&written, book)) {
            break;
        }
        taken = index + 1;
    }
    quote(lines, marks, below.get(..taken).unwrap_or_default(), book);
}
