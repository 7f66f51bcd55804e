//! The house in figures: pages beside a bare route, mails from the door to their proposal, due dates.
//!
//! `cargo bench` prints them for this machine; it needs `wrk` (Debian: `apt-get install wrk`) and speaks to
//! loopback only. `cargo bench -- 200` takes 200 requests instead of 2,000.

mod past;
mod told;

use crate::told::{machine, say};
use askance::data::Library;
use askance::domain::law::course::{Fact, Happened, course};
use askance::domain::law::deadline::{Clock, deadline};
use askance::domain::law::remedy::RemedyStep;
use chrono::{NaiveDate, TimeDelta};
use past::Past;
use std::collections::BTreeMap;
use std::error::Error;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Seconds that each page is asked for.
const SECONDS: &str = "10";
/// Connections that ask at once.
const CONNECTIONS: &str = "16";

/// What a browser says it takes, as `wrk` is told.
const GZIP: &str = "['Accept-Encoding'] = 'gzip'";

type Done<T> = Result<T, Box<dyn Error>>;

fn main() -> Done<()> {
    let requests = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(2000);
    say(&machine())?;
    due_dates()?;
    recompute(50)?;
    let past = mails(requests)?;
    pages(&past, requests)
}

/// Due dates with their derivation, by the unit in which a law counts.
fn due_dates() -> Done<()> {
    let laws = Library::load()?.laws;
    let mut classes: BTreeMap<String, (u32, Duration, Duration)> = BTreeMap::new();
    let first: NaiveDate = "2026-01-01".parse()?;
    for regime in laws.regimes() {
        let calendar = laws.calendar_of(regime);
        let unit = serde_json::to_value(regime.response.unit)?.as_str().unwrap_or("other").to_owned();
        let began = Instant::now();
        for day in 0..730 {
            let clock = Clock::received(first + TimeDelta::days(day));
            std::hint::black_box(
                deadline(regime, calendar, &clock).map_err(|e| format!("{}: {e}", regime.id))?,
            );
        }
        let dates = began.elapsed();
        let began = Instant::now();
        for day in 0..730 {
            let facts = life(first + TimeDelta::days(day));
            std::hint::black_box(
                course(regime, calendar, &facts).map_err(|e| format!("{}: {e}", regime.id))?,
            );
        }
        let class = classes.entry(unit).or_default();
        *class = (class.0 + 730, class.1 + dates, class.2 + began.elapsed());
    }
    for (unit, (count, dates, lives)) in classes {
        say(&format!(
            "due date     {unit:<16} {:>8.2} µs each ({count} dates), a whole life of six events {:>8.2} µs",
            each(dates, count) * 1e6,
            each(lives, count) * 1e6
        ))?;
    }
    Ok(())
}

/// What a request lives through: registered late, a question back, an extension, a refusal, a remedy.
fn life(received: NaiveDate) -> [Fact; 6] {
    let after = |days: i64| received + TimeDelta::days(days);
    [
        Fact { on: received, what: Happened::Received },
        Fact { on: after(3), what: Happened::ClarificationAsked },
        Fact { on: after(8), what: Happened::ClarificationGiven },
        Fact { on: after(10), what: Happened::Extended(None) },
        Fact { on: after(40), what: Happened::Answered { refuses: true } },
        Fact { on: after(50), what: Happened::Taken(RemedyStep::Complaint) },
    ]
}

/// All open requests looked at anew, as after a day off was added: `times` copies of 2,000 of them, through the database.
fn recompute(times: u32) -> Done<()> {
    let past = Past::begin(2000)?;
    past.multiply(times)?;
    let before = resident();
    let began = Instant::now();
    let looked = past.look_again()?;
    let time = began.elapsed().as_secs_f64();
    say(&format!(
        "recompute    {looked} open requests in {time:.2} s through the database, resident {before} before, {} after",
        resident()
    ))?;
    let (laws, first): (_, NaiveDate) = (Library::load()?.laws, "2026-01-01".parse()?);
    let all: Vec<_> = laws.regimes().collect();
    let began = Instant::now();
    for n in 0..100_000_u32 {
        let regime = all.get(usize::try_from(n)? % all.len()).ok_or("there is no law")?;
        let received = first + TimeDelta::days(i64::from(n % 730));
        let facts = [Fact { on: received, what: Happened::Received }];
        std::hint::black_box(course(regime, laws.calendar_of(regime), &facts)?);
    }
    Ok(say(&format!(
        "recompute    100000 open requests in {:.2} s without the database, all laws, due dates and rights",
        began.elapsed().as_secs_f64()
    ))?)
}

/// Memory of this process.
fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default().to_owned();
    line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
}

fn each(time: Duration, count: u32) -> f64 {
    time.as_secs_f64() / f64::from(count.max(1))
}

/// Files letters, then takes three replies to each: the first is timed from the door to its proposal.
fn mails(requests: u32) -> Done<Past> {
    let began = Instant::now();
    let past = Past::begin(requests)?;
    say(&format!(
        "past         {requests} letters filed and sent in {:.1} s",
        began.elapsed().as_secs_f64()
    ))?;
    past.wake_the_reader()?;
    let began = Instant::now();
    past.receive(0)?;
    let accepted = began.elapsed();
    let read = past.read()?;
    let whole = began.elapsed();
    say(&format!(
        "mails        {:>8.0} mails/s through accept() alone, {:.0} mails/s to the settled proposal ({read} mails)",
        1.0 / each(accepted, requests),
        1.0 / each(whole, requests)
    ))?;
    let began = Instant::now();
    for reply in [1, 2] {
        past.receive(reply)?;
        past.read()?;
    }
    let settled = past.settle()?;
    say(&format!(
        "past         two more replies each, {settled} settled, in {:.1} s",
        began.elapsed().as_secs_f64()
    ))?;
    Ok(past)
}

/// The service as it is run, ended with the benchmark.
struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Service {
    fn start(past: &Past, port: u16) -> Done<Self> {
        let child = Command::new(env!("CARGO_BIN_EXE_askance"))
            .arg("serve")
            .current_dir(past.folder())
            .env("ASKANCE_DATABASE_URL", past.database_url())
            .env("ASKANCE_BLOB_URL", format!("file://{}", past.folder().join("blobs").display()))
            .env("ASKANCE_CLOCK", format!("fixed:{}", past.now().to_rfc3339()))
            .env("ROCKET_PORT", port.to_string())
            .env("ROCKET_LOG_LEVEL", "off")
            .env("RUST_LOG", "error")
            .stdin(Stdio::null())
            .spawn()?;
        let service = Self(child);
        let patience = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > patience {
                return Err("the service did not start within a minute".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(service)
    }

    /// Resident memory now and at its highest, in MB.
    fn memory(&self) -> String {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap_or_default();
        let mb = |key: &str| {
            let line = status.lines().find(|line| line.starts_with(key)).unwrap_or_default();
            line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or_default() / 1024.0
        };
        format!("{:.0} MB resident, {:.0} MB at its highest", mb("VmRSS"), mb("VmHWM"))
    }
}

fn pages(past: &Past, requests: u32) -> Done<()> {
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let service = Service::start(past, port)?;
    say(&format!("memory       {} after the start", service.memory()))?;
    let year = past.now().format("%Y").to_string();
    let mut bare = 0.0;
    let request = format!("string.format('/requests/{year}-%04d', 1 + n % {requests})");
    for (what, path, coding) in [
        ("/robots.txt", "'/robots.txt'", ""),
        ("/requests", "'/requests'", ""),
        ("/requests, gzip", "'/requests'", GZIP),
        ("/requests/<ref>", request.as_str(), ""),
        // As every browser asks.
        ("…, gzip", request.as_str(), GZIP),
        ("/", "'/'", ""),
        ("/, gzip", "'/'", GZIP),
    ] {
        let (rate, p99, failed) = ask(past, port, (path, coding))?;
        bare = if bare == 0.0 { rate } else { bare };
        let ratio = 100.0 * rate / bare;
        say(&format!(
            "page         {what:<16} {rate:>8.0} requests/s, p99 {p99}, {ratio:.1} % of the bare route{failed}"
        ))?;
    }
    Ok(say(&format!("memory       {} after the load", service.memory()))?)
}

/// Requests a second, the 99th percentile, and what went wrong.
fn ask(past: &Past, port: u16, (path, headers): (&str, &str)) -> Done<(f64, String, String)> {
    let script = past.folder().join("ask.lua");
    std::fs::write(
        &script,
        format!(
            "n = 0\nrequest = function()\n  n = n + 7\n  return wrk.format('GET', {path}, {{ {headers} }})\nend\n"
        ),
    )?;
    let run = |seconds: &str| {
        Command::new("wrk")
            .args([
                "--threads",
                "1",
                "--connections",
                CONNECTIONS,
                "--duration",
                seconds,
                "--latency",
                "--script",
            ])
            .arg(&script)
            .arg(format!("http://127.0.0.1:{port}"))
            .output()
            .map_err(|e| format!("`wrk` cannot be started (apt-get install wrk): {e}"))
    };
    run("1")?;
    let text = String::from_utf8_lossy(&run(SECONDS)?.stdout).into_owned();
    let word = |key: &str| {
        let line = text.lines().map(str::trim).find(|line| line.starts_with(key)).unwrap_or_default();
        line.split_whitespace().nth(1).unwrap_or_default().to_owned()
    };
    let failed = text.lines().find(|line| line.contains("Non-2xx")).map(|line| format!(" — {}", line.trim()));
    Ok((word("Requests/sec:").parse()?, word("99%"), failed.unwrap_or_default()))
}
