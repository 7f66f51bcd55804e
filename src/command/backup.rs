//! `askance backup` and `askance restore`: a copy while the service runs, and the way back.

use crate::command::{Closed, exit, places, print, say};
use crate::config::Config;
use crate::data::Library;
use crate::domain::numbers::{counted, grouped};
use crate::service::backup::Keep;
use crate::service::{Context, backup, days_off};
use crate::store::Db;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

/// Take a backup while the service runs.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  askance backup /backup/askance\n  askance backup --keep 96 --daily /backup/askance\n  askance backup --verify /backup/askance\n\nA backup holds \
                  private mail and, beside SQLite, the key: keep it as closed as the service, and on another machine."
)]
pub struct BackupArgs {
    /// The folder of backups; it is made, and each backup adds what is new
    folder: PathBuf,
    /// Take none, but read every file and blob of all that are there again
    #[arg(long)]
    verify: bool,
    /// Remove backups older than so many days, but never the last; 0 keeps all
    #[arg(long, default_value_t = 30)]
    keep_days: u32,
    /// Keep so many of the newest, and no other; 0 keeps all
    #[arg(long, default_value_t = 0)]
    keep: u32,
    /// Of those that --keep would remove, keep the last of each day
    #[arg(long, requires = "keep")]
    daily: bool,
}

/// Restore a backup into an empty database.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  askance restore /backup/askance\n\nThe queue of letters stands still afterwards, because they \
                  may have left since: look at Letters at the desk."
)]
pub struct RestoreArgs {
    /// The folder of backups
    folder: PathBuf,
    /// Which, by its name below copies/; the last one if left out
    #[arg(long)]
    copy: Option<String>,
    /// Nothing has left since the backup: the service it is of was stopped, or its outbox paused, and stayed so. Letters
    /// that waited go on waiting; without it they become unknown
    #[arg(long)]
    moved: bool,
}

/// Why it did not happen.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Closed(#[from] Closed),
    #[error(transparent)]
    Backup(#[from] backup::Error),
}

impl Failure {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Closed(error) => error.exit_code(),
            Self::Backup(
                backup::Error::NoCopy(_) | backup::Error::Damaged(_) | backup::Error::NotEmpty(_),
            ) => exit::DATA,
            Self::Backup(backup::Error::Busy(_)) => exit::TRY_LATER,
            Self::Backup(_) => exit::IO,
        }
    }
}

/// Takes or verifies, and says what there is now.
pub fn run(args: &BackupArgs, config: Config, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let done = if args.verify { verify(args) } else { take(args, config) };
    match done {
        Ok((told, wrong)) => {
            for line in &wrong {
                say(err, line);
            }
            let printed = print(out, &told);
            if wrong.is_empty() { printed } else { exit::DATA }
        }
        Err(error) => {
            say(err, &error);
            error.exit_code()
        }
    }
}

fn take(args: &BackupArgs, config: Config) -> Result<(String, Vec<String>), Failure> {
    let (ctx, db) = open(config)?;
    let keep = Keep { days: args.keep_days, newest: args.keep, daily: args.daily };
    let taken = backup::take(&ctx, &db, &args.folder, keep)?;
    let told = format!(
        "Backup {}: {}, {}, {} of them new, {}; {} and {} removed.\n",
        taken.copy,
        counted(taken.rows, "row", "rows"),
        counted(taken.blobs, "blob", "blobs"),
        grouped(i64::try_from(taken.new_blobs).unwrap_or(i64::MAX)),
        counted(taken.notes, "note of mail", "notes of mail"),
        counted(taken.pruned.copies, "old backup", "old backups"),
        counted(taken.pruned.blobs, "blob", "blobs")
    );
    let wrong = taken.missing.iter().map(|key| {
        format!("blob `{key}` is gone or damaged here, so it is not in the backup; an older one may have it")
    });
    let broken = taken.broken.iter().map(|mark| {
        format!(
            "tombstone `{mark}` cannot be read here, so it is not in the backup; put its file in `tombstones/` back from \
             an older one: without it what it says to be erased may come back"
        )
    });
    Ok((told, wrong.chain(broken).chain(taken.unreadable.iter().cloned()).collect()))
}

fn verify(args: &BackupArgs) -> Result<(String, Vec<String>), Failure> {
    let verified = backup::verify(&args.folder)?;
    let told = format!(
        "Read {} and {} again.\n",
        counted(verified.copies, "backup", "backups"),
        counted(verified.blobs, "blob", "blobs")
    );
    Ok((told, verified.wrong))
}

/// Restores and says what to do next.
pub fn restore(args: &RestoreArgs, config: Config, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    match bring_back(args, config) {
        Ok((told, backup::Restored { damaged, passed_over, .. })) => {
            let printed = print(out, &told);
            for line in &passed_over {
                say(err, line);
            }
            for key in &damaged {
                let what =
                    "is gone or damaged in the backup, so its mail or file is not here; all the rest is";
                say(err, format_args!("blob `{key}` {what}"));
            }
            if damaged.is_empty() { printed } else { exit::DATA }
        }
        Err(error) => {
            say(err, &error);
            if matches!(error, Failure::Backup(backup::Error::NotEmpty(_))) {
                say(err, "nothing was changed; name another database, or move this one out of the way");
            }
            error.exit_code()
        }
    }
}

fn bring_back(args: &RestoreArgs, config: Config) -> Result<(String, backup::Restored), Failure> {
    let (ctx, db) = open(config)?;
    let restored = backup::restore(&ctx, &db, &args.folder, (args.copy.as_deref(), args.moved))?;
    let told = format!(
        "Restored {}: {}, {}, {}; {} done again.\nThe queue of letters stands still: they may have left since. {}. \
         Settle each at the desk, under Letters, then let the queue go on there. Everybody signs in anew.\nWhat was \
         erased after {} is not known to this folder of backups. Where the service's own folder of blobs from before is \
         in its place it was erased again now; else it is back: erase it once more.\n",
        restored.copy,
        counted(restored.rows, "row", "rows"),
        counted(restored.blobs, "blob", "blobs"),
        counted(restored.notes, "note of mail", "notes of mail"),
        counted(restored.erased_again, "erasure", "erasures"),
        counted(
            restored.in_doubt,
            "letter was on its way or waited, and becomes unknown",
            "letters were on their way or waited, and become unknown"
        ),
        restored.knows_until.format("%Y-%m-%d %H:%M:%S UTC")
    );
    Ok((told, restored))
}

/// Not brought up to date: what is copied is what the running service wrote, and what is restored comes in under the
/// schema that it was written with.
fn open(config: Config) -> Result<(Context, Db), Closed> {
    let library = Arc::new(Library::load()?);
    let db = places::database(&config, 2)?;
    let blobs = places::blobs(&config)?;
    let clock = config.clock.clone();
    Ok((
        Context {
            config,
            clock,
            library,
            blobs,
            days_off: days_off::Calendars::default(),
            pulse: crate::service::health::Pulse::default(),
        },
        db,
    ))
}
