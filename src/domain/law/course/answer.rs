//! The authority's clock: what stops it, what lets it begin again, and its claims to more time.

use chrono::{Days, NaiveDate};

use crate::domain::law::calendar::{Calendar, next};
use crate::domain::law::claim::Claim;
use crate::domain::law::counting::{Count, Still};
use crate::domain::law::course::{AnswerClock, Extended, Fact, Happened, Verdict};
use crate::domain::law::deadline::{Clock, Deadline, Error, Run, deadline_of};
use crate::domain::law::derivation::{Step, StepKind, in_words};
use crate::domain::law::regime::Regime;
use crate::domain::law::rules::{
    ClarificationEffect, EndRoll, FeeEffect, PauseDays, ThirdPartyEffect, TransferEffect,
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
            Happened::Transferred => self.transferred(on),
            Happened::AnsweredInPart => {
                let text = format!("a part was answered on {}; the rest is still owed", in_words(on));
                self.remarks.push(Step::new(StepKind::MovesNothing, text).on(on));
            }
            Happened::Answered { .. } => {
                self.answered_on.get_or_insert(on);
            }
            // A second proof of receipt proves nothing new; remedies have their own clocks.
            Happened::Received
            | Happened::Taken(_)
            | Happened::TakenRegistered(_)
            | Happened::Decided { .. } => {}
        }
        Ok(())
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
        // What stood still after the claim puts off the day that it named.
        let lost: i64 = self
            .run
            .still
            .iter()
            .filter(|still| still.first > claim.told_on)
            .map(|still| (still.last - still.first).num_days() + 1)
            .sum();
        let claimed = claim.until.map(|until| until + chrono::TimeDelta::days(lost));
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

    /// What was waited for came.
    fn came(&mut self, what: For, on: NaiveDate) {
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
        let days = match what {
            For::Clarification => self.law.clarification.days,
            For::Fee => self.law.fees.days,
            For::ThirdParty => self.law.third_party.as_ref().map_or(PauseDays::Between, |it| it.days),
        };
        let (first, last) = match days {
            PauseDays::Between => (next(waiting.since), on),
            PauseDays::Both => (waiting.since, on),
            PauseDays::Inside => (next(waiting.since), before(on)),
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

    /// Days that do not count; those that stood still already are not taken off twice.
    fn stood_still(&mut self, mut still: Still) {
        for known in &self.run.still {
            if known.first <= still.first && still.first <= known.last {
                still.first = next(known.last);
            }
            if still.first < known.first && known.first <= still.last && still.last <= known.last {
                still.last = before(known.first);
            }
        }
        if still.first <= still.last {
            self.run.still.push(still);
            self.run.still.sort_by_key(|still| still.first);
        }
    }

    fn transferred(&mut self, on: NaiveDate) {
        let law = self.law;
        if law.transfer.effect == TransferEffect::RunsOn {
            let text = format!("passed on to the competent body on {}; the clock runs on", in_words(on));
            self.remark(on, text, Some(&law.transfer.src));
            return;
        }
        let text = format!("the competent body has it since {}: its own time begins", in_words(on));
        let first = Step::new(StepKind::Restarted, text).on(on).cite(Some(&law.transfer.src));
        *self =
            Self { remarks: vec![first], answered_on: self.answered_on, ..Self::new(law, self.calendar, on) };
    }

    fn extended(&mut self, told_on: NaiveDate, until: Option<NaiveDate>) -> Result<(), Error> {
        let deadline = self.deadline()?;
        let law = self.law;
        let late = deadline.due_on.filter(|due| self.waiting.is_empty() && *due < told_on);
        let verdict = match late {
            Some(by) => Verdict::ToldLate { by },
            None => Verdict::Measured(self.measured(&deadline, until)),
        };
        let told = match until {
            Some(until) => format!("told on {}: it needs until {}", in_words(told_on), in_words(until)),
            None => format!("told on {}: it needs more time", in_words(told_on)),
        };
        let says = match &verdict {
            Verdict::ToldLate { by } => {
                format!("too late, the last day to say so was {}: it moves nothing", in_words(*by))
            }
            Verdict::Measured(Claim::Lawful { .. }) => "within what the law allows".to_owned(),
            Verdict::Measured(Claim::Beyond { until, .. }) => {
                format!("the law allows at most {}, which counts", in_words(*until))
            }
            Verdict::Measured(Claim::NotAllowed) => "the law knows no extension: it moves nothing".to_owned(),
            Verdict::Measured(Claim::NoMaximum) => "the law gives no figure to measure it by".to_owned(),
        };
        let src = law.rule_on(self.clock.received).map_or(&law.extension.src, |rule| &rule.extension.src);
        let step = Step::new(StepKind::Claimed, format!("{told}; {says}")).on(told_on).cite(Some(src));
        self.remarks.push(step);
        self.claims.push(Extended { told_on, until, verdict });
        Ok(())
    }

    fn measured(&self, deadline: &Deadline, until: Option<NaiveDate>) -> Claim {
        let extension = self.law.rule_on(self.clock.received).map(|rule| rule.extension);
        let (allowed, practice) = extension.map_or((false, false), |it| (it.allowed, it.practice));
        match (deadline.extended_due_on, until) {
            (most, Some(until)) if deadline.due_on.is_some_and(|due| until <= due) => {
                Claim::Lawful { until: most.or(deadline.due_on).unwrap_or(until) }
            }
            (Some(most), Some(until)) if most < until => {
                Claim::Beyond { until: most, by_days: (until - most).num_days(), practice }
            }
            (Some(most), _) => Claim::Lawful { until: most },
            (None, _) if allowed => Claim::NoMaximum,
            (None, _) => Claim::NotAllowed,
        }
    }

    fn finish(self) -> Result<AnswerClock, Error> {
        let deadline = self.deadline()?;
        // An answer ends every wait.
        let stands_still = match self.answered_on {
            None => self.waiting.first().map(|waiting| (waiting.since, waiting.what.why())),
            Some(_) => None,
        };
        let due_on = if stands_still.is_some() { None } else { self.due(&deadline) };
        let late_letter_from = due_on.map(|due| self.late_letter_from(due)).transpose()?;
        Ok(AnswerClock {
            deadline,
            due_on,
            stands_still,
            still: self.run.still,
            claims: self.claims,
            remarks: self.remarks,
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
