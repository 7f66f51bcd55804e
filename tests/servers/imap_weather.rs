//! Mail from a mailbox whose server fails in every way: nothing lost, nothing shown twice, nothing removed too early.

use super::imap_server::{FAULTS, Fault, ImapServer, STAGES};
use crate::support::operator::Operator;
use crate::support::{Backend, Site, stories};
use askance::mail::imap::url::ImapServer as Address;
use askance::service::fetching::{self, Fetcher, Source};
use askance::service::intake::{Mail, accept};
use askance::store::blobs::{Blobs, sha256};
use askance::store::turn::Turn;
use askance::store::{Db, messages};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long the server may take over a command in these tests.
const PATIENCE: Duration = Duration::from_millis(300);

fn from_environment(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(usual)
}

fn seed() -> u64 {
    let now = askance::clock::Clock::System.now();
    from_environment("ASKANCE_SEED", u64::try_from(now.timestamp_micros()).unwrap())
}

/// Marsaglia's xorshift: the same seed, the same weather.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % n
    }
}

fn mail(number: usize) -> Vec<u8> {
    let filling = "Der Antrag wird bearbeitet.\r\n".repeat(number % 40);
    format!(
        "Delivered-To: catchall@provider.example\r\nDelivered-To: r-2026-{number:04}-aaaa@post.askance.example\r\n\
         From: Amt <amt@stadt.example>\r\nTo: r-2026-{number:04}-aaaa@post.askance.example\r\n\
         Subject: Mail {number}\r\nMessage-ID: <{number}@stadt.example>\r\n\
         Date: Mon, 31 Aug 2026 09:00:00 +0200\r\n\r\nNummer {number}\r\n{filling}"
    )
    .into_bytes()
}

fn source(server: &ImapServer, moved_to: &str) -> Source {
    let address = Address::from_url(&server.url()).unwrap().with_timeout(PATIENCE);
    Source { server: address, moved_to: Some(moved_to.to_owned()).filter(|folder| !folder.is_empty()) }
}

fn fetches(site: &Site, source: &Source) -> Result<usize, fetching::Error> {
    Fetcher::new(&site.ctx, &site.db, source, &|| false).once()
}

/// How often each mail is shown, by its subject.
fn shown(db: &Db, most: usize) -> BTreeMap<String, usize> {
    let mut shown = BTreeMap::new();
    for id in (1_i64..).take(most) {
        if let Some(message) = messages::find(&mut db.conn().unwrap(), id).unwrap() {
            *shown.entry(message.subject).or_insert(0) += 1;
        }
    }
    shown
}

/// Watches that each mail is safe here before it leaves its folder there.
fn watch(server: &ImapServer, blobs: Blobs) -> Arc<Mutex<Vec<String>>> {
    let early: Arc<Mutex<Vec<String>>> = Arc::default();
    let found = Arc::clone(&early);
    server.with(|house| {
        house.before_removal = Arc::new(move |raw| {
            if blobs.get(&sha256(raw)).is_err() {
                found.lock().unwrap().push(String::from_utf8_lossy(raw).into_owned());
            }
        });
    });
    early
}

/// A fault and where it strikes. Numbers change between sessions only: within one they are a promise (RFC 3501 §2.3.1.1).
fn weather(dice: &mut Dice) -> (&'static str, Fault) {
    let fault = FAULTS[dice.below(FAULTS.len())];
    let stage = match fault {
        Fault::NewValidity | Fault::SameUid => "GREETING",
        Fault::Truncate | Fault::Half | Fault::Drip | Fault::Huge => "BODY",
        _ => STAGES[dice.below(STAGES.len())],
    };
    (stage, fault)
}

stories! {
    fn r09_imap_weather_loses_nothing_and_shows_nothing_twice(site: &mut Site) {
        let (n, seed) = (from_environment("ASKANCE_FAULTS", 40), seed());
        let mut dice = Dice::new(seed);
        let server = ImapServer::start();
        let early = watch(&server, site.ctx.blobs.clone());
        let source = source(&server, "Askance");
        let (mut sent, mut failed, mut struck, mut tries) = (0, 0, 0, 0);
        while struck < n {
            for _ in 0..dice.below(4) {
                sent += 1;
                server.append(&mail(sent));
            }
            if server.with(|house| house.fault.is_none()) {
                let next = weather(&mut dice);
                server.with(|house| house.fault = Some(next));
            }
            failed += u64::from(fetches(site, &source).is_err());
            tries += 1;
            let waits = server.with(|house| house.fault.is_some());
            struck += u64::from(!waits);
            // What never comes to its stage, such as a MOVE without mail, makes room for another.
            if waits && tries % 5 == 0 {
                server.with(|house| house.fault = None);
            }
        }
        server.with(|house| house.fault = None);
        fetches(site, &source).unwrap();
        assert_eq!(fetches(site, &source).unwrap(), 0, "seed {seed}");
        site.works();
        let shown = shown(&site.db, 4 * sent + 100);
        let lost = (1..=sent).filter(|number| !shown.contains_key(&format!("Mail {number}"))).count();
        let twice: usize = shown.values().map(|times| times - 1).sum();
        let early = early.lock().unwrap().len();
        println!(
            "R9 IMAP weather: {struck} faults over {sent} mails, {failed} sessions broken off: {lost} lost, {twice} \
             twice, {early} removed too early; seed {seed}"
        );
        assert_eq!((lost, twice, early, shown.len()), (0, 0, 0, sent), "seed {seed}");
        let (left, away) = server.with(|house| (house.inbox.len(), house.away.clone()));
        assert_eq!(left, 0, "all was put away, seed {seed}");
        let kept: BTreeSet<Vec<u8>> = away.into_iter().map(|mail| mail.raw).collect();
        assert_eq!(kept.len(), sent, "and none deleted, seed {seed}");
    }

    fn r10_the_same_mail_by_imap_and_by_a_pipe_is_one_message(site: &mut Site) {
        let server = ImapServer::start();
        let raw = mail(1);
        let traced = [b"Received: from a by mx.provider.example; Tue, 1 Sep 2026 08:00:00 +0000\r\n", raw.as_slice()].concat();
        server.append(&traced);
        assert_eq!(fetches(site, &source(&server, "Askance")).unwrap(), 1);
        let recipients = ["r-2026-0001-aaaa@post.askance.example".to_owned()];
        let mail = Mail { raw: &raw, recipients: &recipients, via: "pipe", handed: None };
        accept(site.ctx.door(), Some(&site.db), mail).unwrap();
        site.works();
        assert_eq!(shown(&site.db, 10), BTreeMap::from([("Mail 1".to_owned(), 1)]));
    }

    fn only_one_of_two_processes_fetches_at_a_time(site: &mut Site) {
        let other = Db::open(&site.ctx.config.database_url, 1).unwrap();
        let mut first = Turn::take(&site.db, "fetching").unwrap().unwrap();
        assert!(first.is_held());
        assert!(Turn::take(&other, "fetching").unwrap().is_none());
        drop(first);
        assert!(Turn::take(&other, "fetching").unwrap().is_some());
    }
}

#[test]
fn r48_a_late_fetch_counts_from_the_arrival_in_the_mailbox() {
    let site = Site::new(Backend::Sqlite);
    let server = ImapServer::start();
    server.append(&mail(1));
    fetches(&site, &source(&server, "Askance")).unwrap();
    let message = messages::find(&mut site.db.conn().unwrap(), 1).unwrap().unwrap();
    assert_eq!(message.received_at.to_string(), "2026-09-01 08:00:00", "not the day on which it was fetched");
    assert!(message.received_at < site.ctx.clock.now().naive_utc());
}

#[test]
fn r09_a_large_mail_that_comes_slowly_comes_whole() {
    let site = Site::new(Backend::Sqlite);
    let server = ImapServer::start();
    let mut large = mail(1);
    large.extend(b"0123456789abcde\n".repeat(10 * 65_536));
    server.append(&large);
    server.append(&mail(2));
    server.with(|house| house.fault = Some(("BODY", Fault::Drip)));
    assert_eq!(fetches(&site, &source(&server, "Askance")).unwrap(), 2);
    assert_eq!(site.ctx.blobs.get(&sha256(&large)).unwrap().len(), large.len());
    assert_eq!(server.with(|house| house.away.len()), 2);
}

#[test]
fn r09_a_mail_that_is_too_large_is_left_unread_and_keeps_no_other_waiting() {
    let site = Site::new(Backend::Sqlite);
    let server = ImapServer::start();
    server.append(&mail(1));
    server.append(&mail(2));
    server.with(|house| house.claims = Some(65 << 20));
    let source = source(&server, "Askance");
    let waiting = fetching::waiting(&site.db, &source).unwrap();
    assert_eq!((waiting.new, waiting.too_large), (2, 2));
    assert_eq!(fetches(&site, &source).unwrap(), 0);
    assert!(server.with(|house| house.inbox.iter().all(|mail| !mail.seen)));
    assert!(
        server.with(|house| house.heard.iter().all(|line| !line.contains("BODY.PEEK[]"))),
        "not even asked for"
    );
    // One that only says how large it is when it comes is left after that; the next session takes the other.
    server.with(|house| (house.claims, house.fault) = (None, Some(("BODY", Fault::Huge))));
    let never = || false;
    let mut fetcher = Fetcher::new(&site.ctx, &site.db, &source, &never);
    assert!(fetcher.once().is_err());
    assert_eq!(fetcher.once().unwrap(), 1);
    assert_eq!(server.with(|house| (house.inbox.len(), house.inbox[0].seen)), (1, false));
}

#[test]
fn a_server_without_move_copies_and_removes_only_what_was_copied() {
    let site = Site::new(Backend::Sqlite);
    let server = ImapServer::start();
    server.with(|house| house.can = "IMAP4rev1 SASL-IR AUTH=PLAIN UIDPLUS");
    server.append(&mail(1));
    server.append(&mail(2));
    assert_eq!(fetches(&site, &source(&server, "Askance")).unwrap(), 2);
    let heard = server.with(|house| house.heard.clone());
    assert!(heard.contains(&"UID EXPUNGE 1,2".to_owned()), "{heard:?}");
    assert!(!heard.iter().any(|line| line.starts_with("EXPUNGE") || line.starts_with("CLOSE")), "{heard:?}");
    assert_eq!(server.with(|house| (house.inbox.len(), house.away.len())), (0, 2));
}

#[test]
fn where_nothing_can_be_moved_safely_mail_is_taken_once_and_stays_as_read() {
    for (can, moved_to) in [("IMAP4rev1 SASL-IR AUTH=PLAIN", "Askance"), (super::imap_server::ALL, "")] {
        let site = Site::new(Backend::Sqlite);
        let server = ImapServer::start();
        server.with(|house| house.can = can);
        let source = source(&server, moved_to);
        server.append(&mail(1));
        assert_eq!(fetches(&site, &source).unwrap(), 1);
        server.append(&mail(2));
        server.with(|house| house.inbox[0].seen = false);
        assert_eq!(fetches(&site, &source).unwrap(), 1, "only the new one");
        let heard = server.with(|house| house.heard.clone());
        assert_eq!(heard.iter().filter(|line| line.contains("BODY.PEEK[]")).count(), 2, "{heard:?}");
        assert!(
            !heard.iter().any(|line| line.contains("EXPUNGE") || line.contains("\\Deleted")),
            "{heard:?}"
        );
        assert!(server.with(|house| house.inbox.len() == 2 && house.inbox.iter().all(|mail| mail.seen)));
    }
}

#[test]
fn idle_brings_new_mail_within_seconds_and_ends_at_once_when_asked() {
    let site = Site::new(Backend::Sqlite);
    let server = ImapServer::start();
    let source = source(&server, "Askance");
    let stop = AtomicBool::new(false);
    let patience = Duration::from_secs(20);
    let until = |done: &dyn Fn() -> bool| {
        let began = Instant::now();
        while !done() && began.elapsed() < patience {
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    std::thread::scope(|scope| {
        let fetching = scope.spawn(|| {
            let stopping = || stop.load(Ordering::SeqCst);
            Fetcher::new(&site.ctx, &site.db, &source, &stopping).run();
        });
        for number in 1..=3 {
            server.append(&mail(number));
            until(&|| server.with(|house| house.away.len()) >= number);
        }
        until(&|| server.with(|house| house.heard.last().is_some_and(|line| line == "IDLE")));
        stop.store(true, Ordering::SeqCst);
        let began = Instant::now();
        fetching.join().unwrap();
        assert!(began.elapsed() < Duration::from_secs(4), "a service ends within ten seconds (R60)");
    });
    let (away, heard) = server.with(|house| (house.away.len(), house.heard.clone()));
    assert_eq!(away, 3, "{heard:?}");
    assert!(heard.iter().any(|line| line == "IDLE"), "{heard:?}");
    site.works();
    assert_eq!(shown(&site.db, 10).len(), 3);
}

#[test]
fn r58_the_password_is_in_no_message_and_no_log() {
    let operator = Operator::new()
        .with("ASKANCE_IMAP_URL", "imap://foi:topsecret@imap.example/INBOX")
        .with("ASKANCE_REPLY_DOMAIN", "post.askance.example")
        .with("RUST_LOG", "trace");
    let run = operator.runs(&["serve", "--only", "worker"], b"");
    assert_eq!(run.code, Some(78), "{}", run.err);
    assert!(run.err.contains("imap_url") && run.err.contains("in the clear"), "{}", run.err);
    assert!(!run.err.contains("topsecret"), "{}", run.err);

    let server = ImapServer::start();
    server.append(&mail(1));
    let operator = Operator::new()
        .with("ASKANCE_IMAP_URL", &server.url())
        .with("ASKANCE_REPLY_DOMAIN", "post.askance.example")
        .with("RUST_LOG", "trace");
    let checked = operator.runs(&["check"], b"");
    assert!(checked.out.contains("mailbox: signed in to imap://127.0.0.1"), "{}", checked.out);
    assert!(checked.out.contains("1 mail waits"), "{}", checked.out);
    server.with(|house| house.fault = Some(("AUTHENTICATE", Fault::No)));
    let refused = operator.runs(&["check"], b"");
    assert_eq!(refused.code, Some(74), "{}", refused.out);
    assert!(refused.out.contains("WRONG  mailbox") && refused.out.contains("not now"), "{}", refused.out);
    let log = operator.path("log");
    let mut child = operator
        .command(&["serve", "--only", "worker"])
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while server.with(|house| house.away.is_empty()) && began.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let log = std::fs::read_to_string(log).unwrap();
    assert_eq!(server.with(|house| house.away.len()), 1, "{log}");
    let secret = data_encoding::BASE64.encode(b"\0foi\0s3cret/word");
    for text in [&checked.out, &checked.err, &refused.out, &refused.err, &log] {
        assert!(!text.contains("s3cret") && !text.contains(&secret), "{text}");
        assert!(!text.contains("Der Antrag") && !text.contains("amt@stadt.example"), "{text}");
    }
}

/// The program in a process group of its own, killed without a word when it is dropped.
struct Worker(Child);

impl Worker {
    fn start(operator: &Operator) -> Self {
        let mut command = operator.command(&["serve", "--only", "worker"]);
        command.process_group(0).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let killed = Command::new("kill").args(["-KILL", "--", &group]).status();
        assert!(killed.unwrap().success());
        self.0.wait().unwrap();
    }
}

#[test]
fn r01_imap_mail_survives_kill_9_of_the_whole_group() {
    let (n, seed) = (from_environment("ASKANCE_KILLS", 4), seed());
    let total = usize::try_from(from_environment("ASKANCE_MAILS", 25 * n)).unwrap();
    let mut dice = Dice::new(seed);
    let server = ImapServer::start();
    let operator = Operator::new()
        .with("ASKANCE_IMAP_URL", &server.url())
        .with("ASKANCE_REPLY_DOMAIN", "post.askance.example");
    let early = watch(&server, Blobs::open(&operator.path("blobs")).unwrap());
    let mut sent = 0;
    let mut cut = 0;
    for kill in 1..=n {
        let upto = usize::try_from(u64::try_from(total).unwrap() * kill / n).unwrap();
        while sent < upto {
            sent += 1;
            server.append(&mail(sent));
        }
        // Up to a moment after the first mails went, wherever that is on this machine.
        let began = Instant::now();
        let wait = Duration::from_millis(u64::try_from(dice.below(400)).unwrap());
        let worker = Worker::start(&operator);
        while server.with(|house| house.heard.is_empty()) && began.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(2));
        }
        std::thread::sleep(wait);
        drop(worker);
        // Some mails were asked for, and not all of them were put away.
        cut += server.with(|house| {
            let heard = std::mem::take(&mut house.heard);
            u64::from(!house.inbox.is_empty() && heard.iter().any(|line| line.contains("BODY.PEEK[]")))
        });
    }
    let worker = Worker::start(&operator);
    let db = Db::open(&format!("sqlite://{}", operator.path("askance.db").display()), 1);
    let began = Instant::now();
    let all_there = || {
        let db = db.as_ref().unwrap();
        server.with(|house| house.inbox.is_empty()) && !shown(db, 3 * total).contains_key("")
    };
    let patience = Duration::from_secs(90 + u64::try_from(total).unwrap());
    while began.elapsed() < patience && !all_there() {
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(worker);
    let mut shown = shown(db.as_ref().unwrap(), 3 * total);
    let unread = shown.remove("").unwrap_or_default();
    let left = server.with(|house| house.inbox.len());
    assert_eq!(
        (unread, left),
        (0, 0),
        "neither lost nor there: not read yet, still in the mailbox; seed {seed}"
    );
    let lost = (1..=total).filter(|number| !shown.contains_key(&format!("Mail {number}"))).count();
    let twice: usize = shown.values().map(|times| times - 1).sum();
    let early = early.lock().unwrap().len();
    println!(
        "R1 by IMAP: {n} kills over {total} mails, {cut} of them in the midst of fetching: {lost} lost, {twice} twice, \
         {early} removed too early; seed {seed}"
    );
    assert_eq!((lost, twice, early), (0, 0, 0), "seed {seed}");
}

#[test]
fn r16_a_mail_of_which_the_server_babbles_keeps_no_other_in_the_mailbox() {
    let site = Site::new(Backend::Sqlite);
    let server = ImapServer::start();
    let uids: Vec<u32> = (0..5).map(|number| server.append(&mail(number))).collect();
    server.with(|house| house.babbles_of = Some(uids[1]));
    let source = source(&server, "Done");
    let mut fetcher = Fetcher::new(&site.ctx, &site.db, &source, &|| false);
    let ended: Vec<bool> = (0..6).map(|_| fetcher.once().is_ok()).collect();
    assert!(!ended[0] && ended[5], "it ends by being left alone: {ended:?}");
    server.append(&mail(7));
    fetcher.once().unwrap();
    assert_eq!(shown(&site.db, 9).values().sum::<usize>(), 5);
    assert_eq!(site.ctx.blobs.keys().unwrap().len(), 5);
    server.with(|house| assert_eq!(house.inbox.iter().map(|kept| kept.uid).collect::<Vec<_>>(), [uids[1]]));
}
