//! `askance read` on files, mailboxes and folders, and what it says when something is wrong.

use super::KNOWLEDGE;
use askance::command::read::{ReadArgs, run, run_in};
use askance::data::phrasebook::add_language;
use askance::domain::incoming::phrases::{List, Phrase, Phrasebook};
use askance::service::cage::Cage;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

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

/// Runs the real binary.
fn askance(words: &[&str], stdin: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_askance"))
        .arg("read")
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("askance");
    let mut to = child.stdin.take().expect("stdin");
    std::thread::scope(|scope| {
        scope.spawn(move || to.write_all(stdin));
        child.wait_with_output().expect("output")
    })
}

#[test]
fn the_cage_prints_what_this_process_would_in_the_same_order() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus");
    let caged = askance(&["--json", "--no-recognition", corpus], b"");
    let here = askance(&["--json", "--here", "--jobs", "1", corpus], b"");
    assert_eq!((caged.status.code(), here.status.code()), (Some(0), Some(0)));
    assert!(String::from_utf8_lossy(&caged.stdout).lines().count() > 80);
    assert!(caged.stdout == here.stdout, "the cage reads otherwise");
}

#[test]
fn a_mail_on_standard_input_is_read() {
    let run = askance(&["--json", "-"], MAIL.as_bytes());
    let out = String::from_utf8(run.stdout).expect("UTF-8");
    assert!(out.starts_with("{\"file\":\"-\",\"sha256\":"), "{out}");
    assert_eq!(subjects(&out), ["one"]);
    assert_eq!(subjects(&String::from_utf8(askance(&["--json", "-"], b"").stdout).expect("UTF-8")), [""]);
}

#[test]
fn who_has_read_enough_closes_the_pipe() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("box.mbox");
    fs::write(&file, format!("From x\n{MAIL}\n").repeat(3000)).expect("write");
    let script = format!("'{}' read --json '{}' | head -n 1", env!("CARGO_BIN_EXE_askance"), file.display());
    let run =
        Command::new("/bin/bash").args(["-c", &format!("set -o pipefail; {script}")]).output().expect("bash");
    assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stderr));
    assert_eq!(subjects(&String::from_utf8(run.stdout).expect("UTF-8")), ["one"]);
}

#[test]
fn a_mail_too_large_to_be_read_has_its_header_and_its_sum() {
    let folder = tempfile::tempdir().expect("folder");
    let large = format!("{}{}\n", MAIL.replace("Subject: one", "Subject: large"), "x".repeat(105 << 20));
    let file = folder.path().join("box.mbox");
    fs::write(&file, format!("From x\n{MAIL}\nFrom y\n{large}\nFrom z\n{MAIL}")).expect("write");
    let (code, out, _) = read(&[file], true);
    assert_eq!((code, subjects(&out)), (0, vec!["one".to_owned(), "large".to_owned(), "one".to_owned()]));
    let second: serde_json::Value = serde_json::from_str(out.lines().nth(1).expect("line")).expect("JSON");
    assert_eq!(second["sha256"], askance::store::blobs::sha256(format!("{large}\n").as_bytes()));
    assert_eq!(second["size"], large.len() + 1);
    assert!(second["notes"].to_string().contains("larger than 100 MB"), "{}", second["notes"]);
}

#[test]
fn marks_before_from_are_taken_away_one_by_one() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("box.mbox");
    fs::write(&file, "From x\nSubject: s\n\n>From a\n>>From b\n> From c\nx>From d\n").expect("write");
    let (_, out, _) = read(&[file], true);
    let mail: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(mail["full_text"], "From a\n>From b\n> From c\nx>From d");
}

#[test]
fn reading_that_lasts_says_how_far_it_is() {
    let folder = tempfile::tempdir().expect("folder");
    let program = folder.path().join("slow");
    let script = format!("#!/bin/sh\nsleep 4; exec '{}' cage\n", env!("CARGO_BIN_EXE_askance"));
    fs::write(&program, script).expect("write");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("mode");
    let file = folder.path().join("one.eml");
    fs::write(&file, MAIL).expect("write");
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args = ReadArgs { paths: vec![file], json: true, ..ReadArgs::default() };
    assert_eq!(run_in(&Cage::of(program), &args, &mut out, &mut err), 0);
    let err = String::from_utf8(err).expect("UTF-8");
    assert!(err.starts_with("askance: 0 mails read, "), "{err}");
    assert_eq!(subjects(&String::from_utf8(out).expect("UTF-8")), ["one"]);
}

#[test]
fn a_page_for_people_is_a_hundred_columns_wide_and_steers_no_terminal() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("one.eml");
    let raw = MAIL
        .replace("Subject: one", "Subject: =?utf-8?q?=1B[2J=E2=80=AEtxt.exe?=")
        .replace("hold it.", &"hold it. ".repeat(60));
    fs::write(&file, raw).expect("write");
    let (_, out, _) = read(&[file], false);
    assert!(!out.contains('\u{1b}') && !out.contains('\u{202e}'), "{out:?}");
    assert!(out.contains("What it says") && !out.contains("Attachments"), "{out}");
    let widest = out.lines().skip(1).map(|line| line.chars().count()).max();
    assert!(widest.is_some_and(|columns| (90..=100).contains(&columns)), "{widest:?}\n{out}");
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
