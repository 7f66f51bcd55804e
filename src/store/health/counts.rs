//! Counts for `/metrics`, each by an index; nothing here names a person, an authority or a request.

use crate::domain::request::state::Status;
use crate::store::schema::{arrivals, messages, outbox, requests};
use crate::store::types::{Direction, MessageState, OutboxState};
use crate::store::{Conn, Error};
use chrono::NaiveDate;
use diesel::dsl::count_star;
use diesel::prelude::*;

/// What there is, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Distinct mails that are kept, whatever their state.
    pub messages: i64,
    /// How often any of them arrived.
    pub arrivals: i64,
    /// Mails of each state.
    pub by_state: Vec<(MessageState, i64)>,
    /// Letters of each state.
    pub letters: Vec<(OutboxState, i64)>,
    /// Requests of each status.
    pub requests: Vec<(Status, i64)>,
    /// Open requests whose last day has passed.
    pub overdue: i64,
}

/// Counts all of it; `today` is the day in UTC.
pub fn counts(conn: &mut Conn, today: NaiveDate) -> Result<Counts, Error> {
    let incoming = || messages::table.filter(messages::direction.eq(Direction::In));
    let mut by_state: Vec<(MessageState, i64)> =
        incoming().group_by(messages::state).select((messages::state, count_star())).load(conn)?;
    let mut letters: Vec<(OutboxState, i64)> =
        outbox::table.group_by(outbox::state).select((outbox::state, count_star())).load(conn)?;
    let mut by_status: Vec<(Status, i64)> =
        requests::table.group_by(requests::status).select((requests::status, count_star())).load(conn)?;
    // A state that no letter is in is said too: a monitor must not take a missing line for a missing service.
    fill(&mut by_state, MessageState::ALL);
    fill(&mut letters, OutboxState::ALL);
    fill(&mut by_status, Status::ALL);
    let open: Vec<Status> = Status::ALL.iter().copied().filter(|status| status.is_open()).collect();
    Ok(Counts {
        messages: by_state.iter().map(|(_, n)| n).sum(),
        arrivals: arrivals::table.count().get_result(conn)?,
        by_state,
        letters,
        requests: by_status,
        overdue: requests::table
            .filter(requests::status.eq_any(open))
            .filter(requests::due_on.lt(today))
            .count()
            .get_result(conn)?,
    })
}

fn fill<T: Copy + PartialEq>(counted: &mut Vec<(T, i64)>, all: &[T]) {
    for state in all {
        if !counted.iter().any(|(known, _)| known == state) {
            counted.push((*state, 0));
        }
    }
}
