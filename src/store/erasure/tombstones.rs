//! What was erased, as a row and as a file beside the blobs: whoever restores a backup erases it again.

use crate::domain::publication::erasing::Reason;
use crate::store::schema::tombstones;
use crate::store::{Conn, Error, at, each};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

/// All that is needed to erase the same again, and nothing of what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// Random; the name of its file.
    pub mark: String,
    /// person, message, attachment.
    pub kind: String,
    /// What it was, as `message:12`.
    pub subject: String,
    /// Why, in words without personal data.
    pub reason: String,
    /// The same in one word, which everyone may read.
    #[serde(default)]
    pub class: Reason,
    /// Who did it; none = from the console.
    pub person: Option<i64>,
    /// When.
    pub erased_at: DateTime<Utc>,
    /// The number of the person or of the messages, each with the time by which it is known to be the same.
    pub rows: Vec<(i64, NaiveDateTime)>,
    /// The bytes that went, or went unless another row needs them.
    pub blobs: Vec<String>,
    /// By what the mails are known again (`domain::incoming::known_again`).
    #[serde(default)]
    pub mails: Vec<String>,
}

impl Tombstone {
    /// From its file, whose name is its mark.
    pub fn read(mark: &str, bytes: &[u8]) -> Result<Self, Error> {
        let wrong = |found: String| Error::Stored(format!("expected tombstone `{mark}`, found {found}"));
        let read: Self = serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
        if read.mark == mark { Ok(read) } else { Err(wrong(format!("that of `{}`", read.mark))) }
    }
}

/// Keeps a tombstone; one that is there already stays.
pub fn insert(conn: &mut Conn, stone: &Tombstone) -> Result<(), Error> {
    let body =
        serde_json::json!({ "rows": stone.rows, "blobs": stone.blobs, "mails": stone.mails }).to_string();
    let row = (
        tombstones::mark.eq(&stone.mark),
        tombstones::kind.eq(&stone.kind),
        tombstones::subject.eq(&stone.subject),
        tombstones::body.eq(body),
        tombstones::reason.eq(&stone.reason),
        tombstones::person_id.eq(stone.person),
        tombstones::erased_at.eq(at(stone.erased_at)),
    );
    each!(conn, |c| diesel::insert_into(tombstones::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

/// Whether the database knows of this erasure.
pub fn known(conn: &mut Conn, mark: &str) -> Result<bool, Error> {
    let found: i64 = tombstones::table.filter(tombstones::mark.eq(mark)).count().get_result(conn)?;
    Ok(found > 0)
}
