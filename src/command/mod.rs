//! The commands, one file each; parse, join the parts, print.

pub mod audit;
pub mod cage;
pub mod check;
pub mod demo;
pub mod demo_authorities;
pub mod due;
pub mod due_text;
pub mod import;
pub mod read;
pub mod receive;
pub mod regimes;
pub mod serve;
pub mod user;

use clap::{Parser, Subcommand};
use std::io::Write;

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
    /// List the laws it knows
    Regimes(regimes::RegimesArgs),
    /// Check configuration, data, templates, migrations, storage and mail
    Check(check::CheckArgs),
    /// Recompute the hash chains of events and audit log
    Audit(audit::AuditArgs),
    /// Add people who may sign in at the desk
    User(user::UserArgs),
    /// Bring in authorities from a table
    Import(import::ImportArgs),
    /// Read mails from stdin in a limited child process (used by the service itself)
    #[command(hide = true)]
    Cage,
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
        Command::Regimes(args) => regimes::run(&args, &mut out, &mut err),
        Command::Check(args) => check::run(&args, &mut out, &mut err),
        Command::Audit(args) => audit::run(&args, &mut out, &mut err),
        Command::User(args) => match crate::config::Config::load() {
            Ok(config) => user::run(&args, &config, &mut out, &mut err),
            Err(error) => misconfigured(&error, &mut err),
        },
        Command::Import(args) => match crate::config::Config::load() {
            Ok(config) => import::run(&args, &config, &mut out, &mut err),
            Err(error) => misconfigured(&error, &mut err),
        },
        Command::Cage => {
            drop(out);
            cage::run()
        }
    }
}

fn misconfigured(error: &crate::config::Error, err: &mut dyn Write) -> u8 {
    say(err, error);
    exit::CONFIG
}

/// Says what happened and what to do on stderr; a closed stderr is no reason to fail.
fn say(err: &mut dyn Write, text: impl std::fmt::Display) {
    let _ = writeln!(err, "askance: {text}");
}
