//! One access law, `/laws/<regime>`: its limits in plain words, each with its provision.

use crate::domain::law::regime::{Gives, Regime};
use crate::domain::law::remedy::{After, Exemption, Extent, OpensFrom, Remedy, RemedyStep, Way};
use crate::domain::law::rules::{
    ClarificationEffect, EndRoll, ExtensionMode, SilenceEffect, Starts, TransferDuty,
};
use crate::domain::law::term::{Limit, Term, Unit};
use crate::service::Context;
use crate::web::error::{Error, What};
use crate::web::filters::country;
use crate::web::guards::Site;
use crate::web::page::Chrome;
use crate::web::public::laws::verified_words;
use crate::web::rendered::Rendered;
use chrono::{DateTime, Utc};
use rocket::{Route, State, get, routes};
use serde::Serialize;

/// The template of this page.
pub const TEMPLATE: &str = "public/law.html";

/// One thing the law says.
#[derive(Debug, Clone, Serialize)]
pub struct Fact {
    name: &'static str,
    text: String,
    source: Option<String>,
}

impl Fact {
    fn new(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, text: text.into(), source: None }
    }

    fn source(mut self, source: &str) -> Self {
        self.source = Some(source.to_owned()).filter(|source| !source.is_empty());
        self
    }
}

/// What belongs together.
#[derive(Debug, Clone, Serialize)]
pub struct Section {
    key: &'static str,
    name: &'static str,
    facts: Vec<Fact>,
}

/// What it shows.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    id: String,
    name: String,
    local: String,
    language: String,
    citation: String,
    country: String,
    url: String,
    gives: &'static str,
    limit: String,
    limit_cite: String,
    verified: &'static str,
    sure: bool,
    for_readers: Option<String>,
    status: Option<String>,
    since: Option<chrono::NaiveDate>,
    sections: Vec<Section>,
    exemptions: Vec<Exemption>,
    version: String,
}

impl Page {
    fn of(law: &Regime) -> Self {
        Self {
            id: law.id.to_string(),
            name: law.law_en.clone(),
            local: law.law_local.clone(),
            language: law.languages.first().cloned().unwrap_or_else(|| "en".to_owned()),
            citation: law.citation.clone(),
            country: country(&law.country).to_owned(),
            url: law.url.clone(),
            gives: match law.gives {
                Gives::Answers => "It gives a right to information: questions have to be answered.",
                Gives::Documents => {
                    "It gives a right to documents that exist: a letter has to ask for these, not put questions."
                }
                Gives::Nothing => {
                    "It gives no right to information; what a body answers, it answers of its own will."
                }
            },
            limit: law.limit_in_words(),
            limit_cite: law.response.src.clone(),
            verified: verified_words(law.verified),
            sure: !law.is_estimate(),
            for_readers: law.for_readers.clone(),
            status: law.status.clone(),
            since: law.in_force_since,
            sections: vec![time(law), silence(law), remedies(law), form(law)],
            exemptions: law.exemptions.clone(),
            version: law.version.clone(),
        }
    }

    /// A page as it may look.
    pub fn sample(ctx: &Context) -> Option<Self> {
        ctx.library.laws.regime(&"gb-foia".parse().ok()?).map(Self::of)
    }
}

fn time(law: &Regime) -> Section {
    let rule = &law.response;
    let limit = match rule.limit() {
        Limit::Term(term) => format!("The answer is due within {term}."),
        Limit::Promptly { expected: None } => {
            "The answer is due promptly; the law gives no figure.".to_owned()
        }
        Limit::Promptly { expected: Some(term) } => {
            format!("The answer is due promptly; the law gives no figure. Practice expects {term}.")
        }
        Limit::None => "The law gives no time limit.".to_owned(),
    };
    let limit =
        if rule.target { format!("{limit} The law says “should”: it is a target.") } else { limit };
    let from = match rule.starts {
        Starts::DayAfterReceipt => "From the day after receipt; the day of receipt is day 0.",
        Starts::DayAfterRegistration => {
            "From the day after registration; where nobody tells that day, receipt stands for it."
        }
        Starts::NextWorkingDay => {
            "A mail counts as received on the next working day, unless the authority acknowledged it before; that day is day 0."
        }
        Starts::DayAfterAcknowledgedReceipt => "From the day after receipt as the authority acknowledges it.",
    };
    let end = match (rule.end_roll, rule.unit) {
        (EndRoll::NextWorkingDay, _) => "An end on a day off moves to the next working day.",
        (EndRoll::None, Unit::WorkingDays) => {
            "Days off are not counted at all, so the end is always a working day."
        }
        (EndRoll::None, _) => "An end on a day off stays where it is.",
    };
    let mut facts = vec![
        Fact::new("Limit", limit).source(&rule.src),
        Fact::new("Starts", from),
        Fact::new("Ends", end).source(rule.roll_src.as_deref().unwrap_or_default()),
        extension(law),
    ];
    facts.extend(law.previous_response.iter().map(|old| {
        let term = Term { amount: old.amount, unit: old.unit };
        let until = crate::web::filters::long(old.until);
        Fact::new("Before", format!("Until {until} the limit was {term}.")).source(&old.src)
    }));
    facts.push(clarification(law));
    facts.push(acknowledgement(law));
    Section { key: "time", name: "Time", facts }
}

fn extension(law: &Regime) -> Fact {
    let it = &law.extension;
    let who =
        if it.practice { "The law gives no figure; in practice the authority" } else { "The authority" };
    let text = match it.term() {
        Some((term, ExtensionMode::Total)) => format!("{who} may take {term} in all."),
        Some((term, ExtensionMode::Additional)) => format!("{who} may take {term} more."),
        Some((term, ExtensionMode::FromEndOfFirst)) => {
            format!("{who} may take {term} more, counted from the end of the first term.")
        }
        None if it.allowed => "The authority may take more time; the law gives no figure.".to_owned(),
        None => "The law knows no extension.".to_owned(),
    };
    let conditions =
        it.conditions.as_ref().map(|text| format!(" Condition: {}.", open_end(text))).unwrap_or_default();
    let told = it
        .must_notify_before
        .as_ref()
        .map(|text| format!(" It has to say so {}.", open_end(text)))
        .unwrap_or_default();
    Fact::new("Extension", format!("{text}{conditions}{told}")).source(&it.src)
}

fn clarification(law: &Regime) -> Fact {
    let it = &law.clarification;
    let text = match it.effect {
        ClarificationEffect::Stops => "The clock stands still until the requester has answered.",
        ClarificationEffect::Restarts => "The clock begins again with the requester’s answer.",
        ClarificationEffect::None => "It does not touch the clock.",
    };
    let within = it.requester_term().map(|term| format!(" The requester has {term}.")).unwrap_or_default();
    Fact::new("Question back", format!("{text}{within}")).source(&it.src)
}

fn acknowledgement(law: &Regime) -> Fact {
    let it = &law.acknowledgement;
    let text = match (it.required, Term::of(it.amount, it.unit)) {
        (true, Some(term)) => format!("The authority must confirm receipt within {term}."),
        (true, None) => "The authority must confirm receipt.".to_owned(),
        (false, _) => "The authority need not confirm receipt.".to_owned(),
    };
    Fact::new("Receipt", text).source(&it.src)
}

fn silence(law: &Regime) -> Section {
    let text = match law.silence.effect {
        SilenceEffect::Refusal => {
            "Silence at the end of the time counts as a refusal: the time for the remedy runs by itself."
        }
        SilenceEffect::None => {
            "Silence has no effect in law; the request stays open and the authority stays in default."
        }
    };
    let transfer = match law.transfer.duty {
        TransferDuty::Forward => "A body that is not competent must send the request on.",
        TransferDuty::Inform => "A body that is not competent must say which one is.",
        TransferDuty::ForwardOrInform => {
            "A body that is not competent must send the request on or say which one is."
        }
        TransferDuty::None => "A body that is not competent has no duty to help.",
    };
    Section {
        key: "silence",
        name: "Silence and the wrong body",
        facts: vec![
            Fact::new("Silence", text).source(&law.silence.src),
            Fact::new("Wrong body", transfer).source(&law.transfer.src),
        ],
    }
}

fn within(what: &str, term: Option<Term>) -> String {
    term.map(|term| format!(" {what} {term}.")).unwrap_or_default()
}

/// Prose of the data without its own full stop, to be followed by ours.
fn open_end(text: &str) -> &str {
    text.trim().trim_end_matches('.')
}

fn remedies(law: &Regime) -> Section {
    let mut facts: Vec<Fact> = law.remedies.iter().map(remedy).collect();
    if facts.is_empty() {
        facts.push(Fact::new("Remedies", "This law names none."));
    }
    Section { key: "remedies", name: "Remedies", facts }
}

fn remedy(it: &Remedy) -> Fact {
    let mut text = format!("To: {}.", open_end(&it.body));
    if let Some(name) = &it.name {
        text = format!("{}, to: {}.", open_end(name), open_end(&it.body));
    }
    let must = match it.mandatory {
        Some(true) => " It comes first: the steps after it need it.",
        Some(false) => " It is not needed for the steps after it.",
        None => "",
    };
    let mut ways = String::new();
    for way in &it.ways {
        ways.push(' ');
        ways.push_str(&way_in_words(way));
    }
    let binding = match it.binding {
        Some(true) => " The authority is bound by the decision.",
        Some(false) => " The authority is not bound by the result.",
        None => "",
    };
    let quiet = it.silence_after().map(|term| format!(" Its silence for {term} counts as a refusal."));
    let decided = within("To be decided within", it.answer_within());
    let mut text = format!("{text}{must}{ways}{decided}{}{binding}", quiet.unwrap_or_default());
    for more in [&it.form, &it.fee].into_iter().flatten() {
        text = format!("{text} {}.", open_end(more));
    }
    Fact::new(step_name(it.step), text).source(&it.src)
}

/// When it may be used and until when, as a sentence.
fn way_in_words(way: &Way) -> String {
    let whose = match way.of {
        None => "the authority’s",
        Some(RemedyStep::Court) => "the court’s",
        Some(RemedyStep::Review) => "the review’s",
        Some(_) => "that body’s",
    };
    let after = match way.after {
        After::Decision => format!("After {whose} decision"),
        After::Silence => format!("After {whose} silence"),
    };
    let within = match (way.within(), way.plus_days) {
        (Some(term), 0) => format!("within {term}"),
        (Some(term), plus) => format!("within {term} and {plus} days"),
        (None, _) => "without a limit that we know".to_owned(),
    };
    let opens = match (way.opens_after(), way.opens_from) {
        (Some(term), Some(OpensFrom::Receipt)) => {
            format!(", at the earliest {term} after receipt of the request")
        }
        (Some(term), _) => format!(", at the earliest {term} later"),
        (None, _) => String::new(),
    };
    let untold = way.untold().map(|term| format!(", {term} where the decision did not name this remedy"));
    let practice = if way.practice { " (a figure of practice)" } else { "" };
    format!("{after}: {within}{}{opens}{practice}.", untold.unwrap_or_default())
}

/// A step of remedy as the pages call it.
pub fn step_name(step: RemedyStep) -> &'static str {
    match step {
        RemedyStep::Notice => "Notice of default",
        RemedyStep::Review => "Review",
        RemedyStep::Complaint => "Complaint",
        RemedyStep::Ombudsman => "Ombudsman",
        RemedyStep::Court => "Court",
    }
}

fn form(law: &Regime) -> Section {
    let it = &law.identity;
    let needs: Vec<&str> = [
        (it.real_name, "the real name"),
        (it.address, "an address"),
        (it.signature, "a signature"),
        (it.nationality_or_residence, "citizenship or residence"),
    ]
    .into_iter()
    .filter_map(|(needed, what)| needed.then_some(what))
    .collect();
    let who = match (needs.is_empty(), it.anonymous_ok) {
        (true, true) => "One may ask without a name.".to_owned(),
        (true, false) => "No special demands; a request without any name may be refused.".to_owned(),
        (false, _) => format!("A request must state {}.", needs.join(", ")),
    };
    let email = match it.email_ok {
        Extent::Yes => "E-mail is a valid form.",
        Extent::Partial => "E-mail is a valid form in some cases only.",
        Extent::No => "E-mail is not a valid form.",
    };
    let asking = if law.fees.request_free { "Asking is free." } else { "Asking may cost." };
    let charge = open_end(&law.fees.charge);
    let bound = |name: &str, extent: Extent| match extent {
        Extent::Yes => format!("{name} are bound."),
        Extent::Partial => format!("{name} are bound in part."),
        Extent::No => format!("{name} are not bound."),
    };
    let scope = format!(
        "{} {}",
        bound("Police forces", law.scope.police),
        bound("Municipalities", law.scope.municipalities)
    );
    Section {
        key: "form",
        name: "Form, costs, bodies",
        facts: vec![
            Fact::new("Who asks", format!("{who} {email}")).source(&it.src),
            Fact::new("Costs", format!("{asking} Beyond that: {charge}.")).source(&law.fees.src),
            Fact::new("Bodies", scope).source(&law.scope.src),
        ],
    }
}

/// What stands around it.
pub fn chrome(page: &Page, now: DateTime<Utc>) -> Chrome {
    let path = rocket::uri!(get(regime = page.id.as_str())).to_string();
    Chrome::public(format!("{}, {}", page.citation, page.country), "laws").at(path).as_of(now)
}

#[get("/laws/<regime>")]
fn get(regime: &str, site: &State<Site>) -> Result<Rendered, Error> {
    let id = regime.parse().map_err(|_| Error::NotFound(What::Law))?;
    let law = site.context.library.laws.regime(&id).ok_or(Error::NotFound(What::Law))?;
    let page = Page::of(law);
    site.pages.render(TEMPLATE, &chrome(&page, site.now()), &page)
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get]
}
