//! One access law: clocks, extension, silence, remedies; versions by date.

use serde::{Deserialize, Serialize};

/// The id of an access law, as `de-ifg`: lower-case ASCII letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
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
