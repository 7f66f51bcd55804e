//! From the events of a request to the facts that move its clocks, and what the law adds to them by a day.

use chrono::NaiveDate;

use crate::domain::law::course::{Course, Fact, Happened, RightStanding};
use crate::domain::law::remedy::RemedyStep;
use crate::domain::request::event::{Event, Moved};
use crate::domain::request::in_force;
use crate::domain::request::state::{Outcome, State};

/// What moves the clocks of a request, of the events that count.
pub fn facts(events: &[Event]) -> Vec<Fact> {
    let counts = in_force(&events.iter().collect::<Vec<_>>());
    // Of several deliveries the last one that arrived started the clock.
    let last_queued =
        events.iter().rposition(|event| matches!(event, Event::QueuedAgain { .. })).unwrap_or(0);
    let counted = events.iter().zip(counts).enumerate().filter(|(_, (_, counts))| *counts);
    counted
        .filter(|(place, (event, _))| !matches!(event, Event::Sent { .. }) || *place >= last_queued)
        .filter_map(|(_, (event, _))| fact(event))
        .collect()
}

fn fact(event: &Event) -> Option<Fact> {
    let refuses = |outcome: Outcome| outcome != Outcome::Disclosed;
    let (on, what) = match event {
        Event::Sent { received_on, .. } => (*received_on, Happened::Received),
        Event::Registered { on, .. } => (*on, Happened::Registered),
        Event::ExtensionClaimed { on, until, .. } => (*on, Happened::Extended(*until)),
        Event::ClarificationAsked { on, .. } => (*on, Happened::ClarificationAsked),
        Event::ClarificationGiven { on } => (*on, Happened::ClarificationGiven),
        Event::FeeAsked { on, .. } => (*on, Happened::FeeAsked),
        Event::FeePaid { on } => (*on, Happened::FeePaid),
        Event::ThirdPartyAsked { on, .. } => (*on, Happened::ThirdPartyAsked),
        Event::ThirdPartyAnswered { on } => (*on, Happened::ThirdPartyAnswered),
        Event::Transferred { on, .. } => (*on, Happened::Transferred),
        Event::AnsweredInPart { on, .. } => (*on, Happened::AnsweredInPart),
        Event::Answered { on, outcome, .. } => (*on, Happened::Answered { refuses: refuses(*outcome) }),
        Event::RemedyUsed { step, on } => (*on, Happened::Taken(*step)),
        Event::RemedyRegistered { step, on } => (*on, Happened::TakenRegistered(*step)),
        Event::RemedyDecided { step, on, outcome, .. } => {
            (*on, Happened::Decided { step: *step, refuses: outcome.is_none_or(refuses) })
        }
        _ => return None,
    };
    Some(Fact { on, what })
}

/// What the law has made of a request by a day and what is not recorded yet, in the order in which it is recorded. Level
/// triggered: however late it is asked, each is there once. `days_off`: what `moved_by_days_off` says.
pub fn unrecorded(course: &Course, state: &State, today: NaiveDate, days_off: Option<&str>) -> Vec<Event> {
    let mut events = Vec::new();
    let Some(answer) = course.answer.as_ref().filter(|_| state.has_clocks()) else { return events };
    if answer.answered_on.is_none() && state.due_on != answer.due_on {
        let why = match answer.stands_still {
            Some((_, why)) => Moved::StandsStill { why: why.to_owned() },
            None => days_off.map_or(Moved::Counted, |what| Moved::DaysOff { what: what.to_owned() }),
        };
        events.push(Event::ClockMoved { message: None, due_on: answer.due_on, why });
    }
    let passed = answer.due_on.filter(|due| *due < today && answer.answered_on.is_none());
    if let Some(due_on) = passed.filter(|due| state.status.is_open() && state.overdue_since != Some(*due)) {
        events.push(Event::Overdue { due_on });
    }
    let refused = course.refused_by_silence(today);
    if let Some(on) = refused.filter(|on| state.silence_refused_on != Some(*on)) {
        events.push(Event::RefusedBySilence { on });
    }
    for body in &course.bodies {
        let silent = body.refuses_on.filter(|on| *on < body.decided_on.unwrap_or(today));
        if let Some(on) = silent.filter(|on| !state.silent.contains(&(body.step, *on))) {
            events.push(Event::RemedySilent { step: body.step, on });
        }
    }
    // A figure of practice is no law: what is late by it may still be heard.
    let lapsed =
        course.rights.iter().filter(|it| it.standing(today) == RightStanding::Lapsed && !it.practice);
    for right in lapsed {
        let gone = right
            .untold_last_on
            .or(right.last_on)
            .map(|on| (right.step, on))
            .filter(|gone| !state.lapsed.contains(gone));
        if let Some((step, on)) =
            gone.filter(|gone| !events.contains(&Event::RightLapsed { step: gone.0, on: gone.1 }))
        {
            events.push(Event::RightLapsed { step, on });
        }
    }
    events
}

/// A change of the days off since the due day was last counted, in words, with the day it is about.
pub type Changed = (NaiveDate, String);

/// Whether the due day is another one for nothing but a change of the days off, and which: `before` are the clocks by the
/// days off as they were when it was last counted.
pub fn moved_by_days_off(
    state: &State,
    (before, now): (&Course, &Course),
    changed: &[Changed],
) -> Option<String> {
    let (was, is) = (before.answer.as_ref()?, now.answer.as_ref()?);
    let (counted, due_on) = (state.due_on?, is.due_on?);
    if was.due_on != Some(counted) || due_on == counted {
        return None;
    }
    let last = counted.max(due_on);
    let within: Vec<&str> = changed
        .iter()
        .filter(|(on, _)| state.received_on.is_none_or(|received| received <= *on) && *on <= last)
        .map(|(_, words)| words.as_str())
        .collect();
    (!within.is_empty()).then(|| within.join("; "))
}

/// What a look at a request's clocks leaves for lists and for the next look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Looked {
    /// The next day on which `unrecorded` may have something new, or another right is the next one.
    pub again_on: Option<NaiveDate>,
    /// The right that lapses next, or else the next that opens.
    pub right: Option<NextRight>,
}

/// The right that a list names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextRight {
    /// Which.
    pub step: RemedyStep,
    /// Its first day.
    pub opens_on: Option<NaiveDate>,
    /// Its last day; none where none is known.
    pub last_on: Option<NaiveDate>,
}

/// What a look at the clocks on a day leaves. The day to look again is the day after the next last day, or the day on
/// which the next right opens.
pub fn looked(course: &Course, state: &State, today: NaiveDate) -> Looked {
    let Some(answer) = course.answer.as_ref().filter(|_| state.has_clocks()) else {
        return Looked::default();
    };
    let due = answer.due_on.filter(|_| answer.answered_on.is_none());
    let unused = || course.rights.iter().filter(|right| right.used_on.is_none());
    let lasts = unused().flat_map(|right| [right.last_on, right.untold_last_on]).flatten();
    let bodies =
        course.bodies.iter().filter(|body| body.decided_on.is_none()).filter_map(|body| body.refuses_on);
    let ends = due.into_iter().chain(lasts).chain(bodies).filter(|last| *last >= today);
    let opens = unused().filter_map(|right| right.opens_on).filter(|opens| *opens > today);
    let again_on = ends.filter_map(|last| last.succ_opt()).chain(opens).min();
    let right = course.lapses_next(today).or_else(|| course.opens_next(today));
    let right = right.map(|it| NextRight { step: it.step, opens_on: it.opens_on, last_on: it.last_on });
    Looked { again_on, right }
}
