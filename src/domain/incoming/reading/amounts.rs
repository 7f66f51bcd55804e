//! Periods of an extension and money that is asked for.

use crate::domain::incoming::phrases::{List, Phrasebook};
use crate::domain::incoming::reading::section::{Prepared, Section};
use crate::domain::incoming::reading::{Money, Period, PeriodUnit};
use crate::domain::incoming::text::fold;
use regex::Regex;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The period that an extension states: the number before a unit in a sentence that extends.
pub fn period(prepared: &Prepared<'_>, language: Option<&str>, book: &Phrasebook) -> Option<Period> {
    let numbers = number_words(language, book);
    let mut best: Option<(u32, Period)> = None;
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
            let extends = section.hits.iter().any(|h| {
                h.phrase.list == List::Extension
                    && section.sentence_of(h) == sentence
                    && !section.is_recited(h)
            });
            if !extends {
                continue;
            }
            let Some((amount, from)) = amount_before(section, hit.first, sentence, &numbers) else {
                continue;
            };
            let longer = section.hits.iter().any(|h| {
                h.phrase.list == List::Longer && h.first + h.count <= from && from - (h.first + h.count) <= 2
            });
            let score = 1 + u32::from(longer) * 2 + u32::from(unit == PeriodUnit::WorkingDays);
            if best.is_none_or(|(s, _)| score > s) {
                best = Some((score, Period { amount, unit }));
            }
        }
    }
    best.map(|(_, period)| period)
}

/// The number up to three words before a unit: "30 (thirty) further days".
fn amount_before(
    section: &Section<'_>,
    unit: usize,
    sentence: usize,
    numbers: &HashMap<String, u32>,
) -> Option<(u32, usize)> {
    (unit.saturating_sub(3)..unit).rev().find_map(|at| {
        let word = section.words.get(at)?;
        if word.sentence != sentence {
            return None;
        }
        let amount = word.folded.parse().ok().or_else(|| numbers.get(&word.folded).copied())?;
        (1..=365).contains(&amount).then_some((amount, at))
    })
}

fn number_words(language: Option<&str>, book: &Phrasebook) -> HashMap<String, u32> {
    let base = language.map_or("en", |l| l.split('-').next().unwrap_or(l));
    let base = if matches!(base, "nb" | "nn") { "no" } else { base };
    let mut numbers = HashMap::new();
    for (entry, value) in book.list(base, List::Numbers).iter().zip(1..) {
        for name in entry.split('|') {
            numbers.insert(fold(name), value);
        }
    }
    numbers
}

/// An amount before or after a currency.
static MONEY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let currency = r"EUR|€|CHF|SFr\.?|Fr\.|£|GBP|Kč|CZK|zł|PLN|DKK|NOK|SEK|HUF|Ft|RON|BGN|RSD|MKD|HRK|[Ee]uros?\b|[Ee]uroa|[Ee]urot|[Ee]urų|ευρώ|[Ee]urov?|евро|лв|лева|kr\b|kronor|kroner|kroon|lei\b|forint|динара|dinara|денари|Franken|francs|koruna?|korun|złotych|din\b|ден\b";
    let number = r"\d{1,3}(?:[ \u{a0}.,'’]\d{3})*(?:[.,]\d{1,2}|[.,][-–—]+)?|\d+(?:[.,]\d{1,2})?";
    Regex::new(&format!(r"(?:(?P<c1>{currency})[\s\u{{a0}}]?(?P<n1>{number}))|(?:(?P<n2>{number})(?:[\s\u{{a0}}]|,-)?[\s\u{{a0}}]?(?P<c2>{currency}))")).ok()
});

/// The sum that a sentence about a fee names.
pub fn fee(prepared: &Prepared<'_>, language: Option<&str>) -> Option<Money> {
    let regex = MONEY.as_ref()?;
    let mut best: Option<(f32, Money)> = None;
    for section in &prepared.sections {
        for found in regex.captures_iter(&section.text).take(200) {
            let Some(whole) = found.get(0) else { continue };
            let index = section.words.partition_point(|w| w.end <= whole.start());
            let Some(sentence) = section.words.get(index).map(|w| w.sentence) else { continue };
            let currency = found.name("c1").or_else(|| found.name("c2")).map_or("", |m| m.as_str());
            let number = found.name("n1").or_else(|| found.name("n2")).map_or("", |m| m.as_str());
            let (Some(amount), Some(currency)) = (decimal(number), currency_code(currency, language)) else {
                continue;
            };
            let said: f32 = section
                .hits
                .iter()
                .filter(|h| h.phrase.list == List::Fee && section.sentence_of(h) == sentence)
                .map(|h| h.phrase.weight)
                .sum();
            let recited = if section.is_recital(sentence) { 0.3 } else { 1.0 };
            let score = said * recited;
            if said > 0.0 && amount != "0.00" && best.as_ref().is_none_or(|(s, _)| score > *s) {
                best = Some((score, Money { amount, currency: currency.to_owned() }));
            }
        }
    }
    best.map(|(_, money)| money)
}

/// `1'400.00`, `1.190,50`, `2 000`, `135,-` as a decimal with two places.
fn decimal(written: &str) -> Option<String> {
    let written = written.trim_end_matches(['-', '–', '—', '.', ',']);
    let (whole, cents) = match written.rfind(['.', ',']) {
        Some(at) if written.len() - at <= 3 => written.split_at(at),
        _ => (written, ""),
    };
    let digits: String = whole.chars().filter(char::is_ascii_digit).collect();
    let cents: String = cents.chars().filter(char::is_ascii_digit).collect();
    let value: u64 = digits.parse().ok()?;
    Some(format!("{value}.{cents:0<2}"))
}

fn currency_code(written: &str, language: Option<&str>) -> Option<&'static str> {
    let lower = written.to_lowercase();
    let language = language.map_or("", |l| l.split('-').next().unwrap_or(l));
    Some(match lower.trim_end_matches('.') {
        "€" => "EUR",
        w if w.starts_with("eur") || w == "ευρώ" || w == "евро" => "EUR",
        "chf" | "fr" | "sfr" | "franken" | "francs" => "CHF",
        "£" | "gbp" => "GBP",
        "zł" | "pln" | "złotych" => "PLN",
        "dkk" => "DKK",
        "nok" => "NOK",
        "sek" => "SEK",
        "huf" | "ft" | "forint" => "HUF",
        "ron" | "lei" => "RON",
        "bgn" | "лв" | "лева" => "BGN",
        "rsd" | "динара" | "dinara" | "din" => "RSD",
        "mkd" | "денари" | "ден" => "MKD",
        "hrk" => "HRK",
        w if w.starts_with("kč") || w == "czk" || w.starts_with("korun") => "CZK",
        "kr" | "kronor" | "kroner" => match language {
            "da" => "DKK",
            "no" | "nb" | "nn" => "NOK",
            _ => "SEK",
        },
        _ => return None,
    })
}
