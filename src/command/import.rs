//! `askance import authorities`: a table of authorities into the register; nothing is ever deleted. Mail: `mail.rs`.

mod mail;

pub use crate::command::import::mail::MailArgs;

use crate::command::{self, exit, say};
use crate::config::Config;
use crate::service::authorities::import::{self, Report};
use std::io::{self, Write};
use std::path::PathBuf;

/// Bring in what was collected elsewhere.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  askance import authorities authorities.csv --dry-run

Columns: name, country, type, and if known key, name_local, place, part, email, email_role, website, language, law,
law_reason, wikidata, lau, nuts, source, source_id, status. Accepted and not kept yet: short_name, foi_page, parent_key,
source_url, retrieved. A known authority (source and source_id, else wikidata, else key, else the same
source, name, country and place) gets the address. country is a code of ISO 3166-1 or EU; part one
of ISO 3166-2, or the country for a body of the whole state; law is one of that country. Without law the rules choose
one, as `askance law-of` does; law_reason says why the file names another.
lau and nuts name a place and may be shared; the other identifiers name one body.")]
pub struct ImportArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Authorities from a CSV file with a head line
    #[command(after_help = "Examples:\n  askance import authorities authorities.csv --dry-run\n  \
                            askance import authorities authorities.csv\n\n`askance import --help` names the columns.")]
    Authorities {
        /// The file
        file: PathBuf,
        /// Only say what would be done
        #[arg(long)]
        dry_run: bool,
    },
    /// Mail that was kept elsewhere: mbox files, Maildirs, folders of `.eml`
    #[command(after_help = "Examples:\n  askance import mail ~/Maildir --dry-run\n  \
                            askance import mail archive.mbox replies/\n\nEach mail counts from the day on which it \
                            arrived where it was kept. What is here already is not taken twice.")]
    Mail(MailArgs),
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Import(#[from] import::Error),
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    #[error(transparent)]
    Closed(#[from] command::Closed),
}

/// Imports and says what was done; 65 if a line was not taken.
pub fn run(args: &ImportArgs, config: Config, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let (file, dry_run) = match &args.what {
        What::Mail(args) => return mail::run(args, config, out, err),
        What::Authorities { file, dry_run } => (file, dry_run),
    };
    let csv = match std::fs::read(file) {
        Ok(csv) => csv,
        Err(error) => {
            say(err, format_args!("{} cannot be read: {error}. Nothing was imported.", file.display()));
            return exit::IO;
        }
    };
    match authorities(config, &csv, *dry_run) {
        Ok(report) if print(&report, *dry_run, out).is_err() => exit::IO,
        Ok(report) if report.invalid > 0 => exit::DATA,
        Ok(_) => exit::OK,
        Err(Failure::Import(error @ (import::Error::NoColumn(_) | import::Error::NoTable(_)))) => {
            say(err, format_args!("{}: {error}. Nothing was imported.", file.display()));
            exit::DATA
        }
        Err(error) => {
            let code = if let Failure::Closed(error) = &error { error.exit_code() } else { exit::IO };
            say(err, format_args!("{error}. Nothing was imported; try again when it is mended."));
            code
        }
    }
}

fn authorities(config: Config, csv: &[u8], dry: bool) -> Result<Report, Failure> {
    let (context, db) = command::open(config, 1)?;
    Ok(import::import(&context, &mut *db.conn()?, csv, dry)?)
}

fn print(report: &Report, dry: bool, out: &mut dyn Write) -> io::Result<()> {
    for remark in &report.remarks {
        writeln!(out, "line {}: {}", remark.line, remark.words)?;
    }
    if !report.unknown_columns.is_empty() {
        writeln!(out, "columns that nobody knows, left out: {}", report.unknown_columns.join(", "))?;
    }
    if !report.missing.is_empty() {
        let few: Vec<&str> = report.missing.iter().take(10).map(String::as_str).collect();
        let more = if report.missing.len() > few.len() { ", …" } else { "" };
        let count = report.missing.len();
        writeln!(out, "{count} from the same source are not in the file and stay: {}{more}", few.join(", "))?;
    }
    writeln!(
        out,
        "{}{} new, {} changed, {} the same, {} not taken",
        if dry { "dry run, nothing was written: " } else { "" },
        report.new,
        report.changed,
        report.same,
        report.invalid
    )
}
