//! What a letter teaches once a person has said which kind it is: its sentences that carry the step.

use crate::domain::incoming::Knowledge;
use crate::domain::incoming::language;
use crate::domain::incoming::model::tokens::{self, Token};
use crate::domain::incoming::model::{Class, counts::Counts};
use crate::domain::incoming::reading::heard::{self, Heard};
use crate::domain::incoming::reading::{Kind, Letter, prepare};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// How many sentences of one letter are learnt: a letter says its step once or twice.
const MOST: usize = 2;
/// How many tokens of one sentence are learnt; one of words has a few hundred.
const MOST_TOKENS: usize = 8_192;
/// A sentence says nothing of the step if it is this likely to say nothing at all.
const SILENT: f32 = 0.9;
/// How often a sentence of one's own letters counts beside one of those that are shipped: they are the very letters
/// that will come again.
const OFTEN: usize = 3;

/// A letter, and what a person said it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    /// Its subject.
    pub subject: String,
    /// What the sender wrote.
    pub body: String,
    /// Name and text of each file that has text.
    pub files: Vec<(String, String)>,
    /// The day it was sent.
    pub sent_on: Option<NaiveDate>,
    /// What it is.
    pub kind: Kind,
}

/// Why nothing is learnt from what was heard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// More than a letter teaches.
    #[error("expected at most {MOST} sentences of a letter, found `{0}`")]
    Sentences(usize),
    /// More than a sentence holds.
    #[error("expected at most {MOST_TOKENS} distinct tokens of a sentence in their order, found `{0}`")]
    Tokens(usize),
}

impl Lesson {
    /// The sentences that speak loudest for what a person said it is, each as its tokens; none where every sentence is
    /// silent.
    pub fn sentences(&self, knowledge: &Knowledge) -> Vec<Vec<Token>> {
        let attachments: Vec<(&str, &str)> =
            self.files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let letter = Letter {
            subject: &self.subject,
            body: &self.body,
            attachments: &attachments,
            sent_on: self.sent_on,
        };
        carrying(&letter, self.kind, knowledge)
    }
}

/// Counts sentences of one letter for what a person said it is. Who found them met hostile text: more than one letter
/// can teach is not taken from it, whatever it says.
pub fn learn(sentences: &[Vec<Token>], kind: Kind, counts: &mut Counts) -> Result<(), Error> {
    if sentences.len() > MOST {
        return Err(Error::Sentences(sentences.len()));
    }
    let ordered = |tokens: &[Token]| tokens.is_sorted_by(|a, b| a < b);
    if let Some(odd) = sentences.iter().find(|tokens| tokens.len() > MOST_TOKENS || !ordered(tokens)) {
        return Err(Error::Tokens(odd.len()));
    }
    for tokens in sentences {
        for _ in 0..OFTEN {
            counts.learn(tokens, Class::Step(kind));
        }
    }
    Ok(())
}

fn carrying(letter: &Letter<'_>, kind: Kind, knowledge: &Knowledge) -> Vec<Vec<Token>> {
    let mut prepared = prepare(letter, &knowledge.phrasebook);
    let language = language::detect(letter, &prepared, &knowledge.phrasebook);
    prepared.settle(language.as_deref());
    prepared.hear(&knowledge.model);
    let loud = |one: &Heard| one.volume * one.likely.of(Class::Step(kind));
    let mut heard: Vec<Heard> = heard::hear(&prepared)
        .into_iter()
        .filter(|one| one.volume >= 0.5 && one.likely.of(Class::Nothing) < SILENT)
        .collect();
    heard.sort_by(|a, b| loud(b).total_cmp(&loud(a)));
    let sentences = heard.iter().take(MOST).filter_map(|one| {
        let section = prepared.sections.get(one.section)?;
        let mut tokens = tokens::of_sentence(section.words_of(one.sentence));
        tokens.truncate(MOST_TOKENS);
        Some(tokens)
    });
    sentences.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_over_reader_cannot_teach_more_than_a_letter_holds() {
        let mut counts = Counts::default();
        let much: Vec<Token> = (0..).take(MOST_TOKENS + 1).collect();
        for (sentences, why) in [
            (vec![vec![1], vec![2], vec![3]], Error::Sentences(3)),
            (vec![much.clone()], Error::Tokens(MOST_TOKENS + 1)),
            // One word said a thousand times is one word.
            (vec![vec![7, 7, 7]], Error::Tokens(3)),
        ] {
            assert_eq!(learn(&sentences, Kind::Refusal, &mut counts), Err(why));
        }
        assert!(counts.is_empty(), "half a lesson was learnt: {counts:?}");
        assert_eq!(learn(&[vec![3, 9], vec![4]], Kind::Refusal, &mut counts), Ok(()));
        assert_eq!(counts.len(), 3);
    }
}
