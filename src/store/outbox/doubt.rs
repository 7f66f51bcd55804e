//! Letters of which one attempt ended so that nobody knows: what a later attempt says does not settle the earlier one.

use crate::store::outbox::Ended;
use crate::store::schema::{outbox, outbox_attempts};
use crate::store::types::OutboxState;
use crate::store::{Conn, Error};
use diesel::prelude::*;

/// How the reason begins where a letter was refused after an attempt of which nobody knows whether it arrived.
pub const REFUSED_LATER: &str = "refused when it was sent once more: ";

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
