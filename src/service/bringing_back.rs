//! A message that was set aside comes back to the queue.

use crate::service::Context;
use crate::store::audit::{self, Act};
use crate::store::matching::again;
use crate::store::types::MessageState;
use crate::store::{Conn, desk, erasure, messages, transaction};

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// There is no such message.
    #[error("there is no message with the number `{0}`")]
    NoSuchMessage(i64),
    /// It stands elsewhere.
    #[error("expected a message that was set aside, found one that is `{0}`")]
    NotAside(MessageState),
}

/// Puts a message that was set aside before a person again, at its request or among those that match none.
pub fn bring_back(ctx: &Context, conn: &mut Conn, person: i64, id: i64) -> Result<(), Error> {
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        let message = messages::locked(conn, id)?.ok_or(Error::NoSuchMessage(id))?;
        if message.state != MessageState::SetAside {
            return Err(Error::NotAside(message.state));
        }
        // Of what was erased nothing is left that a person could read.
        if message.content_key == format!("{}:{id}", erasure::ERASED) {
            return Err(Error::NoSuchMessage(id));
        }
        // It teaches nothing yet: what it taught was what a person said of it, or a rule while nobody doubted it, and both
        // are open again. Whoever says now what it is teaches that, once (`triage::learning`).
        let state = if message.request_id.is_some() { MessageState::Held } else { MessageState::Unmatched };
        let was = desk::message::bring_back(conn, id, state)?;
        match state {
            // What is learnt marks no mail that is set aside.
            MessageState::Unmatched => again::mark(conn, id, again::ANYWAY)?,
            // It is a reply to its request again, and mail may go on from it.
            _ => again::touch_for_thread(conn, id)?,
        }
        let body = serde_json::json!({ "was_aside_because": was });
        let subject = format!("message:{id}");
        Ok(audit::append(conn, &Act { at: now, person: Some(person), action: "bring_back", subject, body })?)
    })
}
