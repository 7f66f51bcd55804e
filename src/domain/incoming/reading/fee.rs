//! Money that is asked for: the sum the requester pays, not its parts, limits or the price of a contract.

use crate::domain::incoming::model::Class;
use crate::domain::incoming::phrases::{Hit, List};
use crate::domain::incoming::reading::money::{Sum, sums, worth};
use crate::domain::incoming::reading::section::{Place, Prepared, Section};
use crate::domain::incoming::reading::{Evidence, Kind, Money, Stated};
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// What speaks for a sum must reach this in a letter that asks for money, and that in any other.
const ENOUGH: f32 = 0.0;
const PLAIN: f32 = 1.6;
/// A document handed over has prices of its own.
const HANDED_OVER: f32 = 1.5;
/// Words that say what a sum is stand so near, in words.
const REACH: usize = 12;
const NEAR: usize = 6;
/// So many sums before or behind a total may be its parts.
const ADDED: usize = 6;
/// How much speaks against a part of a total.
const OF_TOTAL: f32 = 2.0;
/// The most that one phrase says: a plain demand for money.
const DEMANDED: f32 = 1.3;

/// What stands before a part of a sum or after the price of one piece.
static TIMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i:[x×*х]|(?:\d|\d\s\p{L}+|Stunden?|Seiten?|Blatt|Kopien?|uur|timer?|sider?|timmar|sidor)\s[àá]|\bpo)\s?$").ok()
});
static PIECE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^\.?\s?(?:/|[x×*х]\s?\d|je\s|per\s|pro\s|pr\.?\s|à\s)").ok());

/// The sum that the requester is asked for; without a fee in the letter's step only where its sentence is plain.
pub fn find(prepared: &Prepared<'_>, language: Option<&str>, charges: bool) -> Option<Stated<Money>> {
    let mut best: Option<(f32, u64, Stated<Money>)> = None;
    for section in &prepared.sections {
        let all = sums(&section.text, language);
        let other = matches!(section.place, Place::Attachment(_)) && !section.is_letter();
        let enough = if charges { ENOUGH } else { PLAIN } + if other { HANDED_OVER } else { 0.0 };
        let added: Vec<Vec<usize>> = (0..all.len()).map(|at| added_up(&all, at)).collect();
        let parts: BTreeSet<usize> = added.iter().flatten().copied().collect();
        for (at, sum) in all.iter().enumerate() {
            let total = added.get(at).is_some_and(|parts| !parts.is_empty());
            let said = Said { section, all: &all, at, sum, total, part: parts.contains(&at) };
            let score = said.weight();
            if score >= enough && best.as_ref().is_none_or(|(s, c, _)| (score, sum.cents) > (*s, *c)) {
                let text = section.text.get(sum.start..sum.end).unwrap_or_default().to_owned();
                let evidence = Some(Evidence { text, place: section.place.label() });
                let value = Money { amount: sum.amount.clone(), currency: sum.currency.to_owned() };
                best = Some((score, sum.cents, Stated { value, evidence }));
            }
        }
    }
    best.map(|(_, _, money)| money)
}

/// The sums right before or behind one that add up to it, two at least: prices of one piece may stand between them.
fn added_up(all: &[Sum], at: usize) -> Vec<usize> {
    let Some(total) = all.get(at) else { return Vec::new() };
    for side in [at.saturating_sub(ADDED)..at, at + 1..(at + 1 + ADDED).min(all.len())] {
        let near: Vec<(usize, u64)> = side.filter_map(|i| Some((i, all.get(i)?.cents))).collect();
        // Every choice among so few: each bit says whether one is taken.
        let taken = |choice: u32| near.iter().enumerate().filter(move |(bit, _)| choice >> bit & 1 == 1);
        let adds = |choice: &u32| {
            choice.count_ones() > 1 && taken(*choice).map(|(_, (_, cents))| cents).sum::<u64>() == total.cents
        };
        if let Some(choice) = (1..1 << near.len()).rev().find(adds) {
            return taken(choice).map(|(_, (i, _))| *i).collect();
        }
    }
    Vec::new()
}

/// Small sums are rather fees, those of five figures rather prices of contracts.
fn size(sum: &Sum) -> f32 {
    match sum.cents / worth(sum.currency) {
        // So little is the price of one page.
        0..=50 => -1.5,
        51..=50_000 => 0.5,
        50_001..=200_000 => 0.0,
        200_001..=1_000_000 => -1.25,
        _ => -5.0,
    }
}

/// A sum among those of its part of the letter, and what is said of it.
struct Said<'p, 'b> {
    section: &'p Section<'b>,
    all: &'p [Sum],
    at: usize,
    sum: &'p Sum,
    /// Whether others add up to it, and whether it is one of those that add up to another.
    total: bool,
    part: bool,
}

/// How far a phrase is from a sum, and whether something parts them.
struct Apart {
    words: usize,
    before: bool,
    comma: bool,
    bound: bool,
}

/// What the phrases around a sum say, added up.
#[derive(Default)]
struct Tally {
    charge: f32,
    second: f32,
    near: f32,
    total: f32,
    each: f32,
    unasked: f32,
    charge_words: Option<usize>,
    other_words: Option<usize>,
    other: bool,
}

impl Tally {
    fn charge(&mut self, weight: f32, apart: &Apart) {
        let reaches = apart.bound && apart.words <= REACH;
        let weight = weight.min(DEMANDED) * if reaches { 2.0 } else { 1.0 };
        if reaches && self.charge_words.is_none_or(|w| apart.words < w) {
            self.charge_words = Some(apart.words);
        }
        self.second = self.second.max(weight.min(self.charge));
        self.charge = self.charge.max(weight);
    }

    fn other(&mut self, apart: &Apart) {
        self.other = true;
        if apart.bound
            && !apart.comma
            && apart.words <= NEAR
            && self.other_words.is_none_or(|w| apart.words < w)
        {
            self.other_words = Some(apart.words);
        }
    }

    fn weight(&self) -> f32 {
        let nearer = match (self.other_words, self.charge_words) {
            (Some(other), Some(charge)) => other < charge,
            (other, _) => other.is_some(),
        };
        let other = if nearer {
            2.0
        } else if self.other {
            0.4
        } else {
            0.0
        };
        self.charge + self.second * 0.4 + self.near - self.each - self.unasked - other
    }
}

impl Said<'_, '_> {
    /// How much speaks for it being what is asked for.
    fn weight(&self) -> f32 {
        let section = self.section;
        let first = section.words.partition_point(|w| w.end <= self.sum.start);
        let Some(sentence) = section.words.get(first).map(|w| w.sentence) else { return 0.0 };
        let mut tally = Tally::default();
        for hit in &section.hits {
            match section.sentence_of(hit).abs_diff(sentence) {
                0 => self.hear(hit, &mut tally),
                1 if matches!(hit.phrase.list, List::Fee) => {
                    tally.near = tally.near.max(hit.phrase.weight * 0.5);
                }
                1 if matches!(hit.phrase.list, List::Payment) => tally.near = tally.near.max(0.4),
                _ => {}
            }
        }
        let likely = section.likely(sentence).of(Class::Step(Kind::Fee));
        let recited = if section.is_recital(sentence) { 0.75 } else { 0.0 };
        let total = self.total || self.is_product(sentence) || self.equals();
        let (added, part) = (if total { 1.5 } else { 0.0 }, if self.part { OF_TOTAL } else { 0.0 });
        tally.weight() + likely * 2.0 + tally.total.max(added) - self.parts() - part + size(self.sum)
            - recited
    }

    /// What a phrase in the sum's own sentence says of it.
    fn hear(&self, hit: &Hit<'_>, tally: &mut Tally) {
        let Some(apart) = self.apart(hit) else { return };
        let weight = hit.phrase.weight;
        match hit.phrase.list {
            List::Fee | List::Charge => tally.charge(weight, &apart),
            List::Payment => tally.charge(weight.max(0.7), &apart),
            List::Total if apart.before && apart.words <= 4 => {
                tally.total = if apart.bound { 2.0 } else { 1.0 }
            }
            List::Total if !apart.before && apart.words <= 3 => tally.total = tally.total.max(0.75),
            List::Each if !apart.before && apart.words <= 1 => tally.each = 3.0,
            List::Each if apart.before && apart.words <= 3 && apart.bound && !apart.comma => {
                tally.each = tally.each.max(1.0);
            }
            List::Unasked if weight < 0.5 && apart.before && apart.words == 0 => tally.unasked = 2.5,
            List::Unasked if weight >= 0.5 && apart.bound && !apart.comma && apart.words <= NEAR => {
                tally.unasked = tally.unasked.max(if apart.before { 3.2 } else { 1.5 });
            }
            List::OtherPrice => tally.other(&apart),
            _ => {}
        }
    }

    /// How far a phrase of the same sentence is from the sum.
    fn apart(&self, hit: &Hit<'_>) -> Option<Apart> {
        let words = &self.section.words;
        let first = words.partition_point(|w| w.end <= self.sum.start);
        let end = words.partition_point(|w| w.start < self.sum.end);
        let (from, to) =
            (words.get(hit.first)?.start, words.get((hit.first + hit.count).checked_sub(1)?)?.end);
        let before = to <= self.sum.start;
        let (words, between) = if before {
            (first.saturating_sub(hit.first + hit.count), to..self.sum.start)
        } else if from < self.sum.start {
            // "We invoice … to you" stands around the sum.
            (0, self.sum.start..self.sum.start)
        } else {
            (hit.first.saturating_sub(end), self.sum.end.min(from)..from)
        };
        let other = self.all.iter().any(|s| between.start <= s.start && s.end <= between.end);
        let text = self.section.text.get(between)?;
        let comma = text.contains([',', ';', '(', ')', '–', '—']);
        Some(Apart { words, before, comma, bound: !other && !text.contains(';') })
    }

    /// Whether it is a number of pieces at the price of one.
    fn is_product(&self, sentence: usize) -> bool {
        let words = self.section.words_of(sentence);
        let counts: Vec<u64> = words.iter().take(200).filter_map(|w| w.folded.parse().ok()).collect();
        let near = self.at.saturating_sub(3)..(self.at + 4).min(self.all.len());
        self.all.get(near).unwrap_or_default().iter().any(|price| {
            price.cents < self.sum.cents
                && counts.iter().any(|n| *n > 1 && n.saturating_mul(price.cents) == self.sum.cents)
        })
    }

    /// `0,19 €/Seite` and `x 336 Kč` are parts of a sum.
    fn parts(&self) -> f32 {
        let before = self.section.text.get(..self.sum.start).unwrap_or_default().trim_end();
        let after = self.section.text.get(self.sum.end..).unwrap_or_default();
        let piece = PIECE.as_ref().is_some_and(|r| r.is_match(after));
        let times = TIMES.as_ref().is_some_and(|r| r.is_match(before));
        if piece || times { 3.0 } else { 0.0 }
    }

    /// `= 2 352 Kč` is a sum, and so is what stands behind dots in a table.
    fn equals(&self) -> bool {
        let before = self.section.text.get(..self.sum.start).unwrap_or_default().trim_end();
        before.ends_with('=') || before.ends_with("..")
    }
}
