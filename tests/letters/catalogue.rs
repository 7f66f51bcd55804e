//! The catalogue is read as it stands, and a mistake in it is named by file and key.

use askance::data::catalogue;
use askance::domain::questions::Language;

const ENGLISH: &str = include_str!("../../src/data/questions.toml");
const GERMAN: &str = include_str!("../../src/data/questions/de.toml");

/// What the reader says of the catalogue once `from` has become `to`.
fn complaint(from: &str, to: &str) -> String {
    let (english, german) = (ENGLISH.replacen(from, to, 1), GERMAN.replacen(from, to, 1));
    assert!(english != ENGLISH || german != GERMAN, "`{from}` is in neither file");
    catalogue::parse(&english, &[(Language::German, &german)]).unwrap_err().to_string()
}

#[test]
fn a_wrong_catalogue_is_named_by_file_and_key() {
    for (from, to, said) in [
        (
            "questions = [\n  \"use_any\",",
            "questions = [\n  \"use_nay\",",
            "municipal_cctv_analytics.questions: expected the key of a question, found `use_nay`",
        ),
        (
            "answer_type = \"yes_no_date\"",
            "answer_type = \"maybe\"",
            "dpia_done.answer_type: expected an answer type (yes_no_unknown, ",
        ),
        (
            "applies_to = [\"police\", ",
            "applies_to = [\"polite\", ",
            "use_any.applies_to: expected a kind of authority (police, ",
        ),
        (
            "likely_ground = \"legal_privilege\"",
            "likely_ground = \"privilege\"",
            "legal_opinion.likely_ground: expected a refusal ground (national_security, ",
        ),
        (
            "text = \"Which companies supply",
            "text = \"\" # ",
            "vendor_name.text: expected a wording, found an empty text",
        ),
        (
            "budget lines and project plans on such systems since {from}",
            "{since}",
            "plans.document_wording: expected one of {from}, {to}, {units}, {vendors}, found `{since}`",
        ),
        ("zu solchen Systemen seit dem {from}", "zu solchen Systemen", "questions/de.toml:"),
        (
            "[trial_evaluation]\n",
            "[trial_evaluations]\n",
            "trial_evaluations: expected the key of a question",
        ),
        (
            "key = \"silence\"",
            "key = \"none_given\"",
            "none_given: expected one `[[refusal_ground]]` of this key",
        ),
        ("key = \"use_modes\"", "key = \"use_any\"", "use_any: expected one `[[question]]` of this key"),
        (
            "applies_from = \"2027-12-02\"",
            "applies_from = \"2027-13-02\"",
            "expected a date as `2027-12-02`, found `2027-13-02`",
        ),
        ("period_years = 3", "period_years = 0", "live_fr.period_years: expected at least 1, found `0`"),
        ("topic = \"school_specific\"", "topics = \"school_specific\"", "unknown field `topics`"),
    ] {
        let found = complaint(from, to);
        assert!(found.contains(said), "expected `{said}`, found `{found}`");
        let line = found.split(':').nth(1).and_then(|line| line.parse::<usize>().ok());
        assert!(line.is_some_and(|line| line > 1), "no line in `{found}`");
        assert!(found.starts_with("questions.toml") || found.starts_with("questions/de.toml"), "{found}");
    }
}

#[test]
fn a_bundle_without_questions_is_an_error() {
    let start = ENGLISH.find("key = \"eu_research_project\"").unwrap();
    let (before, bundle) = ENGLISH.split_at(start);
    let from = bundle.find("questions = [").unwrap();
    let to = from + bundle[from..].find(']').unwrap();
    let emptied = format!("{before}{}questions = [{}", &bundle[..from], &bundle[to..]);
    let found = catalogue::parse(&emptied, &[(Language::German, GERMAN)]).unwrap_err();
    assert_eq!(found.key, "eu_research_project.questions");
    assert!(found.line.is_some() && found.file == "questions.toml");
}

#[test]
fn every_core_question_is_asked_by_a_bundle_and_none_asks_for_nothing() {
    let catalogue = catalogue::load().unwrap();
    assert_eq!((catalogue.questions.len(), catalogue.bundles.len()), (109, 9));
    let core: Vec<_> = catalogue.questions.iter().filter(|question| question.core).collect();
    assert_eq!(core.len(), 33);
    for question in core {
        assert!(
            catalogue
                .bundles
                .iter()
                .any(|bundle| bundle.questions.contains(&question.key)
                    || bundle.optional.contains(&question.key)),
            "{} is in no bundle",
            question.key
        );
        // "Totals." names no document: a right to documents needs a document named.
        let words = question.english.document_wording.split(' ').count();
        assert!(words >= 6, "{}: {}", question.key, question.english.document_wording);
    }
}

#[test]
fn greek_is_monotonic_and_in_its_own_script() {
    let catalogue = catalogue::load().unwrap();
    for question in &catalogue.questions {
        let Some(greek) = question.phrasing(Language::Greek) else { continue };
        for text in [&greek.text, &greek.document_wording] {
            // Polytonic letters live in U+1F00–U+1FFF; a Latin letter inside a Greek word is a typing slip.
            assert!(!text.chars().any(|sign| ('\u{1F00}'..='\u{1FFF}').contains(&sign)), "{}", question.key);
            for word in text.split(|sign: char| !sign.is_alphabetic()) {
                let latin = word.chars().filter(char::is_ascii_alphabetic).count();
                assert!(latin == 0 || latin == word.chars().count(), "{}: {word}", question.key);
            }
        }
    }
}
