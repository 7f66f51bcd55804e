//! The background loops: fetch and read mail, rank it again, recognise pictures, tick the clocks, learn, send, raise
//! the alarm. Every job may run twice.

mod turns;

pub use turns::ended_by;
use turns::{Last, once};

use crate::mail::transport::Transport;
use crate::service::cage::Cage;
use crate::service::fetching::{Fetcher, Source};
use crate::service::health::{self, Alerts, Pulse, Route};
use crate::service::learning::Learner;
use crate::service::{Context, deadlines, delivery, digests, intake, notices, retention, triage};
use crate::store::Db;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a loop sleeps when nothing waits.
const PAUSE: Duration = Duration::from_millis(500);
/// How often letters are looked for whose worker is gone or whose request does not know: an unknown one is listed
/// within a minute of a restart, a lease of three quarters of it included.
const LOOK: Duration = Duration::from_secs(5);
/// How often due days are looked at: far below the promise of 15 minutes.
const TICK: Duration = Duration::from_secs(60);
/// How often it is looked whether all is well: each fault is seen within a minute.
const WELL: Duration = Duration::from_secs(10);
/// An alert that no mail server took is tried again after this.
const ALERT_AGAIN: Duration = Duration::from_secs(60);
/// How often the learner looks whether people settled something to learn from.
const LEARN: Duration = Duration::from_secs(300);
/// How often it is looked whether a day has ended, for its digest and for what was kept long enough.
const HOUSEKEEPING: Duration = Duration::from_secs(3600);

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
struct Raised {
    set: Mutex<bool>,
    changed: Condvar,
}

impl Raised {
    fn set(&self) {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }
}

/// The flag as one loop sees it; each look at it is a beat that shows that the loop turns.
struct Flag {
    raised: Arc<Raised>,
    pulse: Pulse,
    name: String,
}

impl Flag {
    fn is_set(&self) -> bool {
        self.pulse.beat(&self.name);
        *self.raised.set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps for a pause, or less when the flag is set.
    fn pause(&self) {
        let held = self.raised.set.lock().unwrap_or_else(PoisonError::into_inner);
        if !*held {
            drop(self.raised.changed.wait_timeout(held, PAUSE));
        }
    }
}

/// The loops, running.
pub struct Workers {
    stop: Arc<Raised>,
    threads: Vec<JoinHandle<()>>,
    parts: Parts,
    name: String,
}

/// Asks the loops to end, from another thread.
#[derive(Clone)]
pub struct Stopper(Arc<Raised>);

impl Stopper {
    /// What is under way goes on; no letter is begun any more.
    pub fn stop(&self) {
        self.0.set();
    }
}

/// Starts the loops. Each has a thread of its own, because each may be held up for long by what it deals with: a mail
/// that takes its reader twenty seconds, a scan that takes minutes, a slow mail server. None of it may hold up another;
/// least of all the clocks.
pub fn start(parts: &Parts) -> std::io::Result<Workers> {
    let name = delivery::worker_name();
    let mut workers =
        Workers { stop: Arc::default(), threads: Vec::new(), parts: parts.clone(), name: name.clone() };
    workers.spawn("clocks", clocks)?;
    workers.spawn("verifying", verify)?;
    workers.spawn("reading", read)?;
    workers.spawn("ranking", rank)?;
    workers.spawn("recognising", recognise)?;
    workers.spawn("learning", learn)?;
    workers.spawn("alerting", alert)?;
    if let Some(source) = Source::of(&parts.context.config).map_err(std::io::Error::other)? {
        workers.spawn("fetching", move |parts, stop| fetch(parts, &source, stop))?;
    }
    if let Some(transport) = parts.transport.clone() {
        workers.spawn("telling", move |parts, stop| tell(parts, &transport, stop))?;
    }
    workers.spawn("keeping", keep)?;
    if parts.context.blobs.are_in_a_bucket() {
        workers.spawn("carrying", carry)?;
    }
    if let Some(transport) = parts.transport.clone() {
        workers.spawn("sending", move |parts, stop| send(parts, &transport, &name, stop))?;
    }
    Ok(workers)
}

/// Starts the one loop that a process needs which serves pages only: letters that are filed there go to the bucket.
pub fn start_carrying(parts: &Parts) -> std::io::Result<Workers> {
    let name = delivery::worker_name();
    let mut workers = Workers { stop: Arc::default(), threads: Vec::new(), parts: parts.clone(), name };
    workers.spawn("carrying", carry)?;
    Ok(workers)
}

impl Workers {
    fn spawn(
        &mut self,
        name: &str,
        work: impl FnOnce(&Parts, &Flag) + Send + 'static,
    ) -> std::io::Result<()> {
        let (parts, pulse) = (self.parts.clone(), self.parts.context.pulse.clone());
        let stop = Flag { raised: Arc::clone(&self.stop), pulse, name: name.to_owned() };
        stop.is_set();
        let thread = std::thread::Builder::new().name(name.to_owned());
        self.threads.push(thread.spawn(move || {
            work(&parts, &stop);
            // One that ends by itself, in a panic, beats no more and is missed.
            stop.pulse.ends(&stop.name);
        })?);
        Ok(())
    }

    /// A handle that asks the loops to end.
    pub fn stopper(&self) -> Stopper {
        Stopper(Arc::clone(&self.stop))
    }

    /// Asks the loops to end and waits for what is under way, but not longer than `patience`: a mail server may take
    /// minutes over one letter. A letter not begun goes back to the queue; one in doubt is called unknown later.
    pub fn stop(self, patience: Duration) {
        self.stop.set();
        let until = Instant::now() + patience;
        for thread in self.threads {
            if !ended_by(&thread, until) {
                tracing::warn!(
                    loop_ = thread.thread().name(),
                    "background work did not end in time and is left"
                );
            }
        }
        let (context, db) = (&self.parts.context, &self.parts.db);
        once("handing back", || delivery::hand_back(context, db, &self.name));
    }
}

/// Marks what is due, and looks after letters whose worker is gone.
fn clocks(parts: &Parts, stop: &Flag) {
    let (mut looked, mut ticked) = (Last::default(), Last::default());
    let (ctx, db) = (&*parts.context, &parts.db);
    once("clocks", || deadlines::look_again(ctx, db));
    while !stop.is_set() {
        if ticked.is_past(TICK) {
            let marked = once("tick", || deadlines::tick(ctx, db));
            if marked > 0 {
                tracing::info!(marked, "requests are overdue");
            }
        }
        if looked.is_past(LOOK) {
            once("leases", || delivery::expire_leases(ctx, db));
            if once("watch", || delivery::watch(ctx, db)) {
                tracing::error!("the outbox has paused itself");
            }
            let repeated = once("repeat", || delivery::repeat_unknown(ctx, db));
            if repeated > 0 {
                tracing::warn!(repeated, "letters that may have arrived are sent once more");
            }
            once("tell", || delivery::tell_requests(ctx, db));
            once("notices", || notices::gather(ctx, db));
        }
        stop.pause();
    }
}

/// Fetches mail from a mailbox; a panic costs a pause and begins anew.
fn fetch(parts: &Parts, source: &Source, stop: &Flag) {
    let stopping = || stop.is_set();
    while !stop.is_set() {
        once("fetching", || {
            Fetcher::new(&parts.context, &parts.db, source, &stopping).run();
            Ok::<(), String>(())
        });
        stop.pause();
    }
}

/// Reads and places what came in.
fn read(parts: &Parts, stop: &Flag) {
    let (ctx, db) = (&*parts.context, &parts.db);
    while !stop.is_set() {
        let swept = once("sweep", || intake::sweep(ctx.door(), db));
        // While a bucket is away no mail can be read that was carried there.
        let some = if ctx.blobs.answer() { 20 } else { 0 };
        let read = once("read", || triage::read_next(ctx, db, &parts.cage, some));
        if swept + read == 0 {
            stop.pause();
        }
    }
}

/// Carries blobs from this disk to the bucket.
fn carry(parts: &Parts, stop: &Flag) {
    while !stop.is_set() {
        if once("carry", || parts.context.blobs.carry_all()) == 0 {
            stop.pause();
        }
    }
}

/// Finds out who wrote what came in; name servers may be slow or silent, and no mail is read later for that than by a
/// few seconds.
fn verify(parts: &Parts, stop: &Flag) {
    while !stop.is_set() {
        if once("verify", || triage::verify_next(&parts.context, &parts.db)) == 0 {
            stop.pause();
        }
    }
}

/// Ranks mail that matches no request again when something was learnt; mail that comes in does not wait for it.
fn rank(parts: &Parts, stop: &Flag) {
    while !stop.is_set() {
        // Few at a time, because each may take seconds and the service may be about to end.
        if once("rank", || triage::rank_next(&parts.context, &parts.db, 5)) == 0 {
            stop.pause();
        }
    }
}

/// Reads mails again with the text in their pictures.
fn recognise(parts: &Parts, stop: &Flag) {
    while !stop.is_set() {
        if !once("recognise", || triage::recognise_next(&parts.context, &parts.db, &parts.cage)) {
            stop.pause();
        }
    }
}

/// Teaches the reader what people settled.
fn learn(parts: &Parts, stop: &Flag) {
    let (mut learnt, mut learner) = (Last::default(), Learner::default());
    while !stop.is_set() {
        if learnt.is_past(LEARN)
            && let Some(letters) =
                once("learning", || learner.catch_up(&parts.context, &parts.db, &parts.cage))
        {
            tracing::info!(letters, "the reader learnt from what was settled");
        }
        stop.pause();
    }
}

/// Looks whether all is well, says in the log what is not, and tells the administrator.
fn alert(parts: &Parts, stop: &Flag) {
    let (ctx, pulse) = (&*parts.context, &parts.context.pulse);
    let route = match Route::of(&ctx.config) {
        Ok(Some(route)) => Some(route),
        Ok(None) => {
            tracing::warn!(
                "nobody is told by mail when something is wrong: set `admin_email` and a mail server"
            );
            None
        }
        Err(error) => {
            tracing::error!(%error, "nobody is told by mail when something is wrong");
            None
        }
    };
    let (mut looked, mut failed, mut alerts) = (Last::default(), None::<Instant>, Alerts::default());
    while !stop.is_set() {
        if looked.is_past(WELL) {
            let telling = once("alerting", || {
                let found = health::findings(&health::look(ctx, &parts.db));
                Ok::<_, String>(alerts.look(&found, pulse.age()))
            });
            let again = failed.is_none_or(|at| at.elapsed() >= ALERT_AGAIN);
            if let (Some(route), Some(telling), true) = (&route, telling, again) {
                let told = once("telling", || route.tell(ctx, &telling).map(|()| true));
                failed = if told { None } else { Some(Instant::now()) };
                if told {
                    alerts.told(&telling, pulse.age());
                }
            }
        }
        stop.pause();
    }
}

/// Makes the digest of a day that has ended and lets go what was kept long enough. On several machines, whoever comes
/// first does it.
fn keep(parts: &Parts, stop: &Flag) {
    let (mut kept, ctx) = (Last::default(), &*parts.context);
    while !stop.is_set() {
        if kept.is_past(HOUSEKEEPING) {
            if hourly(ctx, "digest", || digests::make(ctx, &parts.db)) == Some(true) {
                tracing::info!("the digest of a day was made");
            }
            hourly(ctx, "retention", || retention::run(ctx, &parts.db));
            let before = ctx.clock.now() - chrono::TimeDelta::hours(1);
            let gone = hourly(ctx, "tidy", || ctx.blobs.tidy(before.into()));
            if gone.is_some_and(|gone| gone > 0) {
                tracing::warn!(gone, "half-written files of a process that was ended were removed");
            }
        }
        stop.pause();
    }
}

/// A job that is tried again in an hour only; until it goes well `/healthz` tells that it did not.
fn hourly<T, E: std::fmt::Display>(
    ctx: &Context,
    job: &'static str,
    work: impl FnOnce() -> Result<T, E>,
) -> Option<T> {
    let done = once(job, || work().map(Some));
    ctx.pulse.job_ended(job, done.is_some());
    done
}

/// Tells our own people what happened; however letters go, or are paused.
fn tell(parts: &Parts, transport: &Transport, stop: &Flag) {
    while !stop.is_set() {
        if !once("telling", || notices::send_next(&parts.context, &parts.db, transport)) {
            stop.pause();
        }
    }
}

fn send(parts: &Parts, transport: &Transport, name: &str, stop: &Flag) {
    let stopping = || stop.is_set();
    let sender = delivery::Sender { stopping: &stopping, ..delivery::Sender::new(transport, name) };
    while !stop.is_set() {
        if !once("send", || sender.send_next(&parts.context, &parts.db)) {
            stop.pause();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_fails_or_panics_leaves_the_others_their_turn() {
        let failed: usize = once("fails", || Err::<usize, _>("not now"));
        let panicked: usize = once("panics", || -> Result<usize, String> { panic!("in the midst of it") });
        assert_eq!((failed, panicked, once("works", || Ok::<_, String>(3))), (0, 0, 3));
    }
}
