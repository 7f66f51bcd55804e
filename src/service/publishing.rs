//! What everyone may read of a settled message, changed or withdrawn later; the request's history stays.

use crate::service::Context;
use crate::store::audit::{self, Act};
use crate::store::messages::{self, Published};
use crate::store::types::MessageState;
use crate::store::{self, Conn, transaction};

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// There is no such message.
    #[error("there is no message with the number `{0}`")]
    NoSuchMessage(i64),
    /// Nobody has said yet what it is.
    #[error("expected a settled message, found one that is `{0}`")]
    NotSettled(MessageState),
    /// Nothing to show.
    #[error("expected a text to show, found nothing; withdraw it if nothing is to be public")]
    NoText,
}

/// Shows another text, subject or other attachments than before, from now on.
pub fn change(
    ctx: &Context,
    conn: &mut Conn,
    person: i64,
    (id, public): (i64, &Published),
) -> Result<(), Error> {
    if public.text.as_ref().is_none_or(|text| text.trim().is_empty()) {
        return Err(Error::NoText);
    }
    write(ctx, conn, (person, "change_published"), (id, public))
}

/// Takes text, subject and attachments from the public at once.
pub fn withdraw(ctx: &Context, conn: &mut Conn, person: i64, id: i64) -> Result<(), Error> {
    write(ctx, conn, (person, "withdraw_published"), (id, &Published::default()))
}

fn write(
    ctx: &Context,
    conn: &mut Conn,
    (person, action): (i64, &str),
    (id, public): (i64, &Published),
) -> Result<(), Error> {
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        let message = messages::locked(conn, id)?.ok_or(Error::NoSuchMessage(id))?;
        if message.state != MessageState::Settled {
            return Err(Error::NotSettled(message.state));
        }
        messages::publish(conn, id, now, public)?;
        let body = serde_json::json!({ "attachments": public.attachments.len() });
        let subject = format!("message:{id}");
        Ok(audit::append(conn, &Act { at: now, person: Some(person), action, subject, body })?)
    })
}
