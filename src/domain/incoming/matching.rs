//! To which request a mail belongs, with the reasons.

use crate::domain::incoming::Incoming;
use regex::Regex;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// What in a mail points to a request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Clues {
    /// Tokens of reply addresses it was sent to, lower case. Secrets: never log or show them.
    pub reply_tokens: Vec<String>,
    /// Message ids it answers or, as a bounce, returns.
    pub message_ids: Vec<String>,
    /// Public references in its subject, and those of its reply addresses.
    pub references: Vec<String>,
    /// As a bounce, the addresses it says were not reached, lower case.
    pub undelivered: Vec<String>,
    /// Who sent it.
    pub from_address: Option<String>,
    /// Its subject.
    pub subject: String,
}

/// A request that may be meant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Candidate {
    /// Its row.
    pub request_id: i64,
    /// Its public reference, `2026-0417`.
    pub reference: String,
    /// Whether one of the tokens is this request's.
    pub reply_token: bool,
    /// Message ids of letters we sent in it, and of replies to it, without angle brackets.
    pub letter_message_ids: Vec<String>,
    /// Addresses its letters went to, lower case.
    pub letter_addresses: Vec<String>,
    /// Domains the authority writes from.
    pub authority_domains: Vec<String>,
}

/// Why a mail is thought to belong to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum Reason {
    /// It was sent to the request's own reply address.
    ReplyAddress,
    /// It answers a letter of this request.
    AnswersLetter {
        /// The letter's message id.
        message_id: String,
    },
    /// Its subject names the public reference.
    ReferenceInSubject {
        /// The reference as it is published.
        reference: String,
    },
    /// It reports on the address to which a letter of this request went; says nothing of whose it is by itself.
    ReportsOnAddress {
        /// The address.
        address: String,
    },
}

impl Reason {
    /// The reason as the desk shows it.
    pub fn in_words(&self) -> String {
        match self {
            Reason::ReplyAddress => "It was sent to the reply address of this request.".to_owned(),
            Reason::AnswersLetter { .. } => "It says that it answers a letter of this request.".to_owned(),
            Reason::ReferenceInSubject { reference } => {
                format!("Its subject names the reference {reference}.")
            }
            Reason::ReportsOnAddress { .. } => {
                "It reports on the address to which the letter went.".to_owned()
            }
        }
    }

    fn strength(&self) -> u8 {
        match self {
            Reason::ReplyAddress => 3,
            Reason::AnswersLetter { .. } => 2,
            Reason::ReferenceInSubject { .. } => 1,
            Reason::ReportsOnAddress { .. } => 0,
        }
    }
}

/// A request that a mail may belong to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// The request's row.
    pub request_id: i64,
    /// Why, strongest first.
    pub reasons: Vec<Reason>,
    /// Whether the strongest clue of the mail points to this request and to no other.
    pub certain: bool,
    /// Whether the sender's domain is none of the authority's; such a mail never speaks for it by itself.
    pub foreign_sender: bool,
}

/// `r-2026-0417-<token>` before the `@`, with an optional `+part` after it.
static REPLY_LOCAL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^r-(\d{4}-\d{4,8})-([a-z2-7]{16,26})(?:\+.*)?$").ok());

/// `2026-0417`, not a part of a longer number.
static REFERENCE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:^|[^\p{L}\d./-])(\d{4}-\d{4,8})(?:$|[^\p{L}\d/-])").ok());

/// Collects what points to a request; `recipient` is the envelope's, if known.
pub fn clues(incoming: &Incoming, recipient: &str, reply_domain: &str) -> Clues {
    let mut clues = Clues {
        from_address: incoming.from.as_ref().map(|f| f.address.to_lowercase()).filter(|a| !a.is_empty()),
        subject: incoming.subject.clone(),
        ..Clues::default()
    };
    let addresses = std::iter::once(recipient).chain(incoming.delivered_to.iter().map(String::as_str));
    for (reference, token) in addresses.filter_map(|a| reply_address(a, reply_domain)) {
        push_new(&mut clues.reply_tokens, token);
        push_new(&mut clues.references, reference);
    }
    let ids =
        incoming.in_reply_to.iter().chain(incoming.references.iter().rev()).chain(&incoming.returned_ids);
    for id in ids {
        push_new(&mut clues.message_ids, id.clone());
    }
    for reference in references_in(&incoming.subject) {
        push_new(&mut clues.references, reference);
    }
    for address in incoming.bounce.iter().flat_map(|bounce| &bounce.recipients) {
        push_new(&mut clues.undelivered, address.to_lowercase());
    }
    clues
}

/// The reference and token of one of our reply addresses, in whatever case it comes back.
pub fn reply_address(address: &str, reply_domain: &str) -> Option<(String, String)> {
    let lower = address.trim().trim_matches(['<', '>']).to_lowercase();
    let (local, domain) = lower.rsplit_once('@')?;
    if domain.trim_end_matches('.') != reply_domain.to_lowercase() {
        return None;
    }
    let found = REPLY_LOCAL.as_ref()?.captures(local)?;
    Some((found.get(1)?.as_str().to_owned(), found.get(2)?.as_str().to_owned()))
}

/// Public references in a subject: `[2026-0417]`, `Askance 2026-0417`, `2026-0417`.
fn references_in(subject: &str) -> Vec<String> {
    let Some(regex) = REFERENCE.as_ref() else { return Vec::new() };
    let mut found = Vec::new();
    let mut from = 0;
    // Neighbouring references share the blank between them, so the search goes on right after the digits.
    while let Some(hit) = subject.get(from..).and_then(|rest| regex.captures(rest)).and_then(|c| c.get(1)) {
        push_new(&mut found, hit.as_str().to_owned());
        from += hit.end();
    }
    found
}

fn push_new(list: &mut Vec<String>, item: String) {
    if !item.is_empty() && list.len() < MOST_CLUES && !list.contains(&item) {
        list.push(item);
    }
}

/// More clues of one kind than this are no help but work: the sender of a mail chooses how many it has. The
/// envelope's recipient and the letter answered come first in their lists.
const MOST_CLUES: usize = 50;

/// Ranks requests by their strongest clue: reply address, then the letter answered, then the reference.
pub fn rank(clues: &Clues, candidates: &[Candidate]) -> Vec<Match> {
    let mut matches: Vec<Match> = candidates.iter().filter_map(|c| judge(clues, c)).collect();
    let strength = |m: &Match| m.reasons.first().map_or(0, Reason::strength);
    matches.sort_by_key(|m| std::cmp::Reverse((strength(m), m.reasons.len())));
    let strongest = matches.first().map_or(0, strength);
    let alone = matches.iter().filter(|m| strength(m) == strongest).count() == 1;
    if alone && let Some(first) = matches.first_mut() {
        first.certain = true;
    }
    matches
}

fn judge(clues: &Clues, candidate: &Candidate) -> Option<Match> {
    let mut reasons = Vec::new();
    if candidate.reply_token {
        reasons.push(Reason::ReplyAddress);
    }
    if let Some(id) = clues.message_ids.iter().find(|id| candidate.letter_message_ids.contains(id)) {
        reasons.push(Reason::AnswersLetter { message_id: id.clone() });
    }
    let in_subject = references_in(&clues.subject);
    if in_subject.contains(&candidate.reference) {
        reasons.push(Reason::ReferenceInSubject { reference: candidate.reference.clone() });
    }
    let reported = clues.undelivered.iter().find(|address| candidate.letter_addresses.contains(address));
    if let Some(address) = reported.filter(|_| !reasons.is_empty()) {
        reasons.push(Reason::ReportsOnAddress { address: address.clone() });
    }
    (!reasons.is_empty()).then(|| Match {
        request_id: candidate.request_id,
        reasons,
        certain: false,
        foreign_sender: is_foreign(clues.from_address.as_deref(), &candidate.authority_domains),
    })
}

/// Whether a sender is of none of the domains of an authority; what a match says, told again of another request.
pub fn is_foreign_to(from: Option<&str>, domains: &[String]) -> bool {
    is_foreign(from.map(str::to_lowercase).as_deref(), domains)
}

/// Whether a sender is of none of the domains or their subdomains; without a sender or domains it is.
fn is_foreign(from: Option<&str>, domains: &[String]) -> bool {
    let Some((_, domain)) = from.and_then(|f| f.rsplit_once('@')) else { return true };
    let domain = domain.trim_end_matches('.').to_lowercase();
    !domains.iter().map(|d| d.to_lowercase()).any(|known| {
        domain == known || domain.strip_suffix(known.as_str()).is_some_and(|rest| rest.ends_with('.'))
    })
}
