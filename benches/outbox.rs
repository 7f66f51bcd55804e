//! Letters a second to a mail server on this machine, on SQLite and on PostgreSQL, one worker at a time and several.
//!
//! `cargo bench --bench outbox` prints them for this machine; `BENCH_LETTERS=1000` takes so many instead of 500.
//! PostgreSQL is measured where `BENCH_POSTGRES` names an empty database.

mod sink;

use crate::sink::sink;
use askance::config::Config;
use askance::data::Library;
use askance::mail::smtp_url::SmtpServer;
use askance::mail::transport::Transport;
use askance::service::{Context, delivery};
use askance::store::Db;
use askance::store::blobs::Blobs;
use figment::Figment;
use figment::providers::Serialized;
use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

type Done<T> = Result<T, Box<dyn Error>>;

fn main() -> Done<()> {
    let letters: usize = std::env::var("BENCH_LETTERS").ok().and_then(|n| n.parse().ok()).unwrap_or(500);
    say(&machine())?;
    let folder = tempfile::tempdir()?;
    let sqlite = format!("sqlite://{}", folder.path().join("askance.db").display());
    let postgres = std::env::var("BENCH_POSTGRES").ok();
    for (name, url) in [("SQLite", Some(sqlite)), ("PostgreSQL", postgres)] {
        let Some(url) = url else {
            say(&format!("{name:<11} not measured: `BENCH_POSTGRES` names no database"))?;
            continue;
        };
        for workers in [1, 4] {
            let rate = measure(folder.path(), &url, (letters, workers))?;
            say(&format!("{name:<11} {workers} worker(s), {letters} letters: {rate:.0} letters/s"))?;
        }
    }
    Ok(())
}

fn say(line: &str) -> Done<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

/// Figures mean nothing without the machine.
fn machine() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("model name")).unwrap_or_default();
    let model = line.split_once(':').map(|(_, value)| value.trim()).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!("machine     {model}, {cores} cores, load before {}", load.split(' ').next().unwrap_or_default())
}

/// Letters a second that some workers send together.
fn measure(folder: &std::path::Path, url: &str, (letters, workers): (usize, usize)) -> Done<f64> {
    let settings = serde_json::json!({ "askance": {
        "database_url": url,
        "blob_url": format!("file://{}", folder.join("blobs").display()),
        "reply_domain": "post.askance.example",
        "secret_key": "q3Zb1n0yS8mPqkL2uVdH5tRwXo7cJfGeAi4N6hT9sKU=",
        // All letters go to a few domains at once.
        "letters_per_minute": 0,
    }});
    let mut config = Config::from_figment(&Figment::from(Serialized::defaults(settings)))?;
    config.undo = std::time::Duration::ZERO;
    let db = Db::open(url, 10)?;
    db.migrate()?;
    let ctx = Context {
        clock: config.clock.clone(),
        blobs: Blobs::open(&config.blob_dir)?,
        config,
        library: Arc::new(Library::load()?),
        days_off: askance::service::days_off::Calendars::default(),
        pulse: askance::service::health::Pulse::default(),
    };
    fill(&ctx, &db, letters)?;
    let taken = Arc::new(AtomicUsize::new(0));
    let server = SmtpServer::from_url(&sink(Arc::clone(&taken))?)?;
    let began = Instant::now();
    let failed = std::thread::scope(|scope| {
        let crew: Vec<_> = (0..workers)
            .map(|_| {
                let (ctx, db, transport) = (&ctx, &db, Transport::Smtp(server.clone()));
                scope.spawn(move || -> Result<(), delivery::Error> {
                    let name = delivery::worker_name();
                    while delivery::send_next(ctx, db, &transport, &name)? {}
                    Ok(())
                })
            })
            .collect();
        crew.into_iter().find_map(|worker| {
            worker.join().map_or(Some("a panic".to_owned()), |end| Some(end.err()?.to_string()))
        })
    });
    let took = began.elapsed().as_secs_f64();
    if let Some(failed) = failed {
        return Err(failed.into());
    }
    let taken = taken.load(Ordering::SeqCst);
    if taken != letters {
        return Err(format!("expected {letters} letters at the server, found {taken}").into());
    }
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    Ok(letters as f64 / took)
}

/// Letters that may leave, a request each, as `filing` makes them.
fn fill(ctx: &Context, db: &Db, letters: usize) -> Done<()> {
    use askance::domain::authority::AuthorityKind;
    use askance::service::filing::{self, Filing};
    use askance::store::authorities::{self, NewAuthority};
    use askance::store::people::{self, NewPerson};
    use askance::store::types::Role;
    let conn = &mut *db.conn()?;
    let now = ctx.clock.now();
    let stamp = now.timestamp_micros();
    let email = format!("mara{stamp}@askance.example");
    let new = NewPerson { email: &email, name: "Mara Varga", role: Role::Activist, password_hash: "" };
    let mara = people::add(conn, &new, now)?;
    let mut cities = Vec::new();
    for n in 0..20 {
        let city = NewAuthority {
            slug: format!("stadt-{n}-{stamp}"),
            name: format!("Stadt {n}"),
            name_en: None,
            language: "de".to_owned(),
            kind: AuthorityKind::Municipality,
            country: "DE".to_owned(),
            place: "Brandau".to_owned(),
            regime: Some("de-nw-ifg".to_owned()),
            subdivision: None,
            regime_reason: None,
            website: None,
            source: "bench".to_owned(),
            email: Some(format!("foi@n{n}.example").parse()?),
            identifiers: Vec::new(),
        };
        cities.push(authorities::insert(conn, &city, now)?);
    }
    let mut left = letters;
    while left > 0 {
        let some: Vec<i64> = cities.iter().take(left).copied().collect();
        let filing = Filing {
            authorities: some,
            bundle: "contract_and_dpia".to_owned(),
            language: None,
            // The same letter again would be asked about.
            signed_as: format!("Mara Varga\nKlarblick {left}"),
            form_key: format!("form-{left}-{stamp}"),
            ..Filing::default()
        };
        left -= filing::file(ctx, conn, mara, &filing)?.len();
    }
    Ok(())
}
