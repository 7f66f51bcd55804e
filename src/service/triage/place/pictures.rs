//! Text in pictures takes minutes: a mail is placed without it, and read again when it is there.
//!
//! Which mails wait stands in the database from the transaction that places them to the one that reads them again, so
//! a process that ends in between costs time alone. What a person decided in between stays as it is.

use crate::domain::incoming::Incoming;
use crate::domain::incoming::authenticity::Judged;
use crate::domain::incoming::matching::{Match, clues};
use crate::domain::incoming::proposal::{Proposal, propose};
use crate::service::Context;
use crate::service::cage::Cage;
use crate::service::cage::recognition::{break_promise, is_promised};
use crate::service::triage::place::{self, MOST_TURNS, PlaceError, reading};
use crate::service::triage::plan::{self, Place, Plan, Understood};
use crate::service::triage::{authenticity, candidates, own_words};
use crate::store::erasure::remove_unneeded;
use crate::store::messages::scans::{self, Weighed};
use crate::store::messages::{self, MessageRow};
use crate::store::types::MessageState;
use crate::store::{Conn, Db, Error, transaction};
use chrono::TimeDelta;
use std::collections::BTreeSet;

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
    let mut put = BTreeSet::new();
    let read = match wanted.then(|| cage.recognise_kept(&ctx.blobs, &mail, &mut put)) {
        None => None,
        Some(Ok(incoming)) => Some(Ok(incoming)),
        Some(Err(error)) if error.is_about_the_mail() => {
            tracing::error!(%error, "a mail could not be read with the text in its pictures");
            Some(Err(error.to_string()))
        }
        Some(Err(error)) if error.is_missing() && reading::is_lost(ctx, &mut *db.conn()?, &mail)? => {
            tracing::error!(sha256 = mail, "the bytes of a mail with text in pictures are gone");
            Some(Err(reading::LOST.to_owned()))
        }
        Some(Err(error)) => {
            tracing::error!(%error, "pictures of text wait for a reader");
            return Ok(true);
        }
    };
    let mut conn = db.conn()?;
    for _ in 0..MOST_TURNS {
        let mut again = Vec::new();
        if let Some(read) = &read {
            for id in scans::messages_of(&mut conn, &mail)? {
                again.extend(weigh(ctx, &mut conn, id, read)?);
            }
        }
        // As where a mail is placed for the first time.
        let kept = ctx.blobs.keeping();
        if let Some(Ok(incoming)) = &read
            && !reading::has_its_files(ctx, incoming)?
        {
            tracing::warn!("pictures of text wait: a file of their mail was erased with another");
            return Ok(true);
        }
        if transaction(&mut conn, |conn| write_all(ctx, conn, (&mail, read.is_some()), again))? {
            drop(kept);
            // While its pictures were looked at it may have been erased, and its files are there once more.
            remove_unneeded(&mut conn, &ctx.blobs, &put)?;
            return Ok(true);
        }
    }
    tracing::warn!("pictures of text wait: their mail or its request was changed while it was ranked");
    Ok(true)
}

/// A message of the mail, and what is to become of it now that more is known of the mail, or that nothing more will be.
struct Again {
    before: MessageRow,
    now: Now,
}

enum Now {
    /// It will be read, and remembered, for itself.
    Nothing,
    /// It keeps what it is; only the texts of its files are added.
    Files(Box<Incoming>),
    /// It matched no request, and is placed as if it had just come.
    Placed(Box<Plan>),
    /// It is proposed anew at its request; what it is read as, and the requests it may belong to.
    Proposed(Box<Incoming>, Vec<Match>, bool),
}

/// What becomes of a message, worked out before anything is written.
fn weigh(
    ctx: &Context,
    conn: &mut Conn,
    id: i64,
    read: &Result<Incoming, String>,
) -> Result<Option<Again>, PlaceError> {
    let Some(message) = messages::find(conn, id)? else { return Ok(None) };
    let Ok(before) = serde_json::from_str::<Incoming>(&message.reading) else {
        // It is not read yet.
        return Ok(Some(Again { before: message, now: Now::Nothing }));
    };
    let read = match read {
        Ok(read) => read,
        Err(why) => {
            let mut broken = before;
            break_promise(&mut broken, why);
            return Ok(Some(Again { before: message, now: Now::Files(Box::new(broken)) }));
        }
    };
    let now = match (message.state, message.request_id) {
        (MessageState::Received | MessageState::Unreadable, _) => Now::Nothing,
        (MessageState::Unmatched, _) => {
            let unread = scans::as_it_came(conn, id)?;
            let awaited = authenticity::not_yet(ctx, conn, &unread.blob_sha256)?;
            let understood = Understood {
                unread,
                incoming: read.clone(),
                failure: None,
                circles: None,
                given_up: None,
                judged: authenticity::judged(conn, id)?,
                awaited,
            };
            Now::Placed(Box::new(alone(plan::of(ctx, conn, &understood)?)))
        }
        (MessageState::Held | MessageState::Read, Some(request)) => {
            let own = own_words::of(ctx, conn, (read, &[request]))?;
            let read = own.unwrap_or_else(|| read.clone());
            let (matches, usual) = matches(ctx, conn, (&message, request), (&before, &read))?;
            Now::Proposed(Box::new(read), matches, usual)
        }
        // A person has decided, on what could be seen then.
        _ => Now::Files(Box::new(Incoming { attachments: read.attachments.clone(), ..before })),
    };
    Ok(Some(Again { before: message, now }))
}

/// A copy that is proposed at the request whose address was mistyped stays that one copy: the mail has its place at
/// the others already.
fn alone(mut plan: Plan) -> Plan {
    let own = plan.filings.iter().position(
        |filing| matches!(&filing.place, Place::Proposed(_, address) if *address == plan.read.unread.recipient),
    );
    if let Some(own) = own {
        plan.filings = vec![plan.filings.swap_remove(own)];
    }
    plan
}

/// The requests that a message may belong to, its own first, and whether a rule or the reader's doubt asks about it as
/// usual: where a person filed it, or a rule asks for a reason of its own, that stays.
fn matches(
    ctx: &Context,
    conn: &mut Conn,
    (message, request): (&MessageRow, i64),
    (before, read): (&Incoming, &Incoming),
) -> Result<(Vec<Match>, bool), PlaceError> {
    let asked = scans::asked(conn, message.id)?;
    let proposed: Proposal = serde_json::from_str(&message.proposal).map_err(Error::from)?;
    let judged = authenticity::judged(conn, message.id)?;
    let usual = propose(message.id, before, &proposed.matches, judged.as_ref()).ask == asked;
    if usual {
        let clues = clues(read, &message.recipient, &ctx.config.reply_domain);
        let mut found = candidates::ranked(conn, &clues)?.matches;
        plan::prove(&mut found, judged.as_ref());
        if found.iter().any(|found| found.request_id == request) {
            return Ok((plan::seen_from(&found, &Place::Filed(request)), usual));
        }
    }
    Ok((proposed.matches, usual))
}

/// Writes what was worked out; false = a message came or was changed meanwhile, or a request of a plan went away, and
/// nothing is written.
fn write_all(
    ctx: &Context,
    conn: &mut Conn,
    (mail, wanted): (&str, bool),
    again: Vec<Again>,
) -> Result<bool, PlaceError> {
    // Whoever places the same mail now waits for this, or is seen below.
    if !scans::forget(conn, mail)? {
        return Ok(true);
    }
    if wanted {
        let known: Vec<i64> = again.iter().map(|one| one.before.id).collect();
        let standing = scans::messages_of(conn, mail)?;
        let mut changed = standing.iter().any(|id| !known.contains(id));
        for one in &again {
            let now = match one.now {
                // Whoever places it holds it, and then waits for what was forgotten above.
                Now::Nothing => messages::find(conn, one.before.id)?,
                _ => messages::locked(conn, one.before.id)?,
            };
            changed |= now.is_none_or(|now| !is_same(&now, &one.before));
            if let Now::Placed(plan) = &one.now {
                changed |= !place::stands(conn, &plan.filings)?;
            }
        }
        if changed {
            scans::remember(conn, mail, ctx.clock.now() + LEASE)?;
            return Ok(false);
        }
    }
    for one in again {
        write(ctx, conn, one)?;
    }
    Ok(true)
}

fn is_same(now: &MessageRow, before: &MessageRow) -> bool {
    now.state == before.state
        && now.request_id == before.request_id
        && now.reading == before.reading
        && now.proposal == before.proposal
}

fn write(ctx: &Context, conn: &mut Conn, again: Again) -> Result<(), PlaceError> {
    let message = again.before;
    match (again.now, message.request_id) {
        (Now::Files(known), _) => {
            let texts = serde_json::to_string(&known).map_err(Error::from)?;
            Ok(scans::keep_files(conn, message.id, (&texts, &plan::files(&known)?))?)
        }
        (Now::Placed(plan), _) => {
            scans::reopen(conn, message.id)?;
            if place::write(ctx, conn, *plan)? != place::Written::Here {
                // Its requests stood a moment ago and are held since. It is open again, so it is read like a new mail.
                tracing::error!(
                    message = message.id,
                    "a request went away under its mail; it is read once more"
                );
            }
            Ok(())
        }
        (Now::Proposed(read, matches, usual), Some(_)) => {
            propose_again(conn, &message, &read, (matches, usual))
        }
        (Now::Nothing | Now::Proposed(..), _) => Ok(()),
    }
}

/// Proposes anew at the request where the message is filed, for a person to look at: what a picture says is never
/// recorded by a rule, and an event that a rule recorded stays until that person says otherwise.
fn propose_again(
    conn: &mut Conn,
    message: &MessageRow,
    read: &Incoming,
    (matches, usual): (Vec<Match>, bool),
) -> Result<(), PlaceError> {
    let asked = scans::asked(conn, message.id)?;
    let judged: Option<Judged> = authenticity::judged(conn, message.id)?;
    let now = propose(message.id, read, &matches, judged.as_ref());
    let recorded = message.state == MessageState::Read && now.event.is_some();
    let ask = if usual { now.ask.or(asked) } else { asked };
    let proposal =
        Proposal { matches, event: now.event.filter(|_| recorded), ask: if recorded { None } else { ask } };
    let weighed = Weighed {
        state: if recorded { MessageState::Read } else { MessageState::Held },
        held_reason: proposal.ask.clone(),
        proposal: serde_json::to_string(&proposal).map_err(Error::from)?,
    };
    messages::reread(conn, message.id, &own_words::reread(read)?)?;
    let texts = serde_json::to_string(read).map_err(Error::from)?;
    scans::keep_files(conn, message.id, (&texts, &plan::files(read)?))?;
    // What a picture says teaches nothing before a person has looked at it.
    Ok(scans::weigh(conn, message.id, &weighed)?)
}
