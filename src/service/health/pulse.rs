//! What a process knows of its own turning: beats of its loops, steps of its clock, mails that could not be read.

use crate::clock::Stopwatch;
use crate::service::health::Mailbox;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A clock that moved by more than this against the one that nobody can set was set, and did not merely drift.
const STEP: TimeDelta = TimeDelta::seconds(5);
/// For how long that is said.
const TOLD_FOR: Duration = Duration::from_secs(3600);
/// After this a loop no longer turns, unless its work may take longer.
const PATIENCE: Duration = Duration::from_secs(1800);

/// Shared by all parts of a process; every clone is the same.
#[derive(Debug, Clone, Default)]
pub struct Pulse(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    since: Stopwatch,
    beats: Mutex<BTreeMap<String, Duration>>,
    clock: Mutex<Watched>,
    failed_mails: AtomicU64,
    failing: Mutex<BTreeSet<&'static str>>,
    doubted: AtomicBool,
    mailbox: Mutex<Mailbox>,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            since: Stopwatch::start(),
            beats: Mutex::default(),
            clock: Mutex::default(),
            failed_mails: AtomicU64::new(0),
            failing: Mutex::default(),
            doubted: AtomicBool::new(false),
            mailbox: Mutex::default(),
        }
    }
}

/// How the clock went.
#[derive(Debug, Clone, Copy, Default)]
struct Watched {
    last: Option<(DateTime<Utc>, Duration)>,
    steps: u64,
    stepped: Option<(TimeDelta, Duration)>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pulse {
    /// How long this process has run, by a clock that nobody can set.
    pub fn age(&self) -> Duration {
        self.0.since.elapsed()
    }

    /// A loop begins another turn.
    pub fn beat(&self, name: &str) {
        let age = self.age();
        let mut beats = held(&self.0.beats);
        match beats.get_mut(name) {
            Some(beat) => *beat = age,
            None => {
                beats.insert(name.to_owned(), age);
            }
        }
    }

    /// A loop ends because it was asked to.
    pub fn ends(&self, name: &str) {
        held(&self.0.beats).remove(name);
    }

    /// How long ago each loop began its last turn.
    pub fn beats(&self) -> Vec<(String, Duration)> {
        let age = self.age();
        held(&self.0.beats).iter().map(|(name, beat)| (name.clone(), age.saturating_sub(*beat))).collect()
    }

    /// The loops that have not turned for longer than their work may take.
    pub fn stopped(&self) -> Vec<String> {
        let late = self.beats().into_iter().filter(|(name, since)| *since > patience(name));
        late.map(|(name, _)| name).collect()
    }

    /// A mail could not be read, and is kept as it came.
    pub fn mail_failed(&self) {
        self.0.failed_mails.fetch_add(1, Ordering::Relaxed);
    }

    /// How many mails this process could not read.
    pub fn failed_mails(&self) -> u64 {
        self.0.failed_mails.load(Ordering::Relaxed)
    }

    /// A job that is done seldom ended, well or not.
    pub fn job_ended(&self, job: &'static str, well: bool) {
        let mut failing = held(&self.0.failing);
        if well {
            failing.remove(job)
        } else {
            failing.insert(job)
        };
    }

    /// The jobs that went wrong when they were last done.
    pub fn failing(&self) -> Vec<&'static str> {
        held(&self.0.failing).iter().copied().collect()
    }

    /// Notes how it goes with the mailbox, or asks: the work gets what is known and the age of the process.
    pub fn mailbox<T>(&self, work: impl FnOnce(&mut Mailbox, Duration) -> T) -> T {
        let age = self.age();
        work(&mut held(&self.0.mailbox), age)
    }

    /// The server of the mailbox is asked for something.
    pub fn asks_mailbox(&self) {
        self.mailbox(Mailbox::asks);
    }

    /// Compares the clock on the wall with the one that nobody can set; `age` is that of the process.
    pub fn clock_read(&self, wall: DateTime<Utc>, age: Duration) {
        let mut clock = held(&self.0.clock);
        if let Some((before, then)) = clock.last {
            let passed = TimeDelta::from_std(age.saturating_sub(then)).unwrap_or(TimeDelta::MAX);
            let step = (wall - before) - passed;
            if step.abs() > STEP {
                clock.steps += 1;
                clock.stepped = Some((step, age));
                tracing::warn!(seconds = step.num_seconds(), "the clock of this machine was set");
            }
        }
        clock.last = Some((wall, age));
    }

    /// How often the clock was set while this process ran.
    pub fn steps(&self) -> u64 {
        held(&self.0.clock).steps
    }

    /// By how much the clock was set within the last hour.
    pub fn stepped(&self) -> Option<TimeDelta> {
        let (step, at) = held(&self.0.clock).stepped?;
        (self.age().saturating_sub(at) < TOLD_FOR).then_some(step)
    }

    /// The clock is far from all that is recorded: it may be wrong, or nothing happened for long.
    pub fn doubt_clock(&self) {
        self.0.doubted.store(true, Ordering::Relaxed);
    }

    /// Whether what cannot be taken back may go by the clock: not within an hour after it was set forward, or after a
    /// start at which it was doubted. Within that hour a clock that is ahead by mistake is set back.
    pub fn trusts_clock(&self) -> bool {
        let ahead = self.stepped().is_some_and(|step| step > TimeDelta::zero());
        !ahead && (self.age() >= TOLD_FOR || !self.0.doubted.load(Ordering::Relaxed))
    }
}

/// How long a turn of a loop may take: what it deals with may be a slow mail server, a scan or a bad mail.
fn patience(name: &str) -> Duration {
    match name {
        "clocks" => Duration::from_secs(300),
        "reading" => Duration::from_secs(900),
        "learning" => Duration::from_secs(3 * 3600),
        _ => PATIENCE,
    }
}
