//! Whom a letter greets and who signs it, across the endings of cases.

use crate::domain::incoming::phrases::{List, Phrasebook};
use crate::domain::incoming::text::fold;

/// A salutation ends within so many words.
const GREETING: usize = 9;
/// A name has at most so many words, and at most so many letters.
const NAME: usize = 4;
const LETTERS: usize = 40;

/// "Sehr geehrte Frau Lind,", "Dobrý den, prosím …": begins as letters do, with a stop soon after.
pub(super) fn is_salutation(line: &str, book: &Phrasebook) -> bool {
    let line = line.trim();
    let folded = fold(line);
    let greets = book.behind(List::Salutation, &folded).any(|rest| !rest.starts_with(char::is_alphanumeric));
    greets && greeting(line).split_whitespace().count() <= GREETING
}

/// A line up to where its greeting ends.
fn greeting(line: &str) -> &str {
    let end = line.find([',', '!', ':', ';', '?']).unwrap_or(line.len());
    line.get(..end).unwrap_or(line)
}

/// The words of a salutation that may be a name, folded.
pub(super) fn addressed(line: &str) -> Vec<String> {
    words_of(greeting(line)).skip(1).collect()
}

/// Words with a capital of three letters and more, folded.
fn words_of(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().nth(2).is_some() && word.chars().next().is_some_and(char::is_uppercase))
        .map(fold)
}

/// The name that ends a text: its last line, or what stands behind the last stop of it.
pub(super) fn signed(text: &str) -> Option<Vec<String>> {
    let last = text.lines().map(str::trim).rfind(|line| !line.is_empty())?;
    let behind = last.rsplit([',', '?', '!']).next().unwrap_or(last);
    let sentence = last.rsplit(". ").next().unwrap_or(last);
    [last, behind, sentence].into_iter().find(|line| is_name(line)).map(|line| words_of(line).collect())
}

/// The words of every line that is a name, folded.
pub(super) fn named(text: &str) -> Vec<String> {
    text.lines()
        .filter(|line| is_name(line) || line.split_whitespace().count() == 1)
        .flat_map(words_of)
        .collect()
}

/// "W. Terpstra", "Ada van der Lind": two words and more with capitals, initials and small words between.
fn is_name(line: &str) -> bool {
    let line = line.trim();
    let words: Vec<&str> = line.split_whitespace().collect();
    let capital = |word: &&str| word.chars().next().is_some_and(char::is_uppercase);
    let small = |word: &&str| word.chars().nth(4).is_none() && !word.ends_with('.');
    let whole = |word: &&str| word.chars().nth(1).is_some_and(|c| c.is_alphabetic() && c.is_lowercase());
    (2..=NAME + 1).contains(&words.len())
        && line.chars().nth(LETTERS).is_none()
        && line.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '.' | '-' | '\'' | '’'))
        && words.first().is_some_and(capital)
        && words.last().is_some_and(|word| capital(word) && whole(word) && !word.ends_with('.'))
        && words.iter().filter(|word| capital(word)).count() <= NAME
        && words.iter().all(|word| capital(word) || small(word))
}

/// Whether one name stands in both, in whatever case: "Štolbo" and "Štolba", "Stroda" and "Strods".
pub(super) fn same_person(one: &[String], other: &[String]) -> bool {
    one.iter().any(|a| other.iter().any(|b| is_kin(a, b)))
}

fn is_kin(one: &str, other: &str) -> bool {
    let (a, b) = (one.chars().count(), other.chars().count());
    let common = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let (short, long) = (a.min(b), a.max(b));
    let lost = usize::from(short >= 4) + usize::from(short >= 6);
    common >= 3 && common + lost >= short && long - common <= 4
}
