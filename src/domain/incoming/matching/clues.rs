//! What in a mail points to a request.

use crate::domain::incoming::matching::numbers;
use crate::domain::incoming::matching::reply::{in_text, local_part, reply_address};
use crate::domain::incoming::mime::html::cut;
use crate::domain::incoming::{Incoming, MAX_ANALYSED};
use chrono::{DateTime, Utc};
use regex::Regex;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// Where in a mail a reference stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Named {
    /// In an address it was sent to.
    Address,
    /// In its subject.
    Subject,
    /// In its text, quoted or not.
    Text,
    /// In the name or text of an attachment.
    Attachment(String),
}

/// What in a mail points to a request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Clues {
    /// Tokens of reply addresses it was sent to, lower case. Secrets: never log or show them.
    pub reply_tokens: Vec<String>,
    /// What stands before the `@` of every address of ours it was sent to; may hold secrets.
    pub local_parts: Vec<String>,
    /// Tokens of reply addresses that stand in its text or files. Secrets as well.
    pub text_tokens: Vec<String>,
    /// Message ids it answers or, as a bounce, returns.
    pub message_ids: Vec<String>,
    /// Public references it names, wherever.
    pub references: Vec<String>,
    /// The same with where they stand.
    pub named: Vec<(String, Named)>,
    /// What may be an authority's file number, folded.
    pub numbers: Vec<String>,
    /// As a bounce, the addresses it says were not reached, lower case.
    pub undelivered: Vec<String>,
    /// Who sent it.
    pub from_address: Option<String>,
    /// Whether its head names more senders than one (RFC 5322 §3.6.2 wants a Sender then; a forger does not care).
    pub several_senders: bool,
    /// Where its bounces go.
    pub return_path: Option<String>,
    /// What its Date claims.
    pub dated: Option<DateTime<Utc>>,
    /// Its subject.
    pub subject: String,
    /// Names of its attachments.
    pub files: Vec<String>,
    /// All its text, in which our own letter may stand.
    pub text: String,
}

/// `2026-0417`, not a part of a longer number.
static REFERENCE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:^|[^\p{L}\d./-])(\d{4}-\d{4,8})(?:$|[^\p{L}\d/-])").ok());

/// More clues of one kind than this are no help but work: the sender of a mail chooses how many it has. The
/// envelope's recipient and the letter answered come first in their lists.
const MOST_CLUES: usize = 50;

/// How much of a subject is looked at.
const MOST_SUBJECT: usize = 1_000;
/// How much text of one attachment is looked at.
const MOST_TEXT: usize = 50_000;

/// Collects what points to a request; `recipient` is the envelope's, if known.
pub fn clues(incoming: &Incoming, recipient: &str, reply_domain: &str) -> Clues {
    let mut clues = Clues {
        from_address: incoming.from.as_ref().map(|f| f.address.to_lowercase()).filter(|a| !a.is_empty()),
        several_senders: incoming.senders > 1,
        return_path: incoming.return_path.as_ref().map(|p| p.to_lowercase()).filter(|p| !p.is_empty()),
        dated: incoming.date,
        subject: cut(&incoming.subject, MOST_SUBJECT).to_owned(),
        files: incoming.attachments.iter().take(MOST_CLUES).map(|file| file.name.clone()).collect(),
        text: cut(&incoming.full_text, MAX_ANALYSED).to_owned(),
        ..Clues::default()
    };
    addressed(&mut clues, incoming, (recipient, reply_domain));
    let ids =
        incoming.in_reply_to.iter().chain(incoming.references.iter().rev()).chain(&incoming.returned_ids);
    for id in ids {
        push_new(&mut clues.message_ids, id.clone());
    }
    for reference in references_in(&incoming.subject) {
        clues.name(reference, Named::Subject);
    }
    written(&mut clues, incoming, reply_domain);
    for address in incoming.bounce.iter().flat_map(|bounce| &bounce.recipients) {
        push_new(&mut clues.undelivered, address.to_lowercase());
    }
    clues
}

/// What the addresses say that it was sent to.
fn addressed(clues: &mut Clues, incoming: &Incoming, (recipient, reply_domain): (&str, &str)) {
    let addresses = std::iter::once(recipient).chain(incoming.delivered_to.iter().map(String::as_str));
    for address in addresses {
        let Some(local) = local_part(address, reply_domain) else { continue };
        if let Some((reference, token)) = reply_address(address, reply_domain) {
            push_new(&mut clues.reply_tokens, token);
            clues.name(reference, Named::Address);
        } else {
            for reference in number_in(&local) {
                clues.name(reference, Named::Address);
            }
        }
        push_new(&mut clues.local_parts, local);
    }
}

/// What its text and its files say.
fn written(clues: &mut Clues, incoming: &Incoming, reply_domain: &str) {
    let files = || incoming.attachments.iter().take(MOST_CLUES);
    let head = |text: &str| -> String { text.chars().take(MOST_TEXT).collect() };
    let texts: Vec<(String, Named)> =
        std::iter::once((cut(&incoming.full_text, MAX_ANALYSED).to_owned(), Named::Text))
            .chain(files().map(|file| (file.name.clone(), Named::Attachment(file.name.clone()))))
            .chain(
                files().filter_map(|file| {
                    Some((head(file.text.as_deref()?), Named::Attachment(file.name.clone())))
                }),
            )
            .collect();
    for (text, place) in &texts {
        for (_, token) in in_text(text, reply_domain) {
            push_new(&mut clues.text_tokens, token);
        }
        // An address in the text is told by its secret; a file is named with strokes below.
        for reference in references_in(&text.replace('_', " ")) {
            clues.name(reference, place.clone());
        }
    }
    let read = incoming.reading.reference.as_deref();
    let names = files().map(|file| file.name.as_str());
    let long = std::iter::once(incoming.text.as_str()).chain(incoming.quoted.as_deref());
    let attached = files().filter_map(|file| file.text.as_deref());
    clues.numbers = numbers::in_texts(
        read.into_iter().chain([incoming.subject.as_str()]).chain(names).chain(long).chain(attached),
    );
}

impl Clues {
    fn name(&mut self, reference: String, place: Named) {
        let named = (reference.clone(), place);
        if self.named.len() < 2 * MOST_CLUES && !self.named.contains(&named) {
            self.named.push(named);
        }
        push_new(&mut self.references, reference);
    }
}

/// The reference in an address that is badly written, as `r2026-0417-…` or `r-20260417-…`.
fn number_in(local: &str) -> Vec<String> {
    let digits: String =
        local.chars().filter(char::is_ascii_alphanumeric).skip_while(|c| !c.is_ascii_digit()).collect();
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let written = local.split(|c: char| !c.is_ascii_digit()).filter(|part| part.len() >= 4);
    let written: Vec<&str> = written.take(2).collect();
    let together = digits.get(..end).filter(|all| (8..=12).contains(&all.len()));
    let together = together.and_then(|all| Some(format!("{}-{}", all.get(..4)?, all.get(4..)?)));
    let apart =
        if let [year, number, ..] = written.as_slice() { Some(format!("{year}-{number}")) } else { None };
    let mut found: Vec<String> = apart.into_iter().chain(together).collect();
    found.dedup();
    found
}

/// Public references in a line: `[2026-0417]`, `Askance 2026-0417`, `2026-0417`.
pub(super) fn references_in(text: &str) -> Vec<String> {
    let Some(regex) = REFERENCE.as_ref() else { return Vec::new() };
    let mut found = Vec::new();
    let mut from = 0;
    // Neighbouring references share the blank between them, so the search goes on right after the digits.
    while let Some(hit) = text.get(from..).and_then(|rest| regex.captures(rest)).and_then(|c| c.get(1)) {
        push_new(&mut found, hit.as_str().to_owned());
        from += hit.end();
        if found.len() >= MOST_CLUES {
            break;
        }
    }
    found
}

fn push_new(list: &mut Vec<String>, item: String) {
    if !item.is_empty() && list.len() < MOST_CLUES && !list.contains(&item) {
        list.push(item);
    }
}
