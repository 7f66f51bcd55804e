//! A turn of a loop: one job that may fail, when it is due again, and the end of a thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Waits for the end of a thread until an instant; whether it ended.
pub fn ended_by(thread: &JoinHandle<()>, until: Instant) -> bool {
    while !thread.is_finished() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
    }
    thread.is_finished()
}

/// One job, once. Neither an error nor a panic in it keeps the other jobs from their turn or ends the loop; the job
/// itself is tried again at the next turn.
pub(super) fn once<T: Default, E: std::fmt::Display>(job: &str, work: impl FnOnce() -> Result<T, E>) -> T {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(done)) => return done,
        Ok(Err(error)) => tracing::error!(job, %error, "background work failed; it is tried again"),
        Err(_) => tracing::error!(job, "background work ended in a panic; it is tried again"),
    }
    T::default()
}

/// When a job was last done that is not for every turn.
#[derive(Default)]
pub(super) struct Last(Option<Instant>);

impl Last {
    /// Whether it is time again; then the time counts from now.
    pub(super) fn is_past(&mut self, pause: Duration) -> bool {
        let due = self.0.is_none_or(|at| at.elapsed() >= pause);
        if due {
            self.0 = Some(Instant::now());
        }
        due
    }
}
