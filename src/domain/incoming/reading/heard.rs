//! What the model hears in the sentences of a letter, and the numbers by which a letter is judged.

use crate::domain::incoming::Knowledge;
use crate::domain::incoming::model::judge::{FEATURES, Features, KINDS, OF_KIND};
use crate::domain::incoming::model::{Class, Likely};
use crate::domain::incoming::reading::section::{Place, Prepared, Section, Speaks, same_language};
use crate::domain::incoming::reading::voices::{Voices, negations};
use crate::domain::incoming::reading::{Evidence, Kind};
use crate::domain::incoming::text::Word;

/// Sentences of fewer words say nothing by themselves.
const FEWEST_WORDS: usize = 3;
/// How many words are given as reasons.
const MOST_REASONS: usize = 5;
/// The longest passage that is shown, in characters.
const LONGEST: usize = 400;

/// One sentence and what it announces.
#[derive(Debug, Clone, Copy)]
pub struct Heard {
    /// The part in which it stands, by its place in the letter.
    pub section: usize,
    /// Its number there.
    pub sentence: usize,
    /// How loud its part is, 0 to 1.
    pub volume: f32,
    /// What it announces.
    pub likely: Likely,
}

/// Every sentence of a letter that says something by itself.
pub fn hear(prepared: &Prepared<'_>) -> Vec<Heard> {
    let mut heard = Vec::new();
    for (index, (section, speaks)) in prepared.sections.iter().zip(prepared.speaking()).enumerate() {
        let volume = volume(section, speaks);
        for words in section.sentences().filter(|words| words.len() >= FEWEST_WORDS) {
            let Some(first) = words.first() else { continue };
            let volume = if section.is_below_closing(first) { volume * BELOW_CLOSING } else { volume };
            heard.push(Heard {
                section: index,
                sentence: first.sentence,
                volume,
                likely: section.likely(first.sentence),
            });
        }
    }
    heard
}

/// Names, offices and footers below the closing speak of much and announce nothing.
const BELOW_CLOSING: f32 = 0.25;

/// A subject says little; a file speaks if it is a letter, the more so if the mail only covers it.
fn volume(section: &Section<'_>, speaks: Speaks) -> f32 {
    match (&section.place, speaks) {
        (Place::Subject, _) => 0.6,
        (_, Speaks::Itself) => 1.0,
        (_, Speaks::Beside) => 0.5,
        (_, Speaks::Hardly) => 0.15,
    }
}

/// The numbers by which a letter is judged.
pub fn features(prepared: &Prepared<'_>, voices: &Voices, heard: &[Heard]) -> Features {
    let mut features = [0.0; FEATURES];
    let (by_kind, of_letter) = features.split_at_mut(KINDS * OF_KIND);
    let subject = prepared.sections.iter().position(|s| s.place == Place::Subject);
    for (at, kind) in Kind::ALL.iter().enumerate() {
        let (mut first, mut next, mut all, mut named) = (0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32);
        for one in heard {
            let likely = one.likely.of(Class::Step(*kind));
            if subject == Some(one.section) {
                named = named.max(likely);
            }
            let loud = one.volume * likely;
            all += loud;
            if loud > first {
                (first, next) = (loud, first);
            } else if loud > next {
                next = loud;
            }
        }
        let said = voices.get(kind).map_or(0.0, |voice| voice.score.min(2.0));
        let (first, next, all) = (first * 2.0, next * 2.0, all.min(3.0) * (2.0 / 3.0));
        let numbers: [f32; OF_KIND] = [said, first, next, all, said.max(first), named];
        by_kind.chunks_mut(KINDS).zip(numbers).for_each(|(row, number)| {
            if let Some(slot) = row.get_mut(at) {
                *slot = number;
            }
        });
    }
    let attached = prepared.sections.iter().any(|s| matches!(s.place, Place::Attachment(_)));
    let words: usize = prepared.sections.iter().map(|s| s.words.len()).sum();
    let long = f32::from(u16::try_from(words.min(2_000)).unwrap_or(2_000)) / 400.0;
    let own = [1.0, f32::from(u8::from(attached)), f32::from(u8::from(prepared.is_cover())), long.min(2.0)];
    of_letter.iter_mut().zip(own).for_each(|(slot, value)| *slot = value);
    features
}

/// The sentences that speak for a kind, as they stand there, each with its weight.
pub fn passages(prepared: &Prepared<'_>, heard: &[Heard], kind: Kind) -> Vec<(f32, Evidence)> {
    let mut told: Vec<(f32, &Heard)> = heard
        .iter()
        .map(|one| (one.volume * one.likely.of(Class::Step(kind)), one))
        .filter(|(weight, _)| *weight >= 0.3)
        .collect();
    told.sort_by(|a, b| b.0.total_cmp(&a.0));
    let shown = told.into_iter().take(3).filter_map(|(weight, one)| {
        let section = prepared.sections.get(one.section)?;
        let text = cut_at_word(section.sentence_text(one.sentence)?);
        Some((weight, Evidence { text: text.to_owned(), place: section.place.label() }))
    });
    shown.collect()
}

/// The words of the loudest sentence for a kind that spoke most for it. Small words of the language say nothing to who
/// reads them, unless they deny.
pub fn reasons(
    prepared: &Prepared<'_>,
    heard: &[Heard],
    kind: Kind,
    (language, knowledge): (Option<&str>, &Knowledge),
) -> Vec<String> {
    let class = Class::Step(kind);
    let loud = |one: &Heard| one.volume * one.likely.of(class);
    let Some(loudest) = heard.iter().max_by(|a, b| loud(a).total_cmp(&loud(b))) else { return Vec::new() };
    let Some(section) = prepared.sections.get(loudest.section) else { return Vec::new() };
    let words = section.words_of(loudest.sentence);
    let book = &knowledge.phrasebook;
    let negations = negations(language, book);
    let small = |word: &str| {
        let listed = book.languages_of(word);
        listed.iter().any(|l| language.is_none_or(|own| same_language(own, l))) && !negations.contains(word)
    };
    let speak = |w: &&&Word| w.folded.chars().nth(1).is_some() && !small(&w.folded);
    let told = knowledge.model.reasons(words, class, words.len());
    let told = told.iter().filter(speak).take(MOST_REASONS);
    told.filter_map(|w| section.text.get(w.start..w.end)).map(str::to_owned).collect()
}

/// The beginning of a long sentence, up to the end of a word.
pub fn cut_at_word(text: &str) -> &str {
    let Some((end, _)) = text.char_indices().nth(LONGEST) else { return text };
    let kept = text.get(..end).unwrap_or(text);
    kept.rfind(char::is_whitespace).and_then(|at| kept.get(..at)).unwrap_or(kept).trim_end()
}
