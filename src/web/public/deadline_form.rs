//! The form of the calculator: what was asked, what is wrong with it in plain words, and the same question as an address.

use crate::data::laws::Laws;
use crate::domain::law::deadline;
use crate::domain::law::regime::Regime;
use crate::domain::law::remedy::RemedyStep;
use crate::domain::law::told::{EVENTS, Fault, MOST, Part, Problem, REMEDY_EVENTS, Told};
use crate::domain::publication::prose::long;
use crate::web::filters::country;
use crate::web::public::Choice;
use crate::web::public::law::step_name;
use rocket::Request;
use rocket::request::{FromRequest, Outcome};
use serde::Serialize;
use std::collections::BTreeMap;
use std::convert::Infallible;

/// So many rows the form has at most.
pub const ROWS: usize = 8;
/// A value of ours is shorter; the rest of a longer one is not read.
const LONGEST: usize = 120;

/// What happened, as a row of the form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Which event, as a word.
    pub what: String,
    /// Its day.
    pub on: String,
    /// Until when, for more time.
    pub until: String,
}

impl Row {
    fn is_blank(&self) -> bool {
        self.what.is_empty() && self.on.is_empty() && self.until.is_empty()
    }

    /// What `Told` reads.
    fn said(&self) -> String {
        let until = if self.until.is_empty() { String::new() } else { format!("..{}", self.until) };
        format!("{}={}{until}", self.what, self.on)
    }

    fn read(said: &str) -> Self {
        let (what, days) = said.split_once('=').unwrap_or((said, ""));
        let (on, until) = days.split_once("..").unwrap_or((days, ""));
        Self { what: what.trim().to_owned(), on: on.trim().to_owned(), until: until.trim().to_owned() }
    }
}

/// A question as it came in the address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Question {
    /// Id of the law.
    pub law: String,
    /// The day of receipt.
    pub received: String,
    /// The day of registration.
    pub registered: String,
    /// What happened since, blank rows left out.
    pub rows: Vec<Row>,
    /// Days that have not come count as if they had.
    pub planned: bool,
    /// One more row is wanted, no answer.
    pub more: bool,
    /// The day of receipt was sent, so an answer is wanted.
    pub asked: bool,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Question {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        let query = request.uri().query().map(|query| query.as_str()).unwrap_or_default();
        Outcome::Success(Self::read(query))
    }
}

impl Question {
    /// Reads a query: the fields of the form, or `since` once for each event as the command line has it.
    pub fn read(query: &str) -> Self {
        let mut it = Self::default();
        let mut form: [Vec<String>; 3] = Default::default();
        for (key, value) in url::form_urlencoded::parse(query.as_bytes()).take(4 * MOST) {
            let value: String = value.trim().chars().take(LONGEST).collect();
            match &*key {
                "law" => it.law = value,
                "received" => (it.received, it.asked) = (value, true),
                "registered" => it.registered = value,
                "planned" => it.planned = matches!(value.as_str(), "1" | "on" | "true"),
                "more" => it.more = true,
                "since" => it.rows.push(Row::read(&value)),
                "what" => form[0].push(value),
                "on" => form[1].push(value),
                "until" => form[2].push(value),
                _ => {}
            }
        }
        let [what, on, until] = form;
        let longest = what.len().max(on.len()).max(until.len());
        let at = |column: &[String], place: usize| column.get(place).cloned().unwrap_or_default();
        it.rows.extend((0..longest).map(|place| Row {
            what: at(&what, place),
            on: at(&on, place),
            until: at(&until, place),
        }));
        it.rows.retain(|row| !row.is_blank());
        it
    }

    /// For the engine.
    pub fn told(&self) -> Told {
        Told {
            received: self.received.clone(),
            registered: self.registered.clone(),
            since: self.rows.iter().map(Row::said).collect(),
            planned: self.planned,
        }
    }

    /// The same question after a path, each event as one `since`.
    pub fn href(&self, path: &str) -> String {
        let mut out = url::form_urlencoded::Serializer::new(String::new());
        out.append_pair("law", &self.law).append_pair("received", &self.received);
        if !self.registered.is_empty() {
            out.append_pair("registered", &self.registered);
        }
        for row in &self.rows {
            out.append_pair("since", &row.said());
        }
        if self.planned {
            out.append_pair("planned", "1");
        }
        format!("{path}?{}", out.finish())
    }

    /// The law that is meant.
    pub fn regime<'a>(&self, laws: &'a Laws) -> Result<&'a Regime, Wrong> {
        if let Some(law) = self.law.parse().ok().and_then(|id| laws.regime(&id)) {
            return Ok(law);
        }
        if self.law.is_empty() {
            return Err(Wrong::new("law", "Choose the law of the authority that you asked."));
        }
        let name =
            |id| laws.regime(id).map(|law| format!("{} ({}: {})", law.id, country(&law.country), law.law_en));
        let near: Vec<String> = laws.near(&self.law).into_iter().filter_map(name).collect();
        let hint = if near.is_empty() {
            "Choose one from the list.".to_owned()
        } else {
            format!("Near to it: {}.", near.join("; "))
        };
        Err(Wrong::new("law", format!("We know no law “{}”. {hint}", self.law)))
    }

    /// What is wrong with the rows before any law is asked.
    pub fn wrong_row(&self) -> Option<Wrong> {
        let row = |place: usize, part: &'static str, text: &str| {
            Some(Wrong { row: Some(place), ..Wrong::new(part, text) })
        };
        self.rows.iter().enumerate().find_map(|(place, it)| match it {
            it if it.what.is_empty() => {
                row(place, "what", "Say what happened on this day, or leave the whole row empty.")
            }
            it if it.on.is_empty() => row(place, "on", "Give the day on which this happened."),
            it if !it.until.is_empty() && it.what != "extended" => {
                row(place, "until", "Only more time has an “until”; leave it empty here.")
            }
            _ => None,
        })
    }
}

/// What is wrong, in plain words, and at which field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wrong {
    /// The field: `law`, `received`, `registered`, `what`, `on`, `until`.
    pub field: &'static str,
    /// The row, from 0, of the last three.
    pub row: Option<usize>,
    /// What to do.
    pub text: String,
}

impl Wrong {
    fn new(field: &'static str, text: impl Into<String>) -> Self {
        Self { field, row: None, text: text.into() }
    }

    /// The id of the field on the page.
    pub fn id(&self) -> String {
        self.row.map_or_else(|| format!("f-{}", self.field), |row| format!("f-{}-{row}", self.field))
    }

    /// For machines: the parameter of the address.
    pub fn json(&self) -> serde_json::Value {
        match self.row {
            Some(row) => serde_json::json!({"error": self.text, "field": "since", "event": row + 1}),
            None => serde_json::json!({"error": self.text, "field": self.field}),
        }
    }

    /// Of a fault that the engine found.
    pub fn of(fault: &Fault) -> Self {
        let field = match (&fault.part, &fault.problem) {
            (Part::Received, _) => "received",
            (Part::Registered, _) => "registered",
            (Part::Since(_), Problem::UntilBefore { .. }) => "until",
            (Part::Since(_), Problem::NotADay { what, .. }) if what == "extended until" => "until",
            (
                Part::Since(_),
                Problem::NoEvent { .. } | Problem::NoSuchStep { .. } | Problem::NotTaken { .. },
            ) => "what",
            (Part::Since(_), _) => "on",
        };
        let row = match fault.part {
            Part::Since(place) => Some(place),
            _ => None,
        };
        Self { field, row, text: plain(&fault.problem) }
    }
}

fn plain(problem: &Problem) -> String {
    match problem {
        Problem::NotADay { found, .. } if found.is_empty() => {
            "Give the day on which the authority received the request.".to_owned()
        }
        Problem::NotADay { found, .. } => {
            format!("“{found}” is no day. Write year, month and day, as 2026-03-06.")
        }
        Problem::NoEvent { found, .. } => {
            let word = found.split('=').next().unwrap_or(found);
            format!("“{word}” is nothing that moves a clock here. Choose from the list.")
        }
        Problem::NoSuchStep { has, found, .. } => {
            let named =
                found.parse::<RemedyStep>().map_or_else(|_| found.clone(), |step| step_name(step).to_owned());
            format!("This law has no “{}” as far as we know; it has: {has}.", named.to_lowercase())
        }
        Problem::BeforeReceipt { on, received, .. } => {
            format!(
                "{} is before the day of receipt, {}. What happened before does not move the clock.",
                long(*on),
                long(*received)
            )
        }
        Problem::UntilBefore { on, until } => {
            format!(
                "More time until {} cannot be claimed on {}: the end has to be later.",
                long(*until),
                long(*on)
            )
        }
        Problem::NotTaken { step, .. } => {
            format!(
                "Add first on which day you used it ({}): its time runs from then.",
                step_name(*step).to_lowercase()
            )
        }
        Problem::Future { on, today, .. } => format!(
            "{} has not come yet; today is {}. To count a planned day, tick “Count days that have not come yet”.",
            long(*on),
            long(*today)
        ),
        Problem::TooMany => format!("More than {MOST} events cannot be weighed."),
        Problem::Law(deadline::Error::Calendar(unknown)) => format!(
            "We know the holidays from {} to {}; {} lies outside, and we do not guess.",
            long(unknown.first),
            long(unknown.last),
            long(unknown.day)
        ),
        Problem::Law(deadline::Error::BeforeLaw { since, received, .. }) => {
            format!(
                "This law holds since {}; on {} there was none to count by.",
                long(*since),
                long(*received)
            )
        }
        Problem::Law(deadline::Error::RegisteredFirst { received, .. }) => {
            format!("It cannot be registered before it was received, {}.", long(*received))
        }
    }
}

/// What belongs together in a choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// What there is.
    pub options: Vec<Choice>,
}

/// The laws by country.
pub fn laws(laws: &Laws) -> Vec<Group> {
    let mut groups: BTreeMap<&str, Vec<Choice>> = BTreeMap::new();
    for law in laws.regimes() {
        let name = format!("{} ({})", law.law_en, law.id);
        groups.entry(country(&law.country)).or_default().push(Choice::new(law.id.as_str(), name));
    }
    groups
        .into_iter()
        .map(|(name, mut options)| {
            // The whole country's law first, as its id is the shortest; then its parts.
            options.sort_by_key(|option| (option.value.matches('-').count(), option.value.clone()));
            Group { name: name.to_owned(), options }
        })
        .collect()
}

/// What can happen: to the request, then to each remedy.
pub fn events() -> Vec<Group> {
    let plain = EVENTS.iter().map(|(word, says)| Choice::new(*word, *says)).collect();
    let mut groups = vec![Group { name: "The request".to_owned(), options: plain }];
    groups.extend(RemedyStep::ALL.iter().map(|step| {
        let option = |(word, says): &(&str, &str)| {
            Choice::new(format!("{word}:{step}"), format!("{}: {}", step_name(*step), says))
        };
        Group { name: step_name(*step).to_owned(), options: REMEDY_EVENTS.iter().map(option).collect() }
    }));
    groups
}
