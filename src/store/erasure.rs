//! What it takes out of the rows to erase a person, a message or an attachment; dates, authority and events stay.

mod leftovers;
mod links;
mod named;
mod scrub;
mod tombstones;
mod traces;

pub use leftovers::{are_noted, remove_unneeded};
pub use links::{Redacted, accepted, is_accepted, redact_events};
pub use named::{forget_addresses, rename_attachments};
pub use scrub::{Owed, owed_scrub, scrub, settle_scrub};
pub use tombstones::{Tombstone, insert, known};
pub use traces::{
    Came, arrivals_of, came_again, contents, forget_unread, is_erased, is_needed_beside, is_noted,
    know_again, returns,
};

use crate::store::messages::scans;
use crate::store::schema::{
    answers, arrivals, attachments, authenticity, authority_domains, domain_lessons, file_numbers,
    imap_taken, lessons, messages, notices, outbox, people, rank_again, requests, sessions, sign_in_attempts,
    unmatched_keys,
};
use crate::store::types::{MessageState, OutboxState};
use crate::store::{Conn, Error};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use std::collections::BTreeSet;

/// What stands where a text was.
pub const ERASED: &str = "erased";

/// A message as erasing sees it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = messages)]
pub struct Doomed {
    /// Its number.
    pub id: i64,
    /// Raw bytes; empty where they are erased.
    pub blob_sha256: String,
    /// When it was safe.
    pub received_at: NaiveDateTime,
    /// How far its triage is.
    pub state: MessageState,
    /// Decoded.
    pub subject: String,
    /// What the sender wrote.
    pub own_text: String,
    /// What everyone may read.
    pub published_text: Option<String>,
    /// Its subject for everyone.
    pub published_subject: Option<String>,
}

/// One message.
pub fn message(conn: &mut Conn, id: i64) -> Result<Option<Doomed>, Error> {
    Ok(messages::table.find(id).select(Doomed::as_select()).first(conn).optional()?)
}

/// All messages that are the same mail: the same raw bytes, or those of another way it came by.
pub fn same_mail(
    conn: &mut Conn,
    ids: &[i64],
    keys: &[String],
) -> Result<(Vec<i64>, BTreeSet<String>), Error> {
    let (mut ids, mut keys): (BTreeSet<i64>, BTreeSet<String>) =
        (ids.iter().copied().collect(), keys.iter().cloned().collect());
    loop {
        let before = (ids.len(), keys.len());
        let (of, by): (Vec<i64>, Vec<String>) =
            (ids.iter().copied().collect(), keys.iter().cloned().collect());
        let raw: Vec<String> = messages::table
            .filter(messages::id.eq_any(of.clone()))
            .select(messages::blob_sha256)
            .load(conn)?;
        let came: Vec<String> = arrivals::table
            .filter(arrivals::message_id.eq_any(of))
            .select(arrivals::blob_sha256)
            .load(conn)?;
        keys.extend(raw.into_iter().chain(came).filter(|key| !key.is_empty()));
        let by: Vec<String> =
            by.into_iter().chain(keys.iter().cloned()).filter(|key| !key.is_empty()).collect();
        let same: Vec<i64> = messages::table
            .filter(messages::blob_sha256.eq_any(by.clone()))
            .select(messages::id)
            .load(conn)?;
        let arrived: Vec<i64> = arrivals::table
            .filter(arrivals::blob_sha256.eq_any(by))
            .select(arrivals::message_id)
            .load(conn)?;
        ids.extend(same.into_iter().chain(arrived));
        if (ids.len(), keys.len()) == before {
            return Ok((ids.into_iter().collect(), keys));
        }
    }
}

/// An attachment: message, position, SHA-256, text.
pub type File = (i64, i64, String, Option<String>);

/// The attachments of messages.
pub fn attachments_of(conn: &mut Conn, ids: &[i64]) -> Result<Vec<File>, Error> {
    Ok(attachments::table
        .filter(attachments::message_id.eq_any(ids.to_vec()))
        .order((attachments::message_id.asc(), attachments::position.asc()))
        .select((attachments::message_id, attachments::position, attachments::sha256, attachments::content))
        .load(conn)?)
}

/// The messages that have an attachment with these bytes.
pub fn with_attachment(conn: &mut Conn, sha256: &str) -> Result<Vec<i64>, Error> {
    let ids: BTreeSet<i64> = attachments::table
        .filter(attachments::sha256.eq(sha256))
        .select(attachments::message_id)
        .load(conn)?
        .into_iter()
        .collect();
    Ok(ids.into_iter().collect())
}

/// Empties messages: what they are and when they came stays, who wrote what does not.
pub fn empty(conn: &mut Conn, ids: &[i64], stone: &Tombstone) -> Result<(), Error> {
    for (message, position, ..) in attachments_of(conn, ids)? {
        empty_attachment(conn, (message, position), stone)?;
    }
    traces::public_texts(conn, ids, stone)?;
    strip(conn, ids)?;
    for id in ids {
        let settled = MessageState::Settled;
        diesel::update(messages::table.find(id))
            .set((
                messages::content_key.eq(format!("erased:{id}")),
                messages::scope.eq(ERASED),
                messages::recipient.eq(""),
                messages::from_name.eq(None::<String>),
                messages::from_address.eq(None::<String>),
                messages::to_addresses.eq("[]"),
                messages::subject.eq(ERASED),
                messages::mail_message_id.eq(None::<String>),
                messages::own_text.eq(""),
                messages::held_reason.eq(format!("erased: {}", stone.reason)),
                messages::published_text.eq(None::<String>),
                messages::published_subject.eq(None::<String>),
                messages::published_at.eq(None::<NaiveDateTime>),
                messages::told.eq(false),
            ))
            .execute(conn)?;
        diesel::update(messages::table.find(id).filter(messages::state.ne(settled)))
            .set(messages::state.eq(MessageState::SetAside))
            .execute(conn)?;
    }
    let arrived = arrivals::table.filter(arrivals::message_id.eq_any(ids.to_vec()));
    diesel::update(arrived)
        .set((arrivals::recipient.eq(""), arrivals::sender.eq(None::<String>)))
        .execute(conn)?;
    diesel::delete(authenticity::table.filter(authenticity::message_id.eq_any(ids.to_vec())))
        .execute(conn)?;
    unlearn(conn, ids)
}

/// Takes from messages the raw mail, what was read out of it, and what they quote; what they say themselves stays.
pub fn strip(conn: &mut Conn, ids: &[i64]) -> Result<(), Error> {
    let of = ids.to_vec();
    let raw: Vec<String> =
        messages::table.filter(messages::id.eq_any(of.clone())).select(messages::blob_sha256).load(conn)?;
    let came: Vec<String> = arrivals::table
        .filter(arrivals::message_id.eq_any(of.clone()))
        .select(arrivals::blob_sha256)
        .load(conn)?;
    let keys: Vec<String> = raw.into_iter().chain(came).collect();
    diesel::update(messages::table.filter(messages::id.eq_any(of.clone())))
        .set((
            messages::blob_sha256.eq(""),
            messages::size.eq(0),
            messages::quoted_text.eq(None::<String>),
            messages::reading.eq("null"),
            messages::proposal.eq("null"),
            messages::evidence.eq(None::<String>),
            // Why it was held may quote it.
            messages::held_reason.eq(None::<String>),
        ))
        .execute(conn)?;
    diesel::update(arrivals::table.filter(arrivals::message_id.eq_any(of.clone())))
        .set((
            arrivals::blob_sha256.eq(""),
            arrivals::peer.eq(None::<String>),
            arrivals::greeted_as.eq(None::<String>),
        ))
        .execute(conn)?;
    // The mailbox still knows the mail: that it was taken stays known, so that it is not fetched again.
    diesel::update(imap_taken::table.filter(imap_taken::blob_sha256.eq_any(keys.clone())))
        .set(imap_taken::blob_sha256.eq(""))
        .execute(conn)?;
    for key in &keys {
        scans::forget(conn, key)?;
    }
    diesel::update(answers::table.filter(answers::message_id.eq_any(of)))
        .set((
            answers::passage.eq(None::<String>),
            answers::value.eq(None::<String>),
            answers::grounds.eq("[]"),
        ))
        .execute(conn)?;
    Ok(())
}

/// Empties an attachment; that there was one at this place stays.
pub fn empty_attachment(
    conn: &mut Conn,
    (message, position): (i64, i64),
    stone: &Tombstone,
) -> Result<(), Error> {
    traces::public_file(conn, (message, position), stone)?;
    let file = attachments::table
        .filter(attachments::message_id.eq(message))
        .filter(attachments::position.eq(position));
    diesel::update(file)
        .set((
            attachments::name.eq(ERASED),
            attachments::content_type.eq("application/octet-stream"),
            attachments::size.eq(0),
            attachments::sha256.eq(""),
            attachments::content.eq(None::<String>),
            attachments::notes.eq("[]"),
            attachments::published_name.eq(None::<String>),
            attachments::published_at.eq(None::<NaiveDateTime>),
        ))
        .execute(conn)?;
    Ok(())
}

/// Forgets what messages taught, and by what they would be found again.
fn unlearn(conn: &mut Conn, ids: &[i64]) -> Result<(), Error> {
    let of = ids.to_vec();
    let numbers: Vec<String> = file_numbers::table
        .filter(file_numbers::message_id.eq_any(of.clone()))
        .select(file_numbers::folded)
        .load(conn)?;
    let mut keys: Vec<String> = unmatched_keys::table
        .filter(unmatched_keys::message_id.eq_any(of.clone()))
        .select(unmatched_keys::key)
        .load(conn)?;
    keys.extend(numbers.iter().map(|number| crate::domain::incoming::matching::keys::of_number(number)));
    diesel::delete(file_numbers::table.filter(file_numbers::message_id.eq_any(of.clone()))).execute(conn)?;
    diesel::delete(unmatched_keys::table.filter(unmatched_keys::message_id.eq_any(of.clone())))
        .execute(conn)?;
    diesel::delete(rank_again::table.filter(rank_again::message_id.eq_any(of.clone()))).execute(conn)?;
    diesel::delete(lessons::table.filter(lessons::key.eq_any(keys))).execute(conn)?;
    let shown: Vec<i64> = domain_lessons::table
        .filter(domain_lessons::message_id.eq_any(of.clone()))
        .select(domain_lessons::domain_id)
        .load(conn)?;
    diesel::delete(domain_lessons::table.filter(domain_lessons::message_id.eq_any(of))).execute(conn)?;
    for domain in shown {
        let left: i64 =
            domain_lessons::table.filter(domain_lessons::domain_id.eq(domain)).count().get_result(conn)?;
        if left == 0 {
            let host = authority_domains::table.find(domain).filter(authority_domains::source.eq("reply"));
            diesel::delete(host).execute(conn)?;
        }
    }
    Ok(())
}

/// Writes other texts of a message, in which names were struck out.
pub fn rewrite(conn: &mut Conn, message: &Doomed) -> Result<(), Error> {
    diesel::update(messages::table.find(message.id))
        .set((
            messages::subject.eq(&message.subject),
            messages::own_text.eq(&message.own_text),
            messages::published_text.eq(&message.published_text),
            messages::published_subject.eq(&message.published_subject),
        ))
        .execute(conn)?;
    Ok(())
}

/// Messages of requests.
pub fn messages_of(conn: &mut Conn, requests: &[i64]) -> Result<Vec<i64>, Error> {
    Ok(messages::table
        .filter(messages::request_id.eq_any(requests.to_vec()))
        .order(messages::id.asc())
        .select(messages::id)
        .load(conn)?)
}

/// A person's requests, as (number, name under the letter).
pub fn requests_of(conn: &mut Conn, person: i64) -> Result<Vec<(i64, String)>, Error> {
    Ok(requests::table
        .filter(requests::person_id.eq(person))
        .order(requests::id.asc())
        .select((requests::id, requests::signed_as))
        .load(conn)?)
}

/// The letters of requests, as (number, state, bytes).
pub fn letters_of(conn: &mut Conn, requests: &[i64]) -> Result<Vec<(i64, OutboxState, String)>, Error> {
    Ok(outbox::table
        .filter(outbox::request_id.eq_any(requests.to_vec()))
        .order(outbox::id.asc())
        .select((outbox::id, outbox::state, outbox::blob_sha256))
        .load(conn)?)
}

/// Empties the texts of letters; that they left, when, where to and the server's word stay.
pub fn empty_letters(conn: &mut Conn, requests: &[i64]) -> Result<(), Error> {
    diesel::update(outbox::table.filter(outbox::request_id.eq_any(requests.to_vec())))
        .set((
            outbox::subject.eq(ERASED),
            outbox::body.eq("This letter's text was erased."),
            outbox::blob_sha256.eq(""),
        ))
        .execute(conn)?;
    Ok(())
}

/// A person as erasing sees them: number, e-mail, name, when they were added.
pub fn person(conn: &mut Conn, id: i64) -> Result<Option<(String, String, NaiveDateTime)>, Error> {
    Ok(people::table
        .find(id)
        .select((people::email, people::name, people::created_at))
        .first(conn)
        .optional()?)
}

/// Empties a person: a number and a role stay, nobody can sign in with them.
pub fn empty_person(conn: &mut Conn, (id, account): (i64, &str), requests: &[i64]) -> Result<(), Error> {
    diesel::update(people::table.find(id))
        .set((
            people::email.eq(format!("erased-{id}@erased.invalid")),
            people::name.eq(ERASED),
            people::password_hash.eq(""),
            people::state.eq("suspended"),
            people::calendar_token_hash.eq(None::<String>),
        ))
        .execute(conn)?;
    diesel::delete(sessions::table.filter(sessions::person_id.eq(id))).execute(conn)?;
    diesel::delete(sign_in_attempts::table.filter(sign_in_attempts::account_hash.eq(account)))
        .execute(conn)?;
    diesel::delete(notices::table.filter(notices::person_id.eq(id))).execute(conn)?;
    let theirs = requests.to_vec();
    diesel::update(requests::table.filter(requests::id.eq_any(theirs.clone())))
        .set(requests::signed_as.eq(ERASED))
        .execute(conn)?;
    diesel::update(
        requests::table.filter(requests::id.eq_any(theirs)).filter(requests::withdrawn_reason.is_not_null()),
    )
    .set(requests::withdrawn_reason.eq(ERASED))
    .execute(conn)?;
    Ok(())
}

/// Whether some row still needs these bytes.
pub fn is_needed(conn: &mut Conn, key: &str) -> Result<bool, Error> {
    let messages: i64 = messages::table.filter(messages::blob_sha256.eq(key)).count().get_result(conn)?;
    let arrivals: i64 = arrivals::table.filter(arrivals::blob_sha256.eq(key)).count().get_result(conn)?;
    let files: i64 = attachments::table.filter(attachments::sha256.eq(key)).count().get_result(conn)?;
    let letters: i64 = outbox::table.filter(outbox::blob_sha256.eq(key)).count().get_result(conn)?;
    Ok(messages + arrivals + files + letters > 0)
}
