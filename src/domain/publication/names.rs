//! The name of the person who asks, struck out of a text however it is spelled, bent or shortened there.

use crate::domain::publication::redaction::bar;
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Small words of names. Alone they tell nothing; beside a struck word they are a part of it.
const PARTICLES: &[&str] = &[
    "af", "al", "am", "av", "bin", "da", "das", "de", "dei", "del", "della", "den", "der", "di", "do", "dos",
    "du", "e", "el", "ibn", "im", "la", "las", "le", "les", "lo", "los", "och", "of", "og", "te", "ten",
    "ter", "the", "und", "van", "vom", "von", "y", "zu", "zum", "zur",
];

/// Words before a name: a letter or small word after them is a name too (`Frau V.`, `Ms Le`).
const HONORIFICS: &[&str] = &[
    "asszony",
    "beste",
    "cara",
    "caro",
    "cher",
    "chere",
    "dear",
    "dhr",
    "dl",
    "dna",
    "doamna",
    "domnul",
    "don",
    "dona",
    "dott",
    "dr",
    "estimada",
    "estimado",
    "frau",
    "fru",
    "geachte",
    "gospa",
    "gospod",
    "gospoda",
    "gospodin",
    "harra",
    "heer",
    "herr",
    "herra",
    "herrn",
    "hr",
    "kungs",
    "kundze",
    "liebe",
    "lieber",
    "madame",
    "meneer",
    "mevrouw",
    "miss",
    "mlle",
    "mme",
    "monsieur",
    "mr",
    "mrs",
    "ms",
    "mw",
    "mx",
    "pan",
    "pane",
    "pani",
    "ponas",
    "ponia",
    "prof",
    "proua",
    "rouva",
    "senhor",
    "senhora",
    "senor",
    "senora",
    "sig",
    "signor",
    "signora",
    "signore",
    "sir",
    "sr",
    "sra",
    "srta",
    "ur",
    "κυρια",
    "κυριε",
    "κυριο",
    "κυριος",
    "господин",
    "госпожа",
    "госпожо",
    "господине",
];

/// A word of a text.
struct Word<'a> {
    start: usize,
    end: usize,
    text: &'a str,
    forms: BTreeSet<String>,
}

/// The words of a name by how much they tell.
struct Sought {
    /// Tells who it is wherever it stands.
    strong: BTreeSet<String>,
    /// Tells it beside another word of the name or after an honorific.
    weak: BTreeSet<String>,
    /// All of them in their order.
    whole: Vec<BTreeSet<String>>,
}

/// `text` (as NFC) without the words of `name`.
pub fn strike(text: &str, name: &str) -> String {
    let text: String = text.nfc().collect();
    let name: String = name.nfc().collect();
    let sought = Sought::of(&name);
    let words = words(&text);
    let mut hits: Vec<bool> = words.iter().map(|word| sought.strong_in(word)).collect();
    for (place, window) in words.windows(sought.whole.len().max(1)).enumerate() {
        if sought.is_whole(&text, window) {
            hits.iter_mut().skip(place).take(window.len()).for_each(|hit| *hit = true);
        }
    }
    spread(&text, &words, &sought, &mut hits);
    barred(&text, &words, &hits)
}

/// `text` (as NFC) without `name` exactly as it is written; only the blanks between its words may differ.
pub fn strike_exactly(text: &str, name: &str) -> String {
    let text: String = text.nfc().collect();
    let name: String = name.nfc().collect();
    // As a letter has it: on one line, without marks that turn the direction of writing (`mail::letters`).
    let unseen = |c: char| c.is_whitespace() || c.is_control() || is_mark(c);
    let parts: Vec<&str> = name.split(unseen).filter(|part| !part.is_empty()).collect();
    let Some(first) = parts.first() else { return text };
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(place) = rest.find(first) {
        let (before, from) = rest.split_at(place);
        out.push_str(before);
        let open = starts_free(out.chars().next_back(), first.chars().next());
        if let Some(after) = open.then(|| follows(from, &parts)).flatten() {
            out.push_str(&bar(from.strip_suffix(after).unwrap_or(first)));
            rest = after;
        } else {
            let (passed, after) = from.split_at(first.len());
            out.push_str(passed);
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What follows the name, if the name stands at the start of `text` and ends there.
fn follows<'a>(text: &'a str, parts: &[&str]) -> Option<&'a str> {
    let mut rest = text;
    for (place, part) in parts.iter().enumerate() {
        let begins = if place == 0 { rest } else { rest.trim_start() };
        if place > 0 && begins.len() == rest.len() {
            return None;
        }
        rest = begins.strip_prefix(part)?;
    }
    let last = parts.last().and_then(|part| part.chars().next_back());
    starts_free(rest.chars().next(), last).then_some(rest)
}

/// A word ends beside what is no letter; a name that ends in a full stop ends anywhere.
fn starts_free(beside: Option<char>, edge: Option<char>) -> bool {
    let wordy = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    !(wordy(beside) && wordy(edge))
}

impl Sought {
    fn of(name: &str) -> Self {
        let mut sought = Self { strong: BTreeSet::new(), weak: BTreeSet::new(), whole: Vec::new() };
        for word in words(name) {
            let small = word.text.chars().count() < 2 || is_one_of(&word, PARTICLES);
            if is_one_of(&word, HONORIFICS) {
                continue;
            }
            if small {
                sought.weak.extend(word.forms.iter().cloned());
            } else {
                sought.weak.extend(
                    word.forms.iter().filter_map(|form| form.chars().next()).map(|first| first.to_string()),
                );
                sought.strong.extend(word.forms.iter().cloned());
            }
            sought.whole.push(word.forms);
        }
        sought
    }

    /// Whether the word tells by itself. One of two or three letters does if it is written large: `Do` is a
    /// name, `do` is a verb.
    fn strong_in(&self, word: &Word<'_>) -> bool {
        let large = word.text.chars().next().is_some_and(|c| !c.is_lowercase());
        let long = word.text.chars().count() > 3;
        if (long || large) && word.forms.iter().any(|form| self.strong.contains(form)) {
            return true;
        }
        (large && word.forms.iter().any(|form| self.strong.iter().any(|name| is_bent(form, name))))
            || humps(word.text).iter().any(|hump| forms(hump).iter().any(|form| self.strong.contains(form)))
    }

    fn weak_in(&self, word: &Word<'_>) -> bool {
        let large = word.text.chars().next().is_some_and(|c| !c.is_lowercase());
        let single = word.text.chars().count() < 2;
        (large || !single)
            && word.forms.iter().any(|form| self.weak.contains(form) || self.strong.contains(form))
    }

    fn is_whole(&self, text: &str, window: &[Word<'_>]) -> bool {
        self.whole.len() > 1
            && window.iter().zip(&self.whole).all(|(word, name)| !word.forms.is_disjoint(name))
            && window.iter().zip(window.iter().skip(1)).all(|(one, next)| touch(text, one, next))
    }
}

/// A name with an ending: `Vargas Antrag`, `Nováka`.
fn is_bent(form: &str, name: &str) -> bool {
    let ending = form.strip_prefix(name).map(|ending| ending.chars().count());
    match name.chars().count() {
        0..=3 => false,
        4 => form.strip_prefix(name) == Some("s"),
        _ => ending.is_some_and(|ending| ending <= 3),
    }
}

/// `FrauVarga` as two words; nothing where there is but one.
fn humps(word: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut low = false;
    for c in word.chars() {
        match parts.last_mut() {
            Some(last) if !(low && c.is_uppercase()) => last.push(c),
            _ => parts.push(c.to_string()),
        }
        low = c.is_lowercase();
    }
    parts.retain(|part| parts_tell(part, word));
    parts
}

fn parts_tell(part: &str, word: &str) -> bool {
    part.len() < word.len() && part.chars().count() > 2
}

/// Strikes small words beside struck ones and after honorifics: once forwards, once backwards, so that no text
/// makes it slow.
fn spread(text: &str, words: &[Word<'_>], sought: &Sought, hits: &mut [bool]) {
    let mut led = false;
    for (place, word) in words.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|before| words.get(before));
        let beside =
            before.is_some_and(|other| (led || is_one_of(other, HONORIFICS)) && touch(text, other, word));
        if let Some(hit) = hits.get_mut(place) {
            *hit |= beside && sought.weak_in(word);
            led = *hit;
        }
    }
    let mut next: Option<&Word<'_>> = None;
    for (word, hit) in words.iter().zip(hits.iter_mut()).rev() {
        *hit |= next.is_some_and(|next| touch(text, word, next)) && sought.weak_in(word);
        next = hit.then_some(word);
    }
}

/// Whether only blanks, hyphens and full stops are between two words.
fn touch(text: &str, one: &Word<'_>, next: &Word<'_>) -> bool {
    text.get(one.end..next.start).is_some_and(|between| {
        between.chars().count() <= 4
            && between.chars().all(|c| c.is_whitespace() || matches!(c, '.' | '-' | '‐' | '\'' | '’' | '_'))
    })
}

/// The text with one bar for each run of struck words on a line.
fn barred(text: &str, words: &[Word<'_>], hits: &[bool]) -> String {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    let mut last: Option<&Word<'_>> = None;
    for (word, _) in words.iter().zip(hits).filter(|(_, hit)| **hit) {
        let joined = last.is_some_and(|last| {
            touch(text, last, word) && text.get(last.end..word.start).is_some_and(|s| !s.contains('\n'))
        });
        match spans.last_mut().filter(|_| joined) {
            Some(span) => span.1 = word.end,
            None => spans.push((word.start, word.end)),
        }
        last = Some(word);
    }
    let (mut out, mut done) = (String::with_capacity(text.len()), 0);
    for (start, end) in spans {
        out.push_str(text.get(done..start).unwrap_or_default());
        out.push_str(&bar(text.get(start..end).unwrap_or_default()));
        done = end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// Runs of letters with their marks.
fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut start = None;
    let letter = |c: char| c.is_alphabetic() || is_combining_mark(c);
    for (place, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (start, letter(c)) {
            (None, true) => start = Some(place),
            (Some(from), false) => {
                let word = text.get(from..place).unwrap_or_default();
                words.push(Word { start: from, end: place, text: word, forms: forms(word) });
                start = None;
            }
            _ => {}
        }
    }
    words
}

fn is_one_of(word: &Word<'_>, list: &[&str]) -> bool {
    word.forms.iter().any(|form| list.contains(&form.as_str()))
}

/// How a word is compared: without case and accents, and as those write it who have no such letters.
fn forms(word: &str) -> BTreeSet<String> {
    let lower = word.to_lowercase().replace('ς', "σ");
    let written: String = lower
        .nfc()
        .map(|c| match c {
            'ä' | 'æ' => "ae".to_owned(),
            'ö' | 'ø' | 'œ' => "oe".to_owned(),
            'ü' => "ue".to_owned(),
            'å' => "aa".to_owned(),
            c => c.to_string(),
        })
        .collect();
    [bare(&lower), bare(&written)].into_iter().filter(|form| !form.is_empty()).collect()
}

fn bare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'þ' => out.push_str("th"),
            'ø' => out.push('o'),
            'ł' => out.push('l'),
            'đ' | 'ð' => out.push('d'),
            'ı' => out.push('i'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::strike;

    #[test]
    fn a_long_row_of_initials_is_struck_at_once() {
        let text = format!("{}Varga{}", "A ".repeat(100_000), " A".repeat(100_000));
        assert!(!strike(&text, "Anna Varga").contains('A'));
    }
}
