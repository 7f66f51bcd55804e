//! The outbox paused and resumed: by a person, after a restore, or by the service itself when too many letters come back.

use crate::domain::numbers::counted;
use crate::service::Context;
use crate::service::delivery::Error;
use crate::store::audit::{self, Act};
use crate::store::switches::{self, OUTBOX_PAUSED, Switch};
use crate::store::{Conn, Db, outbox, transaction};
use chrono::{DateTime, TimeDelta, Utc};

/// Longest reason that is kept.
const REASON: usize = 300;
/// So far back letters are looked at.
const SPIKE_WITHIN: TimeDelta = TimeDelta::hours(1);
/// So many must have been refused or have come back: a few wrong addresses in a register are no reason to stop.
const SPIKE_AT_LEAST: i64 = 10;
/// And so many of a hundred that ended: a big mailing to a good register has a few per cent.
const SPIKE_PER_CENT: i64 = 30;

/// Pauses the outbox: from then on no letter is claimed and none that is on its way begins its body. False = it was
/// paused already, for the reason that it was.
pub fn pause(ctx: &Context, conn: &mut Conn, person: Option<i64>, reason: &str) -> Result<bool, Error> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Error::NoReason);
    }
    let reason: String = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).take(REASON).collect();
    let now = ctx.clock.now();
    transaction(conn, |conn| paused(conn, (person, &reason), serde_json::json!({ "reason": reason }), now))
}

fn paused(
    conn: &mut Conn,
    (person, reason): (Option<i64>, &str),
    body: serde_json::Value,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    if !switches::set(conn, OUTBOX_PAUSED, reason, person, at)? {
        return Ok(false);
    }
    audit::append(conn, &Act { at, person, action: "outbox_paused", subject: "outbox".to_owned(), body })?;
    Ok(true)
}

/// Lets letters leave again; what it was that held them, if they were held. Only people resume.
pub fn resume(ctx: &Context, conn: &mut Conn, person: Option<i64>) -> Result<Option<Switch>, Error> {
    let at = ctx.clock.now();
    transaction(conn, |conn| {
        let Some(was) = switches::clear(conn, OUTBOX_PAUSED)? else { return Ok(None) };
        let body = serde_json::json!({ "reason": was.reason });
        let subject = "outbox".to_owned();
        audit::append(conn, &Act { at, person, action: "outbox_resumed", subject, body })?;
        Ok(Some(was))
    })
}

/// Looks whether too many letters were refused or came back; a bounce is recorded by who reads it.
pub fn watch(ctx: &Context, db: &Db) -> Result<bool, Error> {
    let now = ctx.clock.now();
    transaction(&mut *db.conn()?, |conn| pause_on_spike(conn, now))
}

/// Pauses the outbox where too many letters were refused or came back, within the transaction that records one more.
pub(crate) fn pause_on_spike(conn: &mut Conn, now: DateTime<Utc>) -> Result<bool, Error> {
    let (_, lost) = outbox::fates(conn, now - SPIKE_WITHIN)?;
    if lost < SPIKE_AT_LEAST || switches::is_on(conn, OUTBOX_PAUSED)? {
        return Ok(false);
    }
    // What was before a person looked and let letters leave again counts no more.
    let resumed = audit::last(conn, "outbox_resumed")?.map(|at| at.and_utc());
    let since = resumed.unwrap_or_default().max(now - SPIKE_WITHIN);
    let (ended, lost) = outbox::fates(conn, since)?;
    if lost < SPIKE_AT_LEAST || lost * 100 < ended * SPIKE_PER_CENT {
        return Ok(false);
    }
    let reason = format!(
        "Of {} within an hour, {} or came back. See why before any more leave.",
        counted(ended, "letter that ended", "letters that ended"),
        counted(lost, "was refused", "were refused")
    );
    let body = serde_json::json!({ "ended": ended, "lost": lost });
    let paused = paused(conn, (None, &reason), body, now)?;
    if paused {
        tracing::error!(ended, lost, "too many letters were refused or came back: the outbox is paused");
    }
    Ok(paused)
}
