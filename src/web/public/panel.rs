//! The clocks of a request side by side: which one counts, what the requester may do now, and until when.

use crate::domain::law::course::{AnswerClock, Counts, Course, Right, RightStanding};
use crate::domain::law::derivation::StepKind;
use crate::domain::law::regime::Regime;
use crate::domain::law::rules::SilenceEffect;
use crate::domain::publication::clock_rows::{ClockRow, side_by_side};
use crate::domain::publication::dates::{next_right, remedy_name};
use crate::domain::publication::derivation::StepLine;
use crate::domain::publication::prose::{capital, long, open_end};
use crate::domain::publication::timeline::Tag;
use crate::web::public::lived::Lived;
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::HashMap;

/// One clock with the place where it is explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The clock.
    #[serde(flatten)]
    pub clock: ClockRow,
    /// What it is known by on the page of its dates, as `complaint` or `complaint-2`.
    pub anchor: String,
    /// What silence on it means, where it means something.
    pub later: Option<String>,
}

/// A sentence with its provision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// The sentence.
    pub text: String,
    /// The provision.
    pub cite: String,
}

/// What the page shows of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Panel {
    /// Which clock counts, in a sentence.
    pub counts: String,
    /// That silence counts as a refusal, as a tag.
    pub refused: Option<Tag>,
    /// What silence or the refusal means in this law.
    pub says: Option<Said>,
    /// What is to be done next, in a sentence.
    pub next: Option<String>,
    /// What the authority claimed, and what happened and moved nothing.
    pub claims: Vec<StepLine>,
    /// The clocks.
    pub rows: Vec<Row>,
}

impl Panel {
    /// Of a request whose clocks mean something.
    pub fn of(lived: &Lived<'_>) -> Option<Self> {
        let (course, today) = (lived.course.as_ref()?, lived.today);
        let answer = course.answer.as_ref()?;
        let claims = answer.remarks.iter().filter(|step| {
            matches!(step.kind, StepKind::Claimed | StepKind::MovesNothing | StepKind::Restarted)
        });
        let says = says(lived.law, answer, today);
        Some(Self {
            counts: counts(course, answer, today),
            refused: course
                .refused_by_silence(today)
                .filter(|_| answer.answered_on.is_none())
                .map(|_| Tag { glyph: "silent", words: "Refused by silence".to_owned() }),
            next: next(course, today, says.is_some()),
            says,
            claims: claims.map(StepLine::of).collect(),
            rows: rows(course, lived.law, today),
        })
    }
}

/// The clocks in their order, each with a name of its own on the page.
pub fn rows(course: &Course, law: &Regime, today: NaiveDate) -> Vec<Row> {
    let mut seen: HashMap<String, u32> = HashMap::new();
    let named = |mut clock: ClockRow| {
        clock.remarks =
            clock.remarks.iter().map(|remark| format!("{}.", capital(open_end(remark)))).collect();
        let base = match (clock.step, clock.whose) {
            (None, _) => "answer".to_owned(),
            (Some(step), "body") => format!("{step}-decision"),
            (Some(step), _) => step.to_string(),
        };
        let nth = seen.entry(base.clone()).or_default();
        *nth += 1;
        let anchor = if *nth == 1 { base } else { format!("{base}-{nth}") };
        let later = clock.step.filter(|_| clock.whose == "you").and_then(|step| {
            let term = law.remedy(step)?.silence_after()?;
            Some(format!(
                "Once it is used, silence for {term} counts as a refusal again and opens the next step."
            ))
        });
        Row { clock, anchor, later }
    };
    side_by_side(course, today).into_iter().map(named).collect()
}

fn counts(course: &Course, answer: &AnswerClock, today: NaiveDate) -> String {
    let body = |step| course.bodies.iter().rev().find(|body| body.step == step);
    match course.counts(today) {
        Counts::Answer if answer.stands_still.is_some() => {
            "The authority’s clock counts, and it stands still.".to_owned()
        }
        Counts::Answer if course.refused_by_silence(today).is_some() => {
            "The authority’s time has run out, and silence is a refusal: the requester’s own time counts now."
                .to_owned()
        }
        Counts::Answer => "The authority’s clock counts: the answer is owed.".to_owned(),
        Counts::Body(step) => {
            let name = body(step).map(|body| remedy_name(step, &body.body)).unwrap_or_default();
            format!("The clock of the remedy counts: {name}.")
        }
        Counts::Nothing if !course.rights.iter().any(|right| may_come(right, today)) => {
            "No clock of an authority runs, and no right is open that we know of.".to_owned()
        }
        Counts::Nothing => "No clock of an authority runs: the next step is the requester’s.".to_owned(),
    }
}

/// Whether a right is open or will be.
fn may_come(right: &Right, today: NaiveDate) -> bool {
    matches!(right.standing(today), RightStanding::Open { .. } | RightStanding::NotYet { .. })
}

fn says(law: &Regime, answer: &AnswerClock, today: NaiveDate) -> Option<Said> {
    if answer.answered_on.is_some() {
        return None;
    }
    let late = answer.due_on.filter(|due| *due < today)?;
    let text = match law.silence.effect {
        SilenceEffect::Refusal => format!("The time ended on {}: silence counts as a refusal.", long(late)),
        SilenceEffect::None => format!(
            "The time ended on {}. Under this law silence is no refusal: the answer stays owed.",
            long(late)
        ),
    };
    Some(Said { text, cite: open_end(&law.silence.src).to_owned() })
}

/// While the time for the answer runs, what may be done should it pass is no news.
fn next(course: &Course, today: NaiveDate, ended: bool) -> Option<String> {
    let right = next_right(course, today)?;
    let ahead = right.if_silent && right.opens_on.is_none_or(|on| today < on);
    if ahead && !ended && course.bodies.is_empty() {
        return None;
    }
    let name = remedy_name(right.step, &right.body);
    let opened = right.opens_on.is_none_or(|on| on <= today);
    Some(match (opened, right.opens_on, right.last_on) {
        (false, Some(opens), _) => {
            let silent = if right.if_silent { ", if nothing comes before" } else { "" };
            format!("{name}: from {}{silent}. Before that it is too early.", long(opens))
        }
        (_, _, Some(last)) => format!("{name}: {}.", lapses(last, today)),
        (_, _, None) => format!("{name}: open; no last day is known."),
    })
}

fn lapses(last: NaiveDate, today: NaiveDate) -> String {
    match (last - today).num_days() {
        0 => format!("lapses today, {}", long(last)),
        1 => format!("lapses tomorrow, {}", long(last)),
        days => format!("lapses in {days} days, after {}", long(last)),
    }
}
