//! The calculator: what happened since, the requester's own days, letters, calendar files, and what is no answer.

use std::collections::BTreeSet;

use askance::domain::law::told::{EVENTS, Part, Problem, REMEDY_EVENTS, Told, event};
use askance::domain::publication::clock_rows::side_by_side;
use askance::domain::publication::dates::{key_dates, next_right};
use askance::domain::questions::Language;
use askance::service::reckoning::{Reckoning, reckon};

use crate::law::commands::{csv, run};
use crate::law::{LAWS, day, law};

fn told(received: &str, since: &[&str]) -> Told {
    let since = since.iter().map(|&event| event.to_owned()).collect();
    Told { received: received.to_owned(), since, planned: true, ..Told::default() }
}

fn found(id: &str, received: &str, since: &[&str], today: &str) -> Reckoning {
    let (regime, _) = law(id);
    reckon((regime, LAWS.calendar_of(regime)), (&told(received, since), day(today))).unwrap()
}

#[test]
fn every_law_answers_in_order_of_days_and_calls_no_expected_day_a_deadline() {
    let mut promptly = 0;
    for regime in LAWS.regimes() {
        let id = regime.id.as_str();
        let it = found(id, "2026-03-06", &[], "2026-03-20");
        assert!(it.dates.is_sorted_by_key(|date| date.on), "{id}");
        assert!(
            !it.letter.is_empty() && it.letter.iter().any(|letter| letter.language == Language::English),
            "{id}"
        );
        for letter in &it.letter {
            let told = format!("{id} {}: {}", letter.language, letter.text);
            assert!(letter.text.contains("2026") && letter.text.lines().count() >= 3, "{told}");
            assert!(!letter.text.contains("  ") && !letter.text.contains(" ."), "{told}");
        }
        for date in it.dates.iter().filter(|date| date.what == "expected") {
            promptly += 1;
            assert!(it.course.answer.as_ref().unwrap().due_on.is_none(), "{id}");
            assert!(date.detail.contains("no legal deadline") && !date.name.contains("due"), "{id}");
            assert!(it.dates.iter().all(|date| date.what != "due"), "{id}");
        }
        assert_eq!(it.clocks.iter().filter(|row| row.whose == "authority").count(), 1, "{id}");
        assert!(it.clocks.iter().all(|row| !row.standing.is_empty() && !row.name.ends_with(' ')), "{id}");
    }
    assert!(promptly >= 2, "{promptly} laws say promptly");
}

#[test]
fn french_silence_opens_a_complaint_and_a_used_one_starts_the_clock_of_the_body() {
    let silent = found("fr-crpa", "2026-07-06", &[], "2026-08-10");
    let complaint: Vec<_> =
        silent.dates.iter().filter(|date| date.name.starts_with("Complaint to CADA")).collect();
    assert_eq!(
        complaint.iter().map(|date| (date.what, date.on)).collect::<Vec<_>>(),
        [("right_opens", day("2026-08-07")), ("right_lapses", day("2026-10-06"))]
    );
    assert!(complaint.iter().all(|date| date.conditional && date.cite.is_some()));
    assert!(
        silent.clocks[0].standing.contains("refused by silence since 7 August 2026"),
        "{:?}",
        silent.clocks[0]
    );
    let next = next_right(&silent.course, day("2026-08-10")).unwrap();
    assert_eq!(next.last_on, Some(day("2026-10-06")));
    let french = &silent.letter[0];
    assert_eq!(french.language, Language::French);
    assert!(
        french.text.contains("réputée rejetée depuis\nle 7 août 2026") && french.text.contains("CADA"),
        "{french:?}"
    );

    let used = found("fr-crpa", "2026-07-06", &["taken:complaint=2026-08-20"], "2026-08-25");
    let rows = side_by_side(&used.course, day("2026-08-25"));
    let body = rows.iter().find(|row| row.whose == "body").unwrap();
    assert!(body.counts && body.first == Some(day("2026-08-20")), "{body:?}");
    assert!(key_dates(&used.course).iter().any(|date| date.what == "body_due"));
    // What was used has no days to watch any more.
    assert!(used.dates.iter().all(|date| !date.name.starts_with("Complaint to CADA: first")));

    let early = found("fr-crpa", "2026-07-06", &["taken:complaint=2026-08-06"], "2026-08-25");
    let row = early.clocks.iter().find(|row| row.whose == "you" && row.name.contains("CADA")).unwrap();
    assert!(row.standing.contains("too early: inadmissible"), "{}", row.standing);
}

#[test]
fn a_clock_that_stands_still_has_no_due_day_and_says_since_when() {
    let it = found("gb-foia", "2026-03-02", &["clarification_asked=2026-03-10"], "2026-03-20");
    assert!(it.dates.iter().all(|date| date.what != "due"), "{:?}", it.dates);
    assert!(it.clocks[0].standing.starts_with("has stood still since 10 March 2026"));
    assert!(it.letter[0].text.contains("has not run since 10 March 2026"), "{}", it.letter[0].text);
    let on = found(
        "gb-foia",
        "2026-03-02",
        &["clarification_asked=2026-03-10", "clarification_given=2026-03-16"],
        "2026-03-20",
    );
    assert!(on.dates.iter().any(|date| date.what == "due" && date.on > day("2026-04-10")), "{:?}", on.dates);
}

#[test]
fn every_word_of_the_form_is_understood_and_every_other_is_refused() {
    for (word, _) in EVENTS {
        assert!(event(&format!("{word}=2026-03-20")).is_ok(), "{word}");
        assert!(event(&format!("{word}:court=2026-03-20")).is_err(), "{word}");
    }
    for (word, _) in REMEDY_EVENTS {
        assert!(event(&format!("{word}:court=2026-03-20")).is_ok(), "{word}");
        assert!(event(&format!("{word}=2026-03-20")).is_err(), "{word}");
    }
    for text in [
        "",
        "=",
        "fee_paid",
        "fee_paid=",
        "fee_paid=2026-02-30",
        "taken:king=2026-03-20",
        "x=2026-03-20",
        "fee_paid=2026-03-01..2026-03-02",
        "extended=2026-04-01..2026-04-01",
        "extended=2026-04-01..",
        "🐈=2026-03-20",
    ] {
        assert!(event(text).is_err(), "{text}");
    }
    assert!(event(" extended = 2026-04-01 .. 2026-05-01".replace(" .. ", "..").as_str()).is_ok());
}

#[test]
fn what_cannot_be_is_said_with_its_place() {
    let (regime, calendar) = law("fr-crpa");
    let today = day("2026-11-22");
    let wrong = |told: &Told| told.course(regime, calendar, today).unwrap_err();
    let plain = |received: &str, since: &[&str]| Told { planned: false, ..told(received, since) };
    assert_eq!(wrong(&plain("2026-02-30", &[])).part, Part::Received);
    assert!(matches!(wrong(&plain("2026-11-23", &[])).problem, Problem::Future { .. }));
    assert_eq!(wrong(&plain("2014-12-31", &[])).part, Part::Received);
    assert_eq!(wrong(&told("2041-01-01", &[])).part, Part::Received);
    let before = wrong(&plain("2026-03-06", &["fee_asked=2026-03-10", "fee_paid=2026-03-05"]));
    assert_eq!(before.part, Part::Since(1));
    assert!(matches!(before.problem, Problem::BeforeReceipt { .. }));
    let future = wrong(&plain("2026-11-06", &["fee_asked=2026-12-10"]));
    assert!(future.part == Part::Since(0) && matches!(future.problem, Problem::Future { .. }));
    assert!(matches!(
        wrong(&plain("2026-03-06", &["decided:complaint=2026-06-01"])).problem,
        Problem::NotTaken { .. }
    ));
    assert!(matches!(
        wrong(&plain("2026-03-06", &["taken:notice=2026-06-01"])).problem,
        Problem::NoSuchStep { .. }
    ));
    let registered = Told { registered: "2026-03-05".to_owned(), ..plain("2026-03-06", &[]) };
    assert_eq!(wrong(&registered).part, Part::Registered);
    let many = vec!["fee_asked=2026-03-10"; 40];
    assert!(matches!(wrong(&plain("2026-03-06", &many)).problem, Problem::TooMany));
}

#[test]
fn the_command_counts_events_and_tells_the_own_dates() {
    let (code, out, err) =
        run(&["--regime", "fr-crpa", "--received", "2026-07-06", "--since", "taken:complaint=2026-08-20"]);
    assert_eq!((code, err.as_str()), (0, ""));
    for told in [
        "Your own dates",
        "used on 20 August 2026",
        "opens      Friday 7 August 2026  2026-08-07  (earlier is inadmissible)",
        "last       Tuesday 6 October 2026",
        "https://www.cada.fr/",
    ] {
        assert!(out.contains(told), "{told}\nis not in\n{out}");
    }
    let (code, out, _) = run(&["--regime", "fr-crpa", "--received", "2026-07-06", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 0);
    assert_eq!(json["due_on"], "2026-08-06");
    assert_eq!(json["course"]["answer"]["due_on"], "2026-08-06");
    assert_eq!(json["course"]["rights"][0]["step"], "complaint");
    assert_eq!(json["dates"][0]["what"], "due");
    let (code, out, _) = run(&["--regime", "fr-crpa", "--received", "2026-07-06", "--letter"]);
    assert!(code == 0 && out.starts_with("[fr]\n\nMa demande") && out.contains("\n[en]\n"), "{out}");
    let (code, out, _) = run(&["--regime", "pl-udip", "--received", "2026-07-06", "--letter"]);
    assert!(code == 0 && out.contains("we do not write the language of this law yet (pl"), "{out}");
    let (code, out, err) =
        run(&["--regime", "fr-crpa", "--received", "2026-07-06", "--since", "taken:moon=2026-08-20"]);
    assert!(code == 65 && out.is_empty() && err.contains("expected what happened and its day"), "{err}");
}

#[test]
fn the_future_is_refused_unless_it_is_planned() {
    let (code, out, err) = run(&["--regime", "at-ifg", "--received", "2026-12-06"]);
    assert!(code == 65 && out.is_empty() && err.contains("--planned"), "{err}");
    let (code, out, _) = run(&["--regime", "at-ifg", "--received", "2026-12-06", "--planned"]);
    assert!(code == 0 && out.contains("Due  "), "{out}");
    // Noon in London is past midnight nowhere in Europe; the day is that of the law, not of the server.
    let (code, _, _) = run(&["--regime", "at-ifg", "--received", "2026-11-22"]);
    assert_eq!(code, 0);
    let (_dir, path) = csv(b"regime,received\nat-ifg,2026-12-06\nat-ifg,2026-03-06\n");
    let (code, out, err) = run(&["--csv", path.to_str().unwrap()]);
    assert!(code == 0 && out.lines().count() == 3, "{out}");
    assert!(err.contains("counted as if the day had come: row 2\n"), "{err}");
}

#[test]
fn a_table_with_events_tells_the_next_right() {
    let (_dir, path) = csv(b"regime,received,since\nfr-crpa,2026-10-06,\n\
        gb-foia,2026-03-02,clarification_asked=2026-03-10; clarification_given=2026-03-16\nfr-crpa,2026-10-06,nonsense\n\
        gb-foia,2026-11-02,fee_asked=2026-11-10\n");
    let (code, out, err) = run(&["--csv", path.to_str().unwrap()]);
    assert_eq!(code, 65);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], "regime,received,due,extended_due,next_right,next_right_opens,next_right_last");
    assert_eq!(lines[1], "fr-crpa,2026-10-06,2026-11-06,,complaint,2026-11-07,2027-01-06");
    assert!(lines[2].starts_with("gb-foia,2026-03-02,2026-04-16,"), "{out}");
    assert!(lines[3].starts_with("gb-foia,2026-11-02,,"), "a clock that stands still has no due day: {out}");
    assert!(err.contains("row 4: expected what happened") && err.lines().count() == 1, "{err}");
}

/// A calendar file, unfolded: its lines as name and value; every rule of form is checked on the way.
pub fn unfolded(text: &str) -> Vec<(String, String)> {
    assert!(text.ends_with("\r\n") && !text.replace("\r\n", "").contains(['\r', '\n']), "line ends");
    assert!(text.split("\r\n").all(|line| line.len() <= 75), "a line is longer than 75 octets");
    let mut open: Vec<String> = Vec::new();
    let mut lines = Vec::new();
    for line in text.replace("\r\n ", "").split_terminator("\r\n") {
        let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("`{line}` has no value"));
        match name {
            "BEGIN" => open.push(value.to_owned()),
            "END" => assert_eq!(open.pop().as_deref(), Some(value)),
            _ => assert!(!open.is_empty(), "`{line}` stands outside"),
        }
        lines.push((name.to_owned(), value.to_owned()));
    }
    assert!(open.is_empty(), "{open:?} is never closed");
    lines
}

#[test]
fn the_calendar_file_is_one_and_the_same_question_has_the_same_ids() {
    let ask = |received: &str| run(&["--regime", "fr-crpa", "--received", received, "--ics"]);
    let (code, text, _) = ask("2026-10-06");
    assert_eq!(code, 0);
    assert_eq!(text, ask("2026-10-06").1);
    let lines = unfolded(&text);
    let all = |name: &str| {
        lines.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect::<Vec<_>>()
    };
    let events = all("BEGIN").iter().filter(|what| *what == "VEVENT").count();
    assert!(events >= 4, "{text}");
    let ids: BTreeSet<String> = all("UID").into_iter().collect();
    assert_eq!(ids.len(), events);
    let (starts, ends) = (all("DTSTART;VALUE=DATE"), all("DTEND;VALUE=DATE"));
    assert!(starts.len() == events && starts.iter().zip(&ends).all(|(start, end)| start < end));
    assert!(starts.contains(&"20261106".to_owned()), "{starts:?}");
    assert!(all("DESCRIPTION").iter().filter(|text| text.contains("Not legal advice")).count() == events);
    assert!(all("DTSTAMP").iter().all(|stamp| stamp == "20261122T000000Z"));
    assert_eq!(
        all("TRIGGER"),
        vec!["-P6DT15H"; all("BEGIN").iter().filter(|what| *what == "VALARM").count()]
    );
    assert!(!all("TRIGGER").is_empty());
    let other: BTreeSet<String> = unfolded(&ask("2026-10-07").1)
        .into_iter()
        .filter(|(key, _)| key == "UID")
        .map(|(_, id)| id)
        .collect();
    assert!(ids.is_disjoint(&other));
}
