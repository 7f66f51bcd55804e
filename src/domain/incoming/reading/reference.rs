//! The authority's own file number, as written: by its label, else by its shape where file numbers stand.

use crate::domain::incoming::phrases::{Hit, List};
use crate::domain::incoming::reading::section::{Place, Prepared, Section};
use crate::domain::incoming::reading::shape::{self, Shaped};
use crate::domain::incoming::reading::{Evidence, Stated};
use crate::domain::incoming::text::fold;
use regex::Regex;
use std::sync::LazyLock;

/// How far into an attachment a file number is looked for: it stands in its head.
const HEAD: usize = 1_500;
/// So far down a letter its head reaches, in bytes.
const LETTERHEAD: usize = 900;
/// What a number behind its label is worth at least, one that only looks like a file number at most.
const LABELLED: u32 = 4;
/// What it is worth that a number stands in the subject and in the letter.
const SURELY: u32 = 3;

/// "Nr.", "no", "č.", "n°" between the label and the number.
static FILLER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(?i:(?:con|com|with|il|el|nr|no|n|num|numero|número|numéro|number|nummer|č|br|broj|бр|број|št|αριθμ|ref|is|ist|lautet|est|on|er|jako|is:|jest|este|è|és|vår|intern|j)(?:\.|\b)|[\s:.,;№#°º–=(\[-])+").ok()
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

/// Laws whose number stands before their name, folded.
const LAWS_BEHIND: &[&str] = &[
    "rendelet",
    "rendelete",
    "korm",
    "torveny",
    "sb",
    "zz",
    "seadus",
    "asetus",
    "laki",
    "coll",
    "gdpr",
    "directive",
];

/// A number that may be the file's.
struct Candidate<'p, 'b> {
    number: String,
    section: &'p Section<'b>,
    start: usize,
    score: u32,
}

/// Finds the file number: by its label in subject, body and the heads of attachments, else by its shape.
pub fn find(prepared: &Prepared<'_>) -> Option<Stated<String>> {
    let mut all: Vec<Candidate<'_, '_>> = Vec::new();
    for section in &prepared.sections {
        all.extend(labelled(section));
        all.extend(shaped(section));
    }
    let ours = marked(prepared);
    all.retain(|one| !ours.contains(&one.number.as_str()));
    let best =
        all.iter().map(|one| (one.score + repeated(one, &all), one)).rev().max_by_key(|(score, _)| *score)?.1;
    let shown = best.section.text.get(best.start..).and_then(|rest| written(rest, &best.number));
    let evidence = shown.map(|text| Evidence { text: text.to_owned(), place: best.section.place.label() });
    Some(Stated { value: best.number.clone(), evidence })
}

/// The passage of a text in which a number stands, whatever white space is in it.
fn written<'t>(text: &'t str, number: &str) -> Option<&'t str> {
    let mut end = 0;
    for piece in number.split(' ') {
        let rest = text.get(end..)?;
        let skipped = rest.len() - rest.trim_start().len();
        rest.trim_start().strip_prefix(piece)?;
        end += skipped + piece.len();
    }
    text.get(..end).map(str::trim_start)
}

/// Numbers in square brackets in the subject, a year and four figures or more: so we mark our own letters, and answers
/// carry the mark on.
fn marked<'p>(prepared: &'p Prepared<'_>) -> Vec<&'p str> {
    let is_ours = |number: &&str| {
        number.split_once('-').is_some_and(|(year, running)| {
            let figures = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            year.len() == 4
                && year.starts_with("20")
                && running.len() >= 4
                && figures(year)
                && figures(running)
        })
    };
    let subjects = prepared.sections.iter().filter(|section| section.place == Place::Subject);
    let bracketed = subjects.flat_map(|section| section.text.split('[').skip(1));
    bracketed.filter_map(|rest| Some(rest.split_once(']')?.0.trim())).filter(is_ours).collect()
}

/// A number that stands in subject and letter both is surely the file's, one that stands twice rather.
fn repeated(one: &Candidate<'_, '_>, all: &[Candidate<'_, '_>]) -> u32 {
    let same =
        |other: &&Candidate<'_, '_>| other.number.contains(&one.number) || one.number.contains(&other.number);
    let apart = all.iter().filter(same).map(|other| {
        let elsewhere = other.section.place != one.section.place;
        let subject = [one, other].iter().any(|c| c.section.place == Place::Subject);
        if elsewhere && subject { SURELY } else { u32::from(elsewhere || other.start != one.start) }
    });
    apart.max().unwrap_or_default()
}

fn labelled<'p, 'b>(section: &'p Section<'b>) -> Vec<Candidate<'p, 'b>> {
    let head = if matches!(section.place, Place::Attachment(_)) { HEAD } else { usize::MAX };
    let mut found = Vec::new();
    for hit in section.hits.iter().filter(|h| h.phrase.list == List::Reference).take(200) {
        let Some(last) = section.words.get(hit.first + hit.count - 1) else { continue };
        if last.end > head || follows_law(section, hit.first) || is_foreign(section, hit) {
            continue;
        }
        let after = section.text.get(last.end..).and_then(|after| number_at(after, last.end));
        let before = || number_before(section, hit);
        let Some((start, number)) = after.or_else(before).filter(|(_, n)| !shape::is_ours(n)) else {
            continue;
        };
        let score = plausibility(&number, section, hit);
        if score > 0 {
            found.push(Candidate { number, section, start, score: score + placed(section, start) });
        }
    }
    found
}

fn shaped<'p, 'b>(section: &'p Section<'b>) -> Vec<Candidate<'p, 'b>> {
    let found = match section.place {
        Place::Subject => shape::in_subject(&section.text),
        Place::Body => shape::in_letter(&section.text),
        Place::Attachment(_) => shape::in_head(&section.text),
    };
    let own = found.into_iter().filter(|one: &Shaped| {
        let at = section.words.partition_point(|w| w.end <= one.start);
        let foreign = section.hits.iter().any(|h| {
            h.phrase.list == List::ForeignNumber && h.first + h.count <= at && at - (h.first + h.count) <= 2
        });
        let law = follows_law(section, at) || precedes_law(section, one.start + one.number.len());
        !foreign && !law && !shape::is_ours(&one.number)
    });
    own.map(|one| Candidate { number: one.number, section, start: one.start, score: one.score }).collect()
}

/// Numbers stand in the subject and the head of a letter.
fn placed(section: &Section<'_>, start: usize) -> u32 {
    match section.place {
        Place::Subject => 2,
        _ if start < LETTERHEAD => 1,
        _ => 0,
    }
}

fn follows_law(section: &Section<'_>, first: usize) -> bool {
    let from = first.saturating_sub(2);
    section.words.get(from..first).unwrap_or_default().iter().any(|w| {
        LAW_WORDS.iter().any(|law| if law.len() <= 3 { w.folded == *law } else { w.folded.starts_with(law) })
    })
}

/// Whether a law's name follows: "301/2016. (IX. 30.) Korm. rendelet".
fn precedes_law(section: &Section<'_>, end: usize) -> bool {
    let at = section.words.partition_point(|w| w.start < end);
    let next = section.words.get(at..).unwrap_or_default().iter().take(4);
    next.clone().any(|w| LAWS_BEHIND.contains(&w.folded.as_str()))
}

/// Whether the label says that the number is another's: "your reference", "contract No".
fn is_foreign(section: &Section<'_>, hit: &Hit<'_>) -> bool {
    let end = hit.first + hit.count;
    section.hits.iter().any(|h| {
        h.phrase.list == List::ForeignNumber
            && h.first <= end
            && h.first + h.count >= hit.first
            && h.first + h.count <= end + 1
            // A longer label of the authority's own says more ("Decree No 41/RPCT" of its own register).
            && h.count >= hit.count.min(2)
    })
}

/// A longer label and a number with strokes say more.
fn plausibility(number: &str, section: &Section<'_>, hit: &Hit<'_>) -> u32 {
    let digits = number.chars().filter(char::is_ascii_digit).count();
    let strokes = number.chars().filter(|c| matches!(c, '/' | '-' | '–' | '.' | '_' | '#')).count();
    let letters = number.chars().filter(|c| c.is_alphabetic()).count();
    let label: usize =
        section.words.iter().skip(hit.first).take(hit.count).map(|w| w.folded.chars().count()).sum();
    if strokes == 0 && letters == 0 && (digits < 4 || (label <= 3 && digits < 5)) {
        return 0;
    }
    // A year alone is none.
    if digits == number.len() && digits == 4 && number.starts_with("20") {
        return 0;
    }
    let generic = u32::from(label > 3) * 2 + u32::from(hit.count > 1);
    let told = u32::from(strokes > 0) + u32::from(digits > 3 || letters > 0);
    (LABELLED + generic + told).saturating_sub(2)
}

/// The number right before a label that ends in its case, as in Hungarian: "KH/12-3/2026 iktatószámon".
fn number_before(section: &Section<'_>, hit: &Hit<'_>) -> Option<(usize, String)> {
    let label = section.words.get(hit.first)?;
    let before = section.text.get(..label.start)?.trim_end();
    let token = before.split_whitespace().next_back()?;
    let bare = token.trim_matches(|c: char| !c.is_alphanumeric());
    let digits = bare.chars().filter(char::is_ascii_digit).count();
    let plain = token.ends_with(char::is_alphanumeric) && bare.contains('/');
    let sensible = plain && digits >= 3 && !shape::is_date(bare) && bare.chars().count() <= 45;
    sensible.then(|| (before.len() - token.len(), bare.to_owned()))
}

/// The number that starts a text, after fillers such as "No."; and where.
fn number_at(after: &str, offset: usize) -> Option<(usize, String)> {
    let line_end =
        after.char_indices().filter(|(_, c)| *c == '\n').map(|(i, _)| i).nth(1).unwrap_or(after.len());
    let mut rest = after.get(..line_end.min(200)).or_else(|| after.get(..line_end)).unwrap_or_default();
    let mut skipped = 0;
    if let Some(filler) = FILLER.as_ref().and_then(|r| r.find(rest)) {
        skipped = filler.end();
        rest = rest.get(skipped..).unwrap_or_default();
    }
    if let Some(line) = shape::whole_line(rest) {
        return Some((offset + skipped, line.trim_end_matches(['.', ',']).to_owned()));
    }
    let number = joined(rest);
    let trimmed = number.trim_start_matches(['(', '[', '«', '„', '"', '\'']);
    let cut = number.len() - trimmed.len();
    let number = trimmed.trim_end_matches(['\'', '"', '-', '–', '/', '.', ',']).trim_end();
    let sensible = number.chars().any(|c| c.is_ascii_digit())
        && (2..=45).contains(&number.chars().count())
        && !is_period(number, rest);
    sensible.then(|| (offset + skipped + cut, number.to_owned()))
}

/// The tokens that make one number: a register in capitals, the number, what strokes join to it.
fn joined(rest: &str) -> String {
    let mut taken: Vec<&str> = Vec::new();
    for token in rest.split([' ', '\u{a0}', '\n', '\t']).filter(|t| !t.is_empty()).take(6) {
        let bare = token.trim_end_matches([',', ';', ')', '.', ':', '“', '”', '"', ']', '»', '!', '?']);
        let joins = matches!(token, "/" | "-" | "–");
        let digits = bare.chars().any(|c| c.is_ascii_digit());
        let after_stroke = taken.last().is_some_and(|t| t.ends_with(['/', '-', '–']));
        let date = shape::is_date(bare) && !after_stroke;
        let letters = bare.chars().count();
        let capital = letters <= 8
            && bare.chars().next().is_some_and(char::is_uppercase)
            && bare.chars().all(|c| c.is_uppercase() || !c.is_alphabetic() || letters <= 3);
        // "стр. пов. 112-2/26": short words with full stops name the register.
        let register = letters <= 4 && token.ends_with('.') && taken.len() < 2;
        let has_number = taken.iter().any(|t| t.chars().any(|c| c.is_ascii_digit()));
        if date || !(digits || joins || ((capital || register) && !has_number)) {
            break;
        }
        let whole = bare.chars().all(|c| c.is_ascii_digit());
        if has_number && digits && !after_stroke && whole && bare.len() < 3 {
            break;
        }
        taken.push(if joins || (register && !digits) { token } else { bare });
        if bare.len() < token.len() && !joins && digits {
            break;
        }
    }
    while taken.last().is_some_and(|t| !t.chars().any(|c| c.is_ascii_digit())) {
        taken.pop();
    }
    taken.join(" ")
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

/// Whether one of the last words before a number is of a law.
pub fn is_of_law(before: &str) -> bool {
    let words: Vec<String> = before.split_whitespace().rev().take(2).map(fold).collect();
    words.iter().any(|w| LAW_WORDS.iter().any(|l| w.len() >= l.len() && w.starts_with(l) && l.len() > 2))
}
