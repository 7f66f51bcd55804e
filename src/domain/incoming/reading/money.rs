//! Sums of money as they are written in twenty-five languages, and in which currency.

use regex::Regex;
use std::sync::LazyLock;

/// So many sums of one part of a letter are weighed.
const MOST: usize = 200;

/// A sum as it stands in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// Decimal with two places.
    pub amount: String,
    /// The same in hundredths.
    pub cents: u64,
    /// ISO 4217.
    pub currency: &'static str,
    /// Byte where it starts.
    pub start: usize,
    /// Byte after its end.
    pub end: usize,
}

/// An amount before or after a currency, or with the strokes that stand for no cents and no currency.
static MONEY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let names = r"EUR|€|CHF|SFr\.?|[Ff]r\.|[Ff]rs\.?|Fr\b|£|GBP|[Pp]ounds?\b|Kč|Kc\b|CZK|zł|zl\b|PLN|DKK|NOK|SEK|HUF|Ft\b|RON|BGN|RSD|РСД|MKD|МКД|HRK|[Ee]ur(?:o|os|a|ai|us|od|oja|ot|oa|on|ų|ov|á|en|i)?\b|EURO\b|[Ee]iro\b|[Ee]vr(?:o|a|ov|i|e)\b|ευρώ|Ευρώ|ευρω\b|ΕΥΡΩ|евро|евра|evra|лв|лева|[Kk]r\b|[dns]kr\b|kronor|kroner|krone\b|lei\b|leu\b|forint\p{L}*|динар\p{L}*|dinar\p{L}*|денар\p{L}*|Franken|francs|franchi|frank\b|korun\p{L}*|złot\p{L}*|din\b|дин\b|ден\b|kn\b";
    let number = r"\d{1,3}(?:[\s.,'’]\d{3})+(?:[.,](?:\d{1,2}|[-–—]+))?|\d+(?:[.,](?:\d{1,2}|[-–—]+))?";
    let stroke = r":[-–—]|[.,][-–—]{1,2}";
    Regex::new(&format!(
        r"(?:(?P<c1>{names})\.?\s{{0,2}}\(?(?P<n1>{number}))|(?:(?P<n2>{number})(?:,[-–—]{{1,2}}|:[-–—])?\s{{0,2}}(?P<c2>{names}|e\b))|(?:(?P<n3>\d{{1,3}}(?:[\s.'’]\d{{3}})+|\d+)(?P<c3>{stroke}))"
    ))
    .ok()
});
/// A figure near the letters of a currency or a stroke: a text that has none has no sum, and to look for it costs next
/// to nothing beside the pattern above, whose bounds of words are dear where letters are not ASCII.
static LIKELY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let names = "EUR|€|CHF|SFr|[Ff]r|£|GBP|[Pp]ound|K[čc]|CZK|z[łl]|PLN|DKK|NOK|SEK|HUF|Ft|RON|BGN|RSD|РСД|MKD|МКД|HRK|[Ee]ur|[Ee]iro|[Ee]vr|[Εε]υρ[ώω]|ΕΥΡΩ|евр|evra|лв|лева|[Kk]r|[dns]kr|kron|lei|leu|forint|динар|dinar|денар|Frank|franc|frank|korun|złot|din|дин|ден|kn";
    Regex::new(&format!(
        r"(?:{names})\p{{L}}*\.{{0,2}}\s{{0,2}}\(?\d|\d[.,:]?[-–—]*(?:[,:][-–—]{{1,2}})?\s{{0,2}}(?:{names}|e(?:\W|$))|\d(?::|[.,])[-–—]"
    ))
    .ok()
});
/// What makes millions of a sum: those are the prices of systems.
static MILLIONS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^\s?(?i:mio|mill|mil\.|mlj|mln|mrd|mnkr|tkr|tis\.|tisíc|tys\.|tūkst|tuh|thousand|bn\b|bil|m\b|k\b|млн|мил|хил|εκατ|χιλ)").ok()
});

/// The sums of a text, in their order; nothing is no sum.
pub fn sums(text: &str, language: Option<&str>) -> Vec<Sum> {
    let likely = LIKELY.as_ref().is_none_or(|likely| likely.is_match(text));
    let Some(regex) = MONEY.as_ref().filter(|_| likely) else { return Vec::new() };
    let found = regex.captures_iter(text).take(MOST).filter_map(|found| {
        let whole = found.get(0)?;
        let one_of = |names: [&str; 3]| names.into_iter().find_map(|n| found.name(n)).map(|m| m.as_str());
        let currency = currency_code(one_of(["c1", "c2", "c3"])?, language)?;
        let (amount, cents) = decimal(one_of(["n1", "n2", "n3"])?)?;
        let before = text.get(..whole.start())?;
        // The end of a word ("für 5"), or of a longer number.
        let glued = before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '/' | '§'))
            || (before.ends_with(['.', ','])
                && before.trim_end_matches(['.', ',']).ends_with(|c: char| c.is_ascii_digit()));
        let after = text.get(whole.end()..)?;
        let more = MILLIONS.as_ref().is_some_and(|r| r.is_match(after));
        let sum = Sum { amount, cents, currency, start: whole.start(), end: whole.end() };
        (cents > 0 && !glued && !more).then_some(sum)
    });
    found.collect()
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

/// How much of a currency is about as much as one euro: fees are compared with it, nothing is changed by it.
pub fn worth(currency: &str) -> u64 {
    match currency {
        "HUF" => 400,
        "RSD" => 120,
        "MKD" => 60,
        "CZK" => 25,
        "SEK" | "NOK" | "DKK" => 10,
        "PLN" | "RON" => 5,
        _ => 1,
    }
}

fn currency_code(written: &str, language: Option<&str>) -> Option<&'static str> {
    let lower = written.to_lowercase();
    let language = language.map_or("", |l| l.split('-').next().unwrap_or(l));
    Some(match lower.trim_end_matches('.') {
        "€" | "ευρώ" | "ευρω" | "евро" | "евра" | "eiro" => "EUR",
        "e" if language == "fi" => "EUR",
        w if w.starts_with("eur") || w.starts_with("evr") => "EUR",
        "chf" | "fr" | "frs" | "sfr" | "franken" | "francs" | "franchi" | "frank" => "CHF",
        "£" | "gbp" | "pound" | "pounds" => "GBP",
        "pln" | "zl" => "PLN",
        w if w.starts_with("zł") => "PLN",
        "dkk" | "dkr" => "DKK",
        "nok" | "nkr" => "NOK",
        "sek" | "skr" => "SEK",
        "huf" | "ft" => "HUF",
        w if w.starts_with("forint") => "HUF",
        "ron" | "lei" | "leu" => "RON",
        "bgn" | "лв" | "лева" => "BGN",
        "rsd" | "рсд" | "din" | "дин" => "RSD",
        w if w.starts_with("динар") || w.starts_with("dinar") => "RSD",
        "mkd" | "мкд" | "ден" => "MKD",
        w if w.starts_with("денар") => "MKD",
        "hrk" | "kn" => "HRK",
        "kč" | "kc" | "czk" => "CZK",
        w if w.starts_with("korun") => "CZK",
        "kr" | "kronor" | "kroner" | "krone" => match language {
            "da" => "DKK",
            "no" | "nb" | "nn" => "NOK",
            _ => "SEK",
        },
        stroke => return by_strokes(stroke, language),
    })
}

/// `45,-` and `500:-` name no currency; the language says which.
fn by_strokes(stroke: &str, language: &str) -> Option<&'static str> {
    match (stroke.chars().next()?, language) {
        (':', _) | (',', "sv") => Some("SEK"),
        ('.', "de" | "fr" | "it") => Some("CHF"),
        (',', "da") => Some("DKK"),
        (',', "no" | "nb" | "nn") => Some("NOK"),
        (',', "cs") => Some("CZK"),
        (',', "hu") => Some("HUF"),
        (',', "pl") => Some("PLN"),
        (',', "de" | "nl" | "sk" | "sl" | "hr" | "fi" | "et" | "lv" | "lt") => Some("EUR"),
        _ => None,
    }
}
