//! What a database that comes from a backup must be told before it works again: its letters may have left since.

use crate::store::schema::{outbox, switches};
use crate::store::types::OutboxState;
use crate::store::{Conn, Error, at, each};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::Connection;
use diesel::prelude::*;

/// The switch that keeps letters here while it is there.
pub const OUTBOX_PAUSED: &str = "outbox_paused";

/// Stops the queue until a person says otherwise; one that stands keeps its reason.
pub fn pause(conn: &mut Conn, reason: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let row = (
        switches::name.eq(OUTBOX_PAUSED),
        switches::reason.eq(reason),
        switches::person_id.eq(None::<i64>),
        switches::since.eq(at(now)),
    );
    each!(conn, |c| diesel::insert_into(switches::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(())
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
