//! What delivery reports say of letters (RFC 3464).

use crate::store::outbox::Letter;
use crate::store::schema::outbox;
use crate::store::types::OutboxState;
use crate::store::{Conn, Error, at};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// The letter of a request that a report names by its Message-ID, which is also its envelope id.
pub fn named(conn: &mut Conn, request: i64, ids: &[String]) -> Result<Option<Letter>, Error> {
    Ok(outbox::table
        .filter(outbox::request_id.eq(request))
        .filter(outbox::mail_message_id.eq_any(ids.to_vec()))
        .order(outbox::id.desc())
        .select(Letter::as_select())
        .first(conn)
        .optional()?)
}

/// The letter of a request that went last to one of some addresses.
pub fn sent_to(conn: &mut Conn, request: i64, addresses: &[String]) -> Result<Option<Letter>, Error> {
    let letters: Vec<Letter> = outbox::table
        .filter(outbox::request_id.eq(request))
        .order(outbox::id.desc())
        .select(Letter::as_select())
        .load(conn)?;
    let is_one = |to: &str| addresses.iter().any(|it| it.eq_ignore_ascii_case(to));
    Ok(letters.into_iter().find(|letter| is_one(&letter.envelope_to)))
}

/// Keeps what a report says: delivered, relayed, delayed or failed. A delay says nothing where more is known.
pub fn reported(conn: &mut Conn, id: i64, word: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let letter = outbox::table.find(id);
    let said = (outbox::delivery.eq(word), outbox::delivery_at.eq(at(now)));
    if word == "delayed" {
        diesel::update(letter.filter(outbox::delivery.is_null())).set(said).execute(conn)?;
    } else {
        diesel::update(letter).set(said).execute(conn)?;
    }
    Ok(())
}

/// Letters of which nobody has known since before an instant, that were never repeated by themselves and of which no
/// report says anything that would settle them.
pub fn repeatable(conn: &mut Conn, before: DateTime<Utc>) -> Result<Vec<i64>, Error> {
    Ok(outbox::table
        .filter(outbox::state.eq(OutboxState::Unknown))
        .filter(outbox::repeats.eq(0))
        .filter(outbox::in_doubt_at.le(at(before)))
        .filter(outbox::delivery.is_null().or(outbox::delivery.eq("delayed")))
        .order(outbox::id.asc())
        .select(outbox::id)
        .load(conn)?)
}

/// Queues such a letter once more, the same bytes, within the caller's transaction; false = somebody was faster.
pub fn repeat(conn: &mut Conn, id: i64, now: DateTime<Utc>) -> Result<bool, Error> {
    let letter =
        outbox::table.find(id).filter(outbox::state.eq(OutboxState::Unknown)).filter(outbox::repeats.eq(0));
    let repeated = diesel::update(letter)
        .set((
            outbox::state.eq(OutboxState::Queued),
            outbox::repeats.eq(1),
            outbox::claimed_by.eq(None::<String>),
            outbox::first_tried_at.eq(None::<NaiveDateTime>),
            outbox::next_attempt_at.eq(at(now)),
        ))
        .execute(conn)?;
    Ok(repeated == 1)
}

/// What stands for the server's line where a person says that the letter arrived.
pub const SAID_BY_A_PERSON: &str = "said by a person";

/// The same where the authority answered it.
pub const PROVED_BY_A_REPLY: &str = "the authority's reply proves that it arrived";

/// The same where a mail server further on reported it.
pub const PROVED_BY_A_REPORT: &str = "a delivery report proves that it arrived";

/// Marks an unknown letter as arrived when it was handed over, with what proves it; false = it is not unknown.
pub fn arrived(conn: &mut Conn, id: i64, (handed_over, proof): (NaiveDateTime, &str)) -> Result<bool, Error> {
    let marked = diesel::update(outbox::table.find(id).filter(outbox::state.eq(OutboxState::Unknown)))
        .set((
            outbox::state.eq(OutboxState::Accepted),
            outbox::accepted_at.eq(handed_over),
            outbox::server_reply.eq(proof),
            outbox::last_error.eq(None::<String>),
        ))
        .execute(conn)?;
    Ok(marked == 1)
}
