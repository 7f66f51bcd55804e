//! Dates in words and figures.

use crate::domain::incoming::phrases::{List, Phrasebook, home};
use crate::domain::incoming::reading::figures::{Behind, FORMS, Form, Seen, runs};
use crate::domain::incoming::reading::spelled::Spelling;
use crate::domain::incoming::reading::voices;
use crate::domain::incoming::text::{Word, fold};
use chrono::{Datelike, NaiveDate, TimeDelta};
use std::collections::HashSet;

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

/// How a language says what an authority will do, and what not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wording {
    /// Endings of verbs with which it says that, folded.
    pub endings: Vec<String>,
    /// Small words that turn what is said into its contrary, folded.
    pub negations: HashSet<String>,
}

/// A day without a year may be so many days past: the request, a decision. A promise lies never as far ahead as to
/// be taken for one.
const MOST_PAST: i64 = 150;

/// Finds dates; those without a year are the next such day after the letter.
pub struct Calendar<'b> {
    book: &'b Phrasebook,
    language: Option<&'b str>,
    spelling: Option<Spelling<'b>>,
    month_first: bool,
    sent_on: Option<NaiveDate>,
}

impl<'b> Calendar<'b> {
    /// Month names of the letter's language, then those of all others.
    pub fn new(language: Option<&'b str>, sent_on: Option<NaiveDate>, book: &'b Phrasebook) -> Self {
        Calendar {
            book,
            language,
            spelling: language.and_then(|l| Spelling::new(l, book)),
            month_first: matches!(language.map(home), Some("hu" | "lt")),
            sent_on,
        }
    }

    /// The day of the letter.
    pub fn sent_on(&self) -> Option<NaiveDate> {
        self.sent_on
    }

    /// How the letter's language says what an authority will do, and what not.
    pub fn wording(&self) -> Wording {
        let listed = self.language.map(|l| self.book.list(l, List::Endings)).unwrap_or_default();
        let endings = listed.iter().map(|ending| fold(ending)).collect();
        Wording { endings, negations: voices::negations(self.language, self.book) }
    }

    /// All dates of a text that was cut into words, in their order.
    pub fn dates(&self, text: &str, words: &[Word]) -> Vec<Dated> {
        let spelled = self.spelling.as_ref();
        let mut found: Vec<Dated> = spelled
            .map(|spelling| spelling.dates((text, words), self.sent_on, |month, day| self.next(month, day)))
            .unwrap_or_default();
        let mut bare = Vec::new();
        let mut behind = Behind::default();
        for run in runs(text) {
            for form in FORMS {
                let seen = behind.take(*form, &run);
                if let Some((seen, day)) = seen.and_then(|seen| Some((seen, self.day(*form, &seen)?))) {
                    found.push(Dated { day, start: seen.start, end: seen.end(text), plain: true });
                }
            }
            if let Some(seen) = behind.take(Form::Short, &run) {
                bare.push(seen);
            }
        }
        found.sort_by_key(|d| d.start);
        found.dedup_by_key(|d| d.start);
        let taken = |start: usize| {
            let before = found.get(..found.partition_point(|d| d.start <= start)).unwrap_or_default();
            before.last().is_some_and(|d| start < d.end.max(d.start + 12))
        };
        let short = bare.iter().filter(|seen| !taken(seen.start)).filter_map(|seen| {
            let day = self.day(Form::Short, seen)?;
            Some(Dated { day, start: seen.start, end: seen.end(text), plain: false })
        });
        let short: Vec<Dated> = short.collect();
        found.extend(short);
        found.sort_by_key(|d| d.start);
        found
    }

    /// The day of what is written like a date, if there is such a day.
    fn day(&self, form: Form, seen: &Seen<'_>) -> Option<NaiveDate> {
        let Seen { numbers: (first, second, year), word, .. } = *seen;
        match form {
            Form::DayFirst => ymd(year?, second?, first?),
            Form::YearFirst => ymd(year?, first?, second?),
            Form::TwoFigures => ymd(2_000 + year?, second?, first?),
            Form::MonthDay => ymd(year?, self.month(word)?, first?),
            Form::YearMonth => ymd(year?, self.month(word)?, first.or(second)?),
            Form::DayMonth => {
                let month = self.month(word)?;
                if let Some(year) = year { ymd(year, month, first?) } else { self.next(month, first?) }
            }
            // "des 14" is no December where "des" is an article: without a year only the letter's own months count.
            Form::MonthFirst => self.next(self.book.own_month(self.language?, &fold(word))?, first?),
            // Hungarian and Lithuanian write the month first.
            Form::Short if self.month_first => self.next(first?, second?),
            Form::Short => self.next(second?, first?),
        }
    }

    fn month(&self, written: &str) -> Option<u32> {
        let written = fold(written);
        let listed = self.book.month(self.language, &written);
        listed.or_else(|| self.spelling.as_ref()?.bent_month(&written))
    }

    fn next(&self, month: u32, day: u32) -> Option<NaiveDate> {
        let sent = self.sent_on?;
        let same = NaiveDate::from_ymd_opt(sent.year(), month, day)?;
        let earliest = sent.checked_sub_signed(TimeDelta::days(MOST_PAST))?;
        if same >= earliest { Some(same) } else { NaiveDate::from_ymd_opt(sent.year() + 1, month, day) }
    }
}

fn ymd(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}
