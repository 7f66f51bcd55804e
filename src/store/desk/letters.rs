//! The outbox by state: what waits, what left, what nobody knows of.

use crate::domain::request::state::Status;
use crate::store::outbox::DISPROVED_BY_A_REPORT;
use crate::store::schema::{authorities, outbox, outbox_attempts, people, requests};
use crate::store::types::OutboxState;
use crate::store::{Conn, Error};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use std::collections::BTreeMap;

/// A letter in a list.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Letter {
    /// Its number.
    pub id: i64,
    /// `request`, `reminder`, …
    pub letter: String,
    /// Where it stands.
    pub state: OutboxState,
    /// Subject.
    pub subject: String,
    /// Plain text as sent.
    pub body: String,
    /// Where it goes.
    pub envelope_to: String,
    /// Made when queued.
    pub mail_message_id: String,
    /// How often a server was asked.
    pub attempts: i64,
    /// Until then it can be taken back.
    pub leave_after: NaiveDateTime,
    /// When a server is asked next.
    pub next_attempt_at: NaiveDateTime,
    /// When the body went onto the wire.
    pub in_doubt_at: Option<NaiveDateTime>,
    /// When the server took it.
    pub accepted_at: Option<NaiveDateTime>,
    /// The server's line: proof of dispatch.
    pub server_reply: Option<String>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// Public reference of the request.
    pub reference: String,
    /// Who filed it.
    pub person_id: i64,
    /// Their name.
    pub person: String,
    /// Who is asked.
    pub authority: String,
    /// BCP 47 of the name.
    pub authority_language: String,
    /// BCP 47 of the letter.
    pub language: String,
    /// Where the request stands.
    pub status: Status,
}

impl Letter {
    /// Whether a server took it and it came back as undeliverable: the request waits for another address.
    pub fn came_back(&self) -> bool {
        match self.state {
            OutboxState::Accepted => self.status == Status::Undelivered,
            OutboxState::Refused => self.server_reply.as_deref() == Some(DISPROVED_BY_A_REPORT),
            _ => false,
        }
    }
}

macro_rules! letters {
    () => {
        outbox::table
            .inner_join(requests::table.inner_join(authorities::table).inner_join(people::table))
            .select((
                outbox::id,
                outbox::letter,
                outbox::state,
                outbox::subject,
                outbox::body,
                outbox::envelope_to,
                outbox::mail_message_id,
                outbox::attempts,
                outbox::leave_after,
                outbox::next_attempt_at,
                outbox::in_doubt_at,
                outbox::accepted_at,
                outbox::server_reply,
                outbox::last_error,
                requests::reference,
                requests::person_id,
                people::name,
                authorities::name,
                authorities::language,
                requests::language,
                requests::status,
            ))
    };
}

/// How many letters each state has.
pub fn counts(conn: &mut Conn) -> Result<BTreeMap<OutboxState, i64>, Error> {
    let rows: Vec<(OutboxState, i64)> = outbox::table
        .group_by(outbox::state)
        .select((outbox::state, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Letters in some states, the latest first, from row `offset` on.
pub fn in_states(conn: &mut Conn, states: &[OutboxState], offset: i64) -> Result<Vec<Letter>, Error> {
    Ok(letters!()
        .filter(outbox::state.eq_any(states.to_vec()))
        .order((outbox::leave_after.desc(), outbox::id.desc()))
        .limit(crate::store::desk::PAGE)
        .offset(offset)
        .load(conn)?)
}

/// A pile of letters that follows from where their requests stand, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pile {
    /// A person must see to it: nobody knows of it, it was refused, or it came back and its request waits for another
    /// address.
    NeedYou,
    /// A server took it, and nothing says that it came back.
    Sent,
}

macro_rules! of_pile {
    ($pile:expr) => {{
        let came_back = outbox::state.eq(OutboxState::Accepted).and(requests::status.eq(Status::Undelivered));
        let troubled = outbox::state.eq_any([OutboxState::Unknown, OutboxState::Refused]).or(came_back);
        let (needs, sent) = ($pile == Pile::NeedYou, $pile == Pile::Sent);
        let arrived = outbox::state.eq(OutboxState::Accepted).and(requests::status.ne(Status::Undelivered));
        (troubled.and(needs.into_sql::<Bool>())).or(arrived.and(sent.into_sql::<Bool>()))
    }};
}

/// The letters of a pile, the latest first, from row `offset` on.
pub fn of_pile(conn: &mut Conn, pile: Pile, offset: i64) -> Result<Vec<Letter>, Error> {
    Ok(letters!()
        .filter(of_pile!(pile))
        .order((outbox::leave_after.desc(), outbox::id.desc()))
        .limit(crate::store::desk::PAGE)
        .offset(offset)
        .load(conn)?)
}

/// How many letters a pile has.
pub fn count_of(conn: &mut Conn, pile: Pile) -> Result<i64, Error> {
    Ok(outbox::table.inner_join(requests::table).filter(of_pile!(pile)).count().get_result(conn)?)
}

/// The letters of one request, in their order.
pub fn of_request(conn: &mut Conn, request: i64) -> Result<Vec<Letter>, Error> {
    Ok(letters!().filter(outbox::request_id.eq(request)).order(outbox::id.asc()).load(conn)?)
}

/// The letters of some requests by their references, in their order.
pub fn of_references(conn: &mut Conn, references: &[String]) -> Result<Vec<Letter>, Error> {
    Ok(letters!()
        .filter(requests::reference.eq_any(references.to_vec()))
        .order(outbox::id.asc())
        .load(conn)?)
}

/// When the last attempt at each of some letters ended.
pub fn last_tries(conn: &mut Conn, ids: &[i64]) -> Result<BTreeMap<i64, NaiveDateTime>, Error> {
    let rows: Vec<(i64, Option<NaiveDateTime>)> = outbox_attempts::table
        .filter(outbox_attempts::outbox_id.eq_any(ids.to_vec()))
        .group_by(outbox_attempts::outbox_id)
        .select((outbox_attempts::outbox_id, diesel::dsl::max(outbox_attempts::ended_at)))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(id, at)| Some((id, at?))).collect())
}
