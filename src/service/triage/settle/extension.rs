//! What the law says of an extension that an authority claims.

use crate::domain::law::claim::Claim;
use crate::domain::law::course::{Fact, Verdict};
use crate::domain::request::clocks::facts;
use crate::domain::request::event::{Event, ExtensionVerdict};
use crate::service::LawOfRequest;
use crate::service::triage::Error;
use crate::service::triage::settle::Settlement;
use chrono::NaiveDate;

/// What an extension that was told on a day does to the clock, by the law of the request and all that happened before:
/// what is recorded of other messages, and what else this message says.
pub(super) fn extension(
    law: &LawOfRequest,
    (recorded, said): (&[Event], &[Event]),
    settlement: &Settlement,
    on: NaiveDate,
) -> Result<Event, Error> {
    let (message, until) = (settlement.message, settlement.until);
    if let Some(until) = until.filter(|until| *until < on) {
        return Err(Error::UntilBeforeMessage { received: on, until });
    }
    let claimed = |verdict, due_on| Event::ExtensionClaimed { message, on, until, verdict, due_on };
    // Retracted, not left out: what was taken back is known by its place.
    let mut events = recorded.to_vec();
    events.push(Event::Retracted { message, reason: String::new() });
    events.extend(said.iter().cloned());
    events.push(claimed(ExtensionVerdict::Unmeasured, None));
    let Some(answer) = law.course(&facts(&events))?.answer else {
        return Ok(claimed(ExtensionVerdict::Unmeasured, until));
    };
    // Weighed by what had happened when it was told: what came later may have begun the clock anew.
    let then: Vec<Fact> = facts(&events).into_iter().filter(|fact| fact.on <= on).collect();
    let told = law.course(&then)?.answer;
    let claims = told.as_ref().map_or(&answer.claims, |told| &told.claims);
    let verdict = claims.iter().rev().find(|claim| claim.told_on == on && claim.until == until);
    let not_lawful = |why: &str| ExtensionVerdict::NotLawful { why: why.to_owned() };
    let verdict = match verdict.map(|claim| &claim.verdict) {
        Some(Verdict::ToldLate { .. }) => not_lawful("it was told after the first term had passed"),
        Some(Verdict::Measured(Claim::Lawful { .. })) => ExtensionVerdict::Lawful,
        Some(Verdict::Measured(Claim::Beyond { until, .. })) => {
            ExtensionVerdict::BeyondMaximum { latest_on: *until }
        }
        Some(Verdict::Measured(Claim::NotAllowed)) => not_lawful("the law knows no extension"),
        Some(Verdict::Measured(Claim::NoMaximum)) | None => ExtensionVerdict::Unmeasured,
    };
    Ok(claimed(verdict, answer.due_on))
}
