//! `askance read` on files, mailboxes and folders, and what it says when something is wrong.

use super::KNOWLEDGE;
use askance::command::read::{ReadArgs, run};
use askance::data::phrasebook::add_language;
use askance::domain::incoming::phrases::{List, Phrase, Phrasebook};
use std::fs;
use std::path::{Path, PathBuf};

const MAIL: &str =
    "From: a@b.example\nSubject: one\nDate: Tue, 14 Apr 2026 09:12:00 +0000\n\nWe do not hold it.\n";

fn read(paths: &[PathBuf], json: bool) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args = ReadArgs { paths: paths.to_vec(), json, here: true, ..ReadArgs::default() };
    let code = run(&args, &mut out, &mut err);
    (code, String::from_utf8(out).expect("UTF-8"), String::from_utf8(err).expect("UTF-8"))
}

fn subjects(lines: &str) -> Vec<String> {
    let object = |line: &str| serde_json::from_str::<serde_json::Value>(line).expect("JSON");
    lines.lines().map(|l| object(l)["subject"].as_str().expect("subject").to_owned()).collect()
}

#[test]
fn a_mail_is_one_object_that_begins_with_its_file() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("one.eml");
    fs::write(&file, MAIL).expect("write");
    let (code, out, err) = read(std::slice::from_ref(&file), true);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with(&format!("{{\"file\":\"{}\",\"sha256\":", file.display())), "{out}");
    let (code, out, _) = read(&[file], false);
    assert!(code == 0 && out.contains("not_held") && out.contains("“do not hold”"), "{out}");
}

#[test]
fn mailbox_and_folders_are_read_in_their_order() {
    let folder = tempfile::tempdir().expect("folder");
    let mail = |subject: &str| MAIL.replace("Subject: one", &format!("Subject: {subject}"));
    let quoted = mail("first").replace("We do", ">From here on we do");
    let mbox = format!("From x Tue Apr 14\n{quoted}\nFrom y Tue Apr 14\n{}", mail("second"));
    fs::write(folder.path().join("box.mbox"), mbox).expect("write");
    for (part, subject) in [("cur", "third"), ("new", "fourth")] {
        fs::create_dir_all(folder.path().join("Maildir").join(part)).expect("folder");
        fs::write(folder.path().join("Maildir").join(part).join("1.host:2,S"), mail(subject)).expect("write");
    }
    fs::write(folder.path().join("notes.pdf"), "no mail").expect("write");
    let paths = [folder.path().join("box.mbox"), folder.path().join("Maildir")];
    let (code, out, _) = read(&paths, true);
    assert_eq!(code, 0);
    assert_eq!(subjects(&out), ["first", "second", "third", "fourth"]);
    assert!(out.lines().next().expect("line").contains("From here on we do not hold it."));
    let (_, out, _) = read(&[folder.path().to_owned()], true);
    assert_eq!(subjects(&out).len(), 4);
}

#[test]
fn a_missing_file_is_named_and_the_others_go_on() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("one.eml");
    fs::write(&file, MAIL).expect("write");
    let (code, out, err) = read(&[Path::new("/nowhere/x.eml").to_owned(), file], true);
    assert_eq!((code, subjects(&out).len()), (74, 1));
    assert!(err.contains("`/nowhere/x.eml`"), "{err}");
}

#[test]
fn a_phrase_file_with_an_error_names_file_line_and_key() {
    let mut book = Phrasebook::default();
    let text = "refusal = [\"no\"]\nrefusl = [\"no\"]\n";
    let error = add_language(&mut book, "en", "phrases/en.toml", text).expect_err("unknown key");
    assert_eq!((error.file.as_str(), error.line, error.key.as_str()), ("phrases/en.toml", Some(2), "refusl"));
    let text = "refusal = [\"is … \"]\n";
    let error = add_language(&mut book, "en", "phrases/en.toml", text).expect_err("open gap");
    assert!(error.to_string().contains("`is … `"), "{error}");
    assert!(add_language(&mut book, "en", "phrases/en.toml", "refusal = 3").is_err());
}

#[test]
fn every_language_has_phrases_for_every_kind_and_what_surrounds_them() {
    let languages: Vec<&str> = KNOWLEDGE.phrasebook.everywhere(List::Stopwords).map(|(l, _)| l).collect();
    assert_eq!(languages.len(), 25);
    for language in languages {
        assert_eq!(KNOWLEDGE.phrasebook.list(language, List::Months).len(), 12, "{language}");
        for list in
            [List::QuoteFrom, List::QuoteSent, List::QuoteTo, List::QuoteSubject, List::Wrote, List::Numbers]
        {
            assert!(!KNOWLEDGE.phrasebook.list(language, list).is_empty(), "{language}: {list}");
        }
    }
}

#[test]
fn phrases_refuse_what_they_could_not_match() {
    assert!(Phrase::parse("en", List::Refusal, "…").is_err());
    assert!(Phrase::parse("en", List::Refusal, "ab*").is_err());
    assert!(Phrase::parse("en", List::Refusal, "!is refus*").is_ok());
}
