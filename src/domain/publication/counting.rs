//! Days since receipt and past the limit, in the unit of the law.

use crate::domain::law::calendar::{Calendar, next};
use crate::domain::law::regime::Regime;
use crate::domain::law::term::{Limit, Unit};
use chrono::NaiveDate;

/// Counts the days of one request.
#[derive(Debug, Clone, Copy)]
pub struct Days<'a> {
    calendar: &'a Calendar,
    working: bool,
}

impl<'a> Days<'a> {
    /// In the unit of the rule that held when the request was received.
    pub fn of(regime: &Regime, calendar: &'a Calendar, received: NaiveDate) -> Self {
        let limit = regime.rule_on(received).map(|rule| rule.limit);
        let working = matches!(limit, Some(Limit::Term(term)) if term.unit == Unit::WorkingDays);
        Self { calendar, working }
    }

    /// Days after `from`, up to and with `to`. Calendar days where the calendar does not reach.
    pub fn between(&self, from: NaiveDate, to: NaiveDate) -> i64 {
        let plain = (to - from).num_days();
        if !self.counts_working(from, to) || plain <= 0 {
            return plain;
        }
        let mut day = from;
        let mut count = 0;
        while day < to {
            day = next(day);
            count += i64::from(self.calendar.is_working_day(day));
        }
        count
    }

    /// `14 working days`, `1 day`.
    pub fn in_words(&self, from: NaiveDate, to: NaiveDate) -> String {
        let n = self.between(from, to);
        match (self.counts_working(from, to), n) {
            (true, 1) => "1 working day".to_owned(),
            (true, n) => format!("{n} working days"),
            (false, 1) => "1 day".to_owned(),
            (false, n) => format!("{n} days"),
        }
    }

    /// Whether a day is not counted.
    pub fn rests_on(&self, day: NaiveDate) -> bool {
        self.working && !self.calendar.is_working_day(day)
    }

    fn counts_working(&self, from: NaiveDate, to: NaiveDate) -> bool {
        self.working && self.calendar.reaches(from).is_ok() && self.calendar.reaches(to).is_ok()
    }
}
