//! Answers of a child that was taken over: none holds its parent up, and none counts for another mail.

use crate::cage::{ECHO, MAIL, answering, bent, reading};
use askance::domain::incoming::{Incoming, Knowledge, understand};
use askance::service::cage::Cage;
use std::path::Path;
use std::time::{Duration, Instant};

/// A reading of a mail as a child that was taken over would like it to be.
fn forged(raw: &[u8]) -> Vec<u8> {
    reading(&Incoming { subject: "forged".to_owned(), ..understand(raw, &Knowledge::default()) })
}

#[test]
fn a_child_that_answers_and_does_not_read_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    // More than a pipe holds: whoever writes it waits for a reader.
    let raw = [MAIL, &vec![b'a'; 1 << 20]].concat();
    std::fs::write(folder.path().join("reply"), forged(&raw)).unwrap();
    let reply = folder.path().join("reply");
    let cage = bent(folder.path(), &format!("{ECHO}; cat '{}'; exec sleep 600", reply.display()));
    let began = Instant::now();
    let told = cage.read(&raw).unwrap_err();
    assert!(told.is_about_the_mail() && told.to_string().contains("before the mail was read"), "{told}");
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

/// A child that does this over its first mails; another that takes its place is honest.
fn once_bent(folder: &Path, script: &str) -> Cage {
    let (once, program) = (folder.join("once"), env!("CARGO_BIN_EXE_askance"));
    let once = once.display();
    bent(folder, &format!("[ -e '{once}' ] && exec '{program}' cage\n: > '{once}'; {script}"))
}

#[test]
fn what_a_child_says_beyond_its_answer_is_no_answer_to_the_next_mail() {
    let folder = tempfile::tempdir().unwrap();
    let next = b"From: poststelle@brandau.example\r\nSubject: next\r\n\r\nWir lehnen ab.\r\n";
    let honest = reading(&understand(MAIL, &Knowledge::default()));
    let head = folder.path().join("head");
    for (name, bytes) in [("first", honest), ("second", forged(next))] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (head, first, second) = (head.display().to_string(), at("first"), at("second"));
    let begin = format!("head -c 8 >/dev/null; head -c 17 > '{head}'");
    // Both answers at once: where the second is seen in time, the mail over which it was done pays, and nobody else.
    let both = format!("{begin}; cat '{head}' '{first}' '{head}' '{second}'; exec cat >/dev/null");
    let cage = once_bent(folder.path(), &both);
    match cage.read(MAIL) {
        Ok(read) => assert_eq!(read.subject, "Ihr Antrag"),
        Err(told) => {
            assert!(told.is_about_the_mail() && told.to_string().contains("found more behind it"), "{told}");
        }
    }
    assert_eq!(cage.read(next).unwrap().subject, "next");
    // It waits until the next mail comes, and does not read it.
    std::fs::remove_file(folder.path().join("once")).unwrap();
    let length = MAIL.len() + 8 + 10;
    let later = format!(
        "{begin}; cat '{head}' '{first}'; head -c {length} >/dev/null; head -c 1 >/dev/null; cat '{head}' '{second}'; exec cat >/dev/null"
    );
    let cage = once_bent(folder.path(), &later);
    assert_eq!(cage.read(MAIL).unwrap().subject, "Ihr Antrag");
    assert_eq!(cage.read(next).unwrap().subject, "next", "another child reads it");
}

#[test]
fn a_child_cannot_pass_off_another_mail_as_the_one_it_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let told = answering(folder.path(), &forged(b"Subject: another\r\n\r\n")).read(MAIL).unwrap_err();
    assert!(told.is_about_the_mail() && told.to_string().contains("expected a mail with SHA-256"), "{told}");
}
