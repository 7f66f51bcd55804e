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

/// Weights with one nought more, so that they are added in whole registers.
type Padded = [f32; CLASSES + 1];

/// Counts, ready to be asked.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// What it knows: each token in the first free slot from that on which its upper bits name, with the place of its
    /// weights counted from 1; no place says that the slot is free. Tokens are hashes, so they spread by themselves.
    slots: Vec<(Token, u32)>,
    /// Weights; tokens that were counted alike share theirs, which keeps what is asked often close together.
    weights: Vec<Padded>,
    /// By how many bits a token is moved to leave its slot.
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
        let weights = counts.rows().iter().map(|row| padded(&classes.weights_of(row))).collect();
        Self::spread(counts.tokens(), weights)
    }

    fn spread(tokens: &[(Token, u32)], weights: Vec<Padded>) -> Self {
        // A quarter of the slots stays free at least, so that an unknown token is soon known to be one.
        let most = tokens.len() + tokens.len() / 3;
        let bits = (usize::BITS - most.leading_zeros()).clamp(1, Token::BITS - 1);
        let shift = Token::BITS - bits;
        let mut slots: Vec<(Token, u32)> = vec![(0, 0); 1 << bits];
        for (token, place) in tokens {
            let ahead = slots.get_mut((token >> shift) as usize..).unwrap_or_default();
            match ahead.iter_mut().find(|(_, place)| *place == 0) {
                Some(slot) => *slot = (*token, place + 1),
                None => slots.push((*token, place + 1)),
            }
        }
        Model { slots, weights, shift }
    }

    /// Whether it knows nothing.
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }

    fn place_of(&self, token: Token) -> Option<usize> {
        let ahead = self.slots.get((token >> self.shift) as usize..)?;
        let (_, place) = ahead.iter().find(|(known, place)| *known == token || *place == 0)?;
        (*place as usize).checked_sub(1)
    }

    /// What a sentence announces.
    pub fn weigh(&self, words: &[Word]) -> Likely {
        let mut seen = Seen::of(tokens::most_of(words));
        // All places first: the weights can then be fetched side by side.
        let mut places: Vec<usize> = Vec::with_capacity(seen.room());
        tokens::each(words, |token| {
            if seen.is_new(token) {
                places.extend(self.place_of(token));
            }
        });
        let mut sums: Padded = [0.0; CLASSES + 1];
        for weights in places.into_iter().filter_map(|place| self.weights.get(place)) {
            sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += weight);
        }
        let mut of_classes = [0.0; CLASSES];
        of_classes.iter_mut().zip(sums).for_each(|(own, sum)| *own = sum);
        softmax(of_classes)
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

fn padded(weights: &Weights) -> Padded {
    let mut padded = [0.0; CLASSES + 1];
    padded.iter_mut().zip(weights).for_each(|(own, weight)| *own = *weight);
    padded
}

/// The tokens of one sentence that were there before: a table of so many slots that most are free.
struct Seen {
    slots: Vec<Token>,
    shift: u32,
}

impl Seen {
    /// With room for so many tokens.
    fn of(most: usize) -> Self {
        let bits = (usize::BITS - most.leading_zeros() + 1).clamp(4, 20);
        Seen { slots: vec![0; 1 << bits], shift: Token::BITS - bits }
    }

    fn room(&self) -> usize {
        self.slots.len() / 2
    }

    /// Whether a token comes for the first time; from now on it was there.
    fn is_new(&mut self, token: Token) -> bool {
        // Nought marks a free slot; that two tokens of four thousand million are one does no harm.
        let token = token.max(1);
        let ahead = self.slots.get_mut((token >> self.shift) as usize..).unwrap_or_default();
        if let Some(slot) = ahead.iter_mut().find(|slot| **slot == 0 || **slot == token) {
            return std::mem::replace(slot, token) == 0;
        }
        self.slots.push(token);
        true
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
