//! From what phrases and sentences say to one kind with a probability: a softmax over weighed features.

use crate::domain::incoming::reading::Kind;
use std::collections::BTreeMap;

/// How many kinds there are.
pub const KINDS: usize = 14;
/// Numbers of each kind by which a letter is judged: its phrases, its loudest and second sentence, all sentences
/// together, the louder of phrases and sentences, and its subject.
pub const OF_KIND: usize = 6;
/// All numbers by which a letter is judged: those of each kind, and four of the letter.
pub const FEATURES: usize = KINDS * OF_KIND + 4;

/// What is known of one letter.
pub type Features = [f32; FEATURES];
/// A number for each kind, in the order of `Kind::ALL`.
pub type ByKind = [f32; KINDS];

/// How far weights may grow: the more, the closer they follow the letters they are fitted to.
const RIDGE: f64 = 0.0012;
/// Steps of the fit; it has long settled then.
const ROUNDS: usize = 600;
/// A letter of a kind with few letters counts at most for so many.
const RAREST: f64 = 2.0;
/// Length of a step.
const STEP: f64 = 0.5;

/// A letter whose kind is known, to fit by.
#[derive(Debug, Clone)]
pub struct Example {
    /// What is known of it.
    pub features: Features,
    /// Its kind.
    pub kind: Kind,
    /// How much it counts, 1 for one letter.
    pub weight: f64,
}

/// Weights of each feature for each kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Judge {
    weights: Vec<ByKind>,
}

impl Default for Judge {
    /// Without a fit: what is said for a kind speaks for it.
    fn default() -> Self {
        let mut weights = vec![[0.0; KINDS]; FEATURES];
        for (at, row) in weights.iter_mut().take(KINDS * OF_KIND).enumerate() {
            if let Some(own) = row.get_mut(at % KINDS) {
                *own = 1.0;
            }
        }
        Judge { weights }
    }
}

impl Judge {
    /// Probabilities of the kinds; they add up to one.
    pub fn probabilities(&self, features: &Features) -> ByKind {
        let mut sums = [0.0_f32; KINDS];
        for (row, value) in self.weights.iter().zip(features) {
            sums.iter_mut().zip(row).for_each(|(sum, weight)| *sum += weight * value);
        }
        let highest = sums.iter().copied().fold(f32::MIN, f32::max);
        let powers = sums.map(|sum| (sum - highest).exp());
        let total: f32 = powers.iter().sum();
        powers.map(|power| power / total)
    }

    /// Multinomial logistic regression with a ridge, by whole steps with momentum: the same letters give the same
    /// weights.
    pub fn fit(examples: &[Example]) -> Self {
        let mut judge = Judge::default();
        let mut speed = vec![[0.0_f64; KINDS]; FEATURES];
        let mut weights: Vec<[f64; KINDS]> = judge.weights.iter().map(|row| row.map(f64::from)).collect();
        let alike = alike(examples);
        let total = alike.iter().sum::<f64>().max(1.0);
        for _ in 0..ROUNDS {
            let mut slope = vec![[0.0_f64; KINDS]; FEATURES];
            for (example, counts) in examples.iter().zip(&alike) {
                let found = judge.probabilities(&example.features);
                let own = Kind::ALL.iter().position(|k| *k == example.kind);
                let mut wrong = found.map(f64::from);
                if let Some(own) = own.and_then(|at| wrong.get_mut(at)) {
                    *own -= 1.0;
                }
                for (row, value) in slope.iter_mut().zip(example.features) {
                    let share = counts * f64::from(value) / total;
                    if share != 0.0 {
                        row.iter_mut().zip(wrong).for_each(|(s, w)| *s += share * w);
                    }
                }
            }
            for ((weight, speed), slope) in weights.iter_mut().zip(&mut speed).zip(&slope) {
                for ((w, v), s) in weight.iter_mut().zip(speed.iter_mut()).zip(slope) {
                    *v = 0.9 * *v - STEP * (s + RIDGE * *w);
                    *w += *v;
                }
            }
            judge.weights = weights.iter().map(|row| row.map(narrow)).collect();
        }
        judge
    }

    /// As bytes: all weights as little-endian f32, feature by feature.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.weights.iter().flatten().flat_map(|w| w.to_le_bytes()).collect()
    }

    /// Reads what `to_bytes` wrote; `None` if the length is another.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (numbers, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() || numbers.len() != FEATURES * KINDS {
            return None;
        }
        let numbers: Vec<f32> = numbers.iter().map(|n| f32::from_le_bytes(*n)).collect();
        let (rows, _) = numbers.as_chunks::<KINDS>();
        Some(Judge { weights: rows.to_vec() })
    }
}

/// How much each example counts when every kind counts alike: how many letters of a kind somebody wrote to learn from
/// says nothing of how many come.
fn alike(examples: &[Example]) -> Vec<f64> {
    let mut of_kind: BTreeMap<Kind, f64> = BTreeMap::new();
    for example in examples {
        *of_kind.entry(example.kind).or_default() += example.weight;
    }
    let kinds = u32::try_from(of_kind.len()).unwrap_or(1).max(1);
    let mean = of_kind.values().sum::<f64>() / f64::from(kinds);
    let counts = |example: &Example| {
        let rare = of_kind.get(&example.kind).map_or(1.0, |sum| mean / sum);
        example.weight * rare.min(RAREST)
    };
    examples.iter().map(counts).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "weights are small; f32 holds them")]
fn narrow(value: f64) -> f32 {
    value as f32
}
