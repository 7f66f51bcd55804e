//! What Askance asks, and how its letters read.

use std::path::Path;

use askance::data::catalogue::load;
use askance::domain::authority::AuthorityKind;
use askance::domain::letter::{
    Asking, Error, LetterFacts, LetterKind, Overdue, Period, Signature, letter_language, period_of,
    questions_for, written_date,
};
use askance::domain::questions::{Catalogue, Language, Wording};
use askance::mail::letters::render;
use chrono::NaiveDate;

mod catalogue;
mod laws;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn today() -> NaiveDate {
    day("2026-11-22")
}

/// A law as its file says it, read without the types that the service reads it into.
fn regime(id: &str) -> toml::Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/data/regimes/{id}.toml"));
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}

/// A law of that language, one that gives what is asked for wherever there is one.
fn law_of(language: Language, wording: Wording) -> (&'static str, &'static str) {
    match (language, wording) {
        (Language::English, Wording::Answers) => ("gb-foia", "Northmoor Police"),
        (Language::English, Wording::Documents) => ("ie-foi", "Ballynorth County Council"),
        (Language::German, Wording::Answers) => ("at-ifg", "Landespolizeidirektion Ostheim"),
        (Language::German, Wording::Documents) => ("de-ifg", "Bundespolizeipräsidium Ostheim"),
        (Language::French, _) => ("fr-crpa", "Commune de Valbrune"),
        (Language::Italian, _) => ("it-foia", "Comune di Roccaferma"),
        (Language::Greek, Wording::Answers) => ("cy-184", "Αστυνομία Νέας Πέτρας"),
        (Language::Greek, Wording::Documents) => ("gr-kdd5", "Αστυνομική Διεύθυνση Νέας Πέτρας"),
    }
}

fn facts(catalogue: &Catalogue, bundle: &str, language: Language, wording: Wording) -> LetterFacts {
    let (law, authority) = law_of(language, wording);
    let clauses = &regime(law)["letter"][language.as_str()];
    let clause = |key: &str| clauses.get(key).map(|text| text.as_str().unwrap().to_owned());
    let bundle = catalogue.bundle(bundle).unwrap();
    let period = period_of(bundle, today());
    let asking = Asking { bundle: &bundle.key, language, wording, period, kind: None };
    LetterFacts {
        language,
        wording,
        authority_name: authority.into(),
        salutation: None,
        law: clause("law").unwrap(),
        basis: clause("basis").unwrap(),
        deadline: clause("deadline"),
        topic: bundle.title_in(language).into(),
        questions: questions_for(catalogue, &asking).unwrap(),
        period,
        signed_as: Signature { person: "Maria Beispiel".into(), group: Some("Klarblick e. V.".into()) },
        reply_address: "r-2026-0417-k9m4x7q2v8t3w6z1@post.askance.example".into(),
        reference: "2026-0417".into(),
        written_on: today(),
    }
}

fn overdue() -> LetterKind {
    LetterKind::Reminder(Overdue { sent_on: day("2026-10-01"), due_on: Some(day("2026-11-02")) })
}

#[test]
fn subject_asks_for_what_the_law_gives() {
    let catalogue = load().unwrap();
    for kind in [LetterKind::Request, overdue()] {
        let subject = |language, wording| {
            render(kind, &facts(&catalogue, "ai_act_paper_trail", language, wording)).unwrap().subject
        };
        let documents = subject(Language::English, Wording::Documents);
        assert!(
            documents.ends_with("Application for access to documents: AI Act papers [2026-0417]"),
            "{documents}"
        );
        assert!(subject(Language::English, Wording::Answers).contains("Freedom of Information request: "));
        assert!(subject(Language::French, Wording::Documents).contains("accès à des documents : "));
        assert!(subject(Language::Greek, Wording::Documents).contains("πρόσβασης σε έγγραφα: "));
    }
}

#[test]
fn every_bundle_makes_a_letter_in_every_language_and_wording() {
    let catalogue = load().unwrap();
    let mut letters = 0;
    for bundle in &catalogue.bundles {
        for language in Language::ALL {
            for wording in Wording::ALL {
                for kind in [LetterKind::Request, overdue()] {
                    let facts = facts(&catalogue, &bundle.key, *language, *wording);
                    let letter = render(kind, &facts).unwrap();
                    let about = format!("{} {language} {wording} {kind:?}", bundle.key);
                    assert!(letter.subject.ends_with("[2026-0417]"), "{about}: {}", letter.subject);
                    assert!(
                        letter.subject.contains(bundle.title_in(*language)),
                        "{about}: {}",
                        letter.subject
                    );
                    assert!(letter.body.contains(&facts.reply_address), "{about}: no reply address");
                    assert_eq!(numbers(&letter.body), facts.questions.len(), "{about}:\n{}", letter.body);
                    well_formed(&letter.body, &about);
                    letters += 1;
                }
            }
        }
    }
    assert_eq!(letters, 9 * 5 * 2 * 2);
}

fn numbers(body: &str) -> usize {
    (1..100).take_while(|n| body.lines().any(|line| line.starts_with(&format!("{n}. ")))).count()
}

fn well_formed(body: &str, about: &str) {
    assert!(body.ends_with('\n') && !body.ends_with("\n\n"), "{about}: one line end at the end");
    assert!(!body.contains("\n\n\n"), "{about}: more than one empty line");
    assert!(!body.contains(['{', '}', '\r', '\t']), "{about}: leftovers in\n{body}");
    for line in body.lines() {
        assert!(line.len() <= 998, "{about}: more octets than a mail line holds");
        assert_eq!(line, line.trim_end(), "{about}: trailing blanks");
        assert!(line.chars().count() <= 72, "{about}: too wide: {line}");
    }
}

#[test]
fn a_letter_says_what_the_law_needs() {
    let catalogue = load().unwrap();
    let letter =
        render(LetterKind::Request, &facts(&catalogue, "live_fr", Language::German, Wording::Documents))
            .unwrap();
    let text = letter.body.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "nach § 1 Abs. 1 des Informationsfreiheitsgesetzes des Bundes (IFG)", // legal basis
        "vom 1. Januar 2023 bis zum 22. November 2026",                       // period
        "in elektronischer Form",                                             // format
        "bevor Kosten entstehen",                                             // fee
        "Zugang zu den übrigen Teilen",                                       // partial access
        "den Antrag dorthin weiterzuleiten",                                  // forwarding
        "soll innerhalb eines Monats erfolgen",                               // deadline
        "nennen Sie mir Ihr Aktenzeichen",                                    // acknowledgement
        "Maria Beispiel Klarblick e. V.",                                     // signature
    ] {
        assert!(text.contains(said), "`{said}` is not in\n{}", letter.body);
    }
}

#[test]
fn letters_read_as_the_golden_files() {
    let catalogue = load().unwrap();
    let cases = [
        ("de-live_fr", "live_fr", Language::German, Wording::Documents, LetterKind::Request),
        (
            "fr-contract_and_dpia",
            "contract_and_dpia",
            Language::French,
            Wording::Documents,
            LetterKind::Request,
        ),
        (
            "en-police_retrospective_fr",
            "police_retrospective_fr",
            Language::English,
            Wording::Answers,
            LetterKind::Request,
        ),
        (
            "it-municipal_cctv_analytics",
            "municipal_cctv_analytics",
            Language::Italian,
            Wording::Documents,
            LetterKind::Request,
        ),
        (
            "el-internet_face_search",
            "internet_face_search",
            Language::Greek,
            Wording::Documents,
            LetterKind::Request,
        ),
        ("de-answers-ai_act", "ai_act_paper_trail", Language::German, Wording::Answers, LetterKind::Request),
        ("en-reminder", "internet_face_search", Language::English, Wording::Answers, overdue()),
        ("fr-reminder", "eu_research_project", Language::French, Wording::Documents, overdue()),
    ];
    let mut wrong = Vec::new();
    for (name, bundle, language, wording, kind) in cases {
        let (law, _) = law_of(language, wording);
        assert_eq!(regime(law)["gives"].as_str(), Some(wording.as_str()), "{name}: nobody would send this");
        let letter = render(kind, &facts(&catalogue, bundle, language, wording)).unwrap();
        let actual = format!("Subject: {}\n\n{}", letter.subject, letter.body);
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/letters/{name}.txt"));
        if std::fs::read_to_string(&golden).unwrap_or_default() != actual {
            let beside = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.txt"));
            std::fs::write(&beside, actual).unwrap();
            wrong.push(format!("{} differs from {}", beside.display(), golden.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_people_type_stays_text() {
    let catalogue = load().unwrap();
    let hostile = "{{7*7}} {% include 'en/reminder.txt' %} ${HOME} <%= 1 %> {# no #}";
    let mut facts = facts(&catalogue, "live_fr", Language::English, Wording::Answers);
    facts.signed_as = Signature { person: hostile.into(), group: Some(format!("A{hostile}")) };
    facts.authority_name = format!("B{hostile}");
    facts.salutation = Some(format!("C{hostile}"));
    let letter = render(LetterKind::Request, &facts).unwrap();
    assert_eq!(letter.body.matches("{{7*7}}").count(), 4, "{}", letter.body);
    assert!(!letter.body.contains("49"), "{}", letter.body);
    assert_eq!(letter.body.matches("{% include").count(), 4);
    assert!(!letter.body.contains("Reminder"));
}

#[test]
fn a_name_forges_neither_a_header_nor_a_paragraph() {
    let catalogue = load().unwrap();
    let mut facts = facts(&catalogue, "live_fr", Language::English, Wording::Answers);
    facts.reference = "2026-0417\r\nBcc: everyone@example.org".into();
    facts.signed_as.person = "Mallory\n\nWe withdraw this request.\u{202E}\u{2028}\u{0}".into();
    facts.signed_as.group = None;
    let letter = render(LetterKind::Request, &facts).unwrap();
    assert!(!letter.subject.contains(['\r', '\n']), "{:?}", letter.subject);
    assert!(letter.body.contains("\nMallory We withdraw this request.\n"), "{}", letter.body);
    assert!(!letter.body.contains(['\u{202E}', '\u{2028}', '\u{0}']));
}

#[test]
fn an_address_is_never_broken_and_no_line_is_too_long_for_mail() {
    let catalogue = load().unwrap();
    let mut facts = facts(&catalogue, "live_fr", Language::English, Wording::Answers);
    facts.reply_address = format!("{}@post.askance.example", "x".repeat(150));
    facts.authority_name = "Ω".repeat(3000);
    let letter = render(LetterKind::Request, &facts).unwrap();
    assert!(letter.body.lines().any(|line| line.contains(&facts.reply_address)), "{}", letter.body);
    assert_eq!(letter.body.matches('Ω').count(), 3000);
    assert!(letter.body.lines().all(|line| line.len() <= 998));
}

#[test]
fn a_reminder_names_the_day_and_the_rule() {
    let catalogue = load().unwrap();
    for (language, due) in [
        (Language::English, "2 November 2026"),
        (Language::German, "2. November 2026"),
        (Language::French, "2 novembre 2026"),
        (Language::Italian, "2 novembre 2026"),
        (Language::Greek, "2 Νοεμβρίου 2026"),
    ] {
        let facts = facts(&catalogue, "live_fr", language, Wording::Answers);
        let body = render(overdue(), &facts).unwrap().body;
        let text = body.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(due), "{body}");
        assert!(text.contains(facts.deadline.as_ref().unwrap()), "{body}");
    }
}

#[test]
fn a_reminder_under_a_law_without_a_figure_names_no_day() {
    let catalogue = load().unwrap();
    let mut facts = facts(&catalogue, "live_fr", Language::English, Wording::Documents);
    let promptly = &regime("no-offl")["letter"]["en"];
    facts.deadline = promptly.get("deadline").map(|text| text.as_str().unwrap().to_owned());
    let kind = LetterKind::Reminder(Overdue { sent_on: day("2026-10-01"), due_on: None });
    let body = render(kind, &facts).unwrap().body;
    assert!(body.contains("without unfounded delay"), "{body}");
    assert!(!body.contains("By our count"), "{body}");
}

#[test]
fn a_body_is_not_asked_what_does_not_concern_it() {
    let catalogue = load().unwrap();
    let keys = |kind| {
        let asking = Asking {
            bundle: "live_fr",
            language: Language::French,
            wording: Wording::Answers,
            period: Period::since_year(2023, today()),
            kind: Some(kind),
        };
        let asked = questions_for(&catalogue, &asking)?;
        Ok::<_, Error>(asked.into_iter().map(|question| question.key).collect::<Vec<_>>())
    };
    assert!(keys(AuthorityKind::Police).unwrap().contains(&"rt_rbi_authorisations".to_owned()));
    assert!(!keys(AuthorityKind::Municipality).unwrap().contains(&"rt_rbi_authorisations".to_owned()));
    assert_eq!(keys(AuthorityKind::Regulator).unwrap(), ["rt_rbi_authorisations"]);
    let of_a_regulator = Asking {
        bundle: "internet_face_search",
        language: Language::Greek,
        wording: Wording::Documents,
        period: Period::since_year(2023, today()),
        kind: Some(AuthorityKind::Regulator),
    };
    assert!(matches!(questions_for(&catalogue, &of_a_regulator), Err(Error::NothingToAsk { .. })));
}

#[test]
fn the_period_begins_with_a_year_and_is_written_in_the_language() {
    assert_eq!(Period::reaching_back(3, today()).from(), day("2023-01-01"));
    assert_eq!(Period::since_year(2030, today()).from(), day("2026-01-01"));
    for (language, first, other) in [
        (Language::English, "1 January 2023", "8 August 2026"),
        (Language::German, "1. Januar 2023", "8. August 2026"),
        (Language::French, "1er janvier 2023", "8 août 2026"),
        (Language::Italian, "1º gennaio 2023", "8 agosto 2026"),
        (Language::Greek, "1η Ιανουαρίου 2023", "8 Αυγούστου 2026"),
    ] {
        assert_eq!(written_date(day("2023-01-01"), language), first);
        assert_eq!(written_date(day("2026-08-08"), language), other);
    }
}

#[test]
fn the_language_is_the_authoritys_if_its_law_speaks_it() {
    let tags = |all: &[&str]| all.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
    assert_eq!(letter_language("de-AT", &tags(&["de-AT"])), Language::German);
    assert_eq!(letter_language("it", &tags(&["de-CH", "fr-CH", "it-CH", "rm"])), Language::Italian);
    assert_eq!(letter_language("nl-BE", &tags(&["nl-BE", "fr-BE", "de-BE"])), Language::French);
    assert_eq!(letter_language("de", &tags(&["it-IT"])), Language::Italian);
    assert_eq!(letter_language("bg", &tags(&["bg"])), Language::English);
    assert_eq!(letter_language("", &[]), Language::English);
}
