//! File numbers of authorities, compared by their letters and digits alone.

use crate::domain::incoming::mime::html::cut;
use crate::domain::incoming::text::fold;

/// How many numbers of one mail are looked up.
const MOST: usize = 400;
/// How many words of one text are looked at, and how many of all texts together: who writes the mail chooses how many
/// files it has and how long they are.
const MOST_WORDS: usize = 4_000;
const MOST_WORDS_IN_ALL: usize = 20_000;
/// How many bytes of one text are looked at.
const MOST_TEXT: usize = 200_000;
/// How many words a file number may have, as "IV A 3 - 12/2026".
const LONGEST: usize = 5;
/// How many letters and digits a file number may have.
const MOST_LETTERS: usize = 40;
/// What is written with more bytes than this has more letters than that, whatever marks stand between them.
const MOST_BYTES: usize = 200;

/// A file number as it is compared; none where it says too little to tell one request from another.
pub fn folded(number: &str) -> Option<String> {
    if number.len() > MOST_BYTES {
        return None;
    }
    let folded: String = fold(number).chars().filter(|c| c.is_alphanumeric()).collect();
    let digits = folded.chars().filter(char::is_ascii_digit).count();
    // A year with a stroke before it is no file number, and neither is a word.
    (digits >= 3 && (5..=MOST_LETTERS).contains(&folded.chars().count())).then_some(folded)
}

/// Everything in some texts that may be a file number, folded; earlier texts come first.
pub fn in_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen = std::collections::HashSet::new();
    let mut room = MOST_WORDS_IN_ALL;
    for text in texts {
        let words: Vec<&str> = cut(text, MOST_TEXT).split_whitespace().take(MOST_WORDS.min(room)).collect();
        room -= words.len();
        for number in words.iter().enumerate().flat_map(|(end, _)| ending_at(&words, end)) {
            if found.len() >= MOST {
                return found;
            }
            if seen.insert(number.clone()) {
                found.push(number);
            }
        }
    }
    found
}

/// The numbers that end with the word at `end`, the shortest first.
fn ending_at<'a>(words: &'a [&str], end: usize) -> impl Iterator<Item = String> + 'a {
    let last = words.get(end).filter(|word| word.chars().take(MOST_BYTES).any(|c| c.is_ascii_digit()));
    let starts = last.into_iter().flat_map(move |_| (end.saturating_sub(LONGEST - 1)..=end).rev());
    starts
        .filter_map(move |start| words.get(start..=end))
        // More words are only longer.
        .take_while(|part| part.iter().map(|word| word.len()).sum::<usize>() <= MOST_BYTES)
        .filter_map(|part| folded(&part.concat()))
}
