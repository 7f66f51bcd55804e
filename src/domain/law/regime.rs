//! One access law: clocks, extension, silence, remedies; versions by date.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::domain::authority::AuthorityKind;
use crate::domain::law::remedy::{Exemption, Extent, Fees, Identity, Remedy, RemedyStep, Scope};
use crate::domain::law::rules::{
    Acknowledgement, Clarification, Extension, PreviousResponse, Response, Silence, ThirdParty, Transfer,
};
use crate::domain::law::term::{Limit, Term};

/// The id of an access law, as `de-ifg`: lower-case ASCII letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegimeId(String);

impl RegimeId {
    /// The id as written in data files and addresses.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for RegimeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Not the shape of a regime's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected the id of a law such as `de-ifg`, found `{0}`")]
pub struct NotARegimeId(pub String);

impl std::str::FromStr for RegimeId {
    type Err = NotARegimeId;

    fn from_str(text: &str) -> Result<Self, NotARegimeId> {
        let shape = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if text.is_empty() || text.len() > 40 || !text.chars().all(shape) {
            return Err(NotARegimeId(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for RegimeId {
    type Error = NotARegimeId;

    fn try_from(text: String) -> Result<Self, NotARegimeId> {
        text.parse()
    }
}

impl From<RegimeId> for String {
    fn from(id: RegimeId) -> Self {
        id.0
    }
}

/// Whose law it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// A state's, for all its bodies.
    National,
    /// A federation's, for its own bodies.
    Federal,
    /// A part's of a state.
    Regional,
    /// The European Union's.
    Eu,
}

/// What a requester may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gives {
    /// Information: questions are answered.
    #[default]
    Answers,
    /// Documents that exist: the letter must ask for them.
    Documents,
    /// Nothing: there is no such law, and no letter can rest on it.
    Nothing,
}

/// How the main time limit was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verified {
    /// The text of the statute was seen.
    Primary,
    /// A part of it was.
    PartialPrimary,
    /// An official or expert page was.
    Secondary,
    /// Nothing was.
    Memory,
}

impl Verified {
    /// The word in data and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::PartialPrimary => "partial_primary",
            Self::Secondary => "secondary",
            Self::Memory => "memory",
        }
    }
}

/// How sure we are of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Sure.
    High,
    /// Likely.
    Medium,
    /// To be checked first.
    Low,
}

/// The law's own words for a letter in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterClauses {
    /// The law by name.
    pub law: String,
    /// The provision that gives the right.
    pub basis: String,
    /// The clause on time; absent: the law has none.
    pub deadline: Option<String>,
    /// Further clauses by name.
    #[serde(flatten)]
    pub more: BTreeMap<String, String>,
}

/// An access law. A request keeps the copy under which it was filed, as JSON: a new field must have a default, a
/// renamed one the old name as its alias, and keys that are no more are passed over. In data files they are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Regime {
    /// Its id.
    pub id: RegimeId,
    /// ISO 3166 code, or `EU`.
    pub country: String,
    /// ISO 3166-2 code of a part.
    pub subdivision: Option<String>,
    /// Whose law it is.
    pub level: Level,
    /// Its name in its own language.
    pub law_local: String,
    /// Its name in English.
    pub law_en: String,
    /// How it is cited.
    pub citation: String,
    /// What it gives.
    #[serde(default)]
    pub gives: Gives,
    /// Where it can be read.
    pub url: String,
    /// The languages in which one may ask, BCP 47.
    pub languages: Vec<String>,
    /// The calendar of its days off.
    pub holiday_calendar: String,
    /// The first day on which it held.
    pub in_force_since: Option<NaiveDate>,
    /// Set where there is no such law after all.
    pub status: Option<String>,
    /// How sure we are of the main time limit.
    pub confidence: Confidence,
    /// How it was checked.
    pub verified: Verified,
    /// What was seen; for those who keep the data.
    pub checked: Option<String>,
    /// What those who keep the data tell each other; no page shows it, nor the `note` of any part.
    pub note: Option<String>,
    /// What a requester should know beside the figures, in plain words; shown on the law's page.
    pub for_readers: Option<String>,
    /// The time for the answer.
    pub response: Response,
    /// The rule as it stood before, by date.
    #[serde(default)]
    pub previous_response: Vec<PreviousResponse>,
    /// Putting the answer off.
    pub extension: Extension,
    /// Confirming receipt.
    pub acknowledgement: Acknowledgement,
    /// Silence.
    pub silence: Silence,
    /// A question back.
    pub clarification: Clarification,
    /// Hearing somebody whose affairs the answer touches; absent: it does not move the clock.
    pub third_party: Option<ThirdParty>,
    /// The wrong body.
    pub transfer: Transfer,
    /// What the requester may do against a refusal or silence, in the order in which it is done.
    #[serde(default, rename = "remedy")]
    pub remedies: Vec<Remedy>,
    /// Costs.
    pub fees: Fees,
    /// Form.
    pub identity: Identity,
    /// Bodies bound.
    pub scope: Scope,
    /// Grounds of refusal.
    #[serde(default, rename = "exemption")]
    pub exemptions: Vec<Exemption>,
    /// Words for letters by language.
    #[serde(default)]
    pub letter: BTreeMap<String, LetterClauses>,
    /// Short names by which letters cite it, the usual one first: `FOIA`, `loi du 11 avril 1994`.
    #[serde(default)]
    pub abbreviations: Vec<String>,
    /// Id and fingerprint of the data file, as `at-ifg@1f2e3d4c`; set by the reader.
    #[serde(default)]
    pub version: String,
    /// The zone in which the law's days begin and end; set by the reader from the calendar.
    #[serde(default = "utc")]
    pub zone: Tz,
}

const fn utc() -> Tz {
    Tz::UTC
}

/// The rule for the answer on one day of receipt.
#[derive(Debug, Clone, Copy)]
pub struct RuleInForce<'a> {
    /// The time for the answer.
    pub limit: Limit,
    /// The provision.
    pub src: &'a str,
    /// Putting the answer off.
    pub extension: &'a Extension,
    /// The last day of the rule, if it is no longer the present one.
    pub until: Option<NaiveDate>,
}

impl Regime {
    /// The rule for a request received on a day; `None` before the law.
    pub fn rule_on(&self, received: NaiveDate) -> Option<RuleInForce<'_>> {
        let holds = |p: &&PreviousResponse| received <= p.until && p.since.is_none_or(|s| s <= received);
        if let Some(old) = self.previous_response.iter().filter(holds).min_by_key(|p| p.until) {
            let term = Term { amount: old.amount, unit: old.unit };
            return Some(RuleInForce {
                limit: Limit::Term(term),
                src: &old.src,
                extension: old.extension.as_ref().unwrap_or(&self.extension),
                until: Some(old.until),
            });
        }
        if self.in_force_since.is_some_and(|since| received < since) {
            return None;
        }
        Some(RuleInForce {
            limit: self.response.limit(),
            src: &self.response.src,
            extension: &self.extension,
            until: None,
        })
    }

    /// The time for the answer in English words, as `20 working days`, `1 month`, `promptly`.
    pub fn limit_in_words(&self) -> String {
        self.response.limit().to_string()
    }

    /// Whether the figure was read in the statute itself; otherwise every date is shown as an estimate.
    pub fn is_estimate(&self) -> bool {
        self.verified != Verified::Primary
    }

    /// The day of an instant where the law holds: the server's zone and the reader's never move a date.
    pub fn day_of(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }

    /// Whether it is a law for bodies of this kind in this country: a state's law for the state's own bodies, the
    /// Union's for the Union's, wherever they sit. Which part of the state is not told; nobody keeps that.
    pub fn reaches(&self, country: &str, kind: AuthorityKind) -> bool {
        let of_the_union = country == "EU" || kind == AuthorityKind::EuAgency;
        if of_the_union {
            self.level == Level::Eu
        } else {
            self.level != Level::Eu && self.country == country
        }
    }

    /// Whether it binds such a body; none where the data does not say.
    pub fn binds(&self, kind: AuthorityKind) -> Option<Extent> {
        match kind {
            AuthorityKind::Police => Some(self.scope.police),
            AuthorityKind::Municipality => Some(self.scope.municipalities),
            _ => None,
        }
    }

    /// The remedy of a step, where the law has one.
    pub fn remedy(&self, step: RemedyStep) -> Option<&Remedy> {
        self.remedies.iter().find(|remedy| remedy.step == step)
    }

    /// Whether a request by e-mail is in a valid form, at least in some cases.
    pub fn takes_email(&self) -> bool {
        self.identity.email_ok != Extent::No
    }
}
