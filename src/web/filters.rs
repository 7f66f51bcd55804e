//! How values are written on pages: dates, numbers, sizes, names of languages and countries.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use minijinja::{Environment, Error, ErrorKind, Value};

/// Adds every filter of the house to `env`.
pub fn add_to(env: &mut Environment<'static>) {
    env.add_filter("date", |value: Value| Ok::<_, Error>(long(day(&value)?)));
    env.add_filter("date_short", |value: Value| Ok::<_, Error>(short(day(&value)?)));
    env.add_filter("weekday", |value: Value| Ok::<_, Error>(day(&value)?.format("%A").to_string()));
    env.add_filter("iso_date", |value: Value| Ok::<_, Error>(day(&value)?.to_string()));
    env.add_filter("datetime", |value: Value| {
        let at = instant(&value)?;
        Ok::<_, Error>(format!("{}, {} UTC", long(at.date()), at.format("%H:%M")))
    });
    env.add_filter("clock_time", |value: Value| Ok::<_, Error>(instant(&value)?.format("%H:%M").to_string()));
    env.add_filter("iso", |value: Value| {
        Ok::<_, Error>(instant(&value)?.format("%Y-%m-%dT%H:%M:%SZ").to_string())
    });
    env.add_filter("number", grouped);
    env.add_filter("plural", |n: i64, one: &str, many: &str| counted(n, one, many));
    env.add_filter("bytes", size);
    env.add_filter("sureness", sureness);
    env.add_filter("lang_name", |code: &str| language(code).to_owned());
    env.add_filter("country_name", |code: &str| country(code).to_owned());
    env.add_filter("paragraphs", |text: &str| paragraphs(text));
}

pub use crate::domain::numbers::{counted, grouped};
pub use crate::domain::publication::prose::long;

/// `3 Dec 2026`.
pub fn short(date: NaiveDate) -> String {
    date.format("%-d %b %Y").to_string()
}

/// A name of a file in at most 40 characters: its beginning and its end tell it from others.
pub fn shortened(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    match (letters.get(..24), letters.len().checked_sub(15).and_then(|from| letters.get(from..))) {
        (Some(start), Some(end)) if letters.len() > 40 => {
            format!("{}…{}", start.iter().collect::<String>(), end.iter().collect::<String>())
        }
        _ => name.to_owned(),
    }
}

/// What a file is, in plain words; a type that nobody knows is said as the sender says it.
pub fn file_kind(content_type: &str, name: &str) -> String {
    let content_type = content_type.to_ascii_lowercase();
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    let words = match (content_type.as_str(), ending.as_str()) {
        ("application/pdf" | "application/x-pdf", _) | ("application/octet-stream", "pdf") => "PDF",
        ("application/msword", _) => "Word document",
        ("application/vnd.ms-excel", _) => "Excel workbook",
        ("application/vnd.ms-powerpoint", _) => "PowerPoint slides",
        ("application/rtf" | "text/rtf", _) => "text with layout (RTF)",
        ("message/rfc822", _) => "mail",
        ("message/delivery-status", _) => "report of a mail server",
        ("text/rfc822-headers", _) => "head of a mail",
        ("text/plain", _) => "text",
        ("text/html", _) => "web page",
        ("text/csv", _) => "table (CSV)",
        ("application/zip" | "application/x-zip-compressed", _) => "ZIP archive",
        (office, _) if office.contains("wordprocessingml") => "Word document",
        (office, _) if office.contains("spreadsheetml") => "Excel workbook",
        (office, _) if office.contains("presentationml") => "PowerPoint slides",
        (office, _) if office.contains("opendocument.text") => "OpenDocument text",
        (office, _) if office.contains("opendocument.spreadsheet") => "OpenDocument table",
        (office, _) if office.contains("opendocument.presentation") => "OpenDocument slides",
        (picture, _) if picture.starts_with("image/") => "picture",
        (_, _) => return content_type,
    };
    words.to_owned()
}

/// How sure a reading is, in a word.
pub fn sureness(confidence: f64) -> &'static str {
    match confidence {
        0.9.. => "sure",
        0.6..0.9 => "likely",
        _ => "a guess",
    }
}

/// A size as people say it: `184 kB`, `1.7 MB`.
pub fn size(bytes: i64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let bytes = bytes.max(0) as f64;
    match bytes {
        b if b < 1_000.0 => format!("{b:.0} bytes"),
        b if b < 999_500.0 => format!("{:.0} kB", b / 1e3),
        b if b < 999_950_000.0 => format!("{:.1} MB", b / 1e6),
        b => format!("{:.1} GB", b / 1e9),
    }
}

fn wrong(value: &Value) -> Error {
    Error::new(ErrorKind::InvalidOperation, format!("expected a date or a time, found `{value}`"))
}

/// The day of a date, or of a time in UTC.
fn day(value: &Value) -> Result<NaiveDate, Error> {
    let text = value.as_str().ok_or_else(|| wrong(value))?;
    text.parse::<NaiveDate>().or_else(|_| instant(value).map(|at| at.date()))
}

fn instant(value: &Value) -> Result<NaiveDateTime, Error> {
    let text = value.as_str().ok_or_else(|| wrong(value))?;
    text.parse::<DateTime<Utc>>()
        .map(|at| at.naive_utc())
        .or_else(|_| text.parse::<NaiveDateTime>())
        .map_err(|_| wrong(value))
}

/// Text of a mail or note as paragraphs; a blank line parts them.
fn paragraphs(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    for line in text.replace("\r\n", "\n").lines() {
        if line.trim().is_empty() {
            out.push(String::new());
        } else if let Some(last) = out.last_mut() {
            if !last.is_empty() {
                last.push('\n');
            }
            last.push_str(line);
        }
    }
    out.retain(|paragraph| !paragraph.is_empty());
    out
}

/// The English name of a language; the code itself where we have none.
pub fn language(code: &str) -> &str {
    let base = code.split('-').next().unwrap_or(code);
    let names = [
        ("bg", "Bulgarian"),
        ("ca", "Catalan"),
        ("cs", "Czech"),
        ("cy", "Welsh"),
        ("da", "Danish"),
        ("de", "German"),
        ("el", "Greek"),
        ("en", "English"),
        ("es", "Spanish"),
        ("et", "Estonian"),
        ("fi", "Finnish"),
        ("fr", "French"),
        ("ga", "Irish"),
        ("gd", "Scottish Gaelic"),
        ("hr", "Croatian"),
        ("hu", "Hungarian"),
        ("is", "Icelandic"),
        ("it", "Italian"),
        ("lb", "Luxembourgish"),
        ("lt", "Lithuanian"),
        ("lv", "Latvian"),
        ("mk", "Macedonian"),
        ("mt", "Maltese"),
        ("nb", "Norwegian"),
        ("nl", "Dutch"),
        ("nn", "Norwegian"),
        ("no", "Norwegian"),
        ("pl", "Polish"),
        ("pt", "Portuguese"),
        ("rm", "Romansh"),
        ("ro", "Romanian"),
        ("sk", "Slovak"),
        ("sl", "Slovenian"),
        ("sq", "Albanian"),
        ("sr", "Serbian"),
        ("sv", "Swedish"),
        ("tr", "Turkish"),
        ("uk", "Ukrainian"),
    ];
    names.iter().find(|(key, _)| *key == base).map_or(code, |(_, name)| name)
}

/// The English name of a country; the code itself where we have none.
pub fn country(code: &str) -> &str {
    let ours = || COUNTRIES.iter().find(|(key, _)| *key == code).map(|(_, name)| *name);
    crate::domain::country::name(code).or_else(ours).unwrap_or(code)
}

/// The countries of the register, by code.
pub const COUNTRIES: &[(&str, &str)] = &[
    ("AL", "Albania"),
    ("AT", "Austria"),
    ("BA", "Bosnia and Herzegovina"),
    ("BE", "Belgium"),
    ("BG", "Bulgaria"),
    ("CH", "Switzerland"),
    ("CY", "Cyprus"),
    ("CZ", "Czechia"),
    ("DE", "Germany"),
    ("DK", "Denmark"),
    ("EE", "Estonia"),
    ("ES", "Spain"),
    ("EU", "European Union"),
    ("FI", "Finland"),
    ("FR", "France"),
    ("GB", "United Kingdom"),
    ("GR", "Greece"),
    ("HR", "Croatia"),
    ("HU", "Hungary"),
    ("IE", "Ireland"),
    ("INT", "International"),
    ("IS", "Iceland"),
    ("IT", "Italy"),
    ("LI", "Liechtenstein"),
    ("LT", "Lithuania"),
    ("LU", "Luxembourg"),
    ("LV", "Latvia"),
    ("MD", "Moldova"),
    ("ME", "Montenegro"),
    ("MK", "North Macedonia"),
    ("MT", "Malta"),
    ("NL", "Netherlands"),
    ("NO", "Norway"),
    ("PL", "Poland"),
    ("PT", "Portugal"),
    ("RO", "Romania"),
    ("RS", "Serbia"),
    ("SE", "Sweden"),
    ("SI", "Slovenia"),
    ("SK", "Slovakia"),
    ("TR", "Türkiye"),
    ("UA", "Ukraine"),
    ("US", "United States"),
    ("XK", "Kosovo"),
];

#[cfg(test)]
mod tests {
    use super::{file_kind, shortened};

    #[test]
    fn files_are_told_in_plain_words_and_long_names_keep_their_ends() {
        let sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
        assert_eq!(file_kind(sheet, "a.xlsx"), "Excel workbook");
        assert_eq!(file_kind("application/octet-stream", "Bescheid.PDF"), "PDF");
        assert_eq!(file_kind("image/jpeg", ""), "picture");
        assert_eq!(file_kind("application/x-wpd", "a.wpd"), "application/x-wpd");
        assert_eq!(shortened("Bescheid.pdf"), "Bescheid.pdf");
        let long = shortened(&format!("Bescheid{}_Fassung.pdf", "ä".repeat(80)));
        assert!(long.starts_with("Bescheidä") && long.ends_with("ä_Fassung.pdf"), "{long}");
        assert_eq!(long.chars().count(), 40);
    }
}
