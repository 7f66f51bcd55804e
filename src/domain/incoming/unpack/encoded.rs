//! Files written into the text of a mail: uuencode (POSIX.1-2017, `uuencode`) and yEnc 1.3.

use crate::domain::incoming::mime::{Leaf, Notes};
use crate::domain::incoming::unpack::Taken;

/// How many files of one text are taken out.
const MAX_FILES: usize = 50;

/// How many beginnings that begin nothing are tried: each is read up to where it fails.
const MAX_FAILED: usize = 20;

/// Takes the files out of a text; the text keeps the rest.
pub fn take_out(leaf: &mut Leaf, notes: &mut Notes) -> Vec<Taken> {
    let mut taken = Vec::new();
    let may_hold =
        leaf.data.windows(6).any(|w| w == b"begin ") || leaf.data.windows(8).any(|w| w == b"=ybegin ");
    if !may_hold {
        return taken;
    }
    let mut kept: Vec<u8> = Vec::with_capacity(leaf.data.len());
    let (mut lines, mut failed) = (Lines { rest: &leaf.data }, 0);
    while let Some(line) = lines.next() {
        let after = lines.rest;
        let may = taken.len() < MAX_FILES && failed < MAX_FAILED;
        let found = if let Some(name) = uu_begins(line).filter(|_| may) {
            failed += 1;
            uu(&mut lines).map(|data| (name, data))
        } else if let Some(name) = yenc_begins(line).filter(|_| may) {
            failed += 1;
            yenc(&mut lines).map(|data| (name, data))
        } else {
            None
        };
        if let Some((name, data)) = found {
            failed = 0;
            notes.add(format!("`{name}` was written into the text and is kept as a file"));
            taken.push(Taken { name, content_type: String::new(), data });
        } else {
            lines.rest = after;
            kept.extend_from_slice(line);
        }
    }
    if !taken.is_empty() {
        leaf.data = kept;
    }
    taken
}

struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.iter().position(|&b| b == b'\n').map_or(self.rest.len(), |at| at + 1);
        let (line, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(line)
    }
}

fn bare(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn readable(name: &[u8]) -> Option<String> {
    let name: String =
        String::from_utf8_lossy(name).trim().chars().filter(|c| !c.is_control()).take(255).collect();
    (!name.is_empty()).then_some(name)
}

/// `begin 644 letter.doc`: the name of the file.
fn uu_begins(line: &[u8]) -> Option<String> {
    let rest = bare(line).strip_prefix(b"begin ")?;
    let mode = rest.iter().take_while(|b| matches!(b, b'0'..=b'7')).count();
    let name = rest.get(mode..)?.strip_prefix(b" ")?;
    (3..=4).contains(&mode).then(|| readable(name)).flatten()
}

/// The lines up to `end`; none if these are not uuencoded.
fn uu(lines: &mut Lines<'_>) -> Option<Vec<u8>> {
    let mut data = Vec::new();
    while let Some(line) = lines.next() {
        let line = bare(line);
        if line.trim_ascii() == b"end" {
            return Some(data);
        }
        let Some((&first, body)) = line.split_first() else { continue };
        let length = usize::from(value(first)?);
        if length == 0 {
            continue;
        }
        let before = data.len();
        for four in body.chunks(4) {
            // Spaces at the end of a line get lost on the way; they stand for zero.
            let [a, b, c, d] = [0, 1, 2, 3].map(|at| four.get(at).copied().map_or(Some(0), value));
            let (a, b, c, d) = (a?, b?, c?, d?);
            data.extend([a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
        }
        if data.len() - before > length + 6 {
            return None;
        }
        data.resize(before + length, 0);
    }
    // A mail that was cut off has no `end`; what is there is kept, if it is something.
    (data.len() > 100).then_some(data)
}

fn value(byte: u8) -> Option<u8> {
    matches!(byte, 0x20..=0x60).then(|| (byte - 0x20) & 0x3f)
}

/// `=ybegin line=128 size=123456 name=letter.doc`: the name of the file.
fn yenc_begins(line: &[u8]) -> Option<String> {
    let line = bare(line);
    let at = line.windows(6).position(|w| w == b" name=")?;
    line.starts_with(b"=ybegin ").then(|| readable(line.get(at + 6..)?)).flatten()
}

/// The lines up to `=yend`; none without it.
fn yenc(lines: &mut Lines<'_>) -> Option<Vec<u8>> {
    let mut data = Vec::new();
    while let Some(line) = lines.next() {
        let line = bare(line);
        if line.starts_with(b"=yend") {
            return Some(data);
        }
        if line.starts_with(b"=ypart ") {
            continue;
        }
        let mut escaped = false;
        for &byte in line {
            match (escaped, byte) {
                (false, b'=') => escaped = true,
                (true, _) => {
                    data.push(byte.wrapping_sub(64).wrapping_sub(42));
                    escaped = false;
                }
                (false, _) => data.push(byte.wrapping_sub(42)),
            }
        }
    }
    None
}
