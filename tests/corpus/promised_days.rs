//! The day on which an answer will come, as officials of each language write it: sentence, then day.

use super::KNOWLEDGE;
use askance::domain::incoming::understand;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What is written in one language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ways {
    opening: String,
    promises: Vec<(String, String)>,
    others: Vec<String>,
}

fn ways() -> BTreeMap<String, Ways> {
    toml::from_str(include_str!("promised_days.toml")).expect("ways to say a day")
}

/// Reads a letter of 2 March 2026; a day that is read must be proven by words of the letter.
fn promised(opening: &str, sentence: &str) -> Option<String> {
    let head = "From: office@authority.example\r\nSubject: -\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n\
                Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit";
    let incoming =
        understand(format!("{head}\r\n\r\n{opening}\r\n\r\n{sentence}\r\n").as_bytes(), &KNOWLEDGE);
    let day = incoming.reading.new_due_on?;
    let passage = incoming.reading.stated_in.new_due_on.expect("a passage for each day");
    assert!(sentence.contains(&passage.text), "`{}` is not in `{sentence}`", passage.text);
    Some(day.to_string())
}

#[test]
fn the_promised_day_is_read_however_a_language_writes_it() {
    let mut wrong = Vec::new();
    let ways = ways();
    assert_eq!(ways.len(), 26, "25 languages, one of them in two scripts");
    for (language, ways) in &ways {
        for (day, sentence) in &ways.promises {
            let found = promised(&ways.opening, sentence);
            if found.as_ref() != Some(day) {
                wrong.push(format!("{language}: {sentence} expected {day}, found {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_day_by_which_the_requester_must_act_is_no_promise() {
    let mut wrong = Vec::new();
    for (language, ways) in ways() {
        for sentence in &ways.others {
            if let Some(found) = promised(&ways.opening, sentence) {
                wrong.push(format!("{language}: {sentence} promises nothing, found {found}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
