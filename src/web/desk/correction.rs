//! The form by which a person says what a reply is: what was typed, and what it means or what is wrong with it.

use crate::domain::incoming::reading::Kind;
use crate::domain::request::event::Ground;
use crate::domain::request::state::Outcome;
use crate::service::triage::Settlement;
use chrono::{Datelike, NaiveDate, NaiveDateTime};
use rocket::FromForm;
use serde::Serialize;
use std::collections::BTreeMap;

/// What is wrong, by field.
pub type Faults = BTreeMap<&'static str, String>;

/// What is typed into the form, or what the proposal puts there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, FromForm)]
pub struct Typed {
    /// Word of the kind.
    #[field(default = String::new())]
    pub kind: String,
    /// Word of the outcome; empty = as the kind says.
    #[field(default = String::new())]
    pub outcome: String,
    /// Until when more time is taken.
    #[field(default = String::new())]
    pub until_day: String,
    /// Its month.
    #[field(default = String::new())]
    pub until_month: String,
    /// Its year.
    #[field(default = String::new())]
    pub until_year: String,
    /// When the authority registered the request.
    #[field(default = String::new())]
    pub registered_day: String,
    /// Its month.
    #[field(default = String::new())]
    pub registered_month: String,
    /// Its year.
    #[field(default = String::new())]
    pub registered_year: String,
    /// The authority's file number.
    #[field(default = String::new())]
    pub reference: String,
    /// As written in the demand.
    #[field(default = String::new())]
    pub fee_amount: String,
    /// ISO 4217.
    #[field(default = String::new())]
    pub fee_currency: String,
    /// To whom it was passed on.
    #[field(default = String::new())]
    pub passed_to: String,
    /// The day the other body had it.
    #[field(default = String::new())]
    pub passed_day: String,
    /// Its month.
    #[field(default = String::new())]
    pub passed_month: String,
    /// Its year.
    #[field(default = String::new())]
    pub passed_year: String,
    /// Whether the authority hears a third party.
    #[field(default = String::new())]
    pub third_party: String,
    /// Whether the rest of what was asked is still owed.
    #[field(default = String::new())]
    pub rest_owed: String,
    /// What a clarification asks.
    #[field(default = String::new())]
    pub asks_for: String,
    /// One a line.
    #[field(default = String::new())]
    pub grounds: String,
    /// Whether the text is shown to everyone.
    #[field(default = String::new())]
    pub publish: String,
    /// The redacted subject.
    #[field(default = String::new())]
    pub subject: String,
    /// The redacted text.
    #[field(default = String::new())]
    pub text: String,
    /// Positions of attachments to show.
    pub files: Vec<String>,
    /// Whether what hides in its files was looked at.
    #[field(default = String::new())]
    pub looked: String,
    /// When it was settled as the form saw it; empty = it was not.
    #[field(default = String::new())]
    pub seen: String,
}

/// How a form carries the time of a settlement: all that the databases keep of it.
const SEEN: &str = "%Y-%m-%dT%H:%M:%S%.6f";

/// The version of a settlement, for the form that may correct it.
pub(crate) fn seen(at: Option<NaiveDateTime>) -> String {
    at.map(|at| at.format(SEEN).to_string()).unwrap_or_default()
}

impl Typed {
    /// The form filled in with what "accept" would record.
    pub fn of(proposed: &Settlement) -> Self {
        let date = |day: Option<NaiveDate>| match day {
            Some(day) => [day.day().to_string(), day.month().to_string(), day.year().to_string()],
            None => [const { String::new() }; 3],
        };
        let [until_day, until_month, until_year] = date(proposed.until);
        let [registered_day, registered_month, registered_year] = date(proposed.registered_on);
        let [passed_day, passed_month, passed_year] = date(proposed.passed_on);
        let tick = |set: bool| if set { "1".to_owned() } else { String::new() };
        let (fee_amount, fee_currency) = proposed.fee.clone().unwrap_or_default();
        let cites: Vec<&str> = proposed.grounds.iter().map(|ground| ground.cite.as_str()).collect();
        Self {
            kind: proposed.kind.as_str().to_owned(),
            outcome: String::new(),
            until_day,
            until_month,
            until_year,
            registered_day,
            registered_month,
            registered_year,
            reference: proposed.authority_reference.clone().unwrap_or_default(),
            fee_amount,
            fee_currency,
            passed_to: proposed.passed_to.clone().unwrap_or_default(),
            passed_day,
            passed_month,
            passed_year,
            third_party: tick(proposed.hears_third_party),
            rest_owed: tick(proposed.rest_owed),
            asks_for: proposed.asks_for.clone().unwrap_or_default(),
            grounds: cites.join("\n"),
            publish: tick(proposed.publish.is_some()),
            subject: proposed.publish_subject.clone().unwrap_or_default(),
            text: proposed.publish.clone().unwrap_or_default(),
            files: proposed.publish_attachments.iter().map(ToString::to_string).collect(),
            looked: tick(proposed.looked),
            seen: seen(proposed.seen),
        }
    }

    /// What the form says of `message`, or what is wrong with it.
    pub fn settlement(&self, message: i64, request: i64) -> Result<Settlement, Faults> {
        let mut faults = Faults::new();
        let kind = self.kind.parse::<Kind>().map_err(|_| {
            faults.insert("kind", "Choose what kind of reply it is.".to_owned());
        });
        let outcome =
            optional(&self.outcome).map(|word| word.parse::<Outcome>()).transpose().map_err(|error| {
                faults.insert("outcome", format!("“{}” is no outcome. Choose one of the list.", error.found));
            });
        let until = date("until", (&self.until_day, &self.until_month, &self.until_year), &mut faults);
        let registered_on = date(
            "registered",
            (&self.registered_day, &self.registered_month, &self.registered_year),
            &mut faults,
        );
        let passed_on = self.passed_on(kind.as_ref().ok(), &mut faults);
        let rest_owed = !self.rest_owed.is_empty();
        if rest_owed && kind.as_ref().is_ok_and(|kind| !matches!(kind, Kind::Partial | Kind::Full)) {
            let cure = "Only where something was given can a rest be owed. Choose “Partly disclosed”, or take the tick away.";
            faults.insert("rest", cure.to_owned());
        }
        let fee = fee(&self.fee_amount, &self.fee_currency, &mut faults);
        let grounds = grounds(&self.grounds);
        if kind == Ok(Kind::Refusal) && grounds.is_empty() {
            let cure = "A refusal needs its ground as the reply cites it, or the words “none given”.";
            faults.insert("grounds", cure.to_owned());
        }
        let text = self.text.replace("\r\n", "\n").trim().to_owned();
        if !self.publish.is_empty() && text.is_empty() {
            let cure = "There is no text to show. Write it, or take the tick away.";
            faults.insert("text", cure.to_owned());
        }
        let (Ok(kind), Ok(outcome), true) = (kind, outcome, faults.is_empty()) else { return Err(faults) };
        let publish = (!self.publish.is_empty()).then_some(text);
        Ok(Settlement {
            message,
            request,
            kind,
            outcome,
            until,
            authority_reference: optional(&self.reference),
            registered_on,
            fee,
            passed_to: optional(&self.passed_to),
            passed_on,
            asks_for: optional(&self.asks_for),
            hears_third_party: !self.third_party.is_empty(),
            rest_owed,
            grounds,
            publish_subject: optional(&self.subject).filter(|_| publish.is_some()),
            publish,
            publish_attachments: self.files.iter().filter_map(|position| position.parse().ok()).collect(),
            looked: !self.looked.is_empty(),
            seen: NaiveDateTime::parse_from_str(&self.seen, SEEN).ok(),
        })
    }
}

impl Typed {
    /// The day the other body had the request; only a letter that passes it on names one.
    fn passed_on(&self, kind: Option<&Kind>, faults: &mut Faults) -> Option<NaiveDate> {
        let day = date("passed", (&self.passed_day, &self.passed_month, &self.passed_year), faults);
        if day.is_some() && kind.is_some_and(|kind| *kind != Kind::Transfer) {
            faults.insert("passed", "This day belongs to a letter of the kind “Forwarded”.".to_owned());
        }
        day
    }
}

fn optional(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn grounds(text: &str) -> Vec<Ground> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| Ground { cite: line.to_owned(), category: None })
        .collect()
}

/// A day from its three fields; none where all are empty.
pub(crate) fn date(
    field: &'static str,
    (day, month, year): (&str, &str, &str),
    faults: &mut Faults,
) -> Option<NaiveDate> {
    let parts = [day.trim(), month.trim(), year.trim()];
    if parts.iter().all(|part| part.is_empty()) {
        return None;
    }
    let [day, month, year] = parts;
    let found = match (day.parse(), month.parse(), year.parse::<i32>()) {
        (Ok(day), Ok(month), Ok(year)) if (1990..2200).contains(&year) => {
            NaiveDate::from_ymd_opt(year, month, day)
        }
        _ => None,
    };
    if found.is_none() {
        faults.insert(
            field,
            format!("“{day} {month} {year}” is no day. Write day, month and year in figures, for example 3 12 2026."),
        );
    }
    found
}

fn fee(amount: &str, currency: &str, faults: &mut Faults) -> Option<(String, String)> {
    let (amount, currency) = (amount.trim().replace(',', "."), currency.trim().to_uppercase());
    if amount.is_empty() && currency.is_empty() {
        return None;
    }
    let (whole, cents) = amount.split_once('.').unwrap_or((amount.as_str(), "00"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !(digits(whole) && digits(cents) && whole.len() <= 9 && cents.len() <= 2) {
        faults.insert("fee", format!("“{amount}” is no amount. Write it in figures, for example 12.50."));
        return None;
    }
    if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
        faults
            .insert("fee", format!("“{currency}” is no currency. Write its three letters, for example EUR."));
        return None;
    }
    Some((amount, currency))
}
