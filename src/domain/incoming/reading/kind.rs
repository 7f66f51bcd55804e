//! The kinds of replies.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// Kind of a reply.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind { $($(#[$doc])* $variant),+ }

        impl Kind {
            /// All kinds.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant),+];

            /// The name as it is stored and printed.
            pub fn as_str(self) -> &'static str {
                match self { $(Kind::$variant => $name),+ }
            }
        }
    };
}

kinds! {
    /// The request came in.
    Acknowledgement = "acknowledgement",
    /// More time is taken.
    Extension = "extension",
    /// The requester must say more.
    Clarification = "clarification",
    /// Passed on to another authority.
    Transfer = "transfer",
    /// Money is asked for.
    Fee = "fee",
    /// Refused.
    Refusal = "refusal",
    /// Some is given, some refused.
    Partial = "partial",
    /// All is given.
    Full = "full",
    /// Nothing of the kind is held.
    NotHeld = "not_held",
    /// Neither confirmed nor denied.
    Ncnd = "ncnd",
    /// An appeal or review was decided.
    DecisionReview = "decision_review",
    /// A machine answered.
    Automatic = "automatic",
    /// Our letter was not delivered.
    Bounce = "bounce",
    /// Something else, or not clear.
    Other = "other",
}

/// A name that is no kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a kind of reply, found `{0}`")]
pub struct UnknownKind(pub String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        Kind::ALL.iter().copied().find(|k| k.as_str() == name).ok_or_else(|| UnknownKind(name.to_owned()))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
