//! Dates in words and figures.

use crate::domain::incoming::phrases::{List, Phrasebook};
use crate::domain::incoming::text::fold;
use chrono::{Datelike, NaiveDate, TimeDelta};
use regex::{Captures, Regex};
use std::collections::HashMap;
use std::sync::LazyLock;

/// A date and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dated {
    /// The day.
    pub day: NaiveDate,
    /// Byte where it starts.
    pub start: usize,
}

type Pattern = LazyLock<Option<Regex>>;

static DAY_FIRST: Pattern =
    LazyLock::new(|| Regex::new(r"\b(\d{1,2})\s?[./-]\s?(\d{1,2})\s?[./-]\s?(20\d{2})\b").ok());
static YEAR_FIRST: Pattern =
    LazyLock::new(|| Regex::new(r"\b(20\d{2})\s?[-./]\s?(\d{1,2})\s?[-./]\s?(\d{1,2})\b").ok());
static DAY_MONTH: Pattern = LazyLock::new(|| {
    Regex::new(r"\b(\d{1,2})(?:\.|er|º|ª|th|st|nd|rd)?[\s\u{a0}]+(?:de[\s\u{a0}]+|of[\s\u{a0}]+)?(\p{L}{3,14})\.?,?(?:[\s\u{a0}]+(?:de[\s\u{a0}]+|del[\s\u{a0}]+)?(20\d{2}))?").ok()
});
static MONTH_DAY: Pattern =
    LazyLock::new(|| Regex::new(r"\b(\p{L}{3,10})\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(20\d{2})\b").ok());
static YEAR_MONTH: Pattern = LazyLock::new(|| {
    Regex::new(r"\b(20\d{2})(?:\.|\s?m\.|\.?\s?gada)?\s+(?:(\d{1,2})\.\s+)?(\p{L}{3,14})(?:\s+(\d{1,2}))?")
        .ok()
});

/// Finds dates; those without a year are the next such day after the letter.
pub struct Calendar {
    months: HashMap<String, u32>,
    sent_on: Option<NaiveDate>,
}

impl Calendar {
    /// Month names of the letter's language, then those of all others.
    pub fn new(language: Option<&str>, sent_on: Option<NaiveDate>, book: &Phrasebook) -> Self {
        let base = language.map(|l| l.split('-').next().unwrap_or(l));
        let base = base.map(|l| if matches!(l, "nb" | "nn") { "no" } else { l });
        let mut months = HashMap::new();
        let own = base.map(|l| book.list(l, List::Months)).unwrap_or_default();
        add_months(&mut months, own);
        for (_, list) in book.everywhere(List::Months) {
            add_months(&mut months, list);
        }
        Calendar { months, sent_on }
    }

    /// The day of the letter.
    pub fn sent_on(&self) -> Option<NaiveDate> {
        self.sent_on
    }

    /// All dates of a text in their order.
    pub fn dates(&self, text: &str) -> Vec<Dated> {
        let mut found: Vec<Dated> = Vec::new();
        let mut add = |pattern: &Pattern, read: &dyn Fn(&Captures<'_>) -> Option<NaiveDate>| {
            let Some(regex) = pattern.as_ref() else { return };
            for captures in regex.captures_iter(text).take(500) {
                if let (Some(whole), Some(day)) = (captures.get(0), read(&captures)) {
                    found.push(Dated { day, start: whole.start() });
                }
            }
        };
        add(&DAY_FIRST, &|c| ymd(number(c, 3)?, number(c, 2)?, number(c, 1)?));
        add(&YEAR_FIRST, &|c| ymd(number(c, 1)?, number(c, 2)?, number(c, 3)?));
        add(&MONTH_DAY, &|c| ymd(number(c, 3)?, self.month(c, 1)?, number(c, 2)?));
        add(&YEAR_MONTH, &|c| {
            let day = number(c, 2).or_else(|| number(c, 4))?;
            ymd(number(c, 1)?, self.month(c, 3)?, day)
        });
        add(&DAY_MONTH, &|c| {
            let (day, month) = (number(c, 1)?, self.month(c, 2)?);
            match number(c, 3) {
                Some(year) => ymd(year, month, day),
                None => self.next(month, day),
            }
        });
        found.sort_by_key(|d| d.start);
        found.dedup_by_key(|d| d.start);
        found
    }

    fn month(&self, captures: &Captures<'_>, group: usize) -> Option<u32> {
        self.months.get(&fold(captures.get(group)?.as_str())).copied()
    }

    fn next(&self, month: u32, day: u32) -> Option<NaiveDate> {
        let sent = self.sent_on?;
        let same = NaiveDate::from_ymd_opt(sent.year(), month, day)?;
        let earliest = sent.checked_sub_signed(TimeDelta::days(60))?;
        if same >= earliest { Some(same) } else { NaiveDate::from_ymd_opt(sent.year() + 1, month, day) }
    }
}

fn add_months(months: &mut HashMap<String, u32>, list: &[String]) {
    for (entry, number) in list.iter().zip(1..=12) {
        for name in entry.split('|') {
            months.entry(fold(name)).or_insert(number);
        }
    }
}

fn number(captures: &Captures<'_>, group: usize) -> Option<u32> {
    captures.get(group)?.as_str().parse().ok()
}

fn ymd(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}
