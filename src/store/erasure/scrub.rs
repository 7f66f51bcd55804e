//! What is deleted is gone from the files of the database too, not only from its pages.

use crate::store::{AnyConn, Conn, Error};
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
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

/// Rewrites the files; false = the journal of SQLite still holds old pages, because somebody reads them: try later.
pub fn scrub(conn: &mut Conn) -> Result<bool, Error> {
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
            // FULL writes each table anew; without it old rows lie in their pages until others take the place.
            for table in TABLES {
                c.batch_execute(&format!("VACUUM FULL {table}"))?;
            }
            Ok(unseen)
        }
    }
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
