//! `askance audit verify`: recomputes the hash chains of events and audit log and their digests; 0 only if whole.

use crate::command::{Closed, exit, places, say};
use crate::config::Config;
use crate::domain::numbers::counted;
use crate::store::digests::{Digest, Misfit};
use crate::store::{Conn, audit, digests, dump, requests};
use std::io::Write;

/// Recompute the hash chains.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  askance audit verify")]
pub struct AuditArgs {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Clone, clap::Subcommand)]
enum Act {
    /// Recompute every link and every daily digest; exit code 65 names the first that does not fit
    #[command(
        after_help = "Examples:\n  askance audit verify || echo 'the records were changed'\n  askance audit verify --digest \
                      kept-by-a-friend.json"
    )]
    Verify {
        /// Check this digest too, which somebody kept: its hash, or a file with it, or all of /digests.json
        #[arg(long, value_name = "HASH|FILE")]
        digest: Option<String>,
    },
}

/// What was found.
struct Found {
    events: i64,
    entries: i64,
    digests: usize,
    broken: Option<String>,
}

/// Why it could not be looked at.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Closed(#[from] Closed),
    #[error("expected a hash of 64 hexadecimal digits or a file with a digest, found `{0}`: {1}")]
    Digest(String, String),
}

/// Verifies both chains and the digests.
pub fn run(args: &AuditArgs, config: Config, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let Act::Verify { digest } = &args.act;
    match verify(&config, digest.as_deref()) {
        Ok(Found { events, entries, digests, broken: None }) => {
            let done = writeln!(
                out,
                "{}, {}, {}: every link fits",
                counted(events, "event", "events"),
                counted(entries, "audit entry", "audit entries"),
                counted(digests, "daily digest", "daily digests")
            );
            if done.is_ok() { exit::OK } else { exit::IO }
        }
        Ok(Found { broken: Some(broken), .. }) => {
            say(
                err,
                format_args!("{broken} does not fit the chain: it or what stands before it was changed"),
            );
            exit::DATA
        }
        Err(error) => {
            say(err, &error);
            match error {
                Failure::Closed(error) => error.exit_code(),
                Failure::Digest(..) => exit::DATA,
            }
        }
    }
}

fn verify(config: &Config, kept: Option<&str>) -> Result<Found, Failure> {
    let kept = kept.map(kept_digest).transpose()?;
    let db = places::database(config, 1)?;
    let conn = &mut *db.conn().map_err(Closed::from)?;
    // At one instant: an erasure between the audit log and the events would look like a record that was changed.
    Ok(dump::snapshot(conn, |conn| look(conn, kept.as_ref()))?)
}

fn look(conn: &mut Conn, kept: Option<&Kept>) -> Result<Found, Closed> {
    let (events, event) = requests::verify_chain(conn)?;
    let (entries, entry) = audit::verify(conn)?;
    let (digests, misfit) = digests::verify(conn)?;
    let misfit = match (misfit, kept) {
        (None, Some(kept)) => against(conn, kept)?,
        (misfit, _) => misfit.map(|Misfit { day, why }| format!("digest of {day} ({why})")),
    };
    let broken = event
        .map(|(request, seq)| format!("event {seq} of request number {request}"))
        .or_else(|| entry.map(|id| format!("audit entry {id}")))
        .or(misfit);
    Ok(Found { events, entries, digests, broken })
}

/// A digest as somebody kept it.
enum Kept {
    Hash(String),
    Whole(Vec<Digest>),
}

fn kept_digest(text: &str) -> Result<Kept, Failure> {
    let text = text.trim();
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(Kept::Hash(text.to_ascii_lowercase()));
    }
    let wrong = |why: String| Failure::Digest(text.to_owned(), why);
    let bytes = std::fs::read(text).map_err(|e| wrong(e.to_string()))?;
    // One as it was cut out, or the page as it is.
    let one_or_all = match bytes.trim_ascii_start().first() {
        Some(b'[') => serde_json::from_slice(&bytes),
        _ => serde_json::from_slice(&bytes).map(|digest| vec![digest]),
    };
    let digests: Vec<Digest> = one_or_all.map_err(|e| wrong(e.to_string()))?;
    if digests.is_empty() { Err(wrong("an empty list".to_owned())) } else { Ok(Kept::Whole(digests)) }
}

fn against(conn: &mut Conn, kept: &Kept) -> Result<Option<String>, Closed> {
    Ok(match kept {
        Kept::Whole(kept) => {
            let mut misfit = None;
            for digest in kept {
                misfit = misfit.or(digests::verify_kept(conn, digest)?);
            }
            misfit.map(|Misfit { day, why }| format!("the digest of {day} that was kept ({why})"))
        }
        Kept::Hash(hash) => {
            let known = digests::all(conn)?.iter().any(|digest| digest.hash == *hash);
            (!known).then(|| format!("the digest `{hash}` that was kept (we have none with this hash)"))
        }
    })
}
