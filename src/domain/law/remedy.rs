//! What a requester can do and must know: review, complaint, court, fees, form, scope, grounds of refusal.

use serde::{Deserialize, Serialize};

use crate::domain::law::regime::Confidence;
use crate::domain::law::term::{Term, Unit};

/// A second look by the authority itself or the one above it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InternalReview {
    /// Whether there is one.
    pub exists: bool,
    /// Whether it must come before a complaint or the court.
    pub mandatory: Option<bool>,
    /// The requester's time to ask for it.
    pub request_within_amount: Option<u32>,
    /// Its unit.
    pub request_within_unit: Option<Unit>,
    /// The authority's time to answer it.
    pub answer_within_amount: Option<u32>,
    /// Its unit.
    pub answer_within_unit: Option<Unit>,
    /// The provision.
    pub src: String,
    /// What a reader should know.
    pub note: Option<String>,
}

impl InternalReview {
    /// The requester's time to ask for it.
    pub const fn request_within(&self) -> Option<Term> {
        Term::of(self.request_within_amount, self.request_within_unit)
    }

    /// The authority's time to answer it.
    pub const fn answer_within(&self) -> Option<Term> {
        Term::of(self.answer_within_amount, self.answer_within_unit)
    }
}

/// A complaint to a commissioner or commission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalAppeal {
    /// Whether there is one.
    pub exists: bool,
    /// To whom.
    pub body: Option<String>,
    /// Where.
    pub url: Option<String>,
    /// The requester's time to file it.
    pub file_within_amount: Option<u32>,
    /// Its unit.
    pub file_within_unit: Option<Unit>,
    /// When it may be filed against silence.
    pub after_silence: Option<String>,
    /// The body's time to decide.
    pub decide_within_amount: Option<u32>,
    /// Its unit.
    pub decide_within_unit: Option<Unit>,
    /// Whether the authority is bound by the result.
    pub binding: Option<bool>,
    /// The provision.
    pub src: String,
    /// What a reader should know.
    pub note: Option<String>,
    /// How sure we are.
    pub confidence: Option<Confidence>,
}

impl ExternalAppeal {
    /// The requester's time to file it.
    pub const fn file_within(&self) -> Option<Term> {
        Term::of(self.file_within_amount, self.file_within_unit)
    }

    /// The body's time to decide.
    pub const fn decide_within(&self) -> Option<Term> {
        Term::of(self.decide_within_amount, self.decide_within_unit)
    }
}

/// The way to court.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Court {
    /// Which court.
    pub name: String,
    /// The requester's time to file.
    pub file_within_amount: Option<u32>,
    /// Its unit.
    pub file_within_unit: Option<Unit>,
    /// The provision.
    pub src: String,
    /// What a reader should know.
    pub note: Option<String>,
}

impl Court {
    /// The requester's time to file.
    pub const fn file_within(&self) -> Option<Term> {
        Term::of(self.file_within_amount, self.file_within_unit)
    }
}

/// What a request costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fees {
    /// Whether asking is free.
    pub request_free: bool,
    /// What else may be charged.
    pub charge: String,
    /// The provision.
    pub src: String,
    /// What a reader should know.
    pub note: Option<String>,
}

/// Yes, no, or in some cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// Yes.
    Yes,
    /// In some cases; the note says in which.
    Partial,
    /// No.
    No,
}

/// What the requester must tell of themselves, and in which form.
#[expect(clippy::struct_excessive_bools, reason = "independent demands of form, as the laws list them")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The real name.
    pub real_name: bool,
    /// A postal address.
    pub address: bool,
    /// A signature.
    pub signature: bool,
    /// Citizenship or residence.
    pub nationality_or_residence: bool,
    /// Whether e-mail is a valid form.
    pub email_ok: Extent,
    /// Whether one may ask without a name.
    pub anonymous_ok: bool,
    /// The provision.
    pub src: String,
    /// What a reader should know.
    pub note: Option<String>,
}

/// Which bodies the law binds, of those we write to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// Police.
    pub police: Extent,
    /// Municipalities.
    pub municipalities: Extent,
    /// The provision.
    pub src: String,
    /// What a reader should know.
    pub note: Option<String>,
}

/// A ground on which the authority may refuse, in the law's own numbering.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exemption {
    /// What it protects, as `law_enforcement`: one word for all laws.
    pub kind: String,
    /// The provision.
    pub cite: String,
    /// What it says, in English.
    pub label: String,
}
