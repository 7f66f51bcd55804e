//! The background loop: sweep the spool, read mail, send letters, mark what is overdue. Every job may run twice.

use crate::mail::transport::Transport;
use crate::service::cage::Cage;
use crate::service::{Context, deadlines, delivery, intake, triage};
use crate::store::Db;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a loop sleeps when nothing waits.
const PAUSE: Duration = Duration::from_millis(500);
/// How often due days are looked at: far below the promise of 15 minutes.
const TICK: Duration = Duration::from_secs(60);

/// What the loops need.
#[derive(Clone)]
pub struct Parts {
    /// Settings, clock, data, blobs.
    pub context: Arc<Context>,
    /// The database.
    pub db: Db,
    /// Who reads mail.
    pub cage: Arc<Cage>,
    /// Where letters go; none: they wait.
    pub transport: Option<Transport>,
}

/// A flag that wakes sleepers.
#[derive(Default)]
struct Stop {
    set: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    fn is_set(&self) -> bool {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self) {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Sleeps for a pause, or less when the flag is set.
    fn pause(&self) {
        let held = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        if !*held {
            drop(self.changed.wait_timeout(held, PAUSE));
        }
    }
}

/// The loops, running.
pub struct Workers {
    stop: Arc<Stop>,
    threads: Vec<JoinHandle<()>>,
}

/// Starts the loops: one reads and ticks, one sends, so that a slow mail server holds up no reply.
pub fn start(parts: &Parts) -> std::io::Result<Workers> {
    let stop = Arc::new(Stop::default());
    let mut threads = Vec::new();
    let (reading, flag) = (parts.clone(), Arc::clone(&stop));
    threads
        .push(std::thread::Builder::new().name("reading".to_owned()).spawn(move || read(&reading, &flag))?);
    if let Some(transport) = parts.transport.clone() {
        let (sending, flag) = (parts.clone(), Arc::clone(&stop));
        let name = worker_name();
        threads.push(
            std::thread::Builder::new()
                .name("sending".to_owned())
                .spawn(move || send(&sending, &transport, &name, &flag))?,
        );
    }
    Ok(Workers { stop, threads })
}

impl Workers {
    /// Asks the loops to end and waits until what is under way is done.
    pub fn stop(self) {
        self.stop.set();
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a background loop ended in a panic");
            }
        }
    }
}

/// Unique to this run, so that a lease of an earlier run is nobody's.
fn worker_name() -> String {
    let mut random = [0_u8; 8];
    // Without randomness the process number still tells two workers of one machine apart.
    let _ = getrandom::fill(&mut random);
    format!("{}-{}", std::process::id(), data_encoding::HEXLOWER.encode(&random))
}

fn read(parts: &Parts, stop: &Stop) {
    let mut ticked: Option<Instant> = None;
    while !stop.is_set() {
        let busy = one_reading_turn(parts, &mut ticked).unwrap_or_else(|error| {
            tracing::error!(error, "background work failed; it is tried again");
            false
        });
        if !busy {
            stop.pause();
        }
    }
}

/// One turn; whether more may wait.
fn one_reading_turn(parts: &Parts, ticked: &mut Option<Instant>) -> Result<bool, String> {
    let (ctx, db) = (&*parts.context, &parts.db);
    let swept = intake::sweep(ctx.door(), db).map_err(|e| e.to_string())?;
    let read = triage::read_next(ctx, db, &parts.cage, 20).map_err(|e| e.to_string())?;
    if ticked.is_none_or(|at| at.elapsed() >= TICK) {
        let marked = deadlines::tick(ctx, db).map_err(|e| e.to_string())?;
        if marked > 0 {
            tracing::info!(marked, "requests are overdue");
        }
        *ticked = Some(Instant::now());
    }
    Ok(swept + read > 0)
}

fn send(parts: &Parts, transport: &Transport, name: &str, stop: &Stop) {
    while !stop.is_set() {
        let turn = delivery::expire_leases(&parts.context, &parts.db)
            .and_then(|()| delivery::send_next(&parts.context, &parts.db, transport, name));
        match turn {
            Ok(true) => {}
            Ok(false) => stop.pause(),
            Err(error) => {
                tracing::error!(%error, "sending failed; it is tried again");
                stop.pause();
            }
        }
    }
}
