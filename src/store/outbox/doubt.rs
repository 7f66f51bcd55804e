//! Letters of which one attempt ended so that nobody knows: what a later attempt says does not settle the earlier one.

use crate::domain::request::state::Status;
use crate::store::outbox::Ended;
use crate::store::outbox::reports::{DISPROVED_BY_A_REPORT, PROVED_BY_A_REPLY, PROVED_BY_A_REPORT};
use crate::store::schema::{outbox, outbox_attempts, requests};
use crate::store::types::OutboxState;
use crate::store::{Conn, Error};
use chrono::NaiveDateTime;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

/// How the reason begins where a letter was refused after an attempt of which nobody knows whether it arrived.
pub const REFUSED_LATER: &str = "refused when it was sent once more: ";

/// Whether more attempts at a letter ended unknown than its request was told of; in a query of both tables.
pub(super) const MORE_THAN_WAS_TOLD: &str = "(SELECT COUNT(*) FROM outbox_attempts WHERE \
     outbox_attempts.outbox_id = outbox.id AND outbox_attempts.result = 'unknown') > \
     (SELECT COUNT(*) FROM events WHERE events.request_id = requests.id AND events.kind = 'sending_unknown')";

/// Whether an attempt at a letter ended unknown of which its request was not told.
pub fn is_untold_of_a_doubt(conn: &mut Conn, id: i64) -> Result<bool, Error> {
    let untold: i64 = outbox::table
        .inner_join(requests::table)
        .filter(outbox::id.eq(id))
        .filter(sql::<Bool>(MORE_THAN_WAS_TOLD))
        .count()
        .get_result(conn)?;
    Ok(untold > 0)
}

/// What the end of an attempt makes of its letter. One that is refused, or given up, after an earlier attempt at these
/// bytes ended unknown may have arrived by that one: only the attempt is refused, and nobody knows of the letter.
pub(super) fn of_letter(conn: &mut Conn, (id, attempt): (i64, i64), end: &Ended) -> Result<Ended, Error> {
    if end.state != OutboxState::Refused || !was_doubted(conn, (id, attempt))? {
        return Ok(end.clone());
    }
    // It was repeated already, and this time it was refused: it is not repeated by itself any more.
    diesel::update(outbox::table.find(id)).set(outbox::repeats.eq(1)).execute(conn)?;
    let said: Vec<&str> = [&end.error, &end.server_reply].into_iter().flatten().map(String::as_str).collect();
    let said = said.join(": ");
    let (state, error) = (OutboxState::Unknown, Some(format!("{REFUSED_LATER}{said}")));
    Ok(Ended { state, server_reply: None, error, ..end.clone() })
}

/// Whether an attempt before this one, at the same bytes, ended unknown. The mark before the body says less: a server
/// that refuses after the body has set it, too.
fn was_doubted(conn: &mut Conn, (id, attempt): (i64, i64)) -> Result<bool, Error> {
    let doubted: i64 = outbox_attempts::table
        .inner_join(outbox::table)
        .filter(outbox_attempts::outbox_id.eq(id))
        .filter(outbox_attempts::id.lt(attempt))
        .filter(outbox_attempts::result.eq(OutboxState::Unknown.as_str()))
        // What was tried before the letter was made anew was another mail, and is known not to have arrived.
        .filter(outbox_attempts::started_at.ge(outbox::leave_after))
        .count()
        .get_result(conn)?;
    Ok(doubted > 0)
}

/// States of a letter whose body was begun once and that no body leaves from now: what proves that it arrived ends
/// them, so that a repeat which waits does not leave.
const MAY_PROVE: [OutboxState; 4] =
    [OutboxState::Unknown, OutboxState::Queued, OutboxState::Deferred, OutboxState::Claimed];

/// Marks a letter that may have arrived as arrived when it was handed over, with what proves it; false = it is known
/// what became of it, or it was never begun.
pub fn arrived(conn: &mut Conn, id: i64, (handed_over, proof): (NaiveDateTime, &str)) -> Result<bool, Error> {
    // Where several copies left, one may have come back and another have arrived: the authority's word counts more.
    let came_back = outbox::state
        .eq(OutboxState::Refused)
        .and(outbox::server_reply.eq(DISPROVED_BY_A_REPORT).assume_not_null());
    let doubted = outbox::table
        .find(id)
        .filter(outbox::state.eq_any(MAY_PROVE).or(came_back))
        .filter(outbox::in_doubt_at.is_not_null());
    let marked = diesel::update(doubted)
        .set((
            outbox::state.eq(OutboxState::Accepted),
            outbox::accepted_at.eq(handed_over),
            outbox::server_reply.eq(proof),
            outbox::last_error.eq(None::<String>),
            outbox::claimed_by.eq(None::<String>),
            outbox::lease_until.eq(None::<NaiveDateTime>),
        ))
        .execute(conn)?;
    Ok(marked == 1)
}

/// Marks a letter that may have arrived as one that did not, because a report proves it, so that it can go elsewhere and
/// a repeat that waits does not leave; false = it is known what became of it, or it was never begun.
pub fn came_back(conn: &mut Conn, id: i64) -> Result<bool, Error> {
    let doubted = outbox::table
        .find(id)
        .filter(outbox::state.eq_any(MAY_PROVE))
        .filter(outbox::in_doubt_at.is_not_null());
    let marked = diesel::update(doubted)
        .set((
            outbox::state.eq(OutboxState::Refused),
            outbox::server_reply.eq(DISPROVED_BY_A_REPORT),
            outbox::last_error.eq(None::<String>),
            outbox::claimed_by.eq(None::<String>),
            outbox::lease_until.eq(None::<NaiveDateTime>),
        ))
        .execute(conn)?;
    Ok(marked == 1)
}

/// The report that proved that a letter came back counts no more: nobody knows of it again.
pub fn doubted_again(conn: &mut Conn, id: i64) -> Result<bool, Error> {
    let came_back = outbox::table
        .find(id)
        .filter(outbox::state.eq(OutboxState::Refused))
        .filter(outbox::server_reply.eq(DISPROVED_BY_A_REPORT));
    let marked = diesel::update(came_back)
        .set((
            outbox::state.eq(OutboxState::Unknown),
            outbox::server_reply.eq(None::<String>),
            outbox::last_error.eq("the report that it came back was taken back"),
            outbox::delivery.eq(None::<String>),
            outbox::delivery_at.eq(None::<NaiveDateTime>),
            outbox::repeats.eq(1),
        ))
        .execute(conn)?;
    Ok(marked == 1)
}

/// A letter that has just become unknown, where a report or the authority's answer was read while it was handed over:
/// then it is known what became of it.
pub(super) fn settle_by_what_is_known(conn: &mut Conn, id: i64) -> Result<(), Error> {
    let found: Option<(Option<NaiveDateTime>, Option<String>, Status)> = outbox::table
        .inner_join(requests::table)
        .filter(outbox::id.eq(id))
        .filter(outbox::state.eq(OutboxState::Unknown))
        .select((outbox::in_doubt_at, outbox::delivery, requests::status))
        .first(conn)
        .optional()?;
    let Some((Some(handed_over), delivery, status)) = found else { return Ok(()) };
    if matches!(delivery.as_deref(), Some("delivered" | "relayed")) {
        arrived(conn, id, (handed_over, PROVED_BY_A_REPORT))?;
    } else if status.is_known_to_the_authority() {
        arrived(conn, id, (handed_over, PROVED_BY_A_REPLY))?;
    } else if delivery.as_deref() == Some("failed") {
        came_back(conn, id)?;
    }
    Ok(())
}
