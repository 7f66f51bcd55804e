//! The header section (RFC 5322 §2.2), also one that starts badly or has no end.

use crate::domain::incoming::mime::Notes;
use crate::domain::incoming::mime::charset::Hint;

pub use crate::domain::incoming::mime::words::{decode_words, find};

/// How much of a header section is read.
const MAX_SECTION: usize = 2 * 1024 * 1024;
/// How many header fields are kept.
const MAX_FIELDS: usize = 5_000;
/// How much of one field is decoded.
const MAX_VALUE: usize = 256 * 1024;
/// How many lines ahead a field is looked for after a line that is none.
const AHEAD: usize = 6;

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

    /// Raw 8-bit values that are not UTF-8 (which RFC 6532 allows): what charset they are, none of them says.
    pub fn raw_8_bit(&self) -> impl Iterator<Item = &[u8]> {
        self.fields.iter().map(|(_, v)| v.as_slice()).filter(|v| !v.is_ascii() && str::from_utf8(v).is_err())
    }

    /// Writes raw 8-bit values in UTF-8, read as the rest of the mail says; encoded words are left as they are.
    pub fn settle(&mut self, hint: &Hint, notes: &mut Notes) {
        for (_, value) in &mut self.fields {
            if !value.is_ascii() && str::from_utf8(value).is_err() {
                let encoding = hint.encoding(value);
                notes.add(format!(
                    "the header has 8-bit characters without a charset, read as {}",
                    encoding.name()
                ));
                *value = encoding.decode_without_bom_handling(value).0.into_owned().into_bytes();
            }
        }
    }
}

/// Reads the header section of a mail and returns it with the rest, the body.
pub fn split<'a>(raw: &'a [u8], notes: &mut Notes) -> (Headers, &'a [u8]) {
    let mut rest = raw;
    // Empty lines before the first field are nobody's text.
    while let Some(after) = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")) {
        rest = after;
    }
    let gap = rest.len() < raw.len();
    if gap && rest.split(|&b| b == b'\n').next().and_then(field).is_none() {
        return (Headers::default(), raw);
    }
    split_part(rest, notes)
}

/// Reads the header section of a part, which may be empty (RFC 2046 §5.1: "NO header fields are actually required").
pub fn split_part<'a>(raw: &'a [u8], notes: &mut Notes) -> (Headers, &'a [u8]) {
    let mut headers = Headers::default();
    let mut rest = raw;
    let mut read = 0;
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |i| i + 1);
        let (line, after) = rest.split_at(end);
        let content = line.strip_suffix(b"\n").unwrap_or(line);
        let content = content.strip_suffix(b"\r").unwrap_or(content);
        if content.is_empty() {
            return (headers, after);
        }
        read += line.len();
        if read > MAX_SECTION {
            notes.add("the header section is longer than is read; the rest of it was left out");
            return (headers, skip_to_blank(rest));
        }
        match take_line(content, &mut headers, after, notes) {
            Line::Read => {}
            Line::Body => return (headers, rest),
        }
        rest = after;
    }
    (headers, rest)
}

enum Line {
    Read,
    Body,
}

fn take_line(content: &[u8], headers: &mut Headers, after: &[u8], notes: &mut Notes) -> Line {
    if matches!(content.first(), Some(b' ' | b'\t')) && !headers.is_empty() {
        if let Some((_, value)) = headers.fields.last_mut()
            && value.len() < MAX_VALUE
        {
            // `From` and, folded, ` : a@b.example`: the colon was already taken for granted.
            let content = match content.trim_ascii_start().strip_prefix(b":") {
                Some(rest) if value.is_empty() => rest,
                _ => content,
            };
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
        None if is_usual(content.trim_ascii()) && folded_colon(after) => {
            headers.fields.push((String::from_utf8_lossy(content.trim_ascii()).into_owned(), Vec::new()));
        }
        // The line that begins a mail in a mailbox file.
        None if content.starts_with(b"From ") || content.starts_with(b">From ") => {}
        None if content.starts_with(b"--") || !field_ahead(after) => {
            let what = if headers.is_empty() { "no header" } else { "no empty line between header and text" };
            notes.add(format!("there is {what}"));
            return Line::Body;
        }
        None => notes.add("a line in the header is not a header field and was left out"),
    }
    Line::Read
}

fn folded_colon(after: &[u8]) -> bool {
    after.first().is_some_and(|b| matches!(b, b' ' | b'\t')) && after.trim_ascii_start().starts_with(b":")
}

/// Whether one of the next lines is a field by a usual name, so that the line before it is only rubbish.
fn field_ahead(rest: &[u8]) -> bool {
    rest.split(|&b| b == b'\n')
        .take(AHEAD)
        .take_while(|line| !line.trim_ascii().is_empty())
        .filter_map(field)
        .any(|(name, _)| is_usual(name))
}

fn is_usual(name: &[u8]) -> bool {
    const NAMES: &[&str] = &[
        "from",
        "to",
        "cc",
        "bcc",
        "date",
        "subject",
        "received",
        "sender",
        "references",
        "comments",
        "keywords",
        "organization",
        "precedence",
        "importance",
        "priority",
        "newsgroups",
        "action",
        "status",
    ];
    name.contains(&b'-') && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
        || NAMES.iter().any(|usual| name.eq_ignore_ascii_case(usual.as_bytes()))
}

fn push_clean(value: &mut Vec<u8>, content: &[u8], notes: &mut Notes) {
    let room = MAX_VALUE.saturating_sub(value.len());
    let content = content.get(..room).unwrap_or(content);
    if memchr::memchr(0, content).is_some() {
        notes.add("there are NUL bytes in the header; they were left out");
    }
    if memchr::memchr2(0, b'\r', content).is_none() {
        value.extend_from_slice(content);
    } else {
        value.extend(content.iter().filter(|&&b| b != 0 && b != b'\r'));
    }
}

fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr::memchr(b':', line)?;
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
