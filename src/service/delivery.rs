//! Letters out: claimed, put in doubt between 354 and the body, ended; an unknown end is never tried again by itself.

use crate::domain::request::event::Event;
use crate::domain::request::state::Status;
use crate::mail::transport::{Dispatch, Transport};
use crate::service::{Context, LawError};
use crate::store::audit::{self, Act};
use crate::store::outbox::{Claim, Ended, Letter};
use crate::store::requests::{self, Stamp};
use crate::store::types::OutboxState;
use crate::store::{Conn, Db, authorities, outbox, transaction};
use chrono::{DateTime, TimeDelta, Utc};

/// Why a letter could not be handled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// The due day could not be computed.
    #[error(transparent)]
    Law(#[from] LawError),
    /// The letter stands where this cannot be done.
    #[error("expected a letter that is unknown or refused, found one that is `{0}`")]
    NotNow(OutboxState),
    /// There is no such letter.
    #[error("there is no such letter")]
    NoSuchLetter,
}

/// How long a worker may hold a letter: longer than one attempt may last (20 minutes, `mail::transport`).
const LEASE: TimeDelta = TimeDelta::minutes(25);
/// A letter that no server took in this time cannot be delivered.
const GIVE_UP: TimeDelta = TimeDelta::days(5);

/// Sends the next letter that may leave; false = none waits. `worker` is unique to this run of the program.
pub fn send_next(ctx: &Context, db: &Db, transport: &Transport, worker: &str) -> Result<bool, Error> {
    let claim = || {
        let now = ctx.clock.now();
        Claim { worker, now, until: now + LEASE }
    };
    let mut conn = db.conn()?;
    let Some((letter, attempt)) = transaction(&mut conn, |conn| outbox::claim_due(conn, &claim()))? else {
        return Ok(false);
    };
    drop(conn);
    let dispatch = match ctx.blobs.get(&letter.blob_sha256) {
        Ok(bytes) => transport.send(&letter.envelope_from, &letter.envelope_to, &bytes, &mut || {
            let mut conn = db.conn()?;
            let marked = transaction(&mut conn, |conn| outbox::in_doubt(conn, letter.id, &claim()))?;
            if marked { Ok(()) } else { Err("the hold on the letter was lost".into()) }
        }),
        Err(error) => Dispatch::Deferred { reason: error.to_string(), reply: None },
    };
    tracing::info!(letter = letter.id, result = dispatch_word(&dispatch), "letter tried");
    record(ctx, db, (&letter, attempt), worker, &dispatch)?;
    Ok(true)
}

fn dispatch_word(dispatch: &Dispatch) -> &'static str {
    match dispatch {
        Dispatch::Accepted { .. } => "accepted",
        Dispatch::Deferred { .. } => "deferred",
        Dispatch::Refused { .. } => "refused",
        Dispatch::Unknown { .. } => "unknown",
    }
}

/// The end of an attempt and its event, in one transaction.
fn record(
    ctx: &Context,
    db: &Db,
    (letter, attempt): (&Letter, i64),
    worker: &str,
    dispatch: &Dispatch,
) -> Result<(), Error> {
    let now = ctx.clock.now();
    let end = end_of(letter, dispatch, now);
    let mut conn = db.conn()?;
    transaction(&mut conn, |conn| {
        if !outbox::ended(conn, (letter.id, attempt), worker, &end)? {
            tracing::warn!(
                letter = letter.id,
                "another worker holds the letter; only the attempt is recorded"
            );
            return Ok(());
        }
        if letter.letter != "request" {
            return Ok(());
        }
        let id = letter.mail_message_id.clone();
        let event = match end.state {
            OutboxState::Accepted => sent(ctx, conn, letter, &end)?,
            OutboxState::Refused => {
                address_failed(conn, letter)?;
                Event::SendingFailed { letter: id, reply: end.server_reply.or(end.error).unwrap_or_default() }
            }
            OutboxState::Unknown => {
                Event::SendingUnknown { letter: id, reason: end.error.unwrap_or_default() }
            }
            _ => return Ok(()),
        };
        if applies(conn, letter.request_id, &event)? {
            requests::append(conn, letter.request_id, &event, Stamp { at: now, person: None })?;
        }
        Ok(())
    })
}

fn sent(ctx: &Context, conn: &mut Conn, letter: &Letter, end: &Ended) -> Result<Event, Error> {
    let law = ctx.law_of(conn, letter.request_id)?;
    let received_on = law.day_of(end.at);
    Ok(Event::Sent {
        letter: letter.mail_message_id.clone(),
        received_on,
        due_on: law.due(received_on, None)?.due_on,
        server_reply: end.server_reply.clone().unwrap_or_default(),
    })
}

/// A reply may have come before the server's answer was recorded: then the request is past this event.
fn applies(conn: &mut Conn, request: i64, event: &Event) -> Result<bool, Error> {
    let Some(state) = requests::state(conn, request)? else { return Ok(false) };
    Ok(state.apply(event).is_ok())
}

fn address_failed(conn: &mut Conn, letter: &Letter) -> Result<(), Error> {
    if let Some(request) = requests::find(conn, letter.request_id)? {
        authorities::address_bounced(conn, request.authority_id, &letter.envelope_to)?;
    }
    Ok(())
}

fn end_of(letter: &Letter, dispatch: &Dispatch, now: DateTime<Utc>) -> Ended {
    let ended =
        |state, server_reply, error| Ended { state, server_reply, error, next_attempt_at: None, at: now };
    match dispatch {
        Dispatch::Accepted { reply } => ended(OutboxState::Accepted, Some(reply.clone()), None),
        Dispatch::Refused { reply } => ended(OutboxState::Refused, Some(reply.clone()), None),
        Dispatch::Unknown { reason } => ended(OutboxState::Unknown, None, Some(reason.clone())),
        Dispatch::Deferred { reason, reply } => {
            if now - letter.created_at.and_utc() > GIVE_UP {
                let error = Some(format!("tried for five days; at last: {reason}"));
                return ended(OutboxState::Refused, reply.clone(), error);
            }
            let mut end = ended(OutboxState::Deferred, reply.clone(), Some(reason.clone()));
            end.next_attempt_at = Some(now + back_off(letter.attempts));
            end
        }
    }
}

/// 5 minutes, doubled with each attempt, at most 4 hours.
fn back_off(attempts: i64) -> TimeDelta {
    let doublings = u32::try_from((attempts - 1).clamp(0, 10)).unwrap_or(0);
    TimeDelta::minutes(i64::from(5_u32 << doublings).min(240))
}

/// Letters whose worker is gone: before the marker they go back to the queue, in doubt they become `unknown`.
pub fn expire_leases(ctx: &Context, db: &Db) -> Result<(), Error> {
    let now = ctx.clock.now();
    let mut conn = db.conn()?;
    transaction(&mut conn, |conn| {
        for (id, request, letter) in outbox::expire(conn, now)? {
            tracing::warn!(
                letter = id,
                "the worker stopped in mid-send: nobody knows whether the letter arrived"
            );
            let reason = "the sending process stopped while the letter was handed over".to_owned();
            let event = Event::SendingUnknown { letter, reason };
            if applies(conn, request, &event)? {
                requests::append(conn, request, &event, Stamp { at: now, person: None })?;
            }
        }
        Ok(())
    })
}

/// A person decides that a letter goes again: the same bytes, the same Message-ID, in the audit log.
pub fn send_again(ctx: &Context, conn: &mut Conn, person: i64, id: i64) -> Result<(), Error> {
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        let letter = outbox::find(conn, id)?.ok_or(Error::NoSuchLetter)?;
        if !outbox::send_again(conn, id, now)? {
            return Err(Error::NotNow(letter.state));
        }
        let act = Act {
            at: now,
            person: Some(person),
            action: "send_again",
            subject: format!("letter:{id}"),
            body: serde_json::json!({ "was": letter.state.as_str() }),
        };
        Ok(audit::append(conn, &act)?)
    })
}

/// A person knows that an unknown letter arrived (a reply, a delivery report, a phone call).
pub fn settle_unknown(ctx: &Context, conn: &mut Conn, person: i64, id: i64) -> Result<(), Error> {
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        let letter = outbox::find(conn, id)?.ok_or(Error::NoSuchLetter)?;
        let request = requests::find(conn, letter.request_id)?.ok_or(Error::NoSuchLetter)?;
        if letter.state != OutboxState::Unknown || request.status != Status::Unknown {
            return Err(Error::NotNow(letter.state));
        }
        outbox::arrived(conn, id, now)?;
        let end = Ended {
            state: OutboxState::Accepted,
            server_reply: Some("said by a person".to_owned()),
            error: None,
            next_attempt_at: None,
            at: letter.in_doubt_at.unwrap_or(letter.created_at).and_utc(),
        };
        let event = sent(ctx, conn, &letter, &end)?;
        requests::append(conn, letter.request_id, &event, Stamp { at: now, person: Some(person) })?;
        let act = Act {
            at: now,
            person: Some(person),
            action: "letter_arrived",
            subject: format!("letter:{id}"),
            body: serde_json::json!({}),
        };
        Ok(audit::append(conn, &act)?)
    })
}
