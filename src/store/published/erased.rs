//! What was public and is erased: what it was, of which reply, since when and why; nothing of what it said.

use crate::domain::publication::erasing::Reason;
use crate::store::published::hidden;
use crate::store::schema::{authorities, erased_parts, messages, requests};
use crate::store::{Conn, Error};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use serde::Serialize;

/// A text or a file that everyone could read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Erased {
    /// Number of its message.
    pub message_id: i64,
    /// Its place in the message; none = the text of the reply.
    pub position: Option<i64>,
    /// Public reference of the request.
    pub reference: String,
    /// Who was asked.
    pub authority: String,
    /// Language of that name.
    pub authority_language: String,
    /// When the reply came in.
    pub received_at: NaiveDateTime,
    /// What kind of reply it was.
    pub kind: Option<String>,
    /// Why it was erased, in one word.
    pub reason: Reason,
    /// When it was erased.
    pub erased_at: NaiveDateTime,
}

type Row = ((i64, i64), (String, String, String), (NaiveDateTime, Option<String>, String, NaiveDateTime));

macro_rules! erased {
    () => {
        erased_parts::table
            .inner_join(messages::table.inner_join(requests::table.inner_join(authorities::table)))
            .filter(requests::status.ne_all(hidden()))
            .order((messages::received_at.asc(), erased_parts::position.asc()))
            .select((
                (erased_parts::message_id, erased_parts::position),
                (requests::reference, authorities::name, authorities::language),
                (messages::received_at, messages::kind, erased_parts::class, erased_parts::erased_at),
            ))
    };
}

/// A file that everyone could have; none = there never was one, or it was not public.
pub fn file(conn: &mut Conn, message: i64, position: i64) -> Result<Option<Erased>, Error> {
    let found: Option<Row> = erased!()
        .filter(erased_parts::message_id.eq(message))
        .filter(erased_parts::position.eq(position))
        .filter(erased_parts::position.ge(0))
        .first(conn)
        .optional()?;
    Ok(found.map(erased))
}

/// All that is erased of a request.
pub fn of_request(conn: &mut Conn, request: i64) -> Result<Vec<Erased>, Error> {
    let found: Vec<Row> = erased!().filter(messages::request_id.eq(request)).load(conn)?;
    Ok(found.into_iter().map(erased).collect())
}

fn erased(row: Row) -> Erased {
    let ((message_id, position), (reference, authority, authority_language), told) = row;
    let (received_at, kind, class, erased_at) = told;
    Erased {
        message_id,
        position: (position >= 0).then_some(position),
        reference,
        authority,
        authority_language,
        received_at,
        kind,
        reason: class.parse().unwrap_or_default(),
        erased_at,
    }
}
