//! To which request a mail belongs: clues with weights, each a reason in plain words, and what speaks against it.

pub mod clues;
pub mod domains;
pub mod keys;
pub mod numbers;
pub mod quoted;
mod rank;
mod reason;
pub mod received;
pub mod reply;

pub use crate::domain::incoming::matching::clues::{Clues, Named, clues};
pub use crate::domain::incoming::matching::rank::rank;
pub use crate::domain::incoming::matching::reason::{Reason, Warning};
pub use crate::domain::incoming::matching::reply::reply_address;

use crate::domain::incoming::matching::domains::Known;
use crate::domain::incoming::matching::reply::Slip;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How many requests are named to a person, best first.
pub const MOST_MATCHES: usize = 10;

/// How the addresses of a mail relate to the reply address of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Addressed {
    /// Not at all.
    #[default]
    Not,
    /// It was sent to the reply address; its place among the addresses, the envelope's recipient first.
    Exactly(usize),
    /// It was sent to an address one slip away.
    Nearly(Slip),
}

/// A letter of ours, as it may be quoted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ours {
    /// Without angle brackets.
    pub message_id: String,
    /// Where it went, lower case.
    pub address: String,
    /// Subject.
    pub subject: String,
    /// Text as sent.
    pub body: String,
}

/// A request that may be meant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Candidate {
    /// Its row.
    pub request_id: i64,
    /// Its public reference, `2026-0417`.
    pub reference: String,
    /// Whether the mail was sent to its reply address.
    pub addressed: Addressed,
    /// Whether its reply address stands in the text.
    pub in_text: bool,
    /// Letters we sent in it.
    pub letters: Vec<Ours>,
    /// Message ids of replies that are filed to it.
    pub reply_ids: Vec<String>,
    /// File numbers that its authority gave it, folded and as written.
    pub file_numbers: Vec<(String, String)>,
    /// Where its authority writes from.
    pub known: Vec<Known>,
    /// When its first letter left; none = it has not.
    pub sent_at: Option<DateTime<Utc>>,
    /// Whether an answer is awaited.
    pub open: bool,
}

/// A request that a mail may belong to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Match {
    /// The request's row.
    pub request_id: i64,
    /// The sum of the weights of its reasons.
    #[serde(default)]
    pub points: i32,
    /// Why, strongest first.
    pub reasons: Vec<Reason>,
    /// Whether it is the clear winner.
    pub certain: bool,
    /// Whether the sender's domain is none of the authority's; such a mail never speaks for it by itself.
    pub foreign_sender: bool,
    /// What a person should look at before believing it.
    #[serde(default)]
    pub warnings: Vec<Warning>,
}

impl Match {
    /// Whether something proves it that only a recipient of our letter has: its reply address or its Message-ID.
    pub fn is_proved(&self) -> bool {
        self.reasons
            .iter()
            .any(|reason| matches!(reason, Reason::ReplyAddress | Reason::AnswersLetter { .. }))
    }

    /// Whether it was sent to the reply address of the request.
    pub fn is_addressed(&self) -> bool {
        self.reasons.contains(&Reason::ReplyAddress)
    }
}
