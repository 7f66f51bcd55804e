//! Mail in, in figures: mails a second that are acknowledged, each synced before, and how long an acknowledgement takes
//! when a hundred mails a second are offered.
//!
//! `cargo bench --bench intake` prints them for this machine, on SQLite; with `DATABASE_URL=postgres://…` of an empty
//! database also on that one. `-- 60` offers a hundred a second for a minute. What becomes of pages meanwhile is in
//! `cargo bench --bench overload`.

mod told;

use crate::told::{machine, say};
use askance::clock::Clock;
use askance::mail::listener::{Limits, Listener, Protocol, Verdict};
use askance::service::intake::{Door, Mail, accept};
use askance::store::Db;
use askance::store::blobs::Blobs;
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

type Done<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Connections that hand mail over at the same time.
const CONNECTIONS: usize = 4;
/// Mails of one session; then the mail server comes anew, as they do, and before the listener asks it to.
const A_SESSION: usize = 100;
/// Mails a second that are offered when acknowledgements are timed.
const OFFERED: u32 = 100;

fn main() -> Done<()> {
    let seconds = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(10);
    say(&machine())?;
    let folder = tempfile::tempdir_in(std::env::var("BENCH_DIR").unwrap_or_else(|_| "/tmp".to_owned()))?;
    bench("SQLite", &format!("sqlite://{}/askance.db", folder.path().display()), folder.path(), seconds)?;
    match std::env::var("DATABASE_URL") {
        Ok(url) => bench("PostgreSQL", &url, folder.path(), seconds),
        Err(_) => Ok(say("PostgreSQL   not measured: DATABASE_URL is not set")?),
    }
}

fn bench(name: &str, url: &str, folder: &std::path::Path, seconds: u64) -> Done<()> {
    let (db, blobs) = (Db::open(url, 10)?, Blobs::open(&folder.join(name))?);
    db.migrate()?;
    let secret = askance::config::Secret::new(vec![7; 32]);
    let listener = Listener::bind("127.0.0.1:0", Protocol::Lmtp, Limits::default())?;
    let address = listener.local_addr().ok_or("no address")?;
    let stopper = listener.stopper();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            listener.serve(&move |envelope, raw| {
                let door = Door { blobs: &blobs, clock: &Clock::System, secret: &secret };
                let mail = Mail { raw, recipients: &envelope.recipients, via: "lmtp", handed: None };
                match accept(door, Some(&db), mail) {
                    Ok(()) => vec![Verdict::Safe; envelope.recipients.len()],
                    Err(error) => vec![Verdict::TryLater(error.to_string()); envelope.recipients.len()],
                }
            });
        });
        let done = figures((name, address), seconds);
        stopper.stop();
        done
    })
}

fn figures((name, address): (&str, SocketAddr), seconds: u64) -> Done<()> {
    let count = AtomicUsize::new(0);
    for connections in [1, CONNECTIONS, 16] {
        let (began, worked) = (Instant::now(), processor_time());
        let took =
            times(address, (connections, &count), |began| began.elapsed() < Duration::from_secs(5), None)?;
        let rate = number(took.len()) / began.elapsed().as_secs_f64();
        let each = (processor_time() - worked) * 1e3 / number(took.len());
        say(&format!(
            "{name:<12} {connections:>2} connections: {rate:.0} mails/s accepted, {} in n = {}; {each:.2} ms of a core each, \
             both sides",
            spread(&took),
            took.len()
        ))?;
    }
    let long = Duration::from_secs(seconds);
    let pause = Duration::from_secs(1) / OFFERED * u32::try_from(CONNECTIONS)?;
    let took = times(address, (CONNECTIONS, &count), |began| began.elapsed() < long, Some(pause))?;
    Ok(say(&format!(
        "{name:<12} {OFFERED} mails/s offered for {seconds} s: acknowledged {}, n = {}",
        spread(&took),
        took.len()
    ))?)
}

#[expect(clippy::cast_precision_loss, reason = "counts of mails are far below 2^52")]
fn number(count: usize) -> f64 {
    count as f64
}

/// Seconds of a core that this process has used; on a machine that others use as well it says more than the rate.
fn processor_time() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = |at: usize| {
        stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(at)?.parse::<f64>().ok())
    };
    // utime and stime, in hundredths of a second on every Linux that is built today.
    (ticks(11).unwrap_or_default() + ticks(12).unwrap_or_default()) / 100.0
}

fn spread(took: &[Duration]) -> String {
    let at = |part: usize| took.get((took.len() * part / 100).min(took.len().saturating_sub(1)));
    let text = |part| at(part).map_or(0.0, |time| time.as_secs_f64() * 1e3);
    format!("p50 {:.1} ms, p99 {:.1} ms", text(50), text(99))
}

/// From the first octet of each message to its acknowledgement, sorted. With a pause a mail is begun each time it is
/// over, and what waits for its turn counts as waiting.
fn times(
    address: SocketAddr,
    (connections, count): (usize, &AtomicUsize),
    more: impl Fn(&Instant) -> bool + Sync,
    pause: Option<Duration>,
) -> Done<Vec<Duration>> {
    let began = Instant::now();
    let mut all = std::thread::scope(|scope| {
        let more = &more;
        let feeders: Vec<_> = (0..connections)
            .map(|_| {
                scope.spawn(move || -> Done<Vec<Duration>> {
                    let mut peer = Peer::meet(address)?;
                    let (mut took, mut due) = (Vec::new(), Instant::now());
                    while more(&began) {
                        if took.len() % A_SESSION == A_SESSION - 1 {
                            peer = Peer::meet(address)?;
                        }
                        std::thread::sleep(due.saturating_duration_since(Instant::now()));
                        let start = if pause.is_some() { due } else { Instant::now() };
                        peer.sends(count.fetch_add(1, Ordering::Relaxed))?;
                        took.push(start.elapsed());
                        due += pause.unwrap_or_default();
                    }
                    Ok(took)
                })
            })
            .collect();
        let mut all = Vec::new();
        for feeder in feeders {
            all.extend(feeder.join().map_err(|_| "a feeder panicked")??);
        }
        Done::Ok(all)
    })?;
    all.sort_unstable();
    Ok(all)
}

/// A mail server that keeps its session.
struct Peer(BufReader<TcpStream>);

impl Peer {
    fn meet(address: SocketAddr) -> Done<Self> {
        let tcp = TcpStream::connect(address)?;
        tcp.set_nodelay(true)?;
        let mut peer = Self(BufReader::new(tcp));
        peer.hears("220")?;
        peer.0.get_mut().write_all(b"LHLO bench\r\n")?;
        peer.hears("250")?;
        Ok(peer)
    }

    fn hears(&mut self, code: &str) -> Done<()> {
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line)?;
            if !line.starts_with(code) {
                return Err(format!("expected {code}, found `{}`", line.trim()).into());
            }
            if line.get(3..4) != Some("-") {
                return Ok(());
            }
        }
    }

    /// One mail of about 4 KB to a request of its own.
    fn sends(&mut self, n: usize) -> Done<()> {
        let to = format!("r-2026-{n:04}-aaaaaaaaaaaaaaaaaaaa@post.askance.example");
        let text = "Wir suchen die Akte noch und melden uns.\r\n".repeat(90);
        let mail = format!("MAIL FROM:<amt@stadt.example>\r\nRCPT TO:<{to}>\r\nDATA\r\n");
        self.0.get_mut().write_all(mail.as_bytes())?;
        for code in ["250", "250", "354"] {
            self.hears(code)?;
        }
        let message = format!(
            "From: amt@stadt.example\r\nMessage-ID: <{n}@stadt.example>\r\nSubject: {n}\r\n\r\n{text}.\r\n"
        );
        self.0.get_mut().write_all(message.as_bytes())?;
        self.hears("250")
    }
}
