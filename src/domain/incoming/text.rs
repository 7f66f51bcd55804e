//! Words of a text, folded so that phrases match over case, accents, scripts and line wraps; each knows its place.

use std::ops::Range;
use unicode_normalization::char::decompose_canonical;

/// A folded word and where it stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Lower case, without accents, Cyrillic written in Latin letters.
    pub folded: String,
    /// Whether it is written with a capital.
    pub capital: bool,
    /// Byte where it starts.
    pub start: usize,
    /// Byte after its end.
    pub end: usize,
    /// Number of the sentence it stands in, from 0.
    pub sentence: usize,
}

/// Folds one word or phrase part.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        fold_char(c, &mut out);
    }
    out
}

fn fold_char(c: char, out: &mut String) {
    if c.is_ascii() {
        out.push(c.to_ascii_lowercase());
        return;
    }
    for lower in c.to_lowercase() {
        if let Some(latin) = latin(lower) {
            out.push_str(latin);
            continue;
        }
        decompose_canonical(lower, |d| {
            if !is_mark(d)
                && let Some(latin) = latin(d)
            {
                out.push_str(latin);
            } else if !is_mark(d) {
                out.push(d);
            }
        });
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
    let mut words: Vec<Word> = Vec::new();
    let mut sentence = 0;
    let mut open: Option<(usize, String)> = None;
    for (at, c) in text.char_indices() {
        if c.is_alphanumeric() || is_mark(c) {
            let (_, folded) = open.get_or_insert_with(|| (at, String::new()));
            fold_char(c, folded);
            continue;
        }
        if let Some((start, folded)) = open.take()
            && !folded.is_empty()
        {
            words.push(word(text, folded, start..at, sentence));
        }
        if ends_sentence(c, text.get(at + c.len_utf8()..).unwrap_or_default())
            && !(c == '.' && is_abbreviation(text, at, words.last()))
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

fn word(text: &str, folded: String, at: Range<usize>, sentence: usize) -> Word {
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
        }
        _ => false,
    }
}

/// "Abs.", "čl.", "5.": a short word or number right before the point; "IFG." is not one.
fn is_abbreviation(text: &str, point: usize, last: Option<&Word>) -> bool {
    let Some(last) = last.filter(|w| w.end == point) else { return false };
    let written = text.get(last.start..last.end).unwrap_or_default();
    let count = written.chars().count();
    let capitals = count > 1 && written.chars().all(char::is_uppercase);
    count <= 3 && !capitals
}
