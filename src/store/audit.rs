//! Who did what: append-only, hash-chained; no bodies, addresses or tokens in it.

use crate::store::locks::Lock;
use crate::store::schema::audit;
use crate::store::{Conn, Error, at};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use sha2::{Digest, Sha256};

/// One thing that a person or the service did.
#[derive(Debug, Clone)]
pub struct Act<'a> {
    /// When.
    pub at: DateTime<Utc>,
    /// Who; none = the service itself.
    pub person: Option<i64>,
    /// What, as `settle` or `send_again`.
    pub action: &'a str,
    /// To what, as `request:2026-0417`.
    pub subject: String,
    /// The rest, JSON without personal data.
    pub body: serde_json::Value,
}

#[derive(Queryable)]
struct Link {
    id: i64,
    at: NaiveDateTime,
    person_id: Option<i64>,
    action: String,
    subject: String,
    body: String,
    previous_hash: String,
    hash: String,
}

/// Appends within the caller's transaction. One chain for the whole log, so appends wait for each other.
pub fn append(conn: &mut Conn, act: &Act<'_>) -> Result<(), Error> {
    Lock::AuditLog.hold(conn)?;
    let previous: String =
        audit::table.order(audit::id.desc()).select(audit::hash).first(conn).optional()?.unwrap_or_default();
    let (time, body) = (at(act.at), act.body.to_string());
    let hash = link_hash(&previous, (time, act.person), (act.action, &act.subject), &body);
    diesel::insert_into(audit::table)
        .values((
            audit::at.eq(time),
            audit::person_id.eq(act.person),
            audit::action.eq(act.action),
            audit::subject.eq(&act.subject),
            audit::body.eq(&body),
            audit::previous_hash.eq(&previous),
            audit::hash.eq(&hash),
        ))
        .execute(conn)?;
    Ok(())
}

/// When something was done last.
pub fn last(conn: &mut Conn, action: &str) -> Result<Option<NaiveDateTime>, Error> {
    let at = audit::table.filter(audit::action.eq(action)).select(diesel::dsl::max(audit::at));
    Ok(at.first(conn)?)
}

/// Recomputes the chain; the id of the first entry that does not fit, if any, and how many there are.
pub fn verify(conn: &mut Conn) -> Result<(i64, Option<i64>), Error> {
    let (mut previous, mut count, mut after) = (String::new(), 0, 0_i64);
    loop {
        let links: Vec<Link> = audit::table
            .filter(audit::id.gt(after))
            .order(audit::id.asc())
            .limit(1000)
            .select((
                audit::id,
                audit::at,
                audit::person_id,
                audit::action,
                audit::subject,
                audit::body,
                audit::previous_hash,
                audit::hash,
            ))
            .load(conn)?;
        let Some(last) = links.last() else { return Ok((count, None)) };
        after = last.id;
        for link in links {
            let right =
                link_hash(&previous, (link.at, link.person_id), (&link.action, &link.subject), &link.body);
            if link.previous_hash != previous || link.hash != right {
                return Ok((count, Some(link.id)));
            }
            previous = link.hash;
            count += 1;
        }
    }
}

fn link_hash(
    previous: &str,
    (time, person): (NaiveDateTime, Option<i64>),
    (action, subject): (&str, &str),
    body: &str,
) -> String {
    chained(&[previous, &stamp(time), &actor(person), action, subject, body])
}

/// A time as both chains write it.
pub(crate) fn stamp(time: NaiveDateTime) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// Who acted, as both chains write it: the person's number, or the service.
pub(crate) fn actor(person: Option<i64>) -> String {
    person.map_or_else(|| "service".to_owned(), |person| person.to_string())
}

/// SHA-256 over parts, each with its length before it, so that no two lists of parts give the same bytes.
pub(crate) fn chained(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    data_encoding::HEXLOWER.encode(&hasher.finalize())
}
