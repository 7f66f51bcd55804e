//! A real Postfix in a folder of its own: takes mail on loopback, hands ours on by LMTP and the rest to a relay.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use askance::mail::compose::{OutgoingLetter, compose, message_id};
use askance::mail::listener::{Limits, Protocol, Verdict};
use askance::mail::smtp_url::SmtpServer;
use askance::mail::transport::{Dispatch, Transport};
use chrono::{TimeZone, Utc};
use tempfile::TempDir;

use super::mail_in::Letterbox;
use super::smtp_sink::{Script, SmtpSink};

/// Mail for this domain goes to the LMTP port, all other mail to the relay port.
pub const OUR_DOMAIN: &str = "askance.example";

/// The running mail server; it is stopped when it is dropped.
pub struct Postfix {
    pub smtp_port: u16,
    folder: TempDir,
    master: Child,
}

const INSTALL: &str = "this test needs Debian's Postfix and must run as root: `apt-get install -y postfix` \
                       (with DEBIAN_FRONTEND=noninteractive); it uses a folder of its own and leaves /etc/postfix alone";

impl Postfix {
    pub fn start(lmtp_port: u16, relay_port: u16) -> Self {
        let uid = Command::new("id").arg("-u").output().unwrap();
        assert!(Path::new("/usr/sbin/postfix").exists(), "Postfix not found: {INSTALL}");
        assert_eq!(uid.stdout.trim_ascii(), b"0", "not root: {INSTALL}");
        let folder = tempfile::Builder::new().prefix("askance-postfix-").tempdir().unwrap();
        // Postfix's daemons run as another user.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let smtp_port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let place = folder.path().display();
        let config = folder.path().join("etc");
        std::fs::create_dir_all(&config).unwrap();
        std::fs::create_dir_all(folder.path().join("queue")).unwrap();
        std::fs::write(config.join("main.cf"), main_cf(&place.to_string(), lmtp_port, relay_port)).unwrap();
        std::fs::write(config.join("master.cf"), master_cf(smtp_port)).unwrap();
        let master = Command::new("/usr/sbin/postfix")
            .arg("-c")
            .arg(&config)
            .arg("start-fg")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut postfix = Self { smtp_port, folder, master };
        postfix.wait_for_banner();
        postfix
    }

    fn wait_for_banner(&mut self) {
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(30) {
            let ended = self.master.try_wait().unwrap();
            assert!(ended.is_none(), "Postfix did not start ({ended:?}):\n{}", self.log());
            let mut banner = String::new();
            if let Ok(wire) = TcpStream::connect(("127.0.0.1", self.smtp_port)) {
                wire.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
                BufReader::new(wire).read_line(&mut banner).unwrap();
            }
            if banner.starts_with("220 ") {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("Postfix says nothing on port {}:\n{}", self.smtp_port, self.log());
    }

    /// Where letters are handed over.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.smtp_port)
    }

    /// What it wrote down.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The queue, one JSON object a mail.
    pub fn queue(&self) -> String {
        self.run("/usr/sbin/postqueue", "-j")
    }

    /// Tries all that waits once more, now.
    pub fn flush(&self) {
        self.run("/usr/sbin/postqueue", "-f");
    }

    fn run(&self, program: &str, argument: &str) -> String {
        let config = self.folder.path().join("etc");
        let output = Command::new(program).arg("-c").arg(config).arg(argument).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Hands in a mail as a stranger would; gives the last reply.
    pub fn submit(&self, from: &str, to: &str, bytes: &[u8]) -> String {
        let mut wire = BufReader::new(TcpStream::connect(("127.0.0.1", self.smtp_port)).unwrap());
        let mut ask = |command: &[u8]| {
            wire.get_mut().write_all(command).unwrap();
            loop {
                let mut line = String::new();
                wire.read_line(&mut line).unwrap();
                if line.get(3..4) != Some("-") {
                    return line.trim_end().to_owned();
                }
            }
        };
        assert!(ask(b"").starts_with("220 "));
        for (command, code) in [
            ("EHLO stranger.example\r\n".to_owned(), "250 "),
            (format!("MAIL FROM:<{from}>\r\n"), "250 "),
            (format!("RCPT TO:<{to}>\r\n"), "250 "),
            ("DATA\r\n".to_owned(), "354 "),
        ] {
            let reply = ask(command.as_bytes());
            assert!(reply.starts_with(code), "{command}{reply}");
        }
        // The mails here have no line that begins with a dot.
        ask(&[bytes, b".\r\n"].concat())
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        self.run("/usr/sbin/postfix", "abort");
        // It has been told; should it hang, it goes with its folder.
        let _ = self.master.kill();
        let _ = self.master.wait();
    }
}

fn main_cf(place: &str, lmtp_port: u16, relay_port: u16) -> String {
    format!(
        "compatibility_level = 3.6
queue_directory = {place}/queue
data_directory = {place}/data
maillog_file = {place}/log
maillog_file_prefixes = {place}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = postfix.example
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
relayhost = [127.0.0.1]:{relay_port}
disable_dns_lookups = yes
smtp_host_lookup = native
lmtp_host_lookup = native
smtp_tls_security_level = none
smtpd_tls_security_level = none
queue_run_delay = 2s
minimal_backoff_time = 2s
maximal_backoff_time = 4s
transport_retry_time = 2s
notify_classes =
"
    ) + &as_documented(lmtp_port)
}

/// What an operator copies: the very file, with the test's own domain and port in it.
fn as_documented(lmtp_port: u16) -> String {
    let lines = include_str!("../../docs/deploy/postfix/main.cf");
    assert!(
        lines.contains(" = post.askance.example\n") && lines.contains("inet:127.0.0.1:2424\n"),
        "{lines}"
    );
    lines
        .replace("post.askance.example", OUR_DOMAIN)
        .replace("127.0.0.1:2424", &format!("127.0.0.1:{lmtp_port}"))
}

fn master_cf(smtp_port: u16) -> String {
    let mut services = format!("127.0.0.1:{smtp_port} inet n - n - - smtpd\n");
    for line in [
        "pickup unix n - n 60 1 pickup",
        "cleanup unix n - n - 0 cleanup",
        "qmgr unix n - n 300 1 qmgr",
        "rewrite unix - - n - - trivial-rewrite",
        "bounce unix - - n - 0 bounce",
        "defer unix - - n - 0 bounce",
        "trace unix - - n - 0 bounce",
        "verify unix - - n - 1 verify",
        "proxymap unix - - n - - proxymap",
        "smtp unix - - n - - smtp",
        "showq unix n - n - - showq",
        "error unix - - n - - error",
        "retry unix - - n - - error",
        "lmtp unix - - n - - lmtp",
        "anvil unix - - n - 1 anvil",
        "scache unix - - n - 1 scache",
        "postlog unix-dgram n - n - 1 postlogd",
    ] {
        services += line;
        services.push('\n');
    }
    services
}

/// Waits for another process; says what the mail server wrote when it is in vain.
fn until(postfix: &Postfix, what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < Duration::from_secs(45), "{what}: in vain\n{}", postfix.log());
        std::thread::sleep(Duration::from_millis(50));
    }
}

const REPLY: &[u8] = b"From: Amt <amt@stadt.example>\r\nTo: r-1@askance.example\r\nSubject: Az. 12/26\r\n\
    Message-ID: <1@stadt.example>\r\nDate: Sun, 22 Nov 2026 09:30:00 +0000\r\n\r\nIhr Antrag ist hier eingegangen.\r\n";

#[test]
fn postfix_delivers_by_lmtp_and_keeps_what_we_cannot_take_now() {
    let ready = Arc::new(AtomicBool::new(false));
    let asked = Arc::new(Mutex::new(0));
    let (is_ready, count) = (Arc::clone(&ready), Arc::clone(&asked));
    let letterbox = Letterbox::judging(Protocol::Lmtp, Limits::default(), move |envelope, _| {
        *count.lock().unwrap() += 1;
        if is_ready.load(Ordering::SeqCst) {
            vec![Verdict::Safe; envelope.recipients.len()]
        } else {
            vec![Verdict::TryLater("no room".to_owned()); envelope.recipients.len()]
        }
    });
    let sink = SmtpSink::start(Script::friendly());
    let postfix = Postfix::start(letterbox.addr.port(), sink.addr.port());

    let taken = postfix.submit("amt@stadt.example", "r-1@askance.example", REPLY);
    assert!(taken.starts_with("250 "), "{taken}");
    until(&postfix, "the reply of 451 in the queue", || postfix.queue().contains("451 4.3.0 no room"));
    assert!(postfix.queue().contains("r-1@askance.example"), "kept: {}", postfix.queue());
    assert!(!postfix.log().contains("status=bounced"), "{}", postfix.log());

    ready.store(true, Ordering::SeqCst);
    postfix.flush();
    until(&postfix, "an empty queue", || postfix.queue().trim().is_empty());
    assert!(postfix.log().contains("250 2.0.0 safe"), "our word in its log: {}", postfix.log());
    assert!(*asked.lock().unwrap() >= 2);
    let (envelope, bytes) = letterbox.taken.lock().unwrap().last().unwrap().clone();
    assert_eq!(envelope.sender.as_deref(), Some("amt@stadt.example"));
    assert_eq!(envelope.recipients, ["r-1@askance.example"]);
    assert!(bytes.starts_with(b"Received: from stranger.example"), "{}", String::from_utf8_lossy(&bytes));
    assert!(bytes.ends_with(REPLY), "the octets as they were handed in, below its own header");
    assert!(sink.letters().is_empty(), "nothing came back as a bounce");
}

#[test]
fn postfix_relays_our_letter_and_its_word_is_the_proof() {
    let letterbox = Letterbox::open(Protocol::Lmtp, Limits::default());
    let sink = SmtpSink::start(Script::friendly());
    let postfix = Postfix::start(letterbox.addr.port(), sink.addr.port());
    let composed = compose(&OutgoingLetter {
        from_name: "Zoë Müller".to_owned(),
        reply_address: "r-1@askance.example".to_owned(),
        to: "amt@stadt.example".to_owned(),
        subject: "Antrag auf Auskunft über Gesichtserkennung".to_owned(),
        body: "Sehr geehrte Damen und Herren,\n\n.\n..\nFrom hier an\n".to_owned(),
        message_id: message_id(&[9; 16], OUR_DOMAIN),
        date: Utc.with_ymd_and_hms(2026, 11, 22, 9, 30, 0).unwrap(),
        in_reply_to: None,
        references: Vec::new(),
    })
    .unwrap();
    let transport = Transport::Smtp(SmtpServer::from_url(&postfix.url()).unwrap());
    let dispatch =
        transport.send(&composed.envelope_from, &composed.envelope_to, &composed.bytes, &mut || Ok(()));
    let Dispatch::Accepted { reply } = dispatch else { panic!("{dispatch:?}\n{}", postfix.log()) };
    assert!(reply.starts_with("250 2.0.0 Ok: queued as "), "{reply}");
    let queued_as = reply.rsplit(' ').next().unwrap();
    until(&postfix, "the letter at the relay", || !sink.letters().is_empty());
    until(&postfix, "its id in the log", || postfix.log().contains(&format!("{queued_as}: removed")));
    let letter = &sink.letters()[0];
    assert!(letter.bytes.ends_with(&composed.bytes), "{}", String::from_utf8_lossy(&letter.bytes));
    assert_eq!(letter.recipients.len(), 1);
    assert!(letter.recipients[0].starts_with("RCPT TO:<amt@stadt.example>"));
    assert_eq!(letter.message_id(), message_id(&[9; 16], OUR_DOMAIN));
}

#[test]
fn postfix_gives_a_refused_reply_back_to_the_authority_not_to_us() {
    let letterbox = Letterbox::judging(Protocol::Lmtp, Limits::default(), |envelope, _| {
        vec![Verdict::Refuse("nobody here".to_owned()); envelope.recipients.len()]
    });
    let sink = SmtpSink::start(Script::friendly());
    let postfix = Postfix::start(letterbox.addr.port(), sink.addr.port());
    postfix.submit("amt@stadt.example", "r-2@askance.example", REPLY);
    until(&postfix, "the bounce at the relay", || !sink.letters().is_empty());
    let bounce = &sink.letters()[0];
    assert!(bounce.mail.starts_with("MAIL FROM:<>"), "{}", bounce.mail);
    assert!(String::from_utf8_lossy(&bounce.bytes).contains("550 5.7.1 nobody here"));
    assert_eq!(letterbox.mails().len(), 1);
}
