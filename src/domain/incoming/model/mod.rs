//! A statistical ear beside the phrases: which step a sentence announces, learnt from sentences whose step is known.
//!
//! Complement naive Bayes (Rennie, Shih, Teevan, Karger, ICML 2003) over words, pairs of words and letter groups. It
//! is small, exact in its arithmetic, learns one sentence at a time, and what it says can be explained by the words
//! that weighed most.

pub mod counts;
pub mod judge;
pub mod tokens;

use crate::domain::incoming::model::counts::Counts;
use crate::domain::incoming::model::tokens::Token;
use crate::domain::incoming::reading::Kind;
use crate::domain::incoming::text::Word;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// What a sentence can announce: each kind of reply, or nothing.
pub const CLASSES: usize = 15;

/// Added to each count, so that a token never seen in a class does not exclude it.
const SMOOTHING: f32 = 0.3;

/// How far the evidence of many tokens is believed: they say the same thing over and over.
const TEMPER: f32 = 0.3;

/// What a sentence announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A kind of reply.
    Step(Kind),
    /// No step: rules recited, the history of the file, greetings.
    Nothing,
}

impl Class {
    /// All classes, in the order of their numbers.
    pub fn all() -> impl Iterator<Item = Class> {
        Kind::ALL.iter().map(|kind| Class::Step(*kind)).chain([Class::Nothing])
    }

    /// Its number, below `CLASSES`.
    pub fn index(self) -> usize {
        match self {
            Class::Step(kind) => Kind::ALL.iter().position(|k| *k == kind).unwrap_or(CLASSES - 1),
            Class::Nothing => CLASSES - 1,
        }
    }
}

/// How likely each class is for a sentence; they add up to one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Likely(pub [f32; CLASSES]);

impl Likely {
    /// How likely one class is.
    pub fn of(&self, class: Class) -> f32 {
        self.0.get(class.index()).copied().unwrap_or_default()
    }
}

/// Tokens are hashes already.
#[derive(Debug, Clone, Copy, Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|b| self.0 = self.0.rotate_left(8) ^ u64::from(*b));
    }

    fn write_u32(&mut self, token: u32) {
        // The table takes its place from the low bits and a check from the high ones.
        self.0 = u64::from(token).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

type Weights = [f32; CLASSES];

/// Counts, ready to be asked.
#[derive(Debug, Clone, Default)]
pub struct Model {
    weights: HashMap<Token, Weights, BuildHasherDefault<AsIs>>,
}

impl Model {
    /// Turns counts into weights: of each token, how much less it stands in all other classes together.
    pub fn of(counts: &Counts) -> Self {
        let mut totals = [0.0_f32; CLASSES];
        for row in counts.tokens.values() {
            totals.iter_mut().zip(row).for_each(|(total, count)| *total += f32::from(*count));
        }
        let all: f32 = totals.iter().sum();
        #[expect(clippy::cast_precision_loss, reason = "a few ten thousand tokens are exact in f32")]
        let smooth = SMOOTHING * counts.tokens.len() as f32;
        let complement = totals.map(|total| (all - total + smooth).ln());
        let weights = counts
            .tokens
            .iter()
            .map(|(token, row)| {
                let seen: f32 = row.iter().map(|c| f32::from(*c)).sum();
                let mut weights = [0.0; CLASSES];
                for ((weight, count), elsewhere) in weights.iter_mut().zip(row).zip(complement) {
                    *weight = elsewhere - (seen - f32::from(*count) + SMOOTHING).ln();
                }
                // Only differences between classes matter; so a token without any weighs nothing.
                let mean = weights.iter().sum::<f32>() / CLASSES as f32;
                (*token, weights.map(|w| w - mean))
            })
            .collect();
        Model { weights }
    }

    /// Whether it knows nothing.
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }

    /// What a sentence announces.
    pub fn weigh(&self, words: &[Word]) -> Likely {
        let mut sums = [0.0_f32; CLASSES];
        for token in tokens::of_sentence(words) {
            if let Some(weights) = self.weights.get(&token) {
                sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += weight);
            }
        }
        softmax(sums.map(|sum| sum * TEMPER))
    }

    /// The words of a sentence that speak most for a class, strongest first.
    pub fn reasons<'w>(&self, words: &'w [Word], class: Class, most: usize) -> Vec<&'w Word> {
        let mut told: Vec<(f32, &Word)> = words
            .iter()
            .filter_map(|word| {
                let weights = self.weights.get(&tokens::of_word(&word.folded))?;
                weights.get(class.index()).filter(|w| **w > 0.0).map(|w| (*w, word))
            })
            .collect();
        told.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.start.cmp(&b.1.start)));
        told.into_iter().map(|(_, word)| word).take(most).collect()
    }
}

fn softmax(values: [f32; CLASSES]) -> Likely {
    let highest = values.iter().copied().fold(f32::MIN, f32::max);
    let powers = values.map(|value| (value - highest).exp());
    let sum: f32 = powers.iter().sum();
    Likely(powers.map(|power| power / sum))
}
