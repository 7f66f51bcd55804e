//! Money that is asked for: the sum the requester pays, not its parts, limits or the price of a contract.

use crate::domain::incoming::model::Class;
use crate::domain::incoming::phrases::List;
use crate::domain::incoming::reading::section::{Prepared, Section};
use crate::domain::incoming::reading::{Evidence, Kind, Money, Stated};
use regex::Regex;
use std::sync::LazyLock;

/// So many sums of one part of a letter are weighed.
const MOST: usize = 200;

/// An amount before or after a currency.
static MONEY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let currency = r"EUR|€|CHF|SFr\.?|[Ff]r\.|[Ff]rs\.?|Fr\b|£|GBP|Kč|CZK|zł|PLN|DKK|NOK|SEK|HUF|Ft\b|RON|BGN|RSD|MKD|HRK|[Ee]ur(?:o|os|a|ot|oa|on|ų|ov|á|en|i)?\b|[Ee]iro\b|[Ee]vr(?:o|a|ov|i|e)\b|ευρώ|ΕΥΡΩ|евро|евра|evra|лв|лева|kr\b|kronor|kroner|krone\b|kronor|lei\b|leu\b|forint\p{L}*|динар\p{L}*|dinar\p{L}*|денар\p{L}*|Franken|francs|franchi|frank\b|korun\p{L}*|złot\p{L}*|din\b|дин\b|ден\b|kn\b";
    let number =
        r"\d{1,3}(?:[ \u{a0}\u{202f}.,'’]\d{3})+(?:[.,](?:\d{1,2}|[-–—]+))?|\d+(?:[.,](?:\d{1,2}|[-–—]+))?";
    Regex::new(&format!(r"(?:(?P<c1>{currency})[\s\u{{a0}}]?(?P<n1>{number}))|(?:(?P<n2>{number})(?:[\s\u{{a0}}]|,-)?[\s\u{{a0}}]?(?P<c2>{currency}))")).ok()
});
/// A figure near the letters of a currency: what has none has no amount, and to look for it costs next to nothing.
static LIKELY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let currency = "EUR|€|CHF|SFr|[Ff]r|£|GBP|Kč|CZK|zł|PLN|DKK|NOK|SEK|HUF|Ft|RON|BGN|RSD|MKD|HRK|[Ee]ur|[Ee]iro|[Ee]vr|ευρώ|ΕΥΡΩ|евр|evra|лв|kr|lei|leu|forint|динар|dinar|денар|Frank|korun|złot|din|дин|ден|kn";
    Regex::new(&format!(r"(?:{currency})\p{{L}}*\.?\s?[0-9]|[0-9](?:[.,][-–—]*)?(?:\s|,-)?\s?(?:{currency})"))
        .ok()
});
/// What stands before a part of a sum or after the price of one piece.
static TIMES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i:[x×*х]|\bà|\bá|\bpo|\bkr)\s?$").ok());
static PIECE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^\.?\s?(?:/|[x×*х]\s?\d|je\s|per\s|pro\s|pr\.?\s|à\s)").ok());

/// The sum that the requester is asked for; without a fee in the letter's step only where its sentence is plain.
pub fn find(prepared: &Prepared<'_>, language: Option<&str>, charges: bool) -> Option<Stated<Money>> {
    let regex = MONEY.as_ref()?;
    let mut best: Option<(f32, u64, Stated<Money>)> = None;
    for section in &prepared.sections {
        if LIKELY.as_ref().is_some_and(|likely| !likely.is_match(&section.text)) {
            continue;
        }
        let mut seen: Vec<u64> = Vec::new();
        for found in regex.captures_iter(&section.text).take(MOST) {
            let Some(whole) = found.get(0) else { continue };
            let currency = found.name("c1").or_else(|| found.name("c2")).map_or("", |m| m.as_str());
            let number = found.name("n1").or_else(|| found.name("n2")).map_or("", |m| m.as_str());
            let Some((amount, cents)) = decimal(number).filter(|(_, cents)| *cents > 0) else { continue };
            let Some(currency) = currency_code(currency, language) else { continue };
            let sum = Sum { section, start: whole.start(), end: whole.end() };
            let added = u8::from(is_total(cents, &seen));
            seen.push(cents);
            let score = sum.weight() + f32::from(added) * 1.5 - large(cents, currency);
            let enough = if charges { -0.5 } else { 2.5 };
            if score >= enough && best.as_ref().is_none_or(|(s, c, _)| (score, cents) > (*s, *c)) {
                let text = whole.as_str().to_owned();
                let evidence = Some(Evidence { text, place: section.place.label() });
                let value = Money { amount, currency: currency.to_owned() };
                best = Some((score, cents, Stated { value, evidence }));
            }
        }
    }
    best.map(|(_, _, money)| money)
}

/// Whether a sum is what those right before it add up to.
fn is_total(cents: u64, before: &[u64]) -> bool {
    let mut sum: u64 = 0;
    before.iter().rev().take(6).enumerate().any(|(at, part)| {
        sum = sum.saturating_add(*part);
        at > 0 && sum == cents
    })
}

/// Fees of five figures are rare; such sums are rather those of contracts.
fn large(cents: u64, currency: &str) -> f32 {
    let unit: u64 = match currency {
        "HUF" => 400,
        "RSD" => 120,
        "MKD" => 60,
        "CZK" => 25,
        "SEK" | "NOK" | "DKK" => 10,
        "PLN" | "RON" => 5,
        _ => 1,
    };
    if cents > unit * 1_000_000 { 2.5 } else { 0.0 }
}

/// A sum where it stands.
struct Sum<'p, 'b> {
    section: &'p Section<'b>,
    start: usize,
    end: usize,
}

impl Sum<'_, '_> {
    /// How much speaks for it being what is asked for.
    fn weight(&self) -> f32 {
        let section = self.section;
        let index = section.words.partition_point(|w| w.end <= self.start);
        let after = section.words.partition_point(|w| w.start < self.end);
        let Some(sentence) = section.words.get(index).map(|w| w.sentence) else { return 0.0 };
        let (mut fee, mut near, mut total, mut paid, mut each, mut other) =
            (0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32);
        for hit in &section.hits {
            let apart = section.sentence_of(hit).abs_diff(sentence);
            if apart > 1 {
                continue;
            }
            let end = hit.first + hit.count;
            let before = end <= index;
            match hit.phrase.list {
                List::Fee if apart == 0 => fee = fee.max(hit.phrase.weight),
                List::Fee => near = near.max(hit.phrase.weight * 0.5),
                List::Payment if apart == 0 => paid = 1.0,
                List::Payment => near = near.max(0.5),
                List::Total if before && apart == 0 && index - end <= 4 => total = 1.5,
                List::Total if !before && apart == 0 && hit.first - index <= 3 => total = total.max(0.75),
                List::Each if apart == 0 && hit.first >= after && hit.first - after <= 1 => each = 2.0,
                List::Each if apart == 0 && before && index - end <= 4 => each = each.max(1.0),
                List::OtherPrice if apart == 0 => other = 1.5,
                _ => {}
            }
        }
        let likely = section.likely(sentence).of(Class::Step(Kind::Fee));
        let said = fee.max(paid) + near + likely * 2.0;
        let recited = if section.is_recital(sentence) { 0.75 } else { 0.0 };
        said + total + self.signs() - each - other - recited
    }

    /// What the signs around it say: `= 2 352 Kč` is a sum, `0,19 €/Seite` and `x 336 Kč` are parts of one.
    fn signs(&self) -> f32 {
        let before = self.section.text.get(..self.start).unwrap_or_default().trim_end();
        let after = self.section.text.get(self.end..).unwrap_or_default();
        let piece = PIECE.as_ref().is_some_and(|r| r.is_match(after));
        let times = TIMES.as_ref().is_some_and(|r| r.is_match(before));
        let equals = before.ends_with('=') || before.ends_with("..");
        let parts = if piece || times { 2.0 } else { 0.0 };
        (if equals { 1.5 } else { 0.0 }) - parts
    }
}

/// `1'400.00`, `1.190,50`, `2 000`, `135,-` as a decimal with two places, and in hundredths.
fn decimal(written: &str) -> Option<(String, u64)> {
    let written = written.trim_end_matches(['-', '–', '—', '.', ',']);
    let (whole, cents) = match written.rfind(['.', ',']) {
        Some(at) if written.len() - at <= 3 => written.split_at(at),
        _ => (written, ""),
    };
    let digits: String = whole.chars().filter(char::is_ascii_digit).collect();
    let cents: String = cents.chars().filter(char::is_ascii_digit).collect();
    let value: u64 = digits.parse().ok()?;
    let cents = format!("{cents:0<2}");
    let hundredths = value.checked_mul(100)?.checked_add(cents.parse().ok()?)?;
    Some((format!("{value}.{cents}"), hundredths))
}

fn currency_code(written: &str, language: Option<&str>) -> Option<&'static str> {
    let lower = written.to_lowercase();
    let language = language.map_or("", |l| l.split('-').next().unwrap_or(l));
    Some(match lower.trim_end_matches('.') {
        "€" | "ευρώ" | "ευρω" | "евро" | "евра" | "eiro" => "EUR",
        w if w.starts_with("eur") || w.starts_with("evr") => "EUR",
        "chf" | "fr" | "sfr" | "franken" | "francs" | "franchi" | "frank" => "CHF",
        "£" | "gbp" => "GBP",
        "pln" => "PLN",
        w if w.starts_with("zł") => "PLN",
        "dkk" => "DKK",
        "nok" => "NOK",
        "sek" => "SEK",
        "huf" | "ft" => "HUF",
        w if w.starts_with("forint") => "HUF",
        "ron" | "lei" | "leu" => "RON",
        "bgn" | "лв" | "лева" => "BGN",
        "rsd" | "din" | "дин" => "RSD",
        w if w.starts_with("динар") || w.starts_with("dinar") => "RSD",
        "mkd" | "ден" => "MKD",
        w if w.starts_with("денар") => "MKD",
        "hrk" | "kn" => "HRK",
        w if w.starts_with("kč") || w == "czk" || w.starts_with("korun") => "CZK",
        "kr" | "kronor" | "kroner" | "krone" => match language {
            "da" => "DKK",
            "no" | "nb" | "nn" => "NOK",
            _ => "SEK",
        },
        _ => return None,
    })
}
