//! Mail that came in: kept as it arrived, counted once, its reading and its triage.

pub mod decided;
pub mod folds;
mod handed;
pub mod scans;
mod settled;
mod tables;

pub use settled::{
    Published, Refiled, Reread, attachment_names, locked, publish, published, refile, reread, settle,
};

pub use crate::store::messages::handed::Handed;
use crate::store::schema::{arrivals, attachments, messages};
use crate::store::types::{Direction, MessageState};
use crate::store::{AnyConn, Conn, Error, at, each, erasure};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// A mail that is safe in the blobs.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Raw bytes.
    pub blob_sha256: String,
    /// Bytes of the raw mail.
    pub size: i64,
    /// Envelope recipient.
    pub recipient: String,
    /// pipe, lmtp, api, import.
    pub via: String,
    /// Of the spool entry: counted once however often the spool is swept.
    pub spool_key: String,
    /// When it was safe.
    pub arrived_at: DateTime<Utc>,
    /// By whom it was handed over.
    pub handed: Handed,
    /// By what it would be known as a mail that was erased.
    pub fingerprint: String,
}

/// What became of an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// A new message, to be read.
    Fresh(i64),
    /// The same bytes for the same recipient again: one more arrival of this message.
    Again(i64),
    /// The very bytes of a mail that was erased: nothing is kept of it.
    Erased,
}

/// Records an arrival within the caller's transaction; the same bytes for the same recipient make no second message.
pub fn insert_received(conn: &mut Conn, arrival: &Arrival) -> Result<Inserted, Error> {
    let came = (arrival.via.as_str(), arrival.spool_key.as_str(), at(arrival.arrived_at));
    if erasure::came_again(conn, &arrival.fingerprint, came)? {
        return Ok(Inserted::Erased);
    }
    let known: Option<i64> = arrivals::table
        .filter(arrivals::blob_sha256.eq(&arrival.blob_sha256))
        .filter(arrivals::recipient.eq(&arrival.recipient))
        .order(arrivals::id.asc())
        .select(arrivals::message_id)
        .first(conn)
        .optional()?;
    let inserted = match known {
        Some(id) => Inserted::Again(id),
        None => insert_new(conn, arrival, &format!("raw:{}", arrival.blob_sha256))?,
    };
    let (Inserted::Fresh(id) | Inserted::Again(id)) = inserted else { return Ok(inserted) };
    let row = (
        arrivals::message_id.eq(id),
        arrivals::blob_sha256.eq(&arrival.blob_sha256),
        arrivals::recipient.eq(&arrival.recipient),
        arrivals::via.eq(&arrival.via),
        arrivals::spool_key.eq(&arrival.spool_key),
        arrivals::arrived_at.eq(at(arrival.arrived_at)),
        arrivals::sender.eq(&arrival.handed.sender),
        arrivals::peer.eq(&arrival.handed.peer),
        arrivals::greeted_as.eq(&arrival.handed.greeted_as),
    );
    each!(conn, |c| diesel::insert_into(arrivals::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(inserted)
}

/// Whether these very bytes arrived before, for whomever.
pub fn has_bytes(conn: &mut Conn, blob_sha256: &str) -> Result<bool, Error> {
    let arrived: i64 =
        arrivals::table.filter(arrivals::blob_sha256.eq(blob_sha256)).count().get_result(conn)?;
    Ok(arrived > 0)
}

fn insert_new(conn: &mut Conn, arrival: &Arrival, raw_key: &str) -> Result<Inserted, Error> {
    let row = (
        messages::direction.eq(Direction::In),
        messages::state.eq(MessageState::Received),
        messages::content_key.eq(raw_key),
        messages::scope.eq(&arrival.recipient),
        messages::blob_sha256.eq(&arrival.blob_sha256),
        messages::size.eq(arrival.size),
        messages::recipient.eq(&arrival.recipient),
        messages::received_at.eq(at(arrival.arrived_at)),
        messages::to_addresses.eq("[]"),
        messages::subject.eq(""),
        messages::automatic.eq("none"),
        messages::own_text.eq(""),
        messages::reading.eq("null"),
        messages::proposal.eq("null"),
        messages::told.eq(false),
    );
    // Two workers may see the same mail at once: the second waits here for the first one's commit.
    let fresh: Option<i64> = each!(conn, |c| diesel::insert_into(messages::table)
        .values(row)
        .on_conflict_do_nothing()
        .returning(messages::id)
        .get_result(c)
        .optional())?;
    if let Some(id) = fresh {
        return Ok(Inserted::Fresh(id));
    }
    let id = messages::table
        .filter(messages::scope.eq(&arrival.recipient))
        .filter(messages::content_key.eq(raw_key))
        .select(messages::id)
        .first(conn)?;
    Ok(Inserted::Again(id))
}

/// A message that waits to be read.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = messages)]
pub struct Unread {
    /// Its number.
    pub id: i64,
    /// Raw bytes.
    pub blob_sha256: String,
    /// Bytes of the raw mail.
    pub size: i64,
    /// Envelope recipient.
    pub recipient: String,
    /// When it was safe.
    pub received_at: NaiveDateTime,
}

/// A message in the order of turns.
#[derive(QueryableByName)]
struct Turn {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    id: i64,
}

/// Messages `from..from + limit` of those that wait to be read. Requests take turns, each with its oldest: however much
/// comes for one, the mail of another waits for one of each at most. What comes for no request is one thread, else
/// whoever makes recipients up would have a turn for each.
pub fn unread(conn: &mut Conn, (from, limit): (i64, i64)) -> Result<Vec<Unread>, Error> {
    let received = MessageState::Received;
    let turns: Vec<Turn> = diesel::sql_query(format!(
        "SELECT id FROM (SELECT m.id AS id, row_number() OVER (PARTITION BY coalesce(r.id, 0) ORDER BY m.id) AS turn \
           FROM messages m LEFT JOIN requests r ON r.reply_address = lower(m.recipient) \
          WHERE m.state = '{received}') AS waiting \
         ORDER BY turn, id LIMIT {limit} OFFSET {from}"
    ))
    .load(conn)?;
    let ids: Vec<i64> = turns.iter().map(|turn| turn.id).collect();
    let mut unread: Vec<Unread> =
        messages::table.filter(messages::id.eq_any(&ids)).select(Unread::as_select()).load(conn)?;
    unread.sort_by_key(|unread| ids.iter().position(|id| *id == unread.id));
    Ok(unread)
}

/// What reading a message found, as columns.
#[derive(Debug, Clone, AsChangeset)]
#[diesel(table_name = messages, treat_none_as_null = true)]
pub struct Reading {
    /// The request it is filed under.
    pub request_id: Option<i64>,
    /// How far its triage is.
    pub state: MessageState,
    /// What makes two mails the same one.
    pub content_key: String,
    /// Within which `content_key` is unique.
    pub scope: String,
    /// What its Date header claims.
    pub dated_at: Option<NaiveDateTime>,
    /// Display name of the sender.
    pub from_name: Option<String>,
    /// Address of the sender.
    pub from_address: Option<String>,
    /// JSON list.
    pub to_addresses: String,
    /// Decoded.
    pub subject: String,
    /// Without angle brackets.
    pub mail_message_id: Option<String>,
    /// none, `auto_reply`, bounce, receipt, list.
    pub automatic: String,
    /// BCP 47.
    pub language: Option<String>,
    /// Kind of reply as proposed.
    pub kind: Option<String>,
    /// 0…1.
    pub confidence: Option<f64>,
    /// What the sender wrote now.
    pub own_text: String,
    /// The quoted rest.
    pub quoted_text: Option<String>,
    /// What the reader understood, JSON.
    pub reading: String,
    /// Matches and proposal, JSON.
    pub proposal: String,
    /// Why a person is asked.
    pub held_reason: Option<String>,
    /// Whether the public page may say that it came, before a person looked at it.
    pub told: bool,
    /// The first passage that shows its kind; empty where none does.
    pub evidence: Option<String>,
}

/// An attachment as columns.
#[derive(Debug, Clone)]
pub struct NewAttachment {
    /// As the mail names it, made safe.
    pub name: String,
    /// MIME type.
    pub content_type: String,
    /// Decoded bytes.
    pub size: i64,
    /// Of the decoded bytes.
    pub sha256: String,
    /// Its text, where it could be read.
    pub content: Option<String>,
    /// JSON list.
    pub notes: String,
}

/// What became of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    /// The message now has its reading.
    Here,
    /// The same content is there already: its arrivals moved to that message.
    Merged(i64),
    /// Another worker was quicker.
    Gone,
}

/// Takes an unread message for this transaction; false = another worker reads or has read it.
pub fn claim_unread(conn: &mut Conn, id: i64) -> Result<bool, Error> {
    let waits =
        messages::table.filter(messages::id.eq(id)).filter(messages::state.eq(MessageState::Received));
    let found: Option<i64> = match conn {
        AnyConn::Sqlite(c) => waits.select(messages::id).first(c).optional()?,
        AnyConn::Postgres(c) => waits.select(messages::id).for_update().skip_locked().first(c).optional()?,
    };
    Ok(found.is_some())
}

/// Gives an unread message its reading within the caller's transaction.
pub fn place(conn: &mut Conn, id: i64, reading: &Reading, files: &[NewAttachment]) -> Result<Placed, Error> {
    let waits = messages::table.find(id).filter(messages::state.eq(MessageState::Received));
    if waits.select(messages::id).first::<i64>(conn).optional()?.is_none() {
        return Ok(Placed::Gone);
    }
    if let Some(same) = same_content(conn, &reading.scope, &reading.content_key)?.filter(|same| *same != id) {
        diesel::update(arrivals::table.filter(arrivals::message_id.eq(id)))
            .set(arrivals::message_id.eq(same))
            .execute(conn)?;
        diesel::delete(messages::table.find(id)).execute(conn)?;
        return Ok(Placed::Merged(same));
    }
    diesel::update(messages::table.find(id)).set(reading).execute(conn)?;
    attach(conn, id, files)?;
    Ok(Placed::Here)
}

/// The message with this content within a scope.
pub fn same_content(conn: &mut Conn, scope: &str, content_key: &str) -> Result<Option<i64>, Error> {
    Ok(messages::table
        .filter(messages::scope.eq(scope))
        .filter(messages::content_key.eq(content_key))
        .select(messages::id)
        .first(conn)
        .optional()?)
}

/// One mail to several requests is one message in each: a copy of `of` with its own reading.
pub fn copy(
    conn: &mut Conn,
    of: &Unread,
    reading: &Reading,
    files: &[NewAttachment],
) -> Result<Option<i64>, Error> {
    if same_content(conn, &reading.scope, &reading.content_key)?.is_some() {
        return Ok(None);
    }
    let id: i64 = diesel::insert_into(messages::table)
        .values((
            messages::direction.eq(Direction::In),
            messages::state.eq(reading.state),
            messages::content_key.eq(&reading.content_key),
            messages::scope.eq(&reading.scope),
            messages::blob_sha256.eq(&of.blob_sha256),
            messages::size.eq(of.size),
            messages::recipient.eq(&of.recipient),
            messages::received_at.eq(of.received_at),
            messages::to_addresses.eq(&reading.to_addresses),
            messages::subject.eq(&reading.subject),
            messages::automatic.eq(&reading.automatic),
            messages::own_text.eq(&reading.own_text),
            messages::reading.eq(&reading.reading),
            messages::proposal.eq(&reading.proposal),
            messages::told.eq(reading.told),
        ))
        .returning(messages::id)
        .get_result(conn)?;
    diesel::update(messages::table.find(id)).set(reading).execute(conn)?;
    attach(conn, id, files)?;
    Ok(Some(id))
}

fn attach(conn: &mut Conn, id: i64, files: &[NewAttachment]) -> Result<(), Error> {
    for (position, file) in (0_i64..).zip(files) {
        diesel::insert_into(attachments::table)
            .values((
                attachments::message_id.eq(id),
                attachments::position.eq(position),
                attachments::name.eq(&file.name),
                attachments::content_type.eq(&file.content_type),
                attachments::size.eq(file.size),
                attachments::sha256.eq(&file.sha256),
                attachments::content.eq(&file.content),
                attachments::notes.eq(&file.notes),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// A message as triage sees it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = messages)]
pub struct MessageRow {
    /// Its number.
    pub id: i64,
    /// The request it is filed under.
    pub request_id: Option<i64>,
    /// How far its triage is.
    pub state: MessageState,
    /// What makes two mails the same one.
    pub content_key: String,
    /// Raw bytes.
    pub blob_sha256: String,
    /// Envelope recipient.
    pub recipient: String,
    /// When it was safe.
    pub received_at: NaiveDateTime,
    /// Decoded.
    pub subject: String,
    /// What the sender wrote now.
    pub own_text: String,
    /// What the reader understood, JSON.
    pub reading: String,
    /// Matches and proposal, JSON.
    pub proposal: String,
    /// Kind of reply, as proposed, then as settled.
    pub kind: Option<String>,
    /// When a person said what it is.
    pub settled_at: Option<NaiveDateTime>,
}

/// One message.
pub fn find(conn: &mut Conn, id: i64) -> Result<Option<MessageRow>, Error> {
    Ok(messages::table.find(id).select(MessageRow::as_select()).first(conn).optional()?)
}

/// Whether a message with this Message-ID but another content is filed under the request (R11).
pub fn same_id_other_content(
    conn: &mut Conn,
    request: i64,
    mail_message_id: &str,
    content_key: &str,
) -> Result<bool, Error> {
    let others: i64 = messages::table
        .filter(messages::request_id.eq(request))
        .filter(messages::mail_message_id.eq(mail_message_id))
        .filter(messages::content_key.ne(content_key))
        .count()
        .get_result(conn)?;
    Ok(others > 0)
}

/// Messages for a recipient that wait for a person, oldest first.
pub fn held_for(conn: &mut Conn, recipient: &str) -> Result<Vec<i64>, Error> {
    Ok(messages::table
        .filter(messages::recipient.eq(recipient))
        .filter(messages::state.eq(MessageState::Held))
        .order(messages::id.asc())
        .select(messages::id)
        .load(conn)?)
}
