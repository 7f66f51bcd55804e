//! Our own words in somebody else's mail: runs of five words of our letter.

use crate::domain::incoming::text::{fold, words};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// How many words make a run.
const RUN: usize = 5;
/// How many words of a text are looked at.
const MOST_WORDS: usize = 40_000;
/// Fewer runs in common are chance.
const LEAST: usize = 8;

/// The runs of a text, whatever its line breaks, marks and letter case.
pub fn runs(text: &str) -> HashSet<u64> {
    let words: Vec<String> = words(text).into_iter().take(MOST_WORDS).map(|word| word.folded).collect();
    words
        .windows(RUN)
        .map(|run| {
            let mut hasher = DefaultHasher::new();
            run.hash(&mut hasher);
            hasher.finish()
        })
        .collect()
}

/// What of each letter stands in a mail, in hundredths. What a better quoted letter explains is not counted again for
/// one that only shares its set phrases; two that are quoted alike both keep theirs.
pub fn shares(mail: &HashSet<u64>, letters: &[HashSet<u64>]) -> Vec<usize> {
    let common: Vec<HashSet<u64>> =
        letters.iter().map(|letter| letter.intersection(mail).copied().collect()).collect();
    let best = common.iter().max_by_key(|common| common.len()).cloned().unwrap_or_default();
    common
        .iter()
        .zip(letters)
        .map(|(common, letter)| {
            let alike = common.len() * 100 >= best.len() * 97;
            let counted = if alike { common.len() } else { common.difference(&best).count() };
            if counted < LEAST { 0 } else { counted * 100 / letter.len().max(1) }
        })
        .collect()
}

/// The words of a subject that say something: four letters or more.
fn telling(subject: &str) -> HashSet<String> {
    let words = words(subject).into_iter().map(|word| word.folded);
    words.filter(|word| word.chars().count() >= 4 && word.chars().any(char::is_alphabetic)).collect()
}

/// Whether a line has most of the telling words of our subject.
pub fn is_similar(line: &str, ours: &str) -> bool {
    let (line, ours) = (telling(&fold(line)), telling(&fold(ours)));
    let common = ours.intersection(&line).count();
    common >= 2 && common * 10 >= ours.len() * 6
}
