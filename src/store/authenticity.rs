//! Who wrote a message, as checked by us: one row a message.

use crate::domain::incoming::authenticity::Verdict;
use crate::store::messages::Handed;
use crate::store::schema::{arrivals, authenticity, messages};
use crate::store::types::{Direction, MessageState};
use crate::store::{Conn, Error, at, each};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use std::collections::BTreeMap;

/// What was found of a message.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = authenticity, treat_none_as_null = true)]
pub struct Found {
    /// Whether the domain in the From line wrote it.
    pub verdict: Verdict,
    /// The domain that is proved, or that was claimed in vain.
    pub domain: Option<String>,
    /// One sentence for people.
    pub reason: String,
    /// What each check said, JSON.
    pub checks: String,
    /// When it was looked at.
    pub checked_at: NaiveDateTime,
    /// When it is looked at again; none = it stays as it is.
    pub again_at: Option<NaiveDateTime>,
}

/// A message of which it is to be found out who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Due {
    /// Its number.
    pub message_id: i64,
    /// Raw bytes.
    pub blob_sha256: String,
    /// Bytes of the raw mail.
    pub size: i64,
    /// When it was safe.
    pub received_at: NaiveDateTime,
}

/// Up to `limit` messages that came since `since` and were not looked at, oldest first, those that wait to be read
/// before all others; then those that are to be looked at again.
pub fn due(
    conn: &mut Conn,
    (since, now): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<Due>, Error> {
    let columns = (messages::id, messages::blob_sha256, messages::size, messages::received_at);
    let fresh = |states: Vec<MessageState>| {
        messages::table
            .left_join(authenticity::table)
            .filter(messages::direction.eq(Direction::In))
            .filter(messages::state.eq_any(states))
            .filter(messages::received_at.ge(at(since)))
            .filter(authenticity::id.is_null())
            .order(messages::id.asc())
            .limit(limit)
            .select(columns)
    };
    let waiting: Vec<Due> = fresh(vec![MessageState::Received]).load(conn)?;
    if !waiting.is_empty() {
        return Ok(waiting);
    }
    let others = MessageState::ALL.iter().copied().filter(|state| *state != MessageState::Received);
    let placed: Vec<Due> = fresh(others.collect()).load(conn)?;
    if !placed.is_empty() {
        return Ok(placed);
    }
    Ok(messages::table
        .inner_join(authenticity::table)
        .filter(authenticity::again_at.le(at(now)))
        .order(authenticity::again_at.asc())
        .limit(limit)
        .select(columns)
        .load(conn)?)
}

/// How a message came the first time: by whom it was handed over, and by which door.
pub fn handed(conn: &mut Conn, message: i64) -> Result<Option<(Handed, String)>, Error> {
    type Columns = (Option<String>, Option<String>, Option<String>, String);
    let first: Option<Columns> = arrivals::table
        .filter(arrivals::message_id.eq(message))
        .order(arrivals::id.asc())
        .select((arrivals::sender, arrivals::peer, arrivals::greeted_as, arrivals::via))
        .first(conn)
        .optional()?;
    Ok(first.map(|(sender, peer, greeted_as, via)| (Handed { sender, peer, greeted_as }, via)))
}

/// Keeps what was found of a message, in place of what was found before. A message that is gone meanwhile, because it
/// was the same as another, needs none.
pub fn keep(conn: &mut Conn, message: i64, found: &Found) -> Result<(), Error> {
    if messages::table.find(message).select(messages::id).first::<i64>(conn).optional()?.is_none() {
        return Ok(());
    }
    let row = (authenticity::message_id.eq(message), found);
    each!(conn, |c| diesel::insert_into(authenticity::table)
        .values(row)
        .on_conflict(authenticity::message_id)
        .do_update()
        .set(found)
        .execute(c))?;
    Ok(())
}

/// What was found of a message.
pub fn of_message(conn: &mut Conn, message: i64) -> Result<Option<Found>, Error> {
    Ok(authenticity::table
        .filter(authenticity::message_id.eq(message))
        .select((
            authenticity::verdict,
            authenticity::domain,
            authenticity::reason,
            authenticity::checks,
            authenticity::checked_at,
            authenticity::again_at,
        ))
        .first(conn)
        .optional()?)
}

/// One mail to several requests is one message in each: what was found of one is true of its copy.
pub fn copy(conn: &mut Conn, (from, to): (i64, i64)) -> Result<(), Error> {
    match of_message(conn, from)? {
        Some(found) => keep(conn, to, &found),
        None => Ok(()),
    }
}

/// The verdicts on some messages.
pub fn verdicts(conn: &mut Conn, ids: &[i64]) -> Result<BTreeMap<i64, Verdict>, Error> {
    let rows: Vec<(i64, Verdict)> = authenticity::table
        .filter(authenticity::message_id.eq_any(ids.to_vec()))
        .select((authenticity::message_id, authenticity::verdict))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}
