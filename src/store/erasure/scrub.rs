//! What is deleted is gone from the files of the database too, not only from its pages.

use crate::store::audit::{self, Act};
use crate::store::schema::audit as log;
use crate::store::{AnyConn, Conn, Error, transaction};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

/// The tables that hold what can be erased.
const TABLES: [&str; 15] = [
    "messages",
    "attachments",
    "arrivals",
    "events",
    "outbox",
    "people",
    "requests",
    "answers",
    "file_numbers",
    "unmatched_keys",
    "lessons",
    "authenticity",
    "imap_taken",
    "authority_domains",
    "notices",
];
/// What the audit log calls it.
const SCRUB: &str = "scrub";
/// What it says where network addresses went.
const ADDRESSES: &str = "class:network_addresses";
/// How often a table of PostgreSQL is asked for.
const PATIENCE: u32 = 3;
/// How often the journal is tried to be emptied while others read.
const TRIES: u32 = 20;

/// How often we look on PostgreSQL, whose other databases may be at work for longer.
const LOOKS: u32 = 100;

#[derive(diesel::QueryableByName)]
struct Now {
    #[diesel(sql_type = Text)]
    xid: String,
}

#[derive(diesel::QueryableByName)]
struct Checkpoint {
    #[diesel(sql_type = BigInt)]
    busy: i64,
}

/// Rewrites the files at once and writes down that it was done; false = the journal of SQLite still holds old pages,
/// because somebody reads them, or a table of PostgreSQL is in use: try later.
pub fn scrub(conn: &mut Conn, now: DateTime<Utc>) -> Result<bool, Error> {
    anew_and_told(conn, &TABLES, now)
}

/// Rewrites what is owed, and writes down that it was; false = it stays owed.
pub fn settle_scrub(conn: &mut Conn, owed: Owed, now: DateTime<Utc>) -> Result<bool, Error> {
    let tables: &[&str] = if owed.only_addresses { &["arrivals"] } else { &TABLES };
    anew_and_told(conn, tables, now)
}

/// What is erased while the files are written anew may lie in those that were written before: it stays owed.
fn anew_and_told(conn: &mut Conn, tables: &[&str], now: DateTime<Utc>) -> Result<bool, Error> {
    let last: Option<i64> = log::table.select(diesel::dsl::max(log::id)).first(conn)?;
    Ok(anew(conn, tables)? && transaction(conn, |conn| scrubbed(conn, (now, last))).map(|()| true)?)
}

/// Writes down, within the caller's transaction, that nothing is left in the files of what was erased up to an entry of
/// the audit log.
fn scrubbed(conn: &mut Conn, (now, last): (DateTime<Utc>, Option<i64>)) -> Result<(), Error> {
    let body = serde_json::json!({ "up_to": last.unwrap_or_default() });
    let act = Act { at: now, person: None, action: SCRUB, subject: "database".to_owned(), body };
    audit::append(conn, &act)
}

/// What was erased and still lies in the files of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owed {
    /// When the first of it was erased.
    pub since: NaiveDateTime,
    /// When the files were last rewritten.
    pub last: Option<NaiveDateTime>,
    /// Whether it is network addresses alone, which stand in one table.
    pub only_addresses: bool,
}

/// What is owed, by the audit log: it knows of all machines and over every restart. Tries to sign in and sessions hold
/// hashes only.
pub fn owed_scrub(conn: &mut Conn) -> Result<Option<Owed>, Error> {
    let last: Option<(i64, NaiveDateTime, String)> = log::table
        .filter(log::action.eq(SCRUB))
        .order(log::id.desc())
        .select((log::id, log::at, log::body))
        .first(conn)
        .optional()?;
    // Entries of before it was noted stand for all before them.
    let after = last.as_ref().map_or(0, |(id, _, body)| up_to(body).unwrap_or(*id));
    let gone: Vec<(NaiveDateTime, String)> = log::table
        .filter(log::id.gt(after))
        .filter(log::action.eq_any(["erase", "erase_again"]).or(log::subject.eq(ADDRESSES)))
        .order(log::id.asc())
        .select((log::at, log::subject))
        .load(conn)?;
    let only_addresses = gone.iter().all(|(_, subject)| subject == ADDRESSES);
    Ok(gone.first().map(|(since, _)| Owed { since: *since, last: last.map(|(_, at, _)| at), only_addresses }))
}

fn up_to(body: &str) -> Option<i64> {
    serde_json::from_str::<serde_json::Value>(body).ok()?.get("up_to")?.as_i64()
}

fn anew(conn: &mut Conn, tables: &[&str]) -> Result<bool, Error> {
    match conn {
        AnyConn::Sqlite(c) => {
            c.batch_execute("VACUUM")?;
            for _ in 0..TRIES {
                let done: Checkpoint = diesel::sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result(c)?;
                if done.busy == 0 {
                    return Ok(true);
                }
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
            Ok(false)
        }
        AnyConn::Postgres(c) => {
            let unseen = wait_until_unseen(c)?;
            // Whoever waits for a table keeps all others from it who come later, so nobody waits long.
            c.batch_execute("SET lock_timeout = '3s'")?;
            let written =
                tables.iter().try_fold(unseen, |unseen, table| one_anew(c, table).map(|done| done && unseen));
            c.batch_execute("RESET lock_timeout")?;
            written
        }
    }
}

/// Writes one table of PostgreSQL anew: plain VACUUM leaves what old rows held in their pages until others take the
/// place. False = somebody was at work in it for too long, each time.
fn one_anew(c: &mut diesel::PgConnection, table: &str) -> Result<bool, Error> {
    for _ in 0..PATIENCE {
        match c.batch_execute(&format!("VACUUM FULL {table}")) {
            Ok(()) => return Ok(true),
            Err(error) if error.to_string().contains("lock timeout") => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(false)
}

/// Waits until no transaction is older than what was erased: VACUUM keeps a dead row that one of them may see, and its
/// own snapshot is as old as the oldest transaction of any database of the server. False = one still is.
fn wait_until_unseen(c: &mut diesel::PgConnection) -> Result<bool, Error> {
    let erased: Now = diesel::sql_query("SELECT pg_current_xact_id()::text AS xid").get_result(c)?;
    for _ in 0..LOOKS {
        let seen: Checkpoint = diesel::sql_query(
            "SELECT (pg_snapshot_xmin(pg_current_snapshot()) <= $1::xid8)::int::bigint \
               + (SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() \
                    AND datname = current_database() AND age(backend_xmin) >= age($1::xid8::xid)) AS busy",
        )
        .bind::<Text, _>(&erased.xid)
        .get_result(c)?;
        if seen.busy == 0 {
            return Ok(true);
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    Ok(false)
}
