//! Requests keep their law as JSON: what was kept once is read for ever, and gives the days it gave.
//!
//! `tests/golden/kept_laws/` is never rewritten; a key or a word that is new in the data adds a file, which the test leaves
//! beside them as `*.actual`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use askance::domain::law::deadline::{Clock, deadline};
use askance::domain::law::regime::Regime;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::law::{LAWS, day};

/// A law as the table `regimes` keeps it, and the days that it gave then.
#[derive(Deserialize, Serialize)]
struct Kept {
    law: Value,
    cases: Vec<Case>,
}

#[derive(Debug, PartialEq, Deserialize, Serialize)]
struct Case {
    received: NaiveDate,
    registered: Option<NaiveDate>,
    due_on: Option<NaiveDate>,
    extended_due_on: Option<NaiveDate>,
    expected_on: Option<NaiveDate>,
    estimate: bool,
}

impl Case {
    fn of(law: &Regime, (received, registered): (NaiveDate, Option<NaiveDate>)) -> Self {
        let found = deadline(law, LAWS.calendar_of(law), &Clock { received, registered }).unwrap();
        Self {
            received,
            registered,
            due_on: found.due_on,
            extended_due_on: found.extended_due_on,
            expected_on: found.expected_on,
            estimate: found.estimate,
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/kept_laws")
}

fn all_kept() -> Vec<(String, Kept)> {
    let paths = fs::read_dir(folder()).into_iter().flatten().map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .map(|path| (path.display().to_string(), serde_json::from_slice(&fs::read(&path).unwrap()).unwrap()))
        .collect()
}

fn read(law: &Value) -> Regime {
    // As the store hands it over: text.
    serde_json::from_str(&law.to_string()).unwrap()
}

#[test]
fn a_kept_law_gives_the_days_that_it_gave() {
    for (file, kept) in all_kept() {
        let law = read(&kept.law);
        for case in kept.cases {
            assert_eq!(Case::of(&law, (case.received, case.registered)), case, "{file}");
        }
    }
}

/// Every table with one more key, and without what says nothing.
fn bent(law: &Value) -> Value {
    match law {
        Value::Object(table) => {
            let said = table.iter().filter(|(_, value)| !value.is_null());
            let mut bent: serde_json::Map<String, Value> =
                said.map(|(key, value)| (key.clone(), bent(value))).collect();
            bent.insert("was_dropped_later".to_owned(), "x".into());
            Value::Object(bent)
        }
        Value::Array(rows) => Value::Array(rows.iter().map(bent).collect()),
        plain => plain.clone(),
    }
}

#[test]
fn keys_that_are_gone_and_keys_that_came_later_do_no_harm() {
    for (file, kept) in all_kept() {
        let mut old = bent(&kept.law);
        // Words for letters are by language, and any further clause is one.
        old.as_object_mut().unwrap().insert("letter".to_owned(), kept.law["letter"].clone());
        let mut law = read(&old);
        for later in ["gives", "previous_response", "exemption", "letter", "for_readers", "status"] {
            old.as_object_mut().unwrap().remove(later);
        }
        law.exemptions.clear();
        law.letter.clear();
        law.previous_response.clear();
        law.gives = askance::domain::law::regime::Gives::default();
        (law.for_readers, law.status) = (None, None);
        assert_eq!(read(&old), law, "{file}");
    }
}

/// The keys of a law that say something, and its closed words, each with its vocabulary.
fn words(value: &Value, key: &str, found: &mut BTreeSet<(String, String)>) {
    const CLOSED: &[&str] = &[
        "level",
        "gives",
        "verified",
        "confidence",
        "starts",
        "end_roll",
        "roll_on",
        "counting",
        "mode",
        "duty",
        "email_ok",
        "police",
        "municipalities",
        "silence",
        "clarification",
    ];
    match value {
        Value::Object(table) => table.iter().for_each(|(inner, value)| {
            let said = !value.is_null() && value.as_array().is_none_or(|rows| !rows.is_empty());
            if said && key != "letter" {
                found.insert(("key".to_owned(), format!("{key}.{inner}")));
            }
            words(value, if inner == "effect" { key } else { inner }, found);
        }),
        Value::Array(rows) => rows.iter().for_each(|row| words(row, key, found)),
        Value::String(word) if key.ends_with("unit") => {
            found.insert(("unit".to_owned(), word.clone()));
        }
        Value::String(word) if CLOSED.contains(&key) && !word.contains(' ') => {
            found.insert((key.to_owned(), word.clone()));
        }
        _ => {}
    }
}

fn words_of(law: &Value) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    words(law, "", &mut found);
    found
}

/// A law with days of this year, and of the time of each earlier rule.
fn keep(law: &Regime) -> Kept {
    let mut days = vec![(day("2026-02-27"), None), (day("2026-12-21"), Some(day("2026-12-23")))];
    days.extend(law.previous_response.iter().map(|old| (old.until, None)));
    Kept {
        law: serde_json::to_value(law).unwrap(),
        cases: days.into_iter().map(|clock| Case::of(law, clock)).collect(),
    }
}

#[test]
fn every_key_and_word_of_the_data_stands_in_a_kept_law() {
    let mut there: BTreeSet<_> = all_kept().iter().flat_map(|(_, kept)| words_of(&kept.law)).collect();
    let laws: Vec<(&Regime, BTreeSet<_>)> =
        LAWS.regimes().map(|law| (law, words_of(&serde_json::to_value(law).unwrap()))).collect();
    let mut beside = Vec::new();
    while let Some((law, new)) = laws.iter().max_by_key(|(_, words)| words.difference(&there).count()) {
        if new.is_subset(&there) {
            break;
        }
        there.extend(new.iter().cloned());
        let file = folder().join(format!("{}.json.actual", law.version));
        fs::create_dir_all(folder()).unwrap();
        fs::write(&file, serde_json::to_string_pretty(&keep(law)).unwrap() + "\n").unwrap();
        beside.push(file.display().to_string());
    }
    assert!(beside.is_empty(), "keys or words are new; take these up beside the kept laws: {beside:#?}");
}
