//! A person sends a letter again, or knows that it arrived.

use crate::domain::letter::Signature;
use crate::domain::request::event::Event;
use crate::domain::request::state::Status;
use crate::mail::compose::{self, OutgoingLetter};
use crate::service::Context;
use crate::service::delivery::{Error, told};
use crate::store::audit::{self, Act};
use crate::store::outbox::{Anew, Letter};
use crate::store::requests::{self, RequestRow, Stamp};
use crate::store::types::OutboxState;
use crate::store::{Conn, Db, at, authorities, outbox, switches, transaction};
use chrono::{DateTime, TimeDelta, Utc};

/// A letter that is known not to have arrived, refused or come back, leaves again, to the address it had or to one
/// that the authority has now. To another address it is another mail: its bytes and its Message-ID are new. What was
/// tried before stays recorded.
pub fn send_lost_again(
    ctx: &Context,
    conn: &mut Conn,
    person: i64,
    (id, to): (i64, &str),
) -> Result<(), Error> {
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        let letter = told::hold(conn, id)?.ok_or(Error::NoSuchLetter)?;
        let request = requests::find(conn, letter.request_id)?.ok_or(Error::NoSuchLetter)?;
        if !is_lost(letter.state, request.status) {
            return Err(Error::NotNow(letter.state));
        }
        if letter.blob_sha256.is_empty() {
            return Err(Error::Erased);
        }
        let theirs = authorities::in_use(conn, request.authority_id)?;
        if to != letter.envelope_to && !theirs.iter().any(|known| known == to) {
            return Err(Error::NotTheirs(to.to_owned()));
        }
        let anew = anew(ctx, &letter, (&request, to))?;
        outbox::queue_anew(conn, &letter, &anew)?;
        let stamp = Stamp { at: now, person: Some(person) };
        if request.status == Status::Undelivered {
            let event =
                Event::QueuedAgain { letter: anew.mail_message_id.clone(), to: anew.envelope_to.clone() };
            requests::append(conn, letter.request_id, &event, stamp)?;
        }
        // No address stands in the audit log (R51): an authority's may be that of a person. Which one it was is the
        // number of a record that can be corrected or erased; the letter itself is known by the hash of its bytes.
        let body = serde_json::json!({
            "was": letter.state.as_str(),
            "was_bytes": letter.blob_sha256,
            "other_address": anew.envelope_to != letter.envelope_to,
            "address_record": authorities::address_record(conn, request.authority_id, &anew.envelope_to)?,
        });
        let subject = format!("letter:{id}");
        Ok(audit::append(
            conn,
            &Act { at: now, person: Some(person), action: "send_lost_again", subject, body },
        )?)
    })
}

/// Whether a letter is known not to have arrived: refused, or taken by a server and come back.
pub fn is_lost(letter: OutboxState, request: Status) -> bool {
    match letter {
        OutboxState::Refused => request != Status::Withdrawn,
        OutboxState::Accepted => request == Status::Undelivered,
        _ => false,
    }
}

fn anew(ctx: &Context, letter: &Letter, (request, to): (&RequestRow, &str)) -> Result<Anew, Error> {
    let now = ctx.clock.now();
    let mut anew = Anew {
        mail_message_id: letter.mail_message_id.clone(),
        blob_sha256: letter.blob_sha256.clone(),
        envelope_from: letter.envelope_from.clone(),
        envelope_to: letter.envelope_to.clone(),
        body: letter.body.clone(),
        leave_after: now + ctx.config.undo,
    };
    // A reply address that was given up meanwhile would lead every answer to nobody's request.
    let given_up = letter.envelope_from != request.reply_address;
    if to != letter.envelope_to || given_up {
        anew.body = letter.body.replace(&letter.envelope_from, &request.reply_address);
        anew.envelope_from.clone_from(&request.reply_address);
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).map_err(|e| Error::Random(e.to_string()))?;
        let message_id = compose::message_id(&random, &ctx.config.reply_domain);
        let mail = compose::compose(&OutgoingLetter {
            from_name: Signature::parse(&request.signed_as).person,
            reply_address: anew.envelope_from.clone(),
            to: to.to_owned(),
            subject: letter.subject.clone(),
            body: anew.body.clone(),
            message_id: message_id.clone(),
            date: now,
            in_reply_to: None,
            references: Vec::new(),
        })?;
        anew.mail_message_id = message_id;
        anew.blob_sha256 = ctx.blobs.put(&ctx.signed(mail.bytes)?)?;
        anew.envelope_to = mail.envelope_to;
    }
    Ok(anew)
}

/// A person decides that a letter goes again: the same bytes, the same Message-ID, in the audit log.
pub fn send_again(ctx: &Context, conn: &mut Conn, person: i64, id: i64) -> Result<(), Error> {
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        let letter = outbox::find(conn, id)?.ok_or(Error::NoSuchLetter)?;
        if letter.blob_sha256.is_empty() {
            return Err(Error::Erased);
        }
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

/// Repeats letters of which nobody has known for as long as the operator wants (`repeat_unknown_hours`), each once in its
/// life: the same bytes, the same Message-ID, so that who has it already sees that it is the same. How many were queued.
pub fn repeat_unknown(ctx: &Context, db: &Db) -> Result<usize, Error> {
    let Some(after) = ctx.config.mail.repeat_unknown.and_then(|after| TimeDelta::from_std(after).ok()) else {
        return Ok(0);
    };
    let (now, mut conn) = (ctx.clock.now(), db.conn()?);
    let mut repeated = 0;
    // While it is paused, after a restore for instance, a person settles first what is settled.
    if switches::is_on(&mut conn, switches::OUTBOX_PAUSED)? {
        return Ok(0);
    }
    for id in outbox::repeatable(&mut conn, now - after, i64::MIN..=i64::MAX)? {
        repeated += usize::from(transaction(&mut conn, |conn| repeat(conn, id, (now, after)))?);
    }
    Ok(repeated)
}

/// Repeats one, if all that spoke for it still holds: a report, a reply or a pause may have come since it was found.
fn repeat(conn: &mut Conn, id: i64, (now, after): (DateTime<Utc>, TimeDelta)) -> Result<bool, Error> {
    if !outbox::may_leave(conn)? || told::hold(conn, id)?.is_none() {
        return Ok(false);
    }
    if outbox::repeatable(conn, now - after, id..=id)?.is_empty() || !outbox::repeat(conn, id, now)? {
        return Ok(false);
    }
    let (subject, body) = (format!("letter:{id}"), serde_json::json!({ "was": "unknown" }));
    audit::append(conn, &Act { at: now, person: None, action: "letter_repeated", subject, body })?;
    Ok(true)
}

/// A person knows that an unknown letter arrived (a reply, a delivery report, a phone call).
pub fn settle_unknown(ctx: &Context, conn: &mut Conn, person: i64, id: i64) -> Result<(), Error> {
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        let letter = told::hold(conn, id)?.ok_or(Error::NoSuchLetter)?;
        let state = requests::state(conn, letter.request_id)?.ok_or(Error::NoSuchLetter)?;
        let handed_over = letter.in_doubt_at.unwrap_or(letter.created_at).and_utc();
        let event = told::sent(ctx, conn, &letter, (handed_over, outbox::SAID_BY_A_PERSON))?;
        // Wherever its clock can start: the request may have heard of it, or be withdrawn, before its letter is settled.
        if letter.state != OutboxState::Unknown || state.apply(&event).is_err() {
            return Err(Error::NotNow(letter.state));
        }
        outbox::arrived(conn, id, (at(handed_over), outbox::SAID_BY_A_PERSON))?;
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
