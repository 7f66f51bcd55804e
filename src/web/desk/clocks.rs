//! The clocks of a request at the desk, side by side, and what a person may record that moves them.

use crate::domain::law::regime::Regime;
use crate::domain::law::remedy::RemedyStep;
use crate::domain::publication::clock_rows::{ClockRow, side_by_side};
use crate::domain::publication::clock_words::step_word;
use crate::domain::publication::counting::Days;
use crate::domain::publication::dates::remedy_name;
use crate::domain::publication::derivation::Derivation;
use crate::domain::request::event::Event;
use crate::domain::request::in_force;
use crate::service::steps::What;
use crate::service::{Context, LawError, Lived};
use crate::store::Conn;
use crate::web::choice::Choice;
use crate::web::error::Error;
use chrono::NaiveDate;
use serde::Serialize;

/// The clocks as they are shown.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Clocks {
    rows: Vec<ClockRow>,
    /// Of the authority's last day.
    derivation: Option<Derivation>,
    late_letter_from: Option<NaiveDate>,
    stands_still: bool,
    /// Why they cannot be counted.
    unknown: Option<String>,
    /// What may be recorded.
    pub(crate) choices: Vec<Choice>,
    /// Places of the events that may be taken back.
    #[serde(skip)]
    pub(crate) may_go: Vec<i64>,
    /// Places of the events that count no more.
    #[serde(skip)]
    pub(crate) gone: Vec<i64>,
}

/// The clocks of a request today.
pub fn load(ctx: &Context, conn: &mut Conn, request: i64) -> Result<Clocks, Error> {
    match ctx.lived(conn, request) {
        Ok(lived) => {
            let today = lived.law.day_of(ctx.clock.now());
            Ok(shown(&lived, today))
        }
        // A law that gives no day for it: said beside the rest of the page.
        Err(LawError::Deadline(error)) => {
            Ok(Clocks { unknown: Some(format!("{error}.")), ..Clocks::default() })
        }
        Err(LawError::Store(error)) => Err(error.into()),
        Err(error) => Err(Error::internal(&error)),
    }
}

fn shown(lived: &Lived, today: NaiveDate) -> Clocks {
    let counts = in_force(&lived.events.iter().collect::<Vec<_>>());
    let places = || (1_i64..).zip(lived.events.iter().zip(&counts));
    // Of a letter that did not arrive, or came back, no clock runs.
    let runs = lived.state.has_clocks();
    let answer = lived.course.answer.as_ref().filter(|_| runs);
    Clocks {
        rows: if runs { side_by_side(&lived.course, today) } else { Vec::new() },
        derivation: answer.map(|answer| {
            let start = answer.deadline.start;
            Derivation::of(&answer.deadline, &Days::of(&lived.law.regime, &lived.law.calendar, start))
        }),
        late_letter_from: answer.filter(|it| it.answered_on.is_none()).and_then(|it| it.late_letter_from),
        stands_still: answer.is_some_and(|it| it.stands_still.is_some()),
        unknown: None,
        choices: if answer.is_some() { choices(lived) } else { Vec::new() },
        may_go: places()
            .filter(|(_, (event, counts))| **counts && event.is_told_step())
            .map(|it| it.0)
            .collect(),
        gone: places().filter(|(_, (_, counts))| !**counts).map(|it| it.0).collect(),
    }
}

/// What can have happened: an answer only to what was asked, a decision only on what was used.
fn choices(lived: &Lived) -> Vec<Choice> {
    let mut choices = Vec::new();
    let asked = |wanted: fn(&Event) -> bool| lived.events.iter().any(wanted);
    if asked(|event| matches!(event, Event::ClarificationAsked { .. })) {
        choices.push(Choice::new("clarification_given", "The authority has our answer to its question"));
    }
    if asked(|event| matches!(event, Event::FeeAsked { .. })) {
        choices.push(Choice::new("fee_paid", "The fee was paid, or the demand dropped"));
    }
    if asked(|event| matches!(event, Event::ThirdPartyAsked { .. })) {
        choices.push(Choice::new("third_party_answered", "The hearing of the third party ended"));
    }
    for remedy in &lived.law.regime.remedies {
        let (word, name) = (remedy.step.as_str(), named(&lived.law.regime, remedy.step));
        choices.push(Choice::new(format!("used.{word}"), format!("{name}: it has been sent and arrived")));
        if lived.course.bodies.iter().any(|body| body.step == remedy.step) {
            choices.push(Choice::new(format!("registered.{word}"), format!("{name}: registered")));
            choices.push(Choice::new(format!("decided.{word}"), format!("{name}: decided")));
        }
    }
    choices
}

/// A remedy by its own name where it has one.
fn named(law: &Regime, step: RemedyStep) -> String {
    let Some(remedy) = law.remedy(step) else { return step_word(step).to_owned() };
    let plain = remedy_name(step, &remedy.body);
    remedy.name.as_ref().map_or_else(|| plain.clone(), |name| format!("{plain}, {name}"))
}

/// What a choice of the form means.
pub(crate) fn what(word: &str, outcome: Option<crate::domain::request::state::Outcome>) -> Option<What> {
    let step = |word: &str| word.parse::<RemedyStep>().ok();
    match word.split_once('.') {
        Some(("used", word)) => step(word).map(What::Used),
        Some(("registered", word)) => step(word).map(What::Registered),
        Some(("decided", word)) => step(word).map(|step| What::Decided(step, outcome)),
        Some(_) => None,
        None => match word {
            "clarification_given" => Some(What::ClarificationGiven),
            "fee_paid" => Some(What::FeePaid),
            "third_party_answered" => Some(What::ThirdPartyAnswered),
            _ => None,
        },
    }
}
