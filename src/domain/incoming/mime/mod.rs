//! Bytes to headers, text and attachments: limits, charsets, a lenient second pass; never fails.
//!
//! Structure is read by our own iterative parser, because a library that gives up on the whole mail for one bad
//! part would lose a decision. Addresses and dates go through `mailparse` first and through a lenient reading when
//! it refuses; docs/decisions/0016 says why. Every oddity becomes a note in plain words.

pub mod address;
pub mod boundary;
pub mod charset;
pub mod date;
pub mod encoding;
pub mod header;
pub mod html;
pub mod parameter;
pub mod structure;
pub mod words;

pub use crate::domain::incoming::mime::address::Address;
pub use crate::domain::incoming::mime::header::Headers;
pub use crate::domain::incoming::mime::structure::{Leaf, Mail};

use crate::domain::incoming::mime::structure::read_structure;
use std::collections::BTreeSet;

/// The largest mail that is read; a larger one is kept and shown by its headers only.
pub const MAX_BYTES: usize = 100 * 1024 * 1024;
/// How many parts of one mail are looked at (reliability R22).
pub const MAX_PARTS: usize = 1_000;
/// How deep parts may lie in each other; below that a part is taken as one piece.
pub const MAX_DEPTH: usize = 40;

/// So many notes of one mail are told, and so many more are told apart from each other to be counted.
const MOST_NOTES: usize = 40;
const MOST_COUNTED: usize = 10_000;

/// Collects notes in plain words, each only once and not without end. What a person must know to be safe comes first
/// and is never among those that are only counted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Notes {
    warnings: Vec<String>,
    said: Vec<String>,
    counted: BTreeSet<String>,
}

impl Notes {
    /// Adds a note unless it was said before.
    pub fn add(&mut self, note: impl Into<String>) {
        let note = note.into();
        if self.warnings.contains(&note) || self.said.contains(&note) {
            return;
        }
        // What says that something was not read stays among those that are told, if not without end.
        let grave = ["not read", "left out", "hides"].iter().any(|words| note.contains(words));
        if self.said.len() < if grave { 2 * MOST_NOTES } else { MOST_NOTES } {
            self.said.push(note);
        } else if self.counted.len() < MOST_COUNTED {
            self.counted.insert(note);
        }
    }

    /// Adds what must not be missed: that something is hidden, was left out, or could not be told.
    pub fn warn(&mut self, note: impl Into<String>) {
        let note = note.into();
        if self.warnings.len() < MOST_NOTES && !self.warnings.contains(&note) {
            self.warnings.push(note);
        }
    }

    /// Takes over another's notes.
    pub fn extend(&mut self, other: Notes) {
        for note in other.warnings {
            self.warn(note);
        }
        for note in other.said.into_iter().chain(other.counted) {
            self.add(note);
        }
    }

    /// Warnings, then the notes in the order in which they were made; the last says how many more there are.
    pub fn into_vec(self) -> Vec<String> {
        let more = match self.counted.len() {
            0 => None,
            MOST_COUNTED => Some(format!("and more than {MOST_COUNTED} notes more")),
            1 => Some("and 1 note more".to_owned()),
            more => Some(format!("and {more} notes more")),
        };
        self.warnings.into_iter().chain(self.said).chain(more).collect()
    }
}

/// Takes a mail apart; whatever it is, something comes back.
pub fn parse(raw: &[u8]) -> Mail {
    let mut notes = Notes::default();
    let raw = if raw.len() > MAX_BYTES {
        notes.warn(format!(
            "the mail has {} bytes, more than the {MAX_BYTES} that are read; only its beginning was looked at",
            raw.len()
        ));
        raw.get(..1024 * 1024).unwrap_or(raw)
    } else {
        raw
    };
    let raw = match raw.strip_prefix(MARK) {
        Some(rest) => {
            notes.add("a byte order mark stands before the header");
            rest
        }
        None => raw,
    };
    if let Some(unmarked) = without_mark_within(raw) {
        notes.add("a byte order mark stands before the header");
        return read_unmarked(&unmarked, notes);
    }
    read_unmarked(raw, notes)
}

/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A mail that began with a byte order mark, and before which servers have put lines of theirs on its way: without the
/// mark, which would else be part of a field's name.
fn without_mark_within(raw: &[u8]) -> Option<Vec<u8>> {
    let mut at = 0;
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        if let Some(rest) = line.strip_prefix(MARK)
            && !rest.trim_ascii().is_empty()
        {
            let (before, marked) = raw.split_at_checked(at)?;
            return Some([before, marked.strip_prefix(MARK)?].concat());
        }
        at += line.len();
        if line.trim_ascii().is_empty() || at > LONGEST_TRACE {
            return None;
        }
    }
    None
}

/// Lines that servers put before a mail are not longer than this together.
const LONGEST_TRACE: usize = 256 * 1024;

fn read_unmarked(raw: &[u8], mut notes: Notes) -> Mail {
    if has_lone_returns(raw) {
        notes.add("lines end with a lone carriage return");
        return read_structure(&with_line_feeds(raw), notes);
    }
    read_structure(raw, notes)
}

/// Whether a lone carriage return ends lines here: most lines of the mail, or already those that begin the header.
fn has_lone_returns(raw: &[u8]) -> bool {
    let head = raw.get(..64 * 1024).unwrap_or(raw);
    if !head.contains(&b'\r') {
        return false;
    }
    let lone = |text: &[u8]| {
        memchr::memchr_iter(b'\r', text)
            .filter(|at| text.get(at + 1).is_some_and(|next| *next != b'\n'))
            .count()
    };
    let first = memchr::memchr(b'\n', head).and_then(|end| head.get(..end)).unwrap_or(head);
    lone(first) >= 2 || lone(head) > memchr::memchr_iter(b'\n', head).count()
}

fn with_line_feeds(raw: &[u8]) -> Vec<u8> {
    let mut fixed = Vec::with_capacity(raw.len());
    for (at, &b) in raw.iter().enumerate() {
        match b {
            b'\r' if raw.get(at + 1) == Some(&b'\n') => {}
            b'\r' => fixed.push(b'\n'),
            _ => fixed.push(b),
        }
    }
    fixed
}
