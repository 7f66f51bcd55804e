//! Which kind of reply and which facts, each with the passage that says so.

pub mod amounts;
pub mod answers;
pub mod asked;
pub mod citing;
pub mod competent;
pub mod dates;
pub mod fates;
pub mod fee;
pub mod figures;
pub mod heard;
pub mod judged;
pub mod kind;
pub mod links;
pub mod money;
pub mod moods;
pub mod promise;
pub mod provisions;
pub mod reference;
pub mod section;
pub mod shape;
pub mod spelled;
pub mod voices;

pub use crate::domain::incoming::reading::kind::Kind;
pub use crate::domain::incoming::reading::section::{Place, Prepared, prepare};

use crate::domain::incoming::Knowledge;
use crate::domain::incoming::delivery::Automatic;
use crate::domain::incoming::phrases::List;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// A reply as the reader gets it.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// Its subject.
    pub subject: &'a str,
    /// What the sender wrote now.
    pub body: &'a str,
    /// Name and text of each attachment that has text.
    pub attachments: &'a [(&'a str, &'a str)],
    /// The day it was sent, for dates without a year.
    pub sent_on: Option<NaiveDate>,
}

/// An exact passage that shows what is claimed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The passage as it stands there.
    pub text: String,
    /// `body`, `subject` or `attachment:NAME`.
    #[serde(rename = "where")]
    pub place: String,
}

/// Unit of a period as it is stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodUnit {
    /// Calendar days.
    Days,
    /// Weeks.
    Weeks,
    /// Months.
    Months,
    /// Working days.
    WorkingDays,
}

/// A period by which time is extended, as stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// How many.
    pub amount: u32,
    /// Of what.
    pub unit: PeriodUnit,
}

/// Money that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// Decimal with two places, `12.50`.
    pub amount: String,
    /// ISO 4217.
    pub currency: String,
}

/// A provision on which the reply rests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ground {
    /// The provision as cited.
    pub cite: String,
    /// The access law, if it could be told.
    pub regime: Option<String>,
    /// What the provision protects, if it could be told.
    pub category: Option<String>,
}

/// A link that hands over documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The link.
    pub url: String,
    /// The last day on which it works, where the letter says so.
    pub expires_on: Option<NaiveDate>,
    /// What else must be known to use it, never the password itself.
    #[serde(default)]
    pub note: Option<String>,
    /// The passage with the link.
    pub evidence: Evidence,
}

/// A fact and the passage that states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated<T> {
    /// The fact.
    pub value: T,
    /// The passage.
    pub evidence: Option<Evidence>,
}

/// The passages that state the facts of a reply.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Passages {
    /// The file number.
    pub reference: Option<Evidence>,
    /// The day by which an answer is promised.
    pub new_due_on: Option<Evidence>,
    /// The period of an extension.
    pub extension: Option<Evidence>,
    /// The fee.
    pub fee: Option<Evidence>,
    /// The body to which it was passed on.
    pub transferred_to: Option<Evidence>,
    /// What a clarification asks.
    pub asks_for: Option<Evidence>,
}

/// What a reply says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Kind of reply.
    pub kind: Kind,
    /// How sure, 0 to 1.
    pub confidence: f64,
    /// Further kinds that apply.
    pub also: Vec<Kind>,
    /// The next likely kinds, with how likely each is, 0 to 1: to pick from where the first is wrong.
    #[serde(default)]
    pub others: Vec<(Kind, f64)>,
    /// The words that spoke most for the kind, as written, strongest first.
    #[serde(default)]
    pub reasons: Vec<String>,
    /// Passages that show the kind.
    pub evidence: Vec<Evidence>,
    /// The authority's own file number as written.
    pub reference: Option<String>,
    /// The day by which an answer is promised.
    pub new_due_on: Option<NaiveDate>,
    /// The period of an extension.
    pub extension: Option<Period>,
    /// The fee.
    pub fee: Option<Money>,
    /// Provisions.
    pub grounds: Vec<Ground>,
    /// The body the request was passed on to, as written.
    pub transferred_to: Option<String>,
    /// What a clarification asks, as written.
    pub asks_for: Option<String>,
    /// The passages that state the facts above.
    #[serde(default)]
    pub stated_in: Passages,
    /// Links that hand over documents.
    #[serde(default)]
    pub links: Vec<Link>,
}

impl Reading {
    /// A reading that says only the kind.
    pub fn of(kind: Kind, confidence: f64) -> Self {
        Reading {
            kind,
            confidence,
            also: Vec::new(),
            others: Vec::new(),
            reasons: Vec::new(),
            evidence: Vec::new(),
            reference: None,
            new_due_on: None,
            extension: None,
            fee: None,
            grounds: Vec::new(),
            transferred_to: None,
            asks_for: None,
            stated_in: Passages::default(),
            links: Vec::new(),
        }
    }
}

/// Reads a letter whose phrases were found.
pub fn read(
    letter: &Letter<'_>,
    prepared: &Prepared<'_>,
    language: Option<&str>,
    knowledge: &Knowledge,
) -> Reading {
    let book = &knowledge.phrasebook;
    let mut reading = judged::decide(prepared, language, knowledge);
    let calendar = dates::Calendar::new(language, letter.sent_on, book);
    let speaks = |kind: Kind, reading: &Reading| reading.kind == kind || reading.also.contains(&kind);
    (reading.reference, reading.stated_in.reference) = apart(reference::find(prepared));
    let promised = promise::promised(prepared, reading.kind, &calendar);
    (reading.new_due_on, reading.stated_in.new_due_on) = apart(promised);
    let period = amounts::period(prepared, language, speaks(Kind::Extension, &reading), knowledge);
    (reading.extension, reading.stated_in.extension) = apart(period);
    let charges = speaks(Kind::Fee, &reading);
    (reading.fee, reading.stated_in.fee) = apart(fee::find(prepared, language, charges));
    if speaks(Kind::Transfer, &reading) {
        let named = competent::transferred_to(prepared, language, knowledge);
        (reading.transferred_to, reading.stated_in.transferred_to) = apart(named);
    }
    if speaks(Kind::Clarification, &reading) {
        let asked = asked::asks_for(prepared);
        (reading.asks_for, reading.stated_in.asks_for) = apart(asked);
    }
    reading.links = links::links(prepared, &calendar, language, book);
    // The last day of a link is no promise of an answer.
    if !speaks(Kind::Extension, &reading)
        && reading.links.iter().any(|link| link.expires_on.is_some() && link.expires_on == reading.new_due_on)
    {
        (reading.new_due_on, reading.stated_in.new_due_on) = (None, None);
    }
    reading.grounds = provisions::grounds(prepared, reading.kind, language, &knowledge.citations);
    reading
}

/// A fact and its passage, each by itself.
fn apart<T>(stated: Option<Stated<T>>) -> (Option<T>, Option<Evidence>) {
    stated.map_or((None, None), |stated| (Some(stated.value), stated.evidence))
}

/// What a machine wrote is never an answer, whatever its words.
pub fn automatic(reading: &mut Reading, automatic: Automatic, prepared: &Prepared<'_>) {
    let kind = match automatic {
        Automatic::None | Automatic::List => return,
        Automatic::AutoReply | Automatic::Receipt => Kind::Automatic,
        Automatic::Bounce => Kind::Bounce,
    };
    // The day on which someone is back at the desk is no promise, and a machine extends nothing.
    reading.new_due_on = None;
    let list = if kind == Kind::Bounce { List::Bounce } else { List::Automatic };
    let own = prepared.sections.iter().filter(|s| !matches!(s.place, Place::Attachment(_)));
    let said =
        own.flat_map(|s| s.hits.iter().filter(|h| h.phrase.list == list).filter_map(|h| s.evidence(h)));
    reading.evidence = said.take(4).collect();
    if reading.kind != Kind::Other && kind == Kind::Automatic {
        reading.also.insert(0, reading.kind);
    } else {
        reading.also.clear();
    }
    reading.kind = kind;
    reading.confidence = 0.95;
    reading.extension = None;
    reading.grounds.clear();
}
