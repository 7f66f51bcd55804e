//! What a person made of a message: settled with what the public may read, or filed elsewhere.

use crate::domain::letter::Signature;
use crate::domain::publication::redaction::{Private, redact_file_name, strike_secrets};
use crate::store::messages::{MessageRow, find};
use crate::store::schema::{attachments, messages, requests};
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
    /// Positions of attachments that may be downloaded.
    pub attachments: Vec<i64>,
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
/// any more. The only writer of what is public of a message: no reply address of ours gets through, and files are
/// shown under redacted names.
pub fn publish(conn: &mut Conn, id: i64, now: DateTime<Utc>, published: &Published) -> Result<(), Error> {
    let time = at(now);
    let (names, reply_address) = private_of(conn, id)?;
    let private = Private { names: &names, reply_address: &reply_address };
    let safe = |words: &Option<String>| words.as_deref().map(|words| strike_secrets(words, &reply_address));
    let shown = published.text.is_some();
    diesel::update(messages::table.find(id))
        .set((
            messages::published_text.eq(safe(&published.text)),
            messages::published_subject.eq(safe(&published.subject).filter(|_| shown)),
            messages::published_at.eq(shown.then_some(time)),
        ))
        .execute(conn)?;
    hide_attachments(conn, id)?;
    let files = attachments::table
        .filter(attachments::message_id.eq(id))
        .filter(attachments::position.eq_any(published.attachments.clone()));
    let files: Vec<(i64, String)> = files.select((attachments::id, attachments::name)).load(conn)?;
    for (file, name) in files.into_iter().filter(|_| shown) {
        diesel::update(attachments::table.find(file))
            .set((
                attachments::published_at.eq(time),
                attachments::published_name.eq(redact_file_name(&name, private)),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Who asked, and the reply address, of the request that a message is filed under.
fn private_of(conn: &mut Conn, message: i64) -> Result<(Vec<String>, String), Error> {
    let found: Option<(String, String)> = messages::table
        .inner_join(requests::table)
        .filter(messages::id.eq(message))
        .select((requests::signed_as, requests::reply_address))
        .first(conn)
        .optional()?;
    let (signed_as, reply_address) = found.unwrap_or_default();
    Ok((vec![Signature::parse(&signed_as).person], reply_address))
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
        .order(attachments::position.asc())
        .select(attachments::position)
        .load(conn)?;
    Ok(Published { subject, text, attachments })
}

/// Files a message under a request (or under none) and says what happens to it next. Nobody has settled it there:
/// nothing of it is public.
pub fn refile(conn: &mut Conn, id: i64, to: &Refiled) -> Result<(), Error> {
    diesel::update(messages::table.find(id))
        .set((
            messages::request_id.eq(to.request_id),
            messages::scope.eq(&to.scope),
            messages::state.eq(to.state),
            messages::proposal.eq(&to.proposal),
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
