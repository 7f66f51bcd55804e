//! Encoded words (RFC 2047), also torn and badly folded ones.

use crate::domain::incoming::mime::{charset, encoding};

/// How many encoded words without an end are looked for in one field.
const MAX_TORN: usize = 50;

/// Bytes of a charset that wait for the next encoded word: Outlook cuts characters in the middle.
#[derive(Default)]
struct Pending {
    charset: String,
    bytes: Vec<u8>,
}

impl Pending {
    fn flush(&mut self, out: &mut String) {
        if !self.bytes.is_empty() {
            out.push_str(&charset::decode(&self.bytes, Some(&self.charset)).text);
            self.bytes.clear();
        }
    }
}

/// Decodes encoded words and unfolds; raw 8-bit text is read by its most likely charset.
pub fn decode_words(raw: &[u8]) -> String {
    if let Some(text) = simple(raw) {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut pending = Pending::default();
    let mut rest = raw;
    let mut torn = 0;
    while !rest.is_empty() {
        // Each torn word costs a search for its end; a header of nothing else is read as it stands.
        let start = if torn < MAX_TORN { find(rest, b"=?") } else { None };
        let Some(start) = start else {
            pending.flush(&mut out);
            push_plain(&mut out, rest);
            break;
        };
        let (before, at) = rest.split_at(start);
        let between_words = !pending.bytes.is_empty() && before.iter().all(u8::is_ascii_whitespace);
        if let Some(word) = encoded_word(at) {
            if !between_words {
                pending.flush(&mut out);
                push_plain(&mut out, before);
            }
            if !pending.charset.eq_ignore_ascii_case(&word.charset) {
                pending.flush(&mut out);
                pending.charset = word.charset;
            }
            pending.bytes.extend_from_slice(&word.bytes);
            rest = at.get(word.length..).unwrap_or_default();
        } else {
            torn += 1;
            pending.flush(&mut out);
            push_plain(&mut out, before);
            out.push_str("=?");
            rest = at.get(2..).unwrap_or_default();
        }
    }
    pending.flush(&mut out);
    unfold(&out)
}

/// Most fields are one line of ASCII without encoded words: nothing to be done.
fn simple(raw: &[u8]) -> Option<&str> {
    let plain = raw.iter().all(|b| matches!(b, b' '..=b'~')) && find(raw, b"=?").is_none();
    if plain { std::str::from_utf8(raw).ok().map(str::trim) } else { None }
}

fn unfold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut folded = false;
    for c in text.chars() {
        match c {
            '\n' => {
                // A fold stands for the white space that follows it (RFC 5322 §2.2.3).
                folded = true;
            }
            '\t' if folded => {
                out.push(' ');
                folded = false;
            }
            c => {
                folded = false;
                if !c.is_control() {
                    out.push(c);
                } else if c == '\t' {
                    out.push(' ');
                }
            }
        }
    }
    out.trim().to_owned()
}

fn push_plain(out: &mut String, bytes: &[u8]) {
    out.push_str(&charset::decode(bytes, None).text);
}

struct Word {
    charset: String,
    bytes: Vec<u8>,
    length: usize,
}

/// `=?charset*language?B|Q?text?=`, also with a fold or spaces inside the text.
fn encoded_word(at: &[u8]) -> Option<Word> {
    let inner = at.get(2..)?;
    let charset_len = inner.iter().take(60).position(|&b| b == b'?')?;
    let charset = inner.get(..charset_len)?;
    if charset.is_empty() || !charset.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    let kind = inner.get(charset_len + 1)?.to_ascii_lowercase();
    if inner.get(charset_len + 2) != Some(&b'?') {
        return None;
    }
    let text = inner.get(charset_len + 3..)?;
    let window = text.get(..16 * 1024).unwrap_or(text);
    let end = find(window, b"?=")?;
    let content: Vec<u8> = strip_folds(text.get(..end)?);
    let bytes = match kind {
        b'b' => encoding::base64(&content).bytes,
        b'q' => {
            let spaced: Vec<u8> = content.iter().map(|&b| if b == b'_' { b' ' } else { b }).collect();
            q_bytes(&spaced)
        }
        _ => return None,
    };
    let charset = String::from_utf8_lossy(charset);
    let charset = charset.split('*').next().unwrap_or_default().to_owned();
    Some(Word { charset, bytes, length: 2 + charset_len + 3 + end + 2 })
}

fn strip_folds(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut after_break = false;
    for &b in text {
        match b {
            b'\n' | b'\r' => after_break = true,
            b' ' | b'\t' if after_break => {}
            _ => {
                after_break = false;
                out.push(b);
            }
        }
    }
    out
}

fn q_bytes(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&b, tail)) = rest.split_first() {
        rest = tail;
        match (b, encoding::hex_pair(tail)) {
            (b'=', Some(value)) => {
                out.push(value);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => out.push(b),
        }
    }
    out
}

/// Where a needle first lies.
pub fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, needle)
}
