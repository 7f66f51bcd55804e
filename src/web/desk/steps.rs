//! The forms by which a person records what happened to a request, or takes it back: `/desk/requests/<reference>/steps`.

use crate::domain::law::remedy::RemedyStep;
use crate::domain::publication::clock_words::step_word;
use crate::domain::request::state::Outcome;
use crate::service::steps::{self, Step};
use crate::service::{Context, LawError};
use crate::store::Conn;
use crate::web::desk::clocks::what;
use crate::web::desk::correction::{Faults, date};
use crate::web::desk::done;
use crate::web::desk::guards::{CsrfForm, SignedIn};
use crate::web::desk::request::{self, may_act};
use crate::web::error::Error;
use crate::web::filters::long;
use crate::web::guards::Site;
use crate::web::rendered::Rendered;
use rocket::response::{Flash, Redirect};
use rocket::{FromForm, Route, State, post, routes};
use serde::Serialize;

/// What is typed into the form.
#[derive(Debug, Clone, Default, Serialize, FromForm)]
pub struct Typed {
    #[field(default = String::new())]
    what: String,
    #[field(default = String::new())]
    on_day: String,
    #[field(default = String::new())]
    on_month: String,
    #[field(default = String::new())]
    on_year: String,
    /// How the request stands after a decision; empty = as before.
    #[field(default = String::new())]
    outcome: String,
    /// The person was warned that it is too early.
    #[field(default = String::new())]
    sure: String,
}

/// A form that came back.
#[derive(Debug, Clone, Default)]
pub(crate) struct Back {
    /// What was typed.
    pub typed: Typed,
    /// What is wrong, by field.
    pub faults: Faults,
    /// What a person must be sure of.
    pub early: Option<String>,
}

impl Typed {
    fn step(&self) -> Result<Step, Faults> {
        let mut faults = Faults::new();
        let on = date("on", (&self.on_day, &self.on_month, &self.on_year), &mut faults);
        if on.is_none() {
            faults.entry("on").or_insert_with(|| "Write the day on which it happened.".to_owned());
        }
        let outcome = match self.outcome.trim() {
            "" => Ok(None),
            word => word.parse::<Outcome>().map(Some),
        };
        if outcome.is_err() {
            faults.insert("outcome", "Choose an outcome of the list.".to_owned());
        }
        let outcome = outcome.unwrap_or_default();
        let what = what(&self.what, outcome);
        if what.is_none() {
            faults.insert("what", "Choose what happened.".to_owned());
        }
        if outcome.is_some() && !self.what.starts_with("decided.") {
            faults.insert("outcome", "Only a decision has an outcome.".to_owned());
        }
        match (what, on) {
            (Some(what), Some(on)) if faults.is_empty() => Ok(Step { what, on, sure: !self.sure.is_empty() }),
            _ => Err(faults),
        }
    }
}

/// What came of a form.
enum Outcomes {
    Recorded,
    Wrong(Faults),
    Early(String),
}

fn try_to_record(
    ctx: &Context,
    conn: &mut Conn,
    (me, reference): (&SignedIn, &str),
    typed: &Typed,
) -> Result<Outcomes, Error> {
    let request = may_act(conn, me, reference)?;
    let step = match typed.step() {
        Ok(step) => step,
        Err(faults) => return Ok(Outcomes::Wrong(faults)),
    };
    match steps::record(ctx, conn, me.person.id, request, step) {
        Ok(()) => Ok(Outcomes::Recorded),
        Err(steps::Error::Early { step, opens_on }) => Ok(Outcomes::Early(early(step, opens_on))),
        Err(error) => told(error).map(Outcomes::Wrong),
    }
}

fn early(step: RemedyStep, opens_on: Option<chrono::NaiveDate>) -> String {
    let step = step_word(step);
    match opens_on {
        Some(day) => format!(
            "The first day for a {step} is {}. Earlier is inadmissible, and may have to be sent again.",
            long(day)
        ),
        None => format!(
            "Neither a decision nor silence has opened a {step} yet. One that is too early is inadmissible."
        ),
    }
}

/// What is wrong, beside the field that it is about; a broken store is an error page.
fn told(error: steps::Error) -> Result<Faults, Error> {
    use crate::service::steps::Error as E;
    let (field, words) = match error {
        E::Store(error) | E::Law(LawError::Store(error)) => return Err(error.into()),
        E::Future { today, found } => (
            "on",
            format!("{} is still to come; today is {} where this law is in force.", long(found), long(today)),
        ),
        E::BeforeReceipt { received, found } => {
            ("on", format!("{} is before the request arrived, on {}.", long(found), long(received)))
        }
        E::NothingAsked(on) => (
            "on",
            format!(
                "By {} the authority had asked for nothing of the kind. Settle its letter first.",
                long(on)
            ),
        ),
        E::NotReceived => ("what", "The letter has not arrived yet, and no clock runs.".to_owned()),
        E::NoSuchRemedy(step) => ("what", format!("This law knows no {}.", step_word(step))),
        E::NotUsed { step, found } => {
            let name = step_word(step);
            ("what", format!("By {} no {name} was sent. Record first when it was.", long(found)))
        }
        E::UsedAlready { step, on } => {
            let name = step_word(step);
            (
                "what",
                format!("A {name} was sent on {} already. Take that back first if it is wrong.", long(on)),
            )
        }
        error => ("what", format!("{error}.")),
    };
    Ok(Faults::from([(field, words)]))
}

#[post("/desk/requests/<reference>/steps", data = "<form>")]
async fn record(
    site: &State<Site>,
    me: SignedIn,
    reference: &str,
    form: CsrfForm<Typed>,
) -> Result<Result<Flash<Redirect>, Rendered>, Error> {
    let typed = form.0;
    let (context, who, name, tried) = (site.context.clone(), me.clone(), reference.to_owned(), typed.clone());
    let outcome = site.store.run(move |conn| try_to_record(&context, conn, (&who, &name), &tried)).await?;
    let back = match outcome {
        Outcomes::Recorded => {
            let to = format!("/desk/requests/{reference}#clocks");
            return Ok(Ok(done("note", to, "Recorded.|The clocks below were counted anew.")));
        }
        Outcomes::Wrong(faults) => Back { typed, faults, early: None },
        Outcomes::Early(words) => Back { typed, early: Some(words), ..Back::default() },
    };
    request::again(site, me, (reference, back)).await.map(Err)
}

/// Why a step is taken back.
#[derive(Debug, FromForm)]
struct Wrong {
    #[field(default = String::new())]
    reason: String,
}

#[post("/desk/requests/<reference>/steps/<seq>/take-back", data = "<form>")]
async fn take_back(
    site: &State<Site>,
    me: SignedIn,
    reference: &str,
    seq: i64,
    form: CsrfForm<Wrong>,
) -> Result<Flash<Redirect>, Error> {
    let reason: String = form.0.reason.trim().chars().take(300).collect();
    let reason = if reason.is_empty() { "recorded by mistake".to_owned() } else { reason };
    let (context, name) = (site.context.clone(), reference.to_owned());
    let outcome = site
        .store
        .run(move |conn| {
            let request = may_act(conn, &me, &name)?;
            Ok::<_, Error>(steps::take_back(&context, conn, me.person.id, request, (seq, &reason)))
        })
        .await?;
    let to = format!("/desk/requests/{reference}#clocks");
    Ok(match outcome {
        Ok(()) => done("note", to, "Taken back.|It counts no more, and the clocks were counted anew."),
        Err(steps::Error::Store(error) | steps::Error::Law(LawError::Store(error))) => {
            return Err(error.into());
        }
        Err(error) => done("warn", to, &format!("Not taken back.|{error}.")),
    })
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![record, take_back]
}
