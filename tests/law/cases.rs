//! The dated cases of tests/law/<regime>.toml, each with the paragraph it rests on. Their dates were not taken from
//! this engine: a second program found them, from the rules as the statutes have them and the holidays of the source.

use std::collections::BTreeSet;
use std::fs;

use askance::domain::law::deadline::{Claim, Clock, Deadline, deadline, extended};
use askance::domain::law::derivation::{StartIs, Step, StepKind};
use chrono::NaiveDate;
use serde::Deserialize;

use crate::law::{LAWS, law};

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    what: String,
    cite: String,
    received: NaiveDate,
    registered: Option<NaiveDate>,
    due: Option<NaiveDate>,
    extended: Option<NaiveDate>,
    expected: Option<NaiveDate>,
    start: Option<NaiveDate>,
    start_is: Option<String>,
    #[serde(default)]
    moved: Vec<String>,
    /// The day off on which the end stays, because the law moves no end or not on such a day.
    stays: Option<String>,
    /// Whether the last month has no day of that number.
    #[serde(default)]
    month_end: bool,
    #[serde(default)]
    left_out: Vec<String>,
    #[serde(default)]
    older_rule: bool,
    error: Option<String>,
    #[serde(default)]
    claims: Vec<Claimed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claimed {
    until: NaiveDate,
    is: String,
    by_days: Option<i64>,
}

/// No law may have fewer.
const FEWEST: usize = 5;

#[test]
fn every_dated_case_comes_out_as_its_paragraph_says() {
    let mut known: BTreeSet<&str> = LAWS.regimes().map(|regime| regime.id.as_str()).collect();
    for entry in fs::read_dir("tests/law").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        let id = path.file_stem().unwrap().to_str().unwrap();
        let cases: Cases = toml::from_str(&fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let mut seen = BTreeSet::new();
        for case in &cases.case {
            assert!(!case.cite.trim().is_empty(), "{id}: {} cites nothing", case.what);
            assert!(seen.insert((case.received, case.registered)), "{id}: {} stands twice", case.received);
            check(id, case);
        }
        // A day before the law or the calendar is refused; it says nothing of how the law counts.
        let dated = cases.case.iter().filter(|case| case.error.is_none()).count();
        assert!(dated >= FEWEST, "{id}: only {dated} cases");
        assert!(known.remove(id), "{id}: no such law");
    }
    assert!(known.is_empty(), "no cases for {known:?}");
}

fn check(id: &str, case: &Case) {
    let (regime, calendar) = law(id);
    let clock = Clock { received: case.received, registered: case.registered };
    let told = format!("{id}: {} ({})", case.what, case.cite);
    let found = match (deadline(regime, calendar, &clock), &case.error) {
        (Ok(found), None) => found,
        (Err(e), Some(expected)) => return assert_eq!(&e.to_string(), expected, "{told}"),
        (Ok(_), Some(expected)) => panic!("{told}: expected the error {expected}"),
        (Err(e), None) => panic!("{told}: {e}"),
    };
    assert_eq!(
        (found.due_on, found.extended_due_on, found.expected_on),
        (case.due, case.extended, case.expected),
        "{told}: due, extended, expected"
    );
    if let Some(start) = case.start {
        assert_eq!(found.start, start, "{told}: start");
    }
    if let Some(start_is) = &case.start_is {
        assert_eq!(serde_json::to_value(found.start_is).unwrap(), *start_is, "{told}: start_is");
        assert_eq!(found.start_is, StartIs::ReceiptForRegistration);
    }
    assert_eq!(moved(&found), case.moved, "{told}: what moved the end");
    assert_eq!(stays(&found), case.stays, "{told}: the day off on which the end stays");
    let clamped = found.steps.iter().any(|s| s.kind == StepKind::MonthEnd);
    assert_eq!(clamped, case.month_end, "{told}: month end");
    for out in &case.left_out {
        let (day, name) = out.split_once(' ').unwrap();
        let day: NaiveDate = day.parse().unwrap();
        let counted = found.days.iter().find(|d| d.date == day).unwrap_or_else(|| panic!("{told}: no {day}"));
        assert_eq!((counted.number, counted.why_not.as_deref()), (None, Some(name)), "{told}: {day}");
        assert!(
            found.steps.iter().any(|s| s.kind == StepKind::NotCounted && s.on == Some(day)),
            "{told}: {day}"
        );
    }
    let older = |s: &Step| s.kind == StepKind::OlderRule;
    assert_eq!(found.steps.iter().any(older), case.older_rule, "{told}: older rule");
    for claimed in &case.claims {
        let claim = extended(regime, calendar, &clock, claimed.until).unwrap();
        assert_eq!(serde_json::to_value(claim).unwrap()["claim"], *claimed.is, "{told}: {}", claimed.until);
        let by = if let Claim::Beyond { by_days, .. } = claim { Some(by_days) } else { None };
        assert_eq!(by, claimed.by_days, "{told}: {}", claimed.until);
    }
}

fn moved(found: &Deadline) -> Vec<String> {
    let days = found.steps.iter().filter(|s| s.kind == StepKind::Moved).filter_map(|s| s.on);
    days.map(|on| {
        let day = found.days.iter().find(|d| d.date == on).unwrap();
        format!("{on} {}", day.why_not.as_deref().unwrap_or("?"))
    })
    .collect()
}

/// The day as the step names it: `2026-05-09 Saturday`, `2026-07-14 National Day`.
fn stays(found: &Deadline) -> Option<String> {
    let step = found.steps.iter().find(|s| s.kind == StepKind::Stays)?;
    let why = match step.text.split_once(": ") {
        Some((_, name)) => name,
        None => step.text.split(' ').next().unwrap(),
    };
    Some(format!("{} {why}", step.on.unwrap()))
}
