//! Ten times what is expected (R56), against the real program: a hundred mails a second come in, five hundred pages a
//! second are asked for and letters leave, all at once, for a minute.
//!
//! `cargo bench --bench overload` prints how long acknowledgements and pages took, how many pages were turned away, and
//! whether a mail or a letter is missing; `-- 20` does it for twenty seconds. SQLite, or with `DATABASE_URL=postgres://…`
//! of an empty database that one. The program, its readers, who writes and who reads share the machine.

mod house;
mod sink;
mod told;

use crate::house::{files, house};
use crate::sink::sink;
use crate::told::{machine, say};
use askance::store::{AnyConn, Db};
use diesel::prelude::*;
use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

type Done<T> = Result<T, Box<dyn Error + Send + Sync>>;

const MAILS_A_SECOND: u32 = 100;
const PAGES_A_SECOND: u32 = 500;
const MAIL_SERVERS: u32 = 4;
const VISITORS: u32 = 50;
const LETTERS: usize = 200;
/// Mails of one session.
const A_SESSION: u32 = 100;
/// Whoever hears nothing for so long counts as failed.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> Done<()> {
    let seconds: u32 = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(60);
    let folder = tempfile::tempdir_in(std::env::var("BENCH_DIR").unwrap_or_else(|_| "/tmp".to_owned()))?;
    let url = std::env::var("DATABASE_URL")
        .unwrap_or_else(|_| format!("sqlite://{}", folder.path().join("askance.db").display()));
    say(&format!("{}, {}", machine(), url.split(':').next().unwrap_or_default()))?;
    let references = fill(folder.path(), &url)?;
    let taken = Arc::new(AtomicUsize::new(0));
    let sink = sink(Arc::clone(&taken))?;
    let (web, lmtp) = (free_port()?, free_port()?);
    let _service = serve(folder.path(), &url, (&sink, web, lmtp))?;
    let addresses: Vec<String> = ["/", "/requests", "/authorities", "/laws", "/deployments"]
        .map(str::to_owned)
        .into_iter()
        .chain(references.iter().take(95).map(|reference| format!("/requests/{reference}")))
        .collect();
    let (mails, pages) = std::thread::scope(|scope| {
        let mails: Vec<_> =
            (0..MAIL_SERVERS).map(|n| scope.spawn(move || hands_over(lmtp, (n, seconds)))).collect();
        let pages: Vec<_> = (0..VISITORS)
            .map(|n| {
                scope.spawn({
                    let all = &addresses;
                    move || reads(web, all, (n, seconds))
                })
            })
            .collect();
        let mails: Done<Vec<Vec<Duration>>> =
            mails.into_iter().map(|one| one.join().map_err(|_| "a mail server panicked")?).collect();
        let pages: Vec<Visits> = pages.into_iter().filter_map(|one| one.join().ok()).collect();
        Done::Ok((mails?.concat(), pages))
    })?;
    let left = taken.load(Ordering::SeqCst);
    report(&url, (mails, &pages), (seconds, left, &taken))
}

fn report(
    url: &str,
    (mails, pages): (Vec<Duration>, &[Visits]),
    (seconds, left, taken): (u32, usize, &AtomicUsize),
) -> Done<()> {
    let all =
        |of: fn(&Visits) -> &Vec<Duration>| pages.iter().flat_map(|one| of(one).clone()).collect::<Vec<_>>();
    let sum = |of: fn(&Visits) -> usize| pages.iter().map(of).sum::<usize>();
    let (served, refused) = (all(|one| &one.served), all(|one| &one.refused));
    say(&format!(
        "mails        {MAILS_A_SECOND} a second for {seconds} s: acknowledged {}, {}",
        mails.len(),
        spread(mails.clone())
    ))?;
    say(&format!(
        "pages        {PAGES_A_SECOND} a second for {seconds} s: 200 {}, {}",
        served.len(),
        spread(served.clone())
    ))?;
    say(&format!("             503 with Retry-After {}, {}", refused.len(), spread(refused.clone())))?;
    say(&format!(
        "             404 while the letter has not left {}, other answers {}, connections that failed {}",
        sum(|one| one.not_yet),
        sum(|one| one.other),
        sum(|one| one.failed)
    ))?;
    let both = [served, refused].concat();
    say(&format!("             200 and 503 together: {}", spread(both)))?;
    let (mut stored, began) = (0, Instant::now());
    while stored < mails.len() && began.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(500));
        stored = arrivals(url)?;
    }
    say(&format!(
        "lost         {} of {} acknowledged mails have no row after {:.0} s",
        mails.len().saturating_sub(stored),
        mails.len(),
        began.elapsed().as_secs_f64()
    ))?;
    while taken.load(Ordering::SeqCst) < LETTERS && began.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(500));
    }
    Ok(say(&format!(
        "letters      {left} of {LETTERS} left during the load, {} in all",
        taken.load(Ordering::SeqCst)
    ))?)
}

fn spread(mut took: Vec<Duration>) -> String {
    took.sort_unstable();
    let at = |part: usize| took.get((took.len() * part / 100).min(took.len().saturating_sub(1)));
    let text = |part| at(part).map_or(0.0, |time| time.as_secs_f64() * 1e3);
    format!(
        "p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms, worst {:.0} ms",
        text(50),
        text(95),
        text(99),
        text(100)
    )
}

fn free_port() -> Done<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// The program, which ends with this one.
struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        // It is a bench: nothing of it is kept.
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

fn serve(folder: &std::path::Path, url: &str, (sink, web, lmtp): (&str, u16, u16)) -> Done<Service> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_askance"));
    command.arg("serve").current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null());
    if std::env::var_os("BENCH_LOG").is_none() {
        command.stderr(Stdio::null());
    }
    for (name, value) in [
        ("ASKANCE_DATABASE_URL", url.to_owned()),
        ("ASKANCE_BLOB_URL", format!("file://{}", folder.join("blobs").display())),
        ("ASKANCE_REPLY_DOMAIN", "post.askance.example".to_owned()),
        ("ASKANCE_SMTP_URL", sink.to_owned()),
        ("ASKANCE_LMTP_LISTEN", format!("127.0.0.1:{lmtp}")),
        ("ASKANCE_DNS", "off".to_owned()),
        ("ASKANCE_SECRET_KEY", "k5Y0V1mQ3T8b7ZxJ2n4RwE6uLh9sDfGaPcXoBvNiM1A=".to_owned()),
        ("ASKANCE_LETTERS_PER_MINUTE", "0".to_owned()),
        ("ROCKET_PORT", web.to_string()),
    ] {
        command.env(name, value);
    }
    let service = Service(command.spawn()?);
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", web)).is_err() || TcpStream::connect(("127.0.0.1", lmtp)).is_err()
    {
        if began.elapsed() > Duration::from_secs(30) {
            return Err("the service did not start; see it with BENCH_LOG=1".into());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(service)
}

/// Requests whose letters leave within a minute from now, one after the other; their references.
fn fill(folder: &std::path::Path, url: &str) -> Done<Vec<String>> {
    let (ctx, db) = house(folder, url, Duration::from_secs(5))?;
    Ok(files(&ctx, &db, LETTERS)?.into_iter().map(|filed| filed.reference).collect())
}

/// How often mail arrived that was acknowledged.
fn arrivals(url: &str) -> Done<usize> {
    use askance::store::schema::arrivals;
    let db = Db::open(url, 1)?;
    let n: i64 = match &mut *db.conn()? {
        AnyConn::Sqlite(c) => arrivals::table.count().get_result(c)?,
        AnyConn::Postgres(c) => arrivals::table.count().get_result(c)?,
    };
    Ok(usize::try_from(n)?)
}

/// When the next is due, so many a second by so many.
fn turn(began: Instant, (n, of, rate): (u32, u32, u32)) -> Option<Instant> {
    began.checked_add(Duration::from_secs(1).checked_mul(n)?.checked_mul(of)?.checked_div(rate)?)
}

/// A mail server that hands over its part, each mail when it is due; how long each took from then.
fn hands_over(port: u16, (own, seconds): (u32, u32)) -> Done<Vec<Duration>> {
    let (began, mut took, mut peer) = (Instant::now(), Vec::new(), Peer::meet(port)?);
    for n in 0..MAILS_A_SECOND * seconds / MAIL_SERVERS {
        let due = turn(began, (n, MAIL_SERVERS, MAILS_A_SECOND)).ok_or("no such instant")?;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        if n % A_SESSION == A_SESSION - 1 {
            peer = Peer::meet(port)?;
        }
        peer.sends(&format!("{own}-{n}"))?;
        took.push(due.elapsed());
    }
    Ok(took)
}

struct Peer(BufReader<TcpStream>);

impl Peer {
    fn meet(port: u16) -> Done<Self> {
        let tcp = TcpStream::connect(("127.0.0.1", port))?;
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(Duration::from_secs(60)))?;
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

    fn sends(&mut self, id: &str) -> Done<()> {
        let to = "r-2026-9999-aaaaaaaaaaaaaaaaaaaa@post.askance.example";
        let mail = format!("MAIL FROM:<amt@stadt.example>\r\nRCPT TO:<{to}>\r\nDATA\r\n");
        self.0.get_mut().write_all(mail.as_bytes())?;
        for code in ["250", "250", "354"] {
            self.hears(code)?;
        }
        let text = "Wir suchen die Akte noch und melden uns.\r\n".repeat(90);
        let message = format!(
            "From: amt@stadt.example\r\nMessage-ID: <{id}@stadt.example>\r\nSubject: Akte {id}\r\n\r\n{text}.\r\n"
        );
        self.0.get_mut().write_all(message.as_bytes())?;
        self.hears("250")
    }
}

/// What a visitor met.
#[derive(Default)]
struct Visits {
    served: Vec<Duration>,
    refused: Vec<Duration>,
    not_yet: usize,
    other: usize,
    failed: usize,
}

/// A visitor's browser: one connection, a page when it is due; what waits for its turn counts as waiting.
fn reads(port: u16, addresses: &[String], (own, seconds): (u32, u32)) -> Visits {
    let (began, mut visits, mut browser) = (Instant::now(), Visits::default(), None);
    for n in 0..PAGES_A_SECOND * seconds / VISITORS {
        let Some(due) = turn(began, (n, VISITORS, PAGES_A_SECOND)) else { break };
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let at = usize::try_from(own.wrapping_mul(31).wrapping_add(n.wrapping_mul(7))).unwrap_or(0);
        let Some(address) = addresses.get(at % addresses.len().max(1)) else { break };
        match ask(&mut browser, SocketAddr::from(([127, 0, 0, 1], port)), address) {
            Ok((200, _)) => visits.served.push(due.elapsed()),
            Ok((503, true)) => visits.refused.push(due.elapsed()),
            // A request is public once its letter has left.
            Ok((404, _)) => visits.not_yet += 1,
            Ok(_) => visits.other += 1,
            Err(_) => {
                browser = None;
                visits.failed += 1;
            }
        }
    }
    visits
}

/// The status, and whether it says when to come again.
fn ask(browser: &mut Option<BufReader<TcpStream>>, to: SocketAddr, address: &str) -> Done<(u16, bool)> {
    let mut tcp = if let Some(open) = browser.take() {
        open
    } else {
        let tcp = TcpStream::connect_timeout(&to, PATIENCE)?;
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        BufReader::new(tcp)
    };
    write!(tcp.get_mut(), "GET {address} HTTP/1.1\r\nHost: askance.example\r\n\r\n")?;
    let mut head = BTreeMap::new();
    let mut first = String::new();
    tcp.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        if tcp.read_line(&mut line)? == 0 {
            return Err("it hung up".into());
        }
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        head.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length: u64 = head.get("content-length").ok_or("no length")?.parse()?;
    std::io::copy(&mut Read::by_ref(&mut tcp).take(length), &mut std::io::sink())?;
    let status = first.split(' ').nth(1).unwrap_or_default().parse()?;
    if head.get("connection").is_none_or(|said| !said.eq_ignore_ascii_case("close")) {
        *browser = Some(tcp);
    }
    Ok((status, head.contains_key("retry-after")))
}
