//! Our reply addresses: as they come back, and with one slip of the pen.

use regex::Regex;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// `r-2026-0417-<token>` before the `@`, with an optional `+part` after it.
static REPLY_LOCAL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^r-(\d{4}-\d{4,8})-([a-z2-7]{16,26})(?:\+.*)?$").ok());

/// A reply address anywhere in a text.
static IN_TEXT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\br-\d{4}-\d{4,8}-[a-z2-7]{16,26}(?:\+[^\s@<>]{0,64})?@[a-z0-9.-]{1,253}").ok()
});

/// What tokens are written in: base 32 of RFC 4648 §6, lower case.
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz234567";

/// How long a local part may be (RFC 5321 §4.5.3.1.1 says 64); a longer one is no slip of ours.
const MOST: usize = 80;

/// One slip of the pen between what was written and what is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slip {
    /// One letter is another one.
    Differs,
    /// One letter is missing.
    Missing,
    /// One letter is too many.
    TooMany,
    /// Two neighbours changed places.
    Swapped,
    /// The secret is right and what stands before it is not.
    Elsewhere,
}

impl Slip {
    /// The slip in plain words.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Differs => "one letter differs",
            Self::Missing => "one letter is missing",
            Self::TooMany => "one letter is too many",
            Self::Swapped => "two letters changed places",
            Self::Elsewhere => "the part before the secret is wrong",
        }
    }
}

/// The reference and token of one of our reply addresses, in whatever case it comes back.
pub fn reply_address(address: &str, reply_domain: &str) -> Option<(String, String)> {
    let found = local_part(address, reply_domain)?;
    let found = REPLY_LOCAL.as_ref()?.captures(&found)?;
    Some((found.get(1)?.as_str().to_owned(), found.get(2)?.as_str().to_owned()))
}

/// What stands before the `@` of an address at our domain, lower case.
pub fn local_part(address: &str, reply_domain: &str) -> Option<String> {
    let lower = address.trim().trim_matches(['<', '>', '"', '\'']).to_lowercase();
    let (local, domain) = lower.rsplit_once('@')?;
    let local = local.trim_matches(['"', '\'', ' ']);
    (domain.trim_end_matches('.') == reply_domain.to_lowercase() && local.len() <= MOST)
        .then(|| local.to_owned())
}

/// The tokens of the reply addresses that stand in a text: whoever quotes our letter quotes its address.
pub fn in_text(text: &str, reply_domain: &str) -> Vec<(String, String)> {
    let Some(regex) = IN_TEXT.as_ref() else { return Vec::new() };
    let found = regex.find_iter(text).take(20);
    found.filter_map(|hit| reply_address(hit.as_str().trim_end_matches(['.', '-']), reply_domain)).collect()
}

/// The slip by which a local part differs from that of a request's reply address; none = it is another one.
pub fn slip(written: &str, reply_address: &str) -> Option<Slip> {
    let lower = reply_address.to_lowercase();
    let (right, _) = lower.rsplit_once('@')?;
    let written = written.split('+').next().unwrap_or_default();
    let (token, right_token) = (secret(written), secret(right));
    if token == right_token {
        return (written != right).then_some(Slip::Elsewhere);
    }
    one_slip(written, right).or_else(|| one_slip(token, right_token))
}

/// What stands after the last hyphen.
fn secret(local: &str) -> &str {
    local.rsplit('-').next().unwrap_or_default()
}

/// Compares letter by letter: after the common beginning and the common end at most one slip may be left.
fn one_slip(written: &str, right: &str) -> Option<Slip> {
    let (said, right): (Vec<char>, Vec<char>) = (written.chars().collect(), right.chars().collect());
    let before = said.iter().zip(&right).take_while(|(one, other)| one == other).count();
    let room = said.len().min(right.len()) - before;
    let back = said.iter().rev().zip(right.iter().rev()).take(room);
    let after = back.take_while(|(one, other)| one == other).count();
    let middle = |list: &[char]| list.get(before..list.len() - after).unwrap_or_default().to_vec();
    match (middle(&said).as_slice(), middle(&right).as_slice()) {
        ([_], [_]) => Some(Slip::Differs),
        ([], [_]) => Some(Slip::Missing),
        ([_], []) => Some(Slip::TooMany),
        ([first, second], [was, then]) if first == then && second == was => Some(Slip::Swapped),
        _ => None,
    }
}

/// Every token from which what stands in a local part is one slip away: about 1,400. Only their hashes are looked up,
/// so that a slip is found without the reference, and no list of secrets is read.
pub fn variants(local: &str) -> Vec<String> {
    let token: Vec<char> = secret(local.split('+').next().unwrap_or_default()).chars().collect();
    // Tokens have 20 letters; one slip leaves 19 to 21.
    if !(19..=21).contains(&token.len()) || !token.iter().all(char::is_ascii_alphanumeric) {
        return Vec::new();
    }
    let mut found = Vec::with_capacity(1_500);
    for at in 0..=token.len() {
        let (before, after) = token.split_at(at);
        let mut push = |middle: &[char], rest: &[char]| {
            found.push(before.iter().chain(middle).chain(rest).collect::<String>());
        };
        for letter in LETTERS.chars() {
            push(&[letter], after);
            push(&[letter], after.get(1..).unwrap_or_default());
        }
        push(&[], after.get(1..).unwrap_or_default());
        if let [x, y, rest @ ..] = after {
            push(&[*y, *x], rest);
        }
    }
    found.retain(|token| token.len() == 20);
    found.sort_unstable();
    found.dedup();
    found
}
