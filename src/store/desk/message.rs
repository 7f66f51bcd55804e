//! One message with all that came with it.

use crate::domain::request::state::{Outcome, Status};
use crate::store::schema::{arrivals, attachments, authorities, messages, people, requests};
use crate::store::types::MessageState;
use crate::store::{Conn, Error};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

/// A message as it is read at the desk.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = messages)]
pub struct Message {
    /// Its number.
    pub id: i64,
    /// The request it is filed to.
    pub request_id: Option<i64>,
    /// How far its triage is.
    pub state: MessageState,
    /// SHA-256 of the raw bytes.
    pub blob_sha256: String,
    /// Bytes.
    pub size: i64,
    /// Envelope recipient; private.
    pub recipient: String,
    /// Our clock.
    pub received_at: NaiveDateTime,
    /// What its Date header claims.
    pub dated_at: Option<NaiveDateTime>,
    /// Name the sender gave.
    pub from_name: Option<String>,
    /// Address the sender gave.
    pub from_address: Option<String>,
    /// JSON; private.
    pub to_addresses: String,
    /// As the sender wrote it.
    pub subject: String,
    /// Without angle brackets.
    pub mail_message_id: Option<String>,
    /// Whether a machine wrote it.
    pub automatic: String,
    /// BCP 47.
    pub language: Option<String>,
    /// As proposed, then as settled.
    pub kind: Option<String>,
    /// 0…1.
    pub confidence: Option<f64>,
    /// What the sender wrote now.
    pub own_text: String,
    /// The quoted rest.
    pub quoted_text: Option<String>,
    /// JSON: what the reader understood.
    pub reading: String,
    /// JSON: matches, event, why it asks.
    pub proposal: String,
    /// Why a person is asked.
    pub held_reason: Option<String>,
    /// When a person said what it is.
    pub settled_at: Option<NaiveDateTime>,
    /// What everyone may read of it.
    pub published_text: Option<String>,
    /// Its subject as redacted.
    pub published_subject: Option<String>,
    /// Since when.
    pub published_at: Option<NaiveDateTime>,
}

impl Message {
    /// Whether a person settled it as a decision on the request.
    pub fn is_settled_decision(&self) -> bool {
        let decision =
            matches!(self.kind.as_deref(), Some("full" | "partial" | "refusal" | "not_held" | "ncnd"));
        decision && self.state == MessageState::Settled && self.request_id.is_some()
    }
}

/// An attachment as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Attachment {
    /// Place in the mail.
    pub position: i64,
    /// As the sender named it.
    pub name: String,
    /// As the sender says.
    pub content_type: String,
    /// Bytes.
    pub size: i64,
    /// SHA-256 of the decoded bytes.
    pub sha256: String,
    /// Its text, where it could be read.
    pub content: Option<String>,
    /// JSON list of what was odd.
    pub notes: String,
    /// Since when everyone may have it.
    pub published_at: Option<NaiveDateTime>,
}

/// A request that a message belongs to, or may belong to.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Asked {
    /// Its number.
    pub id: i64,
    /// Public reference.
    pub reference: String,
    /// Title of the bundle.
    pub title: String,
    /// Where it stands.
    pub status: Status,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The due day in force.
    pub due_on: Option<NaiveDate>,
    /// When it was filed.
    pub filed_at: NaiveDateTime,
    /// When the authority's server took it.
    pub sent_at: Option<NaiveDateTime>,
    /// Id of the law.
    pub regime: String,
    /// Who is asked.
    pub authority: String,
    /// BCP 47 of the name.
    pub authority_language: String,
}

/// The message with this number.
pub fn load(conn: &mut Conn, id: i64) -> Result<Option<Message>, Error> {
    Ok(messages::table.find(id).select(Message::as_select()).first(conn).optional()?)
}

/// Its attachments in their order.
pub fn attachments(conn: &mut Conn, message: i64) -> Result<Vec<Attachment>, Error> {
    Ok(attachments::table
        .filter(attachments::message_id.eq(message))
        .order(attachments::position.asc())
        .select((
            attachments::position,
            attachments::name,
            attachments::content_type,
            attachments::size,
            attachments::sha256,
            attachments::content,
            attachments::notes,
            attachments::published_at,
        ))
        .load(conn)?)
}

/// What is needed to save a file of a mail.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Kept {
    /// As the sender named it.
    pub name: String,
    /// The key of its bytes.
    pub sha256: String,
    /// The key of the mail that it came in.
    pub mail: String,
}

/// The attachment of a message at a position.
pub fn file(conn: &mut Conn, (message, position): (i64, i64)) -> Result<Option<Kept>, Error> {
    Ok(attachments::table
        .inner_join(messages::table)
        .filter(attachments::message_id.eq(message))
        .filter(attachments::position.eq(position))
        .select((attachments::name, attachments::sha256, messages::blob_sha256))
        .first(conn)
        .optional()?)
}

/// The key of a mail as it came.
pub fn mail(conn: &mut Conn, id: i64) -> Result<Option<String>, Error> {
    Ok(messages::table.find(id).select(messages::blob_sha256).first(conn).optional()?)
}

/// When copies of it arrived, and by which way.
pub fn arrivals(conn: &mut Conn, message: i64) -> Result<Vec<(NaiveDateTime, String)>, Error> {
    Ok(arrivals::table
        .filter(arrivals::message_id.eq(message))
        .order(arrivals::arrived_at.asc())
        .select((arrivals::arrived_at, arrivals::via))
        .load(conn)?)
}

/// Who settled it.
pub fn settled_by(conn: &mut Conn, message: i64) -> Result<Option<String>, Error> {
    Ok(messages::table
        .inner_join(people::table)
        .filter(messages::id.eq(message))
        .select(people::name)
        .first(conn)
        .optional()?)
}

/// Some requests by number.
pub fn asked(conn: &mut Conn, ids: &[i64]) -> Result<Vec<Asked>, Error> {
    Ok(requests::table
        .inner_join(authorities::table)
        .filter(requests::id.eq_any(ids.to_vec()))
        .select((
            requests::id,
            requests::reference,
            requests::title,
            requests::status,
            requests::outcome,
            requests::due_on,
            requests::filed_at,
            requests::sent_at,
            requests::regime,
            authorities::name,
            authorities::language,
        ))
        .load(conn)?)
}

/// Puts a message that was set aside into another state, within the caller's transaction; why it was set aside.
pub fn bring_back(conn: &mut Conn, id: i64, state: MessageState) -> Result<Option<String>, Error> {
    let was: Option<String> = messages::table.find(id).select(messages::held_reason).first(conn)?;
    let why = match was.as_deref() {
        Some(was) => format!("It was set aside (“{was}”) and brought back: say what it is."),
        None => "It was set aside and brought back: say what it is.".to_owned(),
    };
    diesel::update(messages::table.find(id))
        .set((messages::state.eq(state), messages::held_reason.eq(why)))
        .execute(conn)?;
    Ok(was)
}
