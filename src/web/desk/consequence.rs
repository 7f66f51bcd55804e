//! What changes if a person accepts a reading: the clock, the remedies, the public page. The clocks are counted, with the
//! message and without it, and not described.

use crate::domain::incoming::reading::Kind;
use crate::domain::law::claim::Claim;
use crate::domain::law::course::{AnswerClock, BodyClock, Extended, Right, Verdict};
use crate::domain::law::derivation::Step;
use crate::domain::law::rules::ClarificationEffect;
use crate::domain::publication::dates::remedy_name;
use crate::service::Context;
use crate::service::triage::{self, Outlook, Settlement};
use crate::store::Conn;
use crate::web::desk::words;
use crate::web::error::Error;
use crate::web::filters::{self, long};
use chrono::NaiveDate;
use serde::Serialize;

/// One thing that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Then {
    /// What.
    pub what: &'static str,
    /// How.
    pub how: String,
    /// What stands behind it.
    pub more: Option<String>,
}

impl Then {
    fn new(what: &'static str, how: impl Into<String>, more: Option<String>) -> Self {
        Self { what, how: how.into(), more }
    }
}

/// All that changes if `settlement` is accepted.
pub fn of(ctx: &Context, conn: &mut Conn, settlement: &Settlement) -> Result<Vec<Then>, Error> {
    let mut then = match triage::outlook(ctx, conn, settlement) {
        Ok(outlook) => changes(settlement, &outlook),
        Err(triage::Error::Store(error)) => return Err(error.into()),
        Err(error) => vec![Then::new("Reply clock", "cannot be counted", Some(format!("{error}.")))],
    };
    then.push(public(settlement));
    Ok(then)
}

fn changes(settlement: &Settlement, outlook: &Outlook) -> Vec<Then> {
    let mut then: Vec<Then> = claimed(outlook).into_iter().collect();
    then.push(clock(settlement, outlook));
    let before = &outlook.before;
    for right in outlook.after.rights.iter().filter(|right| !before.rights.contains(right)) {
        then.push(remedy(right, outlook.today));
    }
    for body in outlook.after.bodies.iter().filter(|body| !before.bodies.contains(body)) {
        then.push(heard(body));
    }
    then
}

fn clock(settlement: &Settlement, outlook: &Outlook) -> Then {
    let line = |how: &str, more: Option<String>| Then::new("Reply clock", how, more);
    if settlement.kind == Kind::Bounce {
        let more = "the letter did not arrive; the authority needs another address";
        return line("stops", Some(more.to_owned()));
    }
    let Some(after) = &outlook.after.answer else {
        return line("has not started", Some("our letter has not arrived yet".to_owned()));
    };
    let before = outlook.before.answer.as_ref();
    let said = said(before, after).filter(|_| claim(outlook).is_none());
    if let Some(on) = after.answered_on {
        let stops =
            if before.is_none_or(|it| it.answered_on.is_none()) { "stops" } else { "stopped already" };
        return line(&format!("{stops} on {}", long(on)), Some(in_time(after, on)));
    }
    if let Some((since, why)) = after.stands_still {
        let asked = settlement.kind == Kind::Clarification;
        let restarts = asked && outlook.law.clarification.effect == ClarificationEffect::Restarts;
        let end = if restarts { "; it begins again with our answer" } else { "" };
        return line(&format!("has stood still since {}", long(since)), Some(format!("because {why}{end}")));
    }
    moved(before, after, said)
}

/// A claim to more time that this message makes.
fn claim(outlook: &Outlook) -> Option<&Extended> {
    let known = outlook.before.answer.as_ref().map_or(0, |before| before.claims.len());
    outlook.after.answer.as_ref()?.claims.get(known..)?.first()
}

/// The verdict on it, with what the law says of it.
fn claimed(outlook: &Outlook) -> Option<Then> {
    let said = said(outlook.before.answer.as_ref(), outlook.after.answer.as_ref()?);
    claim(outlook).map(|claim| extended(claim, said))
}

/// The clock runs, to the same last day or to another one.
fn moved(before: Option<&AnswerClock>, after: &AnswerClock, said: Option<String>) -> Then {
    let line = |how: String, more| Then::new("Reply clock", how, more);
    match (before.and_then(|it| it.due_on), after.due_on) {
        (Some(old), Some(new)) if old != new => {
            line(format!("answer due {} instead of {}", long(new), long(old)), said)
        }
        (None, Some(new)) => line(format!("answer due {}", long(new)), said),
        (Some(_), None) => line("no last day any more".to_owned(), said),
        (_, due) => {
            let due = due.map_or_else(
                || "the law names no last day".to_owned(),
                |due| format!("answer due {}", long(due)),
            );
            line(
                "runs on".to_owned(),
                Some(said.map_or_else(|| due.clone(), |said| format!("{due}; {said}"))),
            )
        }
    }
}

/// What the law remarks of this message, with its provision.
fn said(before: Option<&AnswerClock>, after: &AnswerClock) -> Option<String> {
    let known: &[Step] = before.map_or(&[], |before| &before.remarks);
    let new: Vec<String> = after
        .remarks
        .iter()
        .filter(|step| !known.contains(step))
        .map(|step| match &step.cite {
            Some(cite) => format!("{} ({cite})", step.text),
            None => step.text.clone(),
        })
        .collect();
    (!new.is_empty()).then(|| new.join("; "))
}

/// The verdict on a claim to more time, before it is accepted.
fn extended(claim: &Extended, said: Option<String>) -> Then {
    let verdict = match &claim.verdict {
        Verdict::ToldLate { by } => format!("told too late, after {}: it moves nothing", long(*by)),
        Verdict::Measured(Claim::Lawful { .. }) => "lawful".to_owned(),
        Verdict::Measured(Claim::Beyond { by_days, .. }) => {
            format!("{} beyond what the law allows", filters::counted(*by_days, "day", "days"))
        }
        Verdict::Measured(Claim::NotAllowed) => "this law knows no extension: it moves nothing".to_owned(),
        Verdict::Measured(Claim::NoMaximum) => "the law gives no figure to measure it by".to_owned(),
    };
    Then::new("Extension", verdict, said)
}

fn in_time(answer: &AnswerClock, on: NaiveDate) -> String {
    match answer.due_on.map(|due| (on - due).num_days()) {
        None => "the law gives no figure".to_owned(),
        Some(1) => "late by 1 day".to_owned(),
        Some(days) if days > 1 => format!("late by {days} days"),
        Some(_) => "in time".to_owned(),
    }
}

/// A right that opens, or whose days change.
fn remedy(right: &Right, today: NaiveDate) -> Then {
    let name = remedy_name(right.step, &right.body);
    let from = right.opens_on.filter(|opens| *opens > today).map(|opens| format!(" from {}", long(opens)));
    let until = right.last_on.map(|last| format!(" until {}", long(last)));
    let gone = right.last_on.is_some_and(|last| last < today);
    let days = format!("{}{}", from.unwrap_or_default(), until.unwrap_or_default());
    let how = match (days.as_str(), gone) {
        ("", _) => format!("{name}, no last day known"),
        (days, true) => format!("{name},{days}: lapsed already"),
        (days, false) => format!("{name},{days}"),
    };
    let cite = right.steps.iter().rev().find_map(|step| step.cite.clone());
    Then::new("Remedy", how, cite)
}

fn heard(body: &BodyClock) -> Then {
    let name = remedy_name(body.step, &body.body);
    let how = match (body.decided_on, body.due_on) {
        (Some(on), _) => format!("{name}: decided on {}", long(on)),
        (None, Some(due)) => format!("{name}: to be decided by {}", long(due)),
        (None, None) => format!("{name}: runs"),
    };
    Then::new("Remedy under way", how, None)
}

fn public(settlement: &Settlement) -> Then {
    let kind = settlement.outcome.map_or_else(|| words::kind(settlement.kind.as_str()), words::outcome).words;
    let cites: Vec<&str> = settlement.grounds.iter().map(|ground| ground.cite.as_str()).collect();
    let how = match cites.as_slice() {
        [] => format!("“{kind}”"),
        ["none given"] => format!("“{kind}”, no ground given"),
        cites => format!("“{kind}, {}”", cites.join(", ")),
    };
    let more = match &settlement.publish {
        Some(text) => {
            let lines = i64::try_from(text.lines().count()).unwrap_or(i64::MAX);
            format!("with {} of the reply, as struck out below", filters::counted(lines, "line", "lines"))
        }
        None => "without the text of the message".to_owned(),
    };
    Then::new("Public page", how, Some(more))
}
