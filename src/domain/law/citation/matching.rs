//! Whether two citations mean the same place, or one a place within the other.

use crate::domain::law::citation::{Level, Part};

/// How one place lies to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// The same.
    Same,
    /// The cited place is within the listed one, which has so many parts.
    Within(usize),
    /// The listed place is within the cited one.
    Around,
    /// Neither.
    Apart,
}

/// How the cited place lies to a listed one.
pub(crate) fn fit(cited: &[Part], listed: &[Part]) -> Fit {
    let (mut c, mut l) = (cited.iter().peekable(), listed.iter().peekable());
    while let (Some(a), Some(b)) = (c.peek(), l.peek()) {
        if agrees(a, b) {
            c.next();
            l.next();
            continue;
        }
        // Sentences are told by some and left out by others.
        if a.level == Some(Level::Sentence) && b.level != Some(Level::Sentence) {
            c.next();
        } else if b.level == Some(Level::Sentence) && a.level != Some(Level::Sentence) && a.level.is_some() {
            l.next();
        } else {
            return Fit::Apart;
        }
    }
    match (c.peek().is_some(), l.peek().is_some()) {
        (false, false) => Fit::Same,
        (true, _) => Fit::Within(listed.len()),
        (false, true) => Fit::Around,
    }
}

/// Whether two parts are the same, as far as both say it.
fn agrees(cited: &Part, listed: &Part) -> bool {
    let levels = match (cited.level, listed.level) {
        (Some(a), Some(b)) => a == b || near(a, b),
        _ => true,
    };
    levels && (covers(listed, &cited.from) || covers(cited, &listed.from))
}

/// Levels that languages and habits mix up: Portuguese counts paragraphs as `n.º`, Greek letters as `περ.`
const fn near(a: Level, b: Level) -> bool {
    matches!((a, b), (Level::Letter, Level::Number) | (Level::Number, Level::Letter))
}

fn covers(range: &Part, value: &str) -> bool {
    let Some(to) = &range.to else { return range.from == value };
    match (number(&range.from), number(value), number(to)) {
        (Some(from), Some(value), Some(to)) => from <= value && value <= to,
        _ => range.from.len() == value.len() && *range.from <= *value && *value <= **to,
    }
}

fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text.get(..end)?.parse().ok()?, text.get(end..)?))
}
