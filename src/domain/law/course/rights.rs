//! The requester's own days after a decision or silence, and the time of the bodies that hear the remedies.

use chrono::{NaiveDate, TimeDelta};

use crate::domain::law::calendar::{Calendar, next};
use crate::domain::law::counting::{Count, End};
use crate::domain::law::course::{AnswerClock, BodyClock, Fact, Happened, Right};
use crate::domain::law::deadline::Error;
use crate::domain::law::derivation::{Step, StepKind, in_words};
use crate::domain::law::regime::Regime;
use crate::domain::law::remedy::{After, OpensFrom, Remedy, RemedyStep, Way};
use crate::domain::law::rules::{Counting, DayKind, SilenceEffect};
use crate::domain::law::term::{Term, Unit};

/// A decision or silence that opens a way.
#[derive(Debug, Clone, Copy)]
struct Trigger {
    of: Option<RemedyStep>,
    after: After,
    /// The day; none where silence has no day in the law.
    on: Option<NaiveDate>,
    /// Something later took its place, or gave all that was asked.
    over: bool,
}

struct Ways<'a> {
    law: &'a Regime,
    calendar: &'a Calendar,
    facts: &'a [Fact],
    received: Option<NaiveDate>,
    unsure: bool,
}

/// All rights and the clocks of the bodies, in the order of the law's remedies.
pub(super) fn of(
    law: &Regime,
    calendar: &Calendar,
    (answer, facts): (Option<&AnswerClock>, &[Fact]),
) -> Result<(Vec<Right>, Vec<BodyClock>), Error> {
    let received = facts.iter().find(|fact| fact.what == Happened::Received).map(|fact| fact.on);
    let unsure = law.is_estimate() || calendar.caveat().is_some();
    let ways = Ways { law, calendar, facts, received, unsure };
    let mut triggers = ways.first(answer);
    let (mut rights, mut bodies) = (Vec::new(), Vec::new());
    for remedy in &law.remedies {
        let mut opened = Vec::new();
        for way in &remedy.ways {
            for trigger in triggers.iter().filter(|it| it.of == way.of && it.after == way.after) {
                opened.push((ways.right(remedy, way, *trigger)?, trigger.over));
            }
        }
        for used in ways.taken(remedy.step) {
            mark(&mut opened, used);
        }
        if let Some(used) = ways.taken(remedy.step).next_back() {
            let body = ways.body(remedy, used)?;
            triggers.extend(ways.next(remedy, &body));
            bodies.push(body);
        }
        // What a later decision ended is told only where it was used in its time.
        let kept = opened.into_iter().filter(|(right, over)| !over || right.used_on.is_some());
        rights.extend(kept.map(|(right, _)| right));
    }
    Ok((rights, bodies))
}

/// Of several ways to one step the one was used whose decision or silence came last before it, of those that were open
/// if there is one. What a decision after the use opened stays open; ways that the use served as well are used.
fn mark(opened: &mut Vec<(Right, bool)>, used: NaiveDate) {
    // What was used too early can be used again.
    let free = |right: &Right| match (right.used_on, right.opens_on) {
        (Some(used), Some(opens)) => used < opens,
        (used, _) => used.is_none(),
    };
    let came = |right: &Right| free(right) && right.trigger_on.is_none_or(|on| on <= used);
    let open = |right: &Right| {
        right.opens_on.is_none_or(|opens| opens <= used) && right.last_on.is_none_or(|last| used <= last)
    };
    let latest = |which: &dyn Fn(&Right) -> bool| {
        let found = opened.iter().enumerate().filter(|(_, (right, _))| which(right));
        found.max_by_key(|(_, (right, _))| right.trigger_on).map(|(place, _)| place)
    };
    let first = || {
        let unused = opened.iter().enumerate().filter(|(_, (right, _))| free(right));
        unused.min_by_key(|(_, (right, _))| right.trigger_on).map(|(place, _)| place)
    };
    let in_time = latest(&|right| came(right) && open(right));
    let Some(place) = in_time.or_else(|| latest(&came)).or_else(first) else { return };
    if let Some((right, _)) = opened.get_mut(place) {
        right.used_on = Some(used);
    }
    if in_time.is_some() {
        let mut at = 0..;
        opened.retain(|(right, _)| at.next() == Some(place) || !came(right));
    }
}

impl Ways<'_> {
    /// What the authority's decisions and its silence open.
    fn first(&self, answer: Option<&AnswerClock>) -> Vec<Trigger> {
        let mut triggers = Vec::new();
        let decisions: Vec<(NaiveDate, bool)> = self
            .facts
            .iter()
            .filter_map(|fact| match fact.what {
                Happened::Answered { refuses } => Some((fact.on, refuses)),
                _ => None,
            })
            .collect();
        let given = decisions.last().is_some_and(|(_, refuses)| !refuses) || self.given_later();
        if let Some(answer) = answer {
            let (due, answered) = (answer.due_on, answer.answered_on);
            let late = answered.is_none_or(|on| due.is_some_and(|due| due < on));
            let refusal = self.law.silence.effect == SilenceEffect::Refusal;
            let known = due.is_some() || (answer.stands_still.is_none() && answered.is_none());
            let served = TimeDelta::days(i64::from(self.law.silence.served_after_days));
            if late && known {
                // An answer that came late ends what silence opened, unless silence was a refusal by itself.
                let over = given || (answered.is_some() && !refusal);
                let on = due.map(|due| due + served);
                triggers.push(Trigger { of: None, after: After::Silence, on, over });
            }
            if let Some(before) = answer.refused_before {
                let on = Some(before + served);
                triggers.push(Trigger { of: None, after: After::Silence, on, over: given });
            }
        }
        // A second decision replaces the first.
        let last = decisions.len().saturating_sub(1);
        let refusals = decisions.iter().enumerate().filter(|(_, (_, refuses))| *refuses);
        triggers.extend(refusals.map(|(place, (on, _))| Trigger {
            of: None,
            after: After::Decision,
            on: Some(*on),
            over: place < last || given,
        }));
        triggers
    }

    /// Whether the last decision on a remedy gave all that was asked.
    fn given_later(&self) -> bool {
        let decided = self.facts.iter().rev().find_map(|fact| match fact.what {
            Happened::Decided { refuses, .. } => Some(refuses),
            _ => None,
        });
        decided == Some(false)
    }

    /// What the decision on a remedy, or silence on it, opens.
    fn next(&self, remedy: &Remedy, body: &BodyClock) -> Vec<Trigger> {
        let (of, over) = (Some(remedy.step), self.given_later());
        let mut triggers = Vec::new();
        let end = body.refuses_on.or(body.due_on);
        let late = body.decided_on.is_none_or(|on| end.is_some_and(|end| end < on));
        let stands = body.decided_on.is_none() || body.refuses_on.is_some();
        if let Some(end) = end.filter(|_| late && stands) {
            let served = i64::from(remedy.silence_served_after_days);
            let on = Some(end + TimeDelta::days(served));
            triggers.push(Trigger { of, after: After::Silence, on, over });
        }
        if let Some((on, true)) = self.decided(remedy.step, body.start) {
            triggers.push(Trigger { of, after: After::Decision, on: Some(on), over });
        }
        triggers
    }

    /// The last decision on a step, of those after it was used last.
    fn decided(&self, of: RemedyStep, used: NaiveDate) -> Option<(NaiveDate, bool)> {
        self.facts.iter().rev().filter(|fact| used <= fact.on).find_map(|fact| match fact.what {
            Happened::Decided { step, refuses } if step == of => Some((fact.on, refuses)),
            _ => None,
        })
    }

    /// The days on which a step was used.
    fn taken(&self, step: RemedyStep) -> impl DoubleEndedIterator<Item = NaiveDate> {
        self.facts.iter().filter(move |fact| fact.what == Happened::Taken(step)).map(|fact| fact.on)
    }

    /// A count for days that nothing but `moved_by` moves, neither the first nor the last left out.
    fn count<'b>(&'b self, moved_by: &'b [DayKind]) -> Count<'b> {
        Count { calendar: self.calendar, counting: Counting::Ordinary, moved_by, still: &[] }
    }

    fn right(&self, remedy: &Remedy, way: &Way, trigger: Trigger) -> Result<Right, Error> {
        let mut steps = Vec::new();
        let cite = Some(way.src.as_str());
        if let Some(on) = trigger.on {
            let what = match (way.after, way.of) {
                (After::Decision, None) => "decided on",
                (After::Decision, Some(_)) => "the step before was decided on",
                (After::Silence, None) => "the time for the answer ends on",
                (After::Silence, Some(_)) => "the time of the step before ends on",
            };
            let text = format!("{what} {}; this day is not counted", in_words(on));
            steps.push(Step::new(StepKind::Received, text).on(on));
        }
        let opens_on = self.opens(way, trigger, &mut steps)?;
        let last = |term: Term| -> Result<Option<End>, Error> {
            let Some(on) = trigger.on else { return Ok(None) };
            let plus = Term { amount: way.plus_days, unit: Unit::CalendarDays };
            let mut end = self.count(if way.plus_days > 0 { &[] } else { &way.roll_on }).end(on, term)?;
            if way.plus_days > 0 {
                end = self.count(&way.roll_on).end(end.due, plus)?;
            }
            Ok(Some(end))
        };
        let end = way.within().map(last).transpose()?.flatten();
        if let (Some(term), Some(end)) = (way.within(), &end) {
            told(way, term, end, &mut steps);
        } else if way.within().is_none() {
            steps.push(Step::new(StepKind::NoFigure, "the law sets no last day that we know").cite(cite));
        }
        let untold = way.untold().map(last).transpose()?.flatten();
        let remarks = [&remedy.form, &remedy.fee].into_iter().flatten().cloned().collect();
        Ok(Right {
            step: remedy.step,
            name: remedy.name.clone(),
            body: remedy.body.clone(),
            url: remedy.url.clone(),
            after: way.after,
            of: way.of,
            mandatory: remedy.mandatory,
            trigger_on: trigger.on,
            opens_on,
            last_on: end.map(|end| end.due),
            untold_last_on: untold.map(|end| end.due),
            if_silent: way.after == After::Silence,
            practice: way.practice,
            remarks,
            used_on: None,
            steps,
            estimate: self.unsure || way.practice,
        })
    }

    /// The first day: that of a decision, the day after the time for it ended, or later where the law says so.
    fn opens(&self, way: &Way, trigger: Trigger, steps: &mut Vec<Step>) -> Result<Option<NaiveDate>, Error> {
        let by_trigger = trigger.on.map(|on| if way.after == After::Silence { next(on) } else { on });
        let from = match way.opens_from {
            Some(OpensFrom::Receipt) => self.received,
            Some(OpensFrom::Trigger) => trigger.on,
            None => None,
        };
        let Some((term, from)) = way.opens_after().zip(from) else {
            if let Some(opens) = by_trigger.filter(|_| way.after == After::Silence) {
                let text = format!("it may be used from {}; earlier is too early", in_words(opens));
                steps.push(Step::new(StepKind::Opens, text).on(opens));
            }
            return Ok(by_trigger);
        };
        let over = self.count(&[]).end(from, term)?.due;
        let opens = by_trigger.map_or(next(over), |opens| opens.max(next(over)));
        let text = format!(
            "it may be used once {term} from {} are over, from {}; earlier is too early",
            in_words(from),
            in_words(opens)
        );
        steps.push(Step::new(StepKind::Opens, text).on(opens).cite(Some(&way.src)));
        Ok(Some(opens))
    }

    fn body(&self, remedy: &Remedy, taken: NaiveDate) -> Result<BodyClock, Error> {
        let fact =
            |what: Happened| self.facts.iter().rev().find(|fact| fact.what == what).map(|fact| fact.on);
        let registered = fact(Happened::TakenRegistered(remedy.step)).filter(|on| taken <= *on);
        let start = registered.unwrap_or(taken);
        let decided_on = self.decided(remedy.step, taken).map(|(on, _)| on);
        let count = Count { counting: Counting::Ordinary, ..Count::of(&self.law.response, self.calendar) };
        let cite = Some(remedy.src.as_str());
        let how = if registered.is_some() { "registered" } else { "filed" };
        let text = format!("{how} on {}; this day is not counted", in_words(start));
        let mut steps = vec![Step::new(StepKind::Received, text).on(start)];
        let due_on = match remedy.answer_within() {
            Some(term) => {
                let due = count.end(start, term)?.due;
                let text = format!("it is to be decided within {term}, by {}", in_words(due));
                steps.push(Step::new(StepKind::Due, text).on(due).cite(cite));
                Some(due)
            }
            None => None,
        };
        let refuses_on = match remedy.silence_after() {
            Some(term) => {
                let on = self.count(&[]).end(start, term)?.due;
                let text = format!("silence until {} counts as a refusal", in_words(on));
                steps.push(Step::new(StepKind::Due, text).on(on).cite(cite));
                Some(on)
            }
            None => None,
        };
        Ok(BodyClock {
            step: remedy.step,
            body: remedy.body.clone(),
            start,
            due_on,
            refuses_on,
            target: remedy.answer_target,
            decided_on,
            steps,
            estimate: self.unsure || remedy.answer_target,
        })
    }
}

/// How a requester's last day came about.
fn told(way: &Way, term: Term, end: &End, steps: &mut Vec<Step>) {
    let cite = Some(way.src.as_str());
    let more = if way.plus_days > 0 { format!(" and {} days", way.plus_days) } else { String::new() };
    let text = format!("it has to be used within {term}{more}");
    steps.push(Step::new(StepKind::Rule, text).cite(cite));
    for (day, why) in &end.moved {
        let text = format!("{} moves the end: {why}", in_words(*day));
        steps.push(Step::new(StepKind::Moved, text).on(*day).cite(cite));
    }
    let text = format!("the last day is {}", in_words(end.due));
    steps.push(Step::new(StepKind::Due, text).on(end.due));
    if way.practice {
        let text = "the figure is that of practice, the statute gives none";
        steps.push(Step::new(StepKind::Caveat, text).cite(cite));
    }
}
