//! What the phrases of a letter say for each kind, weighed by place, negation and recital.

use crate::domain::incoming::phrases::{Hit, List, Phrasebook};
use crate::domain::incoming::reading::section::{Place, Prepared, Section, Speaks, same_language};
use crate::domain::incoming::reading::{Evidence, Kind};
use crate::domain::incoming::text::fold;
use std::collections::{BTreeMap, HashSet};

/// What a list announces.
pub fn kind_of(list: List) -> Option<Kind> {
    Some(match list {
        List::Acknowledgement => Kind::Acknowledgement,
        List::Extension => Kind::Extension,
        List::Refusal => Kind::Refusal,
        List::Partial => Kind::Partial,
        List::Full => Kind::Full,
        List::NotHeld => Kind::NotHeld,
        List::Ncnd => Kind::Ncnd,
        List::Transfer => Kind::Transfer,
        List::Clarification => Kind::Clarification,
        List::Fee => Kind::Fee,
        List::DecisionReview => Kind::DecisionReview,
        List::Other => Kind::Other,
        _ => return None,
    })
}

/// What the phrases of one kind say together.
#[derive(Debug, Clone, Default)]
pub struct Voice {
    /// 0 for silence, 1 for one clear phrase, at most a little over 2.
    pub score: f32,
    /// Whether a phrase that decides by itself was among them.
    pub decisive: bool,
    /// The passages, each with its weight.
    pub passages: Vec<(f32, Evidence)>,
}

/// Weighs all phrases.
pub fn listen(prepared: &Prepared<'_>, language: Option<&str>, book: &Phrasebook) -> Voices {
    let ear = Ear { language, negations: negations(language, book) };
    let mut voices = Voices::new();
    let mail = |s: &&Section<'_>| !matches!(s.place, Place::Attachment(_));
    prepared.sections.iter().filter(mail).for_each(|s| ear.listen(s, 1.0, &mut voices));
    let is_cover = prepared.is_cover();
    let mut attached = Voices::new();
    for (section, speaks) in prepared.sections.iter().zip(prepared.speaking()).filter(|(s, _)| !mail(s)) {
        let weight = match speaks {
            Speaks::Itself => 1.0,
            Speaks::Beside => 0.4,
            Speaks::Hardly => 0.15,
        };
        ear.listen(section, weight, &mut attached);
    }
    let decided = attached.iter().any(|(kind, v)| v.score >= 0.9 && *kind != Kind::Acknowledgement);
    if is_cover
        && decided
        && let Some(full) = voices.get_mut(&Kind::Full)
    {
        // "Please find our answer attached" hands over the answer, not the documents.
        full.score *= 0.4;
    }
    for (kind, voice) in attached {
        let own = voices.entry(kind).or_default();
        own.score = own.score.max(voice.score) + own.score.min(voice.score) * 0.4;
        own.decisive |= voice.decisive;
        own.passages.extend(voice.passages);
    }
    combine(&mut voices);
    voices
}

/// What is said for each kind.
pub type Voices = BTreeMap<Kind, Voice>;

/// The small words that turn what a language says into its contrary, folded.
pub fn negations(language: Option<&str>, book: &Phrasebook) -> HashSet<String> {
    book.list(language.unwrap_or("en"), List::Negation).iter().map(|w| fold(w)).collect()
}

/// Longer phrases hide the shorter ones they cover, within one list.
fn loudest<'s, 'b>(section: &'s Section<'b>) -> Vec<&'s Hit<'b>> {
    let covers = |a: &Hit<'_>, b: &Hit<'_>| {
        a.phrase.list == b.phrase.list
            && a.first <= b.first
            && a.first + a.count >= b.first + b.count
            && (a.phrase.weight > b.phrase.weight
                || (a.phrase.weight >= b.phrase.weight && a.count > b.count))
    };
    let near = |hit: &Hit<'_>| {
        let from = section.hits.partition_point(|h| h.first + 30 < hit.first);
        section.hits.iter().skip(from).take_while(|h| h.first <= hit.first).any(|h| covers(h, hit))
    };
    section.hits.iter().filter(|hit| kind_of(hit.phrase.list).is_some() && !near(hit)).collect()
}

/// How phrases are heard: in which language, and what turns them around.
struct Ear<'l> {
    language: Option<&'l str>,
    negations: HashSet<String>,
}

impl Ear<'_> {
    fn listen(&self, section: &Section<'_>, weight: f32, voices: &mut Voices) {
        for hit in loudest(section) {
            self.hear(section, hit, weight, voices);
        }
    }

    fn hear(&self, section: &Section<'_>, hit: &Hit<'_>, volume: f32, voices: &mut Voices) {
        let Some(mut kind) = kind_of(hit.phrase.list) else { return };
        let asks = kind == Kind::Clarification;
        if (asks && section.is_courtesy(hit)) || (!asks && section.is_recited(hit)) {
            return;
        }
        let inside = kind == Kind::Transfer && section.stays_inside(hit, &self.negations);
        if inside {
            kind = Kind::Acknowledgement;
        }
        let turns = !matches!(kind, Kind::NotHeld | Kind::Ncnd | Kind::DecisionReview | Kind::Other);
        let short = hit.phrase.literal_words() < 2;
        if turns && (short || kind == Kind::Full) && section.is_negated(hit, &self.negations) {
            return;
        }
        let mut weight = if inside { hit.phrase.weight.min(1.0) } else { hit.phrase.weight } * volume;
        // One word alone decides nothing, least of all what an appeal brought.
        if short {
            weight = weight.min(if kind == Kind::DecisionReview { 0.4 } else { 1.0 });
        }
        if self.language.is_some_and(|l| !same_language(l, &hit.phrase.language)) {
            weight *= 0.6;
        }
        if section.place == Place::Subject {
            weight *= 0.8;
        }
        let voice = voices.entry(kind).or_default();
        let Some(evidence) = section.evidence(hit) else { return };
        // Two phrases in one passage say it once.
        if voice.passages.iter().any(|(_, e)| e.text == evidence.text) {
            return;
        }
        voice.score = voice.score.max(weight) + voice.score.min(weight) * 0.4;
        voice.decisive |= hit.phrase.weight >= 2.0 && !inside;
        voice.passages.push((weight, evidence));
    }
}

/// Given and refused in one letter is partial access, whether or not it says the word; where it does, what it refuses
/// is the rest.
fn combine(voices: &mut Voices) {
    let score = |kind: Kind, voices: &Voices| voices.get(&kind).map_or(0.0, |v| v.score);
    let full = score(Kind::Full, voices);
    let refusal = score(Kind::Refusal, voices);
    // "We do not have it and have passed it on" is a transfer.
    let not_held = score(Kind::NotHeld, voices);
    if let Some(transfer) = voices.get_mut(&Kind::Transfer)
        && transfer.decisive
        && transfer.score >= 0.9
    {
        transfer.score = transfer.score.max(not_held);
    }
    let partial = score(Kind::Partial, voices);
    if partial >= 0.9 {
        voices.entry(Kind::Refusal).and_modify(|voice| voice.score *= 0.5);
        voices.entry(Kind::Partial).and_modify(|voice| voice.score += 0.3 * refusal.min(partial));
    }
    if full >= 0.9 && refusal >= 0.9 {
        let mut passages = Vec::new();
        for kind in [Kind::Full, Kind::Refusal] {
            passages.extend(voices.get(&kind).map(|v| v.passages.clone()).unwrap_or_default());
        }
        let voice = voices.entry(Kind::Partial).or_default();
        voice.score += 0.6 * full.min(refusal);
        voice.passages.extend(passages);
    }
}
