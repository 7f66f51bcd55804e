//! How the service is: figures, and in words what is not well and what to do about it.

mod alerts;
mod findings;
mod mailbox;
mod pulse;

pub use crate::clock::Stopwatch;
pub use alerts::{Alerts, Route, Telling};
pub use findings::{Finding, Level, findings};
pub use mailbox::{Mailbox, Trouble};
pub use pulse::Pulse;

use crate::service::Context;
use crate::store::health::disk::Room;
use crate::store::health::{self, Letters, Mails};
use crate::store::{Db, Error};
use chrono::{DateTime, TimeDelta, Utc};
use std::path::Path;

/// What a look at the service found, as figures.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// Now.
    pub now: DateTime<Utc>,
    /// Whether the database can be read and written.
    pub database: Database,
    /// How the letters stand.
    pub letters: Option<Letters>,
    /// How the mail stands.
    pub mails: Option<Mails>,
    /// How far the clock of the database's machine is ahead of ours.
    pub skew: Option<TimeDelta>,
    /// How many notes wait in the spool, and for how long the oldest; none = no mail can be taken in.
    pub spool: Option<(usize, TimeDelta)>,
    /// Whether the bucket of blobs can be written and read; none = blobs are in a folder.
    pub bucket: Option<bool>,
    /// Room on the disk of the database file; none where the database is another program.
    pub database_room: Option<Room>,
    /// Room on the disk of the blobs.
    pub blob_room: Option<Room>,
    /// By how much the clock of this machine was set lately.
    pub stepped: Option<TimeDelta>,
    /// Loops that do not turn.
    pub stopped: Vec<String>,
    /// Jobs of once an hour that went wrong when they were last done.
    pub failing: Vec<&'static str>,
    /// Whether letters are to leave at all.
    pub sends: bool,
    /// How it goes with the mailbox; none where this process fetches from none.
    pub mailbox: Option<Fetching>,
}

/// How it goes with the mailbox that mail is fetched from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fetching {
    /// What keeps mail from being fetched.
    pub trouble: Option<Trouble>,
    /// Mails that stay there, because they are too large or cannot be had.
    pub left: usize,
}

/// How the database is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Database {
    /// No connection can be had.
    #[default]
    Away,
    /// It answers, but it cannot be read.
    Failing,
    /// It can be read, but nothing can be written.
    Locked,
    /// All is well.
    Well,
}

/// What is recorded is younger than this where a service was up yesterday.
const YOUNG: TimeDelta = TimeDelta::days(2);

/// Doubts the clock of this machine where the newest record is far older, or there is none; before the loops start,
/// because what they record bears the time of that clock.
pub fn doubt_clock(ctx: &Context, db: &Db) -> Result<(), Error> {
    let newest = health::newest_record(&mut *db.conn()?)?;
    if ctx.clock.is_system() && newest.is_none_or(|newest| ctx.clock.now() - newest.and_utc() >= YOUNG) {
        ctx.pulse.doubt_clock();
        tracing::info!(
            "nothing was recorded for two days, or the clock is ahead: nothing goes by it for an hour"
        );
    }
    Ok(())
}

/// A look at the service: some reads by index, one file written and removed, one lock taken and given back. It takes
/// ten seconds at most, which are those of a database that does not answer.
pub fn look(ctx: &Context, db: &Db) -> Figures {
    let now = ctx.clock.now();
    if ctx.clock.is_system() {
        ctx.pulse.clock_read(now, ctx.pulse.age());
    }
    let spool = ctx.blobs.try_spool().and_then(|()| ctx.blobs.waiting());
    let spool = told("the spool", spool).map(|(notes, since)| {
        let age = since
            .map_or(TimeDelta::zero(), |since| (now - DateTime::<Utc>::from(since)).max(TimeDelta::zero()));
        (notes, age)
    });
    let database_file = ctx.config.database_url.strip_prefix("sqlite://").map(Path::new);
    let bucket = ctx.blobs.try_bucket();
    let mut figures = Figures {
        now,
        spool,
        bucket: bucket.map(|tried| told("the bucket of blobs", tried).is_some()),
        database_room: database_file.and_then(|file| told("the disk", Room::on(file))),
        blob_room: told("the disk", Room::on(&ctx.config.blob_dir)),
        stepped: ctx.pulse.stepped(),
        stopped: ctx.pulse.stopped(),
        failing: ctx.pulse.failing(),
        sends: ctx.config.smtp_url.is_some(),
        mailbox: ctx.pulse.mailbox(|mailbox, age| {
            let fetching = Fetching { trouble: mailbox.trouble(age), left: mailbox.left() };
            mailbox.is_ours().then_some(fetching)
        }),
        ..Figures::default()
    };
    if let Some(error) = ask(ctx, db, &mut figures).err() {
        tracing::error!(%error, "the database is not well");
    }
    figures
}

/// What the database says; what it said before it failed stays.
fn ask(ctx: &Context, db: &Db, figures: &mut Figures) -> Result<(), Error> {
    let now = figures.now;
    let mut conn = db.conn()?;
    figures.database = Database::Failing;
    let (letters, mails) =
        health::bounded(&mut conn, |conn| Ok((health::letters(conn, now)?, health::mails(conn, now)?)))?;
    (figures.letters, figures.mails) = (Some(letters), Some(mails));
    if ctx.clock.is_system() {
        let there = health::clock(&mut conn)?;
        figures.skew = there.map(|there| there - ctx.clock.now());
    }
    figures.database = Database::Locked;
    health::writable(&mut conn)?;
    figures.database = Database::Well;
    Ok(())
}

fn told<T, E: std::fmt::Display>(what: &str, found: Result<T, E>) -> Option<T> {
    found.inspect_err(|error| tracing::error!(%error, "{what} is not well")).ok()
}
