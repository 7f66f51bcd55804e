//! The `Date` field (RFC 5322 §3.3), also without seconds, with foreign names or a broken zone.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use regex::Regex;
use std::sync::LazyLock;

/// `17 Apr 2026 10:00[:00] [+0200]`, months by their first three letters in many languages.
static LOOSE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x) \b(?P<day>\d{1,2})[\s.\-/]+(?P<month>\p{L}{3,12}|\d{1,2})[\s.,\-/]+(?P<year>\d{2,4})\b
        (?:[\s,]+(?:\p{L}+\s+)?(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d+)?)?)?
        \s*(?P<half>[AaPp]\.?[Mm]\b\.?)?
        \s*(?P<zone>(?:GMT|UTC)?[+-]\d{2}:?\d{2}|[A-Z]{1,5})?",
    )
    .ok()
});

/// ISO 8601, as some web forms write it.
static ISO: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^\s*\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?").ok());

/// `Fri Apr 17 10:00:00 2026`, as the C library writes it.
static ASCTIME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?P<month>[A-Z][a-z]{2})\s+(?P<day>\d{1,2})\s+(?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})\s+(?P<name>[A-Z]{3,4}\s+)?(?P<year>\d{4})(?:\s+(?P<zone>[+-]\d{4}))?",
    )
    .ok()
});

/// `Tuesday, April 14, 2026 [at] 12:43[:00] PM`, as people and some servers write it.
static AMERICAN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x) \b(?P<month>\p{L}{3,12})\.?\s+(?P<day>\d{1,2}),?\s+(?P<year>\d{4})
        (?:,?\s+(?:at\s+)?(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?)?
        \s*(?P<half>[AaPp]\.?[Mm]\b\.?)?
        \s*(?P<zone>(?:GMT|UTC)?[+-]\d{2}:?\d{2}|[A-Z]{1,5})?",
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
    let bare = without_comments(value);
    iso(&bare)
        .or_else(|| written(&LOOSE, &bare))
        .or_else(|| written(&ASCTIME, &bare))
        .or_else(|| written(&AMERICAN, &bare))
}

/// RFC 5322 §3.2.2: comments may stand anywhere, most of them name the zone once more.
fn without_comments(value: &str) -> String {
    let mut depth = 0_usize;
    let mut bare = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            c if depth == 0 => bare.push(c),
            _ => {}
        }
    }
    bare
}

/// `mailparse` loops over years: a number of ten digits would keep it busy for hours; so only what looks strict.
fn is_tame(value: &str) -> bool {
    static STRICT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"^(?:[A-Za-z]{3},?\s+)?\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (?:19|20)\d{2} [0-2]\d:[0-5]\d:[0-6]\d (?:[+-][01]\d{3}|GMT|UT|UTC|EST|EDT|CST|CDT|MST|MDT|PST|PDT)(?: \([A-Za-z+\-0-9 ]*\))?$").ok()
    });
    STRICT.as_ref().is_some_and(|r| r.is_match(value))
}

fn written(form: &LazyLock<Option<Regex>>, value: &str) -> Option<DateTime<Utc>> {
    form.as_ref()?.captures_iter(value).find_map(|found| {
        let month = found.name("month")?.as_str();
        let month = month.parse().ok().or_else(|| month_of(month))?;
        from_captures(&found, month)
    })
}

fn from_captures(found: &regex::Captures<'_>, month: u32) -> Option<DateTime<Utc>> {
    let number = |name: &str| found.name(name).and_then(|m| m.as_str().parse::<u32>().ok());
    let year = match number("year")? {
        y @ 0..=69 => 2000 + y,
        // RFC 5322 §4.3: three digits count from 1900 as well.
        y @ 70..=999 => 1900 + y,
        y => y,
    };
    let day = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, number("day")?)?;
    let second = number("second").unwrap_or(0).min(59);
    let hour = match (number("hour").unwrap_or(0), found.name("half").map(|h| h.as_str())) {
        (hour @ 1..=11, Some(half)) if half.starts_with(['p', 'P']) => hour + 12,
        (12, Some(half)) if half.starts_with(['a', 'A']) => 0,
        (hour, _) => hour,
    };
    let time = NaiveTime::from_hms_opt(hour, number("minute").unwrap_or(0), second)?;
    let offset =
        found.name("zone").or_else(|| found.name("name")).map_or(0, |z| zone_minutes(z.as_str().trim()));
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
    let sign = if zone.contains('-') { -1 } else { 1 };
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
        // Two months share their first letters, or one name means another month in the next country.
        "ιου" if lower.starts_with("ιουλ") => 7,
        "jui" if lower.starts_with("juil") => 7,
        "čer" if lower.starts_with("červenec") => 7,
        "lip" if lower.starts_with("lipanj") => 6,
        "srp" if lower.starts_with("srpanj") => 7,
        "mar" if lower.starts_with("marras") => 11,
        "juu" if lower.starts_with("juul") => 7,
        "rug" if lower.starts_with("rugs") => 9,
        "lie" if lower.starts_with("liet") => 7,
        "jan" | "jaa" | "gen" | "ene" | "ean" | "sty" | "led" | "sij" | "tam" | "sau" | "ιαν" | "яну"
        | "јан" => 1,
        "feb" | "fév" | "fev" | "fea" | "fra" | "lut" | "úno" | "vel" | "hel" | "vee" | "vas" | "φεβ"
        | "фев" => 2,
        "mar" | "mär" | "már" | "mrz" | "maa" | "bře" | "ožu" | "kov" | "mrt" | "μαρ" | "μάρ" | "мар" => {
            3
        }
        "apr" | "ápr" | "avr" | "abr" | "aib" | "kwi" | "dub" | "tra" | "huh" | "bal" | "απρ" | "апр" => {
            4
        }
        "may" | "mai" | "maj" | "máj" | "mag" | "mei" | "mej" | "bea" | "kvě" | "svi" | "tou" | "geg"
        | "μαι" | "μαΐ" | "μάι" | "май" | "мај" => 5,
        "jun" | "jún" | "jūn" | "juu" | "giu" | "cze" | "ιου" | "юни" | "јун" | "jui" | "čer" | "kes"
        | "bir" | "ġun" => 6,
        "jul" | "júl" | "jūl" | "lug" | "lul" | "lip" | "lie" | "iúi" | "hei" | "юли" | "јул" => 7,
        "aug" | "avg" | "aoû" | "aou" | "ago" | "sie" | "srp" | "kol" | "elo" | "rug" | "lún" | "aww"
        | "αυγ" | "αύγ" | "авг" => 8,
        "sep" | "set" | "sze" | "wrz" | "zář" | "ruj" | "syy" | "mea" | "σεπ" | "сеп" => 9,
        "oct" | "okt" | "ott" | "out" | "paź" | "říj" | "lok" | "spa" | "οκτ" | "окт" => 10,
        "nov" | "lis" | "stu" | "lap" | "sam" | "νοε" | "νοέ" | "ное" | "нов" => 11,
        "dec" | "dez" | "des" | "dic" | "diċ" | "déc" | "gru" | "gro" | "pro" | "jou" | "nol" | "δεκ"
        | "дек" => 12,
        _ => return None,
    };
    Some(month)
}
