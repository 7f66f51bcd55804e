//! A statistical ear beside the phrases: which step a sentence announces, learnt from sentences whose step is known.
//!
//! Complement naive Bayes (Rennie, Shih, Teevan, Karger, ICML 2003) over words, pairs of words and letter groups,
//! tempered by its plain twin over the same counts: one asks how little a token stands everywhere else, the other how
//! much it stands here. Their errors differ, and their sum is one table. It is small, exact in its arithmetic, learns
//! one sentence at a time, and what it says can be explained by the words that weighed most.

pub mod counts;
pub mod judge;
pub mod lessons;
pub mod tokens;

use crate::domain::incoming::model::counts::{Counts, Packed, Row};
use crate::domain::incoming::model::tokens::Token;
use crate::domain::incoming::reading::Kind;
use crate::domain::incoming::text::Word;

/// What a sentence can announce: each kind of reply, or nothing.
pub const CLASSES: usize = 15;

/// Added to the count of all other classes, so that a token seen in one class only does not decide.
const SMOOTHING: f32 = 0.3;
/// Added to the count of the class itself, so that a token never seen in it does not exclude it.
const OWN_SMOOTHING: f32 = 0.1;

/// How far the evidence of many tokens is believed, by where they do not stand: they say the same thing over and over.
const TEMPER: f32 = 0.1;
/// The same by where they stand.
const OWN_TEMPER: f32 = 0.05;

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
    /// Of what was not heard: nothing is likely.
    pub const UNHEARD: Likely = Likely([0.0; CLASSES]);

    /// How likely one class is.
    pub fn of(&self, class: Class) -> f32 {
        self.0.get(class.index()).copied().unwrap_or_default()
    }
}

type Weights = [f32; CLASSES];

/// Counts, ready to be asked.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// What it knows, sorted, each with the place of its weights; tokens are hashes, so their upper bits tell nearly
    /// where each stands.
    tokens: Vec<(Token, u32)>,
    /// Weights; tokens that were counted alike share theirs, which keeps what is asked often close together.
    weights: Vec<Weights>,
    /// For each value of the upper bits, the place of the first token that has it or a higher one.
    starts: Vec<u32>,
    /// By how many bits a token is moved to leave those.
    shift: u32,
}

impl Model {
    /// Turns counts into weights.
    pub fn of(counts: &Counts) -> Self {
        Self::of_packed(Packed::of(counts))
    }

    /// Turns counts into weights. The weight of a token for a class is how much less it stands in all other classes
    /// together.
    pub fn of_packed(counts: Packed) -> Self {
        let mut totals = [0_u64; CLASSES];
        let mut often = vec![0_u64; counts.rows().len()];
        for (_, place) in counts.tokens() {
            if let Some(times) = often.get_mut(*place as usize) {
                *times += 1;
            }
        }
        for (row, times) in counts.rows().iter().zip(often) {
            totals.iter_mut().zip(row).for_each(|(total, count)| *total += u64::from(*count) * times);
        }
        #[expect(clippy::cast_precision_loss, reason = "a few million sightings are exact in f32")]
        let totals = totals.map(|total| total as f32);
        let all: f32 = totals.iter().sum();
        #[expect(clippy::cast_precision_loss, reason = "a few ten thousand tokens are exact in f32")]
        let smooth = SMOOTHING * counts.tokens().len() as f32;
        let classes = Classes {
            complement: totals.map(|total| (all - total + smooth).ln()),
            own: totals.map(|total| (total + smooth).ln()),
            others: Logs::new(SMOOTHING),
            here: Logs::new(OWN_SMOOTHING),
        };
        let weights = counts.rows().iter().map(|row| classes.weights_of(row)).collect();
        Self::sorted(counts.into_tokens(), weights)
    }

    fn sorted(tokens: Vec<(Token, u32)>, weights: Vec<Weights>) -> Self {
        let bits = (usize::BITS - tokens.len().leading_zeros()).clamp(1, 24);
        let shift = Token::BITS - bits;
        let mut starts = vec![0_u32; 1 << bits];
        for (token, _) in &tokens {
            // Counted one further on, so that sums of those before are places.
            if let Some(count) = starts.get_mut((token >> shift) as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        Model { tokens, weights, starts, shift }
    }

    /// Whether it knows nothing.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    fn place_of(&self, token: Token) -> Option<usize> {
        let from = *self.starts.get((token >> self.shift) as usize)? as usize;
        let ahead = self.tokens.get(from..)?;
        let skip = ahead.iter().take_while(|(known, _)| *known < token).count();
        ahead.get(skip).filter(|(known, _)| *known == token).map(|(_, place)| *place as usize)
    }

    /// What a sentence announces.
    pub fn weigh(&self, words: &[Word]) -> Likely {
        let mut sums = [0.0_f32; CLASSES];
        // All places first: the weights can then be fetched side by side.
        let places: Vec<usize> =
            tokens::of_sentence(words).into_iter().filter_map(|token| self.place_of(token)).collect();
        for weights in places.into_iter().filter_map(|place| self.weights.get(place)) {
            sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += weight);
        }
        softmax(sums)
    }

    /// The words of a sentence that speak most for a class, strongest first.
    pub fn reasons<'w>(&self, words: &'w [Word], class: Class, most: usize) -> Vec<&'w Word> {
        let mut told: Vec<(f32, &Word)> = words
            .iter()
            .filter_map(|word| {
                let weights = self.weights.get(self.place_of(tokens::of_word(&word.folded))?)?;
                weights.get(class.index()).filter(|w| **w > 0.0).map(|w| (*w, word))
            })
            .collect();
        told.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.start.cmp(&b.1.start)));
        told.into_iter().map(|(_, word)| word).take(most).collect()
    }
}

/// What the weights of all tokens are made with.
struct Classes {
    /// Logarithm of all that stands in the other classes.
    complement: Weights,
    /// Logarithm of all that stands in the class.
    own: Weights,
    others: Logs,
    here: Logs,
}

impl Classes {
    /// The weights of a token that was counted like this.
    fn weights_of(&self, row: &Row) -> Weights {
        let seen: u32 = row.iter().map(|count| u32::from(*count)).sum();
        // Most classes have none of a token.
        let (nowhere, none) = (self.others.of(seen), self.here.of(0));
        let mut weights = self.complement;
        for ((weight, own), count) in weights.iter_mut().zip(self.own).zip(row) {
            let (elsewhere, here) = match u32::from(*count) {
                0 => (nowhere, none),
                count => (self.others.of(seen - count), self.here.of(count)),
            };
            *weight = TEMPER * (*weight - elsewhere) + OWN_TEMPER * (here - own);
        }
        // Only differences between classes matter; so a token without any weighs nothing.
        #[expect(clippy::cast_precision_loss, reason = "fifteen is exact in f32")]
        let mean = weights.iter().sum::<f32>() / CLASSES as f32;
        weights.map(|w| w - mean)
    }
}

/// Logarithms of small smoothed counts, each taken once.
struct Logs {
    smoothing: f32,
    taken: Vec<f32>,
}

impl Logs {
    fn new(smoothing: f32) -> Self {
        Logs { smoothing, taken: (0..4096).map(|count| taken(count, smoothing)).collect() }
    }

    fn of(&self, count: u32) -> f32 {
        self.taken.get(count as usize).copied().unwrap_or_else(|| taken(count, self.smoothing))
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^24")]
fn taken(count: u32, smoothing: f32) -> f32 {
    (count as f32 + smoothing).ln()
}

fn softmax(values: [f32; CLASSES]) -> Likely {
    let highest = values.iter().copied().fold(f32::MIN, f32::max);
    let powers = values.map(|value| (value - highest).exp());
    let sum: f32 = powers.iter().sum();
    Likely(powers.map(|power| power / sum))
}
