//! Working days and public holidays of a place.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::domain::law::rules::DayKind;

/// A day on which a place rests, under the name it has there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holiday {
    /// The day.
    pub on: NaiveDate,
    /// Its name; two holidays on one day are joined with `; `.
    pub name: String,
}

/// What somebody in charge ordered for one day: a day off, as of mourning, or that a holiday is a working day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneOff {
    /// The day.
    pub on: NaiveDate,
    /// Its name.
    pub name: String,
    /// Whether the holiday of that day is a working day this once.
    pub works: bool,
}

/// A day that the calendar does not reach.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a day from {first} to {last}, for which the holidays of `{place}` are known, found `{day}`"
)]
pub struct Unknown {
    /// The place.
    pub place: String,
    /// The day asked for.
    pub day: NaiveDate,
    /// The first day known.
    pub first: NaiveDate,
    /// The last day known.
    pub last: NaiveDate,
}

/// The holidays of a place, for a span of years; a day outside it is an error, never a guess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    place: String,
    zone: Tz,
    first: NaiveDate,
    last: NaiveDate,
    caveat: Option<String>,
    /// Sorted by day, each day once.
    holidays: Vec<Holiday>,
}

impl Calendar {
    /// The calendar of a place from the first to the last day given; days outside are left out.
    pub fn new(
        place: impl Into<String>,
        zone: Tz,
        (first, last): (NaiveDate, NaiveDate),
        holidays: impl IntoIterator<Item = Holiday>,
    ) -> Self {
        let mut by_day: BTreeMap<NaiveDate, String> = BTreeMap::new();
        for Holiday { on, name } in holidays {
            if on < first || last < on {
                continue;
            }
            let known = by_day.entry(on).or_default();
            if known.is_empty() {
                *known = name;
            } else if !known.split("; ").any(|part| part == name) {
                known.push_str("; ");
                known.push_str(&name);
            }
        }
        let holidays = by_day.into_iter().map(|(on, name)| Holiday { on, name }).collect();
        Self { place: place.into(), zone, first, last, caveat: None, holidays }
    }

    /// The same calendar with the reason why its days are only an estimate.
    #[must_use]
    pub fn with_caveat(mut self, caveat: Option<String>) -> Self {
        self.caveat = caveat;
        self
    }

    /// The same calendar after what was ordered for single days; of two words on a day the later one holds.
    #[must_use]
    pub fn with_days_off<'a>(&self, days: impl IntoIterator<Item = &'a OneOff>) -> Self {
        let mut holidays = self.holidays.clone();
        for day in days {
            if day.works {
                holidays.retain(|holiday| holiday.on != day.on);
            } else {
                holidays.push(Holiday { on: day.on, name: day.name.clone() });
            }
        }
        Self::new(self.place.clone(), self.zone, self.span(), holidays).with_caveat(self.caveat.clone())
    }

    /// The place or statute, as `DE-SN`, `GB-ANY-PART`.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The zone in which its days begin and end.
    pub const fn zone(&self) -> Tz {
        self.zone
    }

    /// The first and the last day it knows.
    pub const fn span(&self) -> (NaiveDate, NaiveDate) {
        (self.first, self.last)
    }

    /// Why its days are only an estimate, if they are.
    pub fn caveat(&self) -> Option<&str> {
        self.caveat.as_deref()
    }

    /// All holidays in order.
    pub fn holidays(&self) -> &[Holiday] {
        &self.holidays
    }

    /// Fails for a day it does not know.
    pub fn reaches(&self, day: NaiveDate) -> Result<(), Unknown> {
        if self.first <= day && day <= self.last {
            return Ok(());
        }
        Err(Unknown { place: self.place.clone(), day, first: self.first, last: self.last })
    }

    /// The name of the holiday on a day.
    pub fn holiday(&self, day: NaiveDate) -> Option<&str> {
        let at = self.holidays.binary_search_by(|h| h.on.cmp(&day)).ok()?;
        self.holidays.get(at).map(|h| h.name.as_str())
    }

    /// Why a day is not a working day: `Saturday`, `Sunday` or the name of the holiday.
    pub fn day_off(&self, day: NaiveDate) -> Option<Cow<'static, str>> {
        weekend(day).map(Cow::Borrowed).or_else(|| self.holiday(day).map(|name| Cow::Owned(name.to_owned())))
    }

    /// Whether people work on a day.
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        weekend(day).is_none() && self.holiday(day).is_none()
    }

    /// The first working day after a day.
    pub fn next_working_day(&self, day: NaiveDate) -> Result<NaiveDate, Unknown> {
        let mut day = next(day);
        self.reaches(day)?;
        while !self.is_working_day(day) {
            day = next(day);
            self.reaches(day)?;
        }
        Ok(day)
    }

    /// Why a time limit may not end on a day, if the day is one of the kinds that move an end.
    pub fn moves_end(&self, kinds: &[DayKind], day: NaiveDate) -> Option<Cow<'static, str>> {
        let has = |kind| kinds.contains(&kind);
        let word = match day.weekday() {
            Weekday::Sat if has(DayKind::Saturday) => Some("Saturday"),
            Weekday::Sun if has(DayKind::Sunday) => Some("Sunday"),
            _ => None,
        };
        if let Some(word) = word {
            return Some(Cow::Borrowed(word));
        }
        if has(DayKind::PublicHoliday)
            && let Some(name) = self.holiday(day)
        {
            return Some(Cow::Owned(name.to_owned()));
        }
        let special = [
            (DayKind::GoodFriday, "Good Friday"),
            (DayKind::ChristmasEve, "24 December"),
            (DayKind::MidsummerEve, "Midsummer Eve"),
            (DayKind::NewYearsEve, "31 December"),
        ];
        special
            .into_iter()
            .find(|(kind, _)| has(*kind) && is(*kind, day))
            .map(|(_, name)| Cow::Borrowed(name))
    }
}

fn is(kind: DayKind, day: NaiveDate) -> bool {
    let (month, date) = (day.month(), day.day());
    match kind {
        DayKind::GoodFriday => easter_sunday(day.year()).is_some_and(|e| e - Days::new(2) == day),
        DayKind::ChristmasEve => (month, date) == (12, 24),
        DayKind::MidsummerEve => day.weekday() == Weekday::Fri && month == 6 && (19..=25).contains(&date),
        DayKind::NewYearsEve => (month, date) == (12, 31),
        DayKind::Saturday | DayKind::Sunday | DayKind::PublicHoliday => false,
    }
}

/// `Saturday` or `Sunday`.
pub fn weekend(day: NaiveDate) -> Option<&'static str> {
    match day.weekday() {
        Weekday::Sat => Some("Saturday"),
        Weekday::Sun => Some("Sunday"),
        _ => None,
    }
}

/// The day after; the last day there is stays where it is.
pub fn next(day: NaiveDate) -> NaiveDate {
    day.succ_opt().unwrap_or(day)
}

/// Easter Sunday of the Western churches: the anonymous Gregorian algorithm (Meeus, Jones, Butcher).
#[expect(clippy::many_single_char_names, reason = "the letters of the published algorithm")]
pub fn easter_sunday(year: i32) -> Option<NaiveDate> {
    let (a, b, c) = (year.rem_euclid(19), year.div_euclid(100), year.rem_euclid(100));
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let (month, day) = ((h + l - 7 * m + 114) / 31, (h + l - 7 * m + 114) % 31 + 1);
    NaiveDate::from_ymd_opt(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
}
