//! What a delivery report or a bounce makes of the letter it names, and of the address it went to.

use crate::domain::incoming::Incoming;
use crate::domain::incoming::delivery::{Automatic, Reported};
use crate::service::Context;
use crate::store::audit::{self, Act};
use crate::store::contact_tasks::{self, New};
use crate::store::outbox::{self, Letter, PROVED_BY_A_REPORT};
use crate::store::{Conn, Error, requests};
use chrono::{DateTime, Utc};

/// What a mail reports, whether in the form of RFC 3464 or in words.
fn word(incoming: &Incoming) -> Option<Reported> {
    incoming.reported.or_else(|| {
        let bounce = incoming.bounce.as_ref().filter(|_| incoming.automatic == Automatic::Bounce)?;
        Some(if bounce.permanent { Reported::Failed } else { Reported::Delayed })
    })
}

/// Notes on the letter of a request what a mail that was filed there reports of it. The Message-ID of a letter is
/// random and known to those who got it; by it alone a report of success counts, a failure also by the address.
pub(super) fn note(ctx: &Context, conn: &mut Conn, request: i64, incoming: &Incoming) -> Result<(), Error> {
    let Some(word) = word(incoming) else { return Ok(()) };
    let named = outbox::named(conn, request, &incoming.returned_ids)?;
    let failed = incoming.bounce.as_ref().map(|bounce| bounce.recipients.as_slice()).unwrap_or_default();
    let letter = match named {
        None if word == Reported::Failed => outbox::sent_to(conn, request, failed)?,
        named => named,
    };
    let (Some(letter), now) = (letter, ctx.clock.now()) else { return Ok(()) };
    let is_news = outbox::reported(conn, letter.id, word.as_str(), now)?;
    match word {
        // That it was passed on proves nothing where it is known to have come back.
        Reported::Relayed if !is_news => Ok(()),
        Reported::Delivered | Reported::Relayed => {
            // That it went on to another server does not undo that it came back from there.
            if word == Reported::Delivered {
                contact_tasks::went_through(conn, request, &letter.envelope_to, now)?;
            }
            arrived(conn, &letter, now)
        }
        Reported::Failed => open_task(conn, &letter, incoming, now),
        Reported::Delayed => Ok(()),
    }
}

/// A letter of which nobody knew is known to have arrived; the request is told at the worker's next look.
fn arrived(conn: &mut Conn, letter: &Letter, at: DateTime<Utc>) -> Result<(), Error> {
    let handed_over = letter.in_doubt_at.unwrap_or(letter.created_at);
    if outbox::arrived(conn, letter.id, (handed_over, PROVED_BY_A_REPORT))? {
        let (subject, body) =
            (format!("letter:{}", letter.id), serde_json::json!({ "by": "delivery report" }));
        audit::append(conn, &Act { at, person: None, action: "letter_arrived", subject, body })?;
    }
    Ok(())
}

/// The addresses of the register that failed; where a report names others, such as one that mail was passed on to, it is
/// the one that the letter went to.
fn open_task(conn: &mut Conn, letter: &Letter, incoming: &Incoming, now: DateTime<Utc>) -> Result<(), Error> {
    let Some(row) = requests::find(conn, letter.request_id)? else { return Ok(()) };
    let bounce = incoming.bounce.as_ref();
    let named = bounce.map(|bounce| bounce.recipients.as_slice()).unwrap_or_default();
    let mut failed = contact_tasks::known(conn, row.authority_id, named)?;
    if failed.is_empty() {
        failed.push(letter.envelope_to.clone());
    }
    let status = bounce.and_then(|bounce| bounce.status.as_deref());
    let code = status.map(|status| format!(" (status {status})")).unwrap_or_default();
    for address in &failed {
        let cause = format!("A letter came back: a mail server could not deliver it{code}.");
        let new = New { authority_id: row.authority_id, address, cause, outbox_id: Some(letter.id) };
        contact_tasks::open(conn, &new, now)?;
    }
    Ok(())
}
