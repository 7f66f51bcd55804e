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
    read(raw, notes).into_iter().map(|(address, _)| address).collect()
}

/// The same list, each address with whether it stands, or may stand, in a group (RFC 5322 §3.4).
pub fn senders(raw: &[u8]) -> Vec<(Address, bool)> {
    read(raw, &mut Notes::default())
}

fn read(raw: &[u8], notes: &mut Notes) -> Vec<(Address, bool)> {
    let text = match std::str::from_utf8(raw) {
        Ok(text) => text.to_owned(),
        Err(_) => charset::decode(raw, None).text,
    };
    let text = text.replace(['\n', '\r'], " ");
    let strict = (text.len() <= MAX_STRICT && !text.contains('(')).then(|| mailparse::addrparse(&text).ok());
    let mut found = match strict.flatten().map(mailparse::MailAddrList::into_inner) {
        Some(parsed) if parsed.iter().all(is_sound) => flatten(parsed),
        _ => {
            if text.contains('@') && !text.contains('(') {
                notes.add("an address list is badly written; what could be read of it is kept");
            }
            let perhaps_group = text.contains(':');
            lenient(&text).into_iter().map(|address| (address, perhaps_group)).collect()
        }
    };
    if found.is_empty() {
        found.extend(bare(&text).map(|address| (address, false)));
    }
    found.truncate(MAX_ADDRESSES);
    found
}

/// A name without an address, or the mailbox of this very machine: `MAILER-DAEMON`.
fn bare(text: &str) -> Option<Address> {
    let (text, comment) = without_comment(text);
    let text = text.trim().trim_matches(['<', '>', ',']).trim();
    if text.is_empty() || text.contains([':', ';', '@']) {
        return None;
    }
    if text.contains(char::is_whitespace) || text.starts_with("=?") {
        return address(Some(text), "");
    }
    address(comment.as_deref(), text)
}

fn is_sound(entry: &MailAddr) -> bool {
    let sound =
        |addr: &str| addr.contains('@') && (addr.starts_with('"') || !addr.contains([' ', '\t', '<']));
    match entry {
        MailAddr::Single(single) => sound(&single.addr),
        MailAddr::Group(group) => group.addrs.iter().all(|single| sound(&single.addr)),
    }
}

fn flatten(parsed: Vec<MailAddr>) -> Vec<(Address, bool)> {
    let mut found = Vec::new();
    let mut add = |single: &mailparse::SingleInfo, in_group| {
        found.extend(address(single.display_name.as_deref(), &single.addr).map(|one| (one, in_group)));
    };
    for entry in parsed {
        match entry {
            MailAddr::Single(single) => add(&single, false),
            MailAddr::Group(group) => group.addrs.iter().for_each(|single| add(single, true)),
        }
    }
    found
}

fn address(name: Option<&str>, addr: &str) -> Option<Address> {
    let addr = header::decode_words(addr.as_bytes());
    let addr = without_route(without_space(&addr).trim_matches(['<', '>'])).to_owned();
    let name = name.map(clean_name).filter(|n| !n.is_empty());
    (!addr.is_empty() || name.is_some()).then_some(Address { name, address: addr })
}

/// Folds and spaces do not belong to an address, but for those between quotes.
fn without_space(addr: &str) -> String {
    let paired = addr.matches('"').count() == 2;
    let mut quoted = false;
    let mut keep = |c: char| {
        quoted ^= c == '"';
        !c.is_whitespace() || (quoted && paired)
    };
    addr.trim().chars().filter(|c| keep(*c)).collect()
}

/// RFC 5322 §4.4: `@relay.example,@other.example:user@host.example` names the way as well.
fn without_route(addr: &str) -> &str {
    match addr.split_once(':') {
        Some((route, rest)) if route.starts_with('@') && rest.contains('@') => rest,
        _ => addr,
    }
}

fn clean_name(name: &str) -> String {
    let decoded = header::decode_words(name.as_bytes());
    let trimmed = decoded.trim().trim_matches('"').trim();
    trimmed.replace("\\\"", "\"")
}

/// Cuts at commas and semicolons outside quotes and angles; takes what stands in `<…>` or looks like an address.
fn lenient(text: &str) -> Vec<Address> {
    let pieces = split_list(text);
    let mut found = Vec::new();
    // `Doe, John <j@x.example>`: a comma in a name that should have been quoted.
    let mut before: Option<&str> = None;
    for piece in &pieces {
        let whole = before.filter(|_| piece.contains('<')).map(|b| format!("{},{piece}", b.trim()));
        before = (is_words(piece) && before.is_none()).then_some(piece.as_str());
        found.extend(one(whole.as_deref().unwrap_or(piece)));
    }
    found
}

fn is_words(piece: &str) -> bool {
    !piece.trim().is_empty() && !piece.contains(['@', '<', '>', ':', '"', '('])
}

fn split_list(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let (mut quoted, mut angle, mut comment, mut ended) = (false, false, 0_usize, false);
    // A quote that is never closed would swallow the rest.
    let paired = text.matches('"').count().is_multiple_of(2);
    for c in text.chars().take(MAX_STRICT * 8) {
        // `One <a@x> Two <b@x>`: the comma between them was forgotten.
        if ended && !c.is_whitespace() && !matches!(c, '(' | ',' | ';' | '>') {
            pieces.push(String::new());
        }
        ended &= c.is_whitespace();
        match c {
            '"' if comment == 0 && paired => quoted = !quoted,
            '(' if !quoted => comment += 1,
            ')' if !quoted => comment = comment.saturating_sub(1),
            '<' if !quoted && comment == 0 => angle = true,
            '>' if !quoted && comment == 0 => {
                angle = false;
                ended = pieces.last().is_some_and(|p| p.rsplit('<').next().is_some_and(|a| a.contains('@')));
            }
            ',' | ';' if !quoted && comment == 0 && !angle => {
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
    let piece = without_group(piece);
    if let Some((name, rest)) = piece.rsplit_once('<') {
        let addr = rest.split('>').next().unwrap_or(rest);
        let (name, comment) = without_comment(name);
        let name = Some(name).filter(|n| !n.trim().is_empty()).or(comment);
        return address(name.as_deref(), addr);
    }
    let (bare, comment) = without_comment(piece);
    let addr = if bare.trim_start().starts_with('"') && bare.contains("\"@") {
        bare.trim()
    } else {
        bare.split_whitespace().find(|w| w.contains('@'))?
    };
    address(comment.as_deref(), addr.trim_matches(['\'', ':']))
}

/// `Friends: a@x.example` begins a group (RFC 5322 §3.4); a colon in quotes or angles does not.
fn without_group(piece: &str) -> &str {
    match piece.split_once(':') {
        Some((name, rest)) if !name.contains(['"', '<', '(', '@']) => rest,
        _ => piece,
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
