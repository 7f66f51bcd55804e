//! The public reference of a request, and its reply address, which is a bearer secret.

use sha2::{Digest, Sha256};

/// The public reference of a request, as `2026-0417`: year and running number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicReference(String);

/// Not a reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a reference such as `2026-0417`, found `{0}`")]
pub struct NotAReference(pub String);

impl PublicReference {
    /// The `number`-th request of `year`.
    pub fn new(year: i32, number: i64) -> Self {
        Self(format!("{year:04}-{number:04}"))
    }

    /// As printed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for PublicReference {
    type Err = NotAReference;

    fn from_str(text: &str) -> Result<Self, NotAReference> {
        let wrong = || NotAReference(text.to_owned());
        let (year, number) = text.split_once('-').ok_or_else(wrong)?;
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let shape = year.len() == 4 && (4..=9).contains(&number.len()) && digits(year) && digits(number);
        if shape { Ok(Self(text.to_owned())) } else { Err(wrong()) }
    }
}

/// The secret part of a reply address: 100 random bits as 20 letters of base 32 (R15 asks for 80 or more).
#[derive(Clone, PartialEq, Eq)]
pub struct ReplyToken(String);

impl std::fmt::Debug for ReplyToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReplyToken(…)")
    }
}

impl ReplyToken {
    /// From 13 random bytes; the last four bits are not used.
    pub fn from_random(bytes: [u8; 13]) -> Self {
        let text = data_encoding::BASE32_NOPAD.encode(&bytes).to_ascii_lowercase();
        Self(text.chars().take(20).collect())
    }

    /// What the database holds: SHA-256 of the token, hex. A look-up needs no secret in a log.
    pub fn hash(&self) -> String {
        Self::hash_of(&self.0)
    }

    /// The hash of a token as it was found in a mail, whatever its letter case.
    pub fn hash_of(token: &str) -> String {
        data_encoding::HEXLOWER.encode(&Sha256::digest(token.to_ascii_lowercase().as_bytes()))
    }

    /// The address replies go to. The public reference in it helps people; only the token counts.
    pub fn address(&self, reference: &PublicReference, domain: &str) -> String {
        format!("r-{}-{}@{domain}", reference.as_str(), self.0)
    }
}
