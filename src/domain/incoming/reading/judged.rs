//! Which kind a reply is: phrases and sentences together, with the passages that show it.

use crate::domain::incoming::Knowledge;
use crate::domain::incoming::model::judge::ByKind;
use crate::domain::incoming::reading::heard::{self, Heard};
use crate::domain::incoming::reading::section::Prepared;
use crate::domain::incoming::reading::voices::{self, Voice, Voices};
use crate::domain::incoming::reading::{Evidence, Kind, Reading};

/// How sure the reader ever is: a hundredth is left for what no letter it learnt from has shown.
const SUREST: f32 = 0.99;
/// From this score on phrases are clear.
const CLEAR: f32 = 0.9;
/// How sure an acknowledgement is at most beside such a phrase.
const DOUBTED: f32 = 0.6;
/// From this probability on such a step is taken for what the letter does.
const BORNE_OUT: f32 = 0.03;
/// From this probability on a further kind is named as well.
const ALSO: f32 = 0.25;
/// From this probability on another kind is offered to pick.
const MENTIONED: f32 = 0.03;
/// How many passages are shown.
const MOST_PASSAGES: usize = 4;

/// Weighs phrases and sentences, and decides.
pub fn decide(prepared: &Prepared<'_>, language: Option<&str>, knowledge: &Knowledge) -> Reading {
    let voices = voices::listen(prepared, language, &knowledge.phrasebook);
    let heard = heard::hear(prepared);
    let features = heard::features(prepared, &voices, &heard);
    let probabilities = knowledge.judge.probabilities(&features);
    let ranked = ranked(&probabilities);
    let Some((kind, sure)) = doubted(&ranked, &voices) else { return Reading::of(Kind::Other, 0.0) };
    let mut reading = Reading::of(kind, hundredths(sure.min(SUREST)));
    let others: Vec<(Kind, f32)> = ranked.into_iter().filter(|(other, _)| *other != kind).collect();
    let applies = |(other, likely): &&(Kind, f32)| *likely >= ALSO && goes_with(kind, *other);
    reading.also = others.iter().filter(applies).map(|(other, _)| *other).collect();
    let mentioned = others.iter().filter(|(_, likely)| *likely >= MENTIONED).take(3);
    reading.others = mentioned.map(|(other, likely)| (*other, hundredths(*likely))).collect();
    reading.evidence = passages(prepared, &voices, &heard, kind);
    reading.reasons = heard::reasons(prepared, &heard, &knowledge.model, kind);
    reading
}

/// An acknowledgement may be recorded without a person: it is surely one only where no phrase says clearly that
/// something else was done. That a request was passed on, or takes longer, says also that it came in; where the
/// sentences bear that out, it is the step.
fn doubted(ranked: &[(Kind, f32)], voices: &Voices) -> Option<(Kind, f32)> {
    let (kind, sure) = ranked.first().copied()?;
    let likely = |step: &Kind| ranked.iter().any(|(other, likely)| other == step && *likely >= BORNE_OUT);
    let decided = |(other, voice): &(&Kind, &Voice)| {
        !matches!(other, Kind::Acknowledgement | Kind::Other) && voice.score >= CLEAR
    };
    let loudest =
        voices.iter().filter(decided).max_by(|a, b| a.1.score.total_cmp(&b.1.score)).map(|(other, _)| *other);
    Some(match (kind, loudest) {
        (Kind::Acknowledgement, Some(step @ (Kind::Transfer | Kind::Extension))) if likely(&step) => {
            (step, sure.min(DOUBTED))
        }
        (Kind::Acknowledgement, Some(_)) => (kind, sure.min(DOUBTED)),
        _ => (kind, sure),
    })
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
