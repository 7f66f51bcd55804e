//! What a clarification asks: the words of the letter themselves.

use crate::domain::incoming::model::Class;
use crate::domain::incoming::phrases::{Hit, List};
use crate::domain::incoming::reading::section::{Prepared, Section};
use crate::domain::incoming::reading::{Evidence, Kind, Stated};

/// How many characters of a passage are given.
const MOST: usize = 300;
/// From this likelihood on a sentence asks by what the model hears.
const HEARD: f32 = 0.5;

/// The sentence that asks, by its phrase or by what the model hears.
pub fn asks_for(prepared: &Prepared<'_>) -> Option<Stated<String>> {
    let (section, sentence) = loudest(prepared).or_else(|| heard(prepared))?;
    let text = section.sentence_text(sentence)?;
    let value = shortened(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    Some(Stated { value, evidence: Some(Evidence { text: text.to_owned(), place: section.place.label() }) })
}

/// A passage of bearable length: cut at the end of a word where no bracket is open, with a sign that it goes on.
fn shortened(text: &str) -> String {
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    let (mut open, mut end, mut word_end) = (0_usize, 0, 0);
    for (at, c) in text.char_indices().take(MOST) {
        match c {
            '(' | '[' => open += 1,
            ')' | ']' => open = open.saturating_sub(1),
            ' ' => {
                word_end = at;
                end = if open == 0 { at } else { end };
            }
            _ => {}
        }
    }
    // A bracket that fills the passage is cut within after all.
    let end = if end * 2 > word_end { end } else { word_end };
    let kept = text.get(..end).filter(|kept| !kept.is_empty()).unwrap_or(text);
    let kept: String = kept.chars().take(MOST).collect();
    format!("{} …", kept.trim_end_matches([',', ';', ':']))
}

fn loudest<'p, 'b>(prepared: &'p Prepared<'b>) -> Option<(&'p Section<'b>, usize)> {
    let asks = |s: &Section<'b>, h: &Hit<'b>| {
        h.phrase.list == List::Clarification && !s.is_recited(h) && !s.is_courtesy(h)
    };
    let all =
        prepared.sections.iter().flat_map(|s| s.hits.iter().filter(move |h| asks(s, h)).map(move |h| (s, h)));
    let mut hits: Vec<(&'p Section<'b>, &'p Hit<'b>)> = all.collect();
    hits.sort_by(|a, b| b.1.phrase.weight.total_cmp(&a.1.phrase.weight));
    hits.first().map(|(section, hit)| (*section, section.sentence_of(hit)))
}

fn heard<'p, 'b>(prepared: &'p Prepared<'b>) -> Option<(&'p Section<'b>, usize)> {
    let sentences = prepared.sections.iter().flat_map(|section| {
        section.sentences().filter(|words| words.len() > 2).filter_map(move |words| {
            let likely = section.likely(words.first()?.sentence).of(Class::Step(Kind::Clarification));
            Some((likely, section, words.first()?.sentence))
        })
    });
    let best = sentences.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(likely, ..)| *likely >= HEARD)?;
    Some((best.1, best.2))
}
