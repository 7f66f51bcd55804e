//! SIGTERM in the midst of mail and letters: done or handed back within ten seconds, nothing unknown, nothing lost (R60).

use crate::servers::smtp_sink::{Act, Script, SmtpSink, Stage};
use crate::support::operator::Operator;
use askance::store::blobs::Blobs;
use askance::store::schema::arrivals;
use askance::store::{AnyConn, Db};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

fn number(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn wait_until(what: &str, mut seen: impl FnMut() -> bool) {
    let patience = Instant::now() + Duration::from_secs(60);
    while !seen() {
        assert!(Instant::now() < patience, "waited a minute until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The service; it ends with the test.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn database(operator: &Operator) -> Db {
    Db::open(&format!("sqlite://{}", operator.path("askance.db").display()), 2).unwrap()
}

/// Letters that may leave, one for each of as many requests.
fn queue(operator: &Operator, n: usize) {
    let db = database(operator);
    let key =
        Blobs::open(&operator.path("blobs")).unwrap().put(b"Subject: Antrag\r\n\r\nIch bitte.\r\n").unwrap();
    let mut conn = db.conn().unwrap();
    let AnyConn::Sqlite(conn) = &mut *conn else { panic!("expected SQLite") };
    let mut sql = "PRAGMA foreign_keys=OFF; BEGIN IMMEDIATE;".to_owned();
    for n in 1..=n {
        write!(
            sql,
            "INSERT INTO outbox (request_id, letter, mail_message_id, blob_sha256, subject, body, envelope_from,
               envelope_to, state, attempts, leave_after, next_attempt_at, created_at)
             VALUES ({n}, 'request', '{n}@post.askance.example', '{key}', 'Antrag', '', 'r-{n}@post.askance.example',
               'foi@stadt{n}.example', 'queued', 0, '2026-01-01 00:00:00', '2026-01-01 00:00:00', '2026-01-01 00:00:00');"
        )
        .unwrap();
    }
    conn.batch_execute(&(sql + "COMMIT;")).unwrap();
}

/// How many letters stand where.
fn states(operator: &Operator) -> BTreeMap<String, usize> {
    use askance::store::schema::outbox;
    let states: Vec<String> =
        outbox::table.select(outbox::state).load(&mut *database(operator).conn().unwrap()).unwrap();
    let mut counted = BTreeMap::new();
    for state in states {
        *counted.entry(state).or_default() += 1;
    }
    counted
}

/// Hands mails over until the door closes; each that was answered with 250 is counted.
fn hand_over(door: u16, (sender, of): (usize, usize), taken: &AtomicUsize) -> std::io::Result<()> {
    let mut wire = BufReader::new(TcpStream::connect(("127.0.0.1", door))?);
    wire.get_ref().set_read_timeout(Some(Duration::from_secs(15)))?;
    let mut ask = |command: &str| -> std::io::Result<bool> {
        wire.get_mut().write_all(command.as_bytes())?;
        loop {
            let mut line = String::new();
            if wire.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            if line.get(3..4) != Some("-") {
                return Ok(line.starts_with('2') || line.starts_with('3'));
            }
        }
    };
    ask("")?;
    ask("LHLO mail.example\r\n")?;
    for n in 0..of {
        let whole = ask("MAIL FROM:<a@b.example>\r\n")?
            && ask("RCPT TO:<r-1@post.askance.example>\r\n")?
            && ask("DATA\r\n")?
            && ask(&format!(
                "Subject: {sender}-{n}\r\nMessage-ID: <{sender}-{n}@b.example>\r\n\r\nMail {sender}-{n}\r\n.\r\n"
            ))?;
        if whole {
            taken.fetch_add(1, Ordering::SeqCst);
        }
    }
    Ok(())
}

#[test]
fn r60_sigterm_during_mails_and_letters_loses_nothing_and_leaves_nothing_unknown() {
    let (mails, letters) = (number("ASKANCE_MAILS", 100), number("ASKANCE_LETTERS", 100));
    // The server takes its time over each letter, so that one is on the wire whenever the signal comes.
    let slow = Act::Drip("250 2.0.0 ok".to_owned(), Duration::from_millis(15));
    let sink = SmtpSink::start(Script::friendly().at(Stage::EndOfData, slow));
    let door = free_port();
    let operator = Operator::new()
        .with("ASKANCE_SMTP_URL", &format!("smtp://{}", sink.addr))
        .with("ASKANCE_REPLY_DOMAIN", "post.askance.example")
        .with("ASKANCE_LMTP_LISTEN", &format!("127.0.0.1:{door}"));
    Db::open(&format!("sqlite://{}", operator.path("askance.db").display()), 1).unwrap().migrate().unwrap();
    queue(&operator, letters);
    let mut command = operator.command(&["serve"]);
    command.env("ROCKET_PORT", free_port().to_string()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut served = Served(command.spawn().unwrap());
    wait_until("it takes mail", || TcpStream::connect(("127.0.0.1", door)).is_ok());
    let taken = Arc::new(AtomicUsize::new(0));
    let senders: Vec<_> = (0..10)
        .map(|sender| {
            let taken = Arc::clone(&taken);
            std::thread::spawn(move || {
                // Ends when the door closes.
                let _ = hand_over(door, (sender, mails / 10), &taken);
            })
        })
        .collect();
    wait_until("both are under way", || {
        taken.load(Ordering::SeqCst) > mails / 10 && sink.letters().len() > 2
    });
    let asked = Instant::now();
    let number = served.0.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &number]).status().unwrap().success());
    wait_until("it ends", || served.0.try_wait().unwrap().is_some());
    let took = asked.elapsed();
    assert_eq!(served.0.wait().unwrap().code(), Some(0));
    assert!(took < Duration::from_secs(10), "{took:?}");
    for sender in senders {
        sender.join().unwrap();
    }
    // Mail: what was answered with 250 is in the database or in the spool.
    let rows: i64 = arrivals::table.count().get_result(&mut *database(&operator).conn().unwrap()).unwrap();
    let notes = std::fs::read_dir(operator.path("blobs/spool")).unwrap().count();
    let (safe, taken) = (usize::try_from(rows).unwrap() + notes, taken.load(Ordering::SeqCst));
    assert!(safe >= taken, "{safe} are safe of {taken} that were taken");
    // Letters: each went once, or waits; none is in between and of none nobody knows.
    let states = states(&operator);
    let of = |state: &str| states.get(state).copied().unwrap_or(0);
    assert_eq!(of("unknown") + of("in_doubt") + of("claimed"), 0, "{states:?}");
    assert_eq!(of("accepted") + of("queued") + of("deferred"), letters, "{states:?}");
    let mut ids: Vec<String> = sink.letters().iter().map(|letter| letter.recipients.join(",")).collect();
    let went = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(
        (ids.len(), of("accepted")),
        (went, went),
        "each that the server has was sent once and is known: {states:?}"
    );
    println!(
        "R60: SIGTERM during {mails} mails and {letters} letters: {took:?}, {taken} taken and {safe} safe, {went} went, \
         {} wait, 0 unknown",
        letters - went
    );
}
