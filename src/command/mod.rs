//! The commands, one file each; parse, join the parts, print.

pub mod audit;
pub mod backup;
pub mod cage;
pub mod check;
pub mod cite;
pub mod days_off;
pub mod demo;
pub mod demo_authorities;
pub mod due;
pub(crate) mod due_table;
pub mod due_text;
pub mod erase;
pub mod import;
pub mod law_of;
pub mod outbox;
pub mod places;
pub(crate) mod published;
pub mod read;
pub mod receive;
pub mod regimes;
pub mod serve;
pub mod user;

use crate::config::Config;
use crate::data::Library;
use crate::service::Context;
use crate::store::{Db, Error as StoreError};
use clap::{Parser, Subcommand};
use std::io::Write;
use std::sync::Arc;

/// Exit codes of `sysexits.h`.
pub mod exit {
    /// Fine.
    pub const OK: u8 = 0;
    /// Called in a wrong way.
    pub const USAGE: u8 = 64;
    /// Bad input data.
    pub const DATA: u8 = 65;
    /// Reading or writing failed.
    pub const IO: u8 = 74;
    /// Try again later.
    pub const TRY_LATER: u8 = 75;
    /// Wrong configuration.
    pub const CONFIG: u8 = 78;
}

const START: &str = "Where to start:\n  askance demo     the whole service with demonstration data, on this machine only\n  \
    askance serve    the service, set up by Rocket.toml and ASKANCE_* variables\n  askance check    what is wrong with that set-up\n";

/// Askance asks who watches faces in public, and counts the days until they say.
#[derive(Debug, Parser)]
#[command(name = "askance", version, after_help = START, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve web pages, mail in and out, and background work
    Serve(serve::ServeArgs),
    /// The whole service with demonstration data and simulated authorities, on this machine only
    Demo(demo::DemoArgs),
    /// Take one raw mail on stdin: 0 once it is safe, 75 when it cannot be made safe now
    Receive(receive::ReceiveArgs),
    /// Read mails without storing anything and print what the service would understand
    Read(read::ReadArgs),
    /// Compute due dates and how they come about, day by day
    Due(due::DueArgs),
    /// Say which law binds a body, and why
    LawOf(law_of::LawOfArgs),
    /// Say which provisions a refusal cites, and whether they are grounds of the law
    Cite(cite::CiteArgs),
    /// List the laws it knows
    Regimes(regimes::RegimesArgs),
    /// Check configuration, data, templates, migrations, storage and mail
    Check(check::CheckArgs),
    /// Copy all that is kept into a folder while the service runs, or verify what is there
    Backup(backup::BackupArgs),
    /// Bring a backup back into an empty database; letters wait until a person lets them go
    Restore(backup::RestoreArgs),
    /// Erase a person, a mail or an attachment for good; take a backup after it, and no older one brings it back
    Erase(erase::EraseArgs),
    /// Recompute the hash chains of events and audit log
    Audit(audit::AuditArgs),
    /// People who may sign in at the desk: add, list, suspend, resume, password, role
    User(user::UserArgs),
    /// One-off days off, and holidays that are working days this once: list, add, withdraw
    DaysOff(days_off::DaysOffArgs),
    /// Letters on their way out: pause, resume, list
    Outbox(outbox::OutboxArgs),
    /// Bring in what was collected elsewhere: authorities from a table, mail
    Import(import::ImportArgs),
    /// Read mails from stdin in a limited child process (used by the service itself)
    #[command(hide = true)]
    Cage(cage::CageArgs),
}

/// Runs the command of this process's arguments; the exit code.
pub fn run() -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Nothing can be done where neither stdout nor stderr can be written.
            let _ = error.print();
            return if error.use_stderr() { exit::USAGE } else { exit::OK };
        }
    };
    let (mut out, mut err) = (std::io::stdout().lock(), std::io::stderr());
    match cli.command {
        Command::Serve(args) => {
            drop(out);
            serve::run(&args, &mut err)
        }
        Command::Demo(args) => demo::run(&args, &mut out, &mut err),
        Command::Receive(args) => receive::run(&args, &mut std::io::stdin().lock(), &mut err),
        Command::Read(args) => read::run(&args, &mut out, &mut err),
        Command::Due(args) => due::run(&args, &mut out, &mut err),
        Command::LawOf(args) => law_of::run(&args, &mut out, &mut err),
        Command::Cite(args) => cite::run(&args, &mut std::io::stdin().lock(), &mut out, &mut err),
        Command::Regimes(args) => regimes::run(&args, &mut out, &mut err),
        Command::Check(args) => check::run(&args, &mut out, &mut err),
        Command::Audit(args) => configured(&mut err, |config, err| audit::run(&args, config, &mut out, err)),
        Command::Backup(args) => {
            configured(&mut err, |config, err| backup::run(&args, config, &mut out, err))
        }
        Command::Restore(args) => {
            configured(&mut err, |config, err| backup::restore(&args, config, &mut out, err))
        }
        Command::Erase(args) => configured(&mut err, |config, err| erase::run(&args, config, &mut out, err)),
        Command::User(args) => configured(&mut err, |config, err| user::run(&args, config, &mut out, err)),
        Command::DaysOff(args) => {
            configured(&mut err, |config, err| days_off::run(&args, config, &mut out, err))
        }
        Command::Outbox(args) => {
            configured(&mut err, |config, err| outbox::run(&args, config, &mut out, err))
        }
        Command::Import(args) => {
            configured(&mut err, |config, err| import::run(&args, config, &mut out, err))
        }
        Command::Cage(args) => {
            drop(out);
            cage::run(&args)
        }
    }
}

/// Does what needs the configuration, or says what is wrong with it.
fn configured(err: &mut dyn Write, act: impl FnOnce(Config, &mut dyn Write) -> u8) -> u8 {
    match Config::load() {
        Ok(config) => act(config, err),
        Err(error) => {
            say(err, error);
            exit::CONFIG
        }
    }
}

/// Why the parts that a command works with cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum Closed {
    /// A setting names what cannot be used.
    #[error(transparent)]
    Setting(#[from] crate::config::Error),
    /// A setting names what cannot be used now, and may be there in a moment: a disk that is full or not mounted.
    #[error(transparent)]
    Passing(crate::config::Error),
    /// The database does not answer.
    #[error("setting `database_url`: expected a database that answers, found: {0}")]
    Away(String),
    /// A data file is wrong.
    #[error("data file {0}")]
    Data(#[from] crate::data::Error),
    /// The database or the blobs.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Closed {
    /// The exit code of `sysexits.h`.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Data(_) => exit::DATA,
            Self::Setting(_) | Self::Store(StoreError::Address(_)) => exit::CONFIG,
            Self::Away(_) | Self::Passing(_) | Self::Store(_) => exit::IO,
        }
    }
}

/// Reads the data and opens blobs and database, whose schema it brings up to date.
pub fn open(config: Config, connections: u32) -> Result<(Context, Db), Closed> {
    let library = Arc::new(Library::load()?);
    let db = places::database(&config, connections)?;
    db.migrate()?;
    let blobs = places::blobs(&config)?;
    let clock = config.clock.clone();
    Ok((
        Context {
            config,
            clock,
            library,
            blobs,
            days_off: crate::service::days_off::Calendars::default(),
            pulse: crate::service::health::Pulse::default(),
        },
        db,
    ))
}

/// Prints what was done; the exit code of the command.
fn print(out: &mut dyn Write, text: &str) -> u8 {
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_ok() { exit::OK } else { exit::IO }
}

/// Why a command changed nothing, with its exit code.
enum Cause {
    /// What was asked for makes no sense here.
    Asked(u8),
    /// Something is broken; when it is mended the same may be asked again.
    Broken(u8),
}

/// Ends a command that changes something: says what was done, or why nothing was.
fn ended<F: std::fmt::Display>(
    done: Result<String, F>,
    cause: impl FnOnce(&F) -> Cause,
    (out, err): (&mut dyn Write, &mut dyn Write),
) -> u8 {
    let error = match done {
        Ok(told) => return print(out, &told),
        Err(error) => error,
    };
    match cause(&error) {
        Cause::Asked(code) => {
            say(err, format_args!("{error}. Nothing was changed."));
            code
        }
        Cause::Broken(code) => {
            say(err, format_args!("{error}. Nothing was changed; try again when it is mended."));
            code
        }
    }
}

/// Says what happened and what to do on stderr; a closed stderr is no reason to fail.
fn say(err: &mut dyn Write, text: impl std::fmt::Display) {
    let _ = writeln!(err, "askance: {text}");
}
