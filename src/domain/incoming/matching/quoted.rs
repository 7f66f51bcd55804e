//! Our own words in somebody else's mail: runs of five words of our letter.

use crate::domain::incoming::text::{fold, words};
use compact_str::CompactString;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// How many words make a run.
const RUN: usize = 5;
/// How many words of a text are looked at.
const MOST_WORDS: usize = 40_000;
/// Fewer runs in common are chance.
const LEAST: usize = 8;

/// The runs of a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Runs(HashSet<u64>);

impl Runs {
    /// Of a text, whatever its line breaks, marks and letter case.
    pub fn of(text: &str) -> Self {
        let words: Vec<CompactString> =
            words(text).into_iter().take(MOST_WORDS).map(|word| word.folded).collect();
        let hash = |run: &[CompactString]| {
            let mut hasher = DefaultHasher::new();
            run.hash(&mut hasher);
            hasher.finish()
        };
        Self(words.windows(RUN).map(hash).collect())
    }

    /// Whether the text was shorter than one run.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many runs two texts have in common.
    pub fn common(&self, other: &Self) -> usize {
        self.0.intersection(&other.0).count()
    }
}

/// What of each letter stands in a mail, in hundredths. What a better quoted letter explains is not counted again for
/// one that only shares its set phrases; two that are quoted alike both keep theirs.
pub fn shares(mail: &Runs, letters: &[Runs]) -> Vec<usize> {
    let common: Vec<HashSet<u64>> =
        letters.iter().map(|letter| letter.0.intersection(&mail.0).copied().collect()).collect();
    let best = common.iter().max_by_key(|common| common.len()).cloned().unwrap_or_default();
    let share = |(common, letter): (&HashSet<u64>, &Runs)| {
        let alike = common.len() * 100 >= best.len() * 97;
        let counted = if alike { common.len() } else { common.difference(&best).count() };
        if counted < LEAST { 0 } else { counted * 100 / letter.0.len().max(1) }
    };
    common.iter().zip(letters).map(share).collect()
}

/// The words of a subject that say something: four letters or more.
fn telling(subject: &str) -> HashSet<CompactString> {
    let words = words(subject).into_iter().map(|word| word.folded);
    words.filter(|word| word.chars().count() >= 4 && word.chars().any(char::is_alphabetic)).collect()
}

/// Whether a line has most of the telling words of our subject.
pub fn is_similar(line: &str, ours: &str) -> bool {
    let (line, ours) = (telling(&fold(line)), telling(&fold(ours)));
    let common = ours.intersection(&line).count();
    common >= 2 && common * 10 >= ours.len() * 6
}
