//! What is deleted is gone from the files of the database too, not only from its pages.

use crate::store::{AnyConn, Conn, Error};
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::sql_types::BigInt;

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
            // FULL writes each table anew; without it old rows lie in their pages until others take the place.
            for table in TABLES {
                c.batch_execute(&format!("VACUUM FULL {table}"))?;
            }
            Ok(true)
        }
    }
}
