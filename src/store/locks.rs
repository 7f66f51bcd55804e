//! What PostgreSQL lets one session do at a time, each with its number; on SQLite the one write lock does all of it.

use crate::store::{AnyConn, Conn, Error};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Text};
use sha2::{Digest, Sha256};

/// What one session does while the others wait. A number is never given to something else: programs of two versions may
/// share a database. That none is given twice the compiler sees to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock {
    /// The schema is brought up to date; 0x41736b is "Ask".
    Schema = 4_289_387,
    /// The next entry is appended to the audit log.
    AuditLog = 4_289_388,
    /// A request is given the next reference.
    References = 4_289_389,
    /// Unmatched mail is marked by what was learnt.
    Lessons = 4_289_390,
    /// A letter is claimed, or claims are held up.
    Claims = 4_289_391,
    /// The register is filled.
    Register = 4_289_395,
}

impl Lock {
    /// Waits for it; it is held until the caller's transaction ends.
    pub fn hold(self, conn: &mut Conn) -> Result<(), Error> {
        self.within(conn, "pg_advisory_xact_lock")
    }

    /// Waits until nobody holds it alone; it is shared until the caller's transaction ends.
    pub fn share(self, conn: &mut Conn) -> Result<(), Error> {
        self.within(conn, "pg_advisory_xact_lock_shared")
    }

    fn within(self, conn: &mut Conn, how: &str) -> Result<(), Error> {
        if let AnyConn::Postgres(c) = conn {
            c.batch_execute(&format!("SELECT {how}({})", self as i64))?;
        }
        Ok(())
    }

    /// Does the work while this session holds it, over as many transactions as the work has.
    pub fn during<T>(
        self,
        conn: &mut PgConnection,
        work: impl FnOnce(&mut PgConnection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        conn.batch_execute(&format!("SELECT pg_advisory_lock({})", self as i64))?;
        let done = work(conn);
        conn.batch_execute(&format!("SELECT pg_advisory_unlock({})", self as i64))?;
        done
    }
}

/// What one session does while the others wait, as far as it is about the same thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// Tries to sign in to an account.
    Account = 1,
    /// Tries to sign in from a network.
    Network = 2,
    /// Messages that are folded into one line.
    Fold = 3,
    /// What is to be told to a person of a request.
    Notices = 4,
}

impl About {
    /// Waits for it; it is held until the caller's transaction ends.
    pub fn hold(self, conn: &mut Conn, thing: &str) -> Result<(), Error> {
        if let AnyConn::Postgres(c) = conn {
            diesel::sql_query("SELECT pg_advisory_xact_lock($1, hashtext($2))")
                .bind::<Integer, _>(self as i32)
                .bind::<Text, _>(thing)
                .execute(c)?;
        }
        Ok(())
    }
}

/// A turn with a name, which a session has until it ends or gives it back. Its number is 64 bits of a hash, which none
/// of those above comes near.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Named(i64);

#[derive(QueryableByName)]
struct Locked {
    #[diesel(sql_type = Bool)]
    locked: bool,
}

impl Named {
    /// The turn of this name.
    pub fn of(name: &str) -> Self {
        let digest = Sha256::digest(format!("askance turn {name}").as_bytes());
        let mut first = [0; 8];
        first.copy_from_slice(digest.get(..8).unwrap_or(&[0; 8]));
        Self(i64::from_be_bytes(first))
    }

    /// Takes it, unless another session has it; whether it is ours now.
    pub fn try_take(self, session: &mut PgConnection) -> Result<bool, Error> {
        let asked = diesel::sql_query("SELECT pg_try_advisory_lock($1) AS locked").bind::<BigInt, _>(self.0);
        Ok(asked.get_result::<Locked>(session)?.locked)
    }

    /// Gives it back.
    pub fn give_back(self, session: &mut Conn) -> Result<(), Error> {
        Ok(session.batch_execute(&format!("SELECT pg_advisory_unlock({})", self.0))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_come_near_the_numbers() {
        let Named(number) = Named::of("fetching");
        assert!(number.unsigned_abs() > u64::from(u32::MAX), "{number}");
    }
}
