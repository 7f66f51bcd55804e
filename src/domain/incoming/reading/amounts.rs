//! Periods of an extension, in words and figures.

use crate::domain::incoming::Knowledge;
use crate::domain::incoming::model::Class;
use crate::domain::incoming::phrases::{List, Phrasebook};
use crate::domain::incoming::reading::section::Section;
use crate::domain::incoming::reading::{Evidence, Kind, Period, PeriodUnit, Prepared, Stated, voices};
use crate::domain::incoming::text::fold;
use std::cell::LazyCell;
use std::collections::{HashMap, HashSet};

/// Numbers in words, folded, with their values.
pub type Numbers = HashMap<String, u32>;

/// From this likelihood on a sentence extends by what the model hears.
const HEARD: f32 = 0.4;
/// So many words before a period may say that it will not do.
const DENIED: usize = 8;

/// The period that an extension states: the number before a unit in a sentence that extends.
pub fn period(
    prepared: &Prepared<'_>,
    language: Option<&str>,
    speaks: bool,
    knowledge: &Knowledge,
) -> Option<Stated<Period>> {
    // Where the letter does another step, only a sentence that surely extends counts.
    let least = if speaks { 1 } else { 3 };
    let numbers = LazyCell::new(|| number_words(language, &knowledge.phrasebook));
    let negations = LazyCell::new(|| voices::negations(language, &knowledge.phrasebook));
    let mut best: Option<(u32, Stated<Period>)> = None;
    for section in &prepared.sections {
        for hit in &section.hits {
            let unit = match hit.phrase.list {
                List::WorkingDays => PeriodUnit::WorkingDays,
                List::Days => PeriodUnit::Days,
                List::Weeks => PeriodUnit::Weeks,
                List::MonthUnits => PeriodUnit::Months,
                _ => continue,
            };
            let sentence = section.sentence_of(hit);
            let extends = extends(section, sentence);
            if extends < least && !speaks {
                continue;
            }
            let Some((amount, from)) = amount_before(section, hit.first, sentence, &numbers) else {
                continue;
            };
            let longer = is_longer(section, from, sentence);
            // "extending that period by three weeks": in a letter that extends, that is enough.
            if extends < least && !longer {
                continue;
            }
            if !longer && is_denied(section, from, sentence, &negations) {
                continue;
            }
            let score = extends + u32::from(longer) * 2 + u32::from(unit == PeriodUnit::WorkingDays);
            if best.as_ref().is_none_or(|(s, _)| score > *s) {
                best = Some((
                    score,
                    Stated {
                        value: Period { amount, unit },
                        evidence: shown(section, from, hit.first + hit.count),
                    },
                ));
            }
        }
    }
    best.map(|(_, period)| period)
}

/// Whether words of taking more time stand before a number: small ones right there, others a little farther.
fn is_longer(section: &Section<'_>, from: usize, sentence: usize) -> bool {
    section.hits.iter().filter(|h| h.phrase.list == List::Longer && section.sentence_of(h) == sentence).any(
        |h| {
            let end = h.first + h.count;
            let long = section.words.get(h.first).is_some_and(|w| w.folded.len() > 5);
            end <= from && from - end <= if long { 4 } else { 2 }
        },
    )
}

/// Whether the clause says that a period will not do: "we cannot answer within seven working days".
fn is_denied(section: &Section<'_>, from: usize, sentence: usize, negations: &HashSet<String>) -> bool {
    let Some(first) = section.words.get(from) else { return false };
    let before = section.words.get(from.saturating_sub(DENIED)..from).unwrap_or_default();
    before.iter().any(|word| {
        let between = section.text.get(word.end..first.start).unwrap_or_default();
        word.sentence == sentence
            && negations.contains(word.folded.as_str())
            && !between.contains([',', ';', ':'])
    })
}

/// How surely a sentence takes more time: by a phrase of its own, or by what the model hears.
fn extends(section: &Section<'_>, sentence: usize) -> u32 {
    let phrase = section.hits.iter().any(|h| {
        h.phrase.list == List::Extension && section.sentence_of(h) == sentence && !section.is_recited(h)
    });
    let heard = section.likely(sentence).of(Class::Step(Kind::Extension));
    u32::from(phrase) * 2 + u32::from(heard >= HEARD)
}

/// The words from the number to the unit.
fn shown(section: &Section<'_>, from: usize, end: usize) -> Option<Evidence> {
    let (first, last) = (section.words.get(from)?, section.words.get(end.checked_sub(1)?)?);
    let text = section.text.get(first.start..last.end)?.to_owned();
    Some(Evidence { text, place: section.place.label() })
}

/// The number up to three words before a unit: "30 (thirty) further days".
pub fn amount_before(
    section: &Section<'_>,
    unit: usize,
    sentence: usize,
    numbers: &Numbers,
) -> Option<(u32, usize)> {
    (unit.saturating_sub(3)..unit).rev().find_map(|at| {
        let word = section.words.get(at)?;
        if word.sentence != sentence {
            return None;
        }
        let amount = word.folded.parse().ok().or_else(|| numbers.get(word.folded.as_str()).copied())?;
        (1..=365).contains(&amount).then_some((amount, at))
    })
}

/// The numbers of a language in words, folded.
pub fn number_words(language: Option<&str>, book: &Phrasebook) -> Numbers {
    let mut numbers = HashMap::new();
    for (entry, value) in book.list(language.unwrap_or("en"), List::Numbers).iter().zip(1..) {
        for name in entry.split('|') {
            numbers.insert(fold(name), value);
        }
    }
    numbers
}
