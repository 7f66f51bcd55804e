//! What was counted in sentences whose step is known, and how it is kept between runs.

use crate::domain::incoming::model::tokens::Token;
use crate::domain::incoming::model::{CLASSES, Class};
use std::collections::BTreeMap;

/// In how many sentences of each class a token stood.
pub type Row = [u16; CLASSES];

/// Sentences by class in which each token stood.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// By token and class.
    pub(super) tokens: BTreeMap<Token, Row>,
    /// Sentences of each class.
    pub(super) sentences: [u32; CLASSES],
}

/// Why kept counts cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It ends too early or goes on too long.
    #[error("expected counts of {expected} bytes, found `{found}`")]
    Length {
        /// What the head announces.
        expected: usize,
        /// What there is.
        found: usize,
    },
    /// Made for other classes.
    #[error("expected counts of {CLASSES} classes, found `{0}`")]
    Classes(usize),
}

impl Counts {
    /// Adds a sentence.
    pub fn learn(&mut self, tokens: &[Token], class: Class) {
        let at = class.index();
        for token in tokens {
            let row = self.tokens.entry(*token).or_insert([0; CLASSES]);
            if let Some(count) = row.get_mut(at) {
                *count = count.saturating_add(1);
            }
        }
        if let Some(count) = self.sentences.get_mut(at) {
            *count = count.saturating_add(1);
        }
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Counts) {
        for (token, counts) in &other.tokens {
            let row = self.tokens.entry(*token).or_insert([0; CLASSES]);
            row.iter_mut().zip(counts).for_each(|(a, b)| *a = a.saturating_add(*b));
        }
        self.sentences.iter_mut().zip(other.sentences).for_each(|(a, b)| *a = a.saturating_add(b));
    }

    /// Keeps the tokens that tell most: those of at least `least` sentences.
    pub fn prune(&mut self, least: u32) {
        self.tokens.retain(|_, row| row.iter().map(|c| u32::from(*c)).sum::<u32>() >= least);
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// As bytes: number of classes, sentences of each, number of tokens; then each token with a bit for every class in
    /// which it stood and the counts of those. All numbers little-endian, those in rows as LEB128.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![u8::try_from(CLASSES).unwrap_or(u8::MAX)];
        self.sentences.iter().for_each(|count| varint(*count, &mut out));
        varint(u32::try_from(self.tokens.len()).unwrap_or(u32::MAX), &mut out);
        let mut before = 0;
        for (token, row) in &self.tokens {
            varint(token.wrapping_sub(before), &mut out);
            before = *token;
            let bits = row.iter().enumerate().filter(|(_, c)| **c > 0).fold(0_u32, |b, (at, _)| b | 1 << at);
            varint(bits, &mut out);
            row.iter().filter(|c| **c > 0).for_each(|c| varint(u32::from(*c), &mut out));
        }
        out
    }

    /// Reads what `to_bytes` wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Packed::from_bytes(bytes).map(Counts::from)
    }
}

/// Counts as they lie in bytes: rows sorted by token, to be made a model of without a map between.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Packed {
    sentences: [u32; CLASSES],
    rows: Vec<(Token, Row)>,
}

impl Packed {
    /// Reads what `Counts::to_bytes` wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let cut = || Error::Length { expected: bytes.len() + 1, found: bytes.len() };
        let (classes, mut rest) = bytes.split_first().ok_or_else(cut)?;
        if usize::from(*classes) != CLASSES {
            return Err(Error::Classes(usize::from(*classes)));
        }
        let mut packed = Packed::default();
        for count in &mut packed.sentences {
            *count = read_varint(&mut rest).ok_or_else(cut)?;
        }
        let tokens = read_varint(&mut rest).ok_or_else(cut)? as usize;
        // A row takes at least three bytes, whatever the head says.
        packed.rows.reserve_exact(tokens.min(rest.len() / 3));
        let mut token: Token = 0;
        for _ in 0..tokens {
            token = token.wrapping_add(read_varint(&mut rest).ok_or_else(cut)?);
            let mut bits = read_varint(&mut rest).ok_or_else(cut)?;
            let mut row = [0; CLASSES];
            while bits != 0 {
                let at = bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let Some(count) = row.get_mut(at) else { break };
                *count = u16::try_from(read_varint(&mut rest).ok_or_else(cut)?).unwrap_or(u16::MAX);
            }
            packed.rows.push((token, row));
        }
        if rest.is_empty() {
            return Ok(packed);
        }
        Err(Error::Length { expected: bytes.len() - rest.len(), found: bytes.len() })
    }

    /// The rows, sorted by token.
    pub fn rows(&self) -> &[(Token, Row)] {
        &self.rows
    }

    /// The same with what was counted elsewhere.
    #[must_use]
    pub fn with(self, other: &Counts) -> Self {
        if other.is_empty() {
            return self;
        }
        let mut counts = Counts::from(self);
        counts.merge(other);
        Packed { sentences: counts.sentences, rows: counts.tokens.into_iter().collect() }
    }
}

impl From<Packed> for Counts {
    fn from(packed: Packed) -> Self {
        Counts { sentences: packed.sentences, tokens: packed.rows.into_iter().collect() }
    }
}

fn varint(mut value: u32, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

fn read_varint(bytes: &mut &[u8]) -> Option<u32> {
    let mut value = 0_u32;
    for shift in (0..35).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u32::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
