//! The database, SQLite or PostgreSQL, and the blobs; Diesel is used only here.

pub mod audit;
pub mod authenticity;
pub mod authorities;
pub mod blobs;
pub mod contact_tasks;
pub mod days_off;
pub mod desk;
pub mod digests;
pub mod dump;
pub mod erasure;
pub mod findings;
pub mod health;
pub mod imap_taken;
mod locks;
pub mod matching;
pub mod messages;
pub mod migrating;
pub mod notices;
pub mod outbox;
pub mod people;
pub mod published;
pub mod register;
pub mod requests;
pub mod restored;
pub mod retention;
pub mod schema;
pub mod switches;
mod together;
pub mod turn;
pub mod types;
pub mod version;

use crate::store::locks::Lock;
use chrono::{DateTime, NaiveDateTime, SubsecRound, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ManageConnection, Pool, PooledConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// A module of its own, because the derive writes public items without a sentence of documentation.
mod connection {
    /// One connection, whichever database it speaks to.
    #[derive(diesel::MultiConnection)]
    pub enum AnyConn {
        /// The default: one file on this machine.
        Sqlite(diesel::SqliteConnection),
        /// For several machines.
        Postgres(diesel::PgConnection),
    }
}
pub use connection::AnyConn;

/// A connection as the functions of this floor take it.
pub type Conn = AnyConn;

/// The same source text, typed once for each database, for what the enum cannot express.
macro_rules! each {
    ($conn:expr, |$c:ident| $body:expr) => {
        match $conn {
            $crate::store::AnyConn::Sqlite($c) => $body,
            $crate::store::AnyConn::Postgres($c) => $body,
        }
    };
}
pub(crate) use each;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address of the database is none that we speak.
    #[error("expected a database address starting with `sqlite://` or `postgres://`, found `{0}`")]
    Address(String),
    /// No connection could be had.
    #[error("the database cannot be reached: {0}")]
    Connection(String),
    /// The database refused or failed.
    #[error("the database failed: {0}")]
    Database(#[from] diesel::result::Error),
    /// The schema is newer than this program, or a migration failed.
    #[error("the schema cannot be brought up to date: {0}")]
    Migration(String),
    /// A stored value is none that this program knows.
    #[error("stored value cannot be read: {0}")]
    Stored(String),
    /// The blobs failed.
    #[error("the blob store failed: {0}")]
    Blobs(#[from] std::io::Error),
    /// The bucket answers, and says no to this object.
    #[error("the store of blobs says no to {0}")]
    Refused(String),
    /// The bucket does not answer, or says no to all.
    #[error("the store of blobs does not answer as it should: {0}")]
    Away(String),
    /// A blob's bytes are not those that were stored.
    #[error("expected bytes with SHA-256 `{expected}`, found `{found}`")]
    Corrupt {
        /// The key.
        expected: String,
        /// The hash of what was read.
        found: String,
    },
    /// An event that cannot happen.
    #[error(transparent)]
    NotAllowed(#[from] crate::domain::request::state::NotAllowed),
}

/// Words by which the databases say that it may go well later.
const PASSING: [&str; 11] = [
    "deadlock",
    "locked",
    "lock timeout",
    "statement timeout",
    "disk is full",
    "disk I/O error",
    "readonly database",
    "No space left",
    "terminating connection",
    "server closed the connection",
    "no connection to the server",
];

impl Error {
    /// Whether the same may go well at the next turn: the database is away, busy, or asks to try again.
    pub fn is_passing(&self) -> bool {
        use diesel::result::{DatabaseErrorKind, Error as Diesel};
        match self {
            Self::Connection(_)
            | Self::Refused(_)
            | Self::Away(_)
            | Self::Database(Diesel::BrokenTransactionManager) => true,
            Self::Database(Diesel::DatabaseError(kind, why)) => {
                let words = why.message();
                matches!(
                    kind,
                    DatabaseErrorKind::SerializationFailure
                        | DatabaseErrorKind::ClosedConnection
                        | DatabaseErrorKind::ReadOnlyTransaction
                ) || PASSING.iter().any(|word| words.contains(word))
            }
            _ => false,
        }
    }

    /// Whether the cause is that this very thing is there already.
    pub fn is_duplicate(&self) -> bool {
        use diesel::result::{DatabaseErrorKind, Error as Diesel};
        matches!(self, Self::Database(Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, _)))
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Stored(error.to_string())
    }
}

/// How long SQLite waits for another writer; with the wait for a connection it stays below ten seconds, after which a
/// page must have said 503.
const BUSY: std::time::Duration = std::time::Duration::from_secs(5);

/// A session that was begun while the database was read-only stays so, whatever is changed since; so one that is ten
/// seconds old makes room for a new one.
const FRESH: &str = "SELECT 1 / CASE WHEN current_setting('default_transaction_read_only') = 'off' THEN 1 ELSE \
    (SELECT (clock_timestamp() - backend_start < interval '10 s')::int FROM pg_stat_activity \
     WHERE pid = pg_backend_pid()) END";

/// Opens connections; dispatches on the scheme, because SQLite would happily make a file called `postgres:…`.
#[derive(Debug)]
struct Manager {
    url: String,
}

impl ManageConnection for Manager {
    type Connection = AnyConn;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<AnyConn, Self::Error> {
        let open = |e| diesel::r2d2::Error::ConnectionError(e);
        if let Some(path) = self.url.strip_prefix("sqlite://") {
            private_file(path);
            let mut conn = diesel::SqliteConnection::establish(path).map_err(open)?;
            conn.batch_execute(&format!("PRAGMA busy_timeout={}", BUSY.as_millis()))
                .map_err(diesel::r2d2::Error::QueryError)?;
            // FULL: WAL with NORMAL can lose a commit on power loss, and an accepted mail is a promise.
            conn.batch_execute(
                // A cache of 1 MB a connection: the system keeps the file's pages anyway, once for all.
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; \
                 PRAGMA foreign_keys=ON; PRAGMA cache_size=-1000; PRAGMA secure_delete=ON;",
            )
            .map_err(diesel::r2d2::Error::QueryError)?;
            Ok(AnyConn::Sqlite(conn))
        } else {
            let mut conn = diesel::PgConnection::establish(&self.url).map_err(open)?;
            // A process that is stopped in the midst of a transaction must not keep its locks from the others.
            conn.batch_execute(
                "SET TIME ZONE 'UTC'; SET synchronous_commit = on; \
                 SET idle_in_transaction_session_timeout = '2min';",
            )
            .map_err(diesel::r2d2::Error::QueryError)?;
            Ok(AnyConn::Postgres(conn))
        }
    }

    fn is_valid(&self, conn: &mut AnyConn) -> Result<(), Self::Error> {
        let asked = match conn {
            AnyConn::Sqlite(_) => "SELECT 1",
            AnyConn::Postgres(_) => FRESH,
        };
        conn.batch_execute(asked).map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, _conn: &mut AnyConn) -> bool {
        std::thread::panicking()
    }
}

/// Makes the file of a new database readable for its owner only, before SQLite would make it for all; the files
/// beside it inherit that. One that is there is not touched: to open and close it would drop this process's locks.
fn private_file(path: &str) {
    use std::os::unix::fs::OpenOptionsExt;
    if !path.is_empty() && !path.starts_with(':') && !path.starts_with("file:") {
        // Whatever fails here fails again in SQLite, which says why.
        let _ = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    }
}

/// A pool of connections to one database.
#[derive(Clone)]
pub struct Db {
    pool: Pool<Manager>,
    url: std::sync::Arc<str>,
    together: std::sync::Arc<together::Together>,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Db")
    }
}

/// A connection on loan from the pool.
pub struct Loan(PooledConnection<Manager>);

impl std::ops::Deref for Loan {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.0
    }
}

impl std::ops::DerefMut for Loan {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.0
    }
}

impl Db {
    /// Opens the database at `url` (`sqlite://path` or `postgres://…`) with up to `size` connections.
    pub fn open(url: &str, size: u32) -> Result<Self, Error> {
        if !(url.starts_with("sqlite://")
            || url.starts_with("postgres://")
            || url.starts_with("postgresql://"))
        {
            return Err(Error::Address(url.split('@').next_back().unwrap_or_default().to_owned()));
        }
        let pool = Pool::builder()
            .max_size(size)
            .min_idle(Some(1))
            .connection_timeout(std::time::Duration::from_secs(4))
            .test_on_check_out(!url.starts_with("sqlite://"))
            .build(Manager { url: url.to_owned() })
            .map_err(|e| Error::Connection(e.to_string()))?;
        Ok(Self { pool, url: url.into(), together: std::sync::Arc::default() })
    }

    /// A connection on loan.
    pub fn conn(&self) -> Result<Loan, Error> {
        self.pool.get().map(Loan).map_err(|e| Error::Connection(e.to_string()))
    }

    /// A connection on loan, for which nobody waits longer than this.
    fn conn_within(&self, patience: std::time::Duration) -> Result<Loan, Error> {
        self.pool.get_timeout(patience).map(Loan).map_err(|e| Error::Connection(e.to_string()))
    }

    /// Whether the database is a file of this machine.
    pub(crate) fn is_file(&self) -> bool {
        self.url.starts_with("sqlite://")
    }

    /// The path of that file.
    pub(crate) fn file(&self) -> Option<&str> {
        self.url.strip_prefix("sqlite://")
    }

    /// A connection outside the pool, for what must keep its own.
    pub(crate) fn apart(&self) -> Result<Conn, Error> {
        let manager = Manager { url: self.url.to_string() };
        manager.connect().map_err(|e| Error::Connection(e.to_string()))
    }

    /// Brings the schema up to date, one process at a time; refuses a schema that is newer than this program.
    pub fn migrate(&self) -> Result<(), Error> {
        let mut conn = self.conn()?;
        match &mut *conn {
            // The one write lock, from the look at what is there to the last change: `serve` and `user add` may
            // both be the first.
            AnyConn::Sqlite(c) => c.exclusive_transaction(|c| {
                known_only(c, SQLITE)?;
                c.run_pending_migrations(SQLITE).map(|_| ()).map_err(|e| Error::Migration(e.to_string()))
            }),
            AnyConn::Postgres(c) => {
                // Several nodes may start at once.
                Lock::Schema.during(c, |c| {
                    known_only(c, POSTGRES)?;
                    c.run_pending_migrations(POSTGRES)
                        .map(|_| ())
                        .map_err(|e| Error::Migration(e.to_string()))
                })
            }
        }
    }
}

/// An old program must not write into a schema it does not know.
fn known_only<DB, C>(conn: &mut C, source: EmbeddedMigrations) -> Result<(), Error>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: diesel::migration::MigrationSource<DB>,
{
    let fail = |e: Box<dyn std::error::Error + Send + Sync>| Error::Migration(e.to_string());
    let known = diesel::migration::MigrationSource::<DB>::migrations(&source).map_err(fail)?;
    let known: Vec<String> = known.iter().map(|m| m.name().version().to_string()).collect();
    for applied in conn.applied_migrations().map_err(fail)? {
        let version = applied.to_string();
        if !known.contains(&version) {
            return Err(Error::Migration(format!(
                "migration `{version}` was applied by a newer Askance; run that version or restore a backup"
            )));
        }
    }
    Ok(())
}

/// Runs `work` in one transaction that may write. On SQLite the write lock is taken at once: a read that
/// becomes a write later would fail with "busy", whatever the timeout.
pub fn transaction<T, E: From<Error>>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    let begin = match conn {
        AnyConn::Sqlite(_) => "BEGIN IMMEDIATE",
        AnyConn::Postgres(_) => "BEGIN",
    };
    conn.batch_execute(begin).map_err(|e| E::from(Error::Database(e)))?;
    match work(conn) {
        Ok(value) => {
            if let Err(error) = conn.batch_execute("COMMIT") {
                let _ = conn.batch_execute("ROLLBACK");
                return Err(E::from(Error::Database(error)));
            }
            Ok(value)
        }
        Err(error) => {
            // The first error is the one to report; a connection that cannot roll back is dropped by the server.
            let _ = conn.batch_execute("ROLLBACK");
            Err(error)
        }
    }
}

/// A point in time as both databases keep it: UTC, microseconds.
pub fn at(time: DateTime<Utc>) -> NaiveDateTime {
    time.naive_utc().trunc_subsecs(6)
}
