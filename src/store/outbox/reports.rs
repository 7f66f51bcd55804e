//! What delivery reports say of letters (RFC 3464).

use crate::domain::request::state::Status;
use crate::store::outbox::Letter;
use crate::store::schema::{messages, outbox, outbox_attempts, requests};
use crate::store::types::OutboxState;
use crate::store::{Conn, Error, at};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use std::ops::RangeInclusive;

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

/// Keeps what a report says: delayed, relayed, failed or delivered. Each counts more than those before it, and what
/// says the same again changes nothing: its time is that of the first. True = it says more than was known.
pub fn reported(conn: &mut Conn, id: i64, word: &str, now: DateTime<Utc>) -> Result<bool, Error> {
    let weaker: &[&str] = match word {
        "delivered" => &["delayed", "relayed", "failed"],
        "failed" => &["delayed", "relayed"],
        "relayed" => &["delayed"],
        _ => &[],
    };
    let less = outbox::delivery.is_null().or(outbox::delivery.eq_any(weaker.to_vec()).assume_not_null());
    let said = diesel::update(outbox::table.find(id).filter(less))
        .set((outbox::delivery.eq(word), outbox::delivery_at.eq(at(now))))
        .execute(conn)?;
    Ok(said == 1)
}

/// Letters that became unknown before an instant, that were never repeated by themselves, of which no report says
/// anything that would settle them, and whose request has heard nothing since they were handed over; of those with
/// these numbers.
pub fn repeatable(
    conn: &mut Conn,
    before: DateTime<Utc>,
    numbers: RangeInclusive<i64>,
) -> Result<Vec<i64>, Error> {
    let tried_since = outbox_attempts::table
        .filter(outbox_attempts::outbox_id.eq(outbox::id))
        .filter(outbox_attempts::ended_at.gt(at(before)));
    let heard = messages::table
        .filter(messages::request_id.eq(requests::id.nullable()))
        .filter(messages::received_at.nullable().ge(outbox::in_doubt_at));
    Ok(outbox::table
        .inner_join(requests::table)
        .filter(outbox::id.between(*numbers.start(), *numbers.end()))
        .filter(outbox::state.eq(OutboxState::Unknown))
        .filter(requests::status.eq_any([Status::Filed, Status::Unknown]))
        .filter(outbox::repeats.eq(0))
        .filter(outbox::blob_sha256.ne(""))
        .filter(outbox::in_doubt_at.le(at(before)))
        // Even one that says it takes longer: then a server has it.
        .filter(outbox::delivery.is_null())
        .filter(not(exists(tried_since)))
        .filter(not(exists(heard)))
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

/// The same where one reported that it came back.
pub const DISPROVED_BY_A_REPORT: &str = "a delivery report proves that it did not arrive";
