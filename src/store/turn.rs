//! A turn that only one process has at a time, however many share the database; it ends with the process.

use crate::store::{AnyConn, Conn, Db, Error};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;

/// Whoever holds it has the turn; it is given back when it is dropped, and by the system when its process dies.
pub struct Turn(Held);

enum Held {
    /// A lock on a file beside the database.
    File(#[expect(dead_code, reason = "the lock lives as long as the open file")] File),
    /// An advisory lock of a session of its own.
    Session(Box<Conn>, i64),
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Held::Session(conn, key) = &mut self.0 {
            // The end of the session would do the same, only later.
            let _ = conn.batch_execute(&format!("SELECT pg_advisory_unlock({key})"));
        }
    }
}

#[derive(QueryableByName)]
struct Locked {
    #[diesel(sql_type = Bool)]
    locked: bool,
}

impl Turn {
    /// The turn of this name, unless another process has it.
    pub fn take(db: &Db, name: &str) -> Result<Option<Self>, Error> {
        if let Some(path) = db.file() {
            let path = format!("{path}.{name}.lock");
            let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
            return match file.try_lock() {
                Ok(()) => Ok(Some(Self(Held::File(file)))),
                Err(TryLockError::WouldBlock) => Ok(None),
                Err(TryLockError::Error(error)) => Err(error.into()),
            };
        }
        let mut conn = db.apart()?;
        let key = key(name);
        let asked = diesel::sql_query("SELECT pg_try_advisory_lock($1) AS locked").bind::<BigInt, _>(key);
        let AnyConn::Postgres(session) = &mut conn else {
            return Err(Error::Connection("expected PostgreSQL".to_owned()));
        };
        let locked = asked.get_result::<Locked>(session)?.locked;
        Ok(locked.then(|| Self(Held::Session(Box::new(conn), key))))
    }

    /// Whether it is still ours: a session may have ended without our doing.
    pub fn is_held(&mut self) -> bool {
        match &mut self.0 {
            Held::File(_) => true,
            Held::Session(conn, _) => conn.batch_execute("SELECT 1").is_ok(),
        }
    }
}

/// The number by which PostgreSQL knows it.
fn key(name: &str) -> i64 {
    let digest = Sha256::digest(format!("askance turn {name}").as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(digest.get(..8).unwrap_or(&[0; 8]));
    i64::from_be_bytes(first)
}
