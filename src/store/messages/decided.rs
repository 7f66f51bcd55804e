//! Letters whose kind a person has said: what the reader learns from, one at a time.

use crate::domain::incoming::MAX_ANALYSED;
use crate::domain::incoming::mime::html::cut;
use crate::store::blobs::sha256;
use crate::store::schema::{attachments, messages};
use crate::store::types::MessageState;
use crate::store::{Conn, Error};
use chrono::NaiveDateTime;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamp};
use std::fmt::Write;

/// How much of a subject is looked at.
const MOST_SUBJECT: usize = 1_000;
/// How many files of a letter are looked at.
const MOST_FILES: i64 = 100;

/// A letter and what a person said it is, as far as it is analysed.
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

/// The letters that people settled last, and a mark of what they are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Latest {
    /// Their numbers, the latest first.
    pub ids: Vec<i64>,
    /// While it is the same, nothing was settled, settled otherwise, undone or erased.
    pub mark: String,
}

/// What of a letter shows that another thing is to be learnt from it.
#[derive(Debug, QueryableByName)]
struct Trace {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    kind: Option<String>,
    #[diesel(sql_type = Nullable<Timestamp>)]
    settled_at: Option<NaiveDateTime>,
    #[diesel(sql_type = BigInt)]
    subject: i64,
    #[diesel(sql_type = BigInt)]
    own_text: i64,
    #[diesel(sql_type = BigInt)]
    files: i64,
    #[diesel(sql_type = BigInt)]
    in_files: i64,
}

/// The letters that people settled last, at most `most`. Both databases know how many bytes a text has without reading
/// it, and an index gives the latest, so that this is cheap however many there are.
pub fn latest(conn: &mut Conn, most: u16) -> Result<Latest, Error> {
    let settled = MessageState::Settled;
    let query = format!(
        "SELECT m.id, m.kind, m.settled_at, \
           CAST(octet_length(m.subject) AS BIGINT) AS subject, \
           CAST(octet_length(m.own_text) AS BIGINT) AS own_text, \
           (SELECT count(*) FROM attachments a WHERE a.message_id = m.id) AS files, \
           (SELECT CAST(coalesce(sum(octet_length(a.name) + coalesce(octet_length(a.content), 0)), 0) AS BIGINT) \
              FROM attachments a WHERE a.message_id = m.id) AS in_files \
         FROM (SELECT id FROM messages WHERE settled_by IS NOT NULL AND settled_at IS NOT NULL \
                 AND state = '{settled}' ORDER BY settled_at DESC, id DESC LIMIT {most}) AS latest \
         JOIN messages m ON m.id = latest.id ORDER BY m.settled_at DESC, m.id DESC"
    );
    let traces: Vec<Trace> = diesel::sql_query(query).load(conn)?;
    let mut all = String::new();
    for Trace { id, kind, settled_at, subject, own_text, files, in_files } in &traces {
        let _ = writeln!(all, "{id} {kind:?} {settled_at:?} {subject} {own_text} {files} {in_files}");
    }
    Ok(Latest { ids: traces.iter().map(|trace| trace.id).collect(), mark: sha256(all.as_bytes()) })
}

/// One of these letters; none = it was erased or undone in between.
pub fn one(conn: &mut Conn, id: i64) -> Result<Option<Decided>, Error> {
    type Row = (String, String, Option<String>, NaiveDateTime);
    let row: Option<Row> = messages::table
        .find(id)
        .filter(messages::state.eq(MessageState::Settled))
        .filter(messages::settled_by.is_not_null())
        .select((
            messages::subject,
            // Characters are fewer than bytes: what is left is cut below.
            sql::<Text>(&format!("substr(own_text, 1, {MAX_ANALYSED})")),
            messages::kind,
            messages::received_at,
        ))
        .first(conn)
        .optional()?;
    let Some((subject, own_text, kind, received_at)) = row else { return Ok(None) };
    Ok(Some(Decided {
        subject: cut(&subject, MOST_SUBJECT).to_owned(),
        own_text: cut(&own_text, MAX_ANALYSED).to_owned(),
        files: files(conn, id)?,
        kind: kind.unwrap_or_default(),
        received_at,
    }))
}

/// The texts of a letter's files, as far as the reader analyses those of one mail.
fn files(conn: &mut Conn, message: i64) -> Result<Vec<(String, String)>, Error> {
    let ids: Vec<i64> = attachments::table
        .filter(attachments::message_id.eq(message))
        .filter(attachments::content.is_not_null())
        .order(attachments::position)
        .limit(MOST_FILES)
        .select(attachments::id)
        .load(conn)?;
    let (mut files, mut room) = (Vec::new(), MAX_ANALYSED);
    for id in ids {
        let row: Option<(String, String)> = attachments::table
            .find(id)
            .select((attachments::name, sql::<Text>(&format!("substr(content, 1, {room})"))))
            .first(conn)
            .optional()?;
        let Some((name, text)) = row else { continue };
        let text = cut(&text, room).to_owned();
        room -= text.len();
        files.push((name, text));
        if room == 0 {
            break;
        }
    }
    Ok(files)
}
