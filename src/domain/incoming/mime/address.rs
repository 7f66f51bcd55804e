//! Addresses of a mail: by `mailparse` first, leniently where it refuses.

use crate::domain::incoming::mime::{Notes, charset, header};
use mailparse::MailAddr;
use serde::{Deserialize, Serialize};

/// A mailbox: who and where.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Address {
    /// Display name, decoded.
    pub name: Option<String>,
    /// `local@domain` as written.
    pub address: String,
}

impl Address {
    /// The part after the last `@`, lower case.
    pub fn domain(&self) -> Option<String> {
        self.address.rsplit_once('@').map(|(_, domain)| domain.trim_end_matches('.').to_lowercase())
    }
}

/// How long a list is given to `mailparse`; it walks characters one by one.
const MAX_STRICT: usize = 32 * 1024;
/// How many addresses of one field are kept.
const MAX_ADDRESSES: usize = 500;

/// Reads an address list as it stands in the header.
pub fn list(raw: &[u8], notes: &mut Notes) -> Vec<Address> {
    let text = match std::str::from_utf8(raw) {
        Ok(text) => text.to_owned(),
        Err(_) => charset::decode(raw, None).text,
    };
    let text = text.replace(['\n', '\r'], " ");
    let strict = (text.len() <= MAX_STRICT && !has_comment(&text)).then(|| mailparse::addrparse(&text).ok());
    let mut found = match strict.flatten() {
        Some(parsed) => flatten(parsed.into_inner()),
        None => lenient(&text),
    };
    if found.is_empty() && text.contains('@') {
        found = lenient(&text);
        notes.add("an address list is badly written");
    }
    found.truncate(MAX_ADDRESSES);
    found
}

fn has_comment(text: &str) -> bool {
    text.contains('(')
}

fn flatten(parsed: Vec<MailAddr>) -> Vec<Address> {
    let mut found = Vec::new();
    for entry in parsed {
        match entry {
            MailAddr::Single(single) => found.push(address(single.display_name.as_deref(), &single.addr)),
            MailAddr::Group(group) => {
                found.extend(group.addrs.iter().map(|s| address(s.display_name.as_deref(), &s.addr)));
            }
        }
    }
    found.into_iter().flatten().collect()
}

fn address(name: Option<&str>, addr: &str) -> Option<Address> {
    let addr: String = header::decode_words(addr.as_bytes()).chars().filter(|c| !c.is_whitespace()).collect();
    let addr = addr.trim_matches(['<', '>']).to_owned();
    let name = name.map(clean_name).filter(|n| !n.is_empty());
    (!addr.is_empty() || name.is_some()).then_some(Address { name, address: addr })
}

fn clean_name(name: &str) -> String {
    let decoded = header::decode_words(name.as_bytes());
    let trimmed = decoded.trim().trim_matches('"').trim();
    trimmed.replace("\\\"", "\"")
}

/// Cuts at commas and semicolons outside quotes and angles; takes what stands in `<…>` or looks like an address.
fn lenient(text: &str) -> Vec<Address> {
    split_list(text).iter().filter_map(|piece| one(piece)).collect()
}

fn split_list(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let (mut quoted, mut angle, mut comment) = (false, false, 0_usize);
    for c in text.chars().take(MAX_STRICT * 8) {
        match c {
            '"' if comment == 0 => quoted = !quoted,
            '(' if !quoted => comment += 1,
            ')' if !quoted => comment = comment.saturating_sub(1),
            '<' if !quoted => angle = true,
            '>' if !quoted => angle = false,
            ',' | ';' if !quoted && !angle && comment == 0 => {
                pieces.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
        }
    }
    pieces
}

fn one(piece: &str) -> Option<Address> {
    if let Some((name, rest)) = piece.rsplit_once('<') {
        let addr = rest.split('>').next().unwrap_or(rest);
        let name = without_comment(name).0;
        return address(Some(&name), addr);
    }
    let (bare, comment) = without_comment(piece);
    let addr = bare.split_whitespace().find(|w| w.contains('@'));
    match addr {
        Some(addr) => address(comment.as_deref(), addr.trim_matches(['"', '\'', ':'])),
        None => None,
    }
}

/// Text without its comments, and the last comment: `a@b.example (Jane Doe)`.
fn without_comment(text: &str) -> (String, Option<String>) {
    let mut bare = String::new();
    let mut comment = String::new();
    let mut depth = 0_usize;
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                if depth == 0 {
                    bare.push(c);
                }
            }
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            _ if depth > 0 => comment.push(c),
            _ => bare.push(c),
        }
    }
    let comment = comment.trim().to_owned();
    (bare, (!comment.is_empty()).then_some(comment))
}

/// Message ids between angle brackets; bare words with an `@` where the brackets are missing.
pub fn message_ids(raw: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(raw);
    let mut ids = Vec::new();
    let mut rest: &str = &text;
    while let Some((_, after)) = rest.split_once('<') {
        let Some((id, tail)) = after.split_once('>') else { break };
        let id: String = id.chars().filter(|c| !c.is_whitespace()).collect();
        if !id.is_empty() && ids.len() < MAX_ADDRESSES {
            ids.push(id);
        }
        rest = tail;
    }
    if ids.is_empty() {
        ids.extend(
            text.split_whitespace()
                .filter(|w| w.contains('@') || text.split_whitespace().count() == 1)
                .map(|w| w.trim_matches(['<', '>', ',', ';']).to_owned())
                .filter(|w| !w.is_empty())
                .take(50),
        );
    }
    ids
}
