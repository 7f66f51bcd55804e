//! Letters a second to a mail server on this machine, on SQLite and on PostgreSQL, one worker at a time and several.
//!
//! `cargo bench --bench outbox` prints them for this machine; `BENCH_LETTERS=1000` takes so many instead of 500.
//! PostgreSQL is measured where `BENCH_POSTGRES` names an empty database.

mod house;
mod sink;
mod told;

use crate::house::{files, house};
use crate::sink::sink;
use crate::told::{machine, say};
use askance::mail::smtp_url::SmtpServer;
use askance::mail::transport::Transport;
use askance::service::delivery;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

type Done<T> = Result<T, Box<dyn Error + Send + Sync>>;

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

/// Letters a second that some workers send together.
fn measure(folder: &std::path::Path, url: &str, (letters, workers): (usize, usize)) -> Done<f64> {
    let (ctx, db) = house(folder, url, std::time::Duration::ZERO)?;
    files(&ctx, &db, letters)?;
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
