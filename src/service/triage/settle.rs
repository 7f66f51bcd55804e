//! A person says what a message is: the event, its consequences and what the public may read, in one transaction.

use crate::domain::incoming::Incoming;
use crate::domain::incoming::proposal::Proposal;
use crate::domain::incoming::reading::Kind;
use crate::domain::law::deadline::{Claim, Clock, extended};
use crate::domain::letter::Signature;
use crate::domain::publication::redaction::{Private, redact};
use crate::domain::request::event::{Event, ExtensionVerdict, Ground};
use crate::domain::request::state::Outcome;
use crate::service::triage::Error;
use crate::service::triage::place::scope_of;
use crate::service::{Context, LawOfRequest};
use crate::store::audit::{self, Act};
use crate::store::messages::{self, MessageRow, Published, Refiled};
use crate::store::requests::{self, Stamp};
use crate::store::types::MessageState;
use crate::store::{Conn, transaction};
use chrono::NaiveDate;

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
    /// What a clarification asks.
    pub asks_for: Option<String>,
    /// On what it refuses.
    pub grounds: Vec<Ground>,
    /// The redacted text to show; none = nothing of it is public.
    pub publish: Option<String>,
    /// The redacted subject.
    pub publish_subject: Option<String>,
    /// Positions of attachments to show.
    pub publish_attachments: Vec<i64>,
}

/// What "accept" would record, with the redacted text filled in; none where the message is filed under no
/// request or could not be read.
pub fn proposed_settlement(ctx: &Context, conn: &mut Conn, id: i64) -> Result<Option<Settlement>, Error> {
    let message = messages::find(conn, id)?.ok_or(Error::NoSuchMessage(id))?;
    let (Some(request), Ok(incoming)) =
        (message.request_id, serde_json::from_str::<Incoming>(&message.reading))
    else {
        return Ok(None);
    };
    let row = requests::find(conn, request)?.ok_or_else(|| Error::NoSuchRequest(request.to_string()))?;
    let names = [Signature::parse(&row.signed_as).person];
    let private = Private { names: &names, reply_address: &row.reply_address };
    let reading = incoming.reading;
    let law = ctx.law_of(conn, request)?;
    let decision = outcome_of(reading.kind).is_some();
    let refuses = matches!(reading.kind, Kind::Refusal | Kind::Partial | Kind::Ncnd);
    Ok(Some(Settlement {
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
        asks_for: reading.asks_for.filter(|_| reading.kind == Kind::Clarification),
        grounds: if refuses { grounds(&law, &reading.grounds) } else { Vec::new() },
        publish: (decision || reading.kind != Kind::Other).then(|| redact(&message.own_text, private)),
        publish_subject: Some(redact(&message.subject, private)),
        publish_attachments: Vec::new(),
    }))
}

/// Grounds as cited, with their category where the law knows the citation; `none given` where none is.
fn grounds(law: &LawOfRequest<'_>, cited: &[crate::domain::incoming::reading::Ground]) -> Vec<Ground> {
    if cited.is_empty() {
        return vec![Ground { cite: "none given".to_owned(), category: None }];
    }
    cited
        .iter()
        .map(|ground| Ground { cite: ground.cite.clone(), category: category_of(law, &ground.cite) })
        .collect()
}

/// The exemption whose numbers and letters the citation has, in the law of the request.
fn category_of(law: &LawOfRequest<'_>, cite: &str) -> Option<String> {
    let parts = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|part| part.chars().any(|c| c.is_ascii_digit()) || part.chars().count() == 1)
            .map(str::to_lowercase)
            .collect()
    };
    let wanted = parts(cite);
    law.regime
        .exemptions
        .iter()
        .find(|exemption| !wanted.is_empty() && parts(&exemption.cite) == wanted)
        .map(|exemption| exemption.kind.clone())
}

fn outcome_of(kind: Kind) -> Option<Outcome> {
    match kind {
        Kind::Full => Some(Outcome::Disclosed),
        Kind::Partial => Some(Outcome::PartlyDisclosed),
        Kind::Refusal => Some(Outcome::Refused),
        Kind::NotHeld => Some(Outcome::NotHeld),
        Kind::Ncnd => Some(Outcome::NeitherConfirmedNorDenied),
        _ => None,
    }
}

/// Records what a person says: message, event, clock and published text commit together or not at all.
pub fn settle(ctx: &Context, conn: &mut Conn, person: i64, settlement: &Settlement) -> Result<(), Error> {
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        let id = settlement.message;
        let message = messages::find(conn, id)?.ok_or(Error::NoSuchMessage(id))?;
        if message.request_id != Some(settlement.request) {
            return Err(Error::NotFiledHere);
        }
        let request = settlement.request;
        let row = requests::find(conn, request)?.ok_or_else(|| Error::NoSuchRequest(request.to_string()))?;
        let stamp = Stamp { at: now, person: Some(person) };
        for event in events(ctx, conn, settlement, &message)? {
            requests::append(conn, request, &event, stamp)?;
        }
        let published = Published {
            subject: settlement.publish_subject.clone().filter(|_| settlement.publish.is_some()),
            text: settlement.publish.clone(),
            attachments: settlement.publish_attachments.clone(),
        };
        messages::settle(conn, id, (person, now), settlement.kind.as_str(), &published)?;
        let act = Act {
            at: now,
            person: Some(person),
            action: "settle",
            subject: format!("request:{}", row.reference),
            body: serde_json::json!({
                "message": id, "kind": settlement.kind.as_str(), "published": settlement.publish.is_some(),
            }),
        };
        Ok(audit::append(conn, &act)?)
    })
}

/// The events that the settlement stands for.
fn events(
    ctx: &Context,
    conn: &mut Conn,
    settlement: &Settlement,
    message: &MessageRow,
) -> Result<Vec<Event>, Error> {
    let law = ctx.law_of(conn, settlement.request)?;
    let on = law.day_of(message.received_at.and_utc());
    let id = message.id;
    let mut events = Vec::new();
    if let Some(day) = settlement.registered_on {
        events.push(registered(conn, &law, settlement, day)?);
    }
    let outcome = settlement.outcome.or_else(|| outcome_of(settlement.kind));
    events.push(match settlement.kind {
        Kind::Acknowledgement => {
            Event::Acknowledged { message: id, reference: settlement.authority_reference.clone() }
        }
        Kind::Extension => extension(conn, &law, settlement, on)?,
        Kind::Clarification => {
            Event::ClarificationAsked { message: id, asks_for: settlement.asks_for.clone() }
        }
        Kind::Transfer => Event::Transferred { message: id, to: settlement.passed_to.clone() },
        Kind::Fee => {
            let (amount, currency) = settlement.fee.clone().unzip();
            Event::FeeAsked { message: id, amount, currency }
        }
        Kind::Refusal | Kind::Partial | Kind::Full | Kind::NotHeld | Kind::Ncnd => {
            let outcome = outcome.ok_or(Error::NoOutcome)?;
            let refuses = matches!(outcome, Outcome::Refused | Outcome::NeitherConfirmedNorDenied);
            if refuses && settlement.grounds.iter().all(|ground| ground.cite.trim().is_empty()) {
                return Err(Error::NoGround);
            }
            let grounds = settlement
                .grounds
                .iter()
                .map(|ground| Ground {
                    category: ground.category.clone().or_else(|| category_of(&law, &ground.cite)),
                    cite: ground.cite.clone(),
                })
                .collect();
            Event::Answered { message: id, outcome, on, grounds }
        }
        Kind::Automatic => Event::AutoReplied { message: id },
        Kind::Bounce => Event::Bounced { message: id, permanent: true, recipients: Vec::new() },
        Kind::DecisionReview | Kind::Other => Event::Noted { message: id },
    });
    Ok(events)
}

fn registered(
    conn: &mut Conn,
    law: &LawOfRequest<'_>,
    settlement: &Settlement,
    on: NaiveDate,
) -> Result<Event, Error> {
    let received = requests::state(conn, settlement.request)?.and_then(|state| state.received_on);
    let due_on = match received {
        Some(received) => law.due(received, Some(on))?.due_on,
        None => None,
    };
    Ok(Event::Registered { message: settlement.message, on, due_on })
}

/// What an extension does to the clock, by the law of the request.
fn extension(
    conn: &mut Conn,
    law: &LawOfRequest<'_>,
    settlement: &Settlement,
    told_on: NaiveDate,
) -> Result<Event, Error> {
    let state = requests::state(conn, settlement.request)?;
    if let Some(until) = settlement.until.filter(|until| *until < told_on) {
        return Err(Error::UntilBeforeMessage { received: told_on, until });
    }
    let first_due = state.as_ref().and_then(|state| state.first_due_on);
    let (verdict, due_on) = match state.as_ref().and_then(|state| state.received_on) {
        None => (ExtensionVerdict::Unmeasured, settlement.until),
        Some(_) if first_due.is_some_and(|due| told_on > due) => {
            let why = "it was told after the first term had passed".to_owned();
            (ExtensionVerdict::NotLawful { why }, first_due)
        }
        Some(received) => {
            let registered = state.as_ref().and_then(|state| state.registered_on);
            judged(law, Clock { received, registered }, settlement.until)?
        }
    };
    Ok(Event::ExtensionClaimed { message: settlement.message, until: settlement.until, verdict, due_on })
}

fn judged(
    law: &LawOfRequest<'_>,
    clock: Clock,
    until: Option<NaiveDate>,
) -> Result<(ExtensionVerdict, Option<NaiveDate>), Error> {
    let dates = law.due(clock.received, clock.registered)?;
    let not_lawful = |why: &str| ExtensionVerdict::NotLawful { why: why.to_owned() };
    let Some(claimed) = until else {
        // No day named: the most the law allows.
        let verdict = if dates.extended_due_on.is_some() {
            ExtensionVerdict::Lawful
        } else {
            ExtensionVerdict::Unmeasured
        };
        return Ok((verdict, dates.extended_due_on.or(dates.due_on)));
    };
    let claim =
        extended(&law.regime, law.calendar, &clock, claimed).map_err(crate::service::LawError::from)?;
    Ok(match claim {
        // An earlier day than the first limit takes nothing away from the authority.
        Claim::Lawful { .. } => (ExtensionVerdict::Lawful, dates.due_on.max(Some(claimed))),
        Claim::Beyond { until, .. } => (ExtensionVerdict::BeyondMaximum { latest_on: until }, Some(until)),
        Claim::NotAllowed => (not_lawful("the law knows no extension"), dates.due_on),
        Claim::NoMaximum => (ExtensionVerdict::Unmeasured, Some(claimed)),
    })
}

/// Files a message under another request; it is put before a person again.
pub fn assign(ctx: &Context, conn: &mut Conn, person: i64, id: i64, reference: &str) -> Result<(), Error> {
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        let message = messages::find(conn, id)?.ok_or(Error::NoSuchMessage(id))?;
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
        let state = if message.state == MessageState::Unreadable {
            MessageState::Unreadable
        } else {
            MessageState::Held
        };
        let proposal = serde_json::to_string(&proposal).map_err(crate::store::Error::from)?;
        let to = Refiled { request_id: Some(request.id), scope, state, proposal, reason: Some(reason) };
        messages::refile(conn, id, &to)?;
        let body = serde_json::json!({ "message": id });
        let subject = format!("request:{reference}");
        Ok(audit::append(conn, &Act { at: now, person: Some(person), action: "assign", subject, body })?)
    })
}

/// Puts a message out of the way that belongs to no request; it is kept and can be found again.
pub fn set_aside(ctx: &Context, conn: &mut Conn, person: i64, id: i64, reason: &str) -> Result<(), Error> {
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        let message = messages::find(conn, id)?.ok_or(Error::NoSuchMessage(id))?;
        let to = Refiled {
            request_id: message.request_id,
            scope: message.request_id.map_or_else(|| format!("unmatched:{}", message.recipient), scope_of),
            state: MessageState::SetAside,
            proposal: message.proposal,
            reason: Some(reason.to_owned()),
        };
        messages::refile(conn, id, &to)?;
        let (subject, body) = (format!("message:{id}"), serde_json::json!({}));
        Ok(audit::append(conn, &Act { at: now, person: Some(person), action: "set_aside", subject, body })?)
    })
}
