//! How a sentence says what it says: as what may be, as more time, as a condition.

use crate::domain::incoming::phrases::{Hit, List};
use crate::domain::incoming::reading::section::Section;
use std::collections::HashSet;

/// A period takes so many words: how many, which, and its unit.
const PERIOD: usize = 4;

impl Section<'_> {
    /// Whether a sentence says only what may be, or is at times; "cannot" says that it is not.
    pub fn is_only_possible(&self, sentence: usize, negations: &HashSet<String>) -> bool {
        let start = self.words.partition_point(|w| w.sentence < sentence);
        let end = self.words.partition_point(|w| w.sentence <= sentence);
        let denied = |hit: &Hit<'_>| {
            let around = hit.first.saturating_sub(2)..(hit.first + hit.count + 2).min(self.words.len());
            self.words.get(around).unwrap_or_default().iter().any(|w| negations.contains(w.folded.as_str()))
        };
        self.own(List::Possible, start..end).any(|hit| !denied(hit))
    }

    /// Whether a sentence adds a period to another ("by a further 30 days").
    pub fn adds_time(&self, sentence: usize) -> bool {
        let unit = |h: &&Hit<'_>| {
            matches!(h.phrase.list, List::Days | List::WorkingDays | List::Weeks | List::MonthUnits)
        };
        let here = || self.hits.iter().filter(|h| self.sentence_of(h) == sentence);
        here().filter(unit).any(|unit| {
            let more = here().filter(|h| h.phrase.list == List::Longer);
            more.map(|h| h.first + h.count).any(|end| end < unit.first && unit.first - end < PERIOD)
        })
    }

    /// Whether a sentence names a limit with a word of more time, or with none of an answer: "you will hear by Friday"
    /// is no more time than there was.
    pub fn moves_day(&self, sentence: usize) -> bool {
        let here = || self.hits.iter().filter(|h| self.sentence_of(h) == sentence);
        let says = |list: List| here().any(|h| h.phrase.list == list);
        let more = || here().any(|h| h.phrase.list == List::Extension && !self.is_recited(h));
        says(List::Due) && (more() || !says(List::Answer))
    }

    /// Portuguese has one word for "if" and for "itself"; the first begins a clause or follows a small word that does.
    pub fn is_reflexive(&self, hit: &Hit<'_>) -> bool {
        let alone = hit.phrase.language == "pt" && hit.count == 1 && hit.phrase.says("se");
        let Some((word, before)) =
            self.words.get(hit.first).zip(hit.first.checked_sub(1).and_then(|at| self.words.get(at)))
        else {
            return false;
        };
        let gap = self.text.get(before.end..word.start).unwrap_or_default();
        let opens = before.sentence != word.sentence || gap.contains([',', ';', ':', '(', '–']);
        alone && !opens && !matches!(before.folded.as_str(), "e" | "ou" | "mas" | "que" | "porque")
    }
}
