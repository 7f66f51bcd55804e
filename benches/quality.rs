//! How well replies are read, in figures: on the letters the reader learnt from, and on letters it did not.
//!
//! `cargo bench --bench quality` prints them. `-- --teach` first teaches the model anew from `src/data/sentences` and
//! `tests/replies` and writes `src/data/taught.model`; `-- --teach --only` leaves the cross-validation out.

#[path = "../tests/support/figures.rs"]
mod figures;
#[expect(clippy::expect_used, clippy::panic, reason = "as in tests: what is wrong in the tree ends it")]
#[path = "../tests/support/labelled.rs"]
mod labelled;
#[expect(clippy::expect_used, clippy::panic, reason = "as in tests: what is wrong in the tree ends it")]
#[path = "../tests/support/teaching.rs"]
mod teaching;
mod told;

/// The files of `tests/support` speak of each other by this name.
mod support {
    pub(crate) use crate::labelled;
}

use crate::labelled::{Labelled, Making};
use crate::told::{machine, say};
use askance::data::knowledge::{self, pack};
use askance::domain::incoming::Knowledge;
use askance::domain::incoming::model::Model;
use askance::domain::incoming::model::judge::{Example, Judge};
use askance::domain::incoming::reading::Kind;
use std::collections::BTreeMap;
use std::error::Error;
use teaching::{Heard, Lesson, Pupil, count, hear, pupils, verdict};

/// Parts into which letters are cut: a letter is judged by what the others taught.
const FOLDS: usize = 5;

type Done<T> = Result<T, Box<dyn Error>>;

fn main() -> Done<()> {
    let asked = |word: &str| std::env::args().any(|given| given == word);
    let (teach, only) = (asked("--teach"), asked("--only"));
    let mut knowledge = if teach { knowledge::untaught()? } else { knowledge::knowledge()? };
    let (mails, letters) = (labelled::mails(), labelled::letters());
    let sentences = teaching::sentences();
    let all: Vec<&Lesson> = sentences.values().flatten().collect();
    let pupils = pupils(mails.iter().chain(&letters).cloned(), &knowledge);
    say(&machine())?;
    say(&format!("{} sentences, {} letters", all.len(), pupils.len()))?;
    if !only {
        cross_validated(&all, &pupils, &knowledge)?;
        by_making(&all, &pupils, &knowledge)?;
        by_language(&sentences, &pupils, &knowledge)?;
    }
    if teach {
        let counts = count(all.iter().copied(), &pupils, |_| true);
        let fitted = Judge::fit(&examples(heard(&all, &pupils, |at| at % FOLDS, &knowledge)));
        let bytes = pack(&counts, &fitted);
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/data/taught.model"), &bytes)?;
        say(&format!("taught: {} tokens, {} bytes", counts.len(), bytes.len()))?;
        let (phrasebook, citations) = (knowledge.phrasebook.clone(), knowledge.citations.clone());
        drop(pupils);
        knowledge = Knowledge { phrasebook, model: Model::of(&counts), judge: fitted, citations };
    }
    say("\nas shipped, on the mails of tests/replies/east and west (learnt from)")?;
    say(&figures::figures(&mails, &knowledge).to_string())?;
    for (name, making) in [("letters", Making::Hard), ("everyday", Making::Everyday)] {
        say(&format!("as shipped, on the letters of tests/replies/{name} (learnt from)"))?;
        let own: Vec<Labelled> = letters.iter().filter(|one| one.making == making).cloned().collect();
        say(&figures::figures(&own, &knowledge).to_string())?;
    }
    Ok(())
}

/// Right ones, and how sure, of letters that were not learnt from.
#[derive(Default)]
struct Tally {
    right: u32,
    of: u32,
    sure: u32,
    sure_right: u32,
    kinds: BTreeMap<(Kind, Kind), u32>,
}

impl Tally {
    fn add(&mut self, wanted: Kind, (found, likely): (Kind, f32)) {
        let right = u32::from(wanted == found);
        self.right += right;
        self.of += 1;
        *self.kinds.entry((wanted, found)).or_default() += 1;
        if likely >= 0.895 {
            self.sure += 1;
            self.sure_right += right;
        }
    }

    fn macro_f1(&self) -> f64 {
        let sum = |pick: &dyn Fn(&(Kind, Kind)) -> bool| -> f64 {
            self.kinds.iter().filter(|(pair, _)| pick(pair)).map(|(_, n)| f64::from(*n)).sum()
        };
        let present: Vec<Kind> = Kind::ALL.iter().copied().filter(|k| sum(&|(a, _)| a == k) > 0.0).collect();
        let one = |k: &Kind| {
            2.0 * sum(&|(a, b)| a == k && b == k) / (sum(&|(a, _)| a == k) + sum(&|(_, b)| b == k))
        };
        present.iter().map(one).sum::<f64>() / f64::from(u32::try_from(present.len()).unwrap_or(1).max(1))
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let share = |a: u32, b: u32| if b == 0 { 1.0 } else { f64::from(a) / f64::from(b) };
        write!(
            f,
            "kind {:.3}, macro-F1 {:.3}, at 0.9 precision {:.3} of {:.3}  ({} letters)",
            share(self.right, self.of),
            self.macro_f1(),
            share(self.sure_right, self.sure),
            share(self.sure, self.of),
            self.of
        )
    }
}

/// The makings and what they are called.
const MAKINGS: [(Making, &str); 3] = [
    (Making::Given, "labelled mails"),
    (Making::Hard, "hard letters"),
    (Making::Everyday, "everyday letters"),
];

/// Five parts; each is judged by what the other four taught, model and judge both.
fn cross_validated(all: &[&Lesson], pupils: &[Pupil<'_>], knowledge: &Knowledge) -> Done<()> {
    let heard = heard(all, pupils, |at| at % FOLDS, knowledge);
    let mut tallies: BTreeMap<Making, Tally> = BTreeMap::new();
    let mut missed: BTreeMap<(Kind, Kind), Vec<&str>> = BTreeMap::new();
    for part in 0..FOLDS {
        let others: Vec<_> = heard
            .iter()
            .enumerate()
            .filter(|(at, _)| at % FOLDS != part)
            .map(|(_, one)| one.example.clone())
            .collect();
        let judge = Judge::fit(&others);
        for (one, pupil) in heard.iter().zip(pupils).skip(part).step_by(FOLDS) {
            let found = verdict(&judge, one, knowledge);
            tallies.entry(pupil.labelled.making).or_default().add(pupil.kind, found);
            if found.0 != pupil.kind {
                missed.entry((pupil.kind, found.0)).or_default().push(&pupil.labelled.label.file);
            }
        }
    }
    say("\ncross-validated, five parts")?;
    for (making, name) in MAKINGS {
        say(&format!("  {name:<18}{}", tallies.remove(&making).unwrap_or_default()))?;
    }
    for ((wanted, found), files) in missed {
        say(&format!("  {wanted} read as {found}: {}", files.join(" ")))?;
    }
    Ok(())
}

/// Each making judged by what the others taught.
fn by_making(all: &[&Lesson], pupils: &[Pupil<'_>], knowledge: &Knowledge) -> Done<()> {
    say("\nlearnt from the other makings only")?;
    for (making, name) in MAKINGS {
        let asked = |at: usize| pupils.get(at).is_some_and(|p| p.labelled.making == making);
        let model = Model::of(&count(all.iter().copied(), pupils, |at| !asked(at)));
        let inner = examples(heard(all, pupils, |at| if asked(at) { FOLDS } else { at % FOLDS }, knowledge));
        let judge = Judge::fit(&inner);
        let mut tally = Tally::default();
        for (_, pupil) in pupils.iter().enumerate().filter(|(at, _)| asked(*at)) {
            tally.add(pupil.kind, verdict(&judge, &hear(pupil, &model, knowledge), knowledge));
        }
        say(&format!("  {name:<18}{tally}"))?;
    }
    Ok(())
}

/// Each language judged by what the others taught: what remains without any sentence of it.
fn by_language(
    sentences: &BTreeMap<String, Vec<Lesson>>,
    pupils: &[Pupil<'_>],
    knowledge: &Knowledge,
) -> Done<()> {
    let base = |tag: &str| tag.split('-').next().unwrap_or_default().to_owned();
    let all: Vec<&Lesson> = sentences.values().flatten().collect();
    let judge = Judge::fit(&examples(heard(&all, pupils, |at| at % FOLDS, knowledge)));
    let mut tally = Tally::default();
    let mut languages: Vec<String> = pupils.iter().map(|p| base(&p.labelled.label.language)).collect();
    languages.sort();
    languages.dedup();
    for language in &languages {
        let is = |pupil: &Pupil<'_>| base(&pupil.labelled.label.language) == *language;
        let taught = sentences.iter().filter(|(l, _)| *l != language).flat_map(|(_, lessons)| lessons);
        let model = Model::of(&count(taught, pupils, |at| pupils.get(at).is_some_and(|p| !is(p))));
        for pupil in pupils.iter().filter(|p| is(p)) {
            tally.add(pupil.kind, verdict(&judge, &hear(pupil, &model, knowledge), knowledge));
        }
    }
    Ok(say(&format!("\nwithout a sentence or letter of the language, its phrases only\n  {tally}"))?)
}

/// Each letter heard by a model that was not taught by it. `fold` gives each its part.
fn heard<'p>(
    sentences: &[&Lesson],
    pupils: &'p [Pupil<'_>],
    fold: impl Fn(usize) -> usize,
    knowledge: &Knowledge,
) -> Vec<Heard<'p>> {
    let mut examples: Vec<Option<Heard<'p>>> = vec![None; pupils.len()];
    for part in 0..FOLDS {
        let counts = count(sentences.iter().copied(), pupils, |at| fold(at) != part);
        let model = Model::of(&counts);
        for (at, pupil) in pupils.iter().enumerate().filter(|(at, _)| fold(*at) == part) {
            if let Some(slot) = examples.get_mut(at) {
                *slot = Some(hear(pupil, &model, knowledge));
            }
        }
    }
    examples.into_iter().flatten().collect()
}

/// What letters give the judge to fit by.
fn examples(heard: Vec<Heard<'_>>) -> Vec<Example> {
    heard.into_iter().map(|one| one.example).collect()
}
