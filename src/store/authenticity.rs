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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Its number.
    pub message_id: i64,
    /// Raw bytes.
    pub blob_sha256: String,
    /// Bytes of the raw mail.
    pub size: i64,
    /// When it arrived, which may have been in a mailbox, long before it came to us.
    pub received_at: NaiveDateTime,
    /// When it was safe here.
    pub safe_at: NaiveDateTime,
}

/// How many of each kind are taken at a time: of those that wait to be read, of those that were read without, and of
/// those that are looked at again. What one kind does not need the others have.
#[derive(Debug, Clone, Copy)]
pub struct Places {
    /// That wait to be read.
    pub waiting: usize,
    /// That were read.
    pub placed: usize,
    /// That are looked at again.
    pub again: usize,
}

/// A message in the order of turns.
#[derive(QueryableByName)]
struct Turn {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    id: i64,
}

/// Messages that came here since `since` and were not looked at, or are to be looked at again. No kind of them waits
/// for another, and within each the requests take turns, and for one request those who handed mail over: whoever sends
/// much that takes long to look at delays his own.
pub fn due(
    conn: &mut Conn,
    (since, now): (DateTime<Utc>, DateTime<Utc>),
    places: Places,
) -> Result<Vec<Due>, Error> {
    let all = places.waiting + places.placed + places.again;
    let kinds = [
        (unseen(conn, since, ("=", all))?, places.waiting),
        (unseen(conn, since, ("<>", all))?, places.placed),
        (again(conn, now, all)?, places.again),
    ];
    let mut ids: Vec<i64> = kinds.iter().flat_map(|(ids, own)| ids.iter().take(*own)).copied().collect();
    let rest: Vec<i64> = kinds.iter().flat_map(|(ids, own)| ids.iter().skip(*own)).copied().collect();
    ids.extend(rest.into_iter().take(all.saturating_sub(ids.len())));
    let mut rows: Vec<(i64, String, i64, NaiveDateTime)> = messages::table
        .filter(messages::id.eq_any(ids.clone()))
        .select((messages::id, messages::blob_sha256, messages::size, messages::received_at))
        .load(conn)?;
    rows.sort_by_key(|row| ids.iter().position(|id| *id == row.0));
    let safe = safe_at(conn, &rows.iter().map(|row| row.1.clone()).collect::<Vec<_>>())?;
    let due = |(message_id, blob_sha256, size, received_at): (i64, String, i64, NaiveDateTime)| {
        let safe_at = safe.get(&blob_sha256).copied().unwrap_or(received_at);
        Due { message_id, blob_sha256, size, received_at, safe_at }
    };
    Ok(rows.into_iter().map(due).collect())
}

/// Of those that were not looked at: those that wait to be read, or those that do not, in their turns. The names of
/// spool entries begin with when each was made, so the newest are found without a look at all. What an import brings is
/// as old as it says.
fn unseen(conn: &mut Conn, since: DateTime<Utc>, (is, limit): (&str, usize)) -> Result<Vec<i64>, Error> {
    let received = MessageState::Received;
    let direction = Direction::In;
    let (from, since) = (since.format(SPOOLED), at(since).format("%Y-%m-%d %H:%M:%S"));
    let turns: Vec<Turn> = diesel::sql_query(format!(
        "SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY request ORDER BY turn, id) AS turn \
           FROM (SELECT m.id AS id, coalesce(r.id, 0) AS request, row_number() OVER (PARTITION BY \
                  coalesce(r.id, 0), coalesce(a.peer, a.sender, '') ORDER BY m.id) AS turn \
             FROM (SELECT m.id AS id, min(a.id) AS arrival \
                     FROM arrivals a JOIN messages m ON m.blob_sha256 = a.blob_sha256 \
                     LEFT JOIN authenticity v ON v.message_id = m.id \
                    WHERE a.spool_key >= '{from}' AND a.blob_sha256 <> '' AND v.id IS NULL \
                      AND (a.via <> 'import' OR m.received_at >= '{since}') \
                      AND m.direction = '{direction}' AND m.state {is} '{received}' \
                    GROUP BY m.id) AS fresh \
             JOIN messages m ON m.id = fresh.id JOIN arrivals a ON a.id = fresh.arrival \
             LEFT JOIN requests r ON r.reply_address = lower(m.recipient)) AS several) AS one \
         ORDER BY turn, id LIMIT {limit}"
    ))
    .load(conn)?;
    Ok(turns.into_iter().map(|turn| turn.id).collect())
}

/// Those that are to be looked at again; an erased one has nothing to look at.
fn again(conn: &mut Conn, now: DateTime<Utc>, limit: usize) -> Result<Vec<i64>, Error> {
    Ok(messages::table
        .inner_join(authenticity::table)
        .filter(authenticity::again_at.le(at(now)))
        .filter(messages::blob_sha256.ne(""))
        .order(authenticity::again_at.asc())
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select(messages::id)
        .load(conn)?)
}

/// With what the name of a spool entry begins: when the mail was safe here.
pub const SPOOLED: &str = "%Y%m%dT%H%M%S%6f";

/// When mails were safe here the first time, by their bytes; an import is as old as it says.
pub fn safe_at(conn: &mut Conn, blobs: &[String]) -> Result<BTreeMap<String, NaiveDateTime>, Error> {
    let rows: Vec<(String, String)> = arrivals::table
        .filter(arrivals::blob_sha256.eq_any(blobs.to_vec()))
        .filter(arrivals::via.ne("import"))
        .order(arrivals::id.desc())
        .select((arrivals::blob_sha256, arrivals::spool_key))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(blob, key)| Some((blob, spooled_at(&key)?))).collect())
}

/// When a mail was safe here, by the name of its spool entry.
pub(super) fn spooled_at(key: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(key.split_once('-')?.0, SPOOLED).ok()
}

/// How some bytes came: in which message, by whom they were handed over, and by which door.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Way {
    message: i64,
    handed: Handed,
    via: String,
}

fn ways(conn: &mut Conn, blob: &str) -> Result<Vec<Way>, Error> {
    type Columns = (i64, Option<String>, Option<String>, Option<String>, String);
    let rows: Vec<Columns> = arrivals::table
        .filter(arrivals::blob_sha256.eq(blob))
        .order(arrivals::id.asc())
        .select((arrivals::message_id, arrivals::sender, arrivals::peer, arrivals::greeted_as, arrivals::via))
        .load(conn)?;
    let way = |(message, sender, peer, greeted_as, via)| Way {
        message,
        handed: Handed { sender, peer, greeted_as },
        via,
    };
    Ok(rows.into_iter().map(way).collect())
}

/// How a message came the first time. What was copied, because one mail was to several requests, did not come by
/// itself: it came as its bytes did.
fn way_of(ways: &[Way], message: i64) -> Option<(&Handed, &str)> {
    let own = ways.iter().find(|way| way.message == message).or(ways.first())?;
    Some((&own.handed, own.via.as_str()))
}

/// How a message with these bytes came the first time: by whom it was handed over, and by which door.
pub fn handed(conn: &mut Conn, message: i64, blob: &str) -> Result<Option<(Handed, String)>, Error> {
    let ways = ways(conn, blob)?;
    Ok(way_of(&ways, message).map(|(handed, via)| (handed.clone(), via.to_owned())))
}

/// The other messages with the same bytes that came in the same way: what is found of one is true of all.
pub fn alike(conn: &mut Conn, message: i64, blob: &str) -> Result<Vec<i64>, Error> {
    let ways = ways(conn, blob)?;
    let own = way_of(&ways, message);
    let same: Vec<i64> = messages::table
        .filter(messages::blob_sha256.eq(blob))
        .filter(messages::direction.eq(Direction::In))
        .filter(messages::id.ne(message))
        .order(messages::id.asc())
        .select(messages::id)
        .load(conn)?;
    Ok(same.into_iter().filter(|other| way_of(&ways, *other) == own).collect())
}

/// By which doors the bytes of a message came.
pub fn doors(conn: &mut Conn, blob: &str) -> Result<Vec<String>, Error> {
    Ok(ways(conn, blob)?.into_iter().map(|way| way.via).collect())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spool_entry_says_when_it_was_made() {
        let key = "20260907T101112000345-0123456789abcdef.json#0";
        assert_eq!(spooled_at(key).unwrap().to_string(), "2026-09-07 10:11:12.000345");
        assert_eq!((spooled_at("one@post.example"), spooled_at("")), (None, None));
    }
}
