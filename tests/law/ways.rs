//! The dated cases of tests/law/ways/cases.toml: what happened, the answer's last day, and the requester's own days.

use std::fs;

use askance::domain::law::course::{Course, Fact, Happened, course};
use askance::domain::law::remedy::{After, RemedyStep};
use askance::domain::law::told::event;
use chrono::NaiveDate;
use serde::Deserialize;

use crate::law::{day, law};

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    regime: String,
    what: String,
    cite: String,
    facts: Vec<Vec<String>>,
    due: Option<NaiveDate>,
    #[serde(default)]
    stands_still: bool,
    #[serde(default)]
    expect: Vec<Expected>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    step: RemedyStep,
    #[serde(default)]
    after_silence: bool,
    opens: Option<NaiveDate>,
    last: Option<NaiveDate>,
}

/// What happened, as written in a case: `["extended", "2026-04-01", "2026-05-01"]`, in the words of the calculator.
pub fn fact(words: &[String]) -> Fact {
    match words {
        [received, on] if received == "received" => Fact { on: day(on), what: Happened::Received },
        [what, on] => event(&format!("{what}={on}")).unwrap(),
        [what, on, until] => event(&format!("{what}={on}..{until}")).unwrap(),
        other => panic!("{other:?} is nothing that happens"),
    }
}

/// The course of a request to which this happened, as (what, day).
pub fn lived(id: &str, facts: &[(&str, &str)]) -> Course {
    let (regime, calendar) = law(id);
    let facts: Vec<Fact> =
        facts.iter().map(|(what, on)| fact(&[(*what).to_owned(), (*on).to_owned()])).collect();
    course(regime, calendar, &facts).unwrap()
}

#[test]
fn the_days_of_every_way_come_out_as_its_paragraph_says() {
    let text = fs::read_to_string("tests/law/ways/cases.toml").unwrap();
    let cases: Cases = toml::from_str(&text).unwrap();
    let mut wrong = Vec::new();
    for case in &cases.case {
        let (regime, calendar) = law(&case.regime);
        let facts: Vec<Fact> = case.facts.iter().map(|words| fact(words)).collect();
        let told = format!("{}: {} ({})", case.regime, case.what, case.cite);
        assert!(!case.cite.trim().is_empty(), "{told} cites nothing");
        let found = course(regime, calendar, &facts).unwrap_or_else(|e| panic!("{told}: {e}"));
        let answer = found.answer.as_ref();
        if let Some(due) = case.due {
            let is = answer.and_then(|it| it.due_on);
            if is != Some(due) {
                wrong.push(format!("{told}: due {due}, found {is:?}"));
            }
        }
        assert_eq!(
            answer.is_some_and(|it| it.stands_still.is_some()),
            case.stands_still,
            "{told}: stands still"
        );
        for expected in &case.expect {
            let after = if expected.after_silence { After::Silence } else { After::Decision };
            let ways: Vec<_> = found
                .rights
                .iter()
                .filter(|right| right.step == expected.step && right.after == after)
                .map(|right| (right.opens_on, right.last_on))
                .collect();
            if !ways.contains(&(expected.opens, expected.last)) {
                let (step, opens, last) = (expected.step, expected.opens, expected.last);
                wrong.push(format!("{told}: {step} {after} {opens:?}–{last:?}, found {ways:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(cases.case.len() >= 100, "only {} cases", cases.case.len());
}
