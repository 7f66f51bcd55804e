//! Parameters of `Content-Type` and `Content-Disposition`, with RFC 2231 pieces and the wrong ways of the wild.

use crate::domain::incoming::mime::{charset, encoding, header};
use std::collections::BTreeMap;

/// A structured header value: `text/plain; charset=utf-8`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Structured {
    /// The value before the first semicolon, lower case.
    pub value: String,
    parameters: BTreeMap<String, Vec<u8>>,
    pieces: BTreeMap<String, BTreeMap<u32, (bool, Vec<u8>)>>,
}

/// How many parameters are looked at.
const MAX_PARAMETERS: usize = 2_000;

impl Structured {
    /// Takes a header value apart.
    pub fn parse(raw: &[u8]) -> Self {
        let mut pieces = split_semicolons(raw).into_iter();
        let value = pieces.next().unwrap_or_default();
        let value = String::from_utf8_lossy(&strip_comment(&value)).trim().to_ascii_lowercase();
        // `text/plain charset=utf-8`: the semicolon was forgotten.
        let (value, forgotten) = match value.split_once(char::is_whitespace) {
            Some((value, rest)) => (value.to_owned(), Some(rest.as_bytes().to_vec())),
            None => (value, None),
        };
        let mut structured = Structured { value, ..Self::default() };
        for piece in forgotten.into_iter().chain(pieces.take(MAX_PARAMETERS)) {
            let Some(equals) = piece.iter().position(|&b| b == b'=') else { continue };
            let (name, content) = piece.split_at(equals);
            let name = String::from_utf8_lossy(name).trim().to_ascii_lowercase();
            let content = unquote(content.get(1..).unwrap_or_default());
            structured.add(&name, content);
        }
        structured
    }

    fn add(&mut self, name: &str, content: Vec<u8>) {
        let Some((base, rest)) = name.split_once('*') else {
            self.parameters.entry(name.to_owned()).or_insert(content);
            return;
        };
        let extended = rest.is_empty() || rest.ends_with('*');
        let number = rest.trim_end_matches('*').parse().unwrap_or(0);
        self.pieces.entry(base.to_owned()).or_default().entry(number).or_insert((extended, content));
    }

    /// A parameter, decoded by RFC 2231 if it is in pieces, else by RFC 2047 where that was (wrongly) used.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let decoded = match self.pieces.get(name) {
            Some(pieces) => join_pieces(pieces),
            None => header::decode_words(self.parameters.get(name)?),
        };
        Some(decoded)
    }

    /// A parameter as bytes, for a boundary.
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        match self.parameters.get(name) {
            Some(value) => Some(value.clone()),
            None => self.pieces.get(name).map(|p| join_pieces(p).into_bytes()),
        }
    }
}

fn join_pieces(pieces: &BTreeMap<u32, (bool, Vec<u8>)>) -> String {
    let mut label = None;
    let mut bytes = Vec::new();
    if pieces.values().all(|(extended, _)| !extended) {
        // RFC 2231 pieces of an RFC 2047 word: wrong twice, and common.
        return header::decode_words(
            &pieces.values().flat_map(|(_, content)| content).copied().collect::<Vec<u8>>(),
        );
    }
    for (extended, content) in pieces.values() {
        if !extended {
            bytes.extend_from_slice(content);
            continue;
        }
        let mut content = content.as_slice();
        if label.is_none() {
            let mut quotes = content.iter().enumerate().filter(|(_, b)| **b == b'\'').map(|(i, _)| i);
            if let (Some(first), Some(second)) = (quotes.next(), quotes.next()) {
                label = content.get(..first).map(|l| String::from_utf8_lossy(l).into_owned());
                content = content.get(second + 1..).unwrap_or_default();
            }
        }
        bytes.extend(percent_decoded(content));
    }
    charset::decode(&bytes, label.as_deref()).text
}

fn percent_decoded(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len());
    let mut rest = content;
    while let Some((&b, tail)) = rest.split_first() {
        rest = tail;
        match (b, encoding::hex_pair(tail)) {
            (b'%', Some(value)) => {
                out.push(value);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => out.push(b),
        }
    }
    out
}

/// Splits at semicolons outside quotes; a quote that never closes ends at the end.
fn split_semicolons(raw: &[u8]) -> Vec<Vec<u8>> {
    let mut pieces = vec![Vec::new()];
    let mut quoted = false;
    let mut escaped = false;
    for &b in raw {
        if b == b';' && !quoted {
            if pieces.len() > MAX_PARAMETERS {
                break;
            }
            pieces.push(Vec::new());
            continue;
        }
        if quoted && escaped {
            escaped = false;
        } else if quoted && b == b'\\' {
            escaped = true;
        } else if b == b'"' {
            quoted = !quoted;
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(b);
        }
    }
    pieces
}

fn unquote(content: &[u8]) -> Vec<u8> {
    let content = content.trim_ascii();
    let Some(inner) = content.strip_prefix(b"\"") else { return content.to_vec() };
    let inner = match inner.iter().rposition(|&b| b == b'"') {
        Some(end) => inner.get(..end).unwrap_or(inner),
        None => inner,
    };
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter().peekable();
    while let Some(&b) = bytes.next() {
        // `\` escapes only a quote or itself; others wrote a Windows path.
        match (b, bytes.peek()) {
            (b'\\', Some(&&next @ (b'"' | b'\\'))) => {
                out.push(next);
                bytes.next();
            }
            _ => out.push(b),
        }
    }
    out
}

fn strip_comment(value: &[u8]) -> Vec<u8> {
    let end = value.iter().position(|&b| b == b'(').unwrap_or(value.len());
    value.get(..end).unwrap_or(value).to_vec()
}
