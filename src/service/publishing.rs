//! What everyone may read of a settled message, changed or withdrawn later; the request's history stays.

use crate::domain::incoming::Incoming;
use crate::domain::incoming::looking::hidden_in;
use crate::domain::letter::Signature;
use crate::domain::publication::offer::Offer;
use crate::domain::publication::redaction::{Private, redact, redact_file_name, strike_secrets};
use crate::service::Context;
use crate::store::audit::{self, Act};
use crate::store::messages::{self, Published};
use crate::store::types::MessageState;
use crate::store::{self, Conn, requests, transaction};

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
    /// Nobody looked at what hides in its files.
    #[error("expected a look at what hides in its files ({0}) before it is shown to everyone, found none")]
    NotLooked(usize),
}

/// What a person wants everyone to read of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// Redacted subject.
    pub subject: Option<String>,
    /// Redacted text; none = nothing is public.
    pub text: Option<String>,
    /// Positions of attachments that may be downloaded.
    pub files: Vec<i64>,
    /// The person looked at what hides in its files.
    pub looked: bool,
}

/// What the rules would show of a message: its subject and its own text, or what stands for it (`Offer`), with all
/// struck out that they find. The form starts from it again after a withdrawal.
pub fn fresh(conn: &mut Conn, id: i64) -> Result<Shown, Error> {
    let message = messages::find(conn, id)?.ok_or(Error::NoSuchMessage(id))?;
    let (names, reply_address) = private_of(conn, message.request_id)?;
    let private = Private { names: &names, reply_address: &reply_address };
    let offer = match serde_json::from_str::<Incoming>(&message.reading) {
        Ok(incoming) => {
            // What it was settled as, once it was: its passages may show another kind.
            let kind = message.kind.as_deref().and_then(|kind| kind.parse().ok());
            Context::offer(&message.own_text, &incoming, kind)
        }
        Err(_) => Offer::of(&message.own_text, []),
    };
    Ok(Shown {
        subject: Some(redact(&message.subject, private)),
        text: offer.text.map(|text| redact(&text, private)),
        files: Vec::new(),
        looked: false,
    })
}

/// Shows another text, subject or other attachments than before, from now on.
pub fn change(ctx: &Context, conn: &mut Conn, person: i64, (id, public): (i64, &Shown)) -> Result<(), Error> {
    if public.text.as_ref().is_none_or(|text| text.trim().is_empty()) {
        return Err(Error::NoText);
    }
    write(ctx, conn, (person, "change_published"), (id, public))
}

/// Takes text, subject and attachments from the public at once.
pub fn withdraw(ctx: &Context, conn: &mut Conn, person: i64, id: i64) -> Result<(), Error> {
    write(ctx, conn, (person, "withdraw_published"), (id, &Shown::default()))
}

fn write(
    ctx: &Context,
    conn: &mut Conn,
    (person, action): (i64, &str),
    (id, shown): (i64, &Shown),
) -> Result<(), Error> {
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        let message = messages::locked(conn, id)?.ok_or(Error::NoSuchMessage(id))?;
        if message.state != MessageState::Settled {
            return Err(Error::NotSettled(message.state));
        }
        let hidden = hidden_in(&message.reading);
        if shown.text.is_some() && hidden > 0 && !shown.looked {
            return Err(Error::NotLooked(hidden));
        }
        let public = published(conn, &message, shown)?;
        messages::publish(conn, id, now, &public)?;
        let looked = if shown.looked { hidden } else { 0 };
        let body = serde_json::json!({ "attachments": public.attachments.len(), "looked_at_hidden": looked });
        let subject = format!("message:{id}");
        Ok(audit::append(conn, &Act { at: now, person: Some(person), action, subject, body })?)
    })
}

/// Who signed the request and where its replies go: neither is public.
fn private_of(conn: &mut Conn, request: Option<i64>) -> Result<(Vec<String>, String), Error> {
    let Some(request) = request else { return Ok(Default::default()) };
    let row = requests::find(conn, request)?;
    Ok(row.map(|row| (vec![Signature::parse(&row.signed_as).person], row.reply_address)).unwrap_or_default())
}

/// What may be shown of it: whatever a person typed, the reply address is struck, and files go by redacted names.
fn published(conn: &mut Conn, message: &messages::MessageRow, shown: &Shown) -> Result<Published, Error> {
    if shown.text.is_none() {
        return Ok(Published::default());
    }
    let (names, reply_address) = private_of(conn, message.request_id)?;
    let private = Private { names: &names, reply_address: &reply_address };
    let struck = |text: &String| strike_secrets(text, &reply_address);
    let attachments = messages::attachment_names(conn, message.id)?
        .into_iter()
        .filter(|(position, _)| shown.files.contains(position))
        .map(|(position, name)| (position, redact_file_name(&name, private)))
        .collect();
    Ok(Published {
        subject: shown.subject.as_ref().map(struck),
        text: shown.text.as_ref().map(struck),
        attachments,
    })
}
