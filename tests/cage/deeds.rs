//! Readers that were taken over: what each tries costs one mail its reading, and the next mail is fine.
//!
//! The deeds are planted in the real binary, in builds with debug assertions alone (`src/service/cage/planted.rs`).
#![cfg(debug_assertions)]

use crate::cage::{MAIL, process_of, real};
use crate::support::mail::Reply;
use crate::support::operator::Operator;
use crate::support::{LIBRARY, Site, stories};
use askance::command::read::{ReadArgs, run_in};
use askance::domain::incoming::model::lessons::Lesson;
use askance::domain::incoming::reading::Kind;
use askance::service::cage::confine::Strength;
use askance::service::cage::{Cage, Error};
use askance::store::messages;
use askance::store::types::{MessageState, Role};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The real binary, whose reader does this over a mail with the line `X-Deed: now`.
fn doing(folder: &Path, deed: &str) -> Cage {
    let program = folder.join("child");
    let askance = env!("CARGO_BIN_EXE_askance");
    let script = format!("#!/bin/sh\nASKANCE_TEST_DEED='{deed}' exec '{askance}' \"$@\"\n");
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    Cage::of(program)
}

fn trigger() -> Vec<u8> {
    [b"X-Deed: now\r\n", MAIL].concat()
}

/// What became of the mail over which it was done, after which the next one is read as ever.
fn outcome(deed: &str) -> Result<Vec<String>, Error> {
    let folder = tempfile::tempdir().unwrap();
    let cage = doing(folder.path(), deed);
    assert_eq!(cage.read(MAIL).unwrap().subject, "Ihr Antrag");
    let told = cage.read(&trigger()).map(|incoming| incoming.notes);
    assert_eq!(cage.read(MAIL).unwrap().subject, "Ihr Antrag", "after `{deed}`");
    told
}

fn died_of(deed: &str, signals: &[&str]) {
    let error = outcome(deed).unwrap_err();
    assert!(matches!(error, Error::Died(_)) && error.is_about_the_mail(), "{deed}: {error}");
    let told = error.to_string();
    assert!(signals.iter().any(|signal| told.contains(signal)), "{deed}: {told}");
}

fn was_refused(deed: &str) {
    let notes = outcome(deed).unwrap();
    assert!(notes.iter().any(|note| note.starts_with("the deed was refused: ")), "{deed}: {notes:?}");
}

#[test]
fn an_abort_an_overflow_and_a_hoard_end_the_child_alone() {
    died_of("abort", &["signal: 6"]);
    died_of("overflow", &["signal: 6", "signal: 11"]);
    died_of("memory", &["signal: 6", "signal: 9"]);
}

#[test]
fn an_endless_loop_is_ended() {
    let error = outcome("loop").unwrap_err();
    assert!(matches!(error, Error::TooLong), "{error}");
}

#[test]
fn a_child_that_holds_on_to_much_memory_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let reader = folder.path().join("reader");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_askance"), &reader).unwrap();
    let program = folder.path().join("child");
    let script = format!("#!/bin/sh\nASKANCE_TEST_DEED=keep exec '{}' \"$@\"\n", reader.display());
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let cage = Cage::of(program);
    cage.read(MAIL).unwrap();
    let first = process_of(&reader).unwrap();
    cage.read(MAIL).unwrap();
    assert_eq!(process_of(&reader), Some(first), "a mail of the usual size costs no child");
    assert_eq!(cage.read(&trigger()).unwrap().notes.last().unwrap(), "the deed was done");
    assert_eq!(process_of(&reader), None);
    cage.read(MAIL).unwrap();
}

#[test]
fn a_letter_that_ends_who_hears_it_teaches_nothing_and_the_next_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let cage = doing(folder.path(), "abort");
    let mut school = cage.school(&LIBRARY.knowledge);
    let lesson = |body: &str| Lesson {
        subject: "Ihr Antrag".to_owned(),
        body: body.to_owned(),
        files: vec![("Bescheid.pdf".to_owned(), "Die Herausgabe der Unterlagen wird verweigert.".to_owned())],
        sent_on: None,
        kind: Kind::Refusal,
    };
    let plain = lesson("Guten Tag,\nder Antrag wird abgelehnt.");
    let sentences = plain.sentences(&LIBRARY.knowledge);
    assert!(!sentences.is_empty());
    assert_eq!(school.hear(&plain).unwrap(), sentences);
    let told = school.hear(&lesson("X-Deed: now\nDer Antrag wird abgelehnt.")).unwrap_err();
    assert!(matches!(told, Error::Died(_)) && told.is_about_the_mail(), "{told}");
    assert_eq!(school.hear(&plain).unwrap(), sentences);
}

#[test]
fn a_child_that_reaches_for_the_network_or_a_process_is_ended_at_once() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    for deed in [&format!("socket {address}"), "datagram 127.0.0.1:0", "fork /bin/true", "thread"] {
        died_of(deed, &["signal: 31"]);
    }
    assert!(listener.accept().is_err(), "nobody called");
}

#[test]
fn no_file_is_written_and_none_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (new, old) = (folder.path().join("new"), folder.path().join("old"));
    std::fs::write(&old, b"ours").unwrap();
    was_refused(&format!("write {}", new.display()));
    was_refused(&format!("write {}", old.display()));
    was_refused(&format!("append {}", old.display()));
    was_refused(&format!("read {}", old.display()));
    was_refused("read /etc/passwd");
    was_refused("read /proc/self/environ");
    assert!(!new.exists());
    assert_eq!(std::fs::read(&old).unwrap(), b"ours");
    // A deed is done where nothing forbids it: else all of this would prove nothing.
    assert!(outcome("stderr").unwrap().contains(&"the deed was done".to_owned()));
}

#[test]
fn a_file_that_unpacks_to_a_thousand_times_its_size_is_not_unpacked() {
    let mut file = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    file.start_file("word/document.xml", zip::write::SimpleFileOptions::default()).unwrap();
    for _ in 0..200 {
        file.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    let bomb = data_encoding::BASE64_MIME.encode(&file.finish().unwrap().into_inner());
    let raw = format!(
        "From: a@b.example\r\nSubject: bomb\r\nContent-Type: application/zip; name=bomb.docx\r\nContent-Transfer-Encoding: base64\r\n\r\n{bomb}\r\n"
    );
    let cage = real();
    let incoming = cage.read(raw.as_bytes()).unwrap();
    let notes = &incoming.attachments[0].notes;
    assert_eq!((incoming.subject.as_str(), notes.is_empty()), ("bomb", false), "{notes:?}");
    assert_eq!(cage.read(MAIL).unwrap().subject, "Ihr Antrag");
}

#[test]
fn the_layers_that_hold_are_told() {
    let layers = real().layers().unwrap().unwrap();
    // Every kernel on which this is built and tested has both.
    assert_eq!((layers.landlock == Strength::Missing, layers.seccomp), (false, Strength::Whole), "{layers}");
    let said = Operator::new().runs(&["check"], b"").out;
    assert!(said.contains(&format!("ok     reading of mail: {layers}\n")), "{said}");
}

#[test]
fn a_child_gets_nothing_of_ours_but_three_pipes() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("reader");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_askance"), &program).unwrap();
    // As a service has them open.
    let file = tempfile::tempfile().unwrap();
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let cage = Cage::of(program.clone());
    cage.read(MAIL).unwrap();
    let process = process_of(&program).unwrap();
    let link = |process: &Path, number: &str| std::fs::read_link(process.join("fd").join(number)).unwrap();
    let ours =
        [file.as_raw_fd(), socket.as_raw_fd()].map(|fd| link(Path::new("/proc/self"), &fd.to_string()));
    for entry in std::fs::read_dir(process.join("fd")).unwrap() {
        let number = entry.unwrap().file_name().into_string().unwrap();
        let opened = link(&process, &number);
        assert!(!ours.contains(&opened), "{number}: {}", opened.display());
        // What whoever started the tests left open is open here too; nothing can be read from it or written to it.
        let outside = std::fs::read_link(Path::new("/proc/self/fd").join(&number));
        let standard = ["0", "1", "2"].contains(&number.as_str());
        assert!(standard || outside.is_ok_and(|outside| outside == opened), "{number}: {}", opened.display());
    }
    let status = std::fs::read_to_string(process.join("status")).unwrap();
    for line in ["NoNewPrivs:\t1", "Seccomp:\t2", "Threads:\t1"] {
        assert!(status.contains(line), "{status}");
    }
}

/// `askance read` over three mails, of which the second ends every child that reads this of it.
fn read_over(deadly: &str) -> Vec<serde_json::Value> {
    let folder = tempfile::tempdir().unwrap();
    let cage = doing(folder.path(), "abort");
    let mail =
        |subject: &str| format!("From: a@b.example\r\nSubject: {subject}\r\n\r\nWe do not hold it.\r\n");
    let mut paths = Vec::new();
    for (name, raw) in [("1.eml", mail("one")), ("2.eml", deadly.to_owned()), ("3.eml", mail("three"))] {
        paths.push(folder.path().join(name));
        std::fs::write(paths.last().unwrap(), raw).unwrap();
    }
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args = ReadArgs { paths, json: true, ..ReadArgs::default() };
    let code = run_in(&cage, &args, &mut out, &mut err);
    let err = String::from_utf8(err).unwrap();
    assert!(code == 0 && !err.contains("could not be read"), "no mail makes the command fail: {err}");
    let lines: Vec<serde_json::Value> =
        String::from_utf8(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!((lines[0]["subject"].as_str(), lines[2]["subject"].as_str()), (Some("one"), Some("three")));
    assert_eq!(lines[1]["sha256"].as_str().unwrap(), askance::store::blobs::sha256(deadly.as_bytes()));
    assert!(lines[1]["file"].as_str().unwrap().ends_with("2.eml"));
    lines
}

#[test]
fn a_mail_that_ends_its_reader_is_in_its_place_with_its_header() {
    let lines = read_over("From: c@d.example\r\nSubject: two\r\n\r\nX-Deed: now\r\n");
    assert_eq!(lines[1]["from"]["address"], "c@d.example");
    assert_eq!(lines[1]["subject"], "two");
    let notes = lines[1]["notes"].to_string();
    assert!(notes.contains("could not be read, only its header") && notes.contains("signal: 6"), "{notes}");
}

#[test]
fn a_mail_whose_header_ends_its_reader_has_its_sum_and_a_note() {
    let lines = read_over("From: c@d.example\r\nX-Deed: now\r\n\r\nbody\r\n");
    let notes = lines[1]["notes"].to_string();
    assert!(notes.contains("This mail could not be read") && notes.contains("signal: 6"), "{notes}");
    assert_eq!(
        (lines[1]["subject"].as_str(), lines[1]["attachments"].as_array().unwrap().len()),
        (Some(""), 0)
    );
}

stories! {
    fn a_mail_that_aborts_the_real_reader_is_kept_and_shown(site: &mut Site) {
        let folder = tempfile::tempdir().unwrap();
        let activist = site.person("Mara Varga", Role::Activist);
        let city = site.city();
        let request = site.sends(activist, city);
        let reply = Reply::to(&request, "brandau.example");
        let deadly = reply.clone().with("X-Deed: now").saying("Der Antrag wird abgelehnt.").raw();
        site.cage = doing(folder.path(), "abort");
        site.receives(&deadly, &request.reply_address);
        let other = reply.with_id("next@brandau.example").saying("Der Antrag wird abgelehnt, leider.").raw();
        site.receives(&other, &request.reply_address);
        let kept = messages::find(&mut site.conn(), 1).unwrap().unwrap();
        assert_eq!((kept.state, kept.request_id), (MessageState::Unreadable, Some(request.id)));
        assert_eq!(site.ctx.blobs.get(&kept.blob_sha256).unwrap(), deadly);
        let next = messages::find(&mut site.conn(), 2).unwrap().unwrap();
        assert_eq!((next.state, next.request_id), (MessageState::Held, Some(request.id)));
    }
}
