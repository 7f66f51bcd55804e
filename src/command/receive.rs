//! `askance receive`: one raw mail on stdin, for pipe transports of a mail server.

use crate::command::{exit, places, say};
use crate::config::Config;
use crate::service::intake::{Door, Mail, accept};
use std::io::{Read, Write};

/// Larger mails are refused: the mail server has a limit of its own below this.
const LARGEST: u64 = 128 << 20;

/// More recipients of one mail than a mail server hands over at once.
const MOST_RECIPIENTS: usize = 100;
/// An address has at most 254 octets (RFC 5321 §4.5.3.1.3); a little more is let through.
const LONGEST_RECIPIENT: usize = 512;

/// Take one raw mail on stdin.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example, for Postfix's pipe(8):\n  askance receive --recipient=${original_recipient}\n\nWrite \
                  `--recipient=` and the address as one word, so that no address is taken for an option.\nA mail \
                  that is kept in a file: askance receive --recipient=r@post.askance.example < mail.eml"
)]
pub struct ReceiveArgs {
    /// Envelope recipient; more than one may be given
    #[arg(long = "recipient", value_name = "ADDR")]
    pub recipients: Vec<String>,
}

/// Stores the mail in the spool: the running service makes the rows, now or at its next start.
pub fn run(args: &ReceiveArgs, from: &mut dyn Read, err: &mut dyn Write) -> u8 {
    if let Some(problem) = problem_with(&args.recipients) {
        say(err, format_args!("{problem}; the mail was not taken"));
        return exit::DATA;
    }
    let config = match Config::load() {
        Ok(config) => config,
        Err(error) => {
            // A mail server must keep the mail until the configuration is mended.
            say(err, format_args!("{error}; the mail was not taken"));
            return exit::TRY_LATER;
        }
    };
    let mut raw = Vec::new();
    if let Err(error) = from.take(LARGEST + 1).read_to_end(&mut raw) {
        say(err, format_args!("the mail could not be read from stdin: {error}"));
        return exit::TRY_LATER;
    }
    if raw.is_empty() || raw.len() as u64 > LARGEST {
        say(err, format_args!("expected a mail of 1 to {LARGEST} bytes on stdin, found {} bytes", raw.len()));
        return exit::DATA;
    }
    let recipients = if args.recipients.is_empty() { vec![String::new()] } else { args.recipients.clone() };
    let stored = places::spool(&config).map_err(|e| e.to_string()).and_then(|blobs| {
        let door = Door { blobs: &blobs, clock: &config.clock, secret: &config.secret };
        let mail = Mail { raw: &raw, recipients: &recipients, via: "pipe", handed: None };
        accept(door, None, mail).map_err(|e| e.to_string())
    });
    match stored {
        Ok(()) => exit::OK,
        Err(error) => {
            say(err, format_args!("{error}; try again later"));
            exit::TRY_LATER
        }
    }
}

/// What is wrong with the recipients, in words; the mail goes back to its sender with them.
fn problem_with(recipients: &[String]) -> Option<String> {
    if recipients.len() > MOST_RECIPIENTS {
        return Some(format!("expected at most {MOST_RECIPIENTS} recipients, found {}", recipients.len()));
    }
    let longest = recipients.iter().map(String::len).max().unwrap_or_default();
    (longest > LONGEST_RECIPIENT)
        .then(|| format!("expected recipients of at most {LONGEST_RECIPIENT} bytes, found one of {longest}"))
}
