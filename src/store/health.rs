//! What tells whether letters go out: how many nobody knows of, and since when the oldest should have left.

use crate::store::schema::outbox;
use crate::store::types::OutboxState;
use crate::store::{Conn, Error, at};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// Letters that need a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Letters {
    /// Letters that may or may not have arrived.
    pub unknown: i64,
    /// When the oldest letter that has not left could have left.
    pub oldest: Option<NaiveDateTime>,
}

/// The letters as they stand now.
pub fn letters(conn: &mut Conn, now: DateTime<Utc>) -> Result<Letters, Error> {
    let waiting = [OutboxState::Queued, OutboxState::Deferred, OutboxState::Claimed, OutboxState::InDoubt];
    Ok(Letters {
        unknown: outbox::table.filter(outbox::state.eq(OutboxState::Unknown)).count().get_result(conn)?,
        oldest: outbox::table
            .filter(outbox::state.eq_any(waiting))
            .filter(outbox::leave_after.le(at(now)))
            .select(diesel::dsl::min(outbox::leave_after))
            .first(conn)?,
    })
}
