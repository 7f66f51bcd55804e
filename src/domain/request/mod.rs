//! A request is the fold of its events; where it stands on a day follows from them.

pub mod bucket;
pub mod clocks;
pub mod event;
pub mod notice;
pub mod state;

use crate::domain::law::remedy::RemedyStep;
use crate::domain::request::event::Event;
use crate::domain::request::state::{NotAllowed, Outcome, State, Status};
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::BTreeSet;

/// The state that `events` lead to, in their order, without what was retracted.
pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Result<Option<State>, NotAllowed> {
    let events: Vec<&Event> = events.into_iter().collect();
    let Some((first, rest)) = events.split_first() else { return Ok(None) };
    let counts = in_force(&events);
    let corrected = events.iter().rposition(|event| is_correction(event)).unwrap_or(0);
    let mut state = State::first(first)?;
    for (place, event) in (1..).zip(rest).filter(|(place, _)| counts.get(*place) == Some(&true)) {
        match state.clone().apply(event) {
            Ok(next) => state = next,
            // It rested on what was retracted later, as an `Overdue` rests on the extension it names.
            Err(_) if place < corrected => {}
            Err(refused) => return Err(refused),
        }
    }
    Ok(Some(state))
}

const fn is_correction(event: &Event) -> bool {
    matches!(event, Event::Retracted { .. } | Event::StepRetracted { .. })
}

/// Which of the events count, of all events of a request in their order. One that a message proves does not, once that
/// message is retracted; nor does a step that was taken back by its place; nor what the law had made of a day, once
/// something recorded later shows that the day was another one: what is still so is recorded anew.
pub fn in_force(events: &[&Event]) -> Vec<bool> {
    let mut later = Later::default();
    let mut counts: Vec<bool> = (1_i64..)
        .zip(events)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .map(|(place, event)| {
            let counts = later.lets_count(place, event);
            if counts {
                later.note(event);
            }
            counts
        })
        .collect();
    counts.reverse();
    counts
}

/// What was recorded after an event, as far as it takes something back.
#[derive(Default)]
struct Later {
    retracted: BTreeSet<i64>,
    steps: BTreeSet<i64>,
    corrected: bool,
    /// The due days that a clock got.
    due: Vec<Option<NaiveDate>>,
    /// The first day of an answer.
    answered: Option<NaiveDate>,
    decided: Vec<(RemedyStep, NaiveDate)>,
}

impl Later {
    fn lets_count(&self, place: i64, event: &Event) -> bool {
        let same_day = |on: &NaiveDate| self.due.iter().all(|due| *due == Some(*on));
        let silent = |on: &NaiveDate| self.answered.is_none_or(|answered| *on < answered);
        match event {
            Event::Overdue { due_on } => same_day(due_on) && silent(due_on),
            Event::RefusedBySilence { on } => !self.corrected && same_day(on) && silent(on),
            Event::RightLapsed { on, .. } => !self.corrected && self.due.is_empty() && silent(on),
            Event::RemedySilent { step, on } => {
                !self.corrected && self.decided.iter().all(|(of, decided)| of != step || on < decided)
            }
            event if event.is_told_step() => !self.steps.contains(&place),
            event => !event.message().is_some_and(|message| self.retracted.contains(&message)),
        }
    }

    fn note(&mut self, event: &Event) {
        match event {
            Event::Retracted { message, .. } => {
                self.retracted.insert(*message);
                self.corrected = true;
            }
            Event::StepRetracted { seq, .. } => {
                self.steps.insert(*seq);
                self.corrected = true;
            }
            Event::ClockMoved { due_on, .. } => self.due.push(*due_on),
            Event::Answered { on, .. } => {
                self.answered = Some(self.answered.map_or(*on, |answered| answered.min(*on)));
            }
            Event::RemedyDecided { step, on, .. } => self.decided.push((*step, *on)),
            _ => {}
        }
    }
}

/// Where a request stands on a day, in the words and shapes of the public page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Glyph and colour: given, part, refused, notheld, silent, wait, soon, late, review, complain, off.
    pub glyph: &'static str,
    /// The words: Waiting, Overdue by 12 days, …
    pub words: String,
    /// Calendar days past the due day; 0 where it is not overdue.
    pub days_over: i64,
    /// Calendar days until the due day, where one is ahead.
    pub days_left: Option<i64>,
    /// What stands beside it and never hides it: that silence counts as a refusal, a remedy under way.
    pub beside: Vec<Beside>,
}

/// Something that holds beside where a request stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Beside {
    /// Glyph and colour.
    pub glyph: &'static str,
    /// The words: Refused by silence, Complaint pending, …
    pub words: &'static str,
}

/// What a standing is computed from; the columns of a list row suffice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Where the request stands.
    pub status: Status,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The due day in force.
    pub due_on: Option<NaiveDate>,
}

impl Position {
    /// Where the request stands on `today`. What a machine answered is not in here at all: an automatic
    /// reply never hides a late authority.
    pub fn standing(self, today: NaiveDate) -> Standing {
        let over = |due: NaiveDate| (today - due).num_days();
        let days_over = self.due_on.filter(|_| self.status.is_open()).map_or(0, |due| over(due).max(0));
        let days_left = self
            .due_on
            .filter(|due| self.status.is_open() && *due >= today)
            .map(|due| (due - today).num_days());
        let (glyph, words) = match (self.status, self.outcome) {
            (Status::Answered, Some(outcome)) => outcome_words(outcome),
            (Status::Answered, None) => ("wait", "Answered".to_owned()),
            (Status::Withdrawn, _) => ("off", "Withdrawn".to_owned()),
            (Status::TakenBack, _) => ("off", "Taken back".to_owned()),
            (Status::Undelivered, _) => ("off", "Could not be delivered".to_owned()),
            _ if days_over == 1 => ("late", "Overdue by 1 day".to_owned()),
            _ if days_over > 1 => ("late", format!("Overdue by {days_over} days")),
            (status, _) => open_words(status, days_left),
        };
        Standing { glyph, words, days_over, days_left, beside: Vec::new() }
    }

    /// The same, with the refusal that the law makes of silence and the remedy that is under way: an appeal does not
    /// hide that the answer is late.
    pub fn with_stage(
        self,
        today: NaiveDate,
        (silence_refused_on, stage): (Option<NaiveDate>, Option<RemedyStep>),
    ) -> Standing {
        let mut standing = self.standing(today);
        if silence_refused_on.is_some() && self.status.is_open() {
            standing.beside.push(Beside { glyph: "silent", words: "Refused by silence" });
        }
        if let Some(step) = stage.filter(|_| self.status.has_clocks()) {
            standing.beside.push(stage_words(step));
        }
        standing
    }
}

fn stage_words(step: RemedyStep) -> Beside {
    let (glyph, words) = match step {
        RemedyStep::Notice => ("review", "Notice of default sent"),
        RemedyStep::Review => ("review", "Review under way"),
        RemedyStep::Complaint => ("complain", "Complaint pending"),
        RemedyStep::Ombudsman => ("complain", "Before the ombudsman"),
        RemedyStep::Court => ("complain", "Before the court"),
    };
    Beside { glyph, words }
}

fn outcome_words(outcome: Outcome) -> (&'static str, String) {
    match outcome {
        Outcome::Disclosed => ("given", "Disclosed".to_owned()),
        Outcome::PartlyDisclosed => ("part", "Partly disclosed".to_owned()),
        Outcome::Refused => ("refused", "Refused".to_owned()),
        Outcome::NotHeld => ("notheld", "Not held".to_owned()),
        Outcome::NeitherConfirmedNorDenied => ("refused", "Refused: neither confirmed nor denied".to_owned()),
    }
}

fn open_words(status: Status, days_left: Option<i64>) -> (&'static str, String) {
    let glyph = if days_left.is_some_and(|left| left <= 3) { "soon" } else { "wait" };
    let words = match status {
        Status::Filed => "Filed, not yet sent",
        Status::Acknowledged => "Acknowledged",
        Status::Extended => "Extension claimed",
        Status::ClarificationAsked => "Clarification asked",
        Status::FeeAsked => "Fee asked",
        Status::Transferred => "Forwarded",
        Status::Unknown => "Sent, receipt unknown",
        _ => "Waiting",
    };
    match days_left {
        Some(0) => (glyph, format!("{words}, due today")),
        Some(1) => (glyph, format!("{words}, 1 day left")),
        Some(left) => (glyph, format!("{words}, {left} days left")),
        None => (glyph, words.to_owned()),
    }
}
