//! The header section (RFC 5322 §2.2) and encoded words (RFC 2047), also torn ones.

use crate::domain::incoming::mime::{Notes, charset, encoding};

/// How much of a header section is read.
const MAX_SECTION: usize = 2 * 1024 * 1024;
/// How many header fields are kept.
const MAX_FIELDS: usize = 5_000;
/// How much of one field is decoded.
const MAX_VALUE: usize = 256 * 1024;

/// How many encoded words without an end are looked for in one field.
const MAX_TORN: usize = 50;

/// Header fields in their order, values still encoded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Headers {
    fields: Vec<(String, Vec<u8>)>,
}

impl Headers {
    /// The first value of a field, decoded and unfolded.
    pub fn first(&self, name: &str) -> Option<String> {
        self.first_raw(name).map(decode_words)
    }

    /// The first value of a field as it was sent.
    pub fn first_raw(&self, name: &str) -> Option<&[u8]> {
        self.fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_slice())
    }

    /// All values of a field as they were sent.
    pub fn all_raw<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.fields.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_slice())
    }

    /// All values of a field, decoded and unfolded.
    pub fn all(&self, name: &str) -> Vec<String> {
        self.all_raw(name).map(decode_words).collect()
    }

    /// Whether a field is there at all.
    pub fn has(&self, name: &str) -> bool {
        self.first_raw(name).is_some()
    }

    /// How often a field is there.
    pub fn count(&self, name: &str) -> usize {
        self.all_raw(name).count()
    }

    /// Whether there is no field at all.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

/// Reads the header section and returns it with the rest, the body.
pub fn split<'a>(raw: &'a [u8], notes: &mut Notes) -> (Headers, &'a [u8]) {
    let mut headers = Headers::default();
    let mut rest = raw;
    let mut read = 0;
    let mut first = true;
    while !rest.is_empty() {
        let end = rest.iter().position(|&b| b == b'\n').map_or(rest.len(), |i| i + 1);
        let (line, after) = rest.split_at(end);
        let content = line.strip_suffix(b"\n").unwrap_or(line);
        let content = content.strip_suffix(b"\r").unwrap_or(content);
        if content.is_empty() && !(first && headers.is_empty()) {
            return (headers, after);
        }
        read += line.len();
        if read > MAX_SECTION {
            notes.add("the header section is longer than is read; the rest of it was left out");
            return (headers, skip_to_blank(rest));
        }
        match take_line(content, &mut headers, first || field_ahead(after), notes) {
            Line::Read => {}
            Line::Body => return (headers, rest),
        }
        first = false;
        rest = after;
    }
    (headers, rest)
}

enum Line {
    Read,
    Body,
}

fn take_line(content: &[u8], headers: &mut Headers, patient: bool, notes: &mut Notes) -> Line {
    if matches!(content.first(), Some(b' ' | b'\t')) && !headers.is_empty() {
        if let Some((_, value)) = headers.fields.last_mut()
            && value.len() < MAX_VALUE
        {
            value.push(b'\n');
            push_clean(value, content, notes);
        }
        return Line::Read;
    }
    match field(content) {
        Some((name, value)) => {
            if headers.fields.len() >= MAX_FIELDS {
                notes.add(format!("more than {MAX_FIELDS} header fields; the rest was left out"));
                return Line::Read;
            }
            let mut clean = Vec::with_capacity(value.len());
            push_clean(&mut clean, value, notes);
            headers.fields.push((String::from_utf8_lossy(name).into_owned(), clean));
        }
        None if content.starts_with(b"From ") || content.starts_with(b">From ") => {}
        None if content.is_empty() => {}
        None if headers.is_empty() && !patient => {
            notes.add("the mail has no header");
            return Line::Body;
        }
        None => notes.add("a line in the header is not a header field and was left out"),
    }
    Line::Read
}

/// Whether one of the next lines is a field, so that a line before it is only rubbish at the start.
fn field_ahead(rest: &[u8]) -> bool {
    rest.split(|&b| b == b'\n').take(4).take_while(|l| !l.trim_ascii().is_empty()).any(|l| field(l).is_some())
}

fn push_clean(value: &mut Vec<u8>, content: &[u8], notes: &mut Notes) {
    let room = MAX_VALUE.saturating_sub(value.len());
    let content = content.get(..room).unwrap_or(content);
    if content.contains(&0) {
        notes.add("there are NUL bytes in the header; they were left out");
    }
    value.extend(content.iter().filter(|&&b| b != 0 && b != b'\r'));
}

fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|&b| b == b':')?;
    let (name, value) = line.split_at(colon);
    let name = name.trim_ascii_end();
    let plausible = !name.is_empty() && name.len() <= 100 && name.iter().all(u8::is_ascii_graphic);
    plausible.then(|| (name, value.get(1..).unwrap_or_default().trim_ascii()))
}

fn skip_to_blank(raw: &[u8]) -> &[u8] {
    let at = |needle: &[u8]| raw.windows(needle.len()).position(|w| w == needle).map(|i| i + needle.len());
    let crlf = at(b"\r\n\r\n");
    let lf = at(b"\n\n");
    let start = match (crlf, lf) {
        (Some(a), Some(b)) => a.min(b),
        (a, b) => a.or(b).unwrap_or(raw.len()),
    };
    raw.get(start..).unwrap_or_default()
}

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
    let (&head, tail) = needle.split_first()?;
    let mut from = 0;
    while let Some(offset) = haystack.get(from..)?.iter().position(|&b| b == head) {
        let at = from + offset;
        if haystack.get(at + 1..)?.starts_with(tail) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}
