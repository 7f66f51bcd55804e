//! The `Date` field (RFC 5322 §3.3), also without seconds, with foreign names or a broken zone.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use regex::Regex;
use std::sync::LazyLock;

/// `17 Apr 2026 10:00[:00] [+0200]`, months by their first three letters in many languages.
static LOOSE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x) \b(?P<day>\d{1,2})[\s.\-/]+(?P<month>\p{L}{3,12}|\d{1,2})[\s.,\-/]+(?P<year>\d{4}|\d{2})\b
        (?:[\s,]+(?:\p{L}+\s+)?(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2}))?)?
        \s*(?P<zone>[+-]\d{4}|[+-]\d{2}:\d{2}|[A-Z]{1,5})?",
    )
    .ok()
});

/// ISO 8601, as some web forms write it.
static ISO: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^\s*\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?").ok());

/// `Fri Apr 17 10:00:00 2026`, as the C library writes it.
static ASCTIME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?P<month>[A-Z][a-z]{2})\s+(?P<day>\d{1,2})\s+(?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})\s+(?P<zone>[A-Z]{3,4}\s+)?(?P<year>\d{4})",
    )
    .ok()
});

/// Reads a date field; `None` where it says no moment.
pub fn read(value: &str) -> Option<DateTime<Utc>> {
    let value = value.trim();
    if value.is_empty() || value.len() > 200 {
        return None;
    }
    if is_tame(value)
        && let Ok(seconds) = mailparse::dateparse(value)
        && let Some(date) = DateTime::from_timestamp(seconds, 0)
        && LOOSE.as_ref().is_some_and(|r| r.is_match(value))
    {
        return Some(date);
    }
    loose(value).or_else(|| iso(value)).or_else(|| asctime(value))
}

/// `mailparse` loops over years: a number of ten digits would keep it busy for hours; so only what looks strict.
fn is_tame(value: &str) -> bool {
    static STRICT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"^(?:[A-Za-z]{3},?\s+)?\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (?:19|20)\d{2} [0-2]\d:[0-5]\d:[0-6]\d (?:[+-][01]\d{3}|GMT|UT|UTC|EST|EDT|CST|CDT|MST|MDT|PST|PDT)(?: \([A-Za-z+\-0-9 ]*\))?$").ok()
    });
    STRICT.as_ref().is_some_and(|r| r.is_match(value))
}

fn loose(value: &str) -> Option<DateTime<Utc>> {
    let found = LOOSE.as_ref()?.captures(value)?;
    let month = found.name("month")?.as_str();
    let month = month.parse().ok().or_else(|| month_of(month))?;
    from_captures(&found, month)
}

fn asctime(value: &str) -> Option<DateTime<Utc>> {
    let found = ASCTIME.as_ref()?.captures(value)?;
    let month = month_of(found.name("month")?.as_str())?;
    from_captures(&found, month)
}

fn from_captures(found: &regex::Captures<'_>, month: u32) -> Option<DateTime<Utc>> {
    let number = |name: &str| found.name(name).and_then(|m| m.as_str().parse::<u32>().ok());
    let year = match number("year")? {
        y @ 0..=69 => 2000 + y,
        y @ 70..=99 => 1900 + y,
        y => y,
    };
    let day = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, number("day")?)?;
    let second = number("second").unwrap_or(0).min(59);
    let time = NaiveTime::from_hms_opt(number("hour").unwrap_or(0), number("minute").unwrap_or(0), second)?;
    let offset = found.name("zone").map_or(0, |z| zone_minutes(z.as_str().trim()));
    let local = NaiveDateTime::new(day, time);
    local.checked_sub_signed(TimeDelta::minutes(offset)).map(|d| d.and_utc())
}

fn iso(value: &str) -> Option<DateTime<Utc>> {
    let found = ISO.as_ref()?.find(value)?;
    let rest = value.get(found.end()..)?.trim();
    let text = found.as_str().trim().replace('T', " ");
    let local = NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f")
        .or_else(|_| NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M"))
        .ok()?;
    local.checked_sub_signed(TimeDelta::minutes(zone_minutes(rest))).map(|d| d.and_utc())
}

/// Minutes east of Greenwich; 0 for what is unknown (RFC 5322 §4.3).
fn zone_minutes(zone: &str) -> i64 {
    let named = match zone.to_ascii_uppercase().as_str() {
        "BST" | "CET" | "MET" | "MEZ" | "IST" | "WEST" => Some(60),
        "CEST" | "MEST" | "MESZ" | "EET" => Some(120),
        "EEST" | "MSK" => Some(180),
        "EDT" => Some(-240),
        "EST" | "CDT" => Some(-300),
        "CST" | "MDT" => Some(-360),
        "MST" | "PDT" => Some(-420),
        "PST" => Some(-480),
        _ => None,
    };
    if let Some(minutes) = named {
        return minutes;
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let digits: Vec<i64> = zone.chars().filter_map(|c| c.to_digit(10)).map(i64::from).take(4).collect();
    match digits.as_slice() {
        [a, b, c, d] => sign * ((a * 10 + b) * 60 + c * 10 + d),
        _ => 0,
    }
}

/// The month by its first letters; mail programs of any country write their own.
fn month_of(name: &str) -> Option<u32> {
    let lower = name.to_lowercase();
    let three: String = lower.chars().take(3).collect();
    let month = match three.as_str() {
        "jan" | "gen" | "ene" | "sty" | "led" | "ιαν" | "яну" | "јан" => 1,
        "feb" | "fév" | "fev" | "lut" | "úno" | "φεβ" | "фев" => 2,
        "mar" | "mär" | "mrz" | "maa" | "bře" | "μαρ" | "мар" | "mrt" => 3,
        "apr" | "avr" | "abr" | "kwi" | "dub" | "απρ" | "апр" => 4,
        "may" | "mai" | "maj" | "mag" | "mei" | "kvě" | "μαι" | "μαΐ" | "май" | "мај" => 5,
        "ιου" if lower.starts_with("ιουλ") => 7,
        "jui" if lower.starts_with("juil") => 7,
        "čer" if lower.starts_with("červenec") => 7,
        "jun" | "giu" | "cze" | "ιου" | "юни" | "јун" | "jui" | "čer" => 6,
        "jul" | "lug" | "lip" | "юли" | "јул" => 7,
        "aug" | "aoû" | "ago" | "sie" | "srp" | "αυγ" | "авг" => 8,
        "sep" | "set" | "wrz" | "zář" | "σεπ" | "сеп" => 9,
        "oct" | "okt" | "ott" | "out" | "paź" | "říj" | "οκτ" | "окт" => 10,
        "nov" | "lis" | "νοε" | "ное" | "нов" => 11,
        "dec" | "dez" | "dic" | "déc" | "gru" | "pro" | "δεκ" | "дек" => 12,
        _ => return None,
    };
    Some(month)
}
