//! A length of time as a law gives it: so many working days, calendar days, weeks, months; or only "promptly".

use std::fmt;

use serde::{Deserialize, Serialize};

/// The unit in which a law counts, or the word it uses instead of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// All days but Saturdays, Sundays and the holidays of the calendar.
    WorkingDays,
    /// Every day.
    CalendarDays,
    /// Seven days each: the end has the weekday of the start.
    Weeks,
    /// Date to date; the last day of a month that is too short.
    Months,
    /// Twelve months each.
    Years,
    /// A duty to be quick without a figure.
    Promptly,
    /// As promptly, said of a step of the authority.
    WithoutDelay,
    /// The law gives no time limit at all.
    None,
}

impl Unit {
    /// Whether an amount goes with it.
    pub const fn counts(self) -> bool {
        matches!(self, Self::WorkingDays | Self::CalendarDays | Self::Weeks | Self::Months | Self::Years)
    }

    /// The unit in words, in the singular for one.
    pub const fn in_words(self, amount: u32) -> &'static str {
        match (self, amount) {
            (Self::WorkingDays, 1) => "working day",
            (Self::WorkingDays, _) => "working days",
            (Self::CalendarDays, 1) => "day",
            (Self::CalendarDays, _) => "days",
            (Self::Weeks, 1) => "week",
            (Self::Weeks, _) => "weeks",
            (Self::Months, 1) => "month",
            (Self::Months, _) => "months",
            (Self::Years, 1) => "year",
            (Self::Years, _) => "years",
            (Self::Promptly, _) => "promptly",
            (Self::WithoutDelay, _) => "without delay",
            (Self::None, _) => "no time limit",
        }
    }
}

/// An amount of a unit that counts, as 20 working days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Term {
    /// How many.
    pub amount: u32,
    /// Of what.
    pub unit: Unit,
}

impl Term {
    /// The term of two keys of a data file, if both are there and the unit counts.
    pub const fn of(amount: Option<u32>, unit: Option<Unit>) -> Option<Self> {
        match (amount, unit) {
            (Some(amount), Some(unit)) if unit.counts() => Some(Self { amount, unit }),
            _ => None,
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.unit.in_words(self.amount))
    }
}

/// The time a law gives an authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// A figure.
    Term(Term),
    /// No figure, but a duty to be quick; with what practice expects, which is never a legal deadline.
    Promptly {
        /// What guides or commissioners expect.
        expected: Option<Term>,
    },
    /// Nothing: there is no right, or no time limit.
    None,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Term(term) => term.fmt(f),
            Self::Promptly { .. } => f.write_str("promptly"),
            Self::None => f.write_str("no time limit"),
        }
    }
}
