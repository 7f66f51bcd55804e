//! The letter that a mail server sends back below its notice, with or without a heading.

use crate::domain::incoming::body::lines::{Line, is_plain, requests};
use crate::domain::incoming::body::names::is_salutation;
use crate::domain::incoming::body::requester::is_label_text;
use crate::domain::incoming::phrases::{List, Phrasebook};
use crate::domain::incoming::text::{first, fold, words};
use regex::Regex;
use std::cell::LazyCell;
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
    let asking_from = LazyCell::new(|| asking_from(lines, book));
    let asks_from = |at: usize| at < *asking_from;
    let start = (said + 1..lines.len()).find(|&at| gives_back(lines, at, &asks_from, book));
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
    is_code(text) || book.find_notices(&words(text)).iter().any(is_plain)
}

fn says_of_delivery(text: &str, book: &Phrasebook) -> bool {
    book.find(&words(text)).iter().any(|hit| matches!(hit.phrase.list, List::Bounce | List::Automatic))
}

/// How many lines have a requester's words from them on: the first so many.
fn asking_from(lines: &[&str], book: &Phrasebook) -> usize {
    let starts: Vec<usize> = (0..lines.len()).collect();
    // What stands from a line on stands from every line above it on.
    starts.partition_point(|start| requests(&lines.get(*start..).unwrap_or_default().join("\n"), book))
}

/// A heading or the subject with a requester's words below it, or a label with them behind it.
fn gives_back(lines: &[&str], at: usize, asks_from: &dyn Fn(usize) -> bool, book: &Phrasebook) -> bool {
    let Some(line) = lines.get(at).map(|l| l.trim()).filter(|l| !l.is_empty()) else { return false };
    let (label, behind) = line.split_once(':').unwrap_or(("", ""));
    let inline = !label.is_empty() && label.split_whitespace().count() <= HEADING;
    if inline && requests(behind, book) {
        return true;
    }
    if lines.iter().skip(at + 1).all(|below| below.trim().is_empty()) {
        return false;
    }
    let ruled =
        line.starts_with(['-', '=', '*', '_', '#', '~']) && line.ends_with(['-', '=', '*', '_', '#', '~']);
    let short = line.split_whitespace().filter(|w| w.chars().any(char::is_alphabetic)).count() <= HEADING;
    let headed = short && (line.ends_with(':') || ruled);
    let subject = inline && book.folded(List::QuoteSubject).contains(&fold(label));
    (headed && is_label_text(line, book)) || ((headed || subject) && asks_from(at + 1))
}
