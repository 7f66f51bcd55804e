//! How a due date came about: each step with its provision, each day with its number or the reason it has none.

use std::borrow::Cow;

use chrono::{Datelike, NaiveDate, Weekday};
use serde::Serialize;

use crate::domain::law::regime::RegimeId;

/// From which event the time was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StartIs {
    /// The day of receipt.
    Receipt,
    /// The day of registration.
    Registration,
    /// The day of receipt, because nobody told us of the registration from which the law counts.
    ReceiptForRegistration,
}

/// What a step of the derivation says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// When the request came in.
    Received,
    /// When it was registered.
    Registered,
    /// An older rule applies.
    OlderRule,
    /// Time began again.
    Restarted,
    /// Days on which the clock stood still.
    StoodStill,
    /// Time that the law adds.
    Added,
    /// Something happened that moves nothing, and why.
    MovesNothing,
    /// From when a right may be used.
    Opens,
    /// What the authority claimed, and what the law says of it.
    Claimed,
    /// The rule in one sentence.
    Rule,
    /// A holiday inside a term of working days.
    NotCounted,
    /// The month has no such day.
    MonthEnd,
    /// Where the term ends before it is moved.
    Ends,
    /// A day off that moved the end.
    Moved,
    /// A day off on which the end stays.
    Stays,
    /// The last day for the answer.
    Due,
    /// The day on which an answer can be expected, no legal deadline.
    Expected,
    /// The law gives no figure.
    NoFigure,
    /// Why the result is less than certain.
    Caveat,
}

/// One step of a derivation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What it says.
    pub kind: StepKind,
    /// The day it speaks of.
    pub on: Option<NaiveDate>,
    /// The step as an English sentence without a full stop.
    pub text: String,
    /// The provision.
    pub cite: Option<String>,
}

impl Step {
    /// A step about no day in particular.
    pub fn new(kind: StepKind, text: impl Into<String>) -> Self {
        Self { kind, on: None, text: text.into(), cite: None }
    }

    /// The same, about a day.
    #[must_use]
    pub fn on(mut self, day: NaiveDate) -> Self {
        self.on = Some(day);
        self
    }

    /// The same, with its provision.
    #[must_use]
    pub fn cite(mut self, provision: Option<&str>) -> Self {
        self.cite = provision.map(str::to_owned);
        self
    }
}

/// One day from day 0 to the due day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayCount {
    /// The day.
    pub date: NaiveDate,
    /// Its number, where days are counted and it counts.
    pub number: Option<u32>,
    /// Why it does not count or cannot be the last one, as `Saturday` or the name of a holiday.
    pub why_not: Option<Cow<'static, str>>,
}

/// The time for an answer with its derivation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deadline {
    /// The law.
    pub regime: RegimeId,
    /// Its version.
    pub version: String,
    /// Day 0.
    pub start: NaiveDate,
    /// Which event day 0 is.
    pub start_is: StartIs,
    /// The last day on which an answer is in time; absent where the law gives no figure.
    pub due_on: Option<NaiveDate>,
    /// The last day if the authority makes lawful use of the extension.
    pub extended_due_on: Option<NaiveDate>,
    /// The law says "should": after `due_on` an answer is late, but not yet unlawful.
    pub is_target: bool,
    /// When an answer can be expected where the law only says "promptly"; never a legal deadline.
    pub expected_on: Option<NaiveDate>,
    /// How `due_on` (or `expected_on`) came about.
    pub steps: Vec<Step>,
    /// How `extended_due_on` came about.
    pub extended_steps: Vec<Step>,
    /// Each day from day 0 to the due day.
    pub days: Vec<DayCount>,
    /// Whether the figure was not read in the statute, or the calendar is only a pattern.
    pub estimate: bool,
}

/// A day in words, as `Friday 3 April 2026`.
pub fn in_words(day: NaiveDate) -> String {
    let weekday = match day.weekday() {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    };
    let month = match day.month() {
        1 => "January",
        2 => "February",
        3 => "March",
        4 => "April",
        5 => "May",
        6 => "June",
        7 => "July",
        8 => "August",
        9 => "September",
        10 => "October",
        11 => "November",
        _ => "December",
    };
    format!("{weekday} {} {month} {}", day.day(), day.year())
}
