//! The reader's figures on labelled letters stay above their bars; what it learnt from is what is in the tree.

use crate::corpus::KNOWLEDGE;
use crate::support::figures::{Figures, figures};
use crate::support::labelled;
use crate::support::teaching;
use askance::data::knowledge::shipped_counts;
use askance::domain::incoming::delivery::Automatic;
use askance::domain::incoming::understand;

fn short(figures: &Figures, bars: &[(&str, f64)]) -> Vec<String> {
    let table = figures.table();
    let below = |(name, bar): &(&str, f64)| {
        let (_, value, ..) = table.iter().find(|(n, ..)| n == name).expect("a figure of this name");
        (*value + 1e-9 < *bar).then(|| format!("{name} {value:.3} < {bar}"))
    };
    bars.iter().filter_map(below).collect()
}

#[test]
fn labelled_mails_are_read_as_well_as_is_promised() {
    let read = figures(&labelled::mails(), &KNOWLEDGE);
    let bars: Vec<(&str, f64)> = read.table().iter().map(|(name, _, bar, _)| (*name, *bar)).collect();
    let short = short(&read, &bars);
    assert!(short.is_empty(), "{}\n{read}\n{}", short.join(", "), read.misses.join("\n"));
}

#[test]
fn what_the_model_counted_is_what_the_sentences_and_letters_in_the_tree_teach() {
    let sentences = teaching::sentences();
    let letters = labelled::letters().into_iter();
    let pupils = teaching::pupils(labelled::mails().into_iter().chain(letters), &KNOWLEDGE);
    let counts = teaching::count(sentences.values().flatten(), &pupils, |_| true);
    let shipped = shipped_counts().expect("the shipped model");
    assert!(
        counts == shipped,
        "run `cargo bench --bench quality -- --teach` after changing sentences or letters"
    );
}

#[test]
fn the_kind_of_a_letter_is_what_the_judge_makes_of_its_phrases_and_sentences() {
    let letters = labelled::letters().into_iter().take(60);
    for pupil in teaching::pupils(letters, &KNOWLEDGE) {
        let read = understand(&pupil.labelled.raw, &KNOWLEDGE);
        if read.automatic != Automatic::None {
            continue;
        }
        let heard = teaching::hear(&pupil, &KNOWLEDGE.model, &KNOWLEDGE);
        let (kind, likely) = teaching::verdict(&KNOWLEDGE.judge, &heard, &KNOWLEDGE);
        let file = &pupil.labelled.label.file;
        assert_eq!(kind, read.reading.kind, "{file}");
        assert!((f64::from(likely) - read.reading.confidence).abs() < 0.006, "{file}: {likely}");
        assert_eq!(heard.example.kind.as_str(), pupil.labelled.label.kind, "{file}");
    }
}
