//! An erased message as volunteers see it: that it came, what was decided, and since when and why it is gone.

use crate::store::schema::{authorities, messages, people, requests, tombstones};
use crate::store::{Conn, Error, erasure};
use chrono::NaiveDateTime;
use diesel::prelude::*;

/// A message of which nothing is left but that it came.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Erased {
    /// When it came in.
    pub received_at: NaiveDateTime,
    /// What kind of reply it was, where that was said.
    pub kind: Option<String>,
    /// When a person said so.
    pub settled_at: Option<NaiveDateTime>,
    /// The request it is filed under, as (reference, authority, language of that name).
    pub request: Option<(String, String, String)>,
}

/// Its erasure: when, why, and who did it, if not the console.
pub type Erasure = (NaiveDateTime, String, Option<String>);

/// An erased message; none = there is no such message, or it is not erased as a whole.
pub fn of(conn: &mut Conn, id: i64) -> Result<Option<Erased>, Error> {
    Ok(messages::table
        .left_join(requests::table.inner_join(authorities::table))
        .filter(messages::id.eq(id))
        .filter(messages::scope.eq(erasure::ERASED))
        .select((
            messages::received_at,
            messages::kind,
            messages::settled_at,
            (requests::reference, authorities::name, authorities::language).nullable(),
        ))
        .first(conn)
        .optional()?)
}

/// How a message was erased, by the newest tombstone that names it.
pub fn erasure(conn: &mut Conn, id: i64) -> Result<Option<Erasure>, Error> {
    // Rows stand in it as `[12,"2026-09-07T…"]`; the same mail in another request goes with it.
    let named = format!("%[{id},\"%");
    let newest: Option<(NaiveDateTime, String, Option<i64>)> = tombstones::table
        .filter(tombstones::kind.ne("person"))
        .filter(tombstones::subject.eq(format!("message:{id}")).or(tombstones::body.like(named)))
        .order(tombstones::erased_at.desc())
        .select((tombstones::erased_at, tombstones::reason, tombstones::person_id))
        .first(conn)
        .optional()?;
    let Some((at, reason, person)) = newest else { return Ok(None) };
    let name = match person {
        Some(person) => people::table.find(person).select(people::name).first(conn).optional()?,
        None => None,
    };
    Ok(Some((at, reason, name)))
}
