//! What a citation is taken for: tests/law/citations.txt, every law's own grounds, and hostile text.

use std::collections::BTreeSet;
use std::fs;
use std::io::Cursor;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use askance::command::cite::{self, CiteArgs};
use askance::data::statutes;
use askance::domain::law::citation::{Cited, Index, Level, Verdict};
use askance::domain::law::regime::Regime;

use crate::law::{LAWS, law};

static INDEX: LazyLock<Index> = LazyLock::new(|| statutes::index(&LAWS).unwrap());

fn cited(id: &str, text: &str) -> Vec<Cited> {
    INDEX.cited(text, law(id).0)
}

/// The verdict in the words of the table.
fn told(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Ground(ground) => format!("ground {}", ground.kind),
        Verdict::OtherLaw { regime: Some(id), .. } => format!("other {id}"),
        Verdict::OtherLaw { regime: None, name } => format!("other {name}"),
        verdict => verdict.as_str().to_owned(),
    }
}

#[test]
fn each_citation_of_the_table_is_taken_for_what_it_is() {
    let table = fs::read_to_string("tests/law/citations.txt").unwrap();
    let mut wrong = Vec::new();
    let (mut rows, mut laws) = (0, BTreeSet::new());
    for line in table.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        let fields: Vec<&str> = line.split('|').map(str::trim).collect();
        let [id, cite, expected] = fields[..] else { panic!("three fields in `{line}`") };
        rows += 1;
        laws.insert(id.to_owned());
        let found = told(&INDEX.ground(cite, law(id).0));
        if found != expected {
            wrong.push(format!("{id}: `{cite}`: expected {expected}, found {found}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert!(rows >= 120 && laws.len() >= 25, "{rows} rows of {} laws", laws.len());
}

#[test]
fn every_ground_of_every_law_is_found_by_its_own_citation() {
    let mut grounds = 0;
    for regime in LAWS.regimes() {
        for ground in &regime.exemptions {
            grounds += 1;
            let verdict = INDEX.ground(&ground.cite, regime);
            let itself = verdict.reasons().iter().any(|r| r.kind == ground.kind && r.cite == ground.cite);
            assert!(itself, "{}: `{}` is taken for {verdict:?}", regime.id, ground.cite);
        }
    }
    assert!(grounds > 300, "{grounds} grounds");
}

#[test]
fn places_in_a_letter_are_told_with_their_law_and_their_words() {
    let text =
        "Ihr Antrag wird nach § 3 Nr. 2 und § 4 IFG\nabgelehnt; § 29 VwVfG gilt nicht. Seite 3, 12.5.2026.";
    let found = cited("de-ifg", text);
    let words: Vec<&str> = found.iter().map(|c| c.words.as_str()).collect();
    assert_eq!(words, ["§ 3 Nr. 2", "§ 4 IFG", "§ 29 VwVfG"]);
    for c in &found {
        assert_eq!(text[c.start..c.end].split_whitespace().collect::<Vec<_>>().join(" "), c.words);
    }
    assert_eq!(
        found[0].provision.statute.as_deref(),
        Some("IFG"),
        "the law behind the list is that of all in it"
    );
    let parts: Vec<_> = found[0].provision.parts.iter().map(|p| (p.level, p.from.as_str())).collect();
    assert_eq!(parts, [(Some(Level::Article), "3"), (Some(Level::Number), "2")]);
    assert_eq!(told(&found[1].verdict), "ground decision_making");
    assert_eq!(told(&found[2].verdict), "other VwVfG");
    let english =
        cited("gb-foia", "We rely on sections 31(1)(a) and 24 of the FOIA, and on section 45 of the DPA.");
    let told: Vec<String> = english.iter().map(|c| told(&c.verdict)).collect();
    assert_eq!(told, ["ground law_enforcement", "ground national_security", "other DPA 2018"]);
    let french =
        cited("fr-crpa", "au titre du d) et g) du 2° de l’article L. 311-5 du CRPA et de l’article L. 311-6");
    assert!(french.iter().any(|c| c.verdict.kind().is_some()), "{french:?}");
    assert!(cited("gb-foia", "The authority's 31 cameras cost 40 pounds on 3 May 2026.").is_empty());
}

#[test]
fn one_citation_of_several_grounds_has_no_kind_of_its_own() {
    let both = INDEX.ground("s.24 and s.31 FOIA", law("gb-foia").0);
    assert_eq!((both.kind(), both.reasons().len()), (None, 2));
    let alike = INDEX.ground("18 kap. 1 § och 18 kap. 2 § OSL", law("se-tf").0);
    assert_eq!(alike.kind(), Some("law_enforcement"));
    assert_eq!(INDEX.ground("none given", law("de-ifg").0), Verdict::Unclear);
    assert_eq!(INDEX.ground("", law("de-ifg").0), Verdict::Unclear);
}

#[test]
fn a_law_that_is_kept_in_an_older_version_is_read_by_what_is_known_today() {
    let mut old: Regime = law("de-ifg").0.clone();
    old.abbreviations.clear();
    assert_eq!(INDEX.ground("§ 3 Nr. 2 IFG", &old).kind(), Some("public_safety"));
    old.id = "de-gone".parse().unwrap();
    assert_eq!(INDEX.ground("§ 3 Nr. 2", &old).kind(), Some("public_safety"), "its own grounds still speak");
}

#[test]
fn hostile_text_is_read_in_linear_time() {
    let text = "Nach § 3 Nr. 2 IFG und d) du 2° de l’article L. 311-5 (vgl. s.31(1)(a) of the Act) ((("
        .repeat(13_000);
    assert!(text.len() > 1_000_000);
    let start = Instant::now();
    assert_eq!(cited("de-ifg", &text).len(), 39_000);
    // Ten times what a slow machine needs; a step that looks back over the text would take hours.
    assert!(start.elapsed() < Duration::from_secs(60), "1 MB in {:?}", start.elapsed());
    let long = 1 << 16;
    for piece in [
        "§ 3 ",
        "(",
        "((1)(a",
        "1 ",
        "1. točka ",
        "d) du 2° de ",
        "sections 1, ",
        "s.31(1)(a) of the ",
        "art. 5 bis c. 2 lett. a) ",
        "Freedom of Information ",
        "2 kap. 1 ",
        "\u{202e}§\u{200f}1",
        "а",
        "IIIIIIII",
        "§ 1 i. V. m. ",
        "9",
        "–(a)–(b)",
        "\u{0}",
        "e\u{301}",
    ] {
        let text: String =
            piece.chars().cycle().take(long / piece.len().max(1) * piece.chars().count()).collect();
        let start = Instant::now();
        let found = cited("de-ifg", &text);
        assert!(found.len() <= text.len() / 2, "{piece}");
        assert!(start.elapsed() < Duration::from_secs(10), "`{piece}`: {:?}", start.elapsed());
    }
}

#[test]
fn statutes_file_is_checked() {
    let twice = "[[statute]]\nname = \"X\"\nenglish = \"Y\"\n[[statute]]\nname = \"X\"\nenglish = \"Z\"\n";
    assert!(statutes::read(twice).unwrap_err().to_string().contains("found `X` again"));
    assert!(statutes::read("[[statute]]\nname = \"\"\nenglish = \"Y\"\n").is_err());
    assert!(statutes::read("[[statute]]\nnam = \"X\"\n").is_err());
}

fn run(regime: &str, text: &str, json: bool, input: &[u8]) -> (u8, String, String) {
    let args = CiteArgs { regime: regime.to_owned(), text: text.to_owned(), json };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = cite::run(&args, &mut Cursor::new(input), &mut out, &mut err);
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

#[test]
fn the_command_says_what_a_text_cites() {
    let (code, out, err) = run("gb-foia", "refused under s.31(1)(a); see § 29 VwVfG", false, b"");
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("ground: law_enforcement (law enforcement, s.31)"), "{out}");
    assert!(out.contains("other law: VwVfG, not FOIA"), "{out}");
    let (code, out, _) = run("de-ifg", "-", true, "§ 99 IFG \u{fffd}".as_bytes());
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code, &json[0]["verdict"], &json[0]["foreign"]),
        (0, &"not_in_that_law".into(), &true.into())
    );
    assert_eq!(json[0]["provision"]["parts"][0]["from"], "99");
    let (code, out, _) = run("de-ifg", "-", false, b"\xff\xfe nothing");
    assert_eq!((code, out.as_str()), (0, "No provision is cited.\n"));
    let (code, _, err) = run("uk-foia", "s.31", false, b"");
    assert_eq!(code, 65);
    assert!(err.contains("found `uk-foia`: did you mean") && err.contains("`gb-foia`"), "{err}");
}
