//! Lines that separate parts (RFC 2046 §5.1.1): declared, guessed, and all at once where parts lie too deep.

use crate::domain::incoming::mime::parameter::Structured;
use crate::domain::incoming::mime::{MAX_PARTS, Notes, header};
use std::collections::BTreeSet;

/// A body cut at its boundaries.
#[derive(Default)]
pub struct Parts<'a> {
    /// What lies between them.
    pub slices: Vec<&'a [u8]>,
    /// Whether the closing line was there.
    pub closed: bool,
    /// How many parts were not kept.
    pub more: usize,
    /// Whether parts follow a closing line: parts within a part are separated by the same boundary.
    pub reused: bool,
    /// Whether there is text after the closing line.
    pub epilogue: bool,
}

/// Cuts a body at the lines that are exactly the boundary: one boundary may be the beginning of another.
pub fn split<'a>(body: &'a [u8], boundary: &[u8]) -> Parts<'a> {
    let boundary = boundary.trim_ascii_end();
    let mut found = Parts::default();
    let mut start: Option<usize> = None;
    let mut end = 0;
    let mark = [b"--", boundary].concat();
    for here in memchr::memmem::find_iter(body, &mark) {
        let begins_line = here == 0 || body.get(here - 1) == Some(&b'\n');
        if here < end || !begins_line {
            continue;
        }
        let rest = body.get(here..).unwrap_or_default();
        let at = here + memchr::memchr(b'\n', rest).map_or(rest.len(), |i| i + 1);
        let Some(close) = body.get(here..at).and_then(|line| boundary_line(line, boundary)) else { continue };
        if let Some(from) = start {
            found.push(body, from, here);
        }
        // After a closing line no part begins, unless the same boundary separates parts within a part as well.
        start = (!close).then_some(at);
        found.reused |= found.closed && !close;
        found.closed = close;
        end = at;
    }
    found.epilogue = found.closed && body.get(end..).is_some_and(|rest| rest.trim_ascii().len() > 2);
    if let Some(from) = start
        && from < body.len()
    {
        found.push(body, from, body.len());
    }
    found
}

/// Cuts a body at every boundary that is declared anywhere in it, in one go; parts that only hold parts fall away.
pub fn flat(body: &[u8], declared: Option<Vec<u8>>) -> Parts<'_> {
    let mut known: BTreeSet<Vec<u8>> = declared.into_iter().collect();
    let mut found = Parts { closed: true, ..Parts::default() };
    let mut start: Option<usize> = None;
    let mut at = 0;
    for line in body.split_inclusive(|&b| b == b'\n') {
        let here = at;
        at += line.len();
        if let Some(name) = line.strip_prefix(b"--").map(<[u8]>::trim_ascii_end)
            && (known.contains(name) || name.strip_suffix(b"--").is_some_and(|n| known.contains(n)))
        {
            if let Some(from) = start {
                found.push_full(body, from, here);
            }
            start = Some(at);
        } else if known.len() < MAX_KNOWN && header::find(line, b"oundary").is_some() {
            // Folded or not, the parameter follows a semicolon.
            let field = Structured::parse(&[b";", line].concat());
            known.extend(field.bytes("boundary").filter(|b| !b.is_empty()));
        }
    }
    if let Some(from) = start {
        found.push_full(body, from, body.len());
    }
    found
}

/// How many boundaries are known at once where parts are listed flat.
const MAX_KNOWN: usize = 100_000;

impl<'a> Parts<'a> {
    fn push(&mut self, body: &'a [u8], from: usize, to: usize) {
        if self.slices.len() >= MAX_PARTS {
            self.more += 1;
            return;
        }
        let part = body.get(from..to).unwrap_or_default();
        // The line end before a boundary belongs to the boundary (RFC 2046 §5.1.1).
        let part = part.strip_suffix(b"\n").unwrap_or(part);
        self.slices.push(part.strip_suffix(b"\r").unwrap_or(part));
    }

    /// Keeps a part unless it is the empty frame of other parts.
    fn push_full(&mut self, body: &'a [u8], from: usize, to: usize) {
        let part = body.get(from..to).unwrap_or_default();
        let (headers, text) = header::split_part(part, &mut Notes::default());
        let kind = headers.first_raw("Content-Type").map(Structured::parse).unwrap_or_default();
        let frame = headers.is_empty() || kind.value.starts_with("multipart/");
        if !(frame && text.trim_ascii().is_empty()) {
            self.push(body, from, to);
        }
    }
}

/// Whether a line is the boundary, and whether it closes.
fn boundary_line(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?;
    let rest = rest.trim_ascii_end();
    if rest.is_empty() {
        return Some(false);
    }
    // After the closing mark, only what can belong to no longer boundary (RFC 2046 §5.1.1, bchars) may follow.
    let after = rest.strip_prefix(b"--")?;
    let foreign = |b: &u8| !b.is_ascii_alphanumeric() && !b"'()+_,-./:=? ".contains(b);
    after.first().is_none_or(foreign).then_some(true)
}

/// The first line that looks like a boundary and is followed by a header line.
pub fn guess(body: &[u8]) -> Option<Vec<u8>> {
    let mut lines = body.split(|&b| b == b'\n').take(2_000).map(<[u8]>::trim_ascii_end).peekable();
    while let Some(line) = lines.next() {
        let next = lines.peek().copied().unwrap_or_default();
        if let Some(rest) = line.strip_prefix(b"--")
            && (4..=100).contains(&rest.len())
            && next.len() > 8
            && next.get(..8).is_some_and(|n| n.eq_ignore_ascii_case(b"content-"))
        {
            return Some(rest.to_vec());
        }
    }
    None
}
