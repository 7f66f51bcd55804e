//! The letter that a mail server sends back below its notice, with or without a heading.

use crate::domain::incoming::body::lines::{Line, requests};
use crate::domain::incoming::body::names::is_salutation;
use crate::domain::incoming::body::requester::is_label_text;
use crate::domain::incoming::phrases::{Hit, List, Phrasebook};
use crate::domain::incoming::text::{first, fold, words};
use regex::Regex;
use std::sync::LazyLock;

/// So much of a mail is looked at to tell whether it is such a notice, in bytes.
const NOTICE: usize = 4_000;
/// A heading has at most so many words.
const HEADING: usize = 9;

/// "550 5.1.1": an SMTP reply with its enhanced code (RFC 3463).
static CODE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b[45]\d\d[ -]#?[45]\.\d{1,3}\.\d{1,3}\b|(?i)reporting-mta").ok());

/// Marks the letter that a notice of non-delivery gives back: from the heading above it to the end.
pub(super) fn mark(lines: &[&str], marks: &mut [Line], book: &Phrasebook) {
    // What is quoted already is not looked at again.
    let end = marks.iter().position(|mark| *mark != Line::Own).unwrap_or(lines.len());
    let lines = lines.get(..end).unwrap_or_default();
    if !is_notice(&lines.join("\n"), book) {
        return;
    }
    // What the server says of addresses and codes is its own.
    let said = lines.iter().rposition(|line| is_code(line) || line.contains('@')).unwrap_or_default();
    let start = (said + 1..lines.len()).find(|&at| gives_back(lines, at, book));
    let Some(start) = start.or_else(|| asking(lines, said, book)) else { return };
    for mark in marks.iter_mut().take(end).skip(start) {
        *mark = Line::Quoted;
    }
}

/// The last paragraph below what the server says, if a requester greets and asks there, or nobody else could.
fn asking(lines: &[&str], said: usize, book: &Phrasebook) -> Option<usize> {
    let last = lines.iter().rposition(|line| !line.trim().is_empty())?;
    let blank = lines.get(..last)?.iter().rposition(|line| line.trim().is_empty())?;
    let written = lines.get(blank + 1..=last)?.join("\n");
    let greets = || written.lines().any(|line| is_salutation(line, book));
    (said > 0 && blank >= said && requests(&written, book) && (greets() || !says_of_delivery(&written, book)))
        .then_some(blank + 1)
}

fn is_code(line: &str) -> bool {
    CODE.as_ref().is_some_and(|code| code.is_match(line))
}

fn is_notice(text: &str, book: &Phrasebook) -> bool {
    let text = first(text, NOTICE);
    let announces = |hit: &Hit<'_>| {
        hit.phrase.list == List::Bounce && hit.phrase.weight >= 1.0 && hit.phrase.literal_words() >= 2
    };
    is_code(text) || book.find(&words(text)).iter().any(announces)
}

fn says_of_delivery(text: &str, book: &Phrasebook) -> bool {
    book.find(&words(text)).iter().any(|hit| matches!(hit.phrase.list, List::Bounce | List::Automatic))
}

/// A heading or the subject with a requester's words below it, or a label with them behind it.
fn gives_back(lines: &[&str], at: usize, book: &Phrasebook) -> bool {
    let Some(line) = lines.get(at).map(|l| l.trim()).filter(|l| !l.is_empty()) else { return false };
    let (label, behind) = line.split_once(':').unwrap_or(("", ""));
    let inline = !label.is_empty() && label.split_whitespace().count() <= HEADING;
    if inline && requests(behind, book) {
        return true;
    }
    let below = lines.get(at + 1..).unwrap_or_default().join("\n");
    if below.trim().is_empty() {
        return false;
    }
    let ruled =
        line.starts_with(['-', '=', '*', '_', '#', '~']) && line.ends_with(['-', '=', '*', '_', '#', '~']);
    let short = line.split_whitespace().filter(|w| w.chars().any(char::is_alphabetic)).count() <= HEADING;
    let headed = short && (line.ends_with(':') || ruled);
    let subject = inline && book.folded(List::QuoteSubject).contains(&fold(label));
    (headed && is_label_text(line, book)) || ((headed || subject) && requests(&below, book))
}
