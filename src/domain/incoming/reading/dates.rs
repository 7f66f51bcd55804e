//! Dates in words and figures.

use crate::domain::incoming::phrases::{List, Phrasebook, home};
use crate::domain::incoming::reading::spelled::Spelling;
use crate::domain::incoming::text::{Word, fold, words};
use chrono::{Datelike, NaiveDate, TimeDelta};
use regex::{Captures, Regex};
use std::sync::LazyLock;

/// A date and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dated {
    /// The day.
    pub day: NaiveDate,
    /// Byte where it starts.
    pub start: usize,
    /// Byte after its end.
    pub end: usize,
    /// Whether it is plainly a date: two numbers alone may be anything.
    pub plain: bool,
}

/// A day without a year may be so many days past: the request, a decision. A promise lies never as far ahead as to
/// be taken for one.
const MOST_PAST: i64 = 150;

type Pattern = LazyLock<Option<Regex>>;

static DAY_FIRST: Pattern =
    LazyLock::new(|| Regex::new(r"\b(\d{1,2})\s?[./-]\s?(\d{1,2})\s?[./-]\s?(20\d{2})\b").ok());
static YEAR_FIRST: Pattern =
    LazyLock::new(|| Regex::new(r"\b(20\d{2})\s?[-./]\s?(\d{1,2})\s?[-./]\s?(\d{1,2})\b").ok());
static DAY_MONTH: Pattern = LazyLock::new(|| {
    Regex::new(r"\b(\d{1,2})(?:\.|er|º|ª|th|st|nd|rd)?[\s\u{a0}]+(?:de[\s\u{a0}]+|of[\s\u{a0}]+)?(\p{L}{3,14})\.?,?(?:[\s\u{a0}]+(?:de[\s\u{a0}]+|del[\s\u{a0}]+)?(20\d{2}))?").ok()
});
/// "9.6.", "24/4": a day and a month without a year.
static SHORT: Pattern =
    LazyLock::new(|| Regex::new(r"\b(\d{1,2})\s?[./]\s?(\d{1,2})(?:\.|\b)(?:[^\d./]|$)").ok());
/// "12.06.26": the year in two figures.
static TWO_FIGURES: Pattern =
    LazyLock::new(|| Regex::new(r"\b(\d{1,2})[./-](\d{1,2})[./-](\d{2})(?:[^\d./-]|\.?$|\.\s)").ok());
/// "június 12-ig", "birželio 3 d.", "June 12": the month first and no year.
static MONTH_FIRST: Pattern =
    LazyLock::new(|| Regex::new(r"\b(\p{L}{3,14})\.?\s+(\d{1,2})(?:\.|-\p{L}{1,4}|st|nd|rd|th|\b)").ok());
static MONTH_DAY: Pattern =
    LazyLock::new(|| Regex::new(r"\b(\p{L}{3,10})\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(20\d{2})\b").ok());
static YEAR_MONTH: Pattern = LazyLock::new(|| {
    Regex::new(r"\b(20\d{2})(?:\.|\s?m\.|\.?\s?gada)?\s+(?:(\d{1,2})\.\s+)?(\p{L}{3,14})(?:\s+(\d{1,2}))?")
        .ok()
});

/// Finds dates; those without a year are the next such day after the letter.
pub struct Calendar<'b> {
    book: &'b Phrasebook,
    language: Option<&'b str>,
    own: Vec<(String, u32)>,
    spelling: Option<Spelling<'b>>,
    month_first: bool,
    sent_on: Option<NaiveDate>,
}

impl<'b> Calendar<'b> {
    /// Month names of the letter's language, then those of all others.
    pub fn new(language: Option<&'b str>, sent_on: Option<NaiveDate>, book: &'b Phrasebook) -> Self {
        let own = language.map(|l| book.list(l, List::Months)).unwrap_or_default();
        let own = own
            .iter()
            .zip(1..=12)
            .flat_map(|(entry, number)| entry.split('|').map(move |n| (fold(n), number)));
        let own = own.filter(|(name, _)| name.chars().count() > 4).collect();
        Calendar {
            book,
            language,
            own,
            spelling: language.and_then(|l| Spelling::new(l, book)),
            month_first: matches!(language.map(home), Some("hu" | "lt")),
            sent_on,
        }
    }

    /// The day of the letter.
    pub fn sent_on(&self) -> Option<NaiveDate> {
        self.sent_on
    }

    /// All dates of a text in their order.
    pub fn dates(&self, text: &str) -> Vec<Dated> {
        self.dates_among(text, &words(text))
    }

    /// All dates of a text that was cut into words.
    pub fn dates_among(&self, text: &str, words: &[Word]) -> Vec<Dated> {
        let spelled = self.spelling.as_ref();
        let mut found: Vec<Dated> = spelled
            .map(|spelling| spelling.dates((text, words), self.sent_on, |month, day| self.next(month, day)))
            .unwrap_or_default();
        let mut add = |pattern: &Pattern, read: &dyn Fn(&Captures<'_>) -> Option<NaiveDate>| {
            let Some(regex) = pattern.as_ref() else { return };
            for captures in regex.captures_iter(text).take(500) {
                if let (Some(whole), Some(day)) = (captures.get(0), read(&captures)) {
                    found.push(Dated { day, start: whole.start(), end: whole.end(), plain: true });
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
        add(&TWO_FIGURES, &|c| ymd(2_000 + number(c, 3)?, number(c, 2)?, number(c, 1)?));
        // "des 14" is no December where "des" is an article: without a year only the letter's own months count.
        add(&MONTH_FIRST, &|c| {
            let month = self.book.own_month(self.language?, &fold(c.get(1)?.as_str()))?;
            self.next(month, number(c, 2)?)
        });
        found.sort_by_key(|d| d.start);
        found.dedup_by_key(|d| d.start);
        let Some(short) = SHORT.as_ref() else { return found };
        let mut bare: Vec<Dated> = Vec::new();
        for captures in short.captures_iter(text).take(500) {
            let Some(whole) = captures.get(0) else { continue };
            let taken =
                found.iter().any(|d| whole.start() >= d.start && whole.start() < d.end.max(d.start + 12));
            // Hungarian and Lithuanian write the month first.
            let (day, month) = if self.month_first { (2, 1) } else { (1, 2) };
            let day = number(&captures, day).and_then(|day| self.next(number(&captures, month)?, day));
            if let Some(day) = day.filter(|_| !taken) {
                bare.push(Dated { day, start: whole.start(), end: whole.end(), plain: false });
            }
        }
        found.extend(bare);
        found.sort_by_key(|d| d.start);
        found
    }

    fn month(&self, captures: &Captures<'_>, group: usize) -> Option<u32> {
        let written = fold(captures.get(group)?.as_str());
        self.book.month(self.language, &written).or_else(|| {
            // "jūnijam", "června": a month bent in a case that is not listed.
            let bent = |name: &str| {
                let stem =
                    name.char_indices().next_back().map_or(name, |(at, _)| name.get(..at).unwrap_or(name));
                written.starts_with(stem) && written.chars().count() <= name.chars().count() + 4
            };
            self.own.iter().find(|(name, _)| bent(name)).map(|(_, number)| *number)
        })
    }

    fn next(&self, month: u32, day: u32) -> Option<NaiveDate> {
        let sent = self.sent_on?;
        let same = NaiveDate::from_ymd_opt(sent.year(), month, day)?;
        let earliest = sent.checked_sub_signed(TimeDelta::days(MOST_PAST))?;
        if same >= earliest { Some(same) } else { NaiveDate::from_ymd_opt(sent.year() + 1, month, day) }
    }
}

fn number(captures: &Captures<'_>, group: usize) -> Option<u32> {
    captures.get(group)?.as_str().parse().ok()
}

fn ymd(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}
