//! What tells whether the service is well: the database itself, letters that wait, mail that waits or cannot be read.

pub mod counts;
pub mod disk;

use crate::store::schema::{arrivals, audit, events, messages, outbox, outbox_attempts, switches};
use crate::store::types::{MessageState, OutboxState};
use crate::store::{AnyConn, Conn, Error, at, authenticity, notices};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

/// Letters that need a look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Letters {
    /// Letters that may or may not have arrived.
    pub unknown: i64,
    /// When the oldest letter that has not left could have left.
    pub oldest: Option<NaiveDateTime>,
    /// Letters that could have left for a minute and are held up by more than a server's “later” of this hour.
    pub held_up: i64,
    /// Since when the oldest letter whose turn has come waits to be taken.
    pub due_since: Option<NaiveDateTime>,
    /// When the last attempt at any letter began.
    pub last_attempt: Option<NaiveDateTime>,
    /// When one of the last attempts ended with a letter that the server took.
    pub last_accepted: Option<NaiveDateTime>,
    /// Since when nothing leaves because somebody, or a rule, paused it.
    pub paused_since: Option<NaiveDateTime>,
    /// Notices to our own people that were given up within the last day.
    pub notices_given_up: i64,
}

/// How many of the last attempts are looked at.
const ATTEMPTS: i64 = 50;
/// How long a letter may wait before it is said that it waits.
const WAITS: TimeDelta = TimeDelta::seconds(60);
/// A server that says “later” of one letter (greylisting, RFC 6647) may say so for this long.
const LATER: TimeDelta = TimeDelta::hours(1);

/// What lies further ahead than this was written while the clock was wrong.
const AHEAD: TimeDelta = TimeDelta::minutes(1);

/// The letters as they stand now.
pub fn letters(conn: &mut Conn, now: DateTime<Utc>) -> Result<Letters, Error> {
    use OutboxState::{Accepted, Claimed, Deferred, InDoubt, Queued, Unknown};
    let (time, waits, later) = (at(now), at(now - WAITS), at(now - LATER));
    let silent = outbox::state.eq_any([Queued, Claimed, InDoubt]);
    let away = outbox::state.eq(Deferred).and(outbox::server_reply.is_null());
    let put_off = outbox::state.eq(Deferred).and(outbox::leave_after.le(later));
    // What a clock began that was ahead says nothing of now.
    let until = at(now + AHEAD);
    let attempts: Vec<(NaiveDateTime, Option<NaiveDateTime>, Option<String>)> = outbox_attempts::table
        .filter(outbox_attempts::started_at.le(until))
        .order(outbox_attempts::id.desc())
        .limit(ATTEMPTS)
        .select((outbox_attempts::started_at, outbox_attempts::ended_at, outbox_attempts::result))
        .load(conn)?;
    Ok(Letters {
        unknown: outbox::table.filter(outbox::state.eq(Unknown)).count().get_result(conn)?,
        oldest: outbox::table
            .filter(outbox::state.eq_any([Queued, Deferred, Claimed, InDoubt]))
            .filter(outbox::leave_after.le(time))
            .select(diesel::dsl::min(outbox::leave_after))
            .first(conn)?,
        held_up: outbox::table
            .filter(outbox::state.eq_any([Queued, Deferred, Claimed, InDoubt]))
            .filter(silent.or(away).or(put_off))
            .filter(outbox::leave_after.le(waits))
            .count()
            .get_result(conn)?,
        due_since: outbox::table
            .filter(outbox::state.eq_any([Queued, Deferred]))
            .filter(outbox::next_attempt_at.le(time))
            .select(diesel::dsl::min(outbox::next_attempt_at))
            .first(conn)?,
        last_attempt: attempts.iter().map(|(started, _, _)| *started).max(),
        last_accepted: attempts
            .iter()
            .filter(|(_, _, result)| result.as_deref() == Some(Accepted.as_str()))
            .filter_map(|(_, ended, _)| *ended)
            .filter(|ended| *ended <= until)
            .max(),
        paused_since: switches::table
            .filter(switches::name.eq("outbox_paused"))
            .select(switches::since)
            .first(conn)
            .optional()?,
        notices_given_up: notices::given_up(conn, (now - TimeDelta::days(1), now))?,
    })
}

/// Mail that needs a look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mails {
    /// When the oldest mail was safe here that nobody has read yet.
    pub unread_since: Option<NaiveDateTime>,
    /// Mails of the last hour that could not be read.
    pub unreadable_lately: i64,
}

/// The mail as it stands now, by when it came to us: one of an archive or a mailbox may be years old.
pub fn mails(conn: &mut Conn, now: DateTime<Utc>) -> Result<Mails, Error> {
    let unread = messages::table.filter(messages::state.eq(MessageState::Received)).select(messages::id);
    let first: Option<String> = arrivals::table
        .filter(arrivals::message_id.eq_any(unread))
        .select(diesel::dsl::min(arrivals::spool_key))
        .first(conn)?;
    let an_hour_ago = (now - TimeDelta::hours(1)).format(authenticity::SPOOLED).to_string();
    let lately = arrivals::table.filter(arrivals::spool_key.ge(an_hour_ago)).select(arrivals::message_id);
    Ok(Mails {
        unread_since: first.and_then(|key| authenticity::spooled_at(&key)),
        unreadable_lately: messages::table
            .filter(messages::state.eq(MessageState::Unreadable))
            .filter(messages::id.eq_any(lately))
            .count()
            .get_result(conn)?,
    })
}

/// Whether the database can be written, found out without writing: on SQLite the write lock is taken and given back,
/// on PostgreSQL the lock that every writer of these tables takes, which a read-only database gives as well. Waits two seconds for who holds it.
pub fn writable(conn: &mut Conn) -> Result<(), Error> {
    match conn {
        AnyConn::Sqlite(c) => {
            c.batch_execute("PRAGMA busy_timeout=2000")?;
            let taken = c.batch_execute("BEGIN IMMEDIATE");
            let given_back = if taken.is_ok() { c.batch_execute("ROLLBACK") } else { Ok(()) };
            c.batch_execute(&format!("PRAGMA busy_timeout={}", crate::store::BUSY.as_millis()))?;
            Ok(taken.and(given_back)?)
        }
        AnyConn::Postgres(c) => Ok(c
            .batch_execute(
                "BEGIN; SET LOCAL lock_timeout = '2s'; \
             SELECT 1 / (current_setting('transaction_read_only') = 'off')::int; LOCK TABLE outbox, messages, arrivals, events IN ROW EXCLUSIVE MODE; ROLLBACK",
            )
            .inspect_err(|_| {
                // The failed transaction would stay open on a connection that others use next.
                let _ = c.batch_execute("ROLLBACK");
            })?),
    }
}

/// Reads with a bound on the time that it may take; what is read may be missing, never late.
pub fn bounded<T>(conn: &mut Conn, read: impl FnOnce(&mut Conn) -> Result<T, Error>) -> Result<T, Error> {
    if let AnyConn::Postgres(c) = conn {
        c.batch_execute("BEGIN; SET LOCAL statement_timeout = '3s'; SET LOCAL lock_timeout = '2s'")?;
    }
    let found = read(conn);
    if let AnyConn::Postgres(c) = conn {
        let ended = c.batch_execute("ROLLBACK");
        return found.and_then(|found| ended.map(|()| found).map_err(Error::from));
    }
    found
}

/// When the newest event or audit entry was recorded.
pub fn newest_record(conn: &mut Conn) -> Result<Option<NaiveDateTime>, Error> {
    let event: Option<NaiveDateTime> =
        events::table.order(events::id.desc()).select(events::at).first(conn).optional()?;
    let entry: Option<NaiveDateTime> =
        audit::table.order(audit::id.desc()).select(audit::at).first(conn).optional()?;
    Ok(event.max(entry))
}

/// What time it is on the machine of the database, where that is another program.
pub fn clock(conn: &mut Conn) -> Result<Option<DateTime<Utc>>, Error> {
    use diesel::sql_types::Timestamp;
    let AnyConn::Postgres(c) = conn else { return Ok(None) };
    let there = diesel::dsl::sql::<Timestamp>("clock_timestamp() AT TIME ZONE 'UTC'");
    let time: NaiveDateTime = diesel::select(there).get_result(c)?;
    Ok(Some(time.and_utc()))
}

/// Keys of up to so many mails and as many letters that are not these bytes, newest first.
pub fn bytes_beside(conn: &mut Conn, (key, limit): (&str, i64)) -> Result<Vec<String>, Error> {
    let mut keys: Vec<String> = messages::table
        .filter(messages::blob_sha256.ne_all([key, ""]))
        .order(messages::id.desc())
        .limit(limit)
        .select(messages::blob_sha256)
        .load(conn)?;
    let letters: Vec<String> = outbox::table
        .filter(outbox::blob_sha256.ne_all([key, ""]))
        .order(outbox::id.desc())
        .limit(limit)
        .select(outbox::blob_sha256)
        .load(conn)?;
    keys.extend(letters);
    Ok(keys)
}
