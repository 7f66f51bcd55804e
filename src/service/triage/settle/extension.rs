//! What the law says of an extension that an authority claims.

use crate::domain::law::deadline::{Claim, Clock, extended};
use crate::domain::request::event::{Event, ExtensionVerdict};
use crate::domain::request::state::State;
use crate::service::LawOfRequest;
use crate::service::triage::Error;
use crate::service::triage::settle::Settlement;
use chrono::NaiveDate;

/// What an extension that was told on `told_on` does to the clock, by the law of the request.
pub(super) fn extension(
    law: &LawOfRequest<'_>,
    state: Option<&State>,
    settlement: &Settlement,
    told_on: NaiveDate,
) -> Result<Event, Error> {
    if let Some(until) = settlement.until.filter(|until| *until < told_on) {
        return Err(Error::UntilBeforeMessage { received: told_on, until });
    }
    let first_due = state.and_then(|state| state.first_due_on);
    let (verdict, due_on) = match state.and_then(|state| state.received_on) {
        None => (ExtensionVerdict::Unmeasured, settlement.until),
        Some(_) if first_due.is_some_and(|due| told_on > due) => {
            let why = "it was told after the first term had passed".to_owned();
            (ExtensionVerdict::NotLawful { why }, first_due)
        }
        Some(received) => {
            let registered = state.and_then(|state| state.registered_on);
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
