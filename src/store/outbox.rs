//! Letters on their way out: queued with their final bytes, sent once, never twice by themselves.

use crate::domain::request::state::Status;
use crate::store::schema::{outbox, outbox_attempts, requests};
use crate::store::types::OutboxState;
use crate::store::{AnyConn, Conn, Error, at};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

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
            outbox::state.eq(OutboxState::Queued),
            outbox::attempts.eq(0),
            outbox::leave_after.eq(at(new.leave_after)),
            outbox::next_attempt_at.eq(at(new.leave_after)),
            outbox::created_at.eq(at(new.created_at)),
        ))
        .returning(outbox::id)
        .get_result(conn)?)
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

/// A worker's hold on a letter.
#[derive(Debug, Clone)]
pub struct Claim<'a> {
    /// Name of the worker, unique to this run.
    pub worker: &'a str,
    /// Now.
    pub now: DateTime<Utc>,
    /// Until when the hold is good.
    pub until: DateTime<Utc>,
}

/// Takes the next letter that may leave, and records the attempt, within the caller's transaction; the caller
/// commits before it connects.
pub fn claim_due(conn: &mut Conn, claim: &Claim<'_>) -> Result<Option<(Letter, i64)>, Error> {
    let now = at(claim.now);
    let due = outbox::table
        .filter(outbox::state.eq_any([OutboxState::Queued, OutboxState::Deferred]))
        .filter(outbox::next_attempt_at.le(now))
        .order((outbox::next_attempt_at.asc(), outbox::id.asc()))
        .limit(1);
    let next: Option<i64> = match conn {
        AnyConn::Sqlite(c) => due.select(outbox::id).first(c).optional()?,
        AnyConn::Postgres(c) => due.select(outbox::id).for_update().skip_locked().first(c).optional()?,
    };
    let Some(id) = next else { return Ok(None) };
    diesel::update(outbox::table.find(id))
        .set((
            outbox::state.eq(OutboxState::Claimed),
            outbox::attempts.eq(outbox::attempts + 1),
            outbox::claimed_by.eq(claim.worker),
            outbox::lease_until.eq(at(claim.until)),
        ))
        .execute(conn)?;
    diesel::update(outbox::table.find(id).filter(outbox::first_tried_at.is_null()))
        .set(outbox::first_tried_at.eq(now))
        .execute(conn)?;
    let attempt: i64 = diesel::insert_into(outbox_attempts::table)
        .values((outbox_attempts::outbox_id.eq(id), outbox_attempts::started_at.eq(now)))
        .returning(outbox_attempts::id)
        .get_result(conn)?;
    let letter = outbox::table.find(id).select(Letter::as_select()).first(conn)?;
    Ok(Some((letter, attempt)))
}

/// Commits the doubt: between 354 and the body. False = the hold was lost, the body must not be sent.
pub fn in_doubt(conn: &mut Conn, id: i64, claim: &Claim<'_>) -> Result<bool, Error> {
    let marked = diesel::update(
        outbox::table
            .find(id)
            .filter(outbox::state.eq(OutboxState::Claimed))
            .filter(outbox::claimed_by.eq(claim.worker)),
    )
    .set((
        outbox::state.eq(OutboxState::InDoubt),
        outbox::in_doubt_at.eq(at(claim.now)),
        outbox::lease_until.eq(at(claim.until)),
    ))
    .execute(conn)?;
    Ok(marked == 1)
}

/// How an attempt ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// accepted, deferred, refused, unknown, or queued when it goes back.
    pub state: OutboxState,
    /// The line of the server, where there was one.
    pub server_reply: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
    /// When it is tried again, if it is.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub at: DateTime<Utc>,
}

/// Records how the attempt of a worker ended; only the worker that holds the letter may say so. False =
/// the letter is no longer this worker's (its lease expired and the letter was called `unknown`).
pub fn ended(conn: &mut Conn, (id, attempt): (i64, i64), worker: &str, end: &Ended) -> Result<bool, Error> {
    let time = at(end.at);
    diesel::update(outbox_attempts::table.find(attempt))
        .set((
            outbox_attempts::ended_at.eq(time),
            outbox_attempts::result.eq(end.state.as_str()),
            outbox_attempts::detail.eq(end.server_reply.as_ref().or(end.error.as_ref())),
        ))
        .execute(conn)?;
    let accepted = (end.state == OutboxState::Accepted).then_some(time);
    // A worker that was stopped in mid-send and wakes up late may still learn that the server took the letter.
    let held = [OutboxState::Claimed, OutboxState::InDoubt, OutboxState::Unknown];
    let updated = diesel::update(
        outbox::table.find(id).filter(outbox::claimed_by.eq(worker)).filter(outbox::state.eq_any(held)),
    )
    .set((
        outbox::state.eq(end.state),
        outbox::server_reply.eq(&end.server_reply),
        outbox::last_error.eq(&end.error),
        outbox::accepted_at.eq(accepted),
        outbox::lease_until.eq(None::<NaiveDateTime>),
    ))
    .execute(conn)?;
    if let Some(next) = end.next_attempt_at {
        diesel::update(outbox::table.find(id)).set(outbox::next_attempt_at.eq(at(next))).execute(conn)?;
    }
    Ok(updated == 1)
}

/// Makes a hold last longer while its worker is at work.
pub fn renew(conn: &mut Conn, id: i64, claim: &Claim<'_>) -> Result<bool, Error> {
    let held = outbox::table
        .find(id)
        .filter(outbox::claimed_by.eq(claim.worker))
        .filter(outbox::state.eq_any([OutboxState::Claimed, OutboxState::InDoubt]));
    Ok(diesel::update(held).set(outbox::lease_until.eq(at(claim.until))).execute(conn)? == 1)
}

/// Letters held before the marker go back to the queue: those whose lease has ended, or all of a worker that ends.
pub fn hand_back(conn: &mut Conn, worker: Option<&str>, now: DateTime<Utc>) -> Result<usize, Error> {
    let (time, held) = (at(now), outbox::table.filter(outbox::state.eq(OutboxState::Claimed)));
    let back = (
        outbox::state.eq(OutboxState::Deferred),
        outbox::claimed_by.eq(None::<String>),
        outbox::lease_until.eq(None::<NaiveDateTime>),
        outbox::last_error.eq("the service stopped before the letter was handed over"),
        outbox::next_attempt_at.eq(time),
    );
    Ok(match worker {
        Some(worker) => diesel::update(held.filter(outbox::claimed_by.eq(worker))).set(back).execute(conn)?,
        None => diesel::update(held.filter(outbox::lease_until.lt(time))).set(back).execute(conn)?,
    })
}

/// Letters in doubt whose lease has ended.
pub fn lapsed(conn: &mut Conn, now: DateTime<Utc>) -> Result<Vec<i64>, Error> {
    Ok(outbox::table
        .filter(outbox::state.eq(OutboxState::InDoubt))
        .filter(outbox::lease_until.lt(at(now)))
        .order(outbox::id.asc())
        .select(outbox::id)
        .load(conn)?)
}

/// Calls a lapsed letter `unknown`; true = it was this call that did.
pub fn lapse(conn: &mut Conn, id: i64, now: DateTime<Utc>) -> Result<bool, Error> {
    let lapsed = diesel::update(
        outbox::table
            .find(id)
            .filter(outbox::state.eq(OutboxState::InDoubt))
            .filter(outbox::lease_until.lt(at(now))),
    )
    .set((
        outbox::state.eq(OutboxState::Unknown),
        outbox::lease_until.eq(None::<NaiveDateTime>),
        outbox::last_error.eq("the service stopped while it handed the letter over"),
    ))
    .execute(conn)?;
    Ok(lapsed == 1)
}

/// Letters whose end the request has not been told: found by where the two stand, however that came about.
pub fn untold(conn: &mut Conn) -> Result<Vec<i64>, Error> {
    let ended = |state| outbox::state.eq(state);
    let accepted = ended(OutboxState::Accepted)
        // Whatever its status: a reply may have proved that the letter arrived before its end was known.
        .and(requests::received_on.is_null())
        .and(requests::status.ne(Status::TakenBack));
    let refused = ended(OutboxState::Refused).and(requests::status.eq_any([Status::Filed, Status::Unknown]));
    let unknown = ended(OutboxState::Unknown).and(requests::status.eq(Status::Filed));
    Ok(outbox::table
        .inner_join(requests::table)
        .filter(outbox::letter.eq("request"))
        .filter(accepted.or(refused).or(unknown))
        .order(outbox::id.asc())
        .select(outbox::id)
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
    let again = diesel::update(
        outbox::table.find(id).filter(outbox::state.eq_any([OutboxState::Unknown, OutboxState::Refused])),
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

/// What stands for the server's line where a person says that the letter arrived.
pub const SAID_BY_A_PERSON: &str = "said by a person";

/// The same where the authority answered it.
pub const PROVED_BY_A_REPLY: &str = "the authority's reply proves that it arrived";

/// Marks an unknown letter as arrived when it was handed over, because a person knows.
pub fn arrived(conn: &mut Conn, id: i64, handed_over: DateTime<Utc>) -> Result<(), Error> {
    diesel::update(outbox::table.find(id).filter(outbox::state.eq(OutboxState::Unknown)))
        .set((
            outbox::state.eq(OutboxState::Accepted),
            outbox::accepted_at.eq(at(handed_over)),
            outbox::server_reply.eq(SAID_BY_A_PERSON),
            outbox::last_error.eq(None::<String>),
        ))
        .execute(conn)?;
    Ok(())
}

/// A letter that never arrived, as it leaves again.
#[derive(Debug, Clone)]
pub struct Anew {
    /// Another one where the bytes are others.
    pub mail_message_id: String,
    /// Final bytes.
    pub blob_sha256: String,
    /// RCPT TO.
    pub envelope_to: String,
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
            outbox::envelope_to.eq(&anew.envelope_to),
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
