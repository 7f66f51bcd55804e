//! The copy of the request without any mark: below "Your request:", or below the authority's closing.

use crate::domain::incoming::body::lines::{Line, is_byline, is_closing, is_rule, requests};
use crate::domain::incoming::body::parts::is_footer;
use crate::domain::incoming::phrases::{List, Phrasebook};
use crate::domain::incoming::text::fold;

/// A paragraph: its first line and the one after its last.
type Paragraph = (usize, usize);

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
    let closed = paragraphs.iter().position(|p| text(lines, *p).lines().any(|l| is_closing(l, book)));
    let Some(closed) = closed else { return };
    let start = paragraphs.iter().enumerate().skip(closed + 1).find(|(_, p)| is_request(lines, **p, book));
    let Some((index, _)) = start else { return };
    let first = opening(lines, &paragraphs, index, closed, book);
    let rest: Vec<Paragraph> = paragraphs.iter().skip(first).copied().collect();
    quote(lines, marks, &rest, book);
}

/// Runs of own lines without an empty one.
fn paragraphs(lines: &[&str], marks: &[Line]) -> Vec<Paragraph> {
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

fn text(lines: &[&str], (start, end): Paragraph) -> String {
    lines.get(start..end).unwrap_or_default().join("\n")
}

fn quote(lines: &[&str], marks: &mut [Line], paragraphs: &[Paragraph], book: &Phrasebook) {
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

fn is_label_text(line: &str, book: &Phrasebook) -> bool {
    let bare = line.trim_matches(|c: char| !c.is_alphanumeric());
    !bare.is_empty() && bare.len() <= 60 && book.folded(List::RequestLabel).contains(&fold(bare))
}

/// "Your request:" on its own line, with a requester's words or a name and date right below it.
fn is_label(lines: &[&str], at: usize, book: &Phrasebook) -> bool {
    let Some(line) = lines.get(at).map(|l| l.trim()) else { return false };
    if !is_label_text(line, book) {
        return false;
    }
    let below: Vec<&str> =
        lines.iter().skip(at + 1).map(|l| l.trim()).filter(|l| !l.is_empty()).take(6).collect();
    let decorated = line.ends_with(':') || line.starts_with(['-', '=', '*', '_', '#', '[', '<']);
    let named = below.first().is_some_and(|l| is_byline(l));
    !below.is_empty() && (named || (requests(&below.join(" "), book) && (decorated || line.len() > 8)))
}

/// Below a label: all the rest where the authority has closed its letter, else the paragraphs that ask.
fn mark_labelled(lines: &[&str], marks: &mut [Line], at: usize, book: &Phrasebook) {
    let closed = lines.iter().take(at).any(|l| is_closing(l, book));
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
