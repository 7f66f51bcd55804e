//! The authority's clock: what stops it, what lets it begin again, and its claims to more time.

use chrono::{Days, NaiveDate, TimeDelta};

use crate::domain::law::calendar::{Calendar, next};
use crate::domain::law::claim::{Claim, weigh};
use crate::domain::law::counting::{Count, Still};
use crate::domain::law::course::claims::told;
use crate::domain::law::course::{AnswerClock, Extended, Fact, Happened, Verdict};
use crate::domain::law::deadline::{Clock, Deadline, Error, Run, deadline_of};
use crate::domain::law::derivation::{Step, StepKind, in_words};
use crate::domain::law::regime::Regime;
use crate::domain::law::rules::{
    ClarificationEffect, EndRoll, FeeEffect, PauseDays, SilenceEffect, ThirdPartyEffect, TransferEffect,
};
use crate::domain::law::term::Term;

/// What the authority waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    Clarification,
    Fee,
    ThirdParty,
}

impl For {
    const fn why(self) -> &'static str {
        match self {
            Self::Clarification => "the authority asked what was meant",
            Self::Fee => "the authority asked for money",
            Self::ThirdParty => "the authority heard a third party",
        }
    }
}

/// A wait that has not ended.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    what: For,
    since: NaiveDate,
    restarts: bool,
}

struct Running<'a> {
    law: &'a Regime,
    calendar: &'a Calendar,
    clock: Clock,
    run: Run,
    waiting: Vec<Waiting>,
    claims: Vec<Extended>,
    remarks: Vec<Step>,
    answered_on: Option<NaiveDate>,
    /// The answer came while the term was to begin again.
    never_ends: bool,
    /// The last day of a body that passed the request on when silence was a refusal already.
    refused_before: Option<NaiveDate>,
}

/// The authority's clock after all facts, which are sorted by day; none before the request was received.
pub(super) fn clock(law: &Regime, calendar: &Calendar, facts: &[Fact]) -> Result<Option<AnswerClock>, Error> {
    let mut running: Option<Running<'_>> = None;
    for fact in facts {
        match (&mut running, fact.what) {
            (None, Happened::Received) => running = Some(Running::new(law, calendar, fact.on)),
            (None, _) => {}
            (Some(it), _) => it.take(*fact)?,
        }
    }
    running.map(Running::finish).transpose()
}

impl<'a> Running<'a> {
    fn new(law: &'a Regime, calendar: &'a Calendar, received: NaiveDate) -> Self {
        Self {
            law,
            calendar,
            clock: Clock::received(received),
            run: Run::default(),
            waiting: Vec::new(),
            claims: Vec::new(),
            remarks: Vec::new(),
            answered_on: None,
            never_ends: false,
            refused_before: None,
        }
    }

    fn take(&mut self, Fact { on, what }: Fact) -> Result<(), Error> {
        match what {
            Happened::Registered => self.clock.registered = Some(on),
            Happened::Extended(until) => self.extended(on, until)?,
            Happened::ClarificationAsked => self.clarification_asked(on)?,
            Happened::ClarificationGiven => self.came(For::Clarification, on),
            Happened::FeeAsked => self.fee_asked(on)?,
            Happened::FeePaid => self.came(For::Fee, on),
            Happened::ThirdPartyAsked => self.third_party_asked(on)?,
            Happened::ThirdPartyAnswered => self.came(For::ThirdParty, on),
            Happened::Transferred => self.transferred(on)?,
            Happened::AnsweredInPart => {
                let text = format!("a part was answered on {}; the rest is still owed", in_words(on));
                self.remarks.push(Step::new(StepKind::MovesNothing, text).on(on));
            }
            Happened::Answered { .. } => self.answered(on),
            // A second proof of receipt proves nothing new; remedies have their own clocks.
            Happened::Received
            | Happened::Taken(_)
            | Happened::TakenRegistered(_)
            | Happened::Decided { .. } => {}
        }
        Ok(())
    }

    /// The first decision ends every wait: until then the clock stood still, and what comes later moves nothing.
    fn answered(&mut self, on: NaiveDate) {
        if self.answered_on.is_some() {
            return;
        }
        self.answered_on = Some(on);
        for waiting in std::mem::take(&mut self.waiting) {
            // A term that was to begin again never ended.
            self.never_ends |= waiting.restarts;
            self.paused(waiting, on);
        }
    }

    fn deadline(&self) -> Result<Deadline, Error> {
        deadline_of(self.law, self.calendar, (&self.clock, &self.run))
    }

    /// The last day in force, as if nothing were waited for.
    fn due(&self, deadline: &Deadline) -> Option<NaiveDate> {
        let Some(claim) =
            self.claims.iter().rev().find(|claim| matches!(claim.verdict, Verdict::Measured(_)))
        else {
            return deadline.due_on;
        };
        let claimed = self.put_off(claim);
        let most = deadline.extended_due_on;
        match &claim.verdict {
            Verdict::Measured(Claim::NotAllowed) | Verdict::ToldLate { .. } => deadline.due_on,
            Verdict::Measured(Claim::NoMaximum) => claimed.max(deadline.due_on),
            Verdict::Measured(Claim::Lawful { .. } | Claim::Beyond { .. }) => {
                // No day named: the most the law allows. An earlier day takes nothing away.
                let until = claimed.or(most);
                until.map(|until| most.map_or(until, |most| until.min(most))).max(deadline.due_on)
            }
        }
    }

    /// The day that a claim named, put off by what stood still after it was told and before that day.
    fn put_off(&self, claim: &Extended) -> Option<NaiveDate> {
        let until = claim.until?;
        let after = |still: &&Still| claim.told_on < still.first && still.first <= until;
        let lost: i64 =
            self.run.still.iter().filter(after).map(|still| (still.last - still.first).num_days() + 1).sum();
        until.checked_add_signed(TimeDelta::days(lost))
    }

    fn remark(&mut self, on: NaiveDate, text: String, cite: Option<&str>) {
        self.remarks.push(Step::new(StepKind::MovesNothing, text).on(on).cite(cite));
    }

    /// Whether the time had passed, or the answer come, before a day; then nothing of that day stops the clock.
    fn over(&mut self, on: NaiveDate, what: &str) -> Result<bool, Error> {
        if self.answered_on.is_some_and(|answered| answered <= on) {
            return Ok(true);
        }
        let due = if self.waiting.is_empty() { self.due(&self.deadline()?) } else { None };
        if let Some(due) = due.filter(|due| *due < on) {
            let text = format!(
                "{what} on {}, after the last day ({}): it moves nothing",
                in_words(on),
                in_words(due)
            );
            self.remark(on, text, None);
            return Ok(true);
        }
        Ok(false)
    }

    fn wait(&mut self, what: For, since: NaiveDate, restarts: bool) {
        if self.waiting.iter().all(|waiting| waiting.what != what) {
            self.waiting.push(Waiting { what, since, restarts });
        }
    }

    fn clarification_asked(&mut self, on: NaiveDate) -> Result<(), Error> {
        let law = self.law;
        let effect = law.clarification.effect;
        if effect == ClarificationEffect::None {
            let text = format!("the authority asked what was meant on {}; the clock runs on", in_words(on));
            self.remark(on, text, Some(&law.clarification.src));
        } else if !self.over(on, "the authority asked what was meant")? {
            self.wait(For::Clarification, on, effect == ClarificationEffect::Restarts);
        }
        Ok(())
    }

    fn fee_asked(&mut self, on: NaiveDate) -> Result<(), Error> {
        let law = self.law;
        if law.fees.effect == FeeEffect::None {
            let text = format!("the authority asked for money on {}; the clock runs on", in_words(on));
            self.remark(on, text, Some(&law.fees.src));
        } else if !self.over(on, "the authority asked for money")? {
            self.wait(For::Fee, on, false);
        }
        Ok(())
    }

    fn third_party_asked(&mut self, on: NaiveDate) -> Result<(), Error> {
        let law = self.law;
        let Some(rule) = &law.third_party else {
            let text = format!("the authority hears a third party since {}; the clock runs on", in_words(on));
            self.remark(on, text, None);
            return Ok(());
        };
        if self.over(on, "the authority turned to a third party")? {
            return Ok(());
        }
        let term = Term::of(rule.amount, rule.unit);
        match (rule.effect, term) {
            (ThirdPartyEffect::Adds, Some(term)) => {
                self.run.added = Some((term, "a third party is heard"));
            }
            (ThirdPartyEffect::Stops, Some(term)) => {
                // Never longer than the law allows: the end is known from the first day.
                let count = Count { moved_by: &[], ..Count::of(&law.response, self.calendar) };
                let last = count.end(on, term)?.nominal;
                self.stood_still(Still { first: next(on), last, why: For::ThirdParty.why() });
            }
            (_, None) => self.wait(For::ThirdParty, on, false),
        }
        Ok(())
    }

    /// What was waited for came; after the answer it comes for nothing.
    fn came(&mut self, what: For, on: NaiveDate) {
        if self.answered_on.is_some() {
            return;
        }
        let Some(place) = self.waiting.iter().position(|waiting| waiting.what == what) else {
            self.shorten(what, on);
            return;
        };
        let waiting = self.waiting.remove(place);
        if waiting.restarts {
            self.run = Run { restarted: Some((on, "the requester said what was meant")), ..Run::default() };
            self.claims.clear();
            return;
        }
        self.paused(waiting, on);
    }

    /// The days of a wait that ended on a day.
    fn paused(&mut self, Waiting { what, since, .. }: Waiting, on: NaiveDate) {
        let days = match what {
            For::Clarification => self.law.clarification.days,
            For::Fee => self.law.fees.days,
            For::ThirdParty => self.law.third_party.as_ref().map_or(PauseDays::Between, |it| it.days),
        };
        let (first, last) = match days {
            PauseDays::Between => (next(since), on),
            PauseDays::Both => (since, on),
            PauseDays::Inside => (next(since), before(on)),
        };
        self.stood_still(Still { first, last, why: what.why() });
    }

    /// A hearing that ended before its longest time.
    fn shorten(&mut self, what: For, on: NaiveDate) {
        let why = what.why();
        if let Some(still) = self.run.still.iter_mut().find(|still| still.why == why && on < still.last) {
            still.last = on;
        }
        self.run.still.retain(|still| still.first <= still.last);
    }

    /// Days that do not count; those that stood still already are not taken off twice: only what lies between the
    /// known ones, before the first and after the last is added.
    fn stood_still(&mut self, still: Still) {
        let mut first = still.first;
        let mut gaps = Vec::new();
        for known in &self.run.still {
            if first < known.first {
                gaps.push((first, before(known.first).min(still.last)));
            }
            first = first.max(next(known.last));
        }
        gaps.push((first, still.last));
        let new = gaps.into_iter().filter(|(first, last)| first <= last);
        self.run.still.extend(new.map(|(first, last)| Still { first, last, why: still.why }));
        self.run.still.sort_by_key(|still| still.first);
    }

    fn transferred(&mut self, on: NaiveDate) -> Result<(), Error> {
        let law = self.law;
        if law.transfer.effect == TransferEffect::RunsOn {
            let text = format!("passed on to the competent body on {}; the clock runs on", in_words(on));
            self.remark(on, text, Some(&law.transfer.src));
            return Ok(());
        }
        if self.answered_on.is_some() {
            let text =
                format!("passed on to another body on {}, after a decision: it moves nothing", in_words(on));
            self.remark(on, text, Some(&law.transfer.src));
            return Ok(());
        }
        // Silence that was a refusal when the request was passed on stays one.
        let due = if self.waiting.is_empty() { self.due(&self.deadline()?) } else { None };
        let refused_before = due.filter(|due| *due < on && law.silence.effect == SilenceEffect::Refusal);
        let text = format!("the competent body has it since {}: its own time begins", in_words(on));
        let first = Step::new(StepKind::Restarted, text).on(on).cite(Some(&law.transfer.src));
        let refused_before = refused_before.or(self.refused_before);
        *self = Self { remarks: vec![first], refused_before, ..Self::new(law, self.calendar, on) };
        Ok(())
    }

    fn extended(&mut self, told_on: NaiveDate, until: Option<NaiveDate>) -> Result<(), Error> {
        let deadline = self.deadline()?;
        let late = deadline.due_on.filter(|due| self.waiting.is_empty() && *due < told_on);
        let verdict = match late {
            Some(by) => Verdict::ToldLate { by },
            None => Verdict::Measured(self.measured(&deadline, until)),
        };
        self.claims.push(Extended { told_on, until, verdict });
        Ok(())
    }

    fn measured(&self, deadline: &Deadline, until: Option<NaiveDate>) -> Claim {
        let extension = self.law.rule_on(self.clock.received).map(|rule| rule.extension);
        weigh(extension, deadline, until)
    }

    fn finish(mut self) -> Result<AnswerClock, Error> {
        let deadline = self.deadline()?;
        // What was told while the clock stood still is measured by the days that it got later.
        for place in 0..self.claims.len() {
            let Some(claim) = self.claims.get(place) else { continue };
            let measured = matches!(claim.verdict, Verdict::Measured(_));
            let now = Verdict::Measured(self.measured(&deadline, self.put_off(claim)));
            if let Some(claim) = self.claims.get_mut(place).filter(|_| measured) {
                claim.verdict = now;
            }
        }
        let told: Vec<Step> =
            self.claims.iter().map(|claim| told(claim, self.law, self.clock.received)).collect();
        self.remarks.extend(told);
        self.remarks.sort_by_key(|remark| remark.on);
        let stands_still = self.waiting.first().map(|waiting| (waiting.since, waiting.what.why()));
        let due_on = if stands_still.is_some() || self.never_ends { None } else { self.due(&deadline) };
        let late_letter_from = due_on.map(|due| self.late_letter_from(due)).transpose()?;
        Ok(AnswerClock {
            deadline,
            due_on,
            stands_still,
            still: self.run.still,
            claims: self.claims,
            remarks: self.remarks,
            refused_before: self.refused_before,
            answered_on: self.answered_on,
            late_letter_from,
            silence: self.law.silence.effect,
        })
    }

    /// Where the law does not move an end on a day off, a letter does: nobody is told on a Sunday that they are late.
    fn late_letter_from(&self, due: NaiveDate) -> Result<NaiveDate, Error> {
        let graced = self.law.response.end_roll == EndRoll::None && !self.calendar.is_working_day(due);
        let end = if graced { self.calendar.next_working_day(due)? } else { due };
        Ok(self.calendar.next_working_day(end)?)
    }
}

fn before(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(1)).unwrap_or(day)
}
