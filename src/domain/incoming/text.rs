//! Words of a text, folded so that phrases match over case, accents, scripts and line wraps; each knows its place.

use crate::domain::incoming::mime::html::cut;
use compact_str::CompactString;
use regex::Regex;
use std::fmt::Write;
use std::ops::Range;
use std::sync::LazyLock;
use unicode_normalization::char::decompose_canonical;

/// A folded word and where it stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Lower case, without accents, Cyrillic written in Latin letters. Words are short: kept in place, not on the heap.
    pub folded: CompactString,
    /// Whether it is written with a capital.
    pub capital: bool,
    /// Byte where it starts.
    pub start: usize,
    /// Byte after its end.
    pub end: usize,
    /// Number of the sentence it stands in, from 0.
    pub sentence: usize,
}

/// The first characters of a text, so many at most.
pub fn first(text: &str, most: usize) -> &str {
    // A text of no more bytes has no more characters.
    let end = if text.len() <= most { None } else { text.char_indices().nth(most) };
    end.and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

/// Whether a character is a letter; those of our languages are told without a search in the tables.
pub fn is_letter(c: char) -> bool {
    match c {
        '\0'..='\x7f' => c.is_ascii_alphabetic(),
        '\u{c0}'..='\u{d6}'
        | '\u{d8}'..='\u{f6}'
        | '\u{f8}'..='\u{24f}'
        | '\u{3ac}'..='\u{3ce}'
        | '\u{400}'..='\u{481}' => true,
        _ => c.is_alphabetic(),
    }
}

/// Folds one word or phrase part.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        fold_char(c, &mut out);
    }
    out
}

/// Folded, with every run of other characters than letters and digits as one space.
pub fn flat(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(' ');
    for c in text.chars() {
        let from = out.len();
        fold_char(c, &mut out);
        // What a character folds to is mostly one that is kept.
        if out.get(from..).is_some_and(|folded| folded.chars().all(char::is_alphanumeric)) {
            continue;
        }
        let folded = out.split_off(from);
        for c in folded.chars() {
            if c.is_alphanumeric() {
                out.push(c);
            } else if !out.ends_with(' ') {
                out.push(' ');
            }
        }
    }
    if !out.ends_with(' ') {
        out.push(' ');
    }
    out
}

/// Adds a letter as it folds. What grows in memory never fails to take it.
fn fold_char(c: char, out: &mut impl Write) {
    if c.is_ascii() {
        out.write_char(c.to_ascii_lowercase()).unwrap_or_default();
    } else if let Some(folded) = LETTERS.get(c as usize) {
        out.write_str(folded).unwrap_or_default();
    } else {
        fold_slowly(c, out);
    }
}

/// The letters of the scripts of our languages, folded once for all: Latin, Greek, Cyrillic.
static LETTERS: LazyLock<Vec<Box<str>>> = LazyLock::new(|| {
    let folded = |code: u32| {
        let mut out = String::new();
        if let Some(c) = char::from_u32(code) {
            fold_slowly(c, &mut out);
        }
        out.into_boxed_str()
    };
    (0..0x530).map(folded).collect()
});

fn fold_slowly(c: char, out: &mut impl Write) {
    for lower in c.to_lowercase() {
        if let Some(latin) = latin(lower) {
            out.write_str(latin).unwrap_or_default();
            continue;
        }
        decompose_canonical(lower, |d| {
            if !is_mark(d)
                && let Some(latin) = latin(d)
            {
                out.write_str(latin).unwrap_or_default();
            } else if !is_mark(d) {
                out.write_char(d).unwrap_or_default();
            }
        });
    }
}

fn belongs_to_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    match LETTERS.get(c as usize) {
        // What folds to nothing may be a mark.
        Some(folded) if folded.is_empty() => c.is_alphanumeric() || is_mark(c),
        Some(_) if matches!(c, '\u{c0}'..='\u{24f}' | '\u{400}'..='\u{45f}') => !matches!(c, '×' | '÷'),
        _ => c.is_alphanumeric() || is_mark(c),
    }
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// Letters that do not decompose; Cyrillic as Serbian writes it in Latin, so that one phrase serves both scripts.
fn latin(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'đ' | 'ð' | 'ђ' | 'д' => "d",
        'þ' => "th",
        'ı' | 'и' | 'й' => "i",
        'ς' => "σ",
        'а' => "a",
        'б' => "b",
        'в' => "v",
        'г' | 'ѓ' => "g",
        'е' | 'э' | 'ё' => "e",
        'ж' | 'з' => "z",
        'ј' => "j",
        'к' | 'ќ' => "k",
        'ł' | 'л' => "l",
        'љ' => "lj",
        'м' => "m",
        'н' => "n",
        'њ' => "nj",
        'ø' | 'о' => "o",
        'п' => "p",
        'р' => "r",
        'с' | 'ш' => "s",
        'т' => "t",
        'ћ' | 'ц' | 'ч' => "c",
        'у' => "u",
        'ф' => "f",
        'х' => "h",
        'џ' => "dz",
        'щ' => "st",
        'ъ' | 'ь' => "",
        'ы' => "y",
        'ю' => "ju",
        'я' => "ja",
        _ => return None,
    })
}

/// Cuts a text into words and sentences.
pub fn words(text: &str) -> Vec<Word> {
    // A word of running text takes six to eight bytes with the blank after it.
    let mut words: Vec<Word> = Vec::with_capacity(text.len() / 6 + 1);
    let mut sentence = 0;
    let mut open: Option<(usize, CompactString)> = None;
    for (at, c) in text.char_indices() {
        if belongs_to_word(c) {
            let (_, folded) = open.get_or_insert_with(|| (at, CompactString::const_new("")));
            fold_char(c, folded);
            continue;
        }
        if let Some((start, folded)) = open.take()
            && !folded.is_empty()
        {
            words.push(word(text, folded, start..at, sentence));
        }
        let (before, rest) = text.split_at(at);
        if ends_sentence(c, rest.get(c.len_utf8()..).unwrap_or_default())
            && !(c == '.' && is_abbreviation(text, at, words.last()))
            && !(c == '\n' && is_set_off(before, rest))
        {
            sentence += 1;
        }
    }
    if let Some((start, folded)) = open
        && !folded.is_empty()
    {
        words.push(word(text, folded, start..text.len(), sentence));
    }
    words
}

fn word(text: &str, folded: CompactString, at: Range<usize>, sentence: usize) -> Word {
    let capital = text.get(at.clone()).and_then(|w| w.chars().next()).is_some_and(char::is_uppercase);
    Word { folded, capital, start: at.start, end: at.end, sentence }
}

/// A point ends a sentence if a capital or a dash follows; an empty line and a list item always do.
fn ends_sentence(c: char, rest: &str) -> bool {
    match c {
        '!' | '?' | '•' | ';' => true,
        '\n' => {
            let line = rest.split('\n').next().unwrap_or_default().trim_start();
            line.is_empty() || line.starts_with(['-', '–', '—', '•', '*', '·'])
        }
        '.' => {
            let after = rest.trim_start();
            if after.len() == rest.len() && !after.is_empty() {
                return false;
            }
            after.chars().next().is_none_or(|n| n.is_uppercase() || "-–—\"„“«»¿¡".contains(n))
                || is_numbered(after)
        }
        _ => false,
    }
}

/// Whether the next item of a list begins here: "2. Die Gebühr", "3) Für".
fn is_numbered(after: &str) -> bool {
    let item = after.trim_start_matches(|c: char| c.is_ascii_digit());
    (1..=2).contains(&(after.len() - item.len()))
        && item.strip_prefix(['.', ')']).is_some_and(|item| {
            let text = item.trim_start();
            text.len() < item.len() && text.starts_with(char::is_uppercase)
        })
}

/// A day or a sum that a letter sets off on a line of its own goes on with the sentence above it ("verlängert bis
/// zum", an empty line, "14.09.2026"), and what follows it in small letters ends that sentence.
fn is_set_off(before: &str, rest: &str) -> bool {
    // Only so much is looked at that a mail of nothing but empty lines takes no time.
    let start = (before.len().saturating_sub(200)..=before.len()).find(|at| before.is_char_boundary(*at));
    let above = before.get(start.unwrap_or_default()..).unwrap_or_default().trim_end();
    let below = cut(rest, 300).trim_start();
    let line = below.lines().next().unwrap_or_default();
    let open = above.ends_with(|c: char| c.is_alphabetic() || matches!(c, ':' | '’' | '\''));
    if open && is_figure(line) {
        return true;
    }
    let last = above.lines().next_back().unwrap_or_default();
    !above.ends_with(['.', '!', '?']) && below.starts_with(char::is_lowercase) && is_figure(last)
}

/// A short line that is a date or a sum, with at most a weekday or a small word before it.
fn is_figure(line: &str) -> bool {
    let line = line.trim();
    // The pattern costs more than a look for what it cannot do without.
    line.len() <= 80
        && line.contains(char::is_numeric)
        && FIGURE.as_ref().is_some_and(|figure| figure.is_match(line))
}

static FIGURE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^\W*(?:\p{L}+[.,]?\s+){0,3}(?:\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?20\d{2}\b|20\d{2}-\d{2}-\d{2}\b|\d{1,2}(?:\.|er|º|th|st|nd|rd)?\s+(?:de\s+|of\s+)?\p{L}{3,14}\.?,?(?:\s+(?:de\s+|del\s+)?20\d{2})?\W*$|20\d{2}\.\s|(?:EUR|€|CHF|£|Kč|zł|kr)\s?\d[\d.,' ]*\W*$|\d[\d.,' ]*\s?(?:EUR|€|CHF|£|Kč|zł|kr|[Ee]uros?|ευρώ)\W*$)",
    )
    .ok()
});

/// "Abs.", "čl.", "5.": a number, a letter, what cannot be spoken, or a known one right before the point. "IFG." is
/// not one, nor is any other short word: a sentence may end in "out." or "ihn.".
fn is_abbreviation(text: &str, point: usize, last: Option<&Word>) -> bool {
    let Some(last) = last.filter(|w| w.end == point) else { return false };
    let written = text.get(last.start..last.end).unwrap_or_default();
    let count = written.chars().count();
    let capitals = count > 1 && written.chars().all(char::is_uppercase);
    let folded = last.folded.as_str();
    let unspoken = || !folded.contains(['a', 'e', 'i', 'o', 'u', 'y', 'α', 'ε', 'η', 'ι', 'ο', 'υ', 'ω']);
    // "Under number 118. The period …": an ordinal has two figures at most.
    let number = count > 2 && folded.bytes().all(|b| b.is_ascii_digit());
    let short = count <= 3
        && !capitals
        && !number
        && (count == 1 || unspoken() || SHORT.binary_search(&folded).is_ok());
    short || ABBREVIATIONS.contains(&folded)
}

/// Abbreviations of two and three letters that could be spoken, folded and sorted.
const SHORT: &[&str] = &[
    "abs", "abt", "ago", "aht", "aj", "al", "alf", "anh", "anl", "anm", "ap", "apr", "ar", "arr", "art",
    "ass", "aug", "avg", "avr", "az", "bek", "bez", "bl", "bul", "ca", "cap", "cca", "cia", "cod", "dec",
    "dek", "dez", "dic", "dir", "doc", "dok", "dr", "dra", "ecc", "eel", "egr", "eks", "eng", "est", "etc",
    "ev", "evt", "exc", "exp", "fax", "feb", "fev", "fig", "fl", "fol", "gde", "gen", "gez", "ggf", "giu",
    "gos", "hr", "ib", "idr", "ifj", "ing", "inz", "ipd", "isf", "iuk", "iul", "iun", "iv", "izh", "jan",
    "jfr", "jui", "jul", "jun", "kap", "kav", "kft", "kv", "leg", "lic", "lit", "lug", "mag", "mai", "maj",
    "mar", "mio", "mom", "mun", "nap", "nar", "nov", "npr", "nro", "num", "obr", "obv", "oct", "odl", "odp",
    "odr", "okt", "ord", "ott", "oz", "ozn", "ozv", "pag", "par", "pat", "pkt", "pl", "pod", "pol", "pon",
    "poz", "ppa", "rag", "rec", "ref", "reg", "rel", "rez", "rn", "rsz", "sad", "sag", "sej", "sek", "sen",
    "sep", "sez", "sg", "sig", "sod", "sok", "spl", "sr", "sra", "srl", "st", "stb", "str", "sv", "sz",
    "szt", "tab", "tac", "tel", "tit", "tj", "tlf", "tov", "ul", "ust", "usw", "utl", "vac", "vgl", "vh",
    "vhr", "vol", "vyr", "zak", "zal", "zap", "zb", "zit", "zn", "zrt", "αρ", "αρθ", "εγκ", "κεφ", "οδ",
    "παρ", "περ", "σελ", "τηλ", "υπ",
];

/// Abbreviations of four letters and more, folded; a point after them ends no sentence.
const ABBREVIATIONS: &[&str] = &[
    "alin",
    "apdo",
    "artt",
    "buchst",
    "comm",
    "dipl",
    "dott",
    "evtl",
    "insb",
    "kohd",
    "lett",
    "litt",
    "mass",
    "numm",
    "odst",
    "paras",
    "περιπτ",
    "pism",
    "prof",
    "prot",
    "prow",
    "segg",
    "sigg",
    "subpar",
    "ziff",
    "αριθμ",
    "εδαφ",
    "παραγρ",
    "προτ",
];
