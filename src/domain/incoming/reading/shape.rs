//! What looks like a file number where no label says so: in a subject, on a line of its own, behind a dash, in brackets.

use crate::domain::incoming::reading::reference::is_of_law;
use regex::Regex;
use std::sync::LazyLock;

type Pattern = LazyLock<Option<Regex>>;

/// Lines from the top of a letter in which its head stands.
const HEAD_LINES: usize = 16;
/// Lines at its end, where a number may stand below the name.
const FOOT_LINES: usize = 6;

static BARE: Pattern =
    LazyLock::new(|| Regex::new(r"#?[\p{L}\d]+(?:(?:[./_:–#-]{1,2}|\(\d{1,4}\))[\p{L}\d]+)+").ok());
static DATE: Pattern = LazyLock::new(|| {
    Regex::new(
        r"^(?:\d{1,2}\.\d{1,2}\.(?:\d{4}|\d{2})|\d{1,2}/\d{1,2}/(?:\d{4}|\d{2})|\d{1,2}-\d{1,2}-(?:\d{4}|\d{2})|\d{4}-\d{2}-\d{2}|\d{1,2}[:.]\d{2}(?:[:.]\d{2})?)\.?$",
    )
    .ok()
});
/// A span of years.
static YEARS: Pattern = LazyLock::new(|| {
    Regex::new(r"^(?:19|20)\d{2}[-–/](?:19|20)?\d{2}$|^\d{1,3}/(?:19|20)\d{2}/(?:EG|EU|ES|UE|EC|CE)$").ok()
});
/// A number with its register on a line of its own.
static LINE: Pattern = LazyLock::new(|| {
    Regex::new(r"^(?:\p{Lu}[\p{L}.]{0,6}\s){0,2}(?:\d{1,3}\s\p{Lu}{1,3}\s)?#?[\p{L}\d(][\p{L}\d]*(?:(?:[./_:–#-]{1,2}|\(\d{1,4}\))[\p{L}\d]+)+(?:\s?[-–/]\s?[\p{L}\d./-]{1,12})?$").ok()
});
/// A number at the end of a line, behind a dash or one word.
static TAIL: Pattern = LazyLock::new(|| {
    Regex::new(r"(?:\s[-–]\s|^\p{Lu}\p{L}{3,14}\s)((?:\d{1,3}\s)?(?:\p{Lu}{1,4}\s)?[\p{L}\d]+(?:[./_:–#-]{1,2}[\p{L}\d]+)+)$").ok()
});
static BRACKETED: Pattern =
    LazyLock::new(|| Regex::new(r"\(((?:\p{Lu}{2,5}\s)?[\p{L}\d]+(?:[./_:–#-]{1,2}[\p{L}\d]+)+)\)").ok());
/// All of a line that can be one number with blanks within: `14-25 04 02 - 0118/26`.
static SPACED: Pattern = LazyLock::new(|| {
    Regex::new(r"^(?:[\p{Lu}\d][\p{Lu}\d./_:#–-]*|\p{Lu}\p{L}{1,4}(?:-\p{Lu}{1,4})?)(?:\s(?:[-–/]|[\p{Lu}\d][\p{Lu}\d./_:#–-]*))*").ok()
});

/// A number that looks like a file number, where it stands, and how much its place says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shaped {
    /// The number.
    pub number: String,
    /// Byte where it starts.
    pub start: usize,
    /// How much is to be made of it.
    pub score: u32,
}

/// Whether it is a date or a time.
pub fn is_date(text: &str) -> bool {
    DATE.as_ref().is_some_and(|r| r.is_match(text))
}

/// Our own references are `ASK-` with something.
pub fn is_ours(number: &str) -> bool {
    number.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("ask-"))
}

/// `612.000`, `1.240.000`, `8.30–12.00`, `24.04–04.05.2026`.
fn is_sum_or_span(text: &str) -> bool {
    static SUM: Pattern = LazyLock::new(|| {
        Regex::new(r"^\d{1,3}(?:\.\d{3})+$|^\d{1,2}(?:[.:]\d{2})?[–-]\d{1,2}[.:]\d{2}(?:\.\d{4})?$|^\d{1,2}[.:]\d{2}[–-]\d{1,2}$|^\d{1,2}\.\d{1,2}\.?[–-]\d{1,2}\.\d{1,2}\.\d{4}$")
            .ok()
    });
    SUM.as_ref().is_some_and(|r| r.is_match(text))
}

/// Whether it can be a file number by itself: digits enough, a stroke or letters, no date.
fn is_plausible(text: &str) -> bool {
    let bare = text.trim_start_matches('#');
    let digits = bare.chars().filter(char::is_ascii_digit).count();
    let strokes = bare.chars().filter(|c| matches!(c, '/' | '-' | '–' | '.' | '_' | '#' | ':' | '(')).count();
    let letters = bare.chars().filter(|c| c.is_alphabetic()).count();
    let mail = text.contains("://") || text.contains("www.") || text.contains('@');
    let amount = letters == 0 && strokes <= 1 && (text.contains('.') || text.contains(':')) && digits < 6;
    let words = letters > 14 && digits < 6;
    let years = YEARS.as_ref().is_some_and(|r| r.is_match(bare));
    !years
        && digits >= 3
        && strokes > 0
        && bare.chars().count() <= 40
        && !mail
        && !is_sum_or_span(bare)
        && !amount
        && !words
        && !is_date(bare)
}

/// All of a line that is one number with blanks within, as it follows its label; only where there are several groups.
pub fn whole_line(rest: &str) -> Option<String> {
    let line = rest.lines().next()?.split("  ").next()?.trim_end();
    let found = SPACED.as_ref()?.find(line)?;
    let behind = line.get(found.end()..)?;
    if !behind.is_empty() || !found.as_str().contains(' ') || found.as_str().chars().count() > 40 {
        return None;
    }
    let mut tokens: Vec<&str> = found.as_str().split(' ').collect();
    while tokens.len() > 1
        && tokens.last().is_some_and(|t| is_date(t) || !t.contains(|c: char| c.is_ascii_digit()))
    {
        tokens.pop();
    }
    let number = tokens.join(" ");
    let digits = number.chars().filter(char::is_ascii_digit).count();
    let joined = number.contains(['/', '-', '–', '.', '#']);
    (tokens.len() > 1 && digits >= 5 && joined && !is_date(&number)).then_some(number)
}

/// In a subject, a word of digits and strokes that is no date and no law's.
pub fn in_subject(subject: &str) -> Vec<Shaped> {
    let Some(bare) = BARE.as_ref().filter(|_| has_figures(subject, 3)) else { return Vec::new() };
    let found = bare.find_iter(subject).filter(|m| {
        let before = subject.get(..m.start()).unwrap_or_default();
        is_plausible(m.as_str()) && !is_of_law(before)
    });
    let shaped = found.map(|m| {
        // The longer is rather the file's.
        let long = u32::from(m.as_str().len() > 7) * 2;
        Shaped { number: m.as_str().trim_end_matches('-').to_owned(), start: m.start(), score: 4 + long }
    });
    let mut found: Vec<Shaped> = shaped.collect();
    found.extend(ticket(subject));
    found
}

/// `[#558204]`, `[HELPDESK #558204]`, `(case 101004417)`, `enquiry 558213`: figures alone, no day and no telephone.
fn ticket(subject: &str) -> Option<Shaped> {
    static TICKET: Pattern = LazyLock::new(|| Regex::new(r"[\[(](?:\p{L}+[\s:]+)?(#\d{4,12})[\])]").ok());
    static FIGURES: Pattern =
        LazyLock::new(|| Regex::new(r"(?:^|[\s(\[#:])([1-9]\d{5,11})(?:$|[\s)\],;:.])").ok());
    if let Some(number) = TICKET.as_ref().and_then(|r| r.captures(subject)?.get(1)) {
        return Some(Shaped { number: number.as_str().to_owned(), start: number.start(), score: 4 });
    }
    let number = FIGURES.as_ref()?.captures(subject)?.get(1)?;
    let day = number.len() == 8 && number.as_str().starts_with("20");
    (!day).then(|| Shaped { number: number.as_str().to_owned(), start: number.start(), score: 3 })
}

/// In the head of a letter that is attached.
pub fn in_head(text: &str) -> Vec<Shaped> {
    let mut found = Vec::new();
    for (start, line) in lines(text).into_iter().take(HEAD_LINES) {
        cells(line, start, 4, &mut found);
    }
    found
}

/// In the head of a letter, below its name, and in brackets or by itself in its text.
pub fn in_letter(text: &str) -> Vec<Shaped> {
    let mut found = in_head(text);
    let lines = lines(text);
    for (start, line) in lines.iter().skip(HEAD_LINES.max(lines.len().saturating_sub(FOOT_LINES))) {
        cells(line, *start, 3, &mut found);
    }
    let (Some(bracketed), Some(bare)) = (BRACKETED.as_ref(), BARE.as_ref()) else { return found };
    if !has_figures(text, 3) {
        return found;
    }
    for captures in bracketed.captures_iter(text).take(50) {
        let Some(number) = captures.get(1).filter(|m| is_plausible(m.as_str())) else { continue };
        found.push(Shaped { number: number.as_str().to_owned(), start: number.start(), score: 2 });
    }
    for number in bare.find_iter(text).take(200) {
        let glued =
            text.get(..number.start()).is_some_and(|t| t.ends_with(['@', '/', '+', '.', '-', '\u{2026}']));
        let digits = number.as_str().chars().filter(char::is_ascii_digit).count();
        // Telephone numbers are figures and one stroke; a file has its year or a letter.
        let figures = number.as_str().chars().all(|c| c.is_ascii_digit() || matches!(c, '/' | '-'));
        let phone = figures && number.as_str().starts_with('0');
        let filed = !phone && (number.as_str().contains('/') || !figures || digits >= 8);
        if is_plausible(number.as_str()) && !glued && digits >= 5 && filed {
            found.push(Shaped { number: number.as_str().to_owned(), start: number.start(), score: 1 });
        }
    }
    found
}

/// Whether a text has so many figures: what has fewer is no file number, and the patterns need not be asked.
fn has_figures(text: &str, least: usize) -> bool {
    text.bytes().filter(u8::is_ascii_digit).nth(least - 1).is_some()
}

/// Lines that have text, with where they start.
fn lines(text: &str) -> Vec<(usize, &str)> {
    let mut start = 0;
    let mut lines = Vec::new();
    for line in text.split('\n') {
        if !line.trim().is_empty() {
            lines.push((start, line));
        }
        start += line.len() + 1;
        if lines.len() > 2_000 {
            break;
        }
    }
    lines
}

/// The cells of a line, where columns are set with blanks, that are a number by themselves or end in one.
fn cells(line: &str, start: usize, score: u32, found: &mut Vec<Shaped>) {
    let (Some(whole), Some(tail)) = (LINE.as_ref(), TAIL.as_ref()) else { return };
    let mut at = 0;
    for cell in line.split("  ").flat_map(|cell| cell.split('\t')) {
        let here = start + at + (cell.len() - cell.trim_start().len());
        // Whatever parted the cells, the next one starts behind it.
        at +=
            cell.len() + if line.get(at + cell.len()..).is_some_and(|r| r.starts_with('\t')) { 1 } else { 2 };
        let cell = cell.trim().trim_end_matches(['.', ',']);
        if !has_figures(cell, 3) || cell.chars().count() > 90 {
            continue;
        }
        if cell.chars().count() <= 40 && whole.is_match(cell) && is_plausible(cell) {
            found.push(Shaped { number: cell.to_owned(), start: here, score });
        } else if let Some(number) = tail.captures(cell).and_then(|c| c.get(1)) {
            let before = cell.get(..number.start()).unwrap_or_default();
            if is_plausible(number.as_str()) && !is_of_law(before) {
                let number = Shaped {
                    number: number.as_str().to_owned(),
                    start: here + number.start(),
                    score: score - 1,
                };
                found.push(number);
            }
        }
    }
}
