//! Replies with labels: the mails of `tests/replies/{east,west}`, and our own letters of `tests/replies/letters`, hard
//! on purpose, and `tests/replies/everyday`, as they come.

use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};

/// What a reply truly is; the fields of `tests/replies/README.md`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Label {
    pub file: String,
    pub language: String,
    pub kind: String,
    pub also: Vec<String>,
    pub automatic: bool,
    pub authority_reference: Option<String>,
    pub new_due_on: Option<String>,
    pub extension: Option<Period>,
    pub fee: Option<Fee>,
    pub grounds: Vec<String>,
    pub cited_other: Vec<String>,
    pub transferred_to: Option<String>,
    pub evidence: Vec<String>,
    pub own_text_starts: Option<String>,
    pub quoted_text_absent: Option<String>,
}

/// A period as stated.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Period {
    pub amount: u32,
    pub unit: String,
}

/// Money as stated.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Fee {
    pub amount: String,
    pub currency: String,
}

/// Whose making a letter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Making {
    /// Whole mails, labelled by someone else than those who tuned the reader.
    Given,
    /// Our own, hard on purpose.
    Hard,
    /// Our own, written without sight of the phrases and sentences, as hard as letters are.
    Everyday,
}

/// A reply and what it truly is.
#[derive(Debug, Clone)]
pub struct Labelled {
    pub label: Label,
    pub making: Making,
    /// The mail.
    pub raw: Vec<u8>,
}

/// A letter as it is written in `tests/replies/letters/<language>.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    kind: String,
    automatic: Option<bool>,
    #[serde(default)]
    also: Vec<String>,
    #[serde(default)]
    sent_on: Option<String>,
    #[serde(default)]
    subject: String,
    body: String,
    attachment: Option<WrittenFile>,
    #[serde(default, rename = "decisive")]
    _decisive: Option<String>,
    #[serde(default, rename = "regime")]
    _regime: Option<String>,
    language: Option<String>,
    reference: Option<String>,
    new_due_on: Option<String>,
    extension: Option<Period>,
    fee: Option<Fee>,
    #[serde(default)]
    grounds: Vec<String>,
    #[serde(default)]
    cited_other: Vec<String>,
    transferred_to: Option<String>,
    #[serde(default)]
    evidence: Vec<String>,
    own_starts: Option<String>,
    quoted: Option<String>,
}

#[derive(Debug, Deserialize)]
struct WrittenFile {
    name: String,
    text: String,
}

#[derive(Debug, Deserialize)]
struct Letters {
    letter: Vec<Written>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/replies")
}

/// The mails that were labelled by someone else than those who tuned the reader.
pub fn mails() -> Vec<Labelled> {
    let mut all = Vec::new();
    for side in ["east", "west"] {
        let place = folder().join(side);
        let labels = fs::read_to_string(place.join("labels.jsonl")).expect("labels");
        for line in labels.lines().filter(|line| !line.trim().is_empty()) {
            let label: Label = serde_json::from_str(line).expect("a label");
            let raw = fs::read(place.join(&label.file)).expect("the mail of a label");
            all.push(Labelled { label, making: Making::Given, raw });
        }
    }
    all
}

/// Our own letters, by their making and the language of their file.
pub fn letters() -> Vec<Labelled> {
    let mut all = Vec::new();
    for (name, making) in [("letters", Making::Hard), ("everyday", Making::Everyday)] {
        let files = fs::read_dir(folder().join(name)).expect("letters");
        let mut paths: Vec<PathBuf> = files.map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        for path in paths {
            let language = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).expect("letters of a language");
            let read: Letters = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            all.extend(read.letter.into_iter().map(|w| labelled(&language, making, w)));
        }
    }
    all
}

fn labelled(language: &str, making: Making, written: Written) -> Labelled {
    let raw = mail(&written);
    let by_kind = matches!(written.kind.as_str(), "automatic" | "bounce");
    let automatic = written.automatic.unwrap_or(by_kind);
    let label = Label {
        file: format!("{}.eml", written.id),
        language: written.language.unwrap_or_else(|| language.to_owned()),
        kind: written.kind,
        also: written.also,
        automatic,
        authority_reference: written.reference,
        new_due_on: written.new_due_on,
        extension: written.extension,
        fee: written.fee,
        grounds: written.grounds,
        cited_other: written.cited_other,
        transferred_to: written.transferred_to,
        evidence: written.evidence,
        own_text_starts: written.own_starts,
        quoted_text_absent: written.quoted,
    };
    Labelled { label, making, raw }
}

/// The letter as a mail: 8-bit text, its attachment as a text file beside it.
fn mail(written: &Written) -> Vec<u8> {
    let sent = written.sent_on.as_deref().unwrap_or("2026-03-02");
    let day = chrono::NaiveDate::parse_from_str(sent, "%Y-%m-%d").expect("a day");
    let head = format!(
        "From: Office <office@authority.example>\nTo: reply@post.askance.example\nSubject: {}\n\
         Message-ID: <{}@authority.example>\nDate: {}, {} 10:00:00 +0000\nMIME-Version: 1.0\n",
        written.subject.trim().replace('\n', "\n "),
        written.id,
        day.format("%a"),
        day.format("%d %b %Y"),
    );
    let text = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n";
    let body = written.body.trim_matches('\n');
    let Some(file) = &written.attachment else {
        return format!("{head}{text}\n{body}\n").replace('\n', "\r\n").into_bytes();
    };
    let disposition = format!("Content-Disposition: attachment; filename=\"{}.txt\"\n", file.name);
    format!(
        "{head}Content-Type: multipart/mixed; boundary=\"=-between-=\"\n\n--=-between-=\n{text}\n{body}\n\
         --=-between-=\n{text}{disposition}\n{}\n--=-between-=--\n",
        file.text.trim_matches('\n'),
    )
    .replace('\n', "\r\n")
    .into_bytes()
}
