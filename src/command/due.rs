//! `askance due`: due dates of one request with their derivation, or of a CSV of requests.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use crate::clock::Clock;
use crate::command::{due_table, due_text};
use crate::data::laws::Laws;
use crate::domain::law::regime::Regime;
use crate::domain::law::told::{Problem, Told};
use crate::service::reckoning::{Reckoning, reckon};
use crate::web::ical;

/// Due dates and how they were counted, day by day.
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line are independent")]
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  askance due --regime at-ifg --received 2026-03-06
  askance due --regime eu-1049 --received 2026-03-20 --registered 2026-03-25 --json
  askance due --regime fr-crpa --received 2026-03-06 --since taken:complaint=2026-05-04 --ics > dates.ics
  askance due --csv requests.csv > due.csv

What can have happened: extended=DATE or extended=DATE..UNTIL, clarification_asked, clarification_given, fee_asked,
fee_paid, third_party_asked, third_party_answered, transferred, answered_in_part, answered (something is refused),
disclosed (all was given), registered; and of a remedy notice, review, complaint, ombudsman or court:
taken:complaint, taken_registered:complaint, decided:complaint, granted:complaint. Each with =DATE.

The CSV needs the columns regime and received, may have registered and since (several events parted by `;`), in any
order; others are ignored. With since three columns more come out: next_right, next_right_opens, next_right_last.
A row that cannot be read is named on stderr (the header is row 1), the rest is answered, and the exit code is 65.
Dates are days in the time zone of the law, written as 2026-03-06. This is no legal advice.")]
pub struct DueArgs {
    /// The law, as `de-ifg`; `askance regimes` lists them.
    #[arg(long, value_name = "ID", required_unless_present = "csv")]
    pub regime: Option<String>,
    /// The day the request reached the authority.
    #[arg(long, value_name = "DATE", required_unless_present = "csv")]
    pub received: Option<String>,
    /// The day the authority registered it, or on which it counts as received.
    #[arg(long, value_name = "DATE", conflicts_with = "csv")]
    pub registered: Option<String>,
    /// What happened since, as `clarification_asked=2026-03-20`; may be given several times.
    #[arg(long, value_name = "WHAT=DATE", conflicts_with = "csv")]
    pub since: Vec<String>,
    /// Days after today are counted as if they had come.
    #[arg(long)]
    pub planned: bool,
    /// A CSV of requests, `-` for stdin.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["regime", "received"])]
    pub csv: Option<PathBuf>,
    /// JSON: the whole derivation; with --csv one object a line.
    #[arg(long, conflicts_with_all = ["letter", "ics"])]
    pub json: bool,
    /// Paragraphs on the time limit for a letter, in the language of the law and in English.
    #[arg(long, conflicts_with_all = ["csv", "ics"])]
    pub letter: bool,
    /// The dates as a calendar file (iCalendar).
    #[arg(long, conflicts_with = "csv")]
    pub ics: bool,
}

const FINE: u8 = 0;
const BAD_INPUT: u8 = 65;
const IO: u8 = 74;
const CONFIGURATION: u8 = 78;

/// Why there is no answer, as the user reads it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    /// Something was asked that cannot be answered.
    #[error("{0}")]
    Input(String),
    /// Nobody takes the answer.
    #[error("could not write the result: {0}")]
    Output(#[from] io::Error),
}

/// Prints the due dates; the exit code is one of `sysexits.h`.
pub fn run(args: &DueArgs, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    run_at(args, &Clock::System, (out, err))
}

/// The same on a given clock.
pub fn run_at(args: &DueArgs, clock: &Clock, (out, err): (&mut dyn Write, &mut dyn Write)) -> u8 {
    let laws = match Laws::load() {
        Ok(laws) => laws,
        Err(e) => return told(err, CONFIGURATION, &format!("a data file of the program is wrong: {e}")),
    };
    let done = match &args.csv {
        Some(path) => due_table::answer((&laws, clock), (path, args.json), (out, err)),
        None => single((&laws, clock), args, out),
    };
    match done {
        Ok(true) => FINE,
        Ok(false) => BAD_INPUT,
        Err(e @ Failed::Input(_)) => told(err, BAD_INPUT, &e.to_string()),
        Err(e @ Failed::Output(_)) => told(err, IO, &e.to_string()),
    }
}

/// A failing stderr leaves nobody to tell; the exit code still does.
pub(crate) fn told(err: &mut dyn Write, code: u8, problem: &str) -> u8 {
    let _ = writeln!(err, "askance due: {problem}");
    code
}

fn single((laws, clock): (&Laws, &Clock), args: &DueArgs, out: &mut dyn Write) -> Result<bool, Failed> {
    let text = |given: &Option<String>| given.clone().unwrap_or_default();
    let told = Told {
        received: text(&args.received),
        registered: text(&args.registered),
        since: args.since.clone(),
        planned: args.planned,
    };
    let regime = find(laws, &text(&args.regime)).map_err(Failed::Input)?;
    let found =
        reckon((regime, laws.calendar_of(regime)), (&told, clock.today(regime.zone))).map_err(|fault| {
            let hint = match fault.problem {
                Problem::Future { .. } => "; --planned counts it as if it had come",
                _ => "",
            };
            Failed::Input(format!("{fault}{hint}"))
        })?;
    if args.json {
        writeln!(out, "{}", json(&found, true)?)?;
    } else if args.ics {
        write!(out, "{}", ical::answer(&found, &told, ("due.askance", None)))?;
    } else if args.letter {
        due_text::letter(&found, out)?;
    } else {
        due_text::write(regime, &found, out)?;
    }
    Ok(true)
}

pub(crate) fn json(found: &Reckoning, pretty: bool) -> Result<String, Failed> {
    let text = if pretty { serde_json::to_string_pretty(found) } else { serde_json::to_string(found) };
    text.map_err(|e| Failed::Output(e.into()))
}

pub(crate) fn find<'a>(laws: &'a Laws, id: &str) -> Result<&'a Regime, String> {
    if let Some(regime) = id.parse().ok().and_then(|id| laws.regime(&id)) {
        return Ok(regime);
    }
    let near: Vec<String> = laws.near(id).into_iter().map(|known| format!("`{known}`")).collect();
    let hint = match near.as_slice() {
        [] => "`askance regimes` lists those there are".to_owned(),
        [one] => format!("did you mean {one}? `askance regimes` lists all"),
        more => format!("did you mean one of {}? `askance regimes` lists all", more.join(", ")),
    };
    Err(format!("expected a law, found `{id}`: {hint}"))
}
