//! What stays of what was erased: that it was public once, and by what the mail is known if it comes again.

use crate::store::erasure::Tombstone;
use crate::store::schema::{
    arrivals, attachments, erased_again, erased_mails, erased_parts, messages, outbox,
};
use crate::store::types::MessageState;
use crate::store::{Conn, Error, at, each};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// The place of the text of a message among its files.
pub const TEXT: i64 = -1;

/// Writes down which of these texts everyone could read, before they go.
pub(super) fn public_texts(conn: &mut Conn, ids: &[i64], stone: &Tombstone) -> Result<(), Error> {
    let public: Vec<i64> = messages::table
        .filter(messages::id.eq_any(ids.to_vec()))
        .filter(messages::state.eq(MessageState::Settled))
        .filter(messages::published_at.is_not_null())
        .order(messages::id.asc())
        .select(messages::id)
        .load(conn)?;
    public.into_iter().try_for_each(|id| was_public(conn, (id, TEXT), stone))
}

/// Writes down whether everyone could have this file, before it goes.
pub(super) fn public_file(
    conn: &mut Conn,
    (message, position): (i64, i64),
    stone: &Tombstone,
) -> Result<(), Error> {
    let public: i64 = attachments::table
        .inner_join(messages::table)
        .filter(attachments::message_id.eq(message))
        .filter(attachments::position.eq(position))
        .filter(attachments::published_at.is_not_null())
        .filter(attachments::published_name.is_not_null())
        .filter(messages::state.eq(MessageState::Settled))
        .filter(messages::published_at.is_not_null())
        .count()
        .get_result(conn)?;
    if public > 0 { was_public(conn, (message, position), stone) } else { Ok(()) }
}

fn was_public(conn: &mut Conn, (message, position): (i64, i64), stone: &Tombstone) -> Result<(), Error> {
    let row = (
        erased_parts::message_id.eq(message),
        erased_parts::position.eq(position),
        erased_parts::class.eq(stone.class.as_str()),
        erased_parts::erased_at.eq(at(stone.erased_at)),
    );
    each!(conn, |c| diesel::insert_into(erased_parts::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

/// The content keys of messages, and the message that each is of.
pub fn contents(conn: &mut Conn, ids: &[i64]) -> Result<Vec<(i64, String)>, Error> {
    Ok(messages::table
        .filter(messages::id.eq_any(ids.to_vec()))
        .order(messages::id.asc())
        .select((messages::id, messages::content_key))
        .load(conn)?)
}

/// Keeps by what an erased mail is known again; `message` is what is left of it.
pub fn know_again(
    conn: &mut Conn,
    (fingerprint, message): (&str, Option<i64>),
    erased_at: DateTime<Utc>,
) -> Result<(), Error> {
    let row = (
        erased_mails::fingerprint.eq(fingerprint),
        erased_mails::message_id.eq(message),
        erased_mails::erased_at.eq(at(erased_at)),
    );
    each!(conn, |c| diesel::insert_into(erased_mails::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

/// Whether this is a mail that was erased; then that it came again is written down, and nothing else of it.
pub fn came_again(
    conn: &mut Conn,
    fingerprint: &str,
    (via, spool_key, came): (&str, &str, NaiveDateTime),
) -> Result<bool, Error> {
    let mail = erased_mails::table.filter(erased_mails::fingerprint.eq(fingerprint));
    let Some(mail) = mail.select(erased_mails::id).first::<i64>(conn).optional()? else { return Ok(false) };
    let row = (
        erased_again::mail_id.eq(mail),
        erased_again::via.eq(via),
        erased_again::spool_key.eq(spool_key),
        erased_again::came_at.eq(came),
    );
    each!(conn, |c| diesel::insert_into(erased_again::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(true)
}

/// How often an erased message came again, and when last.
pub fn returns(conn: &mut Conn, message: i64) -> Result<(i64, Option<NaiveDateTime>), Error> {
    Ok(erased_again::table
        .inner_join(erased_mails::table)
        .filter(erased_mails::message_id.eq(message))
        .select((diesel::dsl::count_star(), diesel::dsl::max(erased_again::came_at)))
        .first(conn)?)
}

/// Whether this is a mail that was erased.
pub fn is_erased(conn: &mut Conn, fingerprint: &str) -> Result<bool, Error> {
    let mail = erased_mails::table.filter(erased_mails::fingerprint.eq(fingerprint));
    Ok(mail.select(erased_mails::id).first::<i64>(conn).optional()?.is_some())
}

/// An arrival: SHA-256 of the bytes, how it came, its place in the spool, when.
pub type Came = (String, String, String, NaiveDateTime);

/// How a message came.
pub fn arrivals_of(conn: &mut Conn, message: i64) -> Result<Vec<Came>, Error> {
    Ok(arrivals::table
        .filter(arrivals::message_id.eq(message))
        .order(arrivals::id.asc())
        .select((arrivals::blob_sha256, arrivals::via, arrivals::spool_key, arrivals::arrived_at))
        .load(conn)?)
}

/// Whether an arrival of this message is written down as that of an erased mail.
pub fn is_noted(conn: &mut Conn, message: i64) -> Result<bool, Error> {
    let of: Vec<String> =
        arrivals::table.filter(arrivals::message_id.eq(message)).select(arrivals::spool_key).load(conn)?;
    let noted: i64 =
        erased_again::table.filter(erased_again::spool_key.eq_any(of)).count().get_result(conn)?;
    Ok(noted > 0)
}

/// Whether some row but those of one message needs these bytes.
pub fn is_needed_beside(conn: &mut Conn, (key, message): (&str, i64)) -> Result<bool, Error> {
    let mails: i64 = messages::table
        .filter(messages::blob_sha256.eq(key))
        .filter(messages::id.ne(message))
        .count()
        .get_result(conn)?;
    let came: i64 = arrivals::table
        .filter(arrivals::blob_sha256.eq(key))
        .filter(arrivals::message_id.ne(message))
        .count()
        .get_result(conn)?;
    let files: i64 = attachments::table
        .filter(attachments::sha256.eq(key))
        .filter(attachments::message_id.ne(message))
        .count()
        .get_result(conn)?;
    let letters: i64 = outbox::table.filter(outbox::blob_sha256.eq(key)).count().get_result(conn)?;
    Ok(mails + came + files + letters > 0)
}

/// Deletes a message that nobody has read yet, within the caller's transaction.
pub fn forget_unread(conn: &mut Conn, message: i64) -> Result<(), Error> {
    diesel::delete(arrivals::table.filter(arrivals::message_id.eq(message))).execute(conn)?;
    let unread = messages::table.find(message).filter(messages::state.eq(MessageState::Received));
    diesel::delete(unread).execute(conn)?;
    Ok(())
}
