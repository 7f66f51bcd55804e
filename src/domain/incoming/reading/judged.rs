//! Which kind a reply is: phrases and sentences together, with the passages that show it.

use crate::domain::incoming::Knowledge;
use crate::domain::incoming::model::Class;
use crate::domain::incoming::model::judge::{ByKind, Judge};
use crate::domain::incoming::phrases::{List, Phrasebook};
use crate::domain::incoming::reading::fates::{self, Fate};
use crate::domain::incoming::reading::heard::{self, Heard};
use crate::domain::incoming::reading::section::Prepared;
use crate::domain::incoming::reading::voices::{self, Voice, Voices};
use crate::domain::incoming::reading::{Evidence, Kind, Reading};
use std::collections::HashSet;

/// How sure the reader ever is: a hundredth is left for what no letter it learnt from has shown.
const SUREST: f32 = 0.99;
/// From this score on phrases are clear.
const CLEAR: f32 = 0.9;
/// How sure an acknowledgement is at most beside such a phrase.
const DOUBTED: f32 = 0.6;
/// From this probability on such a step is taken for what the letter does.
const BORNE_OUT: f32 = 0.03;
/// How surely a sentence must be heard to say a step that a phrase in it names as well.
const SAID: f32 = 0.6;
/// A phrase of fewer words than two says too little by itself, and so does a sentence heard less surely.
const TELLING: f32 = 0.8;
/// How surely it must be heard where only a new day is named.
const PLAINLY: f32 = 0.95;
/// A letter with no sentence heard so surely to decide something, and an acknowledgement at least so likely, only
/// tells the rules.
const HARDLY_SAID: f32 = 0.4;
const TOLD_AS_WELL: f32 = 0.1;
/// How sure the reader is at most of a step that only its sentence bears out, or only the fate of the points.
const STATED: f32 = 0.8;
/// From this probability on a further kind is named as well.
const ALSO: f32 = 0.25;
/// From this probability on another kind is offered to pick.
const MENTIONED: f32 = 0.03;
/// How many passages are shown.
const MOST_PASSAGES: usize = 4;

/// What a letter was weighed by, and what came of it.
#[derive(Debug)]
pub struct Weighed {
    voices: Voices,
    heard: Vec<Heard>,
    ranked: Vec<(Kind, f32)>,
    fate: Option<Fate>,
    /// The kind and how sure it is; none of a judge without kinds.
    pub outcome: Option<(Kind, f32)>,
}

/// Weighs phrases and sentences; the model has heard them.
pub fn weigh(prepared: &Prepared<'_>, language: Option<&str>, book: &Phrasebook, judge: &Judge) -> Weighed {
    let voices = voices::listen(prepared, language, book);
    let heard = heard::hear(prepared);
    let ranked = ranked(&judge.probabilities(&heard::features(prepared, &voices, &heard)));
    let negations = voices::negations(language, book);
    let fate = fates::told(prepared, &negations);
    let told = only_told(&ranked, prepared, (&voices, &heard), &negations);
    let decided = if told {
        Some((Kind::Acknowledgement, DOUBTED))
    } else {
        doubted(&ranked, &voices, |step, likely| stated(prepared, &heard, (step, likely), &negations))
    };
    let outcome = decided.map(|(kind, sure)| divided((kind, sure), fate.as_ref(), &voices));
    let outcome = outcome.map(|(kind, sure)| (kind, sure.min(SUREST)));
    Weighed { voices, heard, ranked, fate, outcome }
}

/// Weighs phrases and sentences, and decides.
pub fn decide(prepared: &Prepared<'_>, language: Option<&str>, knowledge: &Knowledge) -> Reading {
    let weighed = weigh(prepared, language, &knowledge.phrasebook, &knowledge.judge);
    let Weighed { voices, heard, ranked, fate, outcome } = weighed;
    let Some((kind, sure)) = outcome else { return Reading::of(Kind::Other, 0.0) };
    let mut reading = Reading::of(kind, hundredths(sure));
    let others: Vec<(Kind, f32)> = ranked.into_iter().filter(|(other, _)| *other != kind).collect();
    let applies = |(other, likely): &&(Kind, f32)| *likely >= ALSO && goes_with(kind, *other);
    reading.also = others.iter().filter(applies).map(|(other, _)| *other).collect();
    // What a rule decided leaves the others no more than the rest.
    let all: f32 = others.iter().map(|(_, likely)| likely).sum();
    let share = ((1.0 - sure) / all.max(f32::EPSILON)).min(1.0);
    let left = others.into_iter().map(|(other, likely)| (other, likely * share));
    let mentioned = left.filter(|(_, likely)| *likely >= MENTIONED).take(3);
    reading.others = mentioned.map(|(other, likely)| (other, hundredths(likely))).collect();
    reading.evidence = passages(prepared, &voices, &heard, kind);
    show(&mut reading.evidence, kind, fate);
    reading.reasons = heard::reasons(prepared, &heard, kind, (language, knowledge));
    reading
}

/// An acknowledgement may be recorded without a person: it is surely one only where no phrase says clearly that
/// something else was done. That a request was passed on, takes longer or is not clear says also that it came in; where
/// a sentence says so outright, it is the step. A fee is not told so: most receipts recite what may be charged.
fn doubted(
    ranked: &[(Kind, f32)],
    voices: &Voices,
    stated: impl Fn(Kind, f32) -> bool,
) -> Option<(Kind, f32)> {
    let (kind, sure) = ranked.first().copied()?;
    if kind != Kind::Acknowledgement {
        return Some((kind, sure));
    }
    let likely =
        |step: Kind| ranked.iter().find(|(other, _)| *other == step).map_or(0.0, |(_, likely)| *likely);
    let steps = [Kind::Extension, Kind::Transfer, Kind::Clarification];
    let said = steps
        .into_iter()
        .filter(|step| stated(*step, likely(*step)))
        .max_by(|a, b| likely(*a).total_cmp(&likely(*b)));
    if let Some(step) = said {
        return Some((step, STATED));
    }
    let decided = |(other, voice): &(&Kind, &Voice)| {
        !matches!(other, Kind::Acknowledgement | Kind::Other) && voice.score >= CLEAR
    };
    let loudest =
        voices.iter().filter(decided).max_by(|a, b| a.1.score.total_cmp(&b.1.score)).map(|(other, _)| *other);
    Some(match loudest {
        Some(step @ Kind::Transfer) if likely(step) >= BORNE_OUT => (step, sure.min(DOUBTED)),
        Some(_) => (kind, sure.min(DOUBTED)),
        None => (kind, sure),
    })
}

/// Whether a sentence of the letter says outright that a step is taken: the model hears it there, a phrase of it stands
/// there or all of the letter bears it out, and it neither recites rules nor speaks of what may be.
fn stated(
    prepared: &Prepared<'_>,
    heard: &[Heard],
    (step, likely): (Kind, f32),
    negations: &HashSet<String>,
) -> bool {
    let loud = heard.iter().filter(|one| one.volume >= 1.0 && one.likely.of(Class::Step(step)) >= SAID);
    loud.filter_map(|one| Some((prepared.sections.get(one.section)?, one))).any(|(section, one)| {
        let sentence = one.sentence;
        let surely =
            || step == Kind::Transfer && likely >= ALSO && one.likely.of(Class::Step(step)) >= TELLING;
        let phrased = || {
            section.hits.iter().filter(|h| section.sentence_of(h) == sentence).any(|hit| {
                voices::kind_of(hit.phrase.list) == Some(step)
                    && hit.phrase.weight >= TELLING
                    && !section.is_recited(hit)
                    && !(step == Kind::Transfer && section.stays_inside(hit, negations))
            })
        };
        let later = || one.likely.of(Class::Step(step)) >= PLAINLY && section.moves_day(sentence);
        let courtesy = || {
            let hits = section.hits.iter().filter(|h| h.phrase.list == List::Courtesy);
            step == Kind::Clarification && hits.map(|h| section.sentence_of(h)).any(|s| s == sentence)
        };
        !section.is_recital(sentence)
            && !courtesy()
            && !section.is_only_possible(sentence, negations)
            && (phrased()
                || surely()
                || (step == Kind::Extension && (section.adds_time(sentence) || later())))
    })
}

/// A letter that tells of rules and remedies is heard as what they speak of: where nothing else in it decides, and it
/// may acknowledge, that is all it does.
fn only_told(
    ranked: &[(Kind, f32)],
    prepared: &Prepared<'_>,
    (voices, heard): (&Voices, &[Heard]),
    negations: &HashSet<String>,
) -> bool {
    let Some((kind, _)) = ranked.first() else { return false };
    let acknowledged =
        ranked.iter().any(|(k, likely)| *k == Kind::Acknowledgement && *likely >= TOLD_AS_WELL);
    let said = |one: &Heard| {
        prepared.sections.get(one.section).is_some_and(|section| {
            one.likely.of(Class::Step(*kind)) >= HARDLY_SAID
                && !section.is_recital(one.sentence)
                && !section.is_only_possible(one.sentence, negations)
        })
    };
    let came_in = || heard.iter().any(|one| one.likely.of(Class::Step(Kind::Acknowledgement)) >= SAID);
    acknowledged
        && (matches!(kind, Kind::Refusal | Kind::Partial) || *kind == Kind::Extension && came_in())
        && voices.get(kind).is_none_or(|voice| voice.score < TELLING)
        && !heard.iter().any(said)
}

/// Where some points are given and others refused it is partial access, and where all of it is given it is not.
fn divided((kind, sure): (Kind, f32), fate: Option<&Fate>, voices: &Voices) -> (Kind, f32) {
    let partial = voices.get(&Kind::Partial).map_or(0.0, |voice| voice.score);
    match (fate, kind) {
        (Some(Fate::Points(_) | Fate::Rest(_)), Kind::Refusal | Kind::Full)
        | (Some(Fate::Points(_)), Kind::NotHeld | Kind::Other | Kind::Acknowledgement) => {
            (Kind::Partial, STATED)
        }
        (Some(Fate::Points(_) | Fate::Rest(_)), Kind::Partial) => (kind, sure.max(STATED)),
        (Some(Fate::Entire(_)), Kind::Partial) if partial < CLEAR => (Kind::Full, STATED),
        _ => (kind, sure),
    }
}

/// Kinds by how likely they are, the likeliest first.
pub fn ranked(probabilities: &ByKind) -> Vec<(Kind, f32)> {
    let mut ranked: Vec<(Kind, f32)> = Kind::ALL.iter().copied().zip(*probabilities).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked
}

fn hundredths(value: f32) -> f64 {
    (f64::from(value) * 100.0).round() / 100.0
}

/// Sentences that announce the kind and phrases of it; a phrase within a sentence that is shown is not shown again.
fn passages(prepared: &Prepared<'_>, voices: &Voices, heard: &[Heard], kind: Kind) -> Vec<Evidence> {
    let mut found = voices.get(&kind).map(|voice| voice.passages.clone()).unwrap_or_default();
    found.extend(heard::passages(prepared, heard, kind));
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut shown: Vec<Evidence> = Vec::new();
    for (_, evidence) in found {
        let doubled = shown.iter().any(|e| {
            e.place == evidence.place && (e.text.contains(&evidence.text) || evidence.text.contains(&e.text))
        });
        if !doubled && shown.len() < MOST_PASSAGES {
            shown.push(evidence);
        }
    }
    shown
}

/// What becomes of the points is shown first, where it decided.
fn show(shown: &mut Vec<Evidence>, kind: Kind, fate: Option<Fate>) {
    let told = match (kind, fate) {
        (Kind::Partial, Some(Fate::Points(passages) | Fate::Rest(passages))) => passages,
        (Kind::Full, Some(Fate::Entire(passage))) => vec![passage],
        _ => return,
    };
    for evidence in told.into_iter().rev() {
        let within = |e: &Evidence| e.place == evidence.place && evidence.text.contains(&e.text);
        shown.retain(|e| !within(e));
        shown.insert(0, evidence);
    }
    shown.truncate(MOST_PASSAGES);
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
