//! The law engine: every due date right, with its derivation, and every error said plainly.
#![cfg(test)]

use std::sync::LazyLock;

use askance::data::laws::Laws;
use askance::domain::law::calendar::Calendar;
use askance::domain::law::deadline::{Clock, Deadline, deadline};
use askance::domain::law::regime::Regime;
use chrono::NaiveDate;

pub mod calculator;
mod cases;
mod choice;
mod citation;
pub mod commands;
mod course;
mod errors;
mod examples;
mod holidays;
mod kept;
mod properties;
mod ways;
mod zones;

/// The laws as they ship, read once for all tests.
pub static LAWS: LazyLock<Laws> = LazyLock::new(|| Laws::load().expect("the data files load"));

/// A law and its calendar.
pub fn law(id: &str) -> (&'static Regime, &'static Calendar) {
    let regime = LAWS.regime(&id.parse().unwrap()).unwrap_or_else(|| panic!("no law `{id}`"));
    (regime, LAWS.calendar_of(regime))
}

/// A day written as `2026-11-22`.
pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is no day"))
}

/// The deadline of a request.
pub fn due(id: &str, received: NaiveDate, registered: Option<NaiveDate>) -> Deadline {
    let (regime, calendar) = law(id);
    deadline(regime, calendar, &Clock { received, registered }).unwrap()
}
