//! Letters on their way out: queued with their final bytes, sent once, never twice by themselves.

mod claiming;
mod doubt;
mod reports;

pub(crate) use claiming::hold_claims;
pub use claiming::{
    Claim, Ended, bring_nearer, claim_due, end_holds, ended, fates, hand_back, held_in, holders, in_doubt,
    lapse, lapsed, may_leave, renew, tries,
};
pub use doubt::{REFUSED_LATER, arrived, came_back, doubted_again, is_untold_of_a_doubt};
pub use reports::{
    DISPROVED_BY_A_REPORT, PROVED_BY_A_REPLY, PROVED_BY_A_REPORT, SAID_BY_A_PERSON, named, repeat,
    repeatable, reported, sent_to,
};

use crate::domain::request::state::Status;
use crate::store::schema::{outbox, people, requests};
use crate::store::types::OutboxState;
use crate::store::{AnyConn, Conn, Error, at};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

/// A letter as it is queued, in the transaction that files it.
#[derive(Debug, Clone)]
pub struct NewLetter {
    /// Whose letter.
    pub request_id: i64,
    /// request, reminder, …: one of each for a request.
    pub letter: String,
    /// Made now, so that a repeat is the same letter.
    pub mail_message_id: String,
    /// Final bytes.
    pub blob_sha256: String,
    /// As sent.
    pub subject: String,
    /// As sent.
    pub body: String,
    /// MAIL FROM.
    pub envelope_from: String,
    /// RCPT TO.
    pub envelope_to: String,
    /// Until then it can be taken back.
    pub leave_after: DateTime<Utc>,
    /// When it was queued.
    pub created_at: DateTime<Utc>,
}

/// Queues a letter within the caller's transaction.
pub fn enqueue(conn: &mut Conn, new: &NewLetter) -> Result<i64, Error> {
    Ok(diesel::insert_into(outbox::table)
        .values((
            outbox::request_id.eq(new.request_id),
            outbox::letter.eq(&new.letter),
            outbox::mail_message_id.eq(&new.mail_message_id),
            outbox::blob_sha256.eq(&new.blob_sha256),
            outbox::subject.eq(&new.subject),
            outbox::body.eq(&new.body),
            outbox::envelope_from.eq(&new.envelope_from),
            outbox::envelope_to.eq(&new.envelope_to),
            outbox::domain.eq(domain_of(&new.envelope_to)),
            outbox::state.eq(OutboxState::Queued),
            outbox::attempts.eq(0),
            outbox::leave_after.eq(at(new.leave_after)),
            outbox::next_attempt_at.eq(at(new.leave_after)),
            outbox::created_at.eq(at(new.created_at)),
        ))
        .returning(outbox::id)
        .get_result(conn)?)
}

/// The domain of an address, by which rates count.
fn domain_of(address: &str) -> String {
    address.rsplit('@').next().unwrap_or_default().to_ascii_lowercase()
}

/// A letter as a use case sees it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = outbox)]
pub struct Letter {
    /// Its number.
    pub id: i64,
    /// Whose letter.
    pub request_id: i64,
    /// request, reminder, …
    pub letter: String,
    /// Without angle brackets.
    pub mail_message_id: String,
    /// Final bytes.
    pub blob_sha256: String,
    /// As sent.
    pub subject: String,
    /// As sent.
    pub body: String,
    /// MAIL FROM.
    pub envelope_from: String,
    /// RCPT TO.
    pub envelope_to: String,
    /// Where it stands.
    pub state: OutboxState,
    /// How often it was tried.
    pub attempts: i64,
    /// When the body was about to be handed over.
    pub in_doubt_at: Option<NaiveDateTime>,
    /// When the server took it.
    pub accepted_at: Option<NaiveDateTime>,
    /// The server's line.
    pub server_reply: Option<String>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it was first tried since it was last queued.
    pub first_tried_at: Option<NaiveDateTime>,
    /// When it was queued.
    pub created_at: NaiveDateTime,
}

/// One letter.
pub fn find(conn: &mut Conn, id: i64) -> Result<Option<Letter>, Error> {
    Ok(outbox::table.find(id).select(Letter::as_select()).first(conn).optional()?)
}

/// A letter of a request by its kind.
pub fn of_request(conn: &mut Conn, request: i64, letter: &str) -> Result<Option<Letter>, Error> {
    Ok(outbox::table
        .filter(outbox::request_id.eq(request))
        .filter(outbox::letter.eq(letter))
        .select(Letter::as_select())
        .first(conn)
        .optional()?)
}

/// Letters whose end the request has not been told: found by where the two stand, however that came about.
pub fn untold(conn: &mut Conn) -> Result<Vec<i64>, Error> {
    let ended = |state| outbox::state.eq(state);
    let accepted = ended(OutboxState::Accepted)
        // Whatever its status: a reply may have proved that the letter arrived before its end was known.
        .and(requests::received_on.is_null())
        .and(requests::status.ne(Status::TakenBack));
    let refused = ended(OutboxState::Refused).and(requests::status.eq_any([Status::Filed, Status::Unknown]));
    // A second copy of which nobody knows is told as the first one was.
    let again = requests::status.eq(Status::Unknown).and(sql::<Bool>(doubt::MORE_THAN_WAS_TOLD));
    let unknown = ended(OutboxState::Unknown).and(requests::status.eq(Status::Filed).or(again));
    Ok(outbox::table
        .inner_join(requests::table)
        .filter(outbox::letter.eq("request"))
        .filter(accepted.or(refused).or(unknown))
        .order(outbox::id.asc())
        .select(outbox::id)
        .load(conn)?)
}

/// References of the requests of a person, by their sign-in name, whose letters wait to leave.
pub fn waiting_of(conn: &mut Conn, email: &str) -> Result<Vec<String>, Error> {
    let waits = [OutboxState::Queued, OutboxState::Deferred];
    Ok(outbox::table
        .inner_join(requests::table.inner_join(people::table))
        .filter(outbox::state.eq_any(waits))
        .filter(people::email.eq(email.trim().to_lowercase()))
        .order(outbox::id.asc())
        .select(requests::reference)
        .load(conn)?)
}

/// One letter, held against other writers until the caller's transaction ends.
pub fn hold(conn: &mut Conn, id: i64) -> Result<Option<Letter>, Error> {
    if let AnyConn::Postgres(c) = conn {
        let held: Option<i64> = outbox::table.find(id).select(outbox::id).for_update().first(c).optional()?;
        if held.is_none() {
            return Ok(None);
        }
    }
    find(conn, id)
}

/// Takes a letter back that has not left; false = too late.
pub fn take_back(conn: &mut Conn, id: i64) -> Result<bool, Error> {
    let taken = diesel::update(outbox::table.find(id).filter(outbox::state.eq(OutboxState::Queued)))
        .set(outbox::state.eq(OutboxState::TakenBack))
        .execute(conn)?;
    Ok(taken == 1)
}

/// Queues a letter again, the same bytes, because a person said so; false = it stands where that is not possible.
pub fn send_again(conn: &mut Conn, id: i64, now: DateTime<Utc>) -> Result<bool, Error> {
    // What a report said of the copy before says nothing of this one.
    let stands = [OutboxState::Unknown, OutboxState::Refused];
    let failed = outbox::table.find(id).filter(outbox::delivery.eq("failed"));
    let nothing = (outbox::delivery.eq(None::<String>), outbox::delivery_at.eq(None::<NaiveDateTime>));
    diesel::update(failed.filter(outbox::state.eq_any(stands))).set(nothing).execute(conn)?;
    // A letter whose bytes were erased has nothing that could leave.
    let again = diesel::update(
        outbox::table.find(id).filter(outbox::state.eq_any(stands)).filter(outbox::blob_sha256.ne("")),
    )
    .set((
        outbox::state.eq(OutboxState::Queued),
        outbox::claimed_by.eq(None::<String>),
        outbox::first_tried_at.eq(None::<NaiveDateTime>),
        outbox::next_attempt_at.eq(at(now)),
    ))
    .execute(conn)?;
    Ok(again == 1)
}

/// A letter that never arrived, as it leaves again.
#[derive(Debug, Clone)]
pub struct Anew {
    /// Another one where the bytes are others.
    pub mail_message_id: String,
    /// Final bytes.
    pub blob_sha256: String,
    /// MAIL FROM: the reply address of the request now.
    pub envelope_from: String,
    /// RCPT TO.
    pub envelope_to: String,
    /// As sent.
    pub body: String,
    /// Until then it can be taken back.
    pub leave_after: DateTime<Utc>,
}

/// Queues a letter that never arrived again, perhaps to another address, within the caller's transaction. The
/// attempts stay as they are recorded; the caller has looked where the letter stands and holds it.
pub fn queue_anew(conn: &mut Conn, letter: &Letter, anew: &Anew) -> Result<(), Error> {
    diesel::update(outbox::table.find(letter.id))
        .set((
            outbox::state.eq(OutboxState::Queued),
            outbox::mail_message_id.eq(&anew.mail_message_id),
            outbox::blob_sha256.eq(&anew.blob_sha256),
            outbox::envelope_from.eq(&anew.envelope_from),
            outbox::envelope_to.eq(&anew.envelope_to),
            outbox::body.eq(&anew.body),
            outbox::domain.eq(domain_of(&anew.envelope_to)),
            outbox::delivery.eq(None::<String>),
            outbox::delivery_at.eq(None::<NaiveDateTime>),
            outbox::leave_after.eq(at(anew.leave_after)),
            outbox::next_attempt_at.eq(at(anew.leave_after)),
            outbox::claimed_by.eq(None::<String>),
            outbox::first_tried_at.eq(None::<NaiveDateTime>),
            outbox::in_doubt_at.eq(None::<NaiveDateTime>),
            outbox::accepted_at.eq(None::<NaiveDateTime>),
            outbox::server_reply.eq(None::<String>),
            outbox::last_error.eq(None::<String>),
        ))
        .execute(conn)?;
    let unsent = requests::sent_at.eq(None::<NaiveDateTime>);
    diesel::update(requests::table.find(letter.request_id)).set(unsent).execute(conn)?;
    Ok(())
}
