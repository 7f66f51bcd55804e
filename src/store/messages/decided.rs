//! Letters whose kind a person has said: what the reader learns from.

use crate::store::schema::{attachments, messages};
use crate::store::types::MessageState;
use crate::store::{Conn, Error};
use chrono::NaiveDateTime;
use diesel::dsl::{count_star, max};
use diesel::prelude::*;

/// A letter and what a person said it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// Its subject.
    pub subject: String,
    /// What the sender wrote.
    pub own_text: String,
    /// Name and text of each file that has text.
    pub files: Vec<(String, String)>,
    /// The kind, as stored.
    pub kind: String,
    /// When it came.
    pub received_at: NaiveDateTime,
}

/// How many letters were settled by people, and when the last: while it is the same, nothing new was decided or undone.
pub type Mark = (i64, Option<NaiveDateTime>);

/// The mark of now.
pub fn mark(conn: &mut Conn) -> Result<Mark, Error> {
    Ok(messages::table
        .filter(messages::state.eq(MessageState::Settled))
        .filter(messages::settled_by.is_not_null())
        .select((count_star(), max(messages::settled_at)))
        .first(conn)?)
}

/// The letters that people settled last, at most `most`, the latest first.
pub fn latest(conn: &mut Conn, most: i64) -> Result<Vec<Decided>, Error> {
    type Row = (i64, String, String, Option<String>, NaiveDateTime);
    let rows: Vec<Row> = messages::table
        .filter(messages::state.eq(MessageState::Settled))
        .filter(messages::settled_by.is_not_null())
        .order((messages::settled_at.desc(), messages::id.desc()))
        .limit(most)
        .select((messages::id, messages::subject, messages::own_text, messages::kind, messages::received_at))
        .load(conn)?;
    let mut decided = Vec::with_capacity(rows.len());
    for (id, subject, own_text, kind, received_at) in rows {
        let files: Vec<(String, Option<String>)> = attachments::table
            .filter(attachments::message_id.eq(id))
            .order(attachments::position)
            .select((attachments::name, attachments::content))
            .load(conn)?;
        let files = files.into_iter().filter_map(|(name, text)| Some((name, text?))).collect();
        decided.push(Decided { subject, own_text, files, kind: kind.unwrap_or_default(), received_at });
    }
    Ok(decided)
}
