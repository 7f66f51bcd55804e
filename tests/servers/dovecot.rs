//! A real Dovecot in a folder of its own: mail is fetched from it over TLS, and stands in the other folder afterwards.

use super::smtp_sink::SmtpSink;
use crate::support::operator::Operator;
use crate::support::{Backend, Site};
use askance::mail::imap::url::ImapServer;
use askance::mail::imap::{Among, Error, Mailbox};
use askance::service::fetching::{Fetcher, Source, waiting};
use askance::store::messages;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PASSWORD: &str = "s3cret/word";
const INSTALL: &str = "this test needs Debian's Dovecot and must run as root: `apt-get install -y dovecot-imapd`; it \
                       uses a folder of its own and leaves /etc/dovecot alone";

/// The running server; it is stopped when it is dropped.
struct Dovecot {
    folder: TempDir,
    plain: u16,
    tls: u16,
    master: Child,
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Dovecot {
    fn start() -> Self {
        assert!(Path::new("/usr/sbin/dovecot").exists(), "Dovecot not found: {INSTALL}");
        let uid = Command::new("id").arg("-u").output().unwrap();
        assert_eq!(uid.stdout.trim_ascii(), b"0", "not root: {INSTALL}");
        let folder = tempfile::Builder::new().prefix("askance-dovecot-").tempdir().unwrap();
        // Its processes run as other users.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        for part in ["run", "mail"] {
            std::fs::create_dir(folder.path().join(part)).unwrap();
        }
        std::fs::set_permissions(folder.path().join("mail"), std::fs::Permissions::from_mode(0o777)).unwrap();
        let (plain, tls) = (free_port(), free_port());
        let place = folder.path().display().to_string();
        std::fs::write(folder.path().join("cert.pem"), include_bytes!("tls/server.pem")).unwrap();
        std::fs::write(folder.path().join("key.pem"), include_bytes!("tls/server-key.pem")).unwrap();
        std::fs::write(folder.path().join("dovecot.conf"), conf(&place, plain, tls)).unwrap();
        let master = Command::new("/usr/sbin/dovecot")
            .args(["-F", "-c"])
            .arg(folder.path().join("dovecot.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut dovecot = Self { folder, plain, tls, master };
        dovecot.wait_for_greeting();
        dovecot
    }

    fn wait_for_greeting(&mut self) {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(30) {
            let ended = self.master.try_wait().unwrap();
            assert!(ended.is_none(), "Dovecot did not start ({ended:?}):\n{}", self.log());
            let mut greeting = String::new();
            if let Ok(wire) = TcpStream::connect(("127.0.0.1", self.plain)) {
                wire.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
                BufReader::new(wire).read_line(&mut greeting).unwrap();
            }
            if greeting.starts_with("* OK") {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("Dovecot says nothing:\n{}", self.log());
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn doveadm(&self, words: &[&str], stdin: &[u8]) -> String {
        let mut child = Command::new("doveadm")
            .arg("-c")
            .arg(self.folder.path().join("dovecot.conf"))
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(stdin).unwrap();
        let done = child.wait_with_output().unwrap();
        assert!(
            done.status.success(),
            "{words:?}: {}\n{}",
            String::from_utf8_lossy(&done.stderr),
            self.log()
        );
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    /// A mail arrives in the mailbox.
    fn deliver(&self, raw: &[u8]) {
        self.doveadm(&["save", "-u", "foi", "-m", "INBOX"], raw);
    }

    /// The flags of each mail in a folder.
    fn flags(&self, folder: &str) -> Vec<String> {
        let said =
            self.doveadm(&["-f", "flow", "fetch", "-u", "foi", "flags", "mailbox", folder, "ALL"], b"");
        said.lines().map(|line| line.trim_start_matches("flags=").to_owned()).collect()
    }

    /// As `imap_url` names it; the certificate is for `localhost`.
    fn url(&self, scheme: &str, host: &str) -> String {
        let port = if scheme == "imaps" { self.tls } else { self.plain };
        format!("{scheme}://foi:s3cret%2Fword@{host}:{port}/INBOX")
    }

    fn source(&self, scheme: &str, moved_to: &str) -> Source {
        let server = ImapServer::from_url(&self.url(scheme, "localhost")).unwrap();
        let server = server.trusting(SmtpSink::trusted()).with_timeout(Duration::from_secs(10));
        Source { server, moved_to: Some(moved_to.to_owned()).filter(|folder| !folder.is_empty()) }
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.doveadm(&["stop"], b"");
        let _ = self.master.wait();
    }
}

fn conf(place: &str, plain: u16, tls: u16) -> String {
    format!(
        "base_dir = {place}/run
state_dir = {place}/run
log_path = {place}/log
protocols = imap
listen = 127.0.0.1
instance_name = askance-test-{plain}
ssl = yes
ssl_cert = <{place}/cert.pem
ssl_key = <{place}/key.pem
mail_location = maildir:{place}/mail/%u
first_valid_uid = 1
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home={place}/mail/%u
}}
namespace inbox {{
  inbox = yes
}}
service imap-login {{
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
"
    )
}

fn mail(number: usize) -> Vec<u8> {
    format!(
        "From: Amt <amt@stadt.example>\r\nTo: r-2026-{number:04}-aaaa@post.askance.example\r\nSubject: Mail {number}\r\n\
         Message-ID: <{number}@stadt.example>\r\nDate: Mon, 31 Aug 2026 09:00:00 +0200\r\n\r\nNummer {number}\r\n"
    )
    .into_bytes()
}

fn until(dovecot: &Dovecot, what: &str, done: &dyn Fn() -> bool) {
    let began = Instant::now();
    while !done() && began.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(done(), "{what}: in vain\n{}", dovecot.log());
}

#[test]
fn r09_mail_is_fetched_from_dovecot_over_tls_and_moved_never_deleted() {
    let dovecot = Dovecot::start();
    let site = Site::new(Backend::Sqlite);
    for number in 1..=25 {
        dovecot.deliver(&mail(number));
    }
    // Somebody reads it there, and somebody has marked another mail as deleted: both are taken, and none is removed.
    dovecot.doveadm(&["flags", "add", "-u", "foi", "\\Seen", "mailbox", "INBOX", "1:3"], b"");
    dovecot.doveadm(&["flags", "add", "-u", "foi", "\\Deleted", "mailbox", "INBOX", "4"], b"");
    for (scheme, folder) in [("imaps", "Übernommen & fertig"), ("imap+starttls", "Askance")] {
        let source = dovecot.source(scheme, folder);
        let never = || false;
        let before = waiting(&site.db, &source).unwrap().new;
        let taken = Fetcher::new(&site.ctx, &site.db, &source, &never).once().unwrap();
        assert_eq!(taken, before, "{}", dovecot.log());
        assert_eq!(waiting(&site.db, &source).unwrap().new, 0);
        assert_eq!(dovecot.flags("INBOX").len(), 0);
        let away = dovecot.flags(folder);
        assert_eq!(away.len(), before, "{away:?}");
        assert!(away.iter().all(|flags| flags.contains("\\Seen")), "{away:?}");
        for number in 1..=2 {
            dovecot.deliver(&mail(number + 100));
        }
    }
    site.works();
    let all = (1..=60).filter_map(|id| messages::find(&mut site.db.conn().unwrap(), id).unwrap()).count();
    assert_eq!(all, 27);
}

#[test]
fn mail_comes_from_dovecot_within_seconds_through_the_program_itself() {
    let dovecot = Dovecot::start();
    let authority = dovecot.folder.path().join("authority.pem");
    std::fs::write(&authority, include_bytes!("tls/authority.pem")).unwrap();
    let operator = Operator::new()
        .with("ASKANCE_IMAP_URL", &dovecot.url("imaps", "localhost"))
        .with("ASKANCE_REPLY_DOMAIN", "post.askance.example")
        .with("SSL_CERT_FILE", authority.to_str().unwrap());
    let checked = operator.runs(&["check"], b"");
    assert!(checked.out.contains("ok     mailbox: signed in to imaps://localhost"), "{}", checked.out);
    let log = operator.path("log");
    let mut child = operator
        .command(&["serve", "--only", "worker"])
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    dovecot.deliver(&mail(1));
    until(&dovecot, "the first mail", &|| log_has(&log, "mail received", 1));
    dovecot.deliver(&mail(2));
    until(&dovecot, "the second mail, by IDLE", &|| log_has(&log, "mail received", 2));
    until(&dovecot, "both put away", &|| dovecot.flags("Askance").len() == 2);
    let asked = Instant::now();
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert!(child.wait().unwrap().success());
    assert!(asked.elapsed() < Duration::from_secs(10), "it waits in IDLE and ends all the same (R60)");
}

fn log_has(log: &Path, words: &str, times: usize) -> bool {
    std::fs::read_to_string(log).unwrap_or_default().matches(words).count() >= times
}

#[test]
fn a_server_with_a_wrong_certificate_gets_no_password() {
    let dovecot = Dovecot::start();
    let never = || false;
    let trusted = SmtpSink::trusted();
    // The right authority and a wrong name; the right name and an authority that nobody knows.
    for (scheme, host, roots) in [
        ("imaps", "127.0.0.1", Some(trusted.clone())),
        ("imap+starttls", "127.0.0.1", Some(trusted)),
        ("imaps", "localhost", None),
        ("imap+starttls", "localhost", None),
    ] {
        let server = ImapServer::from_url(&dovecot.url(scheme, host)).unwrap();
        let server = match roots {
            Some(roots) => server.trusting(roots),
            None => server,
        };
        let error = Mailbox::open(&server, &never).err().expect("a refusal");
        assert!(matches!(&error, Error::Tls(why) if why.contains("certificate")), "{scheme} {host}: {error}");
        assert!(error.to_string().contains("no password was sent"), "{error}");
    }
    assert!(!dovecot.log().contains("Login"), "{}", dovecot.log());
    assert!(!dovecot.log().contains("auth failed"), "{}", dovecot.log());

    let server = ImapServer::from_url(&dovecot.url("imaps", "localhost").replace("word", "wort")).unwrap();
    let error = Mailbox::open(&server.trusting(SmtpSink::trusted()), &never).err().expect("a refusal");
    assert!(matches!(&error, Error::Refused("sign-in", _)), "{error}");
    let mut mailbox = Mailbox::open(&dovecot.source("imaps", "").server, &never).unwrap();
    assert_eq!(mailbox.search(Among::After(0)).unwrap().len(), 0);
    mailbox.close();
}
