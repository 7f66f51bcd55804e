//! What the model sees of a sentence: its words, pairs of neighbours and the letter groups inside words.

use crate::domain::incoming::text::Word;

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

/// The distinct tokens of a sentence, sorted.
pub fn of_sentence(words: &[Word]) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(most_of(words));
    each(words, |token| tokens.push(token));
    tokens.sort_unstable();
    tokens.dedup();
    tokens
}

/// How many tokens a sentence has at most.
pub fn most_of(words: &[Word]) -> usize {
    seen(words).iter().map(|word| word.folded.len() * 2 + 4).sum()
}

fn seen(words: &[Word]) -> &[Word] {
    words.get(..MOST_WORDS).unwrap_or(words)
}

/// Every token of a sentence, as often as it comes. Figures say nothing of the step, so each counts as "a figure".
pub fn each(words: &[Word], mut take: impl FnMut(Token)) {
    let mut marked = Marked::default();
    let mut before: Option<&str> = None;
    for word in seen(words) {
        let folded = as_seen(&word.folded);
        take(of_word(folded));
        if let Some(before) = before {
            take(hashed(b'b', before.bytes().chain([b' ']).chain(folded.bytes())));
        }
        letter_groups(folded, &mut marked, &mut take);
        before = Some(folded);
    }
}

fn as_seen(folded: &str) -> &str {
    if folded.bytes().any(|b| b.is_ascii_digit()) { "0" } else { folded }
}

/// A word between the marks of its beginning and end, and where each letter starts: room that is used again.
#[derive(Default)]
struct Marked {
    bytes: Vec<u8>,
    starts: Vec<usize>,
}

/// Groups of four and five letters, the marks of beginning and end counted as letters.
fn letter_groups(word: &str, marked: &mut Marked, take: &mut impl FnMut(Token)) {
    let Marked { bytes, starts } = marked;
    bytes.clear();
    bytes.push(b'^');
    bytes.extend_from_slice(word.as_bytes());
    bytes.push(b'$');
    if word.is_ascii() {
        for (first, four) in bytes.windows(4).enumerate() {
            let group = hashed(b'g', four.iter().copied());
            take(group);
            if let Some(fifth) = bytes.get(first + 4) {
                take(mixed(group, *fifth));
            }
        }
        return;
    }
    starts.clear();
    starts.extend(bytes.iter().enumerate().filter(|(_, byte)| **byte & 0xc0 != 0x80).map(|(at, _)| at));
    starts.push(bytes.len());
    for (first, four) in starts.windows(5).enumerate() {
        let [from, .., to] = four else { continue };
        let group = hashed(b'g', bytes.get(*from..*to).unwrap_or_default().iter().copied());
        take(group);
        if let Some(end) = starts.get(first + 5) {
            take(bytes.get(*to..*end).unwrap_or_default().iter().fold(group, |hash, b| mixed(hash, *b)));
        }
    }
}
