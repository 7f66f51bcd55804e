//! `askance days-off …`: days that no list of holidays could know, from the console.

use crate::command::{self, Cause, ended, exit};
use crate::config::Config;
use crate::service::days_off::{self as keeping, Change};
use crate::store::days_off::{self, New};
use chrono::NaiveDate;
use std::fmt::Write as _;
use std::io::Write;

/// One-off days off, and holidays that are working days this once.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  askance days-off add SK 2026-07-03 'day of mourning' --source 'Government order 120/2026'\n  \
                  askance days-off add SK 2026-09-15 'consolidation act' --source 'Act 261/2025' --works\n  \
                  askance days-off list"
)]
pub struct DaysOffArgs {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// List all entries: number, state, place, day, what it is, name and source, with tabs between them
    #[command(after_help = "Example:\n  askance days-off list | grep -w in_force")]
    List,
    /// Add a day; due days of open requests are counted anew at the service's next turn
    #[command(
        after_help = "Example:\n  askance days-off add GB-SCT 2026-07-03 'day of mourning' --source 'royal proclamation' --dry-run"
    )]
    Add {
        /// The calendar: a country, a part of one, or that of a statute, as `SK`, `GB-SCT`, `GB-ANY-PART`; a country's day
        /// holds in all its parts
        place: String,
        /// The day, as 2026-07-03
        day: NaiveDate,
        /// Its name, as it stands on public pages
        name: String,
        /// Who says so: an act or a link; public
        #[arg(long)]
        source: String,
        /// It is the other way round: the holiday of that day is a working day this once
        #[arg(long)]
        works: bool,
        /// Only say what would move
        #[arg(long)]
        dry_run: bool,
    },
    /// Withdraw an entry; due days are counted as if it had never been
    #[command(after_help = "Example:\n  askance days-off withdraw 3")]
    Withdraw {
        /// Its number, as `askance days-off list` shows it
        number: i64,
        /// Only say what would move
        #[arg(long)]
        dry_run: bool,
    },
}

/// Does it and says what was done.
pub fn run(args: &DaysOffArgs, config: Config, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let cause = |failure: &Failure| match failure {
        Failure::Closed(error) => Cause::Broken(error.exit_code()),
        Failure::Store(_) | Failure::Days(keeping::Error::Store(_) | keeping::Error::Law(_)) => {
            Cause::Broken(exit::IO)
        }
        Failure::Days(_) => Cause::Asked(exit::DATA),
    };
    ended(act(&args.act, config), cause, (out, err))
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Days(#[from] keeping::Error),
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    #[error(transparent)]
    Closed(#[from] command::Closed),
}

fn act(act: &Act, config: Config) -> Result<String, Failure> {
    let (context, db) = command::open(config, 1)?;
    let conn = &mut *db.conn()?;
    let mut told = String::new();
    let change = match act {
        Act::List => {
            for it in days_off::all(conn)? {
                let state = if it.withdrawn_at.is_none() { "in_force" } else { "withdrawn" };
                let what = if it.works { "works" } else { "off" };
                let (number, day) = (it.id.to_string(), it.day.to_string());
                let line = [&number, state, &it.place, &day, what, &it.name, &it.source].join("\t");
                let _ = writeln!(told, "{line}");
            }
            return Ok(told);
        }
        Act::Add { place, day, name, source, works, .. } => {
            let new = New {
                place: place.clone(),
                day: *day,
                name: name.clone(),
                source: source.clone(),
                works: *works,
            };
            Change::Add(keeping::checked(&context, conn, &new)?)
        }
        Act::Withdraw { number, .. } => Change::Withdraw(*number),
    };
    let moves = keeping::moves(&context, conn, &change)?;
    let dry = matches!(act, Act::Add { dry_run: true, .. } | Act::Withdraw { dry_run: true, .. });
    match &change {
        _ if dry => told.push_str("Nothing was changed.\n"),
        Change::Add(new) => {
            let number = keeping::add(&context, conn, None, new)?;
            let _ = writeln!(told, "Added number {number}: {} {}, {}.", new.place, new.day, new.name);
        }
        Change::Withdraw(number) => {
            let gone = keeping::withdraw(&context, conn, None, *number)?;
            let _ = writeln!(told, "Withdrew number {number}: {} {}, {}.", gone.place, gone.day, gone.name);
        }
    }
    let _ = writeln!(
        told,
        "Open requests that count by it: {}; with another due day: {}; overdue now and in time then: {}; in time now and \
         overdue then: {}.",
        moves.open, moves.moved, moves.in_time_again, moves.overdue
    );
    Ok(told)
}
