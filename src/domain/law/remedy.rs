//! What a requester can do and must know: remedies and their times, fees, form, scope, grounds of refusal.

use serde::{Deserialize, Serialize};

use crate::domain::law::regime::Confidence;
use crate::domain::law::rules::{DayKind, FeeEffect, PauseDays, SilenceEffect};
use crate::domain::law::term::{Term, Unit};
use crate::domain::words::words;

words! {
    /// A way to have an answer, or its absence, looked at; a law has each at most once.
    pub enum RemedyStep {
        /// A notice that the authority is in default, before anything else may be done.
        Notice = "notice",
        /// A second look by the authority itself.
        Review = "review",
        /// A complaint to a commissioner, a commission or the authority above.
        Complaint = "complaint",
        /// A supervisor that mediates or criticises and binds nobody.
        Ombudsman = "ombudsman",
        /// The court.
        Court = "court",
    }
    expected "a step of remedy"
}

words! {
    /// What opens a way.
    pub enum After {
        /// A decision that does not give all that was asked.
        Decision = "decision",
        /// The end of the time without one.
        Silence = "silence",
    }
    expected "`decision` or `silence`"
}

/// The event from which the first day of a way is counted, where it is not the day that opens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpensFrom {
    /// The day of the decision or of the silence.
    Trigger,
    /// The day the authority received the request (`§ 75 VwGO`: three months).
    Receipt,
}

/// When a remedy may be used: after what, from which day, and until which.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// What opens it.
    pub after: After,
    /// Whose decision or silence; absent: the authority's on the request itself.
    pub of: Option<RemedyStep>,
    /// How many units the requester has; absent: the law sets no end.
    pub amount: Option<u32>,
    /// The unit.
    pub unit: Option<Unit>,
    /// Days added to the end, as the ten for distance before the Court of Justice.
    #[serde(default)]
    pub plus_days: u32,
    /// The kinds of day that move the requester's last day. None: it is told unmoved, which is never too late.
    #[serde(default)]
    pub roll_on: Vec<DayKind>,
    /// It may be used only once so many units are over; absent: from the day after the trigger.
    pub opens_amount: Option<u32>,
    /// The unit.
    pub opens_unit: Option<Unit>,
    /// Counted from where.
    pub opens_from: Option<OpensFrom>,
    /// The time if the decision did not name the remedy, as a year under `§ 58 Abs. 2 VwGO`.
    pub untold_amount: Option<u32>,
    /// The unit.
    pub untold_unit: Option<Unit>,
    /// The figure is that of practice, not of a statute.
    #[serde(default)]
    pub practice: bool,
    /// The provision.
    pub src: String,
    /// What those who keep the data tell each other.
    pub note: Option<String>,
}

impl Way {
    /// The requester's time.
    pub const fn within(&self) -> Option<Term> {
        Term::of(self.amount, self.unit)
    }

    /// The time that must pass before it may be used.
    pub const fn opens_after(&self) -> Option<Term> {
        Term::of(self.opens_amount, self.opens_unit)
    }

    /// The requester's time where the decision named no remedy.
    pub const fn untold(&self) -> Option<Term> {
        Term::of(self.untold_amount, self.untold_unit)
    }
}

/// Something that a requester may do against a refusal or silence, and the time of the body that hears it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remedy {
    /// Which.
    pub step: RemedyStep,
    /// What it is called where it is used, as `Widerspruch`, `bezwaar`, `recours devant la CADA`.
    pub name: Option<String>,
    /// Who hears it.
    pub body: String,
    /// Where.
    pub url: Option<String>,
    /// Whether it must come before the steps after it.
    pub mandatory: Option<bool>,
    /// The body's time to decide.
    pub answer_amount: Option<u32>,
    /// Its unit.
    pub answer_unit: Option<Unit>,
    /// Whether that time is only an aim or practice.
    #[serde(default)]
    pub answer_target: bool,
    /// What the body's silence means.
    #[serde(default = "no_effect")]
    pub silence: SilenceEffect,
    /// After how many units silence means that, where it is not the body's time to decide: the authority's second
    /// implied refusal, two months after CADA registered the case (R.* 343-5 CRPA).
    pub silence_amount: Option<u32>,
    /// Its unit.
    pub silence_unit: Option<Unit>,
    /// So many days after the end silence counts as a decision that was served.
    #[serde(default)]
    pub silence_served_after_days: u32,
    /// Whether the authority is bound by the result.
    pub binding: Option<bool>,
    /// What it costs, in plain words; absent: nothing, or nobody looked.
    pub fee: Option<String>,
    /// In which form it must be sent, in plain words.
    pub form: Option<String>,
    /// The provision.
    pub src: String,
    /// What those who keep the data tell each other.
    pub note: Option<String>,
    /// How sure we are.
    pub confidence: Option<Confidence>,
    /// What opens it, and for how long.
    #[serde(default, rename = "way")]
    pub ways: Vec<Way>,
}

const fn no_effect() -> SilenceEffect {
    SilenceEffect::None
}

impl Remedy {
    /// The body's time to decide.
    pub const fn answer_within(&self) -> Option<Term> {
        Term::of(self.answer_amount, self.answer_unit)
    }

    /// The time after which the body's silence counts as a refusal, where it does.
    pub fn silence_after(&self) -> Option<Term> {
        match self.silence {
            SilenceEffect::Refusal => {
                Term::of(self.silence_amount, self.silence_unit).or_else(|| self.answer_within())
            }
            SilenceEffect::None => None,
        }
    }
}

/// What a request costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fees {
    /// Whether asking is free.
    pub request_free: bool,
    /// What else may be charged.
    pub charge: String,
    /// What a demand for money does to the clock.
    #[serde(default)]
    pub effect: FeeEffect,
    /// The days on which the clock stands still, where it does.
    #[serde(default)]
    pub days: PauseDays,
    /// The requester's time to pay.
    pub pay_within_amount: Option<u32>,
    /// Its unit.
    pub pay_within_unit: Option<Unit>,
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
