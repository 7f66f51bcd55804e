//! What is kept for a time only goes when its time is over: mail that was set aside, network addresses, sign-ins.

use crate::domain::publication::erasing::Reason;
use crate::service::Context;
use crate::service::erasure::{self, Target, Wish};
use crate::store::audit::{self, Act};
use crate::store::{Conn, Db, erasure as rows, retention, transaction};
use chrono::{DateTime, TimeDelta, Timelike, Utc};

/// How long it is kept from which address a mail came.
const PEERS: TimeDelta = TimeDelta::days(7);
/// How long tries to sign in are kept: far longer than they count.
const TRIES: TimeDelta = TimeDelta::days(1);
/// Hours (UTC) in which few read and write.
const NIGHT: std::ops::Range<u32> = 1..5;
/// At most one night's work a night.
const REST: TimeDelta = TimeDelta::hours(12);
/// What was erased is nowhere after a day (R50); what went just after a night is not yet so old in the next.
const LONGEST: TimeDelta = TimeDelta::hours(22);
/// Mails erased at one turn.
const AT_ONCE: usize = 200;

/// Why something stayed that should have gone.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// A mail could not be erased.
    #[error(transparent)]
    Erasure(#[from] erasure::Error),
}

/// What went, by class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gone {
    /// Mails that were set aside long ago.
    pub set_aside: usize,
    /// Arrivals that no longer say from which network address.
    pub peers: usize,
    /// Tries to sign in.
    pub tries: usize,
    /// Sessions that were over.
    pub sessions: usize,
    /// Erasures that had been cut off.
    pub finished: usize,
    /// Whether the files of the database were written anew.
    pub scrubbed: bool,
}

/// Lets everything go whose time is over. Twice, or on several machines at once, is as good as once. What fails keeps
/// nothing else from going; the first failure is told when all was tried.
pub fn run(ctx: &Context, db: &Db) -> Result<Gone, Error> {
    let now = ctx.clock.now();
    let (mut gone, mut failed) = (Gone::default(), None);
    gone.finished = kept_on(&mut failed, erasure::finish(ctx, db));
    // A clock that is ahead would let go for good what is still young.
    if !ctx.trusts_clock() {
        return failed.map_or(Ok(gone), Err);
    }
    let conn = &mut *db.conn()?;
    (gone.peers, gone.tries, gone.sessions) = kept_on(&mut failed, rows_that_go(conn, now));
    gone.set_aside = set_aside(ctx, (conn, &mut failed), now);
    gone.scrubbed = kept_on(&mut failed, scrub(conn, now));
    if gone != Gone::default() {
        let Gone { set_aside, peers, tries, sessions, finished, scrubbed } = gone;
        tracing::info!(
            set_aside,
            peers,
            tries,
            sessions,
            finished,
            scrubbed,
            "what was over its time is gone"
        );
    }
    failed.map_or(Ok(gone), Err)
}

/// What went well, or nothing; the first failure is remembered, each is for the log.
fn kept_on<T: Default, E: Into<Error>>(failed: &mut Option<Error>, done: Result<T, E>) -> T {
    done.map_err(Into::into).unwrap_or_else(|error: Error| {
        tracing::error!(%error, "what is over its time could not all go");
        failed.get_or_insert(error);
        T::default()
    })
}

/// Network addresses, tries to sign in, sessions.
fn rows_that_go(conn: &mut Conn, now: DateTime<Utc>) -> Result<(usize, usize, usize), Error> {
    Ok(transaction(conn, |conn| {
        let peers =
            class(conn, (now, "network_addresses"), |conn| retention::forget_peers(conn, now - PEERS))?;
        let tries = class(conn, (now, "sign_in_tries"), |conn| retention::forget_tries(conn, now - TRIES))?;
        let sessions = class(conn, (now, "sessions"), |conn| retention::forget_sessions(conn, now))?;
        Ok::<_, crate::store::Error>((peers, tries, sessions))
    })?)
}

/// Writes the files of the database anew where they still hold what was erased: by night, once, because the database
/// stands still meanwhile; and by day where no night came.
fn scrub(conn: &mut Conn, now: DateTime<Utc>) -> Result<bool, Error> {
    let Some(owed) = rows::owed_scrub(conn)? else { return Ok(false) };
    let rested = owed.last.is_none_or(|last| now - last.and_utc() >= REST);
    let due = (NIGHT.contains(&now.hour()) && rested) || now - owed.since.and_utc() >= LONGEST;
    if !due {
        return Ok(false);
    }
    let done = rows::settle_scrub(conn, owed, now)?;
    if !done {
        tracing::warn!("the database is in use, so its files still hold what was erased; it is tried again");
    }
    Ok(done)
}

/// Removes one class and writes down how much, if it was anything.
fn class(
    conn: &mut Conn,
    (now, name): (DateTime<Utc>, &str),
    remove: impl FnOnce(&mut Conn) -> Result<usize, crate::store::Error>,
) -> Result<usize, crate::store::Error> {
    let count = remove(conn)?;
    if count > 0 {
        let body = serde_json::json!({ "removed": count });
        let subject = format!("class:{name}");
        audit::append(conn, &Act { at: now, person: None, action: "retention", subject, body })?;
    }
    Ok(count)
}

/// Erases mail that was set aside longer ago than the settings keep it; each leaves its tombstone and audit entry. A
/// mail that was set aside in one request and counts in another stays.
fn set_aside(ctx: &Context, (conn, failed): (&mut Conn, &mut Option<Error>), now: DateTime<Utc>) -> usize {
    let days = ctx.config.keep_set_aside_days;
    let (mut erased, mut last) = (0, 0);
    let before = now - TimeDelta::days(i64::from(days));
    while days > 0 && erased < AT_ONCE {
        let Some(id) = kept_on(failed, retention::set_aside_before(conn, (before, last))) else { break };
        last = id;
        if !kept_on(failed, are_aside(conn, id)) {
            continue;
        }
        let reason = format!("set aside for more than {days} days");
        let wish = Wish { target: Target::Message(id), reason, class: Reason::TimeIsUp, person: None };
        match erasure::erase_rows(ctx, conn, &wish) {
            Ok(_) => erased += 1,
            // Another one of the same mail went before, or another machine was quicker.
            Err(erasure::Error::Erased(_)) => {}
            // One that cannot be erased now keeps no other from going; it is tried at the next turn.
            Err(error) => {
                tracing::error!(%error, message = id, "mail that is over its time could not be erased");
                failed.get_or_insert(Error::Erasure(error));
            }
        }
    }
    erased
}

/// Whether a mail is set aside wherever it stands.
fn are_aside(conn: &mut Conn, id: i64) -> Result<bool, crate::store::Error> {
    let (same, _) = rows::same_mail(conn, &[id], &[])?;
    retention::are_aside(conn, &same)
}
