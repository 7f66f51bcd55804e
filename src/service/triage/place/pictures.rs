//! Text in pictures takes minutes: a mail is placed without it, and read again when it is there.
//!
//! Which mails wait stands in the database from the transaction that places them to the one that reads them again, so
//! a process that ends in between costs time alone. What a person decided in between stays as it is.

use crate::domain::incoming::Incoming;
use crate::domain::incoming::matching::clues;
use crate::domain::incoming::proposal::{Proposal, propose};
use crate::service::Context;
use crate::service::cage::Cage;
use crate::service::cage::recognition::{break_promise, is_promised};
use crate::service::triage::place::{PlaceError, Understood, files, first_of, place, storable};
use crate::service::triage::{candidates, learning, own_words};
use crate::store::messages::scans::{self, Weighed};
use crate::store::messages::{self, MessageRow, Reread};
use crate::store::types::MessageState;
use crate::store::{Conn, Db, Error, transaction};
use chrono::TimeDelta;

/// How long a worker has a mail for itself: recognition ends after two minutes, a reading takes twenty seconds.
const LEASE: TimeDelta = TimeDelta::minutes(5);

/// Remembers a mail of which text in pictures is still to come, within the transaction that places it.
pub(super) fn remember(ctx: &Context, conn: &mut Conn, read: &Understood) -> Result<(), Error> {
    if is_promised(&read.incoming) {
        scans::remember(conn, &read.unread.blob_sha256, ctx.clock.now())?;
    }
    Ok(())
}

/// Recognises the pictures of the mail that waits longest and reads it again with their text; false = none waits.
/// May run in several workers at once; a mail that cannot be read now is tried again when its lease has ended.
pub fn recognise_next(ctx: &Context, db: &Db, cage: &Cage) -> Result<bool, PlaceError> {
    let now = ctx.clock.now();
    let Some(mail) = scans::take(&mut *db.conn()?, (now, now + LEASE))? else { return Ok(false) };
    let wanted = !scans::messages_of(&mut *db.conn()?, &mail)?.is_empty();
    // No connection is held while programs of the system are at work.
    let read = match wanted.then(|| cage.recognise_kept(&ctx.blobs, &mail)) {
        None => None,
        Some(Ok(incoming)) => Some(Ok(incoming)),
        Some(Err(error)) if error.is_about_the_mail() => {
            tracing::error!(%error, "a mail could not be read with the text in its pictures");
            Some(Err(error.to_string()))
        }
        Some(Err(error)) => {
            tracing::error!(%error, "pictures of text wait for a reader");
            return Ok(true);
        }
    };
    let mut conn = db.conn()?;
    transaction(&mut conn, |conn| {
        if !scans::forget(conn, &mail)? {
            return Ok(());
        }
        let Some(read) = &read else { return Ok(()) };
        for id in scans::messages_of(conn, &mail)? {
            read_again(ctx, conn, id, read)?;
        }
        Ok::<_, PlaceError>(())
    })?;
    Ok(true)
}

/// What becomes of a message now that more is known of its mail, or that nothing more will be.
fn read_again(
    ctx: &Context,
    conn: &mut Conn,
    id: i64,
    read: &Result<Incoming, String>,
) -> Result<(), PlaceError> {
    let Some(message) = messages::locked(conn, id)? else { return Ok(()) };
    let Ok(before) = serde_json::from_str::<Incoming>(&message.reading) else { return Ok(()) };
    let read = match read {
        Ok(read) => read,
        Err(why) => {
            let mut broken = before;
            break_promise(&mut broken, why);
            return Ok(keep_files(conn, id, &broken)?);
        }
    };
    match (message.state, message.request_id) {
        // Not placed yet: it will be read, and remembered, for itself.
        (MessageState::Received | MessageState::Unreadable, _) => Ok(()),
        (MessageState::Unmatched, _) => {
            let unread = scans::reopen(conn, id)?;
            place(ctx, conn, &Understood { unread, incoming: read.clone(), failure: None })
        }
        (MessageState::Held | MessageState::Read, Some(request)) => {
            weigh_again(ctx, conn, (&message, request), (&before, read))
        }
        // A person has decided, on what could be seen then.
        _ => {
            let known = Incoming { attachments: read.attachments.clone(), ..before };
            Ok(keep_files(conn, id, &known)?)
        }
    }
}

fn keep_files(conn: &mut Conn, id: i64, known: &Incoming) -> Result<(), Error> {
    scans::keep_files(conn, id, (&serde_json::to_string(known)?, &files(known)?))
}

/// Reads and proposes anew at the request where the message is filed, for a person to look at: what a picture says is
/// never recorded by a rule, and an event that a rule recorded stays until that person says otherwise.
fn weigh_again(
    ctx: &Context,
    conn: &mut Conn,
    (message, request): (&MessageRow, i64),
    (before, read): (&Incoming, &Incoming),
) -> Result<(), PlaceError> {
    let own = own_words::of(ctx, conn, (read, &[request]))?;
    let read = own.as_ref().unwrap_or(read);
    let asked = scans::asked(conn, message.id)?;
    let proposed: Proposal = serde_json::from_str(&message.proposal).map_err(Error::from)?;
    // Where a person filed it, or a rule asks for a reason of its own, that stays.
    let usual = propose(message.id, before, &proposed.matches).ask == asked;
    let mut matches = proposed.matches;
    if usual {
        let found = candidates::matches(conn, &clues(read, &message.recipient, &ctx.config.reply_domain))?;
        if found.iter().any(|found| found.request_id == request) {
            matches = first_of(&found, request);
        }
    }
    let now = propose(message.id, read, &matches);
    let recorded = message.state == MessageState::Read && now.event.is_some();
    let ask = if usual { now.ask.or(asked) } else { asked };
    let proposal = Proposal {
        matches,
        event: now.event.filter(|_| recorded),
        ask: if recorded { None } else { ask.clone() },
    };
    let weighed = Weighed {
        state: if recorded { MessageState::Read } else { MessageState::Held },
        held_reason: proposal.ask.clone(),
        proposal: serde_json::to_string(&proposal).map_err(Error::from)?,
    };
    messages::reread(conn, message.id, &reread(read)?)?;
    scans::keep_files(conn, message.id, (&serde_json::to_string(read).map_err(Error::from)?, &files(read)?))?;
    scans::weigh(conn, message.id, &weighed)?;
    Ok(learning::filed(conn, (request, message.id), read, &proposal.matches)?)
}

fn reread(read: &Incoming) -> Result<Reread, Error> {
    Ok(Reread {
        language: read.language.clone(),
        kind: Some(read.reading.kind.as_str().to_owned()),
        confidence: Some(read.reading.confidence),
        own_text: storable(&read.text),
        quoted_text: read.quoted.as_deref().map(storable),
        reading: serde_json::to_string(read)?,
    })
}
