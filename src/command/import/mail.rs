//! `askance import mail`: mail that was kept elsewhere, through the same door as all other mail.

use crate::command::read::progress::Progress;
use crate::command::read::walk::{Bytes, Found, walk};
use crate::command::{self, exit, say};
use crate::config::Config;
use crate::domain::incoming::envelope::Envelope;
use crate::service::Context;
use crate::service::intake::{self, Mail, accept_arrived};
use crate::store::blobs::sha256;
use crate::store::{Db, messages};
use std::collections::HashSet;
use std::io::{self, Write};
use std::path::PathBuf;

/// What is brought in, and how that is said.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct MailArgs {
    /// Mails (`.eml`), mbox files, Maildirs, folders
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Only say what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// Say it as a JSON object
    #[arg(long)]
    pub json: bool,
}

/// What became of the mails.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, serde::Serialize)]
struct Report {
    /// Safe here now.
    taken: u64,
    /// The same bytes are here.
    already_there: u64,
    /// No mail, too large, or the file cannot be read.
    unreadable: u64,
    dry_run: bool,
}

/// Why it ended early.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    #[error(transparent)]
    Intake(#[from] intake::Error),
}

/// Brings mail in and says what was done; 65 if something was no mail, 74 if something could not be read, 75 if it had
/// to end before all was taken.
pub fn run(args: &MailArgs, config: Config, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let (context, db) = match command::open(config, 1) {
        Ok(open) => open,
        Err(error) => {
            say(err, format_args!("{error}. Nothing was imported; try again when it is mended."));
            return error.exit_code();
        }
    };
    let mut import = Import {
        context: &context,
        db: &db,
        dry_run: args.dry_run,
        seen: HashSet::new(),
        report: Report { dry_run: args.dry_run, ..Report::default() },
        code: exit::OK,
    };
    let mut progress = Progress::of(&args.paths);
    let mut failure = None;
    for path in &args.paths {
        let goes_on = walk(path, &mut |found| {
            let size = import.take(found, err);
            failure = size.as_ref().err().map(ToString::to_string);
            progress.read(size.unwrap_or_default());
            progress.show(err);
            failure.is_none()
        });
        if !goes_on {
            break;
        }
    }
    progress.end();
    let report = import.report;
    if let Some(why) = failure {
        import.code = exit::TRY_LATER;
        say(err, format_args!("{why}. Run it again when it is mended: what is here is not taken twice."));
    }
    if print(&report, args.json, out).is_err() { exit::IO } else { import.code }
}

struct Import<'a> {
    context: &'a Context,
    db: &'a Db,
    dry_run: bool,
    /// In a dry run, what would be here by now.
    seen: HashSet<String>,
    report: Report,
    code: u8,
}

impl Import<'_> {
    /// Takes what was found; its size.
    fn take(&mut self, found: Found, err: &mut dyn Write) -> Result<usize, Failure> {
        let (name, bytes) = match found {
            Found::Mail(name, bytes) => (name, Ok(bytes)),
            Found::File(path) => (path.display().to_string(), open(&path)),
            Found::Unreadable(path, error) => (path.display().to_string(), Err(error)),
        };
        let problem = match bytes {
            Ok(Bytes::All(raw)) => {
                let envelope = Envelope::of(&raw);
                if !envelope.is_empty() {
                    self.take_mail(&raw, &envelope)?;
                    return Ok(raw.len());
                }
                self.code = self.code.max(exit::DATA);
                "expected a mail, found no header".to_owned()
            }
            Ok(Bytes::Head(_, whole)) => {
                self.code = self.code.max(exit::DATA);
                whole.too_large()
            }
            Err(error) => {
                self.code = exit::IO;
                error.to_string()
            }
        };
        self.report.unreadable += 1;
        say(err, format_args!("`{name}` was not taken: {problem}; the others go on"));
        Ok(0)
    }

    fn take_mail(&mut self, raw: &[u8], envelope: &Envelope) -> Result<(), Failure> {
        let key = sha256(raw);
        let there = messages::has_bytes(&mut *self.db.conn()?, &key)?;
        if there || (self.dry_run && !self.seen.insert(key)) {
            self.report.already_there += 1;
            return Ok(());
        }
        if !self.dry_run {
            let mut recipients = envelope.recipients(&self.context.config.reply_domain);
            if recipients.is_empty() {
                recipients.push(String::new());
            }
            let mail = Mail { raw, recipients: &recipients, via: "import", handed: None };
            let arrived_at = envelope.arrived_at(self.context.clock.now());
            accept_arrived(self.context.door(), Some(self.db), mail, arrived_at)?;
        }
        self.report.taken += 1;
        Ok(())
    }
}

fn open(path: &PathBuf) -> io::Result<Bytes> {
    let file = std::fs::File::open(path)?;
    let size = file.metadata()?.len();
    Bytes::of(file, size)
}

fn print(report: &Report, json: bool, out: &mut dyn Write) -> io::Result<()> {
    if json {
        writeln!(out, "{}", serde_json::to_string(report)?)?;
    } else {
        let begin = if report.dry_run { "dry run, nothing was written: " } else { "" };
        let Report { taken, already_there, unreadable, .. } = report;
        writeln!(out, "{begin}{taken} taken, {already_there} already there, {unreadable} not taken")?;
    }
    out.flush()
}
