//! `askance outbox …`: holds letters back, lets them leave again, and says how they stand, from the console.

use crate::command::{self, Cause, ended, exit};
use crate::config::Config;
use crate::service::delivery;
use crate::store::desk::{PAGE, letters};
use crate::store::switches::{self, OUTBOX_PAUSED, Switch};
use crate::store::types::OutboxState;
use crate::store::{Conn, Error as StoreError};
use std::fmt::Write as _;
use std::io::Write;

/// Letters on their way out.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  askance outbox pause 'the mail server moves'\n  askance outbox resume\n  askance outbox list"
)]
pub struct OutboxArgs {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// Let no letter leave until it is resumed; what is queued waits
    #[command(after_help = "Example:\n  askance outbox pause 'the mail server moves'")]
    Pause {
        /// Why, as the desk shall read it
        reason: String,
    },
    /// Let letters leave again
    #[command(after_help = "Example:\n  askance outbox resume")]
    Resume,
    /// Whether letters leave, and each letter that has not: number, state, request, tries, when next, to whom, last word
    #[command(after_help = "Example:\n  askance outbox list | grep -w unknown")]
    List {
        /// As JSON, with a count for each state
        #[arg(long)]
        json: bool,
    },
}

/// Does it and says what was done.
pub fn run(args: &OutboxArgs, config: Config, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let cause = |failure: &Failure| match failure {
        Failure::Delivery(delivery::Error::NoReason) => Cause::Asked(exit::USAGE),
        Failure::Closed(error) => Cause::Broken(error.exit_code()),
        _ => Cause::Broken(exit::IO),
    };
    ended(act(&args.act, config), cause, (out, err))
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Delivery(#[from] delivery::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Closed(#[from] command::Closed),
}

fn act(act: &Act, config: Config) -> Result<String, Failure> {
    let (context, db) = command::open(config, 1)?;
    let conn = &mut *db.conn()?;
    Ok(match act {
        Act::Pause { reason } => {
            if delivery::pause(&context, conn, None, reason)? {
                "Paused: no letter leaves until `askance outbox resume`.\n".to_owned()
            } else {
                let was = switches::get(conn, OUTBOX_PAUSED)?.map(|was| in_words(&was)).unwrap_or_default();
                format!("It was paused already{was}\n")
            }
        }
        Act::Resume => match delivery::resume(&context, conn, None)? {
            Some(was) => format!("Resumed: letters leave again. It was paused{}\n", in_words(&was)),
            None => "It was not paused: letters leave.\n".to_owned(),
        },
        Act::List { json: true } => as_json(conn)?,
        Act::List { json: false } => as_table(conn)?,
    })
}

fn in_words(switch: &Switch) -> String {
    let by = switch.person.as_deref().unwrap_or("the service or the console");
    format!(" since {} by {by}: {}", switch.since.and_utc().format("%Y-%m-%d %H:%M UTC"), switch.reason)
}

/// All letters that have not ended well and that nobody took back, the latest first.
fn open_letters(conn: &mut Conn) -> Result<Vec<letters::Letter>, StoreError> {
    let ended = [OutboxState::Accepted, OutboxState::TakenBack];
    let open: Vec<OutboxState> =
        OutboxState::ALL.iter().copied().filter(|state| !ended.contains(state)).collect();
    let mut found = Vec::new();
    loop {
        let offset = i64::try_from(found.len()).unwrap_or(i64::MAX);
        let more = letters::in_states(conn, &open, offset)?;
        let last = i64::try_from(more.len()).unwrap_or(0) < PAGE;
        found.extend(more);
        if last {
            return Ok(found);
        }
    }
}

fn as_table(conn: &mut Conn) -> Result<String, StoreError> {
    let mut told = match switches::get(conn, OUTBOX_PAUSED)? {
        Some(paused) => format!("paused{}\n", in_words(&paused)),
        None => "letters leave\n".to_owned(),
    };
    let open = open_letters(conn)?;
    if !open.is_empty() {
        told.push_str("number\tstate\trequest\ttries\tnext try\tto\tsaid\n");
    }
    for letter in open {
        let (number, tries) = (letter.id.to_string(), letter.attempts.to_string());
        let next = letter.next_attempt_at.and_utc().format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let said = letter.server_reply.or(letter.last_error).unwrap_or_default().replace(['\n', '\t'], " ");
        let state = letter.state.as_str();
        let columns = [&number, state, &letter.reference, &tries, &next, &letter.envelope_to, &said];
        let _ = writeln!(told, "{}", columns.join("\t"));
    }
    Ok(told)
}

fn as_json(conn: &mut Conn) -> Result<String, StoreError> {
    let paused = switches::get(conn, OUTBOX_PAUSED)?.map(|paused| {
        serde_json::json!({ "since": paused.since.and_utc(), "by": paused.person, "reason": paused.reason })
    });
    let counts: serde_json::Map<String, serde_json::Value> = letters::counts(conn)?
        .into_iter()
        .map(|(state, count)| (state.as_str().to_owned(), count.into()))
        .collect();
    let rows: Vec<serde_json::Value> = open_letters(conn)?
        .into_iter()
        .map(|letter| {
            serde_json::json!({
                "number": letter.id,
                "state": letter.state.as_str(),
                "request": letter.reference,
                "message_id": letter.mail_message_id,
                "to": letter.envelope_to,
                "tries": letter.attempts,
                "next_try": letter.next_attempt_at.and_utc(),
                "server_reply": letter.server_reply,
                "last_error": letter.last_error,
            })
        })
        .collect();
    let told = serde_json::json!({ "paused": paused, "counts": counts, "letters": rows });
    Ok(format!("{told:#}\n"))
}
