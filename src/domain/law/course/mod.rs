//! The life of a request in the eyes of its law: the authority's clock through all that moves it, then the
//! requester's own days for each remedy, and the time of the bodies that hear them.

mod answer;
mod claims;
mod rights;

use chrono::NaiveDate;
use serde::Serialize;

use crate::domain::law::calendar::Calendar;
use crate::domain::law::claim::Claim;
use crate::domain::law::counting::Still;
use crate::domain::law::deadline::{Deadline, Error};
use crate::domain::law::derivation::Step;
use crate::domain::law::regime::{Regime, RegimeId};
use crate::domain::law::remedy::{After, RemedyStep};
use crate::domain::law::rules::SilenceEffect;

/// What happened on a day of the law's zone, as far as it moves a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// The request reached the authority.
    Received,
    /// The authority registered it, or it counts as received.
    Registered,
    /// The authority told that it takes more time; until when, if it said.
    Extended(Option<NaiveDate>),
    /// The authority asked what is meant.
    ClarificationAsked,
    /// The requester said it.
    ClarificationGiven,
    /// The authority demanded money.
    FeeAsked,
    /// The requester paid, or the demand was dropped.
    FeePaid,
    /// The authority told that it hears a third party.
    ThirdPartyAsked,
    /// The hearing ended.
    ThirdPartyAnswered,
    /// Another body, which is competent, received it.
    Transferred,
    /// A part was answered, the rest is still owed.
    AnsweredInPart,
    /// The authority decided.
    Answered {
        /// Whether it did not give all that was asked, so that there is something to challenge.
        refuses: bool,
    },
    /// The requester used a remedy.
    Taken(RemedyStep),
    /// The body that hears it registered it, where its time runs from then.
    TakenRegistered(RemedyStep),
    /// It was decided.
    Decided {
        /// Which.
        step: RemedyStep,
        /// Whether something is still refused.
        refuses: bool,
    },
}

impl Happened {
    /// The order of what happened on one day: a question comes before its answer, and a decision last.
    const fn rank(self) -> u8 {
        match self {
            Self::Received => 0,
            Self::Registered | Self::Transferred => 1,
            Self::ClarificationAsked | Self::FeeAsked | Self::ThirdPartyAsked => 2,
            Self::ClarificationGiven | Self::FeePaid | Self::ThirdPartyAnswered => 3,
            Self::Extended(_) | Self::AnsweredInPart => 4,
            Self::Answered { .. } => 5,
            Self::Taken(_) => 6,
            Self::TakenRegistered(_) => 7,
            Self::Decided { .. } => 8,
        }
    }
}

/// A day and what happened on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact {
    /// The day, in the zone of the law.
    pub on: NaiveDate,
    /// What happened.
    pub what: Happened,
}

/// The authority's claim to more time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Extended {
    /// When it told.
    pub told_on: NaiveDate,
    /// Until when it says it needs.
    pub until: Option<NaiveDate>,
    /// What the law says of it.
    pub verdict: Verdict,
}

/// What the law says of a claim to more time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// Told in time; measured by the longest time of the law.
    Measured(Claim),
    /// Told when the time had passed: it moves nothing.
    ToldLate {
        /// The last day on which it could have been told.
        by: NaiveDate,
    },
}

/// The authority's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnswerClock {
    /// The time by the law, with its derivation, before any extension.
    pub deadline: Deadline,
    /// The last day in force; none while the clock stands still, and where the law gives no figure.
    pub due_on: Option<NaiveDate>,
    /// Since when it stands still, and why.
    pub stands_still: Option<(NaiveDate, &'static str)>,
    /// The days on which it stood still and that are over, in order, none twice.
    pub still: Vec<Still>,
    /// The claims to more time, in their order.
    pub claims: Vec<Extended>,
    /// What happened and moved nothing, or moved the end beside the derivation, in order.
    pub remarks: Vec<Step>,
    /// The last day of a body that passed the request on, where silence was a refusal by then.
    pub refused_before: Option<NaiveDate>,
    /// The day of the first decision.
    pub answered_on: Option<NaiveDate>,
    /// The first day on which a letter may say that the answer is late: a working day, with a day of grace where the
    /// law does not move an end on a day off.
    pub late_letter_from: Option<NaiveDate>,
    /// What the end means if nothing comes.
    pub silence: SilenceEffect,
}

/// The time of a body that hears a remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BodyClock {
    /// The remedy.
    pub step: RemedyStep,
    /// Who hears it.
    pub body: String,
    /// Day 0.
    pub start: NaiveDate,
    /// The last day for its decision, where it has one.
    pub due_on: Option<NaiveDate>,
    /// The day on which its silence counts as a refusal, where it does.
    pub refuses_on: Option<NaiveDate>,
    /// The time is only an aim or practice.
    pub target: bool,
    /// The day of its decision.
    pub decided_on: Option<NaiveDate>,
    /// How the days came about.
    pub steps: Vec<Step>,
    /// Whether a figure is less than certain.
    pub estimate: bool,
}

/// Something the requester may do, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Right {
    /// The remedy.
    pub step: RemedyStep,
    /// What it is called where it is used.
    pub name: Option<String>,
    /// Who hears it.
    pub body: String,
    /// Where.
    pub url: Option<String>,
    /// What opens it.
    pub after: After,
    /// Whose decision or silence; none: the authority's on the request.
    pub of: Option<RemedyStep>,
    /// Whether the steps after it need it.
    pub mandatory: Option<bool>,
    /// The day of the decision or of the silence: day 0. None where silence has no day in this law.
    pub trigger_on: Option<NaiveDate>,
    /// The first day; earlier is inadmissible.
    pub opens_on: Option<NaiveDate>,
    /// The last day; none: the law sets no end that we know.
    pub last_on: Option<NaiveDate>,
    /// The last day if the decision did not name this remedy.
    pub untold_last_on: Option<NaiveDate>,
    /// It hangs on silence that is not there before its trigger has passed.
    pub if_silent: bool,
    /// The figure is that of practice.
    pub practice: bool,
    /// In which form, what it costs.
    pub remarks: Vec<String>,
    /// When it was used.
    pub used_on: Option<NaiveDate>,
    /// How the days came about.
    pub steps: Vec<Step>,
    /// Whether a figure is less than certain.
    pub estimate: bool,
}

/// Where a right stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "standing")]
pub enum RightStanding {
    /// Not yet: using it now is too early.
    NotYet {
        /// The first day.
        opens_on: NaiveDate,
    },
    /// It may be used.
    Open {
        /// Calendar days left after today; none: no end is known.
        days_left: Option<i64>,
    },
    /// Its last day has passed, unless the decision did not name it.
    OnlyIfUntold {
        /// The last day in that case.
        until: NaiveDate,
    },
    /// Its last day has passed.
    Lapsed,
    /// It was used in its time.
    Used,
    /// It was used before its first day: inadmissible, to be repeated.
    UsedEarly,
    /// It was used after its last day.
    UsedLate,
}

impl Right {
    /// Where it stands on a day.
    pub fn standing(&self, today: NaiveDate) -> RightStanding {
        if let Some(used) = self.used_on {
            return match (self.opens_on, self.last_on) {
                (Some(opens), _) if used < opens => RightStanding::UsedEarly,
                (_, Some(last)) if last < used => RightStanding::UsedLate,
                _ => RightStanding::Used,
            };
        }
        match (self.opens_on, self.last_on) {
            (Some(opens_on), _) if today < opens_on => RightStanding::NotYet { opens_on },
            (_, Some(last)) if last < today => match self.untold_last_on {
                Some(until) if today <= until => RightStanding::OnlyIfUntold { until },
                _ => RightStanding::Lapsed,
            },
            (_, last) => RightStanding::Open { days_left: last.map(|last| (last - today).num_days()) },
        }
    }
}

/// Which clock counts on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Counts {
    /// The authority's, for the answer.
    Answer,
    /// That of the body that hears a remedy.
    Body(RemedyStep),
    /// None: the next step is the requester's, or there is none.
    Nothing,
}

/// All clocks of a request, side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Course {
    /// The law.
    pub regime: RegimeId,
    /// Its version.
    pub version: String,
    /// The authority's clock; none before the request reached it.
    pub answer: Option<AnswerClock>,
    /// The requester's own days.
    pub rights: Vec<Right>,
    /// The time of the bodies that hear the remedies that were used.
    pub bodies: Vec<BodyClock>,
}

impl Course {
    /// Which clock counts: the last remedy that was used and is not decided, else the answer's.
    pub fn counts(&self, today: NaiveDate) -> Counts {
        let runs = |it: &&BodyClock| it.decided_on.is_none() && it.refuses_on.is_none_or(|on| today <= on);
        if let Some(body) = self.bodies.iter().rev().find(runs) {
            return Counts::Body(body.step);
        }
        let owed = |it: &AnswerClock| it.answered_on.is_none() && self.bodies.is_empty();
        if self.answer.as_ref().is_some_and(owed) { Counts::Answer } else { Counts::Nothing }
    }

    /// The right that lapses next, of those that may be used now.
    pub fn lapses_next(&self, today: NaiveDate) -> Option<&Right> {
        let open = |it: &&Right| matches!(it.standing(today), RightStanding::Open { days_left: Some(_) });
        self.rights.iter().filter(open).min_by_key(|right| right.last_on)
    }

    /// The right that opens next, of those that may not be used yet.
    pub fn opens_next(&self, today: NaiveDate) -> Option<&Right> {
        let not_yet = |it: &&Right| matches!(it.standing(today), RightStanding::NotYet { .. });
        self.rights.iter().filter(not_yet).min_by_key(|right| right.opens_on)
    }

    /// Whether the authority's silence counts as a refusal on a day, and since when.
    pub fn refused_by_silence(&self, today: NaiveDate) -> Option<NaiveDate> {
        let answer = self.answer.as_ref().filter(|it| it.silence == SilenceEffect::Refusal)?;
        let due = answer.due_on?;
        let until = answer.answered_on.unwrap_or(today);
        (due < until).then_some(due)
    }
}

/// The clocks of a request to which this happened, in the order of their days. What lies after the calendar's end is
/// an error, as every day that is not known; a fact that cannot move a clock is remarked and moves none.
pub fn course(regime: &Regime, calendar: &Calendar, facts: &[Fact]) -> Result<Course, Error> {
    let mut facts = facts.to_vec();
    // A reply proves that the request was there by its day, whatever the mail server's line says: nothing of the
    // authority's is lost because it was recorded before the letter was known to have arrived.
    let received = facts.iter().filter(|fact| fact.what == Happened::Received).map(|fact| fact.on).max();
    for fact in &mut facts {
        fact.on = received.map_or(fact.on, |received| fact.on.max(received));
    }
    facts.sort_by_key(|fact| (fact.on, fact.what.rank()));
    let answer = answer::clock(regime, calendar, &facts)?;
    let (rights, bodies) = rights::of(regime, calendar, (answer.as_ref(), &facts))?;
    Ok(Course { regime: regime.id.clone(), version: regime.version.clone(), answer, rights, bodies })
}
