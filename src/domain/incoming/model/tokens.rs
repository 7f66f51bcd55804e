//! What the model sees of a sentence: its words, pairs of neighbours and the letter groups inside words.

use crate::domain::incoming::text::Word;

/// Longest and shortest letter group.
const GROUPS: [usize; 2] = [4, 5];

/// A sentence is looked at for so many words; longer ones are lists.
const MOST_WORDS: usize = 120;

/// A word, a pair or a letter group as a number (FNV-1a, 32 bits): the model keeps no text.
pub type Token = u32;

const START: u32 = 0x811c_9dc5;
const PRIME: u32 = 0x0100_0193;

fn mixed(hash: u32, byte: u8) -> u32 {
    (hash ^ u32::from(byte)).wrapping_mul(PRIME)
}

fn hashed(seed: u8, bytes: impl IntoIterator<Item = u8>) -> Token {
    bytes.into_iter().fold(mixed(START, seed), mixed)
}

/// The token of one word.
pub fn of_word(folded: &str) -> Token {
    hashed(b'w', folded.bytes())
}

/// The distinct tokens of a sentence, sorted. Figures say nothing of the step, so each counts as "a figure".
pub fn of_sentence(words: &[Word]) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(words.len() * 12);
    let mut before: Option<&str> = None;
    for word in words.iter().take(MOST_WORDS) {
        let folded = as_seen(&word.folded);
        tokens.push(of_word(folded));
        if let Some(before) = before {
            tokens.push(hashed(b'b', before.bytes().chain([b' ']).chain(folded.bytes())));
        }
        letter_groups(folded, &mut tokens);
        before = Some(folded);
    }
    tokens.sort_unstable();
    tokens.dedup();
    tokens
}

fn as_seen(folded: &str) -> &str {
    if folded.bytes().any(|b| b.is_ascii_digit()) { "0" } else { folded }
}

/// Groups of four and five letters, the ends of the word counted as letters.
fn letter_groups(word: &str, tokens: &mut Vec<Token>) {
    let mut ends: Vec<usize> = word.char_indices().map(|(at, _)| at).collect();
    ends.push(word.len());
    let letters = ends.len() - 1;
    for size in GROUPS {
        // The marks of beginning and end are letters 0 and `letters + 1`.
        for first in 0..(letters + 2).saturating_sub(size - 1) {
            let last = first + size - 1;
            let from = ends.get(first.saturating_sub(1)).copied().unwrap_or_default();
            let to = ends.get(last.min(letters)).copied().unwrap_or(word.len());
            let inner = word.get(from..to).unwrap_or_default();
            let open = (first == 0).then_some(b'^');
            let close = (last == letters + 1).then_some(b'$');
            tokens.push(hashed(b'g', open.into_iter().chain(inner.bytes()).chain(close)));
        }
    }
}
