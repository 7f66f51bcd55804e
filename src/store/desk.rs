//! Reads for volunteers: the queue, one message, requests, letters, authorities. Nothing here is public.

pub mod authorities;
pub mod erased;
pub mod letters;
pub mod message;
pub mod queue;
pub mod requests;

/// How many rows a page of a list has.
pub const PAGE: i64 = 50;

/// A pattern for LIKE that finds `text`, folded, anywhere; the escape character is `\`.
pub(crate) fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in crate::domain::authority::fold(text).chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
