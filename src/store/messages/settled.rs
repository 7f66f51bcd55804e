//! What a person made of a message: settled with what the public may read, or filed elsewhere.

use crate::store::schema::{attachments, messages};
use crate::store::types::MessageState;
use crate::store::{Conn, Error, at};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// What the public may read of a settled message.
#[derive(Debug, Clone, Default)]
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
    diesel::update(attachments::table.filter(attachments::message_id.eq(id)))
        .set(attachments::published_at.eq(None::<NaiveDateTime>))
        .execute(conn)?;
    diesel::update(
        attachments::table
            .filter(attachments::message_id.eq(id))
            .filter(attachments::position.eq_any(published.attachments.clone())),
    )
    .set(attachments::published_at.eq(time))
    .execute(conn)?;
    Ok(())
}

/// Files a message under a request (or under none) and says what happens to it next.
pub fn refile(conn: &mut Conn, id: i64, to: &Refiled) -> Result<(), Error> {
    diesel::update(messages::table.find(id))
        .set((
            messages::request_id.eq(to.request_id),
            messages::scope.eq(&to.scope),
            messages::state.eq(to.state),
            messages::proposal.eq(&to.proposal),
            messages::held_reason.eq(&to.reason),
        ))
        .execute(conn)?;
    Ok(())
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
