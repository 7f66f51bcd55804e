//! What is not well, in words that say what to do; pure, from figures.

use crate::domain::numbers::counted;
use crate::service::health::{Database, Figures};
use crate::store::health::Letters;
use chrono::{NaiveDateTime, TimeDelta};
use serde::Serialize;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The service works; a person must look.
    Degraded,
    /// Something is not done that must be.
    Unwell,
}

impl Level {
    /// As `/healthz`, `/metrics` and the log say it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Degraded => "degraded",
            Self::Unwell => "unwell",
        }
    }
}

/// One thing that is not well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its name, always the same.
    pub finding: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What it is and what to do; no personal data.
    pub what: String,
}

/// A note is entered within a second where the database is there.
const SPOOL: TimeDelta = TimeDelta::seconds(60);
/// A letter whose turn has come and that nobody took for so long, while nothing else was tried either.
const STALLED: TimeDelta = TimeDelta::minutes(15);
/// While the server takes others, one letter may wait its turn.
const TAKES: TimeDelta = TimeDelta::seconds(60);
/// Mail is read within seconds, a hundred at once within minutes.
const UNREAD: TimeDelta = TimeDelta::minutes(5);
/// Two machines that differ by more give each other's letters back too early.
const SKEW: TimeDelta = TimeDelta::seconds(10);

/// All that is not well, worst first.
pub fn findings(figures: &Figures) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut add = |finding, level, what: String| found.push(Finding { finding, level, what });
    match figures.database {
        Database::Well => {}
        Database::Away => add("database", Level::Unwell,
            "The database does not answer. Mail is still taken in and waits in the spool. Start the database, or look \
             at its log and at `database_url`.".to_owned()),
        Database::Failing => add("database", Level::Unwell,
            "The database answers but cannot be read. Look at the log of Askance for the cause; run `askance check`."
                .to_owned()),
        Database::Locked => add("database_locked", Level::Unwell,
            "Nothing can be written into the database: it is locked, read-only or full. End the program that holds it \
             (a backup, a console), or make room on its disk.".to_owned()),
    }
    storage(figures, &mut add);
    letters(figures, &mut add);
    mails(figures, &mut add);
    mailbox(figures, &mut add);
    time(figures, &mut add);
    for job in &figures.failing {
        add(
            "keeping_fails",
            Level::Degraded,
            format!(
                "The hourly work `{job}` failed and is tried again within the hour: until then what is to go stays, or the \
             digest of a day is missing. The log says why; often files were made by another user than that of the service."
            ),
        );
    }
    found.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    found
}

type Add<'a> = dyn FnMut(&'static str, Level, String) + 'a;

fn storage(figures: &Figures, add: &mut Add<'_>) {
    match figures.spool {
        None => add("spool_closed", Level::Unwell,
            "No mail can be taken in: the spool below the folder of `blob_url` cannot be written. Mail servers keep \
             their mail meanwhile. Look whether the folder is there, is owned by the user of the service and has room."
                .to_owned()),
        Some((notes, age))
            if age > SPOOL && figures.database == Database::Well && figures.bucket != Some(false) =>
        {
            add("spool_old", Level::Unwell, format!(
                "{}, the oldest for {}, though the database is there. Look whether a worker runs; a note that cannot be \
                 entered is named in the log.",
                counted(notes, "mail waits in the spool", "mails wait in the spool"), in_words(age)));
        }
        Some(_) => {}
    }
    if figures.bucket == Some(false) {
        add("blobs_away", Level::Unwell,
            "The bucket of `blob_url` cannot be written or read. Mail is still taken in and waits in the spool, and \
             pages with files say 503. Look at the store, at its keys and at the log; `askance check` tries it."
                .to_owned());
    }
    for (key, room) in [("disk_of_database", figures.database_room), ("disk_of_blobs", figures.blob_room)] {
        if let Some(room) = room.filter(|room| room.is_short()) {
            let free = room.free >> 20;
            add(
                key,
                Level::Unwell,
                format!(
                    "The disk is nearly full: {free} MiB are free. Make room before mail must be turned away."
                ),
            );
        }
    }
    for name in &figures.stopped {
        add(
            "work_stopped",
            Level::Unwell,
            format!(
                "The background work `{name}` does not turn any more. Start the service again and report the log."
            ),
        );
    }
}

/// What a person must settle or know, whether letters leave or not.
fn unsettled(letters: Letters, add: &mut Add<'_>) {
    if letters.unknown > 0 {
        let what = counted(
            letters.unknown,
            "letter may or may not have arrived; it is not sent again by itself. Look for its Message-ID in the mail \
             server's log and settle it at the desk under Letters.",
            "letters may or may not have arrived; none is sent again by itself. Look for their Message-IDs in the mail \
             server's log and settle each at the desk under Letters.",
        );
        add("letters_unknown", Level::Degraded, what);
    }
    if letters.notices_given_up > 0 {
        let what = counted(
            letters.notices_given_up,
            "notice to our own people was given up within the last day: they were not told by mail what happened. The pages \
             of their requests say it. `askance check` asks the mail server whether it takes notices, which have no sender.",
            "notices to our own people were given up within the last day: they were not told by mail what happened. The \
             pages of their requests say it. `askance check` asks the mail server whether it takes notices, which have no \
             sender.",
        );
        add("notices_given_up", Level::Degraded, what);
    }
}

fn letters(figures: &Figures, add: &mut Add<'_>) {
    let Some(letters) = figures.letters else { return };
    let since = |at: Option<NaiveDateTime>| at.map(|at| figures.now - at.and_utc());
    let older = |at, than: TimeDelta| since(at).is_some_and(|age| age > than);
    unsettled(letters, add);
    if let Some(age) = since(letters.paused_since) {
        add(
            "sending_paused",
            Level::Degraded,
            format!(
                "Sending has been paused for {}: no letter leaves. The desk says why under Letters; resume it there.",
                if age < TimeDelta::minutes(1) { "less than a minute".to_owned() } else { in_words(age) }
            ),
        );
        return;
    }
    let wait = in_words(since(letters.oldest).unwrap_or_default());
    if !figures.sends {
        if older(letters.oldest, TAKES) {
            add(
                "letters_wait",
                Level::Degraded,
                format!(
                    "Letters wait to leave, the oldest for {wait}, and `smtp_url` is not set. Set it and start again."
                ),
            );
        }
        return;
    }
    if older(letters.due_since, STALLED) && since(letters.last_attempt).is_none_or(|age| age >= STALLED) {
        add(
            "letters_stalled",
            Level::Unwell,
            format!(
                "The turn of a letter has come {} ago and nothing is being sent. Look whether a worker runs \
             (`askance serve`, or `--only worker`) and what its log says.",
                in_words(since(letters.due_since).unwrap_or_default())
            ),
        );
    } else if letters.held_up > 0 && since(letters.last_accepted).is_none_or(|age| age >= TAKES) {
        let held_up = counted(letters.held_up, "letter is held up", "letters are held up");
        add(
            "letters_wait",
            Level::Degraded,
            format!(
                "{held_up}, the oldest for {wait}, and the mail server took none within the last minute. What is held up \
             is tried again by itself for five days. Look at the mail server of `smtp_url`; `askance check` tries it."
            ),
        );
    }
}

fn mails(figures: &Figures, add: &mut Add<'_>) {
    let Some(mails) = figures.mails else { return };
    if mails.unreadable_lately > 0 {
        let what = counted(
            mails.unreadable_lately,
            "mail of the last hour could not be read. It is kept as it came: look at it at the desk under \"could not be \
             read\", and at the log for the cause.",
            "mails of the last hour could not be read. They are kept as they came: look at them at the desk under \"could \
             not be read\", and at the log for the cause.",
        );
        add("reading_fails", Level::Degraded, what);
    }
    if let Some(age) = mails.unread_since.map(|at| figures.now - at.and_utc()).filter(|age| *age > UNREAD) {
        add(
            "reading_waits",
            Level::Degraded,
            format!(
                "Mail waits to be read, the oldest for {}. Look whether a worker runs; `askance check` says whether mail \
             can be read on this machine.",
                in_words(age)
            ),
        );
    }
}

fn mailbox(figures: &Figures, add: &mut Add<'_>) {
    let Some(fetching) = &figures.mailbox else { return };
    // Without a database nothing can be recorded as fetched, and that is told above.
    if let Some(trouble) = fetching.trouble.as_ref().filter(|_| figures.database == Database::Well) {
        let lasts = in_words(TimeDelta::from_std(trouble.lasts).unwrap_or(TimeDelta::MAX));
        add(
            "mailbox",
            Level::Degraded,
            format!(
                "No mail can be fetched from the mailbox of `imap_url` since {lasts}: {}. What comes waits there and is \
             tried again by itself. `askance check` tries it at once.",
                trouble.why
            ),
        );
    }
    if fetching.left > 0 {
        let what = counted(
            fetching.left,
            "mail stays in the mailbox of `imap_url`, because it is too large or its server does not give it. The log has \
             its number; take it out there and hand it in with `askance receive`.",
            "mails stay in the mailbox of `imap_url`, because they are too large or their server does not give them. The \
             log has their numbers; take them out there and hand them in with `askance receive`.",
        );
        add("mailbox_left", Level::Degraded, what);
    }
}

fn time(figures: &Figures, add: &mut Add<'_>) {
    if let Some(step) = figures.stepped {
        add(
            "clock_stepped",
            Level::Degraded,
            format!(
                "The clock of this machine was set by {} seconds within the last hour. Let it be kept by NTP. Due days \
             follow from recorded instants and are not moved by it.",
                step.num_seconds()
            ),
        );
    }
    if let Some(skew) = figures.skew.filter(|skew| skew.abs() > SKEW) {
        add(
            "clock_skew",
            Level::Unwell,
            format!(
                "The clock of the database's machine and ours differ by {} seconds. Let both be kept by NTP: several \
             workers give each other's letters back too early.",
                skew.num_seconds()
            ),
        );
    }
}

/// A span as people say it.
fn in_words(age: TimeDelta) -> String {
    match age.num_seconds().max(0) {
        seconds @ 0..120 => counted(seconds, "second", "seconds"),
        seconds @ 120..7200 => format!("{} minutes", seconds / 60),
        seconds @ 7200..172_800 => format!("{} hours", seconds / 3600),
        seconds => format!("{} days", seconds / 86_400),
    }
}
