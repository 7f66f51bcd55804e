//! An authority's claim to more time, and how late an answer is.

use chrono::NaiveDate;
use serde::Serialize;

use crate::domain::law::calendar::Calendar;
use crate::domain::law::deadline::{Clock, Deadline, Error, deadline};
use crate::domain::law::regime::Regime;
use crate::domain::law::rules::Extension;
use crate::domain::law::term::Unit;

/// What to make of an authority's claim to more time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "claim")]
pub enum Claim {
    /// Within the longest time of the law.
    Lawful {
        /// The longest time.
        until: NaiveDate,
    },
    /// Beyond it.
    Beyond {
        /// The longest time.
        until: NaiveDate,
        /// By how many calendar days.
        by_days: i64,
        /// The longest time is that of practice, not of the statute.
        practice: bool,
    },
    /// The law knows no extension.
    NotAllowed,
    /// The law allows one and gives no figure.
    NoMaximum,
}

/// Judges an extension that the authority claims until a day.
pub fn extended(
    regime: &Regime,
    calendar: &Calendar,
    clock: &Clock,
    claimed_until: NaiveDate,
) -> Result<Claim, Error> {
    let found = deadline(regime, calendar, clock)?;
    Ok(weigh(regime.rule_on(clock.received).map(|rule| rule.extension), &found, Some(claimed_until)))
}

/// Measures a claim to more time by the longest time of the law; one without a day is for the longest time.
pub fn weigh(extension: Option<&Extension>, found: &Deadline, until: Option<NaiveDate>) -> Claim {
    let (allowed, practice) = extension.map_or((false, false), |it| (it.allowed, it.practice));
    match (found.extended_due_on, until) {
        // A new date inside the first term takes nothing away from the requester.
        (most, Some(until)) if found.due_on.is_some_and(|due| until <= due) => {
            Claim::Lawful { until: most.or(found.due_on).unwrap_or(until) }
        }
        (Some(most), Some(until)) if most < until => {
            Claim::Beyond { until: most, by_days: (until - most).num_days(), practice }
        }
        (Some(most), _) => Claim::Lawful { until: most },
        (None, _) if allowed => Claim::NoMaximum,
        (None, _) => Claim::NotAllowed,
    }
}

/// How late an answer is; nothing is negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Late {
    /// In calendar days.
    pub calendar_days: i64,
    /// In working days, for a law that counts in them.
    pub working_days: Option<i64>,
}

/// How late a day is after the due day.
pub fn days_late(regime: &Regime, calendar: &Calendar, due: NaiveDate, on: NaiveDate) -> Late {
    let late = due.iter_days().skip(1).take_while(|day| *day <= on);
    let working = || late.filter(|day| calendar.is_working_day(*day)).count();
    Late {
        calendar_days: (on - due).num_days().max(0),
        working_days: (regime.response.unit == Unit::WorkingDays)
            .then(|| i64::try_from(working()).unwrap_or(i64::MAX)),
    }
}
