//! What numbers a part of a provision: `31`, `11a`, `5-bis`, `L. 311-5`, `XII`, `a`, `3–5`, `tweede`.

use crate::domain::law::citation::parsing::Grammar;
use crate::domain::law::citation::words;

/// A number or letter as all languages would write it, or two that bound a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Value {
    /// The first.
    pub from: String,
    /// The last of a range.
    pub to: Option<String>,
}

impl Value {
    fn one(from: impl Into<String>) -> Self {
        Self { from: from.into(), to: None }
    }
}

const LATIN: &[&str] = &["bis", "ter", "quater", "quinquies", "sexies", "septies", "octies"];

/// A number of at most six digits with what belongs to it.
pub(crate) fn number(g: Grammar<'_>, i: usize) -> Option<(Value, usize)> {
    let digits = g.number(i).filter(|digits| digits.len() <= 6)?;
    let trimmed = digits.trim_start_matches('0');
    let mut value = if trimmed.is_empty() { "0".to_owned() } else { trimmed.to_owned() };
    let mut next = i + 1;
    match g.word(next).filter(|_| g.glued(next)) {
        Some("er" | "ere" | "re" | "e" | "eme" | "de" | "ste" | "st" | "nd" | "rd" | "th") => next += 1,
        Some(word) if word.chars().count() == 1 || LATIN.contains(&word) => {
            value.push_str(word);
            next += 1;
        }
        // `31st`-like words of other languages, units, file numbers.
        Some(_) => return None,
        None => {}
    }
    // `1°` and the Portuguese `6.º`
    let dot = usize::from(g.is(next, '.') && g.is(next + 1, '°'));
    if g.is(next + dot, '°') {
        next += dot + 1;
    }
    let hung = usize::from(g.is(next, '-') && g.glued(next));
    if let Some(word) = g.word(next + hung).filter(|word| LATIN.contains(word)) {
        // German `§§ 3 bis 6` is a range.
        if hung == 0
            && let Some((last, end)) = number_only(g, next + 1)
        {
            return Some((Value { from: value, to: Some(last) }, end));
        }
        value.push_str(word);
        next += hung + 1;
        return Some((Value::one(value), next));
    }
    if (g.is(next, '–') || g.is(next, '-'))
        && let Some((last, end)) = number_only(g, next + 1)
    {
        return Some((Value { from: value, to: Some(last) }, end));
    }
    Some((Value::one(value), next))
}

fn number_only(g: Grammar<'_>, i: usize) -> Option<(String, usize)> {
    let digits = g.number(i).filter(|digits| digits.len() <= 4)?;
    match g.word(i + 1).filter(|word| g.glued(i + 1) && word.chars().count() == 1) {
        Some(letter) => Some((format!("{digits}{letter}"), i + 2)),
        None => Some((digits.to_owned(), i + 1)),
    }
}

/// A point within a number: the Estonian `p 5.1`.
pub(crate) fn dotted(g: Grammar<'_>, value: Value, next: usize) -> (Value, usize) {
    let hangs = g.is(next, '.') && g.glued(next) && g.glued(next + 1);
    match g.number(next + 1).filter(|_| hangs && value.to.is_none()) {
        Some(digits) => (Value::one(format!("{}.{digits}", value.from)), next + 2),
        None => (value, next),
    }
}

/// `L. 311-5`, `R.* 311-12`, `L3231-1`: an article of a French or Walloon code.
pub(crate) fn code(g: Grammar<'_>, i: usize) -> Option<(Value, usize)> {
    let letter = g.word(i).filter(|word| matches!(*word, "l" | "r" | "d"))?;
    if !g.at(i)?.capital {
        return None;
    }
    let mut next = i + 1;
    while next < i + 4 && (g.is(next, '.') || g.is(next, '*')) {
        next += 1;
    }
    let mut value = format!("{letter}{}", g.number(next).filter(|digits| digits.len() <= 4)?);
    next += 1;
    while let Some(digits) = g.number(next + 1).filter(|_| g.is(next, '-') || g.is(next, '–')) {
        if value.len() > 20 {
            return None;
        }
        value.push('-');
        value.push_str(digits);
        next += 2;
    }
    // `L. 190/2012` is a law, `D. 5` nothing we know.
    (value.contains('-')).then(|| (Value::one(value), next))
}

/// A number in Roman capitals.
pub(crate) fn roman(g: Grammar<'_>, i: usize) -> Option<(Value, usize)> {
    let token = g.at(i).filter(|token| token.is_word() && token.text.len() <= 16)?;
    if token.capitals != token.text.chars().count() {
        return None;
    }
    let digit = |c: char| match c {
        'i' | 'ι' | 'і' => Some(1),
        'v' => Some(5),
        'x' | 'χ' => Some(10),
        'l' => Some(50),
        'c' => Some(100),
        _ => None,
    };
    let digits: Vec<i32> = token.text.chars().map(digit).collect::<Option<_>>()?;
    let smaller = |at: usize, digit: i32| digits.get(at + 1).is_some_and(|next| *next > digit);
    let sum: i32 = digits.iter().enumerate().map(|(at, d)| if smaller(at, *d) { -d } else { *d }).sum();
    Some((Value::one(sum.to_string()), i + 1))
}

/// One letter, or the same twice (`aa`).
pub(crate) fn letter(g: Grammar<'_>, i: usize) -> Option<(Value, usize)> {
    let word = g.word(i)?;
    let mut letters = word.chars();
    let first = letters.next()?;
    let alike = letters.all(|other| other == first) && word.chars().count() <= 2;
    alike.then(|| (Value::one(word), i + 1))
}

/// A few letters, as brackets hold them: `(ii)`, `(viii)`.
pub(crate) fn short(g: Grammar<'_>, i: usize) -> Option<(Value, usize)> {
    let word = g.word(i).filter(|word| word.chars().count() <= 4)?;
    let roman = word.chars().all(|c| matches!(c, 'i' | 'v' | 'x'));
    if roman || word.chars().count() == 1 { Some((Value::one(word), i + 1)) } else { letter(g, i) }
}

/// A count in words.
pub(crate) fn ordinal(g: Grammar<'_>, i: usize) -> Option<(Value, usize)> {
    Some((Value::one(words::ordinal(g.word(i)?)?), i + 1))
}

/// Whether the word at `i` closes a number before it, so that it does not open the one behind: `1. odst. 2. tč.`
pub(crate) fn counted(g: Grammar<'_>, i: usize) -> bool {
    g.is(i.wrapping_sub(1), '°') && g.number(i + 1).is_none()
}
