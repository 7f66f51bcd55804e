//! Which kind of reply: phrases weighed by place, and what beats what when several kinds speak.

use crate::domain::incoming::phrases::{Hit, List, Phrasebook};
use crate::domain::incoming::reading::section::{Place, Prepared, Section, same_language};
use crate::domain::incoming::reading::{Evidence, Reading};
use crate::domain::incoming::text::fold;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::str::FromStr;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// Kind of a reply.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind { $($(#[$doc])* $variant),+ }

        impl Kind {
            /// All kinds.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant),+];

            /// The name as it is stored and printed.
            pub fn as_str(self) -> &'static str {
                match self { $(Kind::$variant => $name),+ }
            }
        }
    };
}

kinds! {
    /// The request came in.
    Acknowledgement = "acknowledgement",
    /// More time is taken.
    Extension = "extension",
    /// The requester must say more.
    Clarification = "clarification",
    /// Passed on to another authority.
    Transfer = "transfer",
    /// Money is asked for.
    Fee = "fee",
    /// Refused.
    Refusal = "refusal",
    /// Some is given, some refused.
    Partial = "partial",
    /// All is given.
    Full = "full",
    /// Nothing of the kind is held.
    NotHeld = "not_held",
    /// Neither confirmed nor denied.
    Ncnd = "ncnd",
    /// An appeal or review was decided.
    DecisionReview = "decision_review",
    /// A machine answered.
    Automatic = "automatic",
    /// Our letter was not delivered.
    Bounce = "bounce",
    /// Something else, or not clear.
    Other = "other",
}

/// A name that is no kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a kind of reply, found `{0}`")]
pub struct UnknownKind(pub String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        Kind::ALL.iter().copied().find(|k| k.as_str() == name).ok_or_else(|| UnknownKind(name.to_owned()))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a list announces.
fn kind_of(list: List) -> Option<Kind> {
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

/// How much a kind weighs against another that speaks as loudly: what ends or moves a request goes before what
/// accompanies it. An extension says that it came in, a refusal that there is a fee; never the other way round.
fn precedence(kind: Kind) -> f32 {
    match kind {
        Kind::Ncnd => 2.2,
        Kind::DecisionReview => 1.1,
        Kind::Partial => 1.2,
        Kind::Extension => 0.9,
        Kind::Transfer => 0.8,
        Kind::NotHeld | Kind::Clarification => 0.6,
        Kind::Refusal => 0.5,
        Kind::Full => 0.3,
        Kind::Fee => 0.2,
        Kind::Acknowledgement => -0.6,
        _ => 0.0,
    }
}

/// The least score with which a kind is considered at all; one word about blackened lines is not partial access.
fn audible(kind: Kind) -> f32 {
    match kind {
        Kind::Partial | Kind::DecisionReview | Kind::Ncnd => 0.8,
        _ => 0.55,
    }
}

#[derive(Default)]
struct Voice {
    score: f32,
    /// Whether a phrase that decides by itself was among them.
    decisive: bool,
    passages: Vec<(f32, Evidence)>,
}

/// A covering mail is shorter than this, in letters and digits; then the attachment speaks.
const COVER: usize = 450;

/// Weighs all phrases and decides.
pub fn decide(prepared: &Prepared<'_>, language: Option<&str>, book: &Phrasebook) -> Reading {
    let ear = Ear { language, negations: negations(language, book) };
    let mut voices = Voices::new();
    let mail = |s: &&Section<'_>| !matches!(s.place, Place::Attachment(_));
    prepared.sections.iter().filter(mail).for_each(|s| ear.listen(s, 1.0, &mut voices));
    let body = prepared.sections.iter().find(|s| s.place == Place::Body);
    let is_cover = body.is_none_or(|s| s.text.chars().filter(|c| c.is_alphanumeric()).count() < COVER);
    let mut attached = Voices::new();
    for section in prepared.sections.iter().filter(|s| !mail(s)) {
        let weight = match (section.is_letter(), is_cover) {
            (true, true) => 1.0,
            (true, false) => 0.4,
            (false, _) => 0.15,
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
    conclude(voices)
}

type Voices = BTreeMap<Kind, Voice>;

fn negations(language: Option<&str>, book: &Phrasebook) -> HashSet<String> {
    let base = language.map_or("en", |l| l.split('-').next().unwrap_or(l));
    let base = if matches!(base, "nb" | "nn") { "no" } else { base };
    book.list(base, List::Negation).iter().map(|w| fold(w)).collect()
}

fn conclude(mut voices: Voices) -> Reading {
    combine(&mut voices);
    let mut ranked: Vec<(Kind, f32)> = voices
        .iter()
        .filter(|(kind, v)| v.score >= audible(**kind))
        .map(|(kind, v)| (*kind, v.score.min(2.0) + precedence(*kind)))
        .collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    let Some((kind, first)) = ranked.first().copied() else { return Reading::of(Kind::Other, 0.3) };
    let loud = voices.get(&kind).map_or(0.0, |v| v.score);
    // What yields to every other kind is no less certain where no other speaks.
    let first = if ranked.len() > 1 { first } else { first.max(loud.min(2.0)) };
    let second = ranked.get(1).map_or(0.0, |(_, s)| s.max(0.0));
    let sure = 0.35 + 0.2 * loud.min(2.0) + 0.15 * (first - second).clamp(0.0, 1.5);
    let confidence = f64::from(sure.clamp(0.05, 0.97));
    let mut reading = Reading::of(kind, (confidence * 100.0).round() / 100.0);
    let clear = |k: &Kind| voices.get(k).is_some_and(|v| v.score >= 0.9);
    reading.also =
        ranked.iter().skip(1).map(|(k, _)| *k).filter(|k| clear(k) && goes_with(kind, *k)).collect();
    reading.evidence = voices.remove(&kind).map(|v| best_passages(v.passages)).unwrap_or_default();
    reading
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

/// Given and refused in one letter is partial access, whether or not it says the word.
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

/// Kinds that can truly apply beside the main one.
fn goes_with(kind: Kind, other: Kind) -> bool {
    !matches!(
        (kind, other),
        (_, Kind::Other | Kind::Full)
            | (Kind::Partial, Kind::Refusal)
            | (Kind::Ncnd, Kind::Refusal | Kind::NotHeld)
            | (Kind::Refusal | Kind::Full | Kind::NotHeld | Kind::DecisionReview, Kind::Acknowledgement)
    )
}

fn best_passages(mut passages: Vec<(f32, Evidence)>) -> Vec<Evidence> {
    passages.sort_by(|a, b| b.0.total_cmp(&a.0));
    passages.into_iter().map(|(_, e)| e).take(4).collect()
}
