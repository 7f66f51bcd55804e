//! What a letter does, said in each language beside what it says as well: more time in an acknowledgement, points with
//! different fates, all of it given, and what only may be.

use super::KNOWLEDGE;
use askance::domain::incoming::reading::{Kind, Reading};
use askance::domain::incoming::understand;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What is written in one language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sayings {
    opening: String,
    received: String,
    extended: String,
    possible: String,
    given: String,
    refused: String,
    whole: String,
}

fn sayings() -> BTreeMap<String, Sayings> {
    toml::from_str(include_str!("steps.toml")).expect("sayings of each language")
}

/// Reads a letter of 2 March 2026.
fn read(opening: &str, body: &str) -> Reading {
    let head = "From: office@authority.example\r\nSubject: -\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\n\
                Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit";
    understand(format!("{head}\r\n\r\n{opening}\r\n\r\n{body}\r\n").as_bytes(), &KNOWLEDGE).reading
}

/// In each language a letter of these words must be of a kind; all that are not are told at once.
fn all_are(kind: Kind, body: impl Fn(&Sayings) -> String) -> Vec<Reading> {
    let sayings = sayings();
    assert_eq!(sayings.len(), 26, "25 languages, one of them in two scripts");
    let (mut wrong, mut readings) = (Vec::new(), Vec::new());
    for (language, says) in &sayings {
        let body = body(says);
        let reading = read(&says.opening, &body);
        if reading.kind != kind {
            wrong.push(format!("{language}: `{body}` is {} to {}", reading.kind, reading.confidence));
        }
        readings.push(reading);
    }
    assert!(wrong.is_empty(), "{} are no {kind}:\n{}", wrong.len(), wrong.join("\n"));
    readings
}

#[test]
fn a_letter_that_acknowledges_and_extends_is_an_extension() {
    for reading in all_are(Kind::Extension, |s| format!("{} {}", s.received, s.extended)) {
        assert_eq!(reading.new_due_on.map(|d| d.to_string()).as_deref(), Some("2026-04-30"));
        assert!(reading.confidence < 1.0);
    }
}

#[test]
fn that_more_time_may_be_taken_takes_none() {
    for reading in all_are(Kind::Acknowledgement, |s| format!("{} {}", s.received, s.possible)) {
        assert_eq!(reading.new_due_on, None);
    }
}

#[test]
fn points_of_which_one_is_given_and_one_refused_are_partial_access() {
    all_are(Kind::Partial, |s| format!("1. {}\n2. {}", s.given, s.refused));
    all_are(Kind::Partial, |s| format!("- {}\n- {}", s.refused, s.given));
}

#[test]
fn what_is_given_in_full_is_given_in_full() {
    all_are(Kind::Full, |s| s.whole.clone());
}

#[test]
fn some_points_given_and_the_rest_refused_are_partial_access() {
    let letters = [
        (
            "Sehr geehrte Frau Lind,",
            "die Punkte 1 bis 4 werden erteilt, die Unterlagen liegen bei. Im Übrigen wird der Zugang nicht gewährt, weil er \
             Betriebsgeheimnisse offenbaren würde.",
        ),
        (
            "Dear Ms Lind,",
            "Points 1 to 4 are granted and the documents are enclosed. The rest is not granted, since disclosure would harm \
             commercial interests.",
        ),
        (
            "Madame,",
            "Les points 1 à 4 sont acceptés ; les documents sont joints. Pour le surplus, l'accès est refusé.",
        ),
    ];
    for (opening, body) in letters {
        let reading = read(opening, body);
        assert_eq!(reading.kind, Kind::Partial, "{body}");
        assert!(reading.evidence.len() > 1, "both passages are shown: {:?}", reading.evidence);
    }
}

#[test]
fn numbered_reasons_of_a_refusal_are_no_points_of_which_some_are_given() {
    let reading = read(
        "Sehr geehrte Frau Lind,",
        "1. Sie haben den Vertrag und den Prüfbericht verlangt.\n2. Beide enthalten Betriebsgeheimnisse des Herstellers.\n\
         3. Ihr Antrag wird daher abgelehnt.",
    );
    assert_eq!(reading.kind, Kind::Refusal);
}

#[test]
fn small_words_are_not_shown_as_those_that_weighed_most() {
    let reading = read("Dear Ms Lind,", "The report is withheld and the request is refused under the Act.");
    assert_eq!(reading.kind, Kind::Refusal);
    assert!(!reading.reasons.is_empty());
    for small in ["the", "The", "and", "is"] {
        assert!(!reading.reasons.iter().any(|word| word == small), "{:?}", reading.reasons);
    }
}

#[test]
fn points_decided_differently_are_told_with_their_passages_and_nothing_else() {
    let mail = "From: Amt <amt@stadt.example>\r\nTo: r-x@post.askance.example\r\nSubject: Bescheid\r\n\
                Date: Mon, 2 Mar 2026 10:00:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
                Sehr geehrte Frau Varga,\r\n\r\nüber Ihren Antrag entscheide ich wie folgt:\r\n\r\n\
                1. Den Einsatzplan für die Kameras am Hauptbahnhof und die Zahl der Treffer erhalten Sie als Anlage.\r\n\
                2. Das Lastenheft des Herstellers wird nicht herausgegeben (§ 6 Satz 2 IFG).\r\n\r\n\
                Die Unterlagen zu Nummer 1 können Sie bis zum 4. Dezember 2026 unter \
                https://share.stadt.example/d/8f3a herunterladen.\r\n\r\nIm Auftrag\r\nKeller\r\n";
    let reading = understand(mail.as_bytes(), &KNOWLEDGE).reading;
    assert_eq!(reading.kind, Kind::Partial);
    // The other kinds share what the reader is not sure of.
    let others: f64 = reading.others.iter().map(|(_, likely)| likely).sum();
    assert!(reading.confidence + others <= 1.02, "{} {:?}", reading.confidence, reading.others);
    // "Anlage.", and then the second point, is no provision; the last day of a link is no day of an answer.
    let cited: Vec<&str> = reading.grounds.iter().map(|ground| ground.cite.as_str()).collect();
    assert_eq!(cited, ["§ 6 Satz 2 IFG"]);
    assert_eq!(reading.new_due_on, None);
    let ends: Vec<_> = reading.links.iter().map(|link| link.expires_on.map(|day| day.to_string())).collect();
    assert_eq!(ends, [Some("2026-12-04".to_owned())]);
}
