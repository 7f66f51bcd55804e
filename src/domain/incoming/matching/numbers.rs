//! File numbers of authorities, compared by their letters and digits alone.

use crate::domain::incoming::text::fold;

/// How many numbers of one mail are looked up.
const MOST: usize = 400;
/// How many words of a mail are looked at.
const MOST_WORDS: usize = 4_000;
/// How many words a file number may have, as "IV A 3 - 12/2026".
const LONGEST: usize = 5;

/// A file number as it is compared; none where it says too little to tell one request from another.
pub fn folded(number: &str) -> Option<String> {
    let folded: String = fold(number).chars().filter(|c| c.is_alphanumeric()).collect();
    let digits = folded.chars().filter(char::is_ascii_digit).count();
    // A year with a stroke before it is no file number, and neither is a word.
    (digits >= 3 && (5..=40).contains(&folded.chars().count())).then_some(folded)
}

/// Everything in some texts that may be a file number, folded; earlier texts come first.
pub fn in_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for text in texts {
        let words: Vec<&str> = text.split_whitespace().take(MOST_WORDS).collect();
        for (end, word) in words.iter().enumerate() {
            if !word.chars().any(|c| c.is_ascii_digit()) {
                continue;
            }
            for start in (end.saturating_sub(LONGEST - 1)..=end).rev() {
                let Some(number) = words.get(start..=end).and_then(|part| folded(&part.concat())) else {
                    continue;
                };
                if found.len() >= MOST {
                    return found;
                }
                if seen.insert(number.clone()) {
                    found.push(number);
                }
            }
        }
    }
    found
}
