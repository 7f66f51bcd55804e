//! The arithmetic of a time limit: which days count, where it ends, and what moves the end.

use std::borrow::Cow;

use chrono::{Datelike, Days, Months, NaiveDate, TimeDelta};
use serde::Serialize;

use crate::domain::law::calendar::{Calendar, Unknown, next, weekend};
use crate::domain::law::derivation::DayCount;
use crate::domain::law::rules::{Counting, DayKind, EndRoll, Response};
use crate::domain::law::term::{Term, Unit};

/// A day that does not count, or on which no term ends, and why.
pub type DayOff = (NaiveDate, Cow<'static, str>);

/// Days on which a clock stood still, the first and the last included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Still {
    /// The first day that does not count.
    pub first: NaiveDate,
    /// The last one.
    pub last: NaiveDate,
    /// Why, as `a question to the requester`.
    pub why: &'static str,
}

/// How a law counts: its calendar, clear days, and the days that move an end.
#[derive(Debug, Clone, Copy)]
pub struct Count<'a> {
    /// The days off.
    pub calendar: &'a Calendar,
    /// Whether the last day counts.
    pub counting: Counting,
    /// The days that move an end; none: it stays.
    pub moved_by: &'a [DayKind],
    /// The days on which the clock stood still, in order, none twice.
    pub still: &'a [Still],
}

/// The end of a term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Where it falls by counting alone.
    pub nominal: NaiveDate,
    /// The last day in time.
    pub due: NaiveDate,
    /// Whether the last month has no such day.
    pub clamped: bool,
    /// The days that moved it, in order.
    pub moved: Vec<DayOff>,
}

impl<'a> Count<'a> {
    /// How a law counts by its rule for the answer.
    pub fn of(response: &'a Response, calendar: &'a Calendar) -> Self {
        let moved_by = match response.end_roll {
            EndRoll::NextWorkingDay => response.roll_on.as_slice(),
            EndRoll::None => &[],
        };
        Self { calendar, counting: response.counting, moved_by, still: &[] }
    }

    /// Where a term that starts on a day (day 0) ends.
    pub fn end(&self, start: NaiveDate, term: Term) -> Result<End, Unknown> {
        let (last, clamped) = self.last_counted(start, term)?;
        let nominal = match (self.counting, term.unit) {
            (Counting::Ordinary, _) => last,
            (Counting::ClearDays, Unit::WorkingDays) => self.calendar.next_working_day(last)?,
            (Counting::ClearDays, _) => next(last),
        };
        let (due, moved) = self.roll(nominal)?;
        Ok(End { nominal, due, clamped, moved })
    }

    fn last_counted(&self, start: NaiveDate, term: Term) -> Result<(NaiveDate, bool), Unknown> {
        let date_to_date = |months: u32| {
            let end = start.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX);
            (end, end.day() != start.day())
        };
        let days = |n: u64| (start.checked_add_days(Days::new(n)).unwrap_or(NaiveDate::MAX), false);
        let (end, clamped) = match term.unit {
            Unit::WorkingDays => (self.working_days(start, term.amount)?, false),
            Unit::Weeks => days(u64::from(term.amount) * 7),
            Unit::Months => date_to_date(term.amount),
            Unit::Years => date_to_date(term.amount.saturating_mul(12)),
            // A unit that does not count never makes a term (`Term::of`).
            Unit::CalendarDays | Unit::Promptly | Unit::WithoutDelay | Unit::None => {
                days(u64::from(term.amount))
            }
        };
        let end = if term.unit == Unit::WorkingDays { end } else { self.put_off(start, end) };
        self.calendar.reaches(end)?;
        Ok((end, clamped))
    }

    /// An end put off by the days on which the clock stood still before it.
    fn put_off(&self, start: NaiveDate, mut end: NaiveDate) -> NaiveDate {
        for still in self.still.iter().filter(|still| still.last > start) {
            if still.first > end {
                break;
            }
            let lost = (still.last - still.first.max(next(start))).num_days() + 1;
            end = end.checked_add_signed(TimeDelta::days(lost)).unwrap_or(NaiveDate::MAX);
        }
        end
    }

    fn stands_still(&self, day: NaiveDate) -> Option<&'static str> {
        self.still.iter().find(|still| still.first <= day && day <= still.last).map(|still| still.why)
    }

    fn working_days(&self, start: NaiveDate, amount: u32) -> Result<NaiveDate, Unknown> {
        let mut day = start;
        for _ in 0..amount {
            day = self.calendar.next_working_day(day)?;
            while self.stands_still(day).is_some() {
                day = self.calendar.next_working_day(day)?;
            }
        }
        Ok(day)
    }

    fn roll(&self, nominal: NaiveDate) -> Result<(NaiveDate, Vec<DayOff>), Unknown> {
        let (mut day, mut moved) = (nominal, Vec::new());
        self.calendar.reaches(day)?;
        while let Some(why) = self.calendar.moves_end(self.moved_by, day) {
            moved.push((day, why));
            day = next(day);
            self.calendar.reaches(day)?;
        }
        Ok((day, moved))
    }

    /// The holidays on weekdays between two days (the first excluded): what a term of working days leaves out.
    pub fn holidays_left_out(&self, after: NaiveDate, until: NaiveDate) -> Vec<DayOff> {
        let all = self.calendar.holidays();
        let from = all.partition_point(|h| h.on <= after);
        all.iter()
            .skip(from)
            .take_while(|h| h.on <= until)
            .filter(|h| weekend(h.on).is_none() && self.stands_still(h.on).is_none())
            .map(|h| (h.on, Cow::Owned(h.name.clone())))
            .collect()
    }

    /// Each day from day 0 to the due day, with its number or the reason it has none.
    pub fn days(&self, start: NaiveDate, term: Term, end: &End) -> Vec<DayCount> {
        let (mut number, mut day) = (0, start);
        let mut days = vec![DayCount { date: start, number: None, why_not: None }];
        let limit = match term.unit {
            Unit::Weeks => term.amount.saturating_mul(7),
            Unit::Months | Unit::Years => 0,
            _ => term.amount,
        };
        while day < end.due {
            day = next(day);
            let still = self.stands_still(day).map(|why| Cow::Owned(format!("stands still: {why}")));
            let off = still
                .or_else(|| if term.unit == Unit::WorkingDays { self.calendar.day_off(day) } else { None });
            let counts = off.is_none() && number < limit && day <= end.nominal;
            number += u32::from(counts);
            let why_not = off.or_else(|| {
                (end.nominal <= day && day < end.due)
                    .then(|| self.calendar.moves_end(self.moved_by, day))
                    .flatten()
            });
            days.push(DayCount { date: day, number: counts.then_some(number), why_not });
        }
        days
    }
}
