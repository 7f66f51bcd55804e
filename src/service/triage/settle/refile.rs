//! A message belongs elsewhere or nowhere: what was recorded of it is retracted, and nothing of it is public any more.

use crate::domain::incoming::Incoming;
use crate::domain::incoming::delivery::Automatic;
use crate::domain::incoming::matching::{Warning, domains};
use crate::domain::incoming::proposal::Proposal;
use crate::domain::request::event::Event;
use crate::service::triage::Error;
use crate::service::triage::candidates;
use crate::service::triage::own_words;
use crate::service::triage::plan::{scope_of, scope_of_nobody};
use crate::service::triage::settle::events::of_message;
use crate::service::{Context, notices};
use crate::store::audit::{self, Act};
use crate::store::matching::{self, again};
use crate::store::messages::{self, Refiled, Reread};
use crate::store::requests::{self, RequestRow, Stamp};
use crate::store::types::MessageState;
use crate::store::{Conn, contact_tasks, transaction};
use chrono::{DateTime, Utc};

/// Retracts what a message proves of a request, if it proves anything.
pub(super) fn retract(
    conn: &mut Conn,
    (request, message): (i64, i64),
    reason: &str,
    stamp: Stamp,
) -> Result<(), Error> {
    requests::lock(conn, request)?;
    let proved = of_message(&requests::events_of(conn, request)?, message);
    if proved.is_empty() {
        return Ok(());
    }
    requests::append(conn, request, &Event::Retracted { message, reason: reason.to_owned() }, stamp)?;
    for event in &proved {
        if let Event::Bounced { permanent: true, recipients, .. } = event {
            no_longer_bounced(conn, request, recipients, stamp)?;
        }
    }
    Ok(())
}

/// Addresses of which nothing says any more that they do not work are in use again.
fn no_longer_bounced(
    conn: &mut Conn,
    request: i64,
    recipients: &[String],
    stamp: Stamp,
) -> Result<(), Error> {
    let Some(authority) = requests::find(conn, request)?.map(|row| row.authority_id) else { return Ok(()) };
    let still = requests::bounced_addresses(conn, authority)?;
    for address in recipients {
        let stands = still.iter().any(|it| it.eq_ignore_ascii_case(address));
        if !stands && !contact_tasks::is_refused(conn, authority, address)? {
            contact_tasks::works(conn, (authority, address), stamp.at)?;
        }
    }
    Ok(())
}

/// Files a message under another request; it is put before a person again, and what it proved where it was counts
/// no more.
pub fn assign(ctx: &Context, conn: &mut Conn, person: i64, id: i64, reference: &str) -> Result<(), Error> {
    let now = ctx.clock.now();
    let own = own_words_of(ctx, conn, id, reference)?;
    transaction(conn, |conn| {
        let message = messages::locked(conn, id)?.ok_or(Error::NoSuchMessage(id))?;
        let request = requests::by_reference(conn, reference)?
            .ok_or_else(|| Error::NoSuchRequest(reference.to_owned()))?;
        if message.request_id == Some(request.id) {
            return Ok(());
        }
        let scope = scope_of(request.id);
        if messages::same_content(conn, &scope, &message.content_key)?.is_some() {
            return Err(Error::ThereAlready(reference.to_owned()));
        }
        let reason = "A person filed it here: say what it is.".to_owned();
        let mut proposal: Proposal = serde_json::from_str(&message.proposal).unwrap_or(Proposal {
            matches: Vec::new(),
            event: None,
            ask: None,
        });
        (proposal.event, proposal.ask) = (None, Some(reason.clone()));
        let mail = serde_json::from_str::<Incoming>(&message.reading).ok();
        let sender = mail.as_ref().and_then(|mail| mail.from.as_ref());
        compare(conn, &mut proposal, &request, sender.map(|from| from.address.as_str()))?;
        let foreign = proposal.matches.first().is_some_and(|found| found.foreign_sender);
        let state = if message.state == MessageState::Unreadable {
            MessageState::Unreadable
        } else {
            MessageState::Held
        };
        if let Some(before) = message.request_id {
            let stamp = Stamp { at: now, person: Some(person) };
            retract(conn, (before, id), "a letter was filed here by mistake", stamp)?;
        }
        let proposal = serde_json::to_string(&proposal).map_err(crate::store::Error::from)?;
        let to = Refiled { request_id: Some(request.id), scope, state, proposal, reason: Some(reason) };
        messages::refile(conn, id, &to)?;
        if let Some((_, own)) = own.filter(|(of, _)| *of == message.reading) {
            messages::reread(conn, id, &own)?;
        }
        if mail.as_ref().is_some_and(|mail| mail.automatic == Automatic::None) {
            notices::reply_came(ctx, conn, (request.id, id), foreign)?;
        }
        matching::unlearn(conn, id)?;
        again::drop_keys(conn, id)?;
        again::touch_for_thread(conn, id)?;
        let body = serde_json::json!({ "message": id });
        let subject = format!("request:{reference}");
        Ok(audit::append(conn, &Act { at: now, person: Some(person), action: "assign", subject, body })?)
    })
}

/// The message without copies of our letters in that request, beside the reading that it was made from.
fn own_words_of(
    ctx: &Context,
    conn: &mut Conn,
    id: i64,
    reference: &str,
) -> Result<Option<(String, Reread)>, Error> {
    let message = messages::find(conn, id)?.filter(|message| message.state != MessageState::Unreadable);
    let (Some(message), Some(request)) = (message, requests::by_reference(conn, reference)?) else {
        return Ok(None);
    };
    let own = own_words::filed(ctx, conn, request.id, &message.reading)?;
    Ok(own.map(|own| (message.reading, own)))
}

/// Compares the sender with the authority of the request under which the message is filed now, as it is done where
/// a rule files it.
fn compare(
    conn: &mut Conn,
    proposal: &mut Proposal,
    request: &RequestRow,
    from: Option<&str>,
) -> Result<(), Error> {
    let known = candidates::known(conn, request.authority_id)?;
    let before = proposal.matches.iter().position(|found| found.request_id == request.id);
    let mut found = before.map(|at| proposal.matches.remove(at)).unwrap_or_default();
    (found.request_id, found.certain) = (request.id, false);
    found.foreign_sender = !domains::kin(from, &known).is_own();
    found.warnings.retain(|warning| !matches!(warning, Warning::ForeignSender { .. }));
    if found.foreign_sender {
        found.warnings.insert(0, Warning::foreign(from, &known));
    }
    proposal.matches.insert(0, found);
    Ok(())
}

/// Puts a message before a person of which a rule believed what its own domain disowns, as was found out afterwards: what
/// was recorded of it counts no more, and it teaches nothing. What a person said of it stays.
pub(in crate::service::triage) fn disprove(
    conn: &mut Conn,
    id: i64,
    (reason, now): (String, DateTime<Utc>),
) -> Result<(), Error> {
    let Some(message) = messages::locked(conn, id)? else { return Ok(()) };
    matching::unlearn(conn, id)?;
    let by_rule = matches!(message.state, MessageState::Read | MessageState::Held);
    let (Some(request), true, Ok(mut proposal)) =
        (message.request_id, by_rule, serde_json::from_str::<Proposal>(&message.proposal))
    else {
        return Ok(());
    };
    retract(conn, (request, id), "the letter seems to be forged", Stamp { at: now, person: None })?;
    (proposal.event, proposal.ask) = (None, Some(reason.clone()));
    let to = Refiled {
        request_id: Some(request),
        scope: scope_of(request),
        state: MessageState::Held,
        proposal: serde_json::to_string(&proposal).map_err(crate::store::Error::from)?,
        reason: Some(reason),
    };
    Ok(messages::refile(conn, id, &to)?)
}

/// Puts a message out of the way that belongs to no request; it is kept and can be found again.
pub fn set_aside(ctx: &Context, conn: &mut Conn, person: i64, id: i64, reason: &str) -> Result<(), Error> {
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        let message = messages::locked(conn, id)?.ok_or(Error::NoSuchMessage(id))?;
        if let Some(request) = message.request_id {
            let stamp = Stamp { at: now, person: Some(person) };
            retract(conn, (request, id), "a letter was no reply to this request", stamp)?;
        }
        let to = Refiled {
            request_id: message.request_id,
            scope: message.request_id.map_or_else(|| scope_of_nobody(&message.recipient), scope_of),
            state: MessageState::SetAside,
            proposal: message.proposal,
            reason: Some(reason.to_owned()),
        };
        messages::refile(conn, id, &to)?;
        matching::unlearn(conn, id)?;
        again::touch_for_thread(conn, id)?;
        let (subject, body) = (format!("message:{id}"), serde_json::json!({}));
        Ok(audit::append(conn, &Act { at: now, person: Some(person), action: "set_aside", subject, body })?)
    })
}
