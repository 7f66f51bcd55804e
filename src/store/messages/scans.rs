//! Mails whose pictures of text are still to be recognised, and what is written of their messages then.

use crate::store::messages::tables::scans;
use crate::store::messages::{NewAttachment, Unread};
use crate::store::schema::{attachments, messages};
use crate::store::types::MessageState;
use crate::store::{Conn, Error, at, each};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// Remembers a mail within the transaction that places it, so that no end of the process makes it forgotten.
pub fn remember(conn: &mut Conn, blob_sha256: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let row = (scans::blob_sha256.eq(blob_sha256), scans::not_before.eq(at(now)));
    // Whoever is about to forget it waits for this transaction, and so sees the message that is placed here.
    each!(conn, |c| diesel::insert_into(scans::table)
        .values(row)
        .on_conflict(scans::blob_sha256)
        .do_update()
        .set(scans::blob_sha256.eq(blob_sha256))
        .execute(c))?;
    Ok(())
}

/// Takes the mail that waits longest, until an instant at which others may take it; a worker that dies over it so
/// loses it to the next.
pub fn take(conn: &mut Conn, (now, until): (DateTime<Utc>, DateTime<Utc>)) -> Result<Option<String>, Error> {
    let waits = scans::table.filter(scans::not_before.le(at(now)));
    let first: Option<(i64, String)> = waits
        .order((scans::not_before, scans::id))
        .select((scans::id, scans::blob_sha256))
        .first(conn)
        .optional()?;
    let Some((id, blob)) = first else { return Ok(None) };
    let still = scans::table.find(id).filter(scans::not_before.le(at(now)));
    let taken = diesel::update(still).set(scans::not_before.eq(at(until))).execute(conn)?;
    Ok((taken == 1).then_some(blob))
}

/// Forgets a mail within the transaction that writes what was recognised; false = somebody else was quicker.
pub fn forget(conn: &mut Conn, blob_sha256: &str) -> Result<bool, Error> {
    let gone = diesel::delete(scans::table.filter(scans::blob_sha256.eq(blob_sha256))).execute(conn)?;
    Ok(gone > 0)
}

/// The messages that are this mail.
pub fn messages_of(conn: &mut Conn, blob_sha256: &str) -> Result<Vec<i64>, Error> {
    Ok(messages::table
        .filter(messages::blob_sha256.eq(blob_sha256))
        .order(messages::id)
        .select(messages::id)
        .load(conn)?)
}

/// Makes a message wait to be placed as if it had just come.
pub fn reopen(conn: &mut Conn, id: i64) -> Result<(), Error> {
    diesel::delete(attachments::table.filter(attachments::message_id.eq(id))).execute(conn)?;
    diesel::update(messages::table.find(id)).set(messages::state.eq(MessageState::Received)).execute(conn)?;
    Ok(())
}

/// A message as it waited when it had just come.
pub fn as_it_came(conn: &mut Conn, id: i64) -> Result<Unread, Error> {
    Ok(messages::table.find(id).select(Unread::as_select()).first(conn)?)
}

/// Keeps the texts of a message's files, and what is said of them; nothing else of the message changes.
pub fn keep_files(conn: &mut Conn, id: i64, (reading, files): (&str, &[NewAttachment])) -> Result<(), Error> {
    diesel::update(messages::table.find(id)).set(messages::reading.eq(reading)).execute(conn)?;
    for (position, file) in (0_i64..).zip(files) {
        let row = attachments::table
            .filter(attachments::message_id.eq(id))
            .filter(attachments::position.eq(position))
            .filter(attachments::sha256.eq(&file.sha256));
        diesel::update(row)
            .set((attachments::content.eq(&file.content), attachments::notes.eq(&file.notes)))
            .execute(conn)?;
    }
    Ok(())
}

/// Why a person is asked about a message.
pub fn asked(conn: &mut Conn, id: i64) -> Result<Option<String>, Error> {
    Ok(messages::table.find(id).select(messages::held_reason).first(conn)?)
}

/// What is made of a message anew.
#[derive(Debug, Clone, AsChangeset)]
#[diesel(table_name = messages, treat_none_as_null = true)]
pub struct Weighed {
    /// What happens to it next.
    pub state: MessageState,
    /// Matches and proposal, JSON.
    pub proposal: String,
    /// Why a person is asked.
    pub held_reason: Option<String>,
}

/// Writes what is made of a message anew.
pub fn weigh(conn: &mut Conn, id: i64, weighed: &Weighed) -> Result<(), Error> {
    diesel::update(messages::table.find(id)).set(weighed).execute(conn)?;
    Ok(())
}
