//! The protocol of sending: a letter is claimed, put in doubt, ended; what a hold that ends makes of it.

use crate::store::locks::Lock;
use crate::store::outbox::{Letter, doubt};
use crate::store::schema::{outbox, outbox_attempts};
use crate::store::types::OutboxState;
use crate::store::{AnyConn, Conn, Error, at, switches};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::prelude::*;
use std::collections::BTreeSet;

/// A mail server further on that cannot deliver gives up after days (RFC 5321 §4.5.4.1: four to five).
const RETURNS_WITHIN: TimeDelta = TimeDelta::days(6);

/// A worker's hold on a letter.
#[derive(Debug, Clone)]
pub struct Claim<'a> {
    /// Name of the worker, unique to this run.
    pub worker: &'a str,
    /// Now.
    pub now: DateTime<Utc>,
    /// Until when the hold is good.
    pub until: DateTime<Utc>,
    /// Letters a minute to one domain, by all workers together; 0 = as many as there are.
    pub per_minute: u32,
}

/// Takes the next letter that may leave, and records the attempt, within the caller's transaction; the caller
/// commits before it connects. While the outbox is paused there is none.
pub fn claim_due(conn: &mut Conn, claim: &Claim<'_>) -> Result<Option<(Letter, i64)>, Error> {
    in_turn(conn, claim.per_minute > 0)?;
    if switches::is_on(conn, switches::OUTBOX_PAUSED)? {
        return Ok(None);
    }
    let now = at(claim.now);
    let due = outbox::table
        .filter(outbox::state.eq_any([OutboxState::Queued, OutboxState::Deferred]))
        .filter(outbox::next_attempt_at.le(now))
        .filter(outbox::domain.ne_all(full_domains(conn, claim)?))
        .order((outbox::next_attempt_at.asc(), outbox::id.asc()))
        .limit(1);
    let next: Option<i64> = match conn {
        AnyConn::Sqlite(c) => due.select(outbox::id).first(c).optional()?,
        AnyConn::Postgres(c) => due.select(outbox::id).for_update().skip_locked().first(c).optional()?,
    };
    let Some(id) = next else { return Ok(None) };
    diesel::update(outbox::table.find(id))
        .set((
            outbox::state.eq(OutboxState::Claimed),
            outbox::attempts.eq(outbox::attempts + 1),
            outbox::claimed_by.eq(claim.worker),
            outbox::lease_until.eq(at(claim.until)),
        ))
        .execute(conn)?;
    diesel::update(outbox::table.find(id).filter(outbox::first_tried_at.is_null()))
        .set(outbox::first_tried_at.eq(now))
        .execute(conn)?;
    let attempt: i64 = diesel::insert_into(outbox_attempts::table)
        .values((outbox_attempts::outbox_id.eq(id), outbox_attempts::started_at.eq(now)))
        .returning(outbox_attempts::id)
        .get_result(conn)?;
    let letter = outbox::table.find(id).select(Letter::as_select()).first(conn)?;
    Ok(Some((letter, attempt)))
}

/// PostgreSQL only; SQLite has one writer anyway. Claims go side by side, but where letters are counted a claim must see
/// those before it, and whoever pauses waits for the claims that did not see the pause.
fn in_turn(conn: &mut Conn, alone: bool) -> Result<(), Error> {
    if alone { Lock::Claims.hold(conn) } else { Lock::Claims.share(conn) }
}

/// Whether letters may leave, as the mark before a body asks: whoever pauses waits until that mark is committed.
pub fn may_leave(conn: &mut Conn) -> Result<bool, Error> {
    in_turn(conn, false)?;
    Ok(!switches::is_on(conn, switches::OUTBOX_PAUSED)?)
}

/// Waits until no claim is under way that could miss what the caller's transaction does next.
pub(crate) fn hold_claims(conn: &mut Conn) -> Result<(), Error> {
    in_turn(conn, true)
}

/// Domains whose servers were asked as often in the last minute as the operator allows.
fn full_domains(conn: &mut Conn, claim: &Claim<'_>) -> Result<Vec<String>, Error> {
    if claim.per_minute == 0 {
        return Ok(Vec::new());
    }
    let tries: Vec<(String, i64)> = outbox_attempts::table
        .inner_join(outbox::table)
        .filter(outbox_attempts::started_at.gt(at(claim.now - TimeDelta::minutes(1))))
        // What a clock began that had been set forward would count until its day comes.
        .filter(outbox_attempts::started_at.le(at(claim.now + TimeDelta::minutes(1))))
        .group_by(outbox::domain)
        .select((outbox::domain, diesel::dsl::count_star()))
        .load(conn)?;
    let most = i64::from(claim.per_minute);
    Ok(tries.into_iter().filter(|(_, tries)| *tries >= most).map(|(domain, _)| domain).collect())
}

/// Commits the doubt: between 354 and the body. False = the hold was lost, the body must not be sent.
pub fn in_doubt(conn: &mut Conn, id: i64, claim: &Claim<'_>) -> Result<bool, Error> {
    let marked = diesel::update(
        outbox::table
            .find(id)
            .filter(outbox::state.eq(OutboxState::Claimed))
            .filter(outbox::claimed_by.eq(claim.worker)),
    )
    .set((
        outbox::state.eq(OutboxState::InDoubt),
        outbox::in_doubt_at.eq(at(claim.now)),
        outbox::lease_until.eq(at(claim.until)),
    ))
    .execute(conn)?;
    Ok(marked == 1)
}

/// How an attempt ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// accepted, deferred, refused, unknown, or queued when it goes back.
    pub state: OutboxState,
    /// The line of the server, where there was one.
    pub server_reply: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
    /// When it is tried again, if it is.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub at: DateTime<Utc>,
}

/// Records how the attempt of a worker ended; only the worker that holds the letter may say so. False =
/// the letter is no longer this worker's (its lease expired and the letter was called `unknown`).
pub fn ended(conn: &mut Conn, (id, attempt): (i64, i64), worker: &str, end: &Ended) -> Result<bool, Error> {
    let time = at(end.at);
    diesel::update(outbox_attempts::table.find(attempt))
        .set((
            outbox_attempts::ended_at.eq(time),
            outbox_attempts::result.eq(end.state.as_str()),
            outbox_attempts::detail.eq(end.server_reply.as_ref().or(end.error.as_ref())),
        ))
        .execute(conn)?;
    let end = &doubt::of_letter(conn, (id, attempt), end)?;
    let accepted = (end.state == OutboxState::Accepted).then_some(time);
    // A worker that was stopped in mid-send and wakes up late may still learn that the server took the letter.
    let held = [OutboxState::Claimed, OutboxState::InDoubt, OutboxState::Unknown];
    let updated = diesel::update(
        outbox::table.find(id).filter(outbox::claimed_by.eq(worker)).filter(outbox::state.eq_any(held)),
    )
    .set((
        outbox::state.eq(end.state),
        outbox::server_reply.eq(&end.server_reply),
        outbox::last_error.eq(&end.error),
        outbox::accepted_at.eq(accepted),
        outbox::lease_until.eq(None::<NaiveDateTime>),
    ))
    .execute(conn)?;
    if updated == 0 && end.state == OutboxState::Accepted {
        return late(conn, id, end);
    }
    if updated == 1 && end.state == OutboxState::Unknown {
        doubt::settle_by_what_is_known(conn, id)?;
    }
    if let Some(next) = end.next_attempt_at.filter(|_| updated == 1) {
        diesel::update(outbox::table.find(id)).set(outbox::next_attempt_at.eq(at(next))).execute(conn)?;
    }
    Ok(updated == 1)
}

/// A server took the letter, but its worker was thought gone and the same bytes wait to leave once more: they do not.
fn late(conn: &mut Conn, id: i64, end: &Ended) -> Result<bool, Error> {
    let waiting = outbox::table
        .find(id)
        .filter(outbox::claimed_by.is_null())
        .filter(outbox::state.eq_any([OutboxState::Queued, OutboxState::Deferred]))
        .filter(outbox::in_doubt_at.is_not_null());
    let updated = diesel::update(waiting)
        .set((
            outbox::state.eq(OutboxState::Accepted),
            outbox::server_reply.eq(&end.server_reply),
            outbox::last_error.eq(None::<String>),
            outbox::accepted_at.eq(at(end.at)),
        ))
        .execute(conn)?;
    Ok(updated == 1)
}

/// How often a letter was tried in earnest since it was first tried; an attempt whose detail begins with what says that
/// it was ours that failed is none.
pub fn tries(conn: &mut Conn, letter: &Letter, ours: &str) -> Result<i64, Error> {
    let details: Vec<Option<String>> = outbox_attempts::table
        .filter(outbox_attempts::outbox_id.eq(letter.id))
        .filter(outbox_attempts::started_at.ge(letter.first_tried_at.unwrap_or(letter.created_at)))
        .filter(outbox_attempts::ended_at.is_not_null())
        .select(outbox_attempts::detail)
        .load(conn)?;
    let in_earnest =
        details.iter().filter(|detail| !detail.as_deref().is_some_and(|it| it.starts_with(ours))).count();
    Ok(i64::try_from(in_earnest).unwrap_or(i64::MAX))
}

/// Makes a hold last longer while its worker is at work.
pub fn renew(conn: &mut Conn, id: i64, claim: &Claim<'_>) -> Result<bool, Error> {
    let held = outbox::table
        .find(id)
        .filter(outbox::claimed_by.eq(claim.worker))
        .filter(outbox::state.eq_any([OutboxState::Claimed, OutboxState::InDoubt]));
    Ok(diesel::update(held).set(outbox::lease_until.eq(at(claim.until))).execute(conn)? == 1)
}

/// The workers that hold letters now.
pub fn holders(conn: &mut Conn) -> Result<Vec<String>, Error> {
    let held: Vec<Option<String>> = outbox::table
        .filter(outbox::state.eq_any([OutboxState::Claimed, OutboxState::InDoubt]))
        .select(outbox::claimed_by)
        .distinct()
        .load(conn)?;
    Ok(held.into_iter().flatten().collect())
}

/// Letters that are held in a state, and by whom.
pub fn held_in(conn: &mut Conn, state: OutboxState) -> Result<Vec<(i64, String)>, Error> {
    let held: Vec<(i64, Option<String>)> =
        outbox::table.filter(outbox::state.eq(state)).select((outbox::id, outbox::claimed_by)).load(conn)?;
    Ok(held.into_iter().filter_map(|(id, holder)| Some((id, holder?))).collect())
}

/// Ends the holds of a worker that is known to be gone, as time would have done.
pub fn end_holds(conn: &mut Conn, worker: &str, now: DateTime<Utc>) -> Result<usize, Error> {
    let held = outbox::table
        .filter(outbox::claimed_by.eq(worker))
        .filter(outbox::state.eq_any([OutboxState::Claimed, OutboxState::InDoubt]));
    let over = at(now - TimeDelta::seconds(1));
    Ok(diesel::update(held).set(outbox::lease_until.eq(over)).execute(conn)?)
}

/// Letters held before the marker go back to the queue: those whose lease has ended, or all of a worker that ends.
pub fn hand_back(conn: &mut Conn, worker: Option<&str>, now: DateTime<Utc>) -> Result<usize, Error> {
    let (time, held) = (at(now), outbox::table.filter(outbox::state.eq(OutboxState::Claimed)));
    let back = (
        outbox::state.eq(OutboxState::Deferred),
        outbox::claimed_by.eq(None::<String>),
        outbox::lease_until.eq(None::<NaiveDateTime>),
        outbox::last_error.eq("the service stopped before the letter was handed over"),
        outbox::next_attempt_at.eq(time),
    );
    Ok(match worker {
        Some(worker) => diesel::update(held.filter(outbox::claimed_by.eq(worker))).set(back).execute(conn)?,
        None => diesel::update(held.filter(outbox::lease_until.lt(time))).set(back).execute(conn)?,
    })
}

/// How much further ahead than any letter is put off its turn may lie before a clock must have been set back since.
const SLACK: TimeDelta = TimeDelta::hours(1);

/// Brings letters nearer whose turn was set by a clock that was ahead: one that is put off may be tried at once, a new one
/// can be taken back for as long as any. `longest` is how far letters are put off at most; how many there were.
pub fn bring_nearer(
    conn: &mut Conn,
    now: DateTime<Utc>,
    (longest, undo): (TimeDelta, TimeDelta),
) -> Result<usize, Error> {
    let far = |state, most| {
        outbox::table
            .filter(outbox::state.eq(state))
            .filter(outbox::next_attempt_at.gt(at(now + most + SLACK)))
    };
    let put_off = diesel::update(far(OutboxState::Deferred, longest))
        .set(outbox::next_attempt_at.eq(at(now)))
        .execute(conn)?;
    let leaves = at(now + undo);
    diesel::update(far(OutboxState::Queued, undo).filter(outbox::leave_after.gt(leaves)))
        .set(outbox::leave_after.eq(leaves))
        .execute(conn)?;
    let new = diesel::update(far(OutboxState::Queued, undo))
        .set(outbox::next_attempt_at.eq(leaves))
        .execute(conn)?;
    Ok(put_off + new)
}

/// Letters in doubt whose lease has ended.
pub fn lapsed(conn: &mut Conn, now: DateTime<Utc>) -> Result<Vec<i64>, Error> {
    Ok(outbox::table
        .filter(outbox::state.eq(OutboxState::InDoubt))
        .filter(outbox::lease_until.lt(at(now)))
        .order(outbox::id.asc())
        .select(outbox::id)
        .load(conn)?)
}

/// Calls a lapsed letter `unknown`, unless a report or a reply tells already what became of it; true = it was this call
/// that did.
pub fn lapse(conn: &mut Conn, id: i64, now: DateTime<Utc>) -> Result<bool, Error> {
    let lapsed = diesel::update(
        outbox::table
            .find(id)
            .filter(outbox::state.eq(OutboxState::InDoubt))
            .filter(outbox::lease_until.lt(at(now))),
    )
    .set((
        outbox::state.eq(OutboxState::Unknown),
        outbox::lease_until.eq(None::<NaiveDateTime>),
        outbox::last_error.eq("the service stopped while it handed the letter over"),
    ))
    .execute(conn)?;
    if lapsed == 1 {
        // From then on nobody knows; a worker that wakes up late writes its own end over it.
        let open = outbox_attempts::table
            .filter(outbox_attempts::outbox_id.eq(id))
            .filter(outbox_attempts::ended_at.is_null());
        diesel::update(open)
            .set((
                outbox_attempts::ended_at.eq(at(now)),
                outbox_attempts::result.eq(OutboxState::Unknown.as_str()),
            ))
            .execute(conn)?;
        doubt::settle_by_what_is_known(conn, id)?;
    }
    Ok(lapsed == 1)
}

/// Of the letters that ended since an instant, how many there are, and how many were refused for good or came back.
pub fn fates(conn: &mut Conn, since: DateTime<Utc>) -> Result<(i64, i64), Error> {
    let refused = OutboxState::Refused.as_str();
    let known = [OutboxState::Accepted.as_str(), refused];
    let tried: Vec<(i64, Option<String>)> = outbox_attempts::table
        .filter(outbox_attempts::ended_at.gt(at(since)))
        .filter(outbox_attempts::result.eq_any(known))
        .select((outbox_attempts::outbox_id, outbox_attempts::result))
        .load(conn)?;
    let returned: Vec<i64> = outbox::table
        .filter(outbox::delivery.eq("failed"))
        .filter(outbox::delivery_at.gt(at(since)))
        // Reports on letters of long ago say nothing of how mail fares now.
        .filter(outbox::in_doubt_at.gt(at(since - RETURNS_WITHIN)))
        .select(outbox::id)
        .load(conn)?;
    let mut lost: BTreeSet<i64> = returned.into_iter().collect();
    let mut ended: BTreeSet<i64> = lost.clone();
    for (id, result) in tried {
        ended.insert(id);
        if result.as_deref() == Some(refused) {
            lost.insert(id);
        }
    }
    let count = |ids: BTreeSet<i64>| i64::try_from(ids.len()).unwrap_or(i64::MAX);
    Ok((count(ended), count(lost)))
}
