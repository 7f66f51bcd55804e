//! What letters say of each law agrees with the law's data.

use std::collections::BTreeSet;
use std::path::Path;

use askance::data::catalogue::load;
use askance::domain::letter::LetterKind;
use askance::domain::questions::Language;
use askance::mail::letters::render;

use crate::letters::{facts, overdue, regime, well_formed};

fn every_regime() -> Vec<(String, toml::Table)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/data/regimes");
    let mut ids: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    ids.sort();
    assert_eq!(ids.len(), 53, "a law came or went: say here how many there are");
    ids.into_iter().map(|id| (id.clone(), regime(&id))).collect()
}

#[test]
fn every_law_that_gives_a_right_is_cited_in_english_and_in_its_own_language() {
    for (id, law) in every_regime() {
        let gives = law["gives"].as_str().unwrap();
        assert!(["answers", "documents", "nothing"].contains(&gives), "{id}: {gives}");
        if gives == "nothing" {
            assert!(law.get("letter").is_none(), "{id}: no right, no letter");
            assert_eq!(law["response"]["unit"].as_str(), Some("none"), "{id}");
            continue;
        }
        let expected: BTreeSet<&str> = law["languages"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|tag| tag.as_str().unwrap().split('-').next())
            .filter(|primary| primary.parse::<Language>().is_ok())
            .chain(["en"])
            .collect();
        let clauses = law["letter"].as_table().unwrap();
        assert_eq!(clauses.keys().map(String::as_str).collect::<BTreeSet<_>>(), expected, "{id}");
        for (language, clause) in clauses {
            for key in ["law", "basis"] {
                assert!(
                    clause[key].as_str().is_some_and(|text| !text.ends_with('.')),
                    "{id} {language} {key}"
                );
            }
            the_deadline_is_the_datas(&id, language, &law["response"], clause.get("deadline"));
        }
    }
}

#[test]
fn every_law_makes_a_letter_and_a_reminder_in_each_of_its_languages() {
    let catalogue = load().unwrap();
    let mut letters = 0;
    for (id, law) in every_regime() {
        let Some(clauses) = law.get("letter").and_then(toml::Value::as_table) else { continue };
        for (language, clause) in clauses {
            let wording = law["gives"].as_str().unwrap().parse().unwrap();
            let text = |key: &str| clause.get(key).map(|text| text.as_str().unwrap().to_owned());
            let mut facts = facts(&catalogue, "contract_and_dpia", language.parse().unwrap(), wording);
            (facts.law, facts.basis) = (text("law").unwrap(), text("basis").unwrap());
            facts.deadline = text("deadline");
            for kind in [LetterKind::Request, overdue()] {
                let body = render(kind, &facts).unwrap().body;
                let flat = body.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(flat.contains(&facts.basis), "{id} {language}:\n{body}");
                assert!(
                    facts.deadline.iter().all(|clause| flat.contains(clause)),
                    "{id} {language}:\n{body}"
                );
                well_formed(&body, &format!("{id} {language}"));
                letters += 1;
            }
        }
    }
    assert!(letters >= 2 * 52, "{letters} letters");
}

fn the_deadline_is_the_datas(id: &str, language: &str, response: &toml::Value, clause: Option<&toml::Value>) {
    let about = format!("{id} {language}");
    let clause = clause.map(|text| text.as_str().unwrap().to_lowercase());
    let Some(amount) = response.get("amount").and_then(toml::Value::as_integer) else {
        let clause = clause.unwrap_or_default();
        assert!(
            !clause.contains("within") && !clause.contains("innerhalb"),
            "{about}: no figure, but {clause}"
        );
        return;
    };
    let clause = clause.unwrap_or_else(|| panic!("{about}: the law has a figure, the letter has none"));
    assert!(clause.ends_with('.'), "{about}: a full sentence");
    let unit = response["unit"].as_str().unwrap();
    let numbers = number_words(language, amount);
    let units = unit_words(language, unit);
    assert!(
        numbers.iter().any(|number| units.iter().any(|unit| clause.contains(&format!("{number} {unit}")))),
        "{about}: expected one of {numbers:?} with one of {units:?} in `{clause}`"
    );
    // "Soll": late is not yet unlawful, so the letter may not say "must".
    let target = response.get("target").and_then(toml::Value::as_bool) == Some(true);
    let says_should = clause.contains("should") || clause.contains("soll ");
    assert!(says_should || !target, "{about}: a target, not a duty: `{clause}`");
    let registered = response["starts"].as_str() == Some("day_after_registration");
    let says = ["regist", "enregistr", "καταχώρισ"].iter().any(|word| clause.contains(word));
    assert_eq!(says, registered, "{about}: from registration or not: `{clause}`");
}

/// How a language writes a number before its unit, digits among them.
fn number_words(language: &str, amount: i64) -> Vec<String> {
    let words: &[&str] = match (language, amount) {
        ("en", 1) => &["one"],
        ("en", 5) => &["five"],
        ("en", 7) => &["seven"],
        ("en", 10) => &["ten"],
        ("en", 12) => &["twelve"],
        ("en", 14) => &["fourteen"],
        ("en", 15) => &["fifteen"],
        ("en", 20) => &["twenty"],
        ("en", 30) => &["thirty"],
        ("de", 1) => &["eines", "einem", "einen"],
        ("de", 15) => &["fünfzehn"],
        ("de", 30) => &["dreißig"],
        ("fr", 1) => &["un", "d’un"],
        ("fr", 15) => &["quinze"],
        ("fr", 20) => &["vingt"],
        ("fr", 30) => &["trente"],
        ("it", 15) => &["quindici"],
        ("it", 30) => &["trenta"],
        ("el", 15) => &["δεκαπέντε"],
        ("el", 20) => &["είκοσι"],
        ("el", 30) => &["τριάντα"],
        _ => &[],
    };
    words.iter().map(|word| (*word).to_owned()).chain([amount.to_string()]).collect()
}

fn unit_words(language: &str, unit: &str) -> &'static [&'static str] {
    match (language, unit) {
        ("en", "months") => &["month"],
        ("en", "working_days") => &["working day"],
        ("en", "calendar_days") => &["day", "calendar day"],
        ("de", "months") => &["monat"],
        ("de", "working_days") => &["arbeitstag"],
        ("de", "calendar_days") => &["tag"],
        ("fr", "months") => &["mois"],
        ("fr", "working_days") => &["jours ouvrables"],
        ("fr", "calendar_days") => &["jours de", "jours après"],
        ("it", "working_days") => &["giorni lavorativi"],
        ("it", "calendar_days") => &["giorni dalla"],
        ("el", "working_days") => &["εργάσιμ"],
        ("el", "calendar_days") => &["ημερών"],
        _ => panic!("say how `{language}` writes `{unit}`"),
    }
}
