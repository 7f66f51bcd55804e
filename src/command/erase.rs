//! `askance erase`: a person, a mail or an attachment, for good; says first what goes.

use crate::command::{self, Closed, exit, print, say};
use crate::config::Config;
use crate::domain::numbers::counted;
use crate::domain::publication::erasing::Reason;
use crate::service::erasure::{self, Extent, Target, Wish};
use std::io::Write;

/// Erase for good: rows, texts, bytes; take a backup after it, and no older one brings it back.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  askance erase --message 12 --reason 'court order of 2026-11-20' --dry-run\n  askance erase \
                  --user m.varga@klarblick.example --reason 'left the group and asked for it' --yes\n  askance erase \
                  --attachment 12/0 --reason 'hidden sheet with names' --yes\n\nThe numbers are those in the addresses of \
                  the desk and of public files. Dates, authority and what was decided stay."
)]
pub struct EraseArgs {
    #[command(flatten)]
    what: What,
    /// Why; it stays in the audit log, so write it without personal data
    #[arg(long)]
    reason: String,
    /// Why in one word, which everyone reads where it was public: `personal_data`, `asked_for`, order, mistake, other
    #[arg(long, default_value = "other", value_parser = class)]
    class: Reason,
    /// Do it; without this it is only said what would go
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    /// Say what would go, and change nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct What {
    /// A person by their sign-in name: who they are, their letters, and where replies speak of them
    #[arg(long, value_name = "EMAIL")]
    user: Option<String>,
    /// A mail with its files, in every request where it stands
    #[arg(long, value_name = "NUMBER")]
    message: Option<i64>,
    /// A file, wherever the same bytes stand, with the raw mails that bring it
    #[arg(long, value_name = "MESSAGE/POSITION", value_parser = place)]
    attachment: Option<(i64, i64)>,
}

fn place(text: &str) -> Result<(i64, i64), String> {
    let found = text.split_once('/').and_then(|(one, two)| Some((one.parse().ok()?, two.parse().ok()?)));
    found.ok_or_else(|| format!("expected message and position such as `12/0`, found `{text}`"))
}

fn class(text: &str) -> Result<Reason, String> {
    let found: Option<Reason> = text.parse().ok();
    let words = Reason::CHOICES.map(Reason::as_str).join(", ");
    found
        .filter(|reason| Reason::CHOICES.contains(reason))
        .ok_or_else(|| format!("expected one of {words}, found `{text}`"))
}

/// Why nothing was erased, or not all of it yet.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Closed(#[from] Closed),
    #[error(transparent)]
    Erasure(#[from] erasure::Error),
}

/// Erases and says what went.
pub fn run(args: &EraseArgs, config: Config, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    match act(args, config) {
        Ok(told) => print(out, &told),
        Err(error) => {
            if matches!(error, Failure::Erasure(erasure::Error::Begun(_))) {
                say(
                    err,
                    format_args!("{error}. The running service does it; or it does so at its next start."),
                );
            } else {
                say(err, format_args!("{error}. Nothing was erased."));
            }
            match error {
                Failure::Closed(error) => error.exit_code(),
                Failure::Erasure(
                    erasure::Error::Begun(_) | erasure::Error::Store(_) | erasure::Error::Random(_),
                ) => exit::IO,
                Failure::Erasure(erasure::Error::UnderWay(_)) => exit::TRY_LATER,
                Failure::Erasure(_) => exit::DATA,
            }
        }
    }
}

fn act(args: &EraseArgs, config: Config) -> Result<String, Failure> {
    let target = match (&args.what.user, args.what.message, args.what.attachment) {
        (Some(email), ..) => Target::Person(email.clone()),
        (_, Some(id), _) => Target::Message(id),
        (.., place) => {
            let (message, position) = place.unwrap_or_default();
            Target::Attachment(message, position)
        }
    };
    let wish = Wish { target, reason: args.reason.clone(), class: args.class, person: None };
    let (ctx, db) = command::open(config, 2)?;
    if !args.yes {
        let extent = erasure::extent(&ctx, &db, &wish)?;
        return Ok(format!(
            "This would erase: {}.\nNothing was changed. To erase it for good: --yes\n",
            words(&extent)
        ));
    }
    let extent = erasure::erase(&ctx, &db, &wish)?;
    let rest = if extent.scrubbed {
        ""
    } else {
        "Somebody reads the database at this moment, so its journal still holds old pages; the service empties it \
         within a day.\n"
    };
    Ok(format!(
        "Erased for good: {}.\n{rest}Take a backup now, so that no older one brings it back: askance backup FOLDER\n",
        words(&extent)
    ))
}

fn words(extent: &Extent) -> String {
    let Extent { messages, attachments, letters, events, blobs, .. } = extent;
    format!(
        "texts of {}, {}, {}, words in {}, {}",
        counted(*messages, "message", "messages"),
        counted(*attachments, "attachment", "attachments"),
        counted(*letters, "letter", "letters"),
        counted(*events, "event", "events"),
        counted(*blobs, "file of bytes", "files of bytes")
    )
}
