//! What is kept for a time only: how much of it is over its time, and its removal.

use crate::store::schema::{arrivals, audit, messages, sessions, sign_in_attempts};
use crate::store::types::MessageState;
use crate::store::{Conn, Error, at, erasure};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// The next message after one that was set aside before an instant and is still here. The audit log says when a person
/// set one aside; one of which it says nothing counts from its arrival.
pub fn set_aside_before(
    conn: &mut Conn,
    (before, after): (DateTime<Utc>, i64),
) -> Result<Option<i64>, Error> {
    let mut after = after;
    loop {
        let aside: Option<i64> = messages::table
            .filter(messages::state.eq(MessageState::SetAside))
            // Not by its raw mail, which is gone as soon as one file of it is erased.
            .filter(messages::scope.ne(erasure::ERASED))
            .filter(messages::received_at.lt(at(before)))
            .filter(messages::id.gt(after))
            .order(messages::id.asc())
            .select(messages::id)
            .first(conn)
            .optional()?;
        let Some(id) = aside else { return Ok(None) };
        let said: Option<NaiveDateTime> = audit::table
            .filter(audit::subject.eq(format!("message:{id}")))
            .order(audit::id.desc())
            .select(audit::at)
            .first(conn)
            .optional()?;
        if said.is_none_or(|said| said < at(before)) {
            return Ok(Some(id));
        }
        after = id;
    }
}

/// Whether every one of these messages was set aside.
pub fn are_aside(conn: &mut Conn, ids: &[i64]) -> Result<bool, Error> {
    let others: i64 = messages::table
        .filter(messages::id.eq_any(ids.to_vec()))
        .filter(messages::state.ne(MessageState::SetAside))
        .count()
        .get_result(conn)?;
    Ok(others == 0)
}

/// Forgets from which network address mails came before an instant; how many.
pub fn forget_peers(conn: &mut Conn, before: DateTime<Utc>) -> Result<usize, Error> {
    let old = arrivals::table
        .filter(arrivals::arrived_at.lt(at(before)))
        .filter(arrivals::peer.is_not_null().or(arrivals::greeted_as.is_not_null()));
    Ok(diesel::update(old)
        .set((arrivals::peer.eq(None::<String>), arrivals::greeted_as.eq(None::<String>)))
        .execute(conn)?)
}

/// Forgets tries to sign in from before an instant; how many.
pub fn forget_tries(conn: &mut Conn, before: DateTime<Utc>) -> Result<usize, Error> {
    Ok(diesel::delete(sign_in_attempts::table.filter(sign_in_attempts::at.lt(at(before)))).execute(conn)?)
}

/// Forgets sessions that were over at an instant; how many.
pub fn forget_sessions(conn: &mut Conn, now: DateTime<Utc>) -> Result<usize, Error> {
    Ok(diesel::delete(sessions::table.filter(sessions::expires_at.lt(at(now)))).execute(conn)?)
}
