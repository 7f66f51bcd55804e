//! `askance due` and `askance regimes` as a person or a script runs them.

use std::fs;
use std::path::PathBuf;

use askance::clock::Clock;
use askance::command::{due, law_of, regimes};
use clap::Parser;

#[derive(Parser)]
struct Due {
    #[command(flatten)]
    args: due::DueArgs,
}

pub fn run(words: &[&str]) -> (u8, String, String) {
    let args = Due::try_parse_from([&["due"], words].concat()).unwrap().args;
    let (mut out, mut err) = (Vec::new(), Vec::new());
    // Noon of 22 November 2026, whenever the tests run.
    let clock = Clock::fixed("2026-11-22T12:00:00Z".parse().unwrap());
    let code = due::run_at(&args, &clock, (&mut out, &mut err));
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

pub fn csv(text: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rows.csv");
    fs::write(&path, text).unwrap();
    (dir, path)
}

#[test]
fn the_examples_come_out_of_the_command_line() {
    let (code, out, err) = run(&["--csv", "tests/law/examples.csv"]);
    // Some examples lie ahead of the fixed clock: they are counted and said.
    assert!(code == 0 && err.lines().count() == 1 && err.contains("as if the day had come"), "{code} {err}");
    let mut expected = vec!["regime,received,due,extended_due".to_owned()];
    for row in csv::Reader::from_path("tests/law/examples.csv").unwrap().records() {
        let row = row.unwrap();
        expected.push([&row[0], &row[1], &row[3], &row[4]].join(","));
    }
    assert_eq!(out.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn columns_may_stand_anywhere_and_bad_rows_do_not_stop_the_rest() {
    let (_dir, path) = csv(b"\xef\xbb\xbfnote,Received, REGIME \nx,2026-03-06,at-ifg\ny,2026-02-30,at-ifg\n\
        z,2026-03-06,at-igf\nshort\n\xff,2026-03-06,cz-106\nw,2014-12-31,de-ifg\nv,2026-03-03,de-ifg\n");
    let (code, out, err) = run(&["--csv", path.to_str().unwrap()]);
    assert_eq!(code, 65);
    assert_eq!(
        out,
        "regime,received,due,extended_due\nat-ifg,2026-03-06,2026-04-07,2026-05-05\n\
         cz-106,2026-03-06,2026-03-23,2026-03-31\nde-ifg,2026-03-03,2026-04-07,\n"
    );
    for told in [
        "row 3: expected a day that exists, as `2026-03-06`, for `received`, found `2026-02-30`",
        "row 4: expected a law, found `at-igf`: did you mean",
        "row 5: expected a law, found ``",
        "row 7: expected a day from 2015-01-01 to 2040-12-31",
    ] {
        assert!(err.contains(told), "{told}\nis not in\n{err}");
    }
    assert_eq!(err.lines().count(), 4, "{err}");
}

#[test]
fn a_file_without_the_columns_or_not_there_is_said_plainly() {
    let (_dir, path) = csv(b"law,received\nat-ifg,2026-03-06\n");
    let (code, out, err) = run(&["--csv", path.to_str().unwrap()]);
    assert_eq!((code, out.as_str()), (65, ""));
    assert!(err.contains("expected a column `regime` in the first row"), "{err}");
    let (code, _, err) = run(&["--csv", "no/such/file.csv"]);
    assert!(code == 65 && err.contains("could not open `no/such/file.csv`"), "{code} {err}");
}

#[test]
fn an_unknown_law_names_the_near_ones() {
    let (code, out, err) = run(&["--regime", "at-fig", "--received", "2026-03-06"]);
    assert_eq!((code, out.as_str()), (65, ""));
    assert!(err.contains("found `at-fig`: did you mean") && err.contains("`at-ifg`"), "{err}");
    let (code, _, err) = run(&["--regime", "GB-FOIA ", "--received", "2026-03-06"]);
    assert!(code == 65 && err.contains("`gb-foia`"), "{err}");
}

#[test]
fn the_text_tells_rule_days_and_result() {
    let (code, out, _) = run(&["--regime", "at-ifg", "--received", "2026-03-06"]);
    assert_eq!(code, 0);
    for told in [
        "Due        Tuesday 7 April 2026  2026-04-07\n",
        "the answer is due within 28 days  [§ 8(1) IFG]",
        "Friday 3 April 2026 moves the end: Good Friday  [§§ 32(2), 33(2) AVG]",
        "  Fri 2026-04-03   28  Good Friday\n",
        "Not legal advice",
    ] {
        assert!(out.contains(told), "{told}\nis not in\n{out}");
    }
    let (_, out, _) = run(&["--regime", "no-offl", "--received", "2026-11-20"]);
    assert!(out.contains("no date in this law") && out.contains("no legal deadline"), "{out}");
}

#[test]
fn json_has_the_whole_derivation() {
    let (code, out, _) = run(&["--regime", "gb-foia", "--received", "2026-11-16", "--json"]);
    assert_eq!(code, 0);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["due_on"], "2026-12-15");
    assert_eq!(json["extended_due_on"], "2027-01-18");
    assert_eq!(json["estimate"], true);
    assert_eq!(json["days"][14]["why_not"], "Saint Andrew's Day (SCT)");
    assert_eq!(json["days"].as_array().unwrap().len(), 30);
}

#[test]
fn all_laws_are_listed() {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    assert_eq!(regimes::run(&regimes::RegimesArgs { json: false }, &mut out, &mut err), 0);
    let out = String::from_utf8(out).unwrap();
    assert_eq!(out.lines().filter(|l| l.contains('-')).count(), 53, "{out}");
    assert!(out.contains("gb-foia              20 working days"), "{out}");
    let mut out = Vec::new();
    assert_eq!(regimes::run(&regimes::RegimesArgs { json: true }, &mut out, &mut err), 0);
    let laws: Vec<serde_json::Value> = serde_json::from_slice(&out).unwrap();
    assert_eq!(laws.len(), 53);
    assert!(laws.iter().all(|l| l["limit_in_words"].is_string() && l["citation"].is_string()));
}

#[derive(Parser)]
struct LawOf {
    #[command(flatten)]
    args: law_of::LawOfArgs,
}

fn law_of(words: &[&str]) -> (u8, String, String) {
    let args = LawOf::try_parse_from([&["law-of"], words].concat()).unwrap().args;
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = law_of::run(&args, &mut out, &mut err);
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

#[test]
fn law_of_a_body_is_told_with_its_reasons() {
    let (code, out, err) = law_of(&["--country", "de", "--kind", "police", "--name", "Polizei Hessen"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        out.starts_with("no right to information: no letter can rest on one\n  Hesse leaves its police out"),
        "{out}"
    );
    assert!(out.contains("[§ 81 Abs. 2 Nr. 1 HDSIG]"), "{out}");
    let federal = ["--country", "DE", "--part", "DE-HE", "--kind", "police", "--name", "Bundespolizei Fulda"];
    let (code, out, _) = law_of(&federal);
    assert!(
        code == 0
            && out.starts_with("de-ifg  IFG (Bund)")
            && out.contains("whatever Land it stands in. [§ 1 Abs. 1 IFG]"),
        "{out}"
    );
    let (code, out, _) = law_of(&["--country", "DE", "--kind", "police", "--name", "Polizei Köln"]);
    assert!(
        code == 0
            && out.starts_with("cannot be told: Such bodies of Germany")
            && out.contains("--part DE-NW"),
        "{out}"
    );

    let zone = [
        "--country",
        "BE",
        "--part",
        "BE-WAL",
        "--kind",
        "police",
        "--name",
        "Zone de police Dyle",
        "--json",
    ];
    let (code, out, _) = law_of(&zone);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, told["answer"].as_str()), (0, Some("ask")));
    let laws: Vec<_> =
        told["candidates"].as_array().unwrap().iter().map(|one| one["law"].as_str().unwrap()).collect();
    assert_eq!(laws, ["be-wal", "be-fed"]);
}

#[test]
fn law_of_words_that_mean_nothing_is_an_error() {
    for (words, told) in [
        (
            ["--country", "XX", "--kind", "police"].as_slice(),
            "expected a country’s code of ISO 3166-1, or EU, found `XX`",
        ),
        (&["--country", "DE", "--kind", "castle"], "expected a kind of authority"),
        (
            &["--country", "DE", "--kind", "police", "--part", "FR-75"],
            "expected a part of `DE`, found `FR-75`",
        ),
        (&["--country", "DE", "--kind", "police", "--part", "DE-XX"], "expected one of DE, DE-BB"),
        (
            &["--country", "DE", "--kind", "police", "--part", "hesse"],
            "expected a part of a country as `DE-HE`",
        ),
    ] {
        let (code, out, err) = law_of(words);
        assert!(code == 65 && out.is_empty() && err.contains(told), "{err}");
    }
}
