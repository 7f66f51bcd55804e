//! What one line of a mail looks like: quoted, a rule, a closing, the line above a quoted mail.

use crate::domain::incoming::phrases::{Hit, List, Phrasebook};
use crate::domain::incoming::text::{Word, flat, fold};
use regex::Regex;
use std::sync::LazyLock;

/// A sentence has at least so many words.
const SENTENCE: usize = 8;

/// Whose a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// Written now.
    Own,
    /// Quoted from an earlier mail.
    Quoted,
    /// Below `-- `.
    Signature,
}

/// The bounds of figures are those of ASCII: the quick way through a text knows no others.
static DATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x) (?-u:\b)\d{1,2}\.?\s?[./-]\s?\d{1,2}\.?\s?[./-]\s?(?:20)?\d{2}(?-u:\b)\.? | (?-u:\b)20\d{2}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{1,2}(?-u:\b)\.? | (?-u:\b)\d{1,2}(?:\.|er|º|th|st|nd|rd|-[а-я]+)?\s+(?:de\s+|of\s+)?\p{L}{3,14}\.?,?\s+(?:de\s+|del\s+)?20\d{2}(?-u:\b) | \p{L}{3,14}\.?\s+\d{1,2}(?:th|st|nd|rd)?,?\s+20\d{2}(?-u:\b) | (?-u:\b)20\d{2}\.\s(?:gada\s)?\p{L}*\s?\d{1,2}\.",
    )
    .ok()
});
static TIME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b\d{1,2}\s?[:.h]\s?\d{2}(?::\d{2})?\b(?:\s?[ap]\.?m\b\.?)?(?:\s?(?:utc|gmt|cest?|eest|eet|bst)\b)?(?:\s?[+-]\d{2}:?\d{2})?").ok()
});
/// `GroupWise`: `>>> Name <a@b.example> 03.03.26 10:15 >>>`.
static GROUPWISE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\s*>>>\s.*\d.*$").ok());

/// A quoted line; a row of a table has its bar on both sides.
pub(super) fn is_angled(line: &str) -> bool {
    let line = line.trim();
    line.starts_with('>') || line.starts_with("&gt;") || (line.starts_with("| ") && !line.ends_with('|'))
}

pub(super) fn is_groupwise(line: &str) -> bool {
    line.trim_start().starts_with(">>>") && GROUPWISE.as_ref().is_some_and(|r| r.is_match(line))
}

/// A line of dashes, underscores or the like.
pub(super) fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 3
        && line != "..."
        && line.chars().all(|c| matches!(c, '_' | '-' | '—' | '–' | '─' | '*' | '=' | '#' | '~' | '.'))
        && !line.chars().all(|c| c == '.')
}

pub(super) fn has_date(text: &str) -> bool {
    // The pattern costs more than a look for the four figures that every date has.
    text.chars().filter(|c| c.is_numeric()).nth(3).is_some()
        && DATE.as_ref().is_some_and(|r| r.is_match(text))
}

/// A line with which a letter ends, above the name: "Mit freundlichen Grüßen".
pub(super) fn is_closing(line: &str, book: &Phrasebook) -> bool {
    let line = fold(line.trim());
    let line = line.trim_matches(|c: char| !c.is_alphanumeric());
    !line.is_empty()
        && line.len() <= 60
        && book
            .behind(List::Closing, line)
            .any(|rest| !rest.starts_with(char::is_alphanumeric) && rest.split_whitespace().count() <= 5)
}

/// Whether a requester speaks in the first person: a phrase of the list at the bounds of words.
pub(super) fn requests(text: &str, book: &Phrasebook) -> bool {
    book.says(List::Request, &flat(text))
}

/// Whether one of these lists says something plainly among words.
pub(super) fn says_plainly(lists: &[List], words: &[Word], book: &Phrasebook) -> bool {
    book.find(words).iter().any(|hit| lists.contains(&hit.phrase.list) && is_plain(hit))
}

/// Whether a phrase has two words and more and is no weak one.
pub(super) fn is_plain(hit: &Hit<'_>) -> bool {
    hit.phrase.weight >= 1.0 && hit.phrase.literal_words() >= 2
}

/// Names and addresses are written with capitals, a sentence mostly without.
pub(super) fn is_sentence(words: &[Word]) -> bool {
    let small = words.iter().filter(|word| !word.capital).count();
    words.len() >= SENTENCE && small * 2 >= words.len()
}

/// "Name, 22.04.2026 21:14:": who wrote and when, without a verb, as ticket systems and hand-made quotes have it.
pub(super) fn is_byline(line: &str) -> bool {
    let line = line.trim().trim_start_matches(['*', '-', '–', '—', '[', '(', ' ']);
    if line.chars().nth(140).is_some() || !has_date(line) {
        return false;
    }
    let Some((date, time)) = DATE.as_ref().zip(TIME.as_ref()) else { return false };
    let rest = date.replace(line, " ");
    let timed = time.is_match(&rest);
    let rest = time.replace_all(&rest, " ");
    let addressed = rest.contains('@');
    let words: Vec<&str> = rest
        .split(|c: char| {
            c.is_whitespace() || matches!(c, ',' | '(' | ')' | '|' | '·' | '<' | '>' | '[' | ']' | ':')
        })
        .filter(|w| w.chars().any(char::is_alphabetic))
        .collect();
    let names = words.iter().filter(|w| w.chars().next().is_some_and(char::is_uppercase)).count();
    let small = words.len() - names;
    let somebody = ((2..=5).contains(&names) && small <= 2) || (addressed && words.len() <= 7);
    somebody && (timed || line.ends_with(':'))
}
