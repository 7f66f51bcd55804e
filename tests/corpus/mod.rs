//! Mails of our own making, each with what it must be read as; a failing one says all that differs.

mod automatic;
mod beside_mailparse;
mod command;
mod delivery;
mod documents;
mod facts;
mod fees;
mod hidden_html;
mod hostile;
mod labelled;
mod languages;
mod matching;
mod mutations;
mod own_words;
mod pdf;
mod promised_days;
mod shapes;
mod steps;
mod two_letters;

use askance::command::read::as_json;
use askance::data::knowledge::knowledge;
use askance::domain::incoming::documents::Supplied;
use askance::domain::incoming::{Incoming, Knowledge, matching::clues, understand, understand_with_files};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

pub static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(|| knowledge().expect("what is shipped is right"));

const REPLY_DOMAIN: &str = "post.askance.example";

/// What a mail must be read as; what is not named is not compared.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Expected {
    subject: Option<String>,
    from_address: Option<String>,
    date: Option<String>,
    parts: Option<usize>,
    kind: Option<String>,
    automatic: Option<String>,
    language: Option<String>,
    reference: Option<String>,
    new_due_on: Option<String>,
    extension: Option<String>,
    fee: Option<String>,
    bounce: Option<String>,
    transferred_to: Option<String>,
    asks_has: Option<String>,
    evidence_where: Option<String>,
    attachments: Option<Vec<String>>,
    text_has: Vec<String>,
    text_lacks: Vec<String>,
    quoted_has: Vec<String>,
    evidence_has: Vec<String>,
    grounds_have: Vec<String>,
    notes_have: Vec<String>,
    reply_tokens: Vec<String>,
    references: Vec<String>,
    message_ids: Vec<String>,
}

fn mails(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).expect("corpus folder").map(|e| e.expect("entry").path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            mails(&entry, found);
        } else if entry.extension().is_some_and(|e| e == "eml") {
            found.push(entry);
        }
    }
}

fn corpus() -> Vec<PathBuf> {
    let mut found = Vec::new();
    mails(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus"), &mut found);
    found
}

#[test]
fn every_mail_of_the_corpus_is_read_as_written_beside_it() {
    let found = corpus();
    assert!(found.len() >= 30, "expected the corpus, found {} mails", found.len());
    let mut failures = Vec::new();
    for path in &found {
        let raw = fs::read(path).expect("mail");
        let written = fs::read_to_string(path.with_extension("toml")).expect("expectation beside the mail");
        let expected: Expected = toml::from_str(&written).expect("expectation");
        let incoming = understand(&raw, &KNOWLEDGE);
        let wrong = differences(&expected, &incoming);
        if !wrong.is_empty() {
            let json = as_json(&path.display().to_string(), &incoming).expect("json");
            failures.push(format!("{}\n  {}\n  {json}", path.display(), wrong.join("\n  ")));
        }
    }
    assert!(failures.is_empty(), "{} of {} mails\n{}", failures.len(), found.len(), failures.join("\n\n"));
}

#[test]
fn evidence_is_always_an_exact_passage() {
    for path in corpus() {
        let incoming = understand(&fs::read(&path).expect("mail"), &KNOWLEDGE);
        for evidence in &incoming.reading.evidence {
            let source = match evidence.place.split_once(':') {
                Some(("attachment", name)) => {
                    incoming.attachments.iter().find(|a| a.name == name).and_then(|a| a.text.as_deref())
                }
                _ if evidence.place == "subject" => Some(incoming.subject.as_str()),
                _ => Some(incoming.text.as_str()),
            };
            assert!(source.is_some_and(|s| s.contains(&evidence.text)), "{}: {evidence:?}", path.display());
        }
    }
}

#[test]
fn line_ends_change_nothing_that_is_understood() {
    for path in corpus().iter().filter(|p| !p.ends_with("lone-carriage-returns.eml")) {
        let raw = fs::read(path).expect("mail");
        let unix: Vec<u8> = raw.iter().copied().filter(|&b| b != b'\r').collect();
        let (a, b) = (understand(&raw, &KNOWLEDGE), understand(&unix, &KNOWLEDGE));
        assert_eq!(
            (a.text, a.reading.kind, a.content_key),
            (b.text, b.reading.kind, b.content_key),
            "{}",
            path.display()
        );
    }
}

#[test]
fn the_bytes_of_each_attachment_are_taken_out_in_the_order_of_the_list() {
    for path in corpus() {
        let raw = fs::read(&path).expect("mail");
        let (incoming, files) = understand_with_files(&raw, &KNOWLEDGE, &Supplied::new());
        let listed: Vec<(usize, &str)> =
            incoming.attachments.iter().map(|file| (file.size, file.sha256.as_str())).collect();
        let hashes: Vec<(usize, String)> =
            files.iter().map(|bytes| (bytes.len(), askance::store::blobs::sha256(bytes))).collect();
        let taken: Vec<(usize, &str)> = hashes.iter().map(|(size, hash)| (*size, hash.as_str())).collect();
        assert_eq!(taken, listed, "{}", path.display());
    }
}

#[test]
fn what_was_understood_survives_its_way_through_json() {
    for path in corpus() {
        let incoming = understand(&fs::read(&path).expect("mail"), &KNOWLEDGE);
        let json = serde_json::to_string(&incoming).expect("to JSON");
        assert_eq!(serde_json::from_str::<Incoming>(&json).expect("from JSON"), incoming);
    }
}

struct Differences(Vec<String>);

impl Differences {
    fn same(&mut self, what: &str, expected: Option<&String>, found: Option<String>) {
        if let Some(expected) = expected
            && found.as_ref() != Some(expected)
        {
            self.0.push(format!("{what}: expected `{expected}`, found `{}`", found.unwrap_or_default()));
        }
    }

    fn all_in(&mut self, what: &str, expected: &[String], found: &str) {
        for piece in expected.iter().filter(|p| !found.contains(p.as_str())) {
            self.0.push(format!("{what}: expected `{piece}` in `{found}`"));
        }
    }
}

fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).expect("json").as_str().unwrap_or_default().to_owned()
}

fn differences(expected: &Expected, found: &Incoming) -> Vec<String> {
    let mut d = Differences(Vec::new());
    let reading = &found.reading;
    d.same("subject", expected.subject.as_ref(), Some(found.subject.clone()));
    d.same("from", expected.from_address.as_ref(), found.from.as_ref().map(|f| f.address.clone()));
    d.same("date", expected.date.as_ref(), found.date.as_ref().map(word));
    d.same("parts", expected.parts.map(|p| p.to_string()).as_ref(), Some(found.parts.to_string()));
    d.same("kind", expected.kind.as_ref(), Some(reading.kind.to_string()));
    d.same("automatic", expected.automatic.as_ref(), Some(found.automatic.as_str().to_owned()));
    d.same("language", expected.language.as_ref(), found.language.clone());
    d.same("reference", expected.reference.as_ref(), reading.reference.clone());
    d.same("new_due_on", expected.new_due_on.as_ref(), reading.new_due_on.map(|d| d.to_string()));
    d.same(
        "extension",
        expected.extension.as_ref(),
        reading.extension.map(|e| format!("{} {}", e.amount, word(&e.unit))),
    );
    d.same(
        "fee",
        expected.fee.as_ref(),
        reading.fee.as_ref().map(|f| format!("{} {}", f.amount, f.currency)),
    );
    d.same("transferred_to", expected.transferred_to.as_ref(), reading.transferred_to.clone());
    d.same(
        "bounce",
        expected.bounce.as_ref(),
        found.bounce.as_ref().map(|b| {
            let lasting = if b.permanent { "permanent" } else { "temporary" };
            format!("{} {} {lasting}", b.recipients.join(","), b.status.clone().unwrap_or_default())
        }),
    );
    let names: Vec<String> = found.attachments.iter().map(|a| a.name.clone()).collect();
    d.same("attachments", expected.attachments.as_ref().map(|a| a.join("|")).as_ref(), Some(names.join("|")));
    let evidence: Vec<&str> = reading.evidence.iter().map(|e| e.text.as_str()).collect();
    let places: Vec<&str> = reading.evidence.iter().map(|e| e.place.as_str()).collect();
    d.all_in("evidence", &expected.evidence_has, &evidence.join("\n"));
    d.all_in("where", expected.evidence_where.as_slice(), &places.join("\n"));
    d.all_in("asks_for", expected.asks_has.as_slice(), &reading.asks_for.clone().unwrap_or_default());
    d.all_in("text", &expected.text_has, &found.text);
    d.all_in("quoted", &expected.quoted_has, &found.quoted.clone().unwrap_or_default());
    d.all_in("notes", &expected.notes_have, &found.notes.join("\n"));
    let grounds: Vec<&str> = reading.grounds.iter().map(|g| g.cite.as_str()).collect();
    d.all_in("grounds", &expected.grounds_have, &grounds.join("\n"));
    let clues = clues(found, "", REPLY_DOMAIN);
    d.all_in("reply tokens", &expected.reply_tokens, &clues.reply_tokens.join("\n"));
    d.all_in("references", &expected.references, &clues.references.join("\n"));
    d.all_in("message ids", &expected.message_ids, &clues.message_ids.join("\n"));
    for piece in expected.text_lacks.iter().filter(|p| found.text.contains(p.as_str())) {
        d.0.push(format!("text: `{piece}` is not the sender's own in `{}`", found.text));
    }
    d.0
}
