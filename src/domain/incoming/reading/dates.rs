//! Dates in words and figures, and the one by which an answer is promised.

use crate::domain::incoming::phrases::{List, Phrasebook};
use crate::domain::incoming::reading::Kind;
use crate::domain::incoming::reading::section::{Prepared, Section};
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

/// The day by which the authority promises its answer.
pub fn promised(prepared: &Prepared<'_>, kind: Kind, calendar: &Calendar) -> Option<NaiveDate> {
    if !matches!(kind, Kind::Extension | Kind::Acknowledgement | Kind::Other | Kind::Transfer | Kind::Partial)
    {
        return None;
    }
    let mut best: Option<(u32, NaiveDate)> = None;
    for section in &prepared.sections {
        for dated in calendar.dates(&section.text) {
            let score = promise(section, &dated, calendar.sent_on);
            let better = best.is_none_or(|(s, day)| score > s || (score == s && dated.day > day));
            if score > 0 && better {
                best = Some((score, dated.day));
            }
        }
    }
    best.map(|(_, day)| day)
}

/// How strongly a date is tied to a promise: a cue before it, an extension in its sentence.
fn promise(section: &Section<'_>, dated: &Dated, sent_on: Option<NaiveDate>) -> u32 {
    let index = section.words.partition_point(|w| w.end <= dated.start);
    let Some(word) = section.words.get(index) else { return 0 };
    let sentence = word.sentence;
    if sent_on.is_some_and(|s| dated.day <= s || dated.day > s + TimeDelta::days(400)) {
        return 0;
    }
    let mut cue = 0;
    let mut extension: u32 = 0;
    let mut burden = 0;
    for hit in &section.hits {
        if section.sentence_of(hit) != sentence {
            continue;
        }
        let end = hit.first + hit.count;
        match hit.phrase.list {
            // Languages that put the cue after the date (Finnish "mennessä", Hungarian "-ig") stand close as well.
            List::Due if end <= index && index - end <= 3 => cue = 2,
            List::Due if hit.first >= index && hit.first - index <= 5 => cue = cue.max(1),
            List::Extension => extension = 2,
            List::Clarification | List::Fee if extension == 0 => burden = 1,
            _ => {}
        }
    }
    // A date in a sentence that asks or charges is rather the requester's.
    if cue == 0 { 0 } else { (cue + extension).saturating_sub(if extension == 0 { 2 * burden } else { 0 }) }
}
