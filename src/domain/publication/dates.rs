//! Every date of a request's course, in the order of days and in plain English, for pages, feeds and the command line.

use chrono::NaiveDate;
use serde::Serialize;

use crate::domain::law::course::{AnswerClock, BodyClock, Course, Right, RightStanding};
use crate::domain::law::derivation::{Step, StepKind};
use crate::domain::law::remedy::{After, RemedyStep};
use crate::domain::law::rules::SilenceEffect;
use crate::domain::publication::prose::long;

/// A date of a request's course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyDate {
    /// The day, in the zone of the law.
    pub on: NaiveDate,
    /// What it is, as a key: `due`, `extended_due`, `expected`, `late_letter`, `right_opens`, `right_lapses`,
    /// `body_due`, `body_silence`. An `expected` day is never a legal deadline.
    pub what: &'static str,
    /// What it is, as a heading: `Complaint to CADA: last day`.
    pub name: String,
    /// One or two sentences on it.
    pub detail: String,
    /// The remedy it belongs to.
    pub step: Option<RemedyStep>,
    /// It hangs on something that has not happened: that no answer comes, that more time is claimed. A right that
    /// hangs on silence is there once its first day has come.
    pub conditional: bool,
    /// Whether a figure is less than certain.
    pub estimate: bool,
    /// The provision.
    pub cite: Option<String>,
}

/// All dates, in the order of days.
pub fn key_dates(course: &Course) -> Vec<KeyDate> {
    let mut dates = Vec::new();
    if let Some(answer) = &course.answer {
        of_the_answer(answer, &mut dates);
    }
    for right in &course.rights {
        of_a_right(course, right, &mut dates);
    }
    for body in course.bodies.iter().filter(|body| body.decided_on.is_none()) {
        of_a_body(body, &mut dates);
    }
    dates.sort_by_key(|date| date.on);
    dates
}

/// The right to look at next: of those open the one that lapses first, else one without an end, else the next to open.
pub fn next_right(course: &Course, today: NaiveDate) -> Option<&Right> {
    let open = |right: &&Right| matches!(right.standing(today), RightStanding::Open { .. });
    let endless = || course.rights.iter().find(|right| right.opens_on.is_some() && open(right));
    course.lapses_next(today).or_else(endless).or_else(|| course.opens_next(today))
}

/// Whether what opens a right is not there yet as far as the facts tell.
pub fn hangs_on_silence(course: &Course, right: &Right) -> bool {
    let decided = match right.of {
        None => course.answer.as_ref().and_then(|answer| answer.answered_on),
        Some(step) => course.bodies.iter().find(|body| body.step == step).and_then(|body| body.decided_on),
    };
    right.if_silent && decided.is_none() && right.used_on.is_none()
}

/// A remedy with who hears it, as `Complaint to CADA`.
pub fn remedy_name(step: RemedyStep, body: &str) -> String {
    let body = body_name(body);
    match step {
        RemedyStep::Notice => "Notice of default".to_owned(),
        RemedyStep::Review if body == "the authority itself" => "Review by the authority".to_owned(),
        RemedyStep::Review => format!("Review by {body}"),
        RemedyStep::Complaint => format!("Complaint to {body}"),
        RemedyStep::Ombudsman => format!("Complaint to {body} (not binding)"),
        RemedyStep::Court => format!("Court ({body})"),
    }
}

/// The first name of a body, without what the data says of it beside.
pub fn body_name(body: &str) -> &str {
    let ends = [" (", ";", " / ", " → ", " – ", ", then "];
    let end = ends.iter().filter_map(|sign| body.find(sign)).min().unwrap_or(body.len());
    let name = body.get(..end).unwrap_or(body).trim();
    if name.is_empty() { body } else { name }
}

/// The provision of the first of these kinds of step, else any.
fn cite(steps: &[Step], kinds: &[StepKind]) -> Option<String> {
    let cited = |step: &&Step| step.cite.is_some();
    let named = steps.iter().filter(cited).find(|step| kinds.contains(&step.kind));
    named.or_else(|| steps.iter().find(cited)).and_then(|step| step.cite.clone())
}

fn of_the_answer(answer: &AnswerClock, dates: &mut Vec<KeyDate>) {
    let deadline = &answer.deadline;
    let open = answer.answered_on.is_none() && answer.stands_still.is_none();
    let rule = cite(&deadline.steps, &[StepKind::Rule, StepKind::NoFigure]);
    let add = |on, what, (name, detail): (&str, String)| KeyDate {
        on,
        what,
        name: name.to_owned(),
        detail,
        step: None,
        conditional: what == "extended_due",
        estimate: deadline.estimate,
        cite: rule.clone(),
    };
    if let Some(due) = answer.due_on {
        dates.push(add(due, "due", ("Answer due", answer_detail(answer))));
    }
    if let Some(on) = deadline.expected_on.filter(|_| open && answer.due_on.is_none()) {
        let detail = "The law says “promptly” and gives no figure; practice expects an answer by then. \
            This is no legal deadline.";
        dates.push(add(on, "expected", ("Answer expected", detail.to_owned())));
    }
    let more = deadline.extended_due_on.filter(|most| answer.due_on.is_some_and(|due| due < *most));
    if let Some(on) = more.filter(|_| open && answer.claims.is_empty()) {
        let detail = "Only if the authority claims more time lawfully and says so in time.".to_owned();
        let own = cite(&deadline.extended_steps, &[StepKind::Rule]);
        let date = add(on, "extended_due", ("Answer due, if the authority extends", detail));
        dates.push(KeyDate { cite: own.or(date.cite), ..date });
    }
    if let Some(on) = answer.late_letter_from.filter(|_| open) {
        let detail = "The first working day on which a letter may say that the answer is late.".to_owned();
        let date = add(on, "late_letter", ("First day for a letter about the delay", detail));
        dates.push(KeyDate { conditional: true, ..date });
    }
}

fn answer_detail(answer: &AnswerClock) -> String {
    let last = match (answer.deadline.is_target, answer.claims.is_empty()) {
        (true, _) => "The day by which the authority should answer; the law makes it a target.",
        (false, true) => "The last day on which an answer is in time.",
        (false, false) => {
            "The last day on which an answer is in time, with the authority’s claim to more time weighed."
        }
    };
    match (answer.answered_on, answer.silence) {
        (Some(on), _) => format!("{last} The authority decided on {}.", long(on)),
        (None, SilenceEffect::Refusal) => format!("{last} Silence after it counts as a refusal."),
        (None, SilenceEffect::None) => {
            format!("{last} Silence after it is no refusal: the answer stays owed.")
        }
    }
}

fn of_a_right(course: &Course, right: &Right, dates: &mut Vec<KeyDate>) {
    if right.used_on.is_some() {
        return;
    }
    let name = remedy_name(right.step, &right.body);
    let conditional = hangs_on_silence(course, right);
    let add = |on, what, (end, detail): (&str, String), kind| KeyDate {
        on,
        what,
        name: format!("{name}: {end}"),
        detail,
        step: Some(right.step),
        conditional,
        estimate: right.estimate,
        cite: cite(&right.steps, &[kind, StepKind::Rule]),
    };
    let condition = if conditional { "If nothing comes before. " } else { "" };
    let first = |early: &str| format!("{condition}{}{early}{}", opened_by(right), duty(right));
    // After a decision the first day is that of the decision itself and tells nothing new.
    let opens = right.opens_on.filter(|on| right.if_silent || right.trigger_on.is_none_or(|day| day < *on));
    if let Some(on) = opens {
        dates.push(add(
            on,
            "right_opens",
            ("first day", first(" Earlier is inadmissible.")),
            StepKind::Opens,
        ));
    }
    if let Some(on) = right.last_on {
        let untold = right
            .untold_last_on
            .map(|on| format!(" Where the decision did not name this remedy: {}.", long(on)));
        let detail = format!("{}{}", first(""), untold.unwrap_or_default());
        dates.push(add(on, "right_lapses", ("last day", detail), StepKind::Rule));
    }
}

/// What opens a right, as a sentence.
fn opened_by(right: &Right) -> String {
    let what = match (right.after, right.of) {
        (After::Decision, None) => "the authority’s decision".to_owned(),
        (After::Silence, None) => "the authority’s silence".to_owned(),
        (After::Decision, Some(step)) => format!("the decision on the step before ({step})"),
        (After::Silence, Some(step)) => format!("silence on the step before ({step})"),
    };
    match right.trigger_on {
        Some(on) => format!("Against {what}, counted from {}.", long(on)),
        None => format!("Against {what}."),
    }
}

fn duty(right: &Right) -> &'static str {
    match right.mandatory {
        Some(true) => " The steps after it need it.",
        Some(false) | None => "",
    }
}

fn of_a_body(body: &BodyClock, dates: &mut Vec<KeyDate>) {
    let name = remedy_name(body.step, &body.body);
    let add = |on, what, (end, detail): (&str, &str)| KeyDate {
        on,
        what,
        name: format!("{name}: {end}"),
        detail: detail.to_owned(),
        step: Some(body.step),
        conditional: what == "body_silence",
        estimate: body.estimate,
        cite: cite(&body.steps, &[StepKind::Due]),
    };
    if let Some(on) = body.due_on {
        let detail = if body.target {
            "The day by which it should decide; an aim or practice, no legal limit."
        } else {
            "The last day for its decision."
        };
        dates.push(add(on, "body_due", ("decision due", detail)));
    }
    if let Some(on) = body.refuses_on {
        let detail = "If nothing comes until then, silence counts as a refusal and opens the next step.";
        dates.push(add(on, "body_silence", ("silence counts as a refusal", detail)));
    }
}
