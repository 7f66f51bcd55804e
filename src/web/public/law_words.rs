//! An access law in plain words, each sentence with its provision.

use crate::domain::law::regime::{Confidence, Regime};
use crate::domain::law::remedy::{After, Extent, OpensFrom, Remedy, RemedyStep, Way};
use crate::domain::law::rules::{
    ClarificationEffect, EndRoll, Extension, ExtensionMode, FeeEffect, PauseDays, PreviousResponse,
    SilenceEffect, Starts, ThirdPartyEffect, TransferDuty, TransferEffect,
};
use crate::domain::law::term::{Limit, Term, Unit};
use crate::domain::publication::prose::{capital, open_end};
use crate::web::filters::long;
use crate::web::public::laws::verified_words;
use serde::Serialize;

/// One thing the law says.
#[derive(Debug, Clone, Serialize)]
pub struct Fact {
    name: &'static str,
    text: String,
    source: Option<String>,
    /// Where more stands, on another site.
    link: Option<String>,
}

impl Fact {
    fn new(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, text: text.into(), source: None, link: None }
    }

    fn link(mut self, link: Option<&String>) -> Self {
        self.link = link.cloned();
        self
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

/// All that is told of a law, in the order in which a request meets it.
pub fn sections(law: &Regime) -> Vec<Section> {
    vec![time(law), on_the_way(law), silence(law), remedies(law), form(law), known(law)]
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
    facts.extend(law.previous_response.iter().map(before));
    facts.push(acknowledgement(law));
    Section { key: "time", name: "Time", facts }
}

/// The rule for requests that came in while another text held.
fn before(old: &PreviousResponse) -> Fact {
    let term = Term { amount: old.amount, unit: old.unit };
    let received = match old.since {
        Some(since) => format!("received from {} to {}", long(since), long(old.until)),
        None => format!("received until {}", long(old.until)),
    };
    let more = old.extension.as_ref().and_then(Extension::term).map(|(more, _)| format!(", and {more} more"));
    let text = format!("For requests {received} the limit was {term}{}.", more.unwrap_or_default());
    Fact::new("Before", text).source(&old.src)
}

/// What happens on the way, and what it does to the clock.
fn on_the_way(law: &Regime) -> Section {
    let mut facts = vec![clarification(law), fee(law)];
    facts.extend(third_party(law));
    facts.push(transfer(law));
    Section { key: "clock", name: "What moves the clock", facts }
}

/// Which of the days about a notice and its answer do not count.
const fn paused(days: PauseDays) -> &'static str {
    match days {
        PauseDays::Between => " The day of the notice counts, the day of the answer does not.",
        PauseDays::Both => " Neither the day of the notice nor that of the answer counts.",
        PauseDays::Inside => " The day of the notice and that of the answer both count.",
    }
}

fn fee(law: &Regime) -> Fact {
    let it = &law.fees;
    let text = match it.effect {
        FeeEffect::Stops => format!("The clock stands still until it is paid.{}", paused(it.days)),
        FeeEffect::None => "It does not touch the clock.".to_owned(),
    };
    let pay = within("The requester has to pay within", Term::of(it.pay_within_amount, it.pay_within_unit));
    Fact::new("Demand for money", format!("{text}{pay}")).source(&it.src)
}

fn third_party(law: &Regime) -> Option<Fact> {
    let it = law.third_party.as_ref()?;
    let term = Term::of(it.amount, it.unit);
    let text = match (it.effect, term) {
        (ThirdPartyEffect::Adds, Some(term)) => format!("It makes the time longer by {term}."),
        (ThirdPartyEffect::Adds, None) => "It makes the time longer.".to_owned(),
        (ThirdPartyEffect::Stops, Some(term)) => format!("The clock stands still, at most for {term}."),
        (ThirdPartyEffect::Stops, None) => {
            format!("The clock stands still as long as it takes.{}", paused(it.days))
        }
    };
    Some(Fact::new("Third party heard", text).source(&it.src))
}

fn transfer(law: &Regime) -> Fact {
    let it = &law.transfer;
    let duty = match it.duty {
        TransferDuty::Forward => "A body that is not competent must send the request on.",
        TransferDuty::Inform => "A body that is not competent must say which one is.",
        TransferDuty::ForwardOrInform => {
            "A body that is not competent must send the request on or say which one is."
        }
        TransferDuty::None => "A body that is not competent has no duty to help.",
    };
    let time = within("It has", Term::of(it.amount, it.unit));
    let clock = match it.effect {
        TransferEffect::Restarts => "The time of the right body begins when it has the request.",
        TransferEffect::RunsOn => "The clock runs on: the wrong address is the authority’s affair.",
    };
    Fact::new("Wrong body", format!("{duty}{time} {clock}")).source(&it.src)
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
        ClarificationEffect::Stops => {
            format!("The clock stands still until the requester has answered.{}", paused(it.days))
        }
        ClarificationEffect::Restarts => "The clock begins again with the requester’s answer.".to_owned(),
        ClarificationEffect::None => "It does not touch the clock.".to_owned(),
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
    let served = match law.silence.served_after_days {
        0 => String::new(),
        1 => " It counts as served the day after the end.".to_owned(),
        days => format!(" It counts as served {days} days after the end."),
    };
    let text = format!("{text}{served}");
    Section {
        key: "silence",
        name: "Silence",
        facts: vec![Fact::new("Silence", text).source(&law.silence.src)],
    }
}

fn within(what: &str, term: Option<Term>) -> String {
    term.map(|term| format!(" {what} {term}.")).unwrap_or_default()
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
        text = format!("{}, to: {}.", capital(open_end(name)), open_end(&it.body));
    }
    let must = match it.mandatory {
        Some(true) => " The steps after it need it.",
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
    let aim = if it.answer_target { "The body aims to decide within" } else { "To be decided within" };
    let decided = within(aim, it.answer_within());
    let mut text = format!("{text}{must}{ways}{decided}{}{binding}", quiet.unwrap_or_default());
    for more in [&it.form, &it.fee].into_iter().flatten() {
        text = format!("{text} {}.", capital(open_end(more)));
    }
    Fact::new(step_name(it.step), text).source(&it.src).link(it.url.as_ref())
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
        (false, _) => format!("A request must state {}.", crate::web::public::law::listed(&needs)),
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

/// How each figure is known.
fn known(law: &Regime) -> Section {
    let mut facts = vec![Fact::new(
        "Limit",
        format!(
            "{}; {}.",
            verified_words(law.verified),
            sure(law.response.confidence.unwrap_or(law.confidence))
        ),
    )];
    if let Some(confidence) = law.extension.confidence {
        facts.push(Fact::new("Extension", format!("{}.", capital(sure(confidence)))));
    }
    facts.extend(law.remedies.iter().filter_map(|remedy| {
        let practice = remedy.ways.iter().any(|way| way.practice);
        let more = if practice { " A figure of it is that of practice." } else { "" };
        remedy.confidence.map(|it| Fact::new(step_name(remedy.step), format!("{}.{more}", capital(sure(it)))))
    }));
    Section { key: "known", name: "How each figure is known", facts }
}

const fn sure(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "we are sure of it",
        Confidence::Medium => "likely right",
        Confidence::Low => "to be checked before you rely on it",
    }
}
