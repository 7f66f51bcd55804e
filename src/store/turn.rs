//! A turn that only one process has at a time, however many share the database; it ends with the process.

use crate::store::locks::Named;
use crate::store::{AnyConn, Conn, Db, Error};
use diesel::connection::SimpleConnection;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;

/// Whoever holds it has the turn; it is given back when it is dropped, and by the system when its process dies.
pub struct Turn(Held);

enum Held {
    /// A lock on a file beside the database.
    File(#[expect(dead_code, reason = "the lock lives as long as the open file")] File),
    /// An advisory lock of a session of its own.
    Session(Box<Conn>, Named),
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Held::Session(conn, key) = &mut self.0 {
            // The end of the session would do the same, only later.
            let _ = key.give_back(conn);
        }
    }
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
        let AnyConn::Postgres(session) = &mut conn else {
            return Err(Error::Connection("expected PostgreSQL".to_owned()));
        };
        let key = Named::of(name);
        let taken = key.try_take(session)?;
        Ok(taken.then(|| Self(Held::Session(Box::new(conn), key))))
    }

    /// Whether it is still ours: a session may have ended without our doing.
    pub fn is_held(&mut self) -> bool {
        match &mut self.0 {
            Held::File(_) => true,
            Held::Session(conn, _) => conn.batch_execute("SELECT 1").is_ok(),
        }
    }
}
