//! Plain phrases that are sought in running text, by their first words.

use crate::domain::incoming::phrases::quick::BuildQuick;
use crate::domain::incoming::text::flat;
use std::collections::HashMap;

/// Phrases as they stand in a flat text: a blank, their words, a blank; without the last where any ending may follow.
#[derive(Debug, Clone, Default)]
pub struct Running {
    by_word: HashMap<String, Vec<String>, BuildQuick>,
    /// Those that begin any word.
    stems: Vec<String>,
}

impl Running {
    /// Adds a phrase; one of two letters says nothing.
    pub fn add(&mut self, phrase: &str) {
        let mut wanted = flat(phrase);
        if phrase.ends_with('*') {
            wanted.pop();
        }
        if wanted.len() <= 3 {
            return;
        }
        match wanted.get(1..).and_then(|words| words.split_once(' ')) {
            Some((first, _)) => self.by_word.entry(first.to_owned()).or_default().push(wanted),
            None => self.stems.push(wanted),
        }
    }

    /// Whether one of the phrases stands in a flat text.
    pub fn is_in(&self, flat: &str) -> bool {
        let mut rest = flat;
        while let Some((word, behind)) = rest.get(1..).and_then(|words| words.split_once(' ')) {
            let phrases = self.by_word.get(word).map(Vec::as_slice).unwrap_or_default();
            if phrases.iter().chain(&self.stems).any(|phrase| rest.starts_with(phrase.as_str())) {
                return true;
            }
            // From the blank before the next word on.
            rest = rest.get(rest.len() - behind.len() - 1..).unwrap_or_default();
        }
        false
    }
}
