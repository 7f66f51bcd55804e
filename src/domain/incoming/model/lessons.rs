//! What a letter teaches once a person has said which kind it is: its sentences that carry the step.

use crate::domain::incoming::Knowledge;
use crate::domain::incoming::language;
use crate::domain::incoming::model::tokens::{self, Token};
use crate::domain::incoming::model::{Class, counts::Counts};
use crate::domain::incoming::reading::heard::{self, Heard};
use crate::domain::incoming::reading::{Kind, Letter, prepare};

/// How many sentences of one letter are learnt: a letter says its step once or twice.
const MOST: usize = 2;
/// A sentence says nothing of the step if it is this likely to say nothing at all.
const SILENT: f32 = 0.9;
/// How often a sentence of one's own letters counts beside one of those that are shipped: they are the very letters
/// that will come again.
const OFTEN: usize = 3;

/// Adds what one letter teaches: the sentences that speak loudest for what a person said it is. Nothing is learnt from
/// a letter whose every sentence is silent.
pub fn learn(letter: &Letter<'_>, kind: Kind, knowledge: &Knowledge, counts: &mut Counts) {
    for tokens in carrying(letter, kind, knowledge) {
        for _ in 0..OFTEN {
            counts.learn(&tokens, Class::Step(kind));
        }
    }
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
        Some(tokens::of_sentence(section.words_of(one.sentence)))
    });
    sentences.collect()
}
