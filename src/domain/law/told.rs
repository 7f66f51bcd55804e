//! What happened to a request as people write it: `extended=2026-04-01..2026-05-01` on a command line, in a table, in
//! an address; and whether it can be.

use chrono::NaiveDate;

use crate::domain::law::calendar::Calendar;
use crate::domain::law::course::{Course, Fact, Happened, course};
use crate::domain::law::deadline;
use crate::domain::law::regime::Regime;
use crate::domain::law::remedy::RemedyStep;

/// So many events are weighed; a life of a request has fewer.
pub const MOST: usize = 24;

/// Words of events that need nothing beside their day, with what they say.
pub const EVENTS: &[(&str, &str)] = &[
    ("extended", "They said they need more time"),
    ("clarification_asked", "They asked me what I mean"),
    ("clarification_given", "I said what I mean"),
    ("fee_asked", "They asked for money"),
    ("fee_paid", "I paid, or they dropped it"),
    ("third_party_asked", "They told me they hear a third party"),
    ("third_party_answered", "That hearing ended"),
    ("transferred", "Another body, the right one, received it"),
    ("answered_in_part", "A part was answered, the rest is owed"),
    ("answered", "They decided and refused something"),
    ("disclosed", "They decided and gave everything"),
];

/// Words of what can happen to a remedy; `:` and the step follow.
pub const REMEDY_EVENTS: &[(&str, &str)] = &[
    ("taken", "I used it"),
    ("taken_registered", "It was registered there"),
    ("decided", "It was decided, not all in my favour"),
    ("granted", "It was decided in my favour"),
];

/// The part of a question that something is wrong with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The day of receipt.
    Received,
    /// The day of registration.
    Registered,
    /// What happened since, by its place from 0.
    Since(usize),
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Not a day.
    #[error("expected a day that exists, as `2026-03-06`, for `{what}`, found `{found}`")]
    NotADay {
        /// Of what.
        what: String,
        /// What stood there.
        found: String,
    },
    /// Nothing that happens.
    #[error(
        "expected what happened and its day, as `clarification_asked=2026-03-20`, found `{found}` ({words})"
    )]
    NoEvent {
        /// What stood there.
        found: String,
        /// What can happen.
        words: String,
    },
    /// A step that the law does not have.
    #[error("expected a step that `{law}` has ({has}), found `{found}`")]
    NoSuchStep {
        /// The law.
        law: String,
        /// Its steps.
        has: String,
        /// What stood there.
        found: String,
    },
    /// Before the request was received.
    #[error("expected a day not before the day of receipt `{received}` for `{what}`, found `{on}`")]
    BeforeReceipt {
        /// What.
        what: String,
        /// Its day.
        on: NaiveDate,
        /// The day of receipt.
        received: NaiveDate,
    },
    /// More time until a day before it was claimed.
    #[error("expected more time until a day after `{on}`, found `{until}`")]
    UntilBefore {
        /// When it was claimed.
        on: NaiveDate,
        /// Until when.
        until: NaiveDate,
    },
    /// Decided or registered, but not used.
    #[error("expected `taken:{step}` and its day before `{what}`, found none")]
    NotTaken {
        /// What.
        what: String,
        /// The step.
        step: RemedyStep,
    },
    /// In the future.
    #[error("expected a day not after today `{today}` for `{what}`, found `{on}`")]
    Future {
        /// What.
        what: String,
        /// Its day.
        on: NaiveDate,
        /// Today in the zone of the law.
        today: NaiveDate,
    },
    /// More than can be weighed.
    #[error("expected at most {MOST} events, found more")]
    TooMany,
    /// The law or its calendar says no.
    #[error(transparent)]
    Law(#[from] deadline::Error),
}

fn words() -> String {
    let plain = EVENTS.iter().map(|(word, _)| (*word).to_owned());
    let of_steps = REMEDY_EVENTS.iter().map(|(word, _)| format!("{word}:complaint"));
    ["registered".to_owned()].into_iter().chain(plain).chain(of_steps).collect::<Vec<_>>().join(", ")
}

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct Fault {
    /// Where.
    pub part: Part,
    /// What.
    pub problem: Problem,
}

/// A question as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// The day of receipt.
    pub received: String,
    /// The day of registration, or nothing.
    pub registered: String,
    /// What happened since, each as `clarification_asked=2026-03-20`.
    pub since: Vec<String>,
    /// Days after today are taken as if they had come.
    pub planned: bool,
}

/// A day as written in a table: exactly ten characters. `chrono` would also take `2026-3-6` and `+2026-03-06`.
pub fn day(what: &str, text: &str) -> Result<NaiveDate, Problem> {
    let parsed = (text.len() == 10).then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten();
    parsed.ok_or_else(|| Problem::NotADay { what: what.to_owned(), found: text.chars().take(60).collect() })
}

/// One event, as `taken:complaint=2026-05-01`.
pub fn event(text: &str) -> Result<Fact, Problem> {
    let none = || Problem::NoEvent { found: text.chars().take(60).collect(), words: words() };
    let (word, days) = text.split_once('=').ok_or_else(none)?;
    let (word, days) = (word.trim(), days.trim());
    let (on, until) = match days.split_once("..") {
        Some((on, until)) if word == "extended" => (on, Some(day("extended until", until)?)),
        _ => (days, None),
    };
    let on = day(word, on)?;
    let (name, step) = word.split_once(':').unwrap_or((word, ""));
    let of_step = || step.parse::<RemedyStep>().map_err(|_| none());
    let what = match (name, step) {
        ("taken", _) => Happened::Taken(of_step()?),
        ("taken_registered", _) => Happened::TakenRegistered(of_step()?),
        ("decided", _) => Happened::Decided { step: of_step()?, refuses: true },
        ("granted", _) => Happened::Decided { step: of_step()?, refuses: false },
        (_, step) if !step.is_empty() => return Err(none()),
        ("registered", _) => Happened::Registered,
        ("extended", _) => Happened::Extended(until),
        ("clarification_asked", _) => Happened::ClarificationAsked,
        ("clarification_given", _) => Happened::ClarificationGiven,
        ("fee_asked", _) => Happened::FeeAsked,
        ("fee_paid", _) => Happened::FeePaid,
        ("third_party_asked", _) => Happened::ThirdPartyAsked,
        ("third_party_answered", _) => Happened::ThirdPartyAnswered,
        ("transferred", _) => Happened::Transferred,
        ("answered_in_part", _) => Happened::AnsweredInPart,
        ("answered", _) => Happened::Answered { refuses: true },
        ("disclosed", _) => Happened::Answered { refuses: false },
        _ => return Err(none()),
    };
    if let Some(until) = until.filter(|until| *until <= on) {
        return Err(Problem::UntilBefore { on, until });
    }
    Ok(Fact { on, what })
}

impl Told {
    /// The facts, checked against each other, the law and the day.
    pub fn facts(&self, law: &Regime, today: NaiveDate) -> Result<Vec<Fact>, Fault> {
        let fault = |part, problem| Fault { part, problem };
        let received =
            day("received", self.received.trim()).map_err(|problem| fault(Part::Received, problem))?;
        let future = |what: &str, on: NaiveDate| {
            let late = !self.planned && today < on;
            if late { Err(Problem::Future { what: what.to_owned(), on, today }) } else { Ok(()) }
        };
        future("received", received).map_err(|problem| fault(Part::Received, problem))?;
        let mut facts = vec![Fact { on: received, what: Happened::Received }];
        if !self.registered.trim().is_empty() {
            let on = day("registered", self.registered.trim())
                .and_then(|on| later("registered", on, received).map(|()| on))
                .and_then(|on| future("registered", on).map(|()| on))
                .map_err(|problem| fault(Part::Registered, problem))?;
            facts.push(Fact { on, what: Happened::Registered });
        }
        if self.since.len() > MOST {
            return Err(fault(Part::Since(MOST), Problem::TooMany));
        }
        for (place, text) in self.since.iter().enumerate() {
            let word = text.split('=').next().unwrap_or(text).trim();
            let fact = event(text)
                .and_then(|fact| later(word, fact.on, received).map(|()| fact))
                .and_then(|fact| future(word, fact.on).map(|()| fact))
                .map_err(|problem| fault(Part::Since(place), problem))?;
            facts.push(fact);
        }
        let first = facts.len() - self.since.len();
        for (place, text) in self.since.iter().enumerate() {
            let Some(fact) = facts.get(first + place) else { continue };
            possible(law, &facts, (text, fact)).map_err(|problem| fault(Part::Since(place), problem))?;
        }
        Ok(facts)
    }

    /// The course that these words tell.
    pub fn course(&self, law: &Regime, calendar: &Calendar, today: NaiveDate) -> Result<Course, Fault> {
        let facts = self.facts(law, today)?;
        course(law, calendar, &facts).map_err(|e| {
            let part = self.part_of(&e, &facts);
            Fault { part, problem: Problem::Law(e) }
        })
    }

    /// Where a day stands that the law or its calendar does not know; a day that was counted hangs on the receipt.
    fn part_of(&self, error: &deadline::Error, facts: &[Fact]) -> Part {
        let day = match error {
            deadline::Error::Calendar(unknown) => unknown.day,
            deadline::Error::BeforeLaw { received, .. } => *received,
            deadline::Error::RegisteredFirst { .. } => return Part::Registered,
        };
        let first = facts.len() - self.since.len();
        match facts.iter().position(|fact| fact.on == day) {
            Some(place) if first <= place => Part::Since(place - first),
            Some(1) => Part::Registered,
            _ => Part::Received,
        }
    }
}

fn later(what: &str, on: NaiveDate, received: NaiveDate) -> Result<(), Problem> {
    if on < received {
        return Err(Problem::BeforeReceipt { what: what.to_owned(), on, received });
    }
    Ok(())
}

/// Whether the law knows the step, and it was used before anything came of it.
fn possible(law: &Regime, facts: &[Fact], (text, fact): (&str, &Fact)) -> Result<(), Problem> {
    let (step, needs) = match fact.what {
        Happened::Taken(step) => (step, false),
        Happened::TakenRegistered(step) | Happened::Decided { step, .. } => (step, true),
        _ => return Ok(()),
    };
    if law.remedy(step).is_none() {
        let steps: Vec<&str> = law.remedies.iter().map(|remedy| remedy.step.as_str()).collect();
        let has = if steps.is_empty() { "none".to_owned() } else { steps.join(", ") };
        return Err(Problem::NoSuchStep { law: law.id.to_string(), has, found: step.to_string() });
    }
    let taken = |other: &Fact| other.what == Happened::Taken(step) && other.on <= fact.on;
    if needs && !facts.iter().any(taken) {
        let what = text.split('=').next().unwrap_or(text).trim().to_owned();
        return Err(Problem::NotTaken { what, step });
    }
    Ok(())
}
