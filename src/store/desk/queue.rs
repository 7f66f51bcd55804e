//! The messages that wait for a person, and those that do not.

use crate::domain::incoming::reading::Evidence;
use crate::domain::request::state::{Outcome, Status};
use crate::domain::words::words;
use crate::store::schema::{authorities, messages, requests};
use crate::store::types::{Direction, MessageState};
use crate::store::{Conn, Error};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde::Deserialize;
use std::collections::BTreeMap;

/// More rows than any desk reads in a day; the page says when there are more.
pub const MOST: i64 = 1000;

words! {
    /// Which pile of messages is looked at.
    pub enum Pile {
        /// A person is asked.
        Waiting = "waiting",
        /// Read and recorded by rule.
        ByRule = "by_rule",
        /// A person said what they are.
        Settled = "settled",
        /// Out of the way.
        SetAside = "set_aside",
    }
    expected "a pile of messages"
}

impl Pile {
    /// The states that are in it.
    pub fn states(self) -> &'static [MessageState] {
        match self {
            Self::Waiting => &[
                MessageState::Held,
                MessageState::Unmatched,
                MessageState::Unreadable,
                MessageState::Received,
            ],
            Self::ByRule => &[MessageState::Read],
            Self::Settled => &[MessageState::Settled],
            Self::SetAside => &[MessageState::SetAside],
        }
    }
}

/// A message in a list, with the request it is filed to.
#[derive(Debug, Clone, PartialEq, Queryable)]
pub struct Entry {
    /// Its number.
    pub id: i64,
    /// How far its triage is.
    pub state: MessageState,
    /// As the sender wrote it.
    pub subject: String,
    /// Name the sender gave.
    pub from_name: Option<String>,
    /// Address the sender gave.
    pub from_address: Option<String>,
    /// Whether a machine wrote it.
    pub automatic: String,
    /// BCP 47.
    pub language: Option<String>,
    /// As proposed, then as settled.
    pub kind: Option<String>,
    /// 0…1.
    pub confidence: Option<f64>,
    /// Our clock.
    pub received_at: NaiveDateTime,
    /// Why a person is asked.
    pub held_reason: Option<String>,
    /// The request, if it matches one.
    pub request: Option<EntryRequest>,
}

/// The request of a message in a list.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct EntryRequest {
    /// Public reference.
    pub reference: String,
    /// Where it stands.
    pub status: Status,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The due day in force.
    pub due_on: Option<NaiveDate>,
    /// Id of the law.
    pub regime: String,
    /// Who is asked.
    pub authority: String,
    /// BCP 47 of the name.
    pub authority_language: String,
}

/// How many messages each state has.
pub fn counts(conn: &mut Conn) -> Result<BTreeMap<MessageState, i64>, Error> {
    let rows: Vec<(MessageState, i64)> = messages::table
        .filter(messages::direction.eq(Direction::In))
        .group_by(messages::state)
        .select((messages::state, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// A pile, what came first on top; at most `MOST`.
pub fn pile(conn: &mut Conn, pile: Pile) -> Result<Vec<Entry>, Error> {
    let query = messages::table
        .left_join(requests::table.inner_join(authorities::table))
        .filter(messages::direction.eq(Direction::In))
        .filter(messages::state.eq_any(pile.states().to_vec()))
        .limit(MOST)
        .select((
            messages::id,
            messages::state,
            messages::subject,
            messages::from_name,
            messages::from_address,
            messages::automatic,
            messages::language,
            messages::kind,
            messages::confidence,
            messages::received_at,
            messages::held_reason,
            (
                requests::reference,
                requests::status,
                requests::outcome,
                requests::due_on,
                requests::regime,
                authorities::name,
                authorities::language,
            )
                .nullable(),
        ));
    // What waits longest must not fall off the end; of what is done, the latest is of interest.
    Ok(if pile == Pile::Waiting {
        query.order((messages::received_at.asc(), messages::id.asc())).load(conn)?
    } else {
        query.order((messages::received_at.desc(), messages::id.desc())).load(conn)?
    })
}

/// As much of a kept reading as shows its kind.
#[derive(Deserialize)]
struct Kept {
    reading: KeptReading,
}

#[derive(Deserialize)]
struct KeptReading {
    #[serde(default)]
    evidence: Vec<Evidence>,
}

/// The first passage that shows the kind of a message. A reading holds the text of all files, so that those of a whole
/// page of the queue are not fetched at once.
pub fn evidence(conn: &mut Conn, id: i64) -> Result<Option<String>, Error> {
    let reading: Option<String> =
        messages::table.find(id).select(messages::reading).first(conn).optional()?;
    let kept: Option<Kept> = reading.and_then(|reading| serde_json::from_str(&reading).ok());
    Ok(kept.and_then(|kept| kept.reading.evidence.into_iter().next()).map(|evidence| evidence.text))
}

/// The message that waits longest, other than one.
pub fn next_waiting(conn: &mut Conn, but: i64) -> Result<Option<(i64, String)>, Error> {
    Ok(messages::table
        .filter(messages::direction.eq(Direction::In))
        .filter(messages::state.eq_any(Pile::Waiting.states().to_vec()))
        .filter(messages::id.ne(but))
        .order((messages::received_at.asc(), messages::id.asc()))
        .select((messages::id, messages::subject))
        .first(conn)
        .optional()?)
}
