//! Group commit: mails that come at the same time share one transaction, and none is told of before its commit.

use crate::store::messages::{self, Arrival, Inserted};
use crate::store::{AnyConn, Conn, Db, Error, transaction};
use diesel::connection::SimpleConnection;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Mails that one transaction takes at most: about the sessions of one door.
const MOST: usize = 64;
/// How long a mail waits for its rows before its note goes into the spool instead: a sender waits with it.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long nobody asks a database that was away or locked.
const REST: Duration = Duration::from_secs(2);

/// What became of the arrivals of one mail, in their order.
type Outcome = Result<Vec<Inserted>, Error>;

/// The arrivals of one mail, and what became of them.
#[derive(Debug)]
struct Slot {
    arrivals: Vec<Arrival>,
    outcome: Mutex<Option<Outcome>>,
}

/// The mails that wait.
#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<Arc<Slot>>,
    /// Whether one of those who wait writes for all.
    busy: bool,
    /// Until when nobody asks.
    resting_until: Option<Instant>,
}

/// The desk at which arrivals are entered; one for each pool of connections.
#[derive(Debug, Default)]
pub(crate) struct Together {
    queue: Mutex<Queue>,
    changed: Condvar,
}

impl Db {
    /// Enters the arrivals of one mail; when it returns, their rows are committed. Mails that wait at the same time
    /// share a transaction. A database that is away or locked is not waited for longer than two seconds, and then
    /// left alone for as long: whoever asks meanwhile is told at once.
    pub fn enter(&self, arrivals: Vec<Arrival>) -> Result<Vec<Inserted>, Error> {
        let slot = Arc::new(Slot { arrivals, outcome: Mutex::default() });
        let until = Instant::now() + PATIENCE;
        let mut queue = self.together.queue();
        if queue.resting_until.is_some_and(|until| Instant::now() < until) {
            return Err(away());
        }
        queue.waiting.push(Arc::clone(&slot));
        loop {
            if let Some(outcome) = locked(&slot.outcome).take() {
                return outcome;
            }
            if !queue.busy {
                queue = self.lead(queue);
                continue;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                queue.waiting.retain(|other| !Arc::ptr_eq(other, &slot));
                return Err(away());
            }
            let waited = self.together.changed.wait_timeout(queue, left);
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Writes for all who wait now.
    fn lead<'q>(&'q self, mut queue: MutexGuard<'q, Queue>) -> MutexGuard<'q, Queue> {
        let count = queue.waiting.len().min(MOST);
        let batch: Vec<Arc<Slot>> = queue.waiting.drain(..count).collect();
        queue.busy = true;
        drop(queue);
        let end = AtTheEnd { together: &self.together, batch: &batch };
        let is_away = self.write(&batch).is_err();
        drop(end);
        let mut queue = self.together.queue();
        queue.resting_until = is_away.then(|| Instant::now() + REST);
        queue
    }

    /// One transaction for all; where that fails for what is in it, one for each, so that no mail holds up another.
    fn write(&self, batch: &[Arc<Slot>]) -> Result<(), Error> {
        let mut conn = self.conn_within(PATIENCE)?;
        be_patient(&mut conn, PATIENCE)?;
        let until = Instant::now() + PATIENCE;
        let all = transaction(&mut conn, |conn| {
            be_brief(conn)?;
            batch.iter().map(|slot| rows(conn, (&slot.arrivals, until))).collect::<Result<Vec<_>, Error>>()
        });
        let outcome = match all {
            Ok(outcomes) => {
                for (slot, outcome) in batch.iter().zip(outcomes) {
                    *locked(&slot.outcome) = Some(Ok(outcome));
                }
                Ok(())
            }
            Err(error) if is_away(&error) => Err(error),
            Err(_) => {
                for slot in batch {
                    let alone = transaction(&mut conn, |conn| {
                        be_brief(conn)?;
                        rows(conn, (&slot.arrivals, until))
                    });
                    *locked(&slot.outcome) = Some(alone);
                }
                Ok(())
            }
        };
        be_patient(&mut conn, crate::store::BUSY)?;
        outcome
    }
}

/// Whatever happens to the one who writes, those who wait hear of it.
struct AtTheEnd<'a> {
    together: &'a Together,
    batch: &'a [Arc<Slot>],
}

impl Drop for AtTheEnd<'_> {
    fn drop(&mut self) {
        for slot in self.batch {
            locked(&slot.outcome).get_or_insert_with(|| Err(away()));
        }
        self.together.queue().busy = false;
        self.together.changed.notify_all();
    }
}

impl Together {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        locked(&self.queue)
    }
}

fn locked<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether it would fail for each mail alone as well; two who wait for each other only need to go one by one.
fn is_away(error: &Error) -> bool {
    error.is_passing() && !error.to_string().contains("deadlock")
}

fn away() -> Error {
    Error::Connection("it is away or busy; mail waits in the spool".to_owned())
}

/// How long SQLite waits for another writer.
fn be_patient(conn: &mut Conn, time: Duration) -> Result<(), Error> {
    if let AnyConn::Sqlite(c) = conn {
        c.batch_execute(&format!("PRAGMA busy_timeout={}", time.as_millis()))?;
    }
    Ok(())
}

/// How long PostgreSQL works for one statement of this transaction, and waits for what others have locked. Whoever waits
/// for the one who writes gives up after as long, and leaves a note.
fn be_brief(conn: &mut Conn) -> Result<(), Error> {
    if let AnyConn::Postgres(c) = conn {
        let time = PATIENCE.as_millis();
        c.batch_execute(&format!("SET LOCAL lock_timeout = {time}; SET LOCAL statement_timeout = {time}"))?;
    }
    Ok(())
}

/// The rows of one mail, unless the time is over: then a note is enough.
fn rows(conn: &mut Conn, (arrivals, until): (&[Arrival], Instant)) -> Outcome {
    if Instant::now() > until {
        return Err(away());
    }
    arrivals.iter().map(|arrival| messages::insert_received(conn, arrival)).collect()
}
