//! A person says what a message is: the event, its consequences and what the public may read, in one transaction.

mod events;
mod extension;
mod outlook;
mod refile;

pub use outlook::{Outlook, outlook};
pub(in crate::service::triage) use refile::disprove;
pub use refile::{assign, set_aside};

use crate::domain::incoming::Incoming;
use crate::domain::incoming::looking::hidden_in;
use crate::domain::incoming::reading::Kind;
use crate::domain::letter::Signature;
use crate::domain::publication::redaction::{Private, redact, redact_file_name, strike_secrets};
use crate::domain::request::event::Ground;
use crate::domain::request::state::Outcome;
use crate::service::Context;
use crate::service::triage::Error;
use crate::service::triage::learning;
use crate::service::triage::settle::events::{as_said, events, grounds, of_message, outcome_of};
use crate::store::audit::{self, Act};
use crate::store::messages::{self, MessageRow, Published};
use crate::store::requests::{self, RequestRow, Stamp};
use crate::store::types::MessageState;
use crate::store::{Conn, transaction};
use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

/// What a person says of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// The message.
    pub message: i64,
    /// The request it belongs to.
    pub request: i64,
    /// What kind of reply it is.
    pub kind: Kind,
    /// How the request ended, for a decision.
    pub outcome: Option<Outcome>,
    /// Until when the authority takes more time.
    pub until: Option<NaiveDate>,
    /// The authority's own file number.
    pub authority_reference: Option<String>,
    /// The day it registered the request.
    pub registered_on: Option<NaiveDate>,
    /// Amount and currency asked.
    pub fee: Option<(String, String)>,
    /// The body it was passed on to.
    pub passed_to: Option<String>,
    /// The day the other body had it, where the message names one.
    pub passed_on: Option<NaiveDate>,
    /// What a clarification asks.
    pub asks_for: Option<String>,
    /// The authority hears a third party first.
    pub hears_third_party: bool,
    /// What was answered is a part, and the rest is still owed: no decision yet.
    pub rest_owed: bool,
    /// On what it refuses.
    pub grounds: Vec<Ground>,
    /// The redacted text to show; none = nothing of it is public.
    pub publish: Option<String>,
    /// The redacted subject.
    pub publish_subject: Option<String>,
    /// Positions of attachments to show.
    pub publish_attachments: Vec<i64>,
    /// The person looked at what hides in its files.
    pub looked: bool,
    /// When the message was settled as the person saw it; none = it was not.
    pub seen: Option<NaiveDateTime>,
}

/// What "accept" would record, with the redacted text filled in (`Context::offer`); none where the message is filed under no
/// request or could not be read.
pub fn proposed_settlement(ctx: &Context, conn: &mut Conn, id: i64) -> Result<Option<Settlement>, Error> {
    proposed_as(ctx, conn, (id, None))
}

/// The same, where a person thinks that it is of another kind than was read.
pub fn proposed_as(
    ctx: &Context,
    conn: &mut Conn,
    (id, kind): (i64, Option<Kind>),
) -> Result<Option<Settlement>, Error> {
    let message = messages::find(conn, id)?.ok_or(Error::NoSuchMessage(id))?;
    let (Some(request), Ok(incoming)) =
        (message.request_id, serde_json::from_str::<Incoming>(&message.reading))
    else {
        return Ok(None);
    };
    let row = requests::find(conn, request)?.ok_or_else(|| Error::NoSuchRequest(request.to_string()))?;
    let names = [Signature::parse(&row.signed_as).person];
    let private = Private { names: &names, reply_address: &row.reply_address };
    let offer = Context::offer(&message.own_text, &incoming, kind);
    let mut reading = incoming.reading;
    reading.kind = kind.unwrap_or(reading.kind);
    let law = ctx.law_of(conn, request)?;
    let decision = outcome_of(reading.kind).is_some();
    let refuses = matches!(reading.kind, Kind::Refusal | Kind::Partial | Kind::Ncnd);
    let proposed = Settlement {
        message: id,
        request,
        kind: reading.kind,
        outcome: outcome_of(reading.kind),
        until: (reading.kind == Kind::Extension).then_some(reading.new_due_on).flatten(),
        authority_reference: reading.reference,
        registered_on: None,
        fee: (reading.kind == Kind::Fee)
            .then_some(reading.fee)
            .flatten()
            .map(|fee| (fee.amount, fee.currency)),
        passed_to: reading.transferred_to.filter(|_| reading.kind == Kind::Transfer),
        passed_on: None,
        hears_third_party: false,
        rest_owed: false,
        asks_for: reading.asks_for.filter(|_| reading.kind == Kind::Clarification),
        grounds: if refuses { grounds(&law, &reading.grounds) } else { Vec::new() },
        publish: offer
            .text
            .filter(|_| decision || reading.kind != Kind::Other)
            .map(|text| redact(&text, private)),
        publish_subject: Some(redact(&message.subject, private)),
        publish_attachments: Vec::new(),
        looked: false,
        seen: message.settled_at,
    };
    Ok(Some(proposed.redacted(private)))
}

impl Settlement {
    /// The same without private words in what becomes events: those are public where their message is. Text and
    /// subject were read by a person; of them only what nobody may publish is struck.
    fn redacted(mut self, private: Private<'_>) -> Self {
        let quotes = [&mut self.authority_reference, &mut self.passed_to, &mut self.asks_for];
        let cites = self.grounds.iter_mut().map(|ground| &mut ground.cite);
        for words in quotes.into_iter().flatten().chain(cites) {
            *words = redact(words, private);
        }
        let fee = self.fee.iter_mut().flat_map(|(amount, currency)| [amount, currency]);
        let read = [&mut self.publish, &mut self.publish_subject];
        for words in read.into_iter().flatten().chain(fee) {
            *words = strike_secrets(words, private.reply_address);
        }
        self
    }
}

/// Records what a person says: message, event, clock and published text commit together or not at all. The same
/// said again records nothing; something else is a correction, and only by one who saw what was said before.
pub fn settle(ctx: &Context, conn: &mut Conn, person: i64, settlement: &Settlement) -> Result<(), Error> {
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        let (id, request) = (settlement.message, settlement.request);
        let message = messages::locked(conn, id)?.ok_or(Error::NoSuchMessage(id))?;
        if message.request_id != Some(request) {
            return Err(Error::NotFiledHere);
        }
        let row = requests::find(conn, request)?.ok_or_else(|| Error::NoSuchRequest(request.to_string()))?;
        let names = [Signature::parse(&row.signed_as).person];
        let private = Private { names: &names, reply_address: &row.reply_address };
        let said = settlement.clone().redacted(private);
        let published = published(conn, &said, private)?;
        let changed =
            record(ctx, conn, (&said, &message), Stamp { at: now, person: Some(person) }, &published)?;
        if !changed {
            return Ok(());
        }
        let hidden = hidden_in(&message.reading);
        if published.text.is_some() && hidden > 0 && !said.looked {
            return Err(Error::NotLooked(hidden));
        }
        // Two versions are never of the same instant: the form of the first tells them apart.
        let after = message.settled_at.map(|before| before.and_utc() + TimeDelta::microseconds(1));
        let settled_at = after.map_or(now, |after| after.max(now));
        messages::settle(conn, id, (person, settled_at), settlement.kind.as_str(), &published)?;
        learning::settled(conn, (&message, row.authority_id), settlement, now)?;
        audit_of(conn, (&row, hidden), settlement, Stamp { at: now, person: Some(person) })
    })
}

/// What the public may read, files under their redacted names.
fn published(conn: &mut Conn, said: &Settlement, private: Private<'_>) -> Result<Published, Error> {
    if said.publish.is_none() {
        return Ok(Published::default());
    }
    let attachments = messages::attachment_names(conn, said.message)?
        .into_iter()
        .filter(|(position, _)| said.publish_attachments.contains(position))
        .map(|(position, name)| (position, redact_file_name(&name, private)))
        .collect();
    Ok(Published { subject: said.publish_subject.clone(), text: said.publish.clone(), attachments })
}

/// Appends the events of a settlement that are not recorded yet, and retracts those that it contradicts; whether
/// the settlement says anything new.
fn record(
    ctx: &Context,
    conn: &mut Conn,
    (said, message): (&Settlement, &MessageRow),
    stamp: Stamp,
    published: &Published,
) -> Result<bool, Error> {
    let (id, request) = (said.message, said.request);
    requests::lock(conn, request)?;
    let law = ctx.law_of(conn, request)?;
    let recorded = requests::events_of(conn, request)?;
    let wanted = events(&law, said, message, &recorded)?;
    // What the law makes of it follows from what else happened; only what was said can be said again.
    let same = of_message(&recorded, id).iter().map(as_said).eq(wanted.iter().map(as_said));
    let settled = message.state == MessageState::Settled;
    if settled
        && same
        && message.kind.as_deref() == Some(said.kind.as_str())
        && messages::published(conn, id)? == *published
    {
        return Ok(false);
    }
    if let Some(error) = unseen(conn, message, said.seen)? {
        return Err(error);
    }
    if !same {
        refile::retract(conn, (request, id), "an earlier reading of a letter was wrong", stamp)?;
        for event in wanted {
            requests::append(conn, request, &event, stamp).map_err(|error| match error {
                crate::store::Error::NotAllowed(why) => Error::NotAllowed(why),
                error => Error::Store(error),
            })?;
        }
        ctx.catch_up(conn, request, Some(id))?;
    }
    Ok(true)
}

/// Why a person who saw the message as settled at `seen` may not say what it is now.
fn unseen(
    conn: &mut Conn,
    message: &MessageRow,
    seen: Option<NaiveDateTime>,
) -> Result<Option<Error>, Error> {
    if message.settled_at.is_none() || message.settled_at == seen {
        return Ok(None);
    }
    let by = crate::store::desk::message::settled_by(conn, message.id)?;
    Ok(Some(Error::AlreadySettled {
        by: by.unwrap_or_else(|| "somebody".to_owned()),
        at: message.settled_at,
    }))
}

fn audit_of(
    conn: &mut Conn,
    (row, hidden): (&RequestRow, usize),
    settlement: &Settlement,
    stamp: Stamp,
) -> Result<(), Error> {
    let act = Act {
        at: stamp.at,
        person: stamp.person,
        action: "settle",
        subject: format!("request:{}", row.reference),
        body: serde_json::json!({
            "message": settlement.message, "kind": settlement.kind.as_str(),
            "published": settlement.publish.is_some(),
            "looked_at_hidden": if settlement.looked { hidden } else { 0 },
        }),
    };
    Ok(audit::append(conn, &act)?)
}
