//! SIGTERM: whatever is under way, the program ends by itself, with 0, within ten seconds.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::support::operator::Operator;

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

struct Service {
    child: Child,
    door: u16,
}

impl Service {
    /// The service with a door for mail; it answers there when this returns.
    fn start(operator: Operator, words: &[&str]) -> (Operator, Self) {
        let door = free_port();
        let operator = operator.with("ASKANCE_LMTP_LISTEN", &format!("127.0.0.1:{door}"));
        let mut command = operator.command(words);
        command.env("ROCKET_PORT", free_port().to_string()).stdout(Stdio::null()).stderr(Stdio::null());
        let service = Self { child: command.spawn().unwrap(), door };
        wait_until("it takes mail", || TcpStream::connect(("127.0.0.1", door)).is_ok());
        // The door opens a little before the signals are listened for.
        std::thread::sleep(Duration::from_millis(500));
        (operator, service)
    }

    /// Sends a signal and waits for the end.
    fn ends_at(mut self, signal: &str) {
        let asked = Instant::now();
        let number = self.child.id().to_string();
        assert!(std::process::Command::new("kill").args([signal, &number]).status().unwrap().success());
        wait_until("it ends", || self.child.try_wait().unwrap().is_some());
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{signal}");
        assert!(asked.elapsed() < Duration::from_secs(10), "{signal}: {:?}", asked.elapsed());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn service_ends_at_sigterm_and_sigint_in_every_mode() {
    for words in [&["serve"][..], &["serve", "--only", "worker"]] {
        for signal in ["-TERM", "-INT"] {
            let (_operator, service) = Service::start(Operator::new(), words);
            // A mail server that keeps its session open does not hold it.
            let mut session = TcpStream::connect(("127.0.0.1", service.door)).unwrap();
            session.write_all(b"LHLO mail.example\r\n").unwrap();
            let mut said = [0; 4];
            session.read_exact(&mut said).unwrap();
            service.ends_at(signal);
        }
    }
}

#[test]
fn r55_a_worker_without_pages_tells_how_it_is_and_of_a_mailbox_that_is_away() {
    let (health, mailbox) = (free_port(), free_port());
    let operator = Operator::new()
        .with("ASKANCE_HEALTH_LISTEN", &format!("127.0.0.1:{health}"))
        .with("ASKANCE_REPLY_DOMAIN", "post.askance.example")
        .with("ASKANCE_IMAP_URL", &format!("imap://foi:s3cret@127.0.0.1:{mailbox}/INBOX"));
    let began = Instant::now();
    let (_operator, service) = Service::start(operator, &["serve", "--only", "worker"]);
    let asked = |path: &str| {
        let settings = ureq::Agent::config_builder().http_status_as_error(false).build();
        let agent = ureq::Agent::new_with_config(settings);
        // The door for mail opens a little before this one.
        let mut answer = agent.get(format!("http://127.0.0.1:{health}{path}")).call().ok()?;
        Some((answer.status().as_u16(), answer.body_mut().read_to_string().unwrap()))
    };
    let get = |path: &str| asked(path).unwrap();
    wait_until("it tells of the mailbox", || {
        asked("/healthz").is_some_and(|(_, told)| told.contains("\"finding\":\"mailbox\""))
    });
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    let (status, told) = get("/healthz");
    assert!(status == 200 && told.contains("the connection failed") && !told.contains("s3cret"), "{told}");
    assert_eq!(get("/healthz?strict").0, 503);
    let (status, figures) = get("/metrics");
    assert_eq!(status, 200);
    for line in ["askance_mailbox_up 0\n", "askance_worker_beat_seconds{loop=\"fetching\"}"] {
        assert!(figures.contains(line), "`{line}` is not in {figures}");
    }
    assert_eq!(get("/requests").0, 404, "it serves no pages");
    service.ends_at("-TERM");
}

#[test]
fn mail_server_that_says_nothing_does_not_hold_a_service_that_stops() {
    // It takes the connection and never greets: the sender would wait for five minutes.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", silent.local_addr().unwrap());
    let operator =
        Operator::new().with("ASKANCE_SMTP_URL", &url).with("ASKANCE_REPLY_DOMAIN", "post.askance.example");
    assert_eq!(operator.runs(&["check"], b"").code, Some(0));
    queue_a_letter(&operator);
    let (operator, service) = Service::start(operator, &["serve", "--only", "worker"]);
    let (_held, _) = silent.accept().unwrap();
    service.ends_at("-TERM");
    let states = states(&operator);
    assert_eq!(states, ["deferred"], "what was not begun waits for the next start");
}

fn database(operator: &Operator) -> askance::store::Db {
    askance::store::Db::open(&format!("sqlite://{}", operator.path("askance.db").display()), 1).unwrap()
}

/// Puts a letter that may leave into the operator's own database.
fn queue_a_letter(operator: &Operator) {
    use diesel::connection::SimpleConnection;
    let db = database(operator);
    let mut conn = db.conn().unwrap();
    let askance::store::AnyConn::Sqlite(conn) = &mut *conn else { panic!("expected SQLite") };
    let blobs = askance::store::blobs::Blobs::open(&operator.path("blobs")).unwrap();
    let key = blobs.put(b"Subject: Antrag\r\n\r\nIch bitte um Auskunft.\r\n").unwrap();
    conn.batch_execute(&format!(
        "PRAGMA foreign_keys=OFF;
         INSERT INTO outbox (request_id, letter, mail_message_id, blob_sha256, subject, body, envelope_from,
           envelope_to, state, attempts, leave_after, next_attempt_at, created_at)
         VALUES (1, 'request', 'a@post.askance.example', '{key}', 'Antrag', '', 'r-1@post.askance.example',
           'foi@brandau.example', 'queued', 0, '2026-01-01 00:00:00', '2026-01-01 00:00:00', '2026-01-01 00:00:00');"
    ))
    .unwrap();
}

fn states(operator: &Operator) -> Vec<String> {
    let db = database(operator);
    let letter = askance::store::outbox::find(&mut db.conn().unwrap(), 1).unwrap().unwrap();
    vec![letter.state.as_str().to_owned()]
}
