//! What became of a letter, told to its request: found by where the two stand, so that whatever stopped an earlier
//! telling, a later one makes up for it.

use crate::domain::request::event::Event;
use crate::domain::request::state::{State, Status};
use crate::service::delivery::holders::is_gone;
use crate::service::delivery::{Error, LONGEST_WAIT};
use crate::service::{Context, LawError};
use crate::store::outbox::Letter;
use crate::store::requests::{self, Stamp};
use crate::store::types::OutboxState;
use crate::store::{Conn, Db, outbox, transaction};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// Letters whose worker is gone: before the marker they go back to the queue, in doubt they become `unknown`. A lease
/// that ends sends nothing again. Letters that a clock put off which was ahead come nearer.
pub fn expire_leases(ctx: &Context, db: &Db) -> Result<(), Error> {
    let (now, mut conn) = (ctx.clock.now(), db.conn()?);
    for worker in outbox::holders(&mut conn)?.iter().filter(|worker| is_gone(worker)) {
        transaction(&mut conn, |conn| outbox::end_holds(conn, worker, now))?;
    }
    transaction(&mut conn, |conn| outbox::hand_back(conn, None, now))?;
    let bounds = (LONGEST_WAIT, TimeDelta::from_std(ctx.config.undo).unwrap_or_default());
    let nearer = transaction(&mut conn, |conn| outbox::bring_nearer(conn, now, bounds))?;
    if nearer > 0 {
        tracing::warn!(
            letters = nearer,
            "the clock was ahead for a while: letters it had put off are due earlier"
        );
    }
    for id in outbox::lapsed(&mut conn, now)? {
        // Of several nodes that see it, one changes the row, and only that one goes on.
        if transaction(&mut conn, |conn| outbox::lapse(conn, id, now))? {
            tracing::warn!(
                letter = id,
                "the worker stopped in mid-send: nobody knows whether the letter arrived"
            );
            tell_logged(ctx, &mut conn, id);
        }
    }
    Ok(())
}

/// Tells every request what became of its letter, where that was not done; how many were told.
pub fn tell_requests(ctx: &Context, db: &Db) -> Result<usize, Error> {
    let mut conn = db.conn()?;
    let untold = outbox::untold(&mut conn)?;
    Ok(untold.into_iter().filter(|id| tell_logged(ctx, &mut conn, *id)).count())
}

/// One request that cannot be told must not keep the others from it.
fn tell_logged(ctx: &Context, conn: &mut Conn, id: i64) -> bool {
    tell_on(ctx, conn, id).unwrap_or_else(|error| {
        tracing::error!(letter = id, %error, "the request could not be told of its letter; it will be");
        false
    })
}

/// Tells one letter's request; false = there is nothing to tell.
pub(crate) fn tell(ctx: &Context, db: &Db, id: i64) -> Result<bool, Error> {
    tell_on(ctx, &mut *db.conn()?, id)
}

/// A letter, held with its request until the caller's transaction ends: the request first and the letter after it, as
/// whoever files a reply does; in another order two of them could wait for each other for ever.
pub(super) fn hold(conn: &mut Conn, id: i64) -> Result<Option<Letter>, Error> {
    let Some(letter) = outbox::find(conn, id)? else { return Ok(None) };
    requests::lock(conn, letter.request_id)?;
    Ok(outbox::hold(conn, id)?)
}

/// As `tell`, on a connection that is there.
fn tell_on(ctx: &Context, conn: &mut Conn, id: i64) -> Result<bool, Error> {
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        let Some(letter) = hold(conn, id)?.filter(|letter| letter.letter == "request") else {
            return Ok(false);
        };
        let Some(state) = requests::state(conn, letter.request_id)? else { return Ok(false) };
        let Some(event) = event_of(ctx, conn, &letter, &state)? else { return Ok(false) };
        // A reply may have come before the server's answer was recorded: then the request is past this event.
        if state.apply(&event).is_err() {
            return Ok(false);
        }
        requests::append(conn, letter.request_id, &event, Stamp { at: now, person: None })?;
        Ok(true)
    })
}

/// What the request does not know yet; the conditions are those of `outbox::untold`.
fn event_of(ctx: &Context, conn: &mut Conn, letter: &Letter, state: &State) -> Result<Option<Event>, Error> {
    let id = letter.mail_message_id.clone();
    Ok(match letter.state {
        OutboxState::Accepted if state.received_on.is_none() => {
            let at = letter.accepted_at.unwrap_or(letter.created_at).and_utc();
            let said = letter.server_reply.as_deref().unwrap_or_default();
            Some(sent(ctx, conn, letter, (at, said))?)
        }
        OutboxState::Refused => {
            let said = letter.server_reply.clone().or_else(|| letter.last_error.clone());
            Some(Event::SendingFailed { letter: id, reply: said.unwrap_or_default() })
        }
        OutboxState::Unknown
            if state.status == Status::Filed
                || (state.status == Status::Unknown && outbox::is_untold_of_a_doubt(conn, letter.id)?) =>
        {
            let reason = letter.last_error.clone().unwrap_or_default();
            Some(Event::SendingUnknown { letter: id, reason })
        }
        _ => None,
    })
}

/// The event of a letter that a server took at an instant, with its line.
pub(crate) fn sent(
    ctx: &Context,
    conn: &mut Conn,
    letter: &Letter,
    (at, said): (DateTime<Utc>, &str),
) -> Result<Event, Error> {
    let (received_on, due_on) = days(ctx, conn, letter, at)?;
    let server_reply = said.to_owned();
    Ok(Event::Sent { letter: letter.mail_message_id.clone(), received_on, due_on, server_reply })
}

/// The day it came in and the due day. Where the law cannot be applied the letter is gone all the same, so that is
/// said without a due day, and loudly in the log.
fn days(
    ctx: &Context,
    conn: &mut Conn,
    letter: &Letter,
    at: DateTime<Utc>,
) -> Result<(NaiveDate, Option<NaiveDate>), Error> {
    use crate::store::Error::{Connection, Database};
    let lost = |error: LawError, day| {
        tracing::error!(letter = letter.id, request = letter.request_id, %error, "no due day can be computed");
        Ok((day, None))
    };
    match ctx.law_of(conn, letter.request_id) {
        // The database is away: later.
        Err(LawError::Store(error @ (Connection(_) | Database(_)))) => Err(error.into()),
        Err(error) => lost(error, at.date_naive()),
        Ok(law) => {
            let day = law.day_of(at);
            law.due(day, None).map_or_else(|error| lost(error, day), |due| Ok((day, due.due_on)))
        }
    }
}
