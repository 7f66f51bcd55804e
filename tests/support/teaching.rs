//! How the reader's model is taught: sentences by what they announce, letters by their evidence, letters by their kind.

use crate::support::labelled::{Labelled, Making};
use askance::domain::incoming::model::counts::Counts;
use askance::domain::incoming::model::judge::{Example, Judge};
use askance::domain::incoming::model::{Class, Model, tokens};
use askance::domain::incoming::reading::{Kind, Prepared, heard, judged, voices};
use askance::domain::incoming::text::words;
use askance::domain::incoming::{Knowledge, Understood, understand_prepared};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Tokens of fewer sentences tell nothing that holds elsewhere.
const LEAST: u32 = 2;
/// How much a letter that is hard on purpose counts for the judge: few of those that come are.
const OF_HARD: f64 = 0.5;

/// A sentence ready to be learnt.
pub struct Lesson {
    pub class: Class,
    pub tokens: Vec<tokens::Token>,
}

/// The sentences of `src/data/sentences`, by language.
pub fn sentences() -> BTreeMap<String, Vec<Lesson>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/data/sentences");
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("sentences") {
        let path = entry.expect("an entry").path();
        let language = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("sentences of a language");
        let lists: BTreeMap<String, Vec<String>> =
            toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let mut lessons = Vec::new();
        for (name, list) in lists {
            let class = match name.as_str() {
                "recital" | "background" => Class::Nothing,
                kind => Class::Step(kind.parse().unwrap_or_else(|e| panic!("{}: {e}", path.display()))),
            };
            lessons.extend(list.iter().map(|text| lesson(text, class)));
        }
        all.insert(language, lessons);
    }
    all
}

fn lesson(text: &str, class: Class) -> Lesson {
    Lesson { class, tokens: tokens::of_sentence(&words(text)) }
}

/// A labelled letter taken apart once: its sentences, and what of it never changes while the model is taught.
pub struct Pupil<'b> {
    pub labelled: Labelled,
    pub kind: Kind,
    understood: Understood<'b>,
    lessons: Vec<Lesson>,
}

/// Takes letters apart; `knowledge` lends its phrases.
pub fn pupils(letters: impl IntoIterator<Item = Labelled>, knowledge: &Knowledge) -> Vec<Pupil<'_>> {
    letters.into_iter().map(|labelled| pupil(labelled, knowledge)).collect()
}

fn pupil(labelled: Labelled, knowledge: &Knowledge) -> Pupil<'_> {
    let understood = understand_prepared(&labelled.raw, knowledge);
    let kind: Kind = labelled.label.kind.parse().expect("a kind");
    let evidence: Vec<String> = labelled.label.evidence.iter().map(|text| flat(text)).collect();
    let mut lessons = Vec::new();
    for section in &understood.prepared.sections {
        for of_sentence in section.sentences() {
            let Some(text) = of_sentence.first().and_then(|w| section.sentence_text(w.sentence)) else {
                continue;
            };
            let text = flat(text);
            let shows = evidence.iter().any(|e| text.contains(e) || (text.len() > 25 && e.contains(&text)));
            if !shows {
                continue;
            }
            let class = Class::Step(kind);
            lessons.push(Lesson { class, tokens: tokens::of_sentence(of_sentence) });
        }
    }
    Pupil { labelled, kind, understood, lessons }
}

fn flat(text: &str) -> String {
    text.replace('’', "'").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Counts of sentences, and of the letters for which `takes` says yes.
pub fn count<'a>(
    sentences: impl IntoIterator<Item = &'a Lesson>,
    pupils: &'a [Pupil<'_>],
    takes: impl Fn(usize) -> bool,
) -> Counts {
    let mut counts = Counts::default();
    let lessons = pupils.iter().enumerate().filter(|(at, _)| takes(*at)).flat_map(|(_, p)| &p.lessons);
    for lesson in sentences.into_iter().chain(lessons) {
        counts.learn(&lesson.tokens, lesson.class);
    }
    counts.prune(LEAST);
    counts
}

/// A letter as a model heard it.
#[derive(Clone)]
pub struct Heard<'p> {
    /// What it gives the judge to fit by.
    pub example: Example,
    prepared: Prepared<'p>,
    language: Option<&'p str>,
}

/// What a model makes of one letter.
pub fn hear<'p>(pupil: &'p Pupil<'_>, model: &Model, knowledge: &Knowledge) -> Heard<'p> {
    let mut prepared = pupil.understood.prepared.clone();
    prepared.hear(model);
    let language = pupil.understood.incoming.language.as_deref();
    let voices = voices::listen(&prepared, language, &knowledge.phrasebook);
    let features = heard::features(&prepared, &voices, &heard::hear(&prepared));
    let weight = if pupil.labelled.making == Making::Hard { OF_HARD } else { 1.0 };
    Heard { example: Example { features, kind: pupil.kind, weight }, prepared, language }
}

/// The kind that the reader says and how sure it is, as it decides itself.
pub fn verdict(judge: &Judge, heard: &Heard<'_>, knowledge: &Knowledge) -> (Kind, f32) {
    let weighed = judged::weigh(&heard.prepared, heard.language, &knowledge.phrasebook, judge);
    weighed.outcome.unwrap_or((Kind::Other, 0.0))
}
