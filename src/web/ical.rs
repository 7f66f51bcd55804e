//! Dates as an iCalendar file (RFC 5545): one event a day, without times, the same bytes for the same dates.

use std::collections::HashMap;
use std::fmt::Write;

use chrono::{DateTime, NaiveDate, Utc};
use rocket::http::ContentType;

use crate::domain::law::calendar::next;
use crate::domain::publication::dates::KeyDate;

/// A line has at most so many octets, its end not counted (RFC 5545 §3.1).
const LONGEST_LINE: usize = 75;

/// Nine in the morning, seven days before: an alarm at midnight, where an all-day event begins, helps nobody.
const WEEK_BEFORE: &str = "-P6DT15H";

/// What stands at the end of every description.
const CAUTION: &str = "Counted by the rule named here. Not legal advice.";

/// A day with what is to be said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is known by; the same as long as it is the same date of the same thing, wherever the day moves.
    pub uid: String,
    /// The day.
    pub on: NaiveDate,
    /// The heading.
    pub summary: String,
    /// The text: paragraphs parted by line feeds.
    pub description: String,
    /// Where more stands.
    pub url: Option<String>,
    /// How often it was changed.
    pub sequence: u32,
    /// When it was changed last.
    pub modified: Option<DateTime<Utc>>,
    /// Whether to remind a week before.
    pub alarm: bool,
}

/// Of what a calendar is.
#[derive(Debug, Clone)]
pub struct Calendar<'a> {
    /// Its name in the reader's list.
    pub name: &'a str,
    /// Host of the site, for the ids of events.
    pub host: &'a str,
    /// When it was made (`DTSTAMP`). A day's start gives the same bytes all day, which caches know again.
    pub stamp: DateTime<Utc>,
}

/// The media type.
pub fn content_type() -> ContentType {
    ContentType::new("text", "calendar").with_params(("charset", "utf-8"))
}

/// The dates of a course as entries. `of` tells this course from all others; `about` stands before each heading.
pub fn entries(dates: &[KeyDate], (of, about): (&str, &str), url: Option<&str>) -> Vec<Entry> {
    let mut seen: HashMap<(&str, &str), u32> = HashMap::new();
    let entry = |date: &KeyDate| {
        let step = date.step.map_or("answer", |step| step.as_str());
        let nth = seen.entry((date.what, step)).or_default();
        *nth += 1;
        Entry {
            uid: format!("{of}-{}-{step}-{nth}", date.what.replace('_', "-")),
            on: date.on,
            summary: if about.is_empty() { date.name.clone() } else { format!("{about}: {}", date.name) },
            description: description(date),
            url: url.map(str::to_owned),
            sequence: 0,
            modified: None,
            // Of the authority's own days nobody has to be reminded before.
            alarm: date.what == "right_lapses",
        }
    };
    dates.iter().map(entry).collect()
}

fn description(date: &KeyDate) -> String {
    let mut text = date.detail.clone();
    if let Some(cite) = &date.cite {
        let _ = write!(text, "\nRule: {cite}");
    }
    if date.estimate {
        text.push_str("\nAn estimate: a figure or a holiday is not certain.");
    }
    let _ = write!(text, "\n{CAUTION}");
    text
}

/// The file.
pub fn file(calendar: &Calendar<'_>, entries: &[Entry]) -> String {
    let mut out = String::new();
    let mut lines = Lines(&mut out);
    lines.add("BEGIN", "VCALENDAR");
    lines.add("VERSION", "2.0");
    lines.add("PRODID", "-//Askance//Deadlines//EN");
    lines.add("CALSCALE", "GREGORIAN");
    lines.add("METHOD", "PUBLISH");
    lines.add("NAME", &escaped(calendar.name));
    lines.add("X-WR-CALNAME", &escaped(calendar.name));
    for entry in entries {
        lines.event(calendar, entry);
    }
    lines.add("END", "VCALENDAR");
    out
}

struct Lines<'a>(&'a mut String);

impl Lines<'_> {
    fn event(&mut self, calendar: &Calendar<'_>, entry: &Entry) {
        self.add("BEGIN", "VEVENT");
        self.add("UID", &escaped(&format!("{}@{}", entry.uid, calendar.host)));
        self.add("DTSTAMP", &instant(calendar.stamp));
        self.add("DTSTART;VALUE=DATE", &date(entry.on));
        // The end is the first day that is no longer part of it (RFC 5545 §3.6.1).
        self.add("DTEND;VALUE=DATE", &date(next(entry.on)));
        self.add("SUMMARY", &escaped(&entry.summary));
        self.add("DESCRIPTION", &escaped(&entry.description));
        if let Some(url) = &entry.url {
            // An address is not escaped (RFC 5545 §3.3.13); what cannot stand in one is left out.
            let url: String = url.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect();
            self.add("URL", &url);
        }
        self.add("SEQUENCE", &entry.sequence.to_string());
        self.add("LAST-MODIFIED", &instant(entry.modified.unwrap_or(calendar.stamp)));
        self.add("TRANSP", "TRANSPARENT");
        if entry.alarm {
            self.add("BEGIN", "VALARM");
            self.add("ACTION", "DISPLAY");
            self.add("TRIGGER", WEEK_BEFORE);
            self.add("DESCRIPTION", &escaped(&entry.summary));
            self.add("END", "VALARM");
        }
        self.add("END", "VEVENT");
    }

    /// A property, folded: a line that goes on begins with a blank, and no character is cut in two.
    fn add(&mut self, name: &str, value: &str) {
        let mut width = 0;
        for sign in name.chars().chain([':']).chain(value.chars()) {
            if width + sign.len_utf8() > LONGEST_LINE {
                self.0.push_str("\r\n ");
                width = 1;
            }
            self.0.push(sign);
            width += sign.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

/// A text as a value (RFC 5545 §3.3.11).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for sign in text.chars() {
        match sign {
            '\\' | ';' | ',' => out.extend(['\\', sign]),
            '\n' => out.push_str("\\n"),
            sign if sign.is_control() => {}
            sign => out.push(sign),
        }
    }
    out
}

fn date(day: NaiveDate) -> String {
    day.format("%Y%m%d").to_string()
}

fn instant(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::{Calendar, Entry, file};
    use chrono::{DateTime, NaiveDate};

    #[test]
    fn lines_fold_between_characters_and_unfold_to_what_was_said() {
        let entry = Entry {
            uid: "a".to_owned(),
            on: NaiveDate::from_ymd_opt(2026, 12, 31).unwrap(),
            summary: "Ένσταση, πρώτη ημέρα; με \\ κάθετο — ".repeat(9),
            description: "one\ntwo\r\u{7}".to_owned(),
            url: Some("https://x.example/a b\r\nATTACH:c".to_owned()),
            sequence: 3,
            modified: None,
            alarm: true,
        };
        let calendar = Calendar { name: "n", host: "x.example", stamp: DateTime::default() };
        let text = file(&calendar, &[entry]);
        assert!(text.split("\r\n").all(|line| line.len() <= 75 && !line.contains(['\r', '\n'])), "{text}");
        let unfolded = text.replace("\r\n ", "");
        assert!(unfolded.contains("\r\nDTSTART;VALUE=DATE:20261231\r\nDTEND;VALUE=DATE:20270101\r\n"));
        let summary = "Ένσταση\\, πρώτη ημέρα\\; με \\\\ κάθετο — ".repeat(9);
        assert!(unfolded.contains(&format!("\r\nSUMMARY:{summary}\r\n")), "{unfolded}");
        assert!(unfolded.contains("\r\nDESCRIPTION:one\\ntwo\r\n"));
        assert!(unfolded.contains("\r\nURL:https://x.example/abATTACH:c\r\n"));
        assert!(unfolded.contains("\r\nDTSTAMP:19700101T000000Z\r\n"));
    }
}
