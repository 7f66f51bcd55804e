//! Small pieces of English prose: days, sentences, and texts of the data inside sentences of ours.

use chrono::NaiveDate;

/// A day as `3 April 2026`.
pub fn long(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

/// With a capital, as a sentence begins.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Prose of the data without its own full stop, to be followed by ours.
pub fn open_end(text: &str) -> &str {
    text.trim().trim_end_matches('.')
}
