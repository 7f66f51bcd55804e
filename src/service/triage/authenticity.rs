//! Finds out who wrote each mail, while nobody waits for it: look-ups may be slow, and a stranger chooses for what.
//!
//! Intake never waits. Reading waits a few seconds, then goes on without; the verdict follows, and what it changes is
//! changed then. What could not be looked up is tried again for a day.

use crate::config::mail::Names as Setting;
use crate::domain::incoming::authenticity::{Checks, Judged, Verdict, judge};
use crate::domain::incoming::proposal::suspect;
use crate::mail::authenticity::{Came, Names, Trusted, verify};
use crate::service::Context;
use crate::service::triage::Error;
use crate::service::triage::settle::disprove;
use crate::store::authenticity::{self, Due, Found};
use crate::store::messages::Unread;
use crate::store::{Conn, Db, at, transaction};
use chrono::{DateTime, TimeDelta, Utc};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

/// How long reading waits for a verdict; the look-ups of one mail end after ten seconds.
const AWAITED: TimeDelta = TimeDelta::seconds(15);
/// What came before this is not looked at any more: keys change, and an old mail proves nothing by new ones.
const FRESH: TimeDelta = TimeDelta::days(2);
/// For so long is tried again what could not be looked up.
const TRIED: TimeDelta = TimeDelta::days(1);
/// The pause before that is as long as the mail is old, but at least and at most this.
const PAUSE: (TimeDelta, TimeDelta) = (TimeDelta::minutes(5), TimeDelta::hours(4));
/// How many mails are checked at once, so that one silent name server holds up no other mail, and how many bytes.
const AT_ONCE: i64 = 8;
const BYTES_AT_ONCE: i64 = 64 * 1024 * 1024;
/// The doors behind which a mail server of our own stands; by the others a stranger hands over what he wrote.
const BEHIND_OURS: &[&str] = &["lmtp", "pipe", "imap"];

/// Whether this service finds out who wrote.
fn verifies(ctx: &Context) -> bool {
    ctx.config.mail.names != Setting::Nobody || ctx.config.mail.authserv_id.is_some()
}

/// Without those that are to be read only when it is known who wrote them, or when they waited long enough for that.
pub(super) fn without_awaited(
    ctx: &Context,
    conn: &mut Conn,
    waiting: Vec<Unread>,
) -> Result<Vec<Unread>, crate::store::Error> {
    if !verifies(ctx) {
        return Ok(waiting);
    }
    let ids: Vec<i64> = waiting.iter().map(|unread| unread.id).collect();
    let known = authenticity::verdicts(conn, &ids)?;
    let now = ctx.clock.now();
    let is_awaited = |unread: &Unread| {
        let waited = now - unread.received_at.and_utc();
        (TimeDelta::zero()..AWAITED).contains(&waited) && !known.contains_key(&unread.id)
    };
    Ok(waiting.into_iter().filter(|unread| !is_awaited(unread)).collect())
}

/// Who wrote a message, if that was found out.
pub(super) fn judged(conn: &mut Conn, id: i64) -> Result<Option<Judged>, crate::store::Error> {
    let found = authenticity::of_message(conn, id)?;
    Ok(found.map(|found| Judged {
        verdict: found.verdict,
        domain: found.domain,
        reason: found.reason,
        passing: found.again_at.is_some(),
    }))
}

/// Finds out who wrote the next mails, several at once; how many. May run in several workers: the same is found twice.
pub fn verify_next(ctx: &Context, db: &Db) -> Result<usize, Error> {
    if !verifies(ctx) {
        return Ok(0);
    }
    let now = ctx.clock.now();
    let mut due = authenticity::due(&mut *db.conn()?, (now - FRESH, now), AT_ONCE)?;
    let mut bytes = 0;
    due.retain(|one| {
        bytes += one.size;
        bytes <= BYTES_AT_ONCE || bytes == one.size
    });
    let trusted = trusted(ctx);
    let came = due.iter().map(|one| came(&mut *db.conn()?, one.message_id)).collect::<Result<Vec<_>, _>>()?;
    let checked: Vec<Option<Checks>> = thread::scope(|scope| {
        let (due, trusted) = (&due, &trusted);
        let begun: Vec<_> = due
            .iter()
            .zip(&came)
            .map(|(one, came)| scope.spawn(move || check(ctx, one, (came, trusted))))
            .collect();
        begun.into_iter().map(|one| one.join().ok().flatten()).collect()
    });
    for (one, checks) in due.iter().zip(checked) {
        match write(db, one, (checks, now)) {
            Ok(()) => {}
            Err(Error::Store(error)) if error.is_passing() => return Err(Error::Store(error)),
            // One mail of which it cannot be kept must not keep the others from theirs.
            Err(error) => {
                tracing::error!(%error, message = one.message_id, "who wrote a mail cannot be kept");
            }
        }
    }
    Ok(due.len())
}

fn trusted(ctx: &Context) -> Trusted {
    let mail = &ctx.config.mail;
    Trusted {
        names: match mail.names {
            Setting::Nobody => Names::Nobody,
            Setting::System => Names::System,
            Setting::Server(at) => Names::Server(at),
        },
        authserv_id: mail.authserv_id.clone(),
        arc_sealers: mail.arc_sealers.clone(),
    }
}

/// How a message came, as far as that is known.
fn came(conn: &mut Conn, message: i64) -> Result<Came, crate::store::Error> {
    let Some((handed, via)) = authenticity::handed(conn, message)? else { return Ok(Came::default()) };
    Ok(Came {
        sender: handed.sender,
        peer: handed.peer.and_then(|peer| peer.parse().ok()),
        greeted_as: handed.greeted_as,
        behind_own_server: BEHIND_OURS.contains(&via.as_str()),
    })
}

/// One mail; none = it cannot be checked here. Whatever the checks do over it, the others get theirs.
fn check(ctx: &Context, due: &Due, (came, trusted): (&Came, &Trusted)) -> Option<Checks> {
    let message = due.message_id;
    let raw = match ctx.blobs.get(&due.blob_sha256) {
        Ok(raw) => raw,
        Err(error) => {
            tracing::error!(%error, message, "who wrote a mail cannot be found out: it cannot be read");
            return None;
        }
    };
    let checks = catch_unwind(AssertUnwindSafe(|| verify(&raw, came, trusted))).ok();
    if checks.is_none() {
        tracing::error!(message, "to find out who wrote a mail ended in a panic; it is shown as not known");
    }
    checks
}

/// Keeps what was found, and changes what it changes, in one transaction.
fn write(db: &Db, due: &Due, (checks, now): (Option<Checks>, DateTime<Utc>)) -> Result<(), Error> {
    let id = due.message_id;
    let judged = checks.as_ref().map_or_else(not_checked, judge);
    let age = now - due.received_at.and_utc();
    let again = judged.passing && age < TRIED;
    let found = Found {
        verdict: judged.verdict,
        domain: judged.domain.clone(),
        reason: judged.reason.clone(),
        checks: serde_json::to_string(&checks.unwrap_or_default()).map_err(crate::store::Error::from)?,
        checked_at: at(now),
        again_at: again.then(|| at(now + age.clamp(PAUSE.0, PAUSE.1))),
    };
    tracing::info!(message = id, verdict = judged.verdict.as_str(), again, "who wrote a mail was looked at");
    let mut conn = db.conn()?;
    transaction(&mut conn, |conn| {
        let before = authenticity::of_message(conn, id)?.map(|before| before.verdict);
        authenticity::keep(conn, id, &found)?;
        if judged.verdict == Verdict::Forged && before != Some(Verdict::Forged) {
            disprove(conn, id, (suspect(&judged), now))?;
        }
        Ok(())
    })
}

/// What is said of a mail over which the checks failed; tried again, because a disk or a store may come back.
fn not_checked() -> Judged {
    let reason = "It could not be checked here: an administrator finds the cause in the log.".to_owned();
    Judged { verdict: Verdict::Unknown, domain: None, reason, passing: true }
}
