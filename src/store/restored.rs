//! What a database that comes from a backup must be told before it works again: its letters may have left since.

use crate::store::schema::{outbox, outbox_attempts, sessions, switches};
use crate::store::types::OutboxState;
use crate::store::{Conn, Error, at};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::Connection;
use diesel::prelude::*;

/// The switch that keeps letters here while it is there.
pub const OUTBOX_PAUSED: &str = "outbox_paused";

/// Why nobody knows of a letter that waited when the copy was made.
const MAY_HAVE_LEFT: &str = "it waited when the backup was made and may have left since";

/// Stops the queue until a person says otherwise, and says why, and why it was stopped when the copy was made.
pub fn pause(conn: &mut Conn, reason: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let stood: Option<String> = switches::table
        .filter(switches::name.eq(OUTBOX_PAUSED))
        .select(switches::reason)
        .first(conn)
        .optional()?;
    let reason = match &stood {
        Some(before) => format!("{reason}; it was paused then: {before}"),
        None => reason.to_owned(),
    };
    diesel::delete(switches::table.filter(switches::name.eq(OUTBOX_PAUSED))).execute(conn)?;
    diesel::insert_into(switches::table)
        .values((
            switches::name.eq(OUTBOX_PAUSED),
            switches::reason.eq(reason),
            switches::person_id.eq(None::<i64>),
            switches::since.eq(at(now)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Letters that waited when the copy was made and could have left since: nobody here knows. They are `unknown`, and a
/// person decides of each; how many there are. Those that could still be taken back wait on.
pub fn doubt_what_may_have_left(
    conn: &mut Conn,
    taken_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let waited = [OutboxState::Queued, OutboxState::Deferred];
    let doubted: Vec<i64> = outbox::table
        .filter(outbox::state.eq_any(waited))
        .filter(outbox::leave_after.le(at(now)))
        .select(outbox::id)
        .load(conn)?;
    for id in &doubted {
        diesel::update(outbox::table.find(id))
            .set((
                outbox::state.eq(OutboxState::Unknown),
                // The earliest that it can have left after the copy.
                outbox::in_doubt_at.eq(at(taken_at)),
                outbox::claimed_by.eq(None::<String>),
                // A person decides, not the repeat that an operator may have set.
                outbox::repeats.eq(1),
                outbox::last_error.eq(MAY_HAVE_LEFT),
            ))
            .execute(conn)?;
        // The attempt that may have been made since, so that a later one that is refused does not hide it.
        diesel::insert_into(outbox_attempts::table)
            .values((
                outbox_attempts::outbox_id.eq(id),
                outbox_attempts::started_at.eq(at(now)),
                outbox_attempts::ended_at.eq(at(now)),
                outbox_attempts::result.eq(OutboxState::Unknown.as_str()),
                outbox_attempts::detail.eq(MAY_HAVE_LEFT),
            ))
            .execute(conn)?;
    }
    Ok(doubted.len())
}

/// Whoever signed in before signs in anew: a session of the copy may have been ended since.
pub fn end_sessions(conn: &mut Conn) -> Result<usize, Error> {
    Ok(diesel::delete(sessions::table).execute(conn)?)
}

/// Letters that a worker held when the backup was taken were on their way: nobody here knows their end. As leases that
/// ran out they are called `unknown` within seconds of the start, and a person decides.
pub fn doubt_what_was_held(conn: &mut Conn, now: DateTime<Utc>) -> Result<usize, Error> {
    let held = [OutboxState::Claimed, OutboxState::InDoubt];
    let undated = outbox::table.filter(outbox::state.eq_any(held)).filter(outbox::in_doubt_at.is_null());
    // The time of the attempt, as near as it is known: from it a clock starts if the letter proves to have arrived.
    diesel::update(undated).set(outbox::in_doubt_at.eq(outbox::first_tried_at)).execute(conn)?;
    Ok(diesel::update(outbox::table.filter(outbox::state.eq_any(held)))
        .set((
            outbox::state.eq(OutboxState::InDoubt),
            outbox::claimed_by.eq("restored"),
            outbox::repeats.eq(1),
            outbox::lease_until.eq(at(now - TimeDelta::seconds(1))),
        ))
        .execute(conn)?)
}

/// How a transaction failed: in its work, or in the database around it.
enum Failed<E> {
    Work(E),
    Database(diesel::result::Error),
}

impl<E> From<diesel::result::Error> for Failed<E> {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error)
    }
}

/// All or nothing, with migrations in it: theirs are steps within this one.
pub fn whole<T, E: From<Error>>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    conn.transaction(|conn| work(conn).map_err(Failed::Work)).map_err(|failed| match failed {
        Failed::Work(error) => error,
        Failed::Database(error) => E::from(Error::Database(error)),
    })
}
