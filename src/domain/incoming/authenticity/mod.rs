//! Who wrote a mail: what each check found, and the one verdict that people are told.

pub mod head;
mod judge;
pub mod results;

pub use crate::domain::incoming::authenticity::head::{Author, Doubt, Head, author, head};
pub use crate::domain::incoming::authenticity::judge::{Judged, judge, judge_at_last};
pub use crate::domain::incoming::authenticity::results::Told;

use crate::domain::words::words;
use serde::{Deserialize, Serialize};

words! {
    /// Whether the domain in the From line wrote a mail.
    pub enum Verdict {
        /// The domain vouches for it.
        Verified = "verified",
        /// Nothing proves it, and nothing says the contrary.
        Unverified = "unverified",
        /// The domain says that mail like this is not from it.
        Forged = "forged",
        /// Names could not be looked up, so that nobody can tell.
        Unknown = "unknown",
    }
    expected "a verdict on who wrote"
}

words! {
    /// How one check ended.
    pub enum Outcome {
        /// It holds.
        Pass = "pass",
        /// It does not.
        Fail = "fail",
        /// There is nothing to check.
        None = "none",
        /// A name could not be looked up now.
        Temporary = "temporary",
        /// It was not looked at.
        NotAsked = "not_asked",
    }
    expected "the outcome of a check"
}

words! {
    /// What a domain wants done with mail that is not from it (RFC 7489 §6.3).
    pub enum Policy {
        /// Nothing.
        None = "none",
        /// Put it aside.
        Quarantine = "quarantine",
        /// Refuse it.
        Reject = "reject",
    }
    expected "a policy"
}

/// One DKIM signature (RFC 6376).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// Whose it is: `d=`, lower case, in ASCII.
    pub domain: String,
    /// By which key: `s=`.
    pub selector: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, in plain words.
    pub why: String,
    /// Fields of the mail that are shown, or say how it is shown, and that it does not cover.
    #[serde(default)]
    pub unsigned: Vec<String>,
}

/// Whether the sending server may send for the envelope's domain (RFC 7208).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spf {
    /// The domain of the envelope sender, or of the greeting where that is empty.
    pub domain: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, in plain words.
    pub why: String,
}

/// What the domain in the From line says of its mail (RFC 7489).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dmarc {
    /// `Pass` = there is a record.
    pub outcome: Outcome,
    /// Where the record stands, without `_dmarc.`.
    pub domain: String,
    /// What is to be done with mail that is not from it.
    pub policy: Policy,
    /// Whether a signature must be of exactly the domain in the From line.
    pub strict_dkim: bool,
    /// The same of the envelope's domain.
    pub strict_spf: bool,
}

/// What those through whose hands it went say of it (RFC 8617).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arc {
    /// Who sealed it last.
    pub sealer: Option<String>,
    /// Whether the whole chain of seals holds.
    pub outcome: Outcome,
    /// Why, in plain words.
    pub why: String,
    /// What the last sealer found when it got the mail; only where it is one we believe and the chain holds.
    pub said: Option<Told>,
}

/// `Authentication-Results` in the head (RFC 8601).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    /// What our own mail server found.
    pub own: Option<Told>,
    /// How many such fields are not believed.
    pub ignored: usize,
    /// Whether one of those says that something passed.
    pub claimed: bool,
}

/// What all checks found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checks {
    /// Who the From line says wrote it, read as the desk shows it.
    pub author: Option<Author>,
    /// Why what the checks find cannot be said of what is shown.
    pub doubt: Option<Doubt>,
    /// Whether names were looked up at all.
    pub asked: bool,
    /// Signatures that were looked at.
    pub dkim: Vec<Signed>,
    /// How many more there are.
    pub unseen: usize,
    /// The sending server.
    pub spf: Spf,
    /// What the domain says.
    pub dmarc: Dmarc,
    /// Seals.
    pub arc: Arc,
    /// What the head reports.
    pub reported: Reported,
}

impl Signed {
    /// Whether a field is shown that it does not cover.
    pub fn leaves_out(&self, name: &str) -> bool {
        self.unsigned.iter().any(|field| field.eq_ignore_ascii_case(name))
    }
}

impl Checks {
    /// Whether the domain in the From line asks to refuse or put aside what is not from it, or may ask that.
    pub fn may_be_disowned(&self) -> bool {
        let asks = self.dmarc.outcome == Outcome::Pass && self.dmarc.policy != Policy::None;
        self.asked && (asks || self.dmarc.outcome == Outcome::Temporary)
    }
}

impl Default for Checks {
    fn default() -> Self {
        let not_asked = Outcome::NotAsked;
        Self {
            author: None,
            doubt: None,
            asked: false,
            dkim: Vec::new(),
            unseen: 0,
            spf: Spf { domain: String::new(), outcome: not_asked, why: "Nothing was looked up.".to_owned() },
            dmarc: Dmarc {
                outcome: not_asked,
                domain: String::new(),
                policy: Policy::None,
                strict_dkim: false,
                strict_spf: false,
            },
            arc: Arc { sealer: None, outcome: Outcome::None, why: "No seals.".to_owned(), said: None },
            reported: Reported::default(),
        }
    }
}
