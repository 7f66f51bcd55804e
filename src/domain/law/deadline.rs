//! Due dates, each with the steps that led to it.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::domain::law::calendar::{Calendar, Unknown, weekend};
use crate::domain::law::counting::{Count, DayOff, End, Still};
use crate::domain::law::derivation::{StartIs, Step, StepKind, in_words};
use crate::domain::law::regime::{Regime, RegimeId, RuleInForce, Verified};
use crate::domain::law::rules::{Counting, ExtensionMode, Response, Starts};
use crate::domain::law::term::{Limit, Term, Unit};

pub use crate::domain::law::claim::{Claim, Late, days_late, extended};
pub use crate::domain::law::derivation::{DayCount, Deadline};

/// When a request came in, in the days of the law's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// The day it reached the authority.
    pub received: NaiveDate,
    /// The day the authority registered it, or on which it counts as received; `None` if nobody knows.
    pub registered: Option<NaiveDate>,
}

impl Clock {
    /// A request of which only the day of receipt is known.
    pub const fn received(on: NaiveDate) -> Self {
        Self { received: on, registered: None }
    }
}

/// Why there is no date to tell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The holidays of the day are not known.
    #[error(transparent)]
    Calendar(#[from] Unknown),
    /// The law was not yet in force.
    #[error("expected a day on which `{regime}` was in force (since {since}), found `{received}`")]
    BeforeLaw {
        /// The law.
        regime: RegimeId,
        /// Its first day.
        since: NaiveDate,
        /// The day asked for.
        received: NaiveDate,
    },
    /// Registered before it was received.
    #[error(
        "expected a day of registration not before the day of receipt `{received}`, found `{registered}`"
    )]
    RegisteredFirst {
        /// The day of receipt.
        received: NaiveDate,
        /// The day of registration.
        registered: NaiveDate,
    },
}

/// A clock with what happened to it on its way.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// The day from which it began again, and why, as `the requester said what was meant`.
    pub restarted: Option<(NaiveDate, &'static str)>,
    /// The days on which it stood still, in order, none twice.
    pub still: Vec<Still>,
    /// Time that the law adds, and why.
    pub added: Option<(Term, &'static str)>,
}

/// The last day for the answer to a request, with its derivation.
pub fn deadline(regime: &Regime, calendar: &Calendar, clock: &Clock) -> Result<Deadline, Error> {
    deadline_of(regime, calendar, (clock, &Run::default()))
}

/// The last day for the answer to a request whose clock stood still or began again, with its derivation.
pub fn deadline_of(
    regime: &Regime,
    calendar: &Calendar,
    (clock, run): (&Clock, &Run),
) -> Result<Deadline, Error> {
    calendar.reaches(clock.received)?;
    if let Some(registered) = clock.registered {
        calendar.reaches(registered)?;
        if registered < clock.received {
            return Err(Error::RegisteredFirst { received: clock.received, registered });
        }
    }
    let rule = regime.rule_on(clock.received).ok_or_else(|| Error::BeforeLaw {
        regime: regime.id.clone(),
        since: regime.in_force_since.unwrap_or(clock.received),
        received: clock.received,
    })?;
    let (mut start, start_is) = start_of(&regime.response, calendar, *clock)?;
    let mut steps = opening(regime, (*clock, start), &rule);
    if let Some((on, why)) = run.restarted {
        calendar.reaches(on)?;
        start = on;
        let text = format!("{why} on {}: time begins again, this day is not counted", in_words(on));
        steps.push(Step::new(StepKind::Restarted, text).on(on));
    }
    for still in &run.still {
        calendar.reaches(still.last)?;
        steps.push(stood_still(still));
    }
    let mut found = Deadline {
        regime: regime.id.clone(),
        version: regime.version.clone(),
        start,
        start_is,
        due_on: None,
        extended_due_on: None,
        is_target: regime.response.target,
        expected_on: None,
        steps,
        extended_steps: Vec::new(),
        days: Vec::new(),
        estimate: regime.is_estimate() || calendar.caveat().is_some(),
    };
    let count = Count { still: &run.still, ..Count::of(&regime.response, calendar) };
    match rule.limit {
        Limit::Term(term) => with_figure(regime, &rule, (&count, term, run.added), &mut found)?,
        Limit::Promptly { expected } => without_figure(regime, expected, &count, &mut found)?,
        Limit::None => found
            .steps
            .push(Step::new(StepKind::NoFigure, "this law gives no time limit").cite(Some(rule.src))),
    }
    found.steps.extend(caveats(regime, calendar));
    Ok(found)
}

fn stood_still(still: &Still) -> Step {
    let text = match (still.last - still.first).num_days() + 1 {
        1 => format!("on {} the clock stood still: {}", in_words(still.first), still.why),
        days => format!(
            "from {} to {}, {days} days, the clock stood still: {}",
            in_words(still.first),
            in_words(still.last),
            still.why
        ),
    };
    Step::new(StepKind::StoodStill, text).on(still.first)
}

fn start_of(response: &Response, calendar: &Calendar, clock: Clock) -> Result<(NaiveDate, StartIs), Error> {
    let received = clock.received;
    Ok(match (response.starts, clock.registered) {
        (Starts::DayAfterReceipt, _) | (Starts::DayAfterAcknowledgedReceipt, None) => {
            (received, StartIs::Receipt)
        }
        (Starts::DayAfterAcknowledgedReceipt | Starts::NextWorkingDay, Some(day)) => (day, StartIs::Receipt),
        (Starts::NextWorkingDay, None) => (calendar.next_working_day(received)?, StartIs::Receipt),
        (Starts::DayAfterRegistration, Some(day)) => (day, StartIs::Registration),
        (Starts::DayAfterRegistration, None) => {
            let closed = response.registers_on_working_days && !calendar.is_working_day(received);
            let day = if closed { calendar.next_working_day(received)? } else { received };
            (day, StartIs::ReceiptForRegistration)
        }
    })
}

fn opening(regime: &Regime, (clock, start): (Clock, NaiveDate), rule: &RuleInForce<'_>) -> Vec<Step> {
    let mut steps = Vec::with_capacity(12);
    let came = in_words(clock.received);
    let src = Some(regime.response.src.as_str());
    let received = |text: String| Step::new(StepKind::Received, text).on(clock.received);
    match (regime.response.starts, clock.registered) {
        (Starts::DayAfterReceipt, None) => {
            steps.push(received(format!("received on {came}; this day is not counted")));
        }
        (Starts::DayAfterReceipt, Some(day)) => {
            steps.push(received(format!("received on {came}; this day is not counted")));
            let text = format!("registered on {}; this law counts from receipt", in_words(day));
            steps.push(Step::new(StepKind::Registered, text).on(day).cite(src));
        }
        (Starts::DayAfterRegistration, Some(day)) => {
            steps.push(received(format!("received on {came}")));
            let text = format!(
                "registered on {}; time runs from registration, this day is not counted",
                in_words(day)
            );
            steps.push(Step::new(StepKind::Registered, text).on(day).cite(src));
        }
        (Starts::NextWorkingDay, None) => {
            steps.push(received(format!("sent on {came}")));
            let text = format!(
                "a mail that was not acknowledged counts as received on the next working day, {}; this day is not counted",
                in_words(start)
            );
            steps.push(Step::new(StepKind::Registered, text).on(start).cite(src));
        }
        (Starts::DayAfterRegistration, None) if start != clock.received => {
            steps.push(received(format!("received on {came}, a day off")));
            let text = format!(
                "time runs from registration, of which no day is known: {}, the next working day, stands for it; this \
                 day is not counted",
                in_words(start)
            );
            steps.push(Step::new(StepKind::Caveat, text).on(start).cite(src));
        }
        (Starts::DayAfterRegistration, None) => {
            steps.push(received(format!("received on {came}; this day is not counted")));
            let text =
                "time runs from registration, of which no day is known: the day of receipt stands for it";
            steps.push(Step::new(StepKind::Caveat, text).cite(src));
        }
        (Starts::DayAfterAcknowledgedReceipt | Starts::NextWorkingDay, Some(day)) => {
            steps.push(received(format!("sent on {came}")));
            let text = format!("counts as received on {}; this day is not counted", in_words(day));
            steps.push(Step::new(StepKind::Registered, text).on(day).cite(src));
        }
        (Starts::DayAfterAcknowledgedReceipt, None) => {
            steps.push(received(format!("received on {came}; this day is not counted")));
            let text = "a mail that was not acknowledged counts as received on the next working day";
            steps.push(Step::new(StepKind::Caveat, text).cite(src));
        }
    }
    if let Some(until) = rule.until {
        let text = format!("the rule as it stood until {} applies", in_words(until));
        steps.push(Step::new(StepKind::OlderRule, text).on(until).cite(Some(rule.src)));
    }
    steps
}

fn with_figure(
    regime: &Regime,
    rule: &RuleInForce<'_>,
    (count, term, added): (&Count<'_>, Term, Option<(Term, &'static str)>),
    found: &mut Deadline,
) -> Result<(), Error> {
    let mut end = count.end(found.start, term)?;
    let clear = match count.counting {
        Counting::Ordinary => "",
        Counting::ClearDays => ", neither the first nor the last day counted",
    };
    let text = format!("the answer is due within {term}{clear}");
    found.steps.push(Step::new(StepKind::Rule, text).cite(Some(rule.src)));
    let told = Told { regime, count, start: found.start };
    told.end(term, &end, &mut found.steps);
    if let Some((more, why)) = added {
        let text = format!("{more} more from {}: {why}", in_words(end.nominal));
        found.steps.push(Step::new(StepKind::Added, text));
        let start = end.nominal;
        end = count.end(start, more)?;
        Told { start, ..told }.end(more, &end, &mut found.steps);
    }
    let text = format!("the last day for the answer is {}", in_words(end.due));
    found.steps.push(Step::new(StepKind::Due, text).on(end.due));
    found.days = count.days(found.start, term, &end);
    found.due_on = Some(end.due);
    if found.is_target {
        let text = "the law says \"should\": an answer after this day is late, but not yet unlawful";
        found.steps.push(Step::new(StepKind::Caveat, text).cite(Some(rule.src)));
    }
    extend(&told, rule, (term, &end, added.is_some()), found)?;
    let guessed = |s: &Step| matches!(s.kind, StepKind::NotCounted | StepKind::Moved) && is_guess(&s.text);
    found.estimate |= found.steps.iter().chain(&found.extended_steps).any(guessed);
    Ok(())
}

/// Islamic holidays are known only when the moon was seen; the source marks them.
fn is_guess(text: &str) -> bool {
    text.contains("estimated)")
}

fn extend(
    told: &Told<'_>,
    rule: &RuleInForce<'_>,
    (first, end, longer): (Term, &End, bool),
    found: &mut Deadline,
) -> Result<(), Error> {
    let it = rule.extension;
    let Some((term, mode)) = it.term() else {
        let text = if it.allowed { "may be extended; the law gives no figure" } else { "no extension" };
        found.extended_steps.push(Step::new(StepKind::NoFigure, text).cite(Some(&it.src)));
        return Ok(());
    };
    let one = Term { amount: first.amount.saturating_add(term.amount), unit: first.unit };
    let (start, whole, text) = match mode {
        ExtensionMode::Total => (found.start, term, format!("may be extended to {term} in all")),
        // Time that the law added comes before the extension.
        ExtensionMode::Additional if first.unit == term.unit && !longer => {
            (found.start, one, format!("may be extended by {term}, {one} in all"))
        }
        ExtensionMode::Additional => {
            (end.nominal, term, format!("may be extended by {term} from {}", in_words(end.nominal)))
        }
        ExtensionMode::FromEndOfFirst => {
            let from = in_words(end.due);
            (
                end.due,
                term,
                format!("may be extended by {term}, counted from the end of the first term, {from}"),
            )
        }
    };
    let src = it.mode_src.as_ref().map_or_else(|| it.src.clone(), |mode| format!("{}; {mode}", it.src));
    found.extended_steps.push(Step::new(StepKind::Rule, text).cite(Some(&src)));
    let later = told.count.end(start, whole)?;
    Told { start, ..*told }.end(whole, &later, &mut found.extended_steps);
    let text = format!("with the extension the last day is {}", in_words(later.due));
    found.extended_steps.push(Step::new(StepKind::Due, text).on(later.due));
    found.extended_due_on = Some(later.due);
    if it.practice {
        let text = "the figure of the extension is that of practice, the statute gives none";
        found.extended_steps.push(Step::new(StepKind::Caveat, text).cite(Some(&it.src)));
    }
    Ok(())
}

fn without_figure(
    regime: &Regime,
    expected: Option<Term>,
    count: &Count<'_>,
    found: &mut Deadline,
) -> Result<(), Error> {
    let it = &regime.response;
    let text = "the answer is due promptly; the law gives no figure";
    found.steps.push(Step::new(StepKind::NoFigure, text).cite(Some(&it.src)));
    let Some(term) = expected else { return Ok(()) };
    let end = count.end(found.start, term)?;
    Told { regime, count, start: found.start }.end(term, &end, &mut found.steps);
    let text =
        format!("practice expects an answer within {term}, by {}: no legal deadline", in_words(end.due));
    found.steps.push(Step::new(StepKind::Expected, text).on(end.due).cite(it.expected_src.as_deref()));
    found.days = count.days(found.start, term, &end);
    found.expected_on = Some(end.due);
    Ok(())
}

/// What is told of the end of a term.
#[derive(Clone, Copy)]
struct Told<'a> {
    regime: &'a Regime,
    count: &'a Count<'a>,
    start: NaiveDate,
}

impl Told<'_> {
    fn end(&self, term: Term, end: &End, steps: &mut Vec<Step>) {
        let cite = self.regime.response.roll_src.as_deref();
        let day = |kind, (on, why): DayOff, what: &str| {
            // "Saturday 4 April" says itself why.
            let why = if weekend(on) == Some(&*why) { String::new() } else { format!(": {why}") };
            Step::new(kind, format!("{} {what}{why}", in_words(on))).on(on).cite(cite)
        };
        if term.unit == Unit::WorkingDays {
            let out = self.count.holidays_left_out(self.start, end.nominal);
            steps.extend(out.into_iter().map(|off| day(StepKind::NotCounted, off, "is not counted")));
        }
        if end.clamped {
            let text = format!("the month has no day {}, so its last day is taken", self.start.day());
            steps.push(Step::new(StepKind::MonthEnd, text).on(end.nominal).cite(cite));
        }
        let text = match self.count.counting {
            Counting::Ordinary if term.amount == 1 => format!("{term} ends on {}", in_words(end.nominal)),
            Counting::Ordinary => format!("{term} end on {}", in_words(end.nominal)),
            Counting::ClearDays => format!("the day after {term} is {}", in_words(end.nominal)),
        };
        steps.push(Step::new(StepKind::Ends, text).on(end.nominal));
        let moved = end.moved.iter().cloned();
        steps.extend(moved.map(|off| day(StepKind::Moved, off, "moves the end")));
        if end.due == end.nominal
            && let Some(why) = self.count.calendar.day_off(end.nominal)
        {
            let off = (end.nominal, why);
            steps.push(day(StepKind::Stays, off, "does not move the end"));
        }
    }
}

fn caveats(regime: &Regime, calendar: &Calendar) -> Vec<Step> {
    let seen = match regime.verified {
        Verified::Primary => None,
        Verified::PartialPrimary => Some("estimate: only a part of the statute was read"),
        Verified::Secondary => Some("estimate: taken from official or expert pages, not from the statute"),
        Verified::Memory => Some("estimate: not yet checked against the statute"),
    };
    let mut steps: Vec<Step> = seen.map(|text| Step::new(StepKind::Caveat, text)).into_iter().collect();
    if let Some(caveat) = calendar.caveat() {
        steps.push(Step::new(StepKind::Caveat, format!("estimate: {caveat}")));
    }
    steps
}
