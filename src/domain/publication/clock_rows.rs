//! The clocks of a request side by side, one row each, with their standing on a day in plain English.

use chrono::{NaiveDate, TimeDelta};
use serde::Serialize;

use crate::domain::law::course::{AnswerClock, BodyClock, Counts, Course, Right, RightStanding};
use crate::domain::law::derivation::{Step, StepKind};
use crate::domain::law::remedy::{After, RemedyStep};
use crate::domain::publication::dates::{hangs_on_silence, remedy_name};
use crate::domain::publication::derivation::StepLine;
use crate::domain::publication::prose::long;

/// One clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClockRow {
    /// What runs: `Answer`, `Complaint to CADA`, `CADA: decision`.
    pub name: String,
    /// Whose time it is: `authority`, `you`, `body`.
    pub whose: &'static str,
    /// Where it stands today, in words.
    pub standing: String,
    /// The sign that goes with the words: `wait`, `soon`, `late`, `silent`, `given`, `off`.
    pub glyph: &'static str,
    /// The first day: of the count, or on which the right may be used.
    pub first: Option<NaiveDate>,
    /// The last day.
    pub last: Option<NaiveDate>,
    /// The last day if the decision did not name this remedy.
    pub untold_last: Option<NaiveDate>,
    /// The remedy.
    pub step: Option<RemedyStep>,
    /// What it is called where it is used.
    pub local: Option<String>,
    /// What opens it.
    pub after: Option<After>,
    /// Whether the steps after it need it.
    pub mandatory: Option<bool>,
    /// Who hears it.
    pub body: Option<String>,
    /// Where.
    pub url: Option<String>,
    /// It hangs on silence that is not there yet.
    pub conditional: bool,
    /// The clock that counts today, or the right that lapses next.
    pub counts: bool,
    /// Whether a figure is less than certain.
    pub estimate: bool,
    /// Form and costs.
    pub remarks: Vec<String>,
    /// How its days came about.
    pub steps: Vec<StepLine>,
}

/// All clocks: the authority's, then the requester's own, then those of the bodies.
pub fn side_by_side(course: &Course, today: NaiveDate) -> Vec<ClockRow> {
    let counts = course.counts(today);
    let next = course.lapses_next(today);
    let mut rows = Vec::new();
    if let Some(answer) = &course.answer {
        // Once silence is a refusal there is nothing to wait for: the requester's own time is to be watched.
        let owed = counts == Counts::Answer && course.refused_by_silence(today).is_none();
        rows.push(ClockRow { counts: owed, ..of_the_answer(course, answer, today) });
    }
    rows.extend(course.rights.iter().map(|right| {
        let lapses = next.is_some_and(|next| std::ptr::eq(next, right));
        ClockRow { counts: lapses, ..of_a_right(course, right, today) }
    }));
    rows.extend(course.bodies.iter().map(|body| {
        let running = counts == Counts::Body(body.step);
        ClockRow { counts: running, ..of_a_body(body, today) }
    }));
    rows
}

fn lines(steps: &[Step]) -> Vec<StepLine> {
    steps.iter().map(StepLine::of).collect()
}

/// Days from one to another in words: `1 day`, `14 days`.
fn days(from: NaiveDate, to: NaiveDate) -> String {
    match (to - from).num_days() {
        1 => "1 day".to_owned(),
        n => format!("{n} days"),
    }
}

fn left(last: NaiveDate, today: NaiveDate) -> (String, &'static str) {
    match (last - today).num_days() {
        0 => ("last day today".to_owned(), "soon"),
        1..=7 => (format!("{} left", days(today, last)), "soon"),
        _ => (format!("{} left", days(today, last)), "wait"),
    }
}

fn of_the_answer(course: &Course, answer: &AnswerClock, today: NaiveDate) -> ClockRow {
    let (standing, glyph) = answer_standing(course, answer, today);
    ClockRow {
        name: if answer.due_on.is_none() && answer.deadline.expected_on.is_some() {
            "Answer (no legal last day)".to_owned()
        } else {
            "Answer".to_owned()
        },
        whose: "authority",
        standing,
        glyph,
        first: Some(answer.deadline.start),
        last: answer.due_on,
        untold_last: None,
        step: None,
        local: None,
        after: None,
        mandatory: None,
        body: None,
        url: None,
        conditional: false,
        counts: false,
        estimate: answer.deadline.estimate,
        remarks: Vec::new(),
        steps: lines(&answer.remarks),
    }
}

fn answer_standing(course: &Course, answer: &AnswerClock, today: NaiveDate) -> (String, &'static str) {
    if let Some(on) = answer.answered_on {
        let (late, glyph) = match answer.due_on.filter(|due| *due < on) {
            Some(due) => (format!(", {} late", days(due, on)), "part"),
            None if answer.due_on.is_some() => (", in time".to_owned(), "given"),
            None => (String::new(), "given"),
        };
        return (format!("decided on {}{late}", long(on)), glyph);
    }
    if let Some((since, why)) = answer.stands_still {
        return (format!("has stood still since {}: {why}", long(since)), "wait");
    }
    match (answer.due_on, answer.deadline.expected_on) {
        (Some(due), _) if due < today => match course.refused_by_silence(today) {
            Some(_) => (format!("refused by silence since {}", long(due + TimeDelta::days(1))), "silent"),
            None if answer.deadline.is_target => (format!("{} past the target", days(due, today)), "late"),
            None => (format!("{} late", days(due, today)), "late"),
        },
        (Some(due), _) => left(due, today),
        (None, Some(by)) if by < today => (format!("was expected by {}", long(by)), "wait"),
        (None, Some(by)) => (format!("can be expected by {}", long(by)), "wait"),
        (None, None) => ("this law sets no last day".to_owned(), "off"),
    }
}

fn of_a_right(course: &Course, right: &Right, today: NaiveDate) -> ClockRow {
    let conditional = hangs_on_silence(course, right) && right.opens_on.is_none_or(|on| today < on);
    let (standing, glyph) = right_standing(right, today);
    ClockRow {
        name: remedy_name(right.step, &right.body),
        whose: "you",
        standing,
        glyph,
        first: right.opens_on,
        last: right.last_on,
        untold_last: right.untold_last_on,
        step: Some(right.step),
        local: right.name.clone(),
        after: Some(right.after),
        mandatory: right.mandatory,
        body: Some(right.body.clone()),
        url: right.url.clone(),
        conditional,
        counts: false,
        estimate: right.estimate,
        remarks: right.remarks.clone(),
        steps: of_own_time(&right.steps),
    }
}

/// The steps of a right: nothing is received or due there, a time begins and ends.
fn of_own_time(steps: &[Step]) -> Vec<StepLine> {
    let named = |step: &Step| {
        let line = StepLine::of(step);
        match step.kind {
            StepKind::Received => StepLine { name: "Runs from", ..line },
            StepKind::Due => StepLine { name: "Last day", ..line },
            _ => line,
        }
    };
    steps.iter().map(named).collect()
}

fn right_standing(right: &Right, today: NaiveDate) -> (String, &'static str) {
    let on = |day_of: Option<NaiveDate>| day_of.map(|on| format!(" on {}", long(on))).unwrap_or_default();
    match right.standing(today) {
        RightStanding::NotYet { opens_on } => {
            let silent = if right.if_silent { ", if nothing comes before" } else { "" };
            (format!("too early; opens on {}{silent}", long(opens_on)), "wait")
        }
        RightStanding::Open { days_left: None } if right.opens_on.is_none() => {
            ("open as long as no answer comes; the law names no day".to_owned(), "wait")
        }
        RightStanding::Open { days_left: None } => ("open, no last day known".to_owned(), "given"),
        RightStanding::Open { days_left: Some(_) } => {
            let (words, glyph) = right.last_on.map_or((String::new(), "given"), |last| left(last, today));
            (format!("open, {words}"), if glyph == "soon" { "soon" } else { "given" })
        }
        RightStanding::OnlyIfUntold { until } => (
            format!(
                "over{}, unless the decision did not name it: then until {}",
                on(right.last_on),
                long(until)
            ),
            "off",
        ),
        RightStanding::Lapsed => (format!("lapsed{}", on(right.last_on)), "off"),
        RightStanding::Used => (format!("used{}", on(right.used_on)), "given"),
        RightStanding::UsedEarly => {
            let first = right.opens_on.map(long).unwrap_or_default();
            (format!("used{}, too early: inadmissible, repeat it from {first}", on(right.used_on)), "late")
        }
        RightStanding::UsedLate => (format!("used{}, after its last day", on(right.used_on)), "late"),
    }
}

fn of_a_body(body: &BodyClock, today: NaiveDate) -> ClockRow {
    let (standing, glyph) = match (body.decided_on, body.refuses_on, body.due_on) {
        (Some(on), _, _) => (format!("decided on {}", long(on)), "given"),
        (None, Some(on), _) if on < today => {
            (format!("silence counts as a refusal since {}", long(on + TimeDelta::days(1))), "silent")
        }
        (None, _, Some(due)) if due < today && body.target => {
            (format!("{} past its aim", days(due, today)), "wait")
        }
        (None, _, Some(due)) if due < today => (format!("{} late", days(due, today)), "late"),
        (None, _, Some(last)) | (None, Some(last), None) => left(last, today),
        (None, None, None) => ("no time limit known".to_owned(), "off"),
    };
    ClockRow {
        name: format!("{}: decision", remedy_name(body.step, &body.body)),
        whose: "body",
        standing,
        glyph,
        first: Some(body.start),
        last: body.due_on.or(body.refuses_on),
        untold_last: None,
        step: Some(body.step),
        local: None,
        after: None,
        mandatory: None,
        body: Some(body.body.clone()),
        url: None,
        conditional: false,
        counts: false,
        estimate: body.estimate,
        remarks: Vec::new(),
        steps: lines(&body.steps),
    }
}
