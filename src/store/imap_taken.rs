//! Which mails of a mailbox are safe here, by UIDVALIDITY and UID.

use crate::store::schema::imap_taken;
use crate::store::{Conn, Error, at, each};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use std::collections::HashMap;

/// How many numbers one question asks for: SQLite takes 999 variables everywhere.
const AT_ONCE: usize = 500;

/// A mailbox in a state in which its UIDs mean what they mean.
#[derive(Debug, Clone, Copy)]
pub struct Folder<'a> {
    /// Host, user and folder.
    pub mailbox: &'a str,
    /// UIDVALIDITY.
    pub uid_validity: u32,
}

/// Which of these mails are safe here, with the SHA-256 of each.
pub fn among(conn: &mut Conn, folder: Folder<'_>, uids: &[u32]) -> Result<HashMap<u32, String>, Error> {
    let mut taken = HashMap::new();
    for uids in uids.chunks(AT_ONCE) {
        let rows: Vec<(i64, String)> = imap_taken::table
            .filter(imap_taken::mailbox.eq(folder.mailbox))
            .filter(imap_taken::uid_validity.eq(i64::from(folder.uid_validity)))
            .filter(imap_taken::uid.eq_any(uids.iter().copied().map(i64::from)))
            .select((imap_taken::uid, imap_taken::blob_sha256))
            .load(conn)?;
        taken.extend(rows.into_iter().filter_map(|(uid, sha256)| Some((u32::try_from(uid).ok()?, sha256))));
    }
    Ok(taken)
}

/// Records that a mail is safe here. A server that gives a number twice means another mail the second time.
pub fn record(
    conn: &mut Conn,
    folder: Folder<'_>,
    (uid, sha256): (u32, &str),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let row = (
        imap_taken::mailbox.eq(folder.mailbox),
        imap_taken::uid_validity.eq(i64::from(folder.uid_validity)),
        imap_taken::uid.eq(i64::from(uid)),
        imap_taken::blob_sha256.eq(sha256),
        imap_taken::taken_at.eq(at(now)),
    );
    each!(conn, |c| diesel::insert_into(imap_taken::table)
        .values(row)
        .on_conflict((imap_taken::mailbox, imap_taken::uid_validity, imap_taken::uid))
        .do_update()
        .set((imap_taken::blob_sha256.eq(sha256), imap_taken::taken_at.eq(at(now))))
        .execute(c))?;
    Ok(())
}
