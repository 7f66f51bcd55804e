//! What a person made of a message: settled with what the public may read, or filed elsewhere.

use crate::store::messages::{MessageRow, find, folds};
use crate::store::schema::{attachments, messages};
use crate::store::types::MessageState;
use crate::store::{AnyConn, Conn, Error, at};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// What the public may read of a settled message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Published {
    /// Redacted subject.
    pub subject: Option<String>,
    /// Redacted text; none = nothing is public.
    pub text: Option<String>,
    /// Positions of attachments that may be downloaded, with their redacted names.
    pub attachments: Vec<(i64, String)>,
}

/// Marks a message as settled by a person, with what the public may read, within the caller's transaction.
pub fn settle(
    conn: &mut Conn,
    id: i64,
    (person, now): (i64, DateTime<Utc>),
    kind: &str,
    published: &Published,
) -> Result<(), Error> {
    let time = at(now);
    folds::leave(conn, id)?;
    diesel::update(messages::table.find(id))
        .set((
            messages::state.eq(MessageState::Settled),
            messages::kind.eq(kind),
            messages::held_reason.eq(None::<String>),
            messages::settled_by.eq(person),
            messages::settled_at.eq(time),
        ))
        .execute(conn)?;
    publish(conn, id, now, published)
}

/// Shows exactly this of a message to everyone, within the caller's transaction; what was shown before is not
/// any more.
pub fn publish(conn: &mut Conn, id: i64, now: DateTime<Utc>, published: &Published) -> Result<(), Error> {
    let time = at(now);
    diesel::update(messages::table.find(id))
        .set((
            messages::published_text.eq(&published.text),
            messages::published_subject.eq(&published.subject),
            messages::published_at.eq(published.text.as_ref().map(|_| time)),
        ))
        .execute(conn)?;
    hide_attachments(conn, id)?;
    if published.text.is_none() {
        return Ok(());
    }
    for (position, name) in &published.attachments {
        let file = attachments::table
            .filter(attachments::message_id.eq(id))
            .filter(attachments::position.eq(position));
        diesel::update(file)
            .set((attachments::published_at.eq(time), attachments::published_name.eq(name)))
            .execute(conn)?;
    }
    Ok(())
}

fn hide_attachments(conn: &mut Conn, message: i64) -> Result<(), Error> {
    diesel::update(attachments::table.filter(attachments::message_id.eq(message)))
        .set((
            attachments::published_at.eq(None::<NaiveDateTime>),
            attachments::published_name.eq(None::<String>),
        ))
        .execute(conn)?;
    Ok(())
}

/// A message of which nobody else says anything until the caller's transaction ends.
pub fn locked(conn: &mut Conn, id: i64) -> Result<Option<MessageRow>, Error> {
    if let AnyConn::Postgres(c) = conn {
        // SQLite has one writer at a time (`store::transaction`).
        diesel::sql_query("SELECT id FROM messages WHERE id = $1 FOR NO KEY UPDATE")
            .bind::<diesel::sql_types::BigInt, _>(id)
            .execute(c)?;
    }
    find(conn, id)
}

/// What is public of a message.
pub fn published(conn: &mut Conn, id: i64) -> Result<Published, Error> {
    let (subject, text) = messages::table
        .find(id)
        .select((messages::published_subject, messages::published_text))
        .first(conn)?;
    let attachments = attachments::table
        .filter(attachments::message_id.eq(id))
        .filter(attachments::published_at.is_not_null())
        .filter(attachments::published_name.is_not_null())
        .order(attachments::position.asc())
        .select((attachments::position, attachments::published_name.assume_not_null()))
        .load(conn)?;
    Ok(Published { subject, text, attachments })
}

/// The attachments of a message as it names them, by position.
pub fn attachment_names(conn: &mut Conn, id: i64) -> Result<Vec<(i64, String)>, Error> {
    Ok(attachments::table
        .filter(attachments::message_id.eq(id))
        .order(attachments::position.asc())
        .select((attachments::position, attachments::name))
        .load(conn)?)
}

/// Files a message under a request (or under none) and says what happens to it next. Nobody has settled it there:
/// nothing of it is public.
pub fn refile(conn: &mut Conn, id: i64, to: &Refiled) -> Result<(), Error> {
    folds::leave(conn, id)?;
    diesel::update(messages::table.find(id))
        .set((
            messages::request_id.eq(to.request_id),
            messages::scope.eq(&to.scope),
            messages::state.eq(to.state),
            messages::proposal.eq(&to.proposal),
            // What was told of it was told of another request.
            messages::told.eq(false),
            messages::held_reason.eq(&to.reason),
            messages::settled_by.eq(None::<i64>),
            messages::settled_at.eq(None::<NaiveDateTime>),
            messages::published_text.eq(None::<String>),
            messages::published_subject.eq(None::<String>),
            messages::published_at.eq(None::<NaiveDateTime>),
        ))
        .execute(conn)?;
    hide_attachments(conn, id)
}

/// Keeps what was read anew of a message once it was known whose it is.
pub fn reread(conn: &mut Conn, id: i64, read: &Reread) -> Result<(), Error> {
    diesel::update(messages::table.find(id)).set(read).execute(conn)?;
    Ok(())
}

/// What is read anew of a message.
#[derive(Debug, Clone, AsChangeset)]
#[diesel(table_name = messages, treat_none_as_null = true)]
pub struct Reread {
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
    /// The first passage that shows its kind; empty where none does.
    pub evidence: Option<String>,
}

/// Where a message is filed now.
#[derive(Debug, Clone)]
pub struct Refiled {
    /// Under which request.
    pub request_id: Option<i64>,
    /// Within which its content is unique.
    pub scope: String,
    /// What happens to it next.
    pub state: MessageState,
    /// Matches and proposal, JSON.
    pub proposal: String,
    /// Why a person is asked, or why it was set aside.
    pub reason: Option<String>,
}
