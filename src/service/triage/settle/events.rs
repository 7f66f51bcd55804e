//! The events that a settlement stands for, and those that a message proves already.

use crate::domain::incoming::reading::Kind;
use crate::domain::law::remedy::RemedyStep;
use crate::domain::request::clocks::facts;
use crate::domain::request::event::{Event, ExtensionVerdict, Ground};
use crate::domain::request::state::{Outcome, State};
use crate::domain::request::{fold, in_force};
use crate::service::LawOfRequest;
use crate::service::triage::Error;
use crate::service::triage::settle::Settlement;
use crate::service::triage::settle::extension::extension;
use crate::store::messages::MessageRow;
use chrono::NaiveDate;

/// An event without what the law makes of it.
pub(super) fn as_said(event: &Event) -> Event {
    match event.clone() {
        Event::ExtensionClaimed { message, on, until, .. } => Event::ExtensionClaimed {
            message,
            on,
            until,
            verdict: ExtensionVerdict::Unmeasured,
            due_on: None,
        },
        Event::Registered { message, on, .. } => Event::Registered { message, on, due_on: None },
        Event::RemedyDecided { message, on, outcome, .. } => {
            Event::RemedyDecided { step: RemedyStep::Review, message, on, outcome }
        }
        event => event,
    }
}

/// The events of a request that a message proves and that count.
pub(super) fn of_message(recorded: &[Event], message: i64) -> Vec<Event> {
    let counts = in_force(&recorded.iter().collect::<Vec<_>>());
    recorded
        .iter()
        .zip(counts)
        .filter(|(event, counts)| {
            // Where the clock moved follows from the rest.
            let said = !matches!(event, Event::Retracted { .. } | Event::ClockMoved { .. });
            *counts && event.message() == Some(message) && said
        })
        .map(|(event, _)| event.clone())
        .collect()
}

/// The request as if nothing had been recorded of the message yet.
fn without(recorded: &[Event], message: i64) -> Result<Option<State>, Error> {
    let retracted = Event::Retracted { message, reason: String::new() };
    let known = !of_message(recorded, message).is_empty();
    Ok(fold(recorded.iter().chain(known.then_some(&retracted)))?)
}

/// The events that the settlement stands for, by what was recorded of the request.
pub(super) fn events(
    law: &LawOfRequest,
    settlement: &Settlement,
    message: &MessageRow,
    recorded: &[Event],
) -> Result<Vec<Event>, Error> {
    let on = law.day_of(message.received_at.and_utc());
    let id = message.id;
    let state = without(recorded, id)?;
    let mut events = Vec::new();
    if let Some(day) = settlement.registered_on {
        within("registered", day, (state.as_ref(), on))?;
        events.push(registered(law, (recorded, id), day)?);
    }
    if settlement.hears_third_party {
        events.push(Event::ThirdPartyAsked { message: id, on });
    }
    let under_way = state.as_ref().and_then(|state| state.stage);
    events.push(match settlement.kind {
        Kind::Acknowledgement => {
            Event::Acknowledged { message: id, reference: settlement.authority_reference.clone() }
        }
        Kind::Extension => extension(law, (recorded, &events), settlement, on)?,
        Kind::Clarification => {
            Event::ClarificationAsked { message: id, on, asks_for: settlement.asks_for.clone() }
        }
        Kind::Transfer => {
            let day = settlement.passed_on.unwrap_or(on);
            within("passed", day, (state.as_ref(), on))?;
            let on = day;
            Event::Transferred { message: id, on, to: settlement.passed_to.clone() }
        }
        Kind::Fee => {
            let (amount, currency) = settlement.fee.clone().unzip();
            Event::FeeAsked { message: id, on, amount, currency }
        }
        Kind::Partial | Kind::Full if settlement.rest_owed => Event::AnsweredInPart { message: id, on },
        Kind::Refusal | Kind::Partial | Kind::Full | Kind::NotHeld | Kind::Ncnd => {
            answered(law, settlement, id, on)?
        }
        Kind::Automatic => Event::AutoReplied { message: id },
        // The report itself names the addresses, where a machine could read it.
        Kind::Bounce => of_message(recorded, id)
            .into_iter()
            .find(|event| matches!(event, Event::Bounced { .. }))
            .unwrap_or(Event::Bounced { message: id, permanent: true, recipients: Vec::new() }),
        Kind::DecisionReview if under_way.is_some() => Event::RemedyDecided {
            step: under_way.unwrap_or(RemedyStep::Review),
            message: Some(id),
            on,
            outcome: settlement.outcome,
        },
        Kind::DecisionReview | Kind::Other => Event::Noted { message: id },
    });
    Ok(events)
}

fn answered(
    law: &LawOfRequest,
    settlement: &Settlement,
    message: i64,
    on: NaiveDate,
) -> Result<Event, Error> {
    let outcome = settlement.outcome.or_else(|| outcome_of(settlement.kind)).ok_or(Error::NoOutcome)?;
    let refuses = matches!(outcome, Outcome::Refused | Outcome::NeitherConfirmedNorDenied);
    if refuses && settlement.grounds.iter().all(|ground| ground.cite.trim().is_empty()) {
        return Err(Error::NoGround);
    }
    let grounds = settlement
        .grounds
        .iter()
        .map(|ground| Ground {
            category: ground.category.clone().or_else(|| category_of(law, &ground.cite)),
            cite: ground.cite.clone(),
        })
        .collect();
    Ok(Event::Answered { message, outcome, on, grounds })
}

/// A day that a letter names of what the authority did with the request lies between its receipt and the letter.
fn within(
    field: &'static str,
    day: NaiveDate,
    (state, letter): (Option<&State>, NaiveDate),
) -> Result<(), Error> {
    let received = state.and_then(|state| state.received_on);
    if letter < day || received.is_some_and(|received| day < received) {
        return Err(Error::DayOutside { field, received, letter, day });
    }
    Ok(())
}

/// The due day is that of all that happened, but for what this message said before.
fn registered(
    law: &LawOfRequest,
    (recorded, message): (&[Event], i64),
    on: NaiveDate,
) -> Result<Event, Error> {
    let mut events = recorded.to_vec();
    events.push(Event::Retracted { message, reason: String::new() });
    events.push(Event::Registered { message, on, due_on: None });
    let due_on = law.course(&facts(&events))?.answer.and_then(|answer| answer.due_on);
    Ok(Event::Registered { message, on, due_on })
}

/// Grounds as cited, with their category where the law knows the citation; `none given` where none is.
pub(super) fn grounds(law: &LawOfRequest, cited: &[crate::domain::incoming::reading::Ground]) -> Vec<Ground> {
    if cited.is_empty() {
        return vec![Ground { cite: "none given".to_owned(), category: None }];
    }
    cited
        .iter()
        .map(|ground| Ground { cite: ground.cite.clone(), category: category_of(law, &ground.cite) })
        .collect()
}

/// The kind of ground that a citation names in the law of the request, where it can only be one.
fn category_of(law: &LawOfRequest, cite: &str) -> Option<String> {
    law.citations().ground(cite, &law.regime).kind().map(str::to_owned)
}

/// How a request ends with a reply of this kind, where it does.
pub(super) fn outcome_of(kind: Kind) -> Option<Outcome> {
    match kind {
        Kind::Full => Some(Outcome::Disclosed),
        Kind::Partial => Some(Outcome::PartlyDisclosed),
        Kind::Refusal => Some(Outcome::Refused),
        Kind::NotHeld => Some(Outcome::NotHeld),
        Kind::Ncnd => Some(Outcome::NeitherConfirmedNorDenied),
        _ => None,
    }
}
