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
    /// A token without a row.
    #[error("expected the number of one of {rows} rows, found `{found}`")]
    Row {
        /// How many there are.
        rows: usize,
        /// What a token names.
        found: u32,
    },
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

    /// As bytes, see `Packed`.
    pub fn to_bytes(&self) -> Vec<u8> {
        Packed::of(self).to_bytes()
    }

    /// Reads what `to_bytes` wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Packed::from_bytes(bytes).map(Counts::from)
    }
}

/// Counts as they are kept, to be made a model of without a map between: tokens that were counted alike share a row.
///
/// As bytes: number of classes, sentences of each, number of rows; each row with a bit for every class in which its
/// tokens stood and the counts of those; number of tokens; each token as its distance from the one before, with the
/// number of its row. All numbers but the first byte are LEB128.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Packed {
    sentences: [u32; CLASSES],
    rows: Vec<Row>,
    /// Tokens in their order, each with the place of its row.
    tokens: Vec<(Token, u32)>,
}

impl Packed {
    /// Packs counts; rows that many tokens share come first.
    pub fn of(counts: &Counts) -> Self {
        let mut often: BTreeMap<&Row, usize> = BTreeMap::new();
        counts.tokens.values().for_each(|row| *often.entry(row).or_default() += 1);
        let mut rows: Vec<(&Row, usize)> = often.into_iter().collect();
        rows.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
        let places: BTreeMap<&Row, u32> = rows.iter().map(|(row, _)| *row).zip(0..).collect();
        let place = |row: &Row| places.get(row).copied().unwrap_or_default();
        Packed {
            sentences: counts.sentences,
            rows: rows.iter().map(|(row, _)| **row).collect(),
            tokens: counts.tokens.iter().map(|(token, row)| (*token, place(row))).collect(),
        }
    }

    /// The distinct rows.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The tokens in their order, each with the place of its row.
    pub fn tokens(&self) -> &[(Token, u32)] {
        &self.tokens
    }

    /// The same with what was counted elsewhere.
    #[must_use]
    pub fn with(self, other: &Counts) -> Self {
        if other.is_empty() {
            return self;
        }
        let mut counts = Counts::from(self);
        counts.merge(other);
        Packed::of(&counts)
    }

    /// As bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let mut out = vec![u8::try_from(CLASSES).unwrap_or(u8::MAX)];
        self.sentences.iter().for_each(|count| varint(*count, &mut out));
        varint(length(self.rows.len()), &mut out);
        for row in &self.rows {
            let bits = row.iter().enumerate().filter(|(_, c)| **c > 0).fold(0_u32, |b, (at, _)| b | 1 << at);
            varint(bits, &mut out);
            row.iter().filter(|c| **c > 0).for_each(|c| varint(u32::from(*c), &mut out));
        }
        varint(length(self.tokens.len()), &mut out);
        let mut before = 0;
        for (token, place) in &self.tokens {
            varint(token.wrapping_sub(before), &mut out);
            varint(*place, &mut out);
            before = *token;
        }
        out
    }

    /// Reads what `to_bytes` wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let cut = || Error::Length { expected: bytes.len() + 1, found: bytes.len() };
        let (classes, mut rest) = bytes.split_first().ok_or_else(cut)?;
        if usize::from(*classes) != CLASSES {
            return Err(Error::Classes(usize::from(*classes)));
        }
        let packed = Packed::read(&mut rest).ok_or_else(cut)?;
        if !rest.is_empty() {
            return Err(Error::Length { expected: bytes.len() - rest.len(), found: bytes.len() });
        }
        let rows = packed.rows.len();
        match packed.tokens.iter().find(|(_, place)| *place as usize >= rows) {
            Some((_, found)) => Err(Error::Row { rows, found: *found }),
            None => Ok(packed),
        }
    }

    /// What stands after the number of classes; `None` if it ends too early.
    fn read(rest: &mut &[u8]) -> Option<Self> {
        let mut packed = Packed::default();
        for count in &mut packed.sentences {
            *count = read_varint(rest)?;
        }
        // Whatever a number says, memory is taken for no more than the bytes can hold.
        let rows = read_varint(rest)? as usize;
        packed.rows.reserve_exact(rows.min(rest.len()));
        for _ in 0..rows {
            packed.rows.push(read_row(rest)?);
        }
        let tokens = read_varint(rest)? as usize;
        packed.tokens.reserve_exact(tokens.min(rest.len()));
        let mut token: Token = 0;
        for _ in 0..tokens {
            token = token.wrapping_add(read_varint(rest)?);
            packed.tokens.push((token, read_varint(rest)?));
        }
        Some(packed)
    }
}

fn read_row(rest: &mut &[u8]) -> Option<Row> {
    let mut row = [0; CLASSES];
    let mut bits = read_varint(rest)?;
    while bits != 0 {
        let count = row.get_mut(bits.trailing_zeros() as usize)?;
        *count = u16::try_from(read_varint(rest)?).unwrap_or(u16::MAX);
        bits &= bits - 1;
    }
    Some(row)
}

impl From<Packed> for Counts {
    fn from(packed: Packed) -> Self {
        let row = |place: u32| packed.rows.get(place as usize).copied().unwrap_or_default();
        let tokens = packed.tokens.iter().map(|(token, place)| (*token, row(*place))).collect();
        Counts { sentences: packed.sentences, tokens }
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
