//! `askance audit verify`: recomputes the hash chains of events and audit log; 0 only if whole.

use crate::command::{Closed, exit, places, say};
use crate::config::Config;
use crate::store::{audit, requests};
use std::io::Write;

/// Recompute the hash chains.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  askance audit verify")]
pub struct AuditArgs {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Clone, Copy, clap::Subcommand)]
enum Act {
    /// Recompute every link; exit code 65 names the first that does not fit
    #[command(after_help = "Example:\n  askance audit verify || echo 'the records were changed'")]
    Verify,
}

/// Verifies both chains.
pub fn run(args: &AuditArgs, config: Config, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let Act::Verify = args.act;
    match verify(&config) {
        Ok((events, entries, None)) => {
            let done = writeln!(out, "{events} events and {entries} audit entries: every link fits");
            if done.is_ok() { exit::OK } else { exit::IO }
        }
        Ok((_, _, Some(broken))) => {
            say(
                err,
                format_args!("{broken} does not fit the chain: it or what stands before it was changed"),
            );
            exit::DATA
        }
        Err(error) => {
            say(err, &error);
            error.exit_code()
        }
    }
}

fn verify(config: &Config) -> Result<(i64, i64, Option<String>), Closed> {
    let db = places::database(config, 1)?;
    let mut conn = db.conn()?;
    let (events, event) = requests::verify_chain(&mut conn)?;
    let (entries, entry) = audit::verify(&mut conn)?;
    let broken = event
        .map(|(request, seq)| format!("event {seq} of request number {request}"))
        .or_else(|| entry.map(|id| format!("audit entry {id}")));
    Ok((events, entries, broken))
}
