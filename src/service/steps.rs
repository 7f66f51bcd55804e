//! What a person records of a request that no mail proves: an answer by post, a payment, a remedy and what became of it.

use crate::domain::law::course::RightStanding;
use crate::domain::law::remedy::RemedyStep;
use crate::domain::request::event::Event;
use crate::domain::request::in_force;
use crate::domain::request::state::Outcome;
use crate::service::{Context, LawError, Lived};
use crate::store::audit::{self, Act};
use crate::store::requests::{self, Stamp};
use crate::store::{Conn, transaction};
use chrono::NaiveDate;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The authority has our answer to its question.
    ClarificationGiven,
    /// The money was paid, or the demand dropped.
    FeePaid,
    /// The hearing of a third party ended.
    ThirdPartyAnswered,
    /// The requester used a remedy: the day it reached the body that hears it.
    Used(RemedyStep),
    /// That body registered it.
    Registered(RemedyStep),
    /// It was decided; how the request stands after it, where the decision says so.
    Decided(RemedyStep, Option<Outcome>),
}

/// What happened on which day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What.
    pub what: What,
    /// The day, in the zone of the law.
    pub on: NaiveDate,
    /// The person was told that it is too early and records it all the same.
    pub sure: bool,
}

/// Why a step is not recorded, or not taken back.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// The law of the request cannot be applied.
    #[error(transparent)]
    Law(#[from] LawError),
    /// There is no such request.
    #[error("there is no request with the number `{0}`")]
    NoSuchRequest(i64),
    /// Nobody can know it yet.
    #[error("expected a day up to today, `{today}`, found `{found}`")]
    Future {
        /// Today where the law is in force.
        today: NaiveDate,
        /// The day given.
        found: NaiveDate,
    },
    /// The request had not arrived.
    #[error("expected a day from the one on which the request arrived, `{received}`, found `{found}`")]
    BeforeReceipt {
        /// Day 0.
        received: NaiveDate,
        /// The day given.
        found: NaiveDate,
    },
    /// Its clock has not started.
    #[error("expected a request that reached the authority; its letter has not")]
    NotReceived,
    /// The law of the request has no such remedy.
    #[error("this law knows no `{0}`")]
    NoSuchRemedy(RemedyStep),
    /// Nothing was asked that this would answer.
    #[error("the authority has asked for nothing of the kind by `{0}`")]
    NothingAsked(NaiveDate),
    /// A remedy must be used before it is registered or decided.
    #[error("expected a `{step}` that was used by `{found}`; record that first")]
    NotUsed {
        /// Which.
        step: RemedyStep,
        /// The day given.
        found: NaiveDate,
    },
    /// It was used in its time already.
    #[error("`{step}` was used on `{on}` already; take that back first if it is wrong")]
    UsedAlready {
        /// Which.
        step: RemedyStep,
        /// The day recorded.
        on: NaiveDate,
    },
    /// A body may find it inadmissible; who knows that may record it.
    #[error("`{step}` is too early, and early is inadmissible{}", first_day(*.opens_on))]
    Early {
        /// Which.
        step: RemedyStep,
        /// Its first day, where something opens it.
        opens_on: Option<NaiveDate>,
    },
    /// Only what a person recorded without a message can be taken back by itself.
    #[error("number `{0}` is no step that can be taken back by itself, or it was taken back already")]
    NotAStep(i64),
    /// Something else rests on it.
    #[error("a decision on it is recorded: take that back first")]
    Decided,
}

fn first_day(opens_on: Option<NaiveDate>) -> String {
    match opens_on {
        Some(day) => format!(": its first day is `{day}`"),
        None => ": neither a decision nor silence has opened it".to_owned(),
    }
}

impl What {
    const fn remedy(self) -> Option<RemedyStep> {
        match self {
            Self::Used(step) | Self::Registered(step) | Self::Decided(step, _) => Some(step),
            Self::ClarificationGiven | Self::FeePaid | Self::ThirdPartyAnswered => None,
        }
    }

    const fn event(self, on: NaiveDate) -> Event {
        match self {
            Self::ClarificationGiven => Event::ClarificationGiven { on },
            Self::FeePaid => Event::FeePaid { on },
            Self::ThirdPartyAnswered => Event::ThirdPartyAnswered { on },
            Self::Used(step) => Event::RemedyUsed { step, on },
            Self::Registered(step) => Event::RemedyRegistered { step, on },
            Self::Decided(step, outcome) => Event::RemedyDecided { step, message: None, on, outcome },
        }
    }

    /// Whether this event asks for what such a step answers.
    const fn is_asked_by(self, event: &Event) -> bool {
        matches!(
            (self, event),
            (Self::ClarificationGiven, Event::ClarificationAsked { .. })
                | (Self::FeePaid, Event::FeeAsked { .. })
                | (Self::ThirdPartyAnswered, Event::ThirdPartyAsked { .. })
        )
    }
}

/// Records a step with all that the law makes of it, in one transaction. What is recorded already is not recorded twice.
pub fn record(ctx: &Context, conn: &mut Conn, person: i64, request: i64, step: Step) -> Result<(), Error> {
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        requests::lock(conn, request)?;
        let lived = lived(ctx, conn, request)?;
        let event = step.what.event(step.on);
        let known = counted(&lived.events);
        if known.contains(&&event) {
            return Ok(());
        }
        check_day(&lived, step.on, lived.law.day_of(now))?;
        check(&lived, &known, step, lived.law.day_of(now))?;
        requests::append(conn, request, &event, Stamp { at: now, person: Some(person) })?;
        ctx.catch_up(conn, request, None)?;
        let body = serde_json::json!({ "kind": event.kind(), "on": step.on });
        audited(conn, (request, person), "record_step", (now, body))
    })
}

/// Takes back a step that was recorded wrongly: it stays in the chain and counts no more, nor does a registration that
/// rests on it.
pub fn take_back(
    ctx: &Context,
    conn: &mut Conn,
    person: i64,
    request: i64,
    (seq, reason): (i64, &str),
) -> Result<(), Error> {
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        requests::lock(conn, request)?;
        let lived = lived(ctx, conn, request)?;
        let counts = in_force(&lived.events.iter().collect::<Vec<_>>());
        let steps: Vec<(i64, &Event)> = (1..)
            .zip(lived.events.iter().zip(counts))
            .filter(|(_, (event, counts))| *counts && event.is_told_step())
            .map(|(seq, (event, _))| (seq, event))
            .collect();
        let Some((_, event)) = steps.iter().find(|(known, _)| *known == seq) else {
            return Err(Error::NotAStep(seq));
        };
        let mut gone = vec![seq];
        if let Event::RemedyUsed { step: used, .. } = event {
            let decided = |event: &Event| matches!(event, Event::RemedyDecided { step, .. } if step == used);
            if counted(&lived.events).into_iter().any(decided) {
                return Err(Error::Decided);
            }
            let rests = |event: &Event| matches!(event, Event::RemedyRegistered { step, .. } if step == used);
            gone.extend(steps.iter().filter(|(_, event)| rests(event)).map(|(seq, _)| *seq));
        }
        for seq in gone {
            let event = Event::StepRetracted { seq, reason: reason.to_owned() };
            requests::append(conn, request, &event, Stamp { at: now, person: Some(person) })?;
        }
        ctx.catch_up(conn, request, None)?;
        audited(conn, (request, person), "take_back_step", (now, serde_json::json!({ "seq": seq })))
    })
}

fn lived(ctx: &Context, conn: &mut Conn, request: i64) -> Result<Lived, Error> {
    ctx.lived(conn, request).map_err(|error| match error {
        LawError::NoSuchRequest(number) => Error::NoSuchRequest(number),
        error => Error::Law(error),
    })
}

/// The events that count.
fn counted(events: &[Event]) -> Vec<&Event> {
    let all: Vec<&Event> = events.iter().collect();
    all.iter().zip(in_force(&all)).filter(|(_, counts)| *counts).map(|(event, _)| *event).collect()
}

fn check_day(lived: &Lived, on: NaiveDate, today: NaiveDate) -> Result<(), Error> {
    let received = lived.state.received_on.ok_or(Error::NotReceived)?;
    if today < on {
        return Err(Error::Future { today, found: on });
    }
    if on < received {
        return Err(Error::BeforeReceipt { received, found: on });
    }
    Ok(())
}

fn check(
    lived: &Lived,
    known: &[&Event],
    Step { what, on, sure }: Step,
    today: NaiveDate,
) -> Result<(), Error> {
    let Some(step) = what.remedy() else {
        let asked =
            known.iter().any(|event| what.is_asked_by(event) && event.on().is_some_and(|day| day <= on));
        return if asked { Ok(()) } else { Err(Error::NothingAsked(on)) };
    };
    if lived.law.regime.remedy(step).is_none() {
        return Err(Error::NoSuchRemedy(step));
    }
    let used = known.iter().rev().find_map(|event| match event {
        Event::RemedyUsed { step: used, on } if *used == step => Some(*on),
        _ => None,
    });
    if !matches!(what, What::Used(_)) {
        return match used.filter(|used| *used <= on) {
            Some(_) => Ok(()),
            None => Err(Error::NotUsed { step, found: on }),
        };
    }
    let rights: Vec<_> = lived.course.rights.iter().filter(|right| right.step == step).collect();
    let too_early = rights.iter().any(|right| right.standing(today) == RightStanding::UsedEarly);
    if let Some(on) = used.filter(|_| !too_early) {
        return Err(Error::UsedAlready { step, on });
    }
    if !sure && rights.iter().all(|right| right.opens_on.is_some_and(|opens| on < opens)) {
        let opens_on = rights.iter().filter_map(|right| right.opens_on).min();
        return Err(Error::Early { step, opens_on });
    }
    Ok(())
}

fn audited(
    conn: &mut Conn,
    (request, person): (i64, i64),
    action: &str,
    (at, body): (chrono::DateTime<chrono::Utc>, serde_json::Value),
) -> Result<(), Error> {
    let row = requests::find(conn, request)?.ok_or(Error::NoSuchRequest(request))?;
    let subject = format!("request:{}", row.reference);
    Ok(audit::append(conn, &Act { at, person: Some(person), action, subject, body })?)
}
