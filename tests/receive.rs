//! `askance receive`: exit code 0 is a promise that outlives the process, and everything else keeps the mail outside.

use crate::support::operator::Operator;
use askance::store::blobs::{Blobs, sha256};
use askance::store::messages::{self, MessageRow};
use askance::store::types::MessageState;
use askance::store::{Db, blobs};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

const MAIL: &[u8] = b"From: poststelle@brandau.example\r\nTo: r-2026-0001-aaaaaaaaaaaaaaaaaaaa@localhost\r\n\
    Subject: Ihr Antrag\r\nMessage-ID: <one@brandau.example>\r\n\r\nDer Antrag wird abgelehnt.\r\n";
const RECIPIENT: [&str; 3] = ["receive", "--recipient", "r-2026-0001-aaaaaaaaaaaaaaaaaaaa@localhost"];

/// The service, running; it is killed without a word when it is dropped.
struct Service(Child);

impl Service {
    fn start(operator: &Operator, port: u16) -> Self {
        let mut command = operator.command(&["serve"]);
        command.env("ROCKET_PORT", port.to_string()).stdout(Stdio::null()).stderr(Stdio::null());
        let service = Self(command.spawn().unwrap());
        wait_until("it serves", || TcpStream::connect(("127.0.0.1", port)).ok());
        service
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // SIGKILL: no destructor, no farewell.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn wait_until<T>(what: &str, mut seen: impl FnMut() -> Option<T>) -> T {
    let patience = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = seen() {
            return found;
        }
        assert!(Instant::now() < patience, "waited a minute until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn message(operator: &Operator) -> Option<MessageRow> {
    let db = Db::open(&format!("sqlite://{}", operator.path("askance.db").display()), 1).ok()?;
    messages::find(&mut *db.conn().ok()?, 1).ok()?
}

#[test]
fn what_was_taken_is_in_blob_and_spool_before_exit_0() {
    let operator = Operator::new();
    let run = operator.runs(&RECIPIENT, MAIL);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    assert!(!operator.path("askance.db").exists(), "it needs no database");
    let blobs = Blobs::open(&operator.path("blobs")).unwrap();
    assert_eq!(blobs.get(&sha256(MAIL)).unwrap(), MAIL);
    let spooled = blobs.spooled().unwrap();
    let note = String::from_utf8_lossy(&spooled[0].1);
    assert!(spooled.len() == 1 && note.contains(RECIPIENT[2]) && note.contains(&sha256(MAIL)), "{note}");
    assert_eq!(std::fs::read_dir(operator.path("blobs/tmp")).unwrap().count(), 0);
}

#[test]
fn mail_taken_while_the_service_is_killed_is_in_the_queue_after_its_restart() {
    let operator = Operator::new();
    let service = Service::start(&operator, free_port());
    let run = operator.runs(&RECIPIENT, MAIL);
    drop(service);
    assert_eq!(run.code, Some(0), "{}", run.err);

    let _service = Service::start(&operator, free_port());
    let read = |row: MessageRow| (row.state != MessageState::Received).then_some(row);
    let row = wait_until("the mail is read", || message(&operator).and_then(read));
    assert_eq!((row.state, row.blob_sha256), (MessageState::Unmatched, blobs::sha256(MAIL)));
    // Again it is taken, and again it is the same mail.
    assert_eq!(operator.runs(&RECIPIENT, MAIL).code, Some(0));
    wait_until("the spool is empty", || {
        let spooled = Blobs::open(&operator.path("blobs")).unwrap().spooled().unwrap();
        spooled.is_empty().then_some(())
    });
    let db = Db::open(&format!("sqlite://{}", operator.path("askance.db").display()), 1).unwrap();
    assert!(messages::find(&mut db.conn().unwrap(), 2).unwrap().is_none());
}

#[test]
fn what_cannot_be_made_safe_stays_with_the_mail_server() {
    let operator = Operator::new();
    std::fs::write(operator.path("blobs"), "a file where the folder should be").unwrap();
    let run = operator.runs(&RECIPIENT, MAIL);
    assert_eq!(run.code, Some(75), "{}", run.err);
    assert!(run.err.contains("try again later"), "{}", run.err);

    let run = Operator::new().with("ASKANCE_CLOCK", "noon").runs(&RECIPIENT, MAIL);
    assert_eq!(run.code, Some(75));
    assert!(run.err.contains("setting `clock` = `noon`") && run.err.contains("was not taken"), "{}", run.err);

    // A folder that vanishes under it: the spool is a file, so that the blob is stored but the note is not.
    let operator = Operator::new();
    std::fs::create_dir_all(operator.path("blobs")).unwrap();
    std::fs::write(operator.path("blobs/spool"), "").unwrap();
    assert_eq!(operator.runs(&RECIPIENT, MAIL).code, Some(75));
}

#[test]
fn recipients_beyond_any_mail_server_are_refused_in_words() {
    let operator = Operator::new();
    let long = format!("{}@localhost", "a".repeat(600));
    let run = operator.runs(&["receive", "--recipient", &long], MAIL);
    assert_eq!(run.code, Some(65));
    assert!(run.err.contains("at most 512 bytes, found one of 610"), "{}", run.err);
    let words: Vec<&str> =
        ["receive"].into_iter().chain((0..101).flat_map(|_| ["--recipient", "a@localhost"])).collect();
    let run = operator.runs(&words, MAIL);
    assert_eq!(run.code, Some(65));
    assert!(run.err.contains("at most 100 recipients, found 101"), "{}", run.err);
    assert!(!operator.path("blobs").exists());
    assert_eq!(operator.runs(&words[..201], MAIL).code, Some(0));
}

#[test]
fn an_empty_mail_is_bad_input() {
    let operator = Operator::new();
    let run = operator.runs(&RECIPIENT, b"");
    assert_eq!(run.code, Some(65));
    assert!(run.err.contains("found 0 bytes"), "{}", run.err);
}

#[test]
fn an_address_that_starts_with_a_dash_is_no_option() {
    for recipient in ["-x@localhost", "--help@localhost", "--recipient"] {
        let operator = Operator::new();
        let run = operator.runs(&["receive", &format!("--recipient={recipient}")], MAIL);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{recipient}: {}", run.out);
        let notes = std::fs::read_dir(operator.path("blobs/spool")).unwrap();
        let notes: Vec<String> =
            notes.map(|note| std::fs::read_to_string(note.unwrap().path()).unwrap()).collect();
        assert!(notes.len() == 1 && notes[0].contains(recipient), "{notes:?}");
    }
    let help = Operator::new().runs(&["receive", "--help"], b"").out;
    assert!(help.contains("askance receive --recipient=${original_recipient}\n"), "{help}");
    for told in [include_str!("../README.md"), include_str!("../docs/operating.md")] {
        assert!(told.contains("askance receive --recipient=${original_recipient}"));
    }
}
