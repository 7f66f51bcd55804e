//! The messages that wait for a person, and those that do not.

use crate::domain::incoming::reading::Evidence;
use crate::domain::request::state::{Outcome, Status};
use crate::domain::words::words;
use crate::store::messages::folds::{behind, listed};
use crate::store::schema::{authorities, messages, requests};
use crate::store::types::{Direction, MessageState};
use crate::store::{Conn, Error};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Date, Nullable};
use serde::Deserialize;
use std::collections::BTreeMap;

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
    /// The first passage that shows its kind, empty where none does; none = it is not kept by itself (`evidence`).
    pub evidence: Option<String>,
    /// How many more say the same and are folded into it.
    pub folded: i64,
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

/// How many messages each state has; what is folded into another counts with it as one.
pub fn counts(conn: &mut Conn) -> Result<BTreeMap<MessageState, i64>, Error> {
    let rows: Vec<(MessageState, i64)> = messages::table
        .filter(messages::direction.eq(Direction::In))
        .filter(listed())
        .group_by(messages::state)
        .select((messages::state, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// What a pile is narrowed to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Narrowed<'a> {
    /// Only this kind.
    pub kind: Option<&'a str>,
    /// Only this language.
    pub language: Option<&'a str>,
    /// Only this state.
    pub state: Option<&'a str>,
}

impl Narrowed<'_> {
    /// Whether messages of this sort are within.
    pub fn holds(&self, sort: &Sort) -> bool {
        let fits = |wanted: Option<&str>, have: Option<&str>| wanted.is_none() || have == wanted;
        fits(self.kind, sort.kind.as_deref())
            && fits(self.language, sort.language.as_deref())
            && fits(self.state, Some(sort.state.as_str()))
    }
}

/// How many messages of a pile are alike in what it can be narrowed to.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Sort {
    /// How far their triage is.
    pub state: MessageState,
    /// Their kind.
    pub kind: Option<String>,
    /// Their language.
    pub language: Option<String>,
    /// How many they are.
    pub messages: i64,
}

/// What a pile is made of; counted in an index, so that no text is read however long the pile is.
pub fn sorts(conn: &mut Conn, pile: Pile) -> Result<Vec<Sort>, Error> {
    Ok(messages::table
        .filter(messages::direction.eq(Direction::In))
        .filter(listed())
        .filter(messages::state.eq_any(pile.states().to_vec()))
        .group_by((messages::state, messages::kind, messages::language))
        .order((messages::state.asc(), messages::kind.asc(), messages::language.asc()))
        .select((messages::state, messages::kind, messages::language, diesel::dsl::count_star()))
        .load(conn)?)
}

/// When answers to open requests fall due of which a message waits, by the law that says where it is today: regime,
/// due day and how many messages.
pub fn falling_due(
    conn: &mut Conn,
    (pile, narrowed): (Pile, Narrowed<'_>),
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<(String, Option<NaiveDate>, i64)>, Error> {
    let query = messages::table
        .inner_join(requests::table)
        .filter(messages::direction.eq(Direction::In))
        .filter(listed())
        .filter(messages::state.eq_any(states(pile, narrowed)))
        .filter(requests::status.eq_any(open()))
        .filter(requests::due_on.between(from, to))
        .group_by((requests::regime, requests::due_on))
        .select((requests::regime, requests::due_on, diesel::dsl::count_star()))
        .into_boxed();
    let query = match narrowed.kind {
        Some(kind) => query.filter(messages::kind.eq(kind)),
        None => query,
    };
    Ok(match narrowed.language {
        Some(language) => query.filter(messages::language.eq(language)).load(conn)?,
        None => query.load(conn)?,
    })
}

/// The states of a pile that are within; none for a word that is no state of it.
fn states(pile: Pile, narrowed: Narrowed<'_>) -> Vec<MessageState> {
    let wanted = |state: &&MessageState| narrowed.state.is_none_or(|wanted| state.as_str() == wanted);
    pile.states().iter().filter(wanted).copied().collect()
}

/// Where an answer is still owed.
fn open() -> Vec<Status> {
    Status::ALL.iter().copied().filter(|status| status.is_open()).collect()
}

/// Whether nothing falls due, and when it does, where an answer is still owed.
fn due() -> (SqlLiteral<Bool>, SqlLiteral<Nullable<Date>>) {
    let open: Vec<String> = open().iter().map(|status| format!("'{status}'")).collect();
    let is_open = format!("requests.due_on IS NOT NULL AND requests.status IN ({})", open.join(","));
    (
        sql(&format!("CASE WHEN {is_open} THEN FALSE ELSE TRUE END")),
        sql(&format!("CASE WHEN {is_open} THEN requests.due_on END")),
    )
}

/// Messages `from..from + most` of a pile: of what waits that on top which lapses first, then what came first; else the
/// latest. Only these are read, the order of the others is that of an index.
pub fn page(
    conn: &mut Conn,
    (pile, narrowed): (Pile, Narrowed<'_>),
    (from, most): (i64, i64),
) -> Result<Vec<Entry>, Error> {
    let query = messages::table
        .left_join(requests::table)
        .filter(messages::direction.eq(Direction::In))
        .filter(listed())
        .filter(messages::state.eq_any(states(pile, narrowed)))
        .select(messages::id)
        .offset(from)
        .limit(most)
        .into_boxed();
    let query = match narrowed.kind {
        Some(kind) => query.filter(messages::kind.eq(kind)),
        None => query,
    };
    let query = match narrowed.language {
        Some(language) => query.filter(messages::language.eq(language)),
        None => query,
    };
    // What waits longest must not fall off the end; of what is done, the latest is of interest.
    let ids: Vec<i64> = if pile == Pile::Waiting {
        let (never, due) = due();
        query.order((never, due, messages::received_at.asc(), messages::id.asc())).load(conn)?
    } else {
        query.order((messages::received_at.desc(), messages::id.desc())).load(conn)?
    };
    let mut entries = entries(conn, &ids)?;
    entries.sort_by_key(|entry| ids.iter().position(|id| *id == entry.id));
    Ok(entries)
}

fn entries(conn: &mut Conn, ids: &[i64]) -> Result<Vec<Entry>, Error> {
    Ok(messages::table
        .left_join(requests::table.inner_join(authorities::table))
        .filter(messages::id.eq_any(ids.to_vec()))
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
            messages::evidence,
            behind(),
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
        ))
        .load(conn)?)
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

/// The first passage that shows the kind of a message of which it is not kept by itself, as those that were read before
/// it was. A reading holds the text of all files, so that those of a whole page of the queue are not fetched at once.
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
        .filter(listed())
        .filter(messages::state.eq_any(Pile::Waiting.states().to_vec()))
        .filter(messages::id.ne(but))
        .order((messages::received_at.asc(), messages::id.asc()))
        .select((messages::id, messages::subject))
        .first(conn)
        .optional()?)
}
