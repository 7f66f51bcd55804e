//! What waits to be read, and how many automatic mails say the same: each storm counts as one.

use crate::store::messages::folds::listed;
use crate::store::schema::{folds, messages};
use crate::store::types::{Direction, MessageState};
use crate::store::{Conn, Error};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use std::collections::BTreeMap;

/// Of a reply that waits for the reader or for a person only its arrival is told, and of one that a stranger sent or
/// that may belong elsewhere not even that; what a rule recorded is in the
/// events.
pub(super) fn being_read(conn: &mut Conn, id: i64) -> Result<Vec<NaiveDateTime>, Error> {
    let waiting = vec![MessageState::Received, MessageState::Held, MessageState::Unreadable];
    Ok(messages::table
        .filter(messages::request_id.eq(id))
        .filter(messages::direction.eq(Direction::In))
        .filter(messages::published_at.is_null())
        .filter(messages::told.eq(true))
        .filter(listed())
        .filter(messages::state.eq_any(waiting))
        .order(messages::received_at.asc())
        .select(messages::received_at)
        .load(conn)?)
}

/// How many more mails of a request say the same as one of them, by the number of that one.
pub(super) fn alike(conn: &mut Conn, id: i64) -> Result<BTreeMap<i64, i64>, Error> {
    let rows: Vec<(i64, i64)> = folds::table
        .inner_join(messages::table)
        .filter(messages::request_id.eq(id))
        .filter(folds::fold_key.is_null())
        .group_by(folds::head_id)
        .select((folds::head_id, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}
