//! The only place that asks what time it is.

use chrono::{DateTime, NaiveDate, Utc};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Where "now" comes from: the machine, or a fixed instant for demonstrations and tests.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Stands still until it is set.
    Fixed(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// A clock that stands at `at`.
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self::Fixed(Arc::new(Mutex::new(at)))
    }

    /// Now, in UTC.
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            #[expect(clippy::disallowed_methods, reason = "the one place that may ask the machine")]
            Self::System => Utc::now(),
            Self::Fixed(at) => *at.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
        }
    }

    /// Today in the zone of a law. Server and user zones never move a date.
    pub fn today(&self, zone: chrono_tz::Tz) -> NaiveDate {
        self.now().with_timezone(&zone).date_naive()
    }

    /// Whether this is the machine's clock, which may be compared with others.
    pub fn is_system(&self) -> bool {
        matches!(self, Self::System)
    }

    /// Moves a fixed clock to `at`; a system clock cannot be moved.
    pub fn set(&self, at: DateTime<Utc>) {
        if let Self::Fixed(held) = self {
            *held.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = at;
        }
    }
}

/// Measures how long something takes, by a clock that nobody can set. It stands still while the machine sleeps.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins to measure.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// How long ago it began.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
