//! Whether anything was committed: two equal versions of the database hold the very same data.

use crate::store::{AnyConn, Conn, Db, Error};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use std::sync::{Arc, Mutex, PoisonError};

/// A state of the database, as this process saw it; comparable only with others that the same `Versions` gave.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Version(String);

#[derive(QueryableByName)]
struct DataVersion {
    #[diesel(sql_type = BigInt)]
    data_version: i64,
}

#[derive(QueryableByName)]
struct Snapshot {
    #[diesel(sql_type = Text)]
    snapshot: String,
}

/// Asks a database for its version.
///
/// SQLite: `PRAGMA data_version`, which changes for a connection whenever another one, of whatever process, has
/// committed. The connection that asks writes nothing itself, so no commit escapes it.
///
/// PostgreSQL: the snapshot that a query sees, in words: which transactions are over, which are not. A commit that
/// wrote anything changes it. The start of the server stands before it, because one that took over from another
/// may give the same numbers again.
#[derive(Clone)]
pub struct Versions {
    db: Db,
    own: Option<Arc<Mutex<Own>>>,
}

/// The connection that only asks, and how often it had to be opened: the count begins anew with each.
struct Own {
    conn: Option<Conn>,
    opened: u64,
}

impl std::fmt::Debug for Versions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Versions")
    }
}

impl Versions {
    /// Of the database behind a pool.
    pub fn of(db: &Db) -> Self {
        let own = db.is_file().then(|| Arc::new(Mutex::new(Own { conn: None, opened: 0 })));
        Self { db: db.clone(), own }
    }

    /// Whether asking takes no more than some microseconds on this machine, so that it needs no thread of its own.
    pub fn is_at_hand(&self) -> bool {
        self.own.is_some()
    }

    /// The present version. What is read after this call is at least as new as what the version stands for.
    pub fn present(&self) -> Result<Version, Error> {
        if let Some(own) = &self.own {
            return own.lock().unwrap_or_else(PoisonError::into_inner).present(&self.db);
        }
        let sql = "SELECT pg_postmaster_start_time()::text || ' ' || pg_current_snapshot()::text AS snapshot";
        let seen: Snapshot = diesel::sql_query(sql).get_result(&mut *self.db.conn()?)?;
        Ok(Version(seen.snapshot))
    }
}

impl Own {
    fn present(&mut self, db: &Db) -> Result<Version, Error> {
        if self.conn.is_none() {
            self.conn = Some(db.apart()?);
            self.opened += 1;
        }
        let Some(AnyConn::Sqlite(conn)) = &mut self.conn else {
            return Err(Error::Connection("expected a database file".to_owned()));
        };
        match diesel::sql_query("PRAGMA data_version").get_result::<DataVersion>(conn) {
            Ok(seen) => Ok(Version(format!("{}:{}", self.opened, seen.data_version))),
            Err(error) => {
                self.conn = None;
                Err(error.into())
            }
        }
    }
}
