//! The authority's own file number, as written.

use crate::domain::incoming::phrases::{Hit, List};
use crate::domain::incoming::reading::section::{Place, Prepared, Section};
use crate::domain::incoming::text::fold;
use regex::Regex;
use std::sync::LazyLock;

/// How far into an attachment a file number is looked for: it stands in its head.
const HEAD: usize = 1_500;

static BARE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[\p{L}\d]+(?:[./_:–-]{1,2}[\p{L}\d]+)+").ok());
static DATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^(?:\d{1,2}\.\d{1,2}\.(?:\d{4}|\d{2})|\d{1,2}/\d{1,2}/(?:\d{4}|\d{2})|\d{1,2}-\d{1,2}-(?:\d{4}|\d{2})|\d{4}-\d{2}-\d{2}|\d{1,2}[:.]\d{2}(?:[:.]\d{2})?)\.?$",
    )
    .ok()
});
/// "Nr.", "no", "č.", "n°" between the label and the number.
static FILLER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(?i:(?:con|com|with|il|el|nr|no|n|num|numero|número|numéro|number|nummer|č|br|broj|бр|број|št|αριθμ|ref|is|ist|lautet|est)(?:\.|\b)|[\s:.,;№#°º–=(\[-])+").ok()
});

/// Words of laws: the number after them is the law's.
const LAW_WORDS: &[&str] = &[
    "zakon",
    "ustaw",
    "law",
    "act",
    "loi",
    "legge",
    "ley",
    "lei",
    "leg",
    "lag",
    "wet",
    "gesetz",
    "seadus",
    "likum",
    "istatym",
    "torven",
    "nomo",
    "νομ",
    "ν",
    "regulation",
    "decret",
    "dekret",
    "uredb",
    "ordonnance",
    "art",
    "directive",
    "verordnung",
    "oikeus",
    "sb",
    "dz",
];

/// Finds the file number: by its label in subject, body and the heads of attachments, else by its shape.
pub fn find(prepared: &Prepared<'_>) -> Option<String> {
    let labelled = prepared.sections.iter().find_map(by_label);
    let shaped =
        || prepared.sections.iter().filter(|s| s.place == Place::Subject).find_map(|s| by_shape(&s.text));
    labelled.or_else(shaped)
}

fn by_label(section: &Section<'_>) -> Option<String> {
    let head = if matches!(section.place, Place::Attachment(_)) { HEAD } else { usize::MAX };
    let mut best: Option<(u32, String)> = None;
    for hit in section.hits.iter().filter(|h| h.phrase.list == List::Reference) {
        let Some(last) = section.words.get(hit.first + hit.count - 1) else { continue };
        if last.end > head || follows_law(section, hit) {
            continue;
        }
        let after = section.text.get(last.end..).and_then(number_at);
        let Some(number) = after.or_else(|| number_before(section, hit)) else { continue };
        let score = plausibility(&number, section, hit);
        if score > 0 && best.as_ref().is_none_or(|(s, _)| score > *s) {
            best = Some((score, number));
        }
    }
    best.map(|(_, number)| number)
}

fn follows_law(section: &Section<'_>, hit: &Hit<'_>) -> bool {
    let from = hit.first.saturating_sub(2);
    section.words.get(from..hit.first).unwrap_or_default().iter().any(|w| {
        LAW_WORDS.iter().any(|law| if law.len() <= 3 { w.folded == *law } else { w.folded.starts_with(law) })
    })
}

/// A longer label and a number with letters or strokes say more.
fn plausibility(number: &str, section: &Section<'_>, hit: &Hit<'_>) -> u32 {
    let digits = number.chars().filter(char::is_ascii_digit).count();
    let strokes = number.chars().filter(|c| matches!(c, '/' | '-' | '–' | '.' | '_')).count();
    let letters = number.chars().filter(|c| c.is_alphabetic()).count();
    let label: usize =
        section.words.iter().skip(hit.first).take(hit.count).map(|w| w.folded.chars().count()).sum();
    if strokes == 0 && letters == 0 && (digits < 4 || label <= 3) {
        return 0;
    }
    let generic = u32::from(label > 3) * 2;
    1 + generic + u32::from(strokes > 0) * 2 + u32::from(letters > 0) + u32::from(digits > 3)
}

/// The number right before a label that ends in its case, as in Hungarian: "KH/12-3/2026 iktatószámon".
fn number_before(section: &Section<'_>, hit: &Hit<'_>) -> Option<String> {
    let label = section.words.get(hit.first)?;
    let token = section.text.get(..label.start)?.split_whitespace().next_back()?;
    let bare = token.trim_matches(|c: char| !c.is_alphanumeric());
    let digits = bare.chars().filter(char::is_ascii_digit).count();
    let plain = token.ends_with(char::is_alphanumeric) && bare.contains('/');
    let date = DATE.as_ref().is_some_and(|r| r.is_match(bare));
    (plain && digits >= 3 && !date && bare.chars().count() <= 45).then(|| bare.to_owned())
}

/// The number that starts a text, after fillers such as "No.".
fn number_at(after: &str) -> Option<String> {
    let line_end =
        after.char_indices().filter(|(_, c)| *c == '\n').map(|(i, _)| i).nth(1).unwrap_or(after.len());
    let mut rest = after.get(..line_end.min(200)).or_else(|| after.get(..line_end)).unwrap_or_default();
    if let Some(filler) = FILLER.as_ref().and_then(|r| r.find(rest)) {
        rest = rest.get(filler.end()..).unwrap_or_default();
    }
    let mut taken: Vec<&str> = Vec::new();
    for token in rest.split([' ', '\u{a0}', '\n', '\t']).filter(|t| !t.is_empty()).take(6) {
        let bare = token.trim_end_matches([',', ';', ')', '.', ':', '“', '”', '"', ']', '»', '!', '?']);
        let joins = matches!(token, "/" | "-" | "–");
        let digits = bare.chars().any(|c| c.is_ascii_digit());
        let after_stroke = taken.last().is_some_and(|t| t.ends_with(['/', '-', '–']));
        let date = DATE.as_ref().is_some_and(|r| r.is_match(bare)) && !after_stroke;
        let capital = bare.chars().count() <= 8
            && bare.chars().next().is_some_and(char::is_uppercase)
            && bare.chars().all(|c| c.is_uppercase() || !c.is_alphabetic() || bare.chars().count() <= 3);
        let has_number = taken.iter().any(|t| t.chars().any(|c| c.is_ascii_digit()));
        if date || !(digits || joins || (capital && !has_number)) {
            break;
        }
        if has_number && digits && !after_stroke && bare.chars().all(|c| c.is_ascii_digit()) && bare.len() < 3
        {
            break;
        }
        taken.push(if joins { token } else { bare });
        if bare.len() < token.len() && !joins && digits {
            break;
        }
    }
    while taken.last().is_some_and(|t| !t.chars().any(|c| c.is_ascii_digit())) {
        taken.pop();
    }
    let number = taken.join(" ");
    let number = number.trim_matches(['(', '[', '«', '„', '"', '\'']).to_owned();
    let sensible = number.chars().any(|c| c.is_ascii_digit())
        && (2..=45).contains(&number.chars().count())
        && !is_period(&number, rest);
    sensible.then_some(number)
}

/// "20 days" after a label is a period, not a number.
fn is_period(number: &str, rest: &str) -> bool {
    number.chars().all(|c| c.is_ascii_digit())
        && number.len() < 4
        && rest
            .get(number.len()..)
            .and_then(|r| r.trim_start().chars().next())
            .is_some_and(char::is_lowercase)
}

/// In a subject, a word of digits and strokes that is no date and no law.
fn by_shape(subject: &str) -> Option<String> {
    let found = BARE.as_ref()?.find_iter(subject).filter(|m| {
        let text = m.as_str();
        let before = subject.get(..m.start()).unwrap_or_default();
        let words: Vec<String> = before.split_whitespace().rev().take(2).map(fold).collect();
        let law = words
            .iter()
            .any(|w| LAW_WORDS.iter().any(|l| w.len() >= l.len() && w.starts_with(l) && l.len() > 2));
        let ours = before.ends_with('[');
        let digits = text.chars().filter(char::is_ascii_digit).count();
        digits >= 3 && !law && !ours && !DATE.as_ref().is_some_and(|r| r.is_match(text))
    });
    found.max_by_key(|m| m.as_str().len()).map(|m| m.as_str().to_owned())
}
