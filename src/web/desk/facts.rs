//! What the reader understood of a reply, as rows of a proposal, and the passages on which each rests.

use crate::domain::incoming::reading::{Evidence, PeriodUnit, Reading};
use crate::domain::publication::grounds::Cites;
use crate::web::desk::passages::{self, Claim, Marked};
use crate::web::desk::words::{self, Tag};
use crate::web::filters;
use serde::Serialize;

/// One thing that the reader understood.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fact {
    /// Its row in the proposal.
    pub row: String,
    /// What it is.
    pub field: &'static str,
    /// What was read, as a tag.
    pub tag: Option<Tag>,
    /// What was read, as text.
    pub text: Option<String>,
    /// More of it.
    pub sub: Option<String>,
    /// That it cannot be right, and what to check.
    pub warning: Option<String>,
    /// Numbers of the passages that say so.
    pub passages: Vec<usize>,
    /// Passages that stand where nothing can be marked: where, and what they say.
    pub elsewhere: Vec<(String, String)>,
}

/// Another kind that the reply may be of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Other {
    /// The word of the kind.
    pub value: &'static str,
    /// As it is called.
    pub words: String,
    /// How likely, if that was said.
    pub likely: Option<f64>,
}

/// The field of a provision on which the reply rests.
const GROUND: &str = "Ground";
/// How many other kinds are offered.
const OTHERS: usize = 3;
/// Less likely than this is not worth a look.
const UNLIKELY: f64 = 0.02;

/// The rows of a proposal, and what they claim of passages.
pub fn of<'a>(reading: &'a Reading, law: Option<Cites<'_>>) -> (Vec<Fact>, Vec<Claim<'a>>) {
    let mut facts = vec![kind(reading)];
    let mut claims: Vec<Claim<'a>> = reading
        .evidence
        .iter()
        .map(|e| Claim { fact: 0, label: "Kind", passage: &e.text, place: Some(&e.place) })
        .collect();
    for stated in stated(reading, law) {
        let fact = facts.len();
        if let Some((passage, place)) = stated.passage {
            claims.push(Claim { fact, label: stated.field, passage, place });
        }
        facts.push(Fact {
            row: passages::row(fact),
            field: stated.field,
            warning: law.filter(|_| stated.field == GROUND).and_then(|law| law.warning(&stated.value)),
            tag: None,
            text: Some(stated.value),
            sub: stated.sub,
            passages: Vec::new(),
            elsewhere: Vec::new(),
        });
    }
    (facts, claims)
}

/// The same rows with the numbers of their passages; what was said to stand somewhere and does not is quoted.
pub fn numbered(facts: Vec<Fact>, claims: &[Claim<'_>], marked: &Marked) -> Vec<Fact> {
    let lost = |fact: usize| {
        let own = claims.iter().zip(&marked.numbers).filter(move |(claim, _)| claim.fact == fact);
        own.filter(|(_, number)| number.is_none()).filter_map(|(claim, _)| {
            let place = claim.place?;
            let place = place.strip_prefix("attachment:").unwrap_or(place);
            Some((place.to_owned(), claim.passage.to_owned()))
        })
    };
    let numbered = |(index, fact)| Fact {
        passages: marked.of_fact(claims, index),
        elsewhere: lost(index).collect(),
        ..fact
    };
    facts.into_iter().enumerate().map(numbered).collect()
}

fn kind(reading: &Reading) -> Fact {
    Fact {
        row: passages::row(0),
        field: "Kind",
        tag: Some(words::kind(reading.kind.as_str())),
        text: None,
        sub: also(reading),
        warning: None,
        passages: Vec::new(),
        elsewhere: Vec::new(),
    }
}

fn also(reading: &Reading) -> Option<String> {
    let more: Vec<String> = reading
        .also
        .iter()
        .filter(|kind| **kind != reading.kind)
        .map(|kind| words::kind(kind.as_str()).words)
        .collect();
    (!more.is_empty()).then(|| format!("also: {}", more.join(", ")))
}

/// What else to pick: what is likely too, then what applies beside the kind.
pub fn others(reading: &Reading) -> Vec<Other> {
    let mut out: Vec<Other> = Vec::new();
    let likely = reading.others.iter().filter(|(_, likely)| *likely >= UNLIKELY).map(|(k, l)| (*k, Some(*l)));
    for (kind, likely) in likely.chain(reading.also.iter().map(|kind| (*kind, None))) {
        let value = kind.as_str();
        if kind != reading.kind && out.iter().all(|other| other.value != value) && out.len() < OTHERS {
            out.push(Other { value, words: words::kind(value).words, likely });
        }
    }
    out
}

/// What is stated beside the kind: field, as written, and what it means.
struct Stated<'a> {
    field: &'static str,
    value: String,
    sub: Option<String>,
    /// The passage to mark and where it stands; without a place it is looked for everywhere.
    passage: Option<(&'a str, Option<&'a str>)>,
}

/// A fact that is given in figures: it stands where the reader says, or nowhere.
fn figured<'a>(field: &'static str, value: String, evidence: Option<&'a Evidence>) -> Stated<'a> {
    let passage = evidence.map(|evidence| (evidence.text.as_str(), Some(evidence.place.as_str())));
    Stated { field, value, sub: None, passage }
}

/// A fact that is given as it is written.
fn written<'a>(field: &'static str, value: &'a str, evidence: Option<&'a Evidence>) -> Stated<'a> {
    let stated = figured(field, value.to_owned(), evidence);
    Stated { passage: stated.passage.or(Some((value, None))), ..stated }
}

fn stated<'a>(reading: &'a Reading, law: Option<Cites<'_>>) -> Vec<Stated<'a>> {
    let said = &reading.stated_in;
    let mut facts = Vec::new();
    facts.extend(
        reading.reference.as_ref().map(|number| written("File number", number, said.reference.as_ref())),
    );
    facts.extend(
        reading
            .new_due_on
            .map(|day| figured("Answer promised by", filters::long(day), said.new_due_on.as_ref())),
    );
    facts.extend(reading.extension.map(|period| {
        let unit = match period.unit {
            PeriodUnit::Days => "day",
            PeriodUnit::Weeks => "week",
            PeriodUnit::Months => "month",
            PeriodUnit::WorkingDays => "working day",
        };
        let several = if period.amount == 1 { "" } else { "s" };
        figured("More time", format!("{} {unit}{several}", period.amount), said.extension.as_ref())
    }));
    facts.extend(
        reading
            .fee
            .as_ref()
            .map(|fee| figured("Fee", format!("{} {}", fee.amount, fee.currency), said.fee.as_ref())),
    );
    facts.extend(reading.grounds.iter().map(|ground| Stated {
        sub: law.and_then(|law| law.meaning(&ground.cite)),
        ..written(GROUND, &ground.cite, None)
    }));
    let to = reading.transferred_to.as_ref();
    facts.extend(to.map(|to| written("Passed on to", to, said.transferred_to.as_ref())));
    facts.extend(reading.asks_for.as_ref().map(|asks| written("Asks", asks, said.asks_for.as_ref())));
    facts.extend(reading.links.iter().map(|link| Stated {
        sub: Some(link.expires_on.map_or_else(
            || "No last day of the link was read: save what is behind it soon.".to_owned(),
            |day| format!("The link works until {}: save what is behind it before.", filters::long(day)),
        )),
        ..written("Documents at", &link.url, Some(&link.evidence))
    }));
    facts
}
