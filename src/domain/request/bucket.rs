//! How soon an answer is due: every open request is in exactly one bucket on a day.

use crate::domain::request::state::Status;
use crate::domain::words::words;
use chrono::{NaiveDate, TimeDelta};

words! {
    /// When the answer to an open request is due, as seen from a day.
    pub enum Bucket {
        /// Its last day has passed.
        Late = "late",
        /// Its last day is today.
        Today = "today",
        /// Within the next seven days.
        ThisWeek = "this_week",
        /// After that.
        Later = "later",
        /// Its clock stands still.
        StandsStill = "stands_still",
        /// The law names no last day, or nobody knows when it arrived.
        NoDate = "no_date",
    }
    expected "a time at which answers are due"
}

/// The last of the next seven days.
pub fn week_from(today: NaiveDate) -> NaiveDate {
    today.checked_add_signed(TimeDelta::days(7)).unwrap_or(NaiveDate::MAX)
}

impl Bucket {
    /// Where a request is on a day; nowhere if no answer is owed. A clock that had a last day and has none stands still.
    pub fn of(
        status: Status,
        (first_due_on, due_on): (Option<NaiveDate>, Option<NaiveDate>),
        today: NaiveDate,
    ) -> Option<Self> {
        if !status.is_open() {
            return None;
        }
        Some(match (due_on, first_due_on) {
            (Some(due), _) if due < today => Self::Late,
            (Some(due), _) if due == today => Self::Today,
            (Some(due), _) if due <= week_from(today) => Self::ThisWeek,
            (Some(_), _) => Self::Later,
            (None, Some(_)) => Self::StandsStill,
            (None, None) => Self::NoDate,
        })
    }
}
