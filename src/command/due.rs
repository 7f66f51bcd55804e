//! `askance due`: due dates of one request with their derivation, or of a CSV of requests.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;
use csv::ByteRecord;

use crate::command::due_text;
use crate::data::laws::Laws;
use crate::domain::law::deadline::{Clock, Deadline, deadline};
use crate::domain::law::regime::Regime;

/// Due dates and how they were counted, day by day.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  askance due --regime at-ifg --received 2026-03-06
  askance due --regime eu-1049 --received 2026-03-20 --registered 2026-03-25 --json
  askance due --csv requests.csv > due.csv

The CSV needs the columns regime and received, may have registered, in any order; others are ignored.
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
    /// A CSV of requests, `-` for stdin.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["regime", "received"])]
    pub csv: Option<PathBuf>,
    /// JSON: the whole derivation; with --csv one object a line.
    #[arg(long)]
    pub json: bool,
}

const FINE: u8 = 0;
const BAD_INPUT: u8 = 65;
const IO: u8 = 74;
const CONFIGURATION: u8 = 78;

/// Why there is no answer, as the user reads it.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("{0}")]
    Input(String),
    #[error("could not write the result: {0}")]
    Output(#[from] io::Error),
}

/// Prints the due dates; the exit code is one of `sysexits.h`.
pub fn run(args: &DueArgs, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let laws = match Laws::load() {
        Ok(laws) => laws,
        Err(e) => return told(err, CONFIGURATION, &format!("a data file of the program is wrong: {e}")),
    };
    let done = match &args.csv {
        Some(path) => table(&laws, path, args.json, (out, err)),
        None => single(&laws, args, out),
    };
    match done {
        Ok(code) => code,
        Err(e @ Failed::Input(_)) => told(err, BAD_INPUT, &e.to_string()),
        Err(e @ Failed::Output(_)) => told(err, IO, &e.to_string()),
    }
}

/// A failing stderr leaves nobody to tell; the exit code still does.
fn told(err: &mut dyn Write, code: u8, problem: &str) -> u8 {
    let _ = writeln!(err, "askance due: {problem}");
    code
}

fn single(laws: &Laws, args: &DueArgs, out: &mut dyn Write) -> Result<u8, Failed> {
    let text = |given: &Option<String>| given.clone().unwrap_or_default();
    let asked = Asked {
        regime: text(&args.regime),
        received: text(&args.received),
        registered: text(&args.registered),
    };
    let (regime, found) = asked.answer(laws).map_err(Failed::Input)?;
    if args.json {
        writeln!(out, "{}", json(&found, true)?)?;
    } else {
        due_text::write(regime, &found, out)?;
    }
    Ok(FINE)
}

fn json(found: &Deadline, pretty: bool) -> Result<String, Failed> {
    let text = if pretty { serde_json::to_string_pretty(found) } else { serde_json::to_string(found) };
    text.map_err(|e| Failed::Output(e.into()))
}

/// A request as it was typed.
#[derive(Debug, Default)]
struct Asked {
    regime: String,
    received: String,
    registered: String,
}

impl Asked {
    fn answer<'a>(&self, laws: &'a Laws) -> Result<(&'a Regime, Deadline), String> {
        let regime = find(laws, &self.regime)?;
        let received = day("received", &self.received)?;
        let registered = match self.registered.as_str() {
            "" => None,
            text => Some(day("registered", text)?),
        };
        let found = deadline(regime, laws.calendar_of(regime), &Clock { received, registered })
            .map_err(|e| e.to_string())?;
        Ok((regime, found))
    }
}

/// A law by its id, or a hint which was meant.
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

fn day(what: &str, text: &str) -> Result<NaiveDate, String> {
    // Exactly ten characters: `chrono` would also take `2026-3-6` and `+2026-03-06`.
    let parsed = (text.len() == 10).then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten();
    parsed.ok_or_else(|| format!("expected a day that exists, as `2026-03-06`, for `{what}`, found `{text}`"))
}

type Streams<'a> = (&'a mut dyn Write, &'a mut dyn Write);

fn table(laws: &Laws, path: &PathBuf, as_json: bool, (out, err): Streams<'_>) -> Result<u8, Failed> {
    let name = path.display().to_string();
    let source: Box<dyn Read> = if name == "-" {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path).map_err(|e| Failed::Input(format!("could not open `{name}`: {e}")))?)
    };
    let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(source);
    let unreadable = |e: csv::Error| Failed::Input(format!("could not read `{name}`: {e}"));
    let columns = Columns::of(rows.byte_headers().map_err(unreadable)?)
        .map_err(|e| Failed::Input(format!("`{name}`: {e}")))?;
    let mut results = Results::new(out, as_json)?;
    let mut code = FINE;
    for (index, row) in rows.byte_records().enumerate() {
        let asked = columns.asked(&row.map_err(unreadable)?);
        match asked.and_then(|asked| Ok((asked.answer(laws)?.1, asked))) {
            Ok((found, asked)) => results.write(&asked, &found)?,
            Err(problem) => code = told(err, BAD_INPUT, &format!("`{name}`, row {}: {problem}", index + 2)),
        }
    }
    results.finish()?;
    Ok(code)
}

/// Where the columns are that we read.
struct Columns {
    regime: usize,
    received: usize,
    registered: Option<usize>,
}

impl Columns {
    fn of(header: &ByteRecord) -> Result<Self, String> {
        let mut at: HashMap<String, usize> = HashMap::new();
        for (i, name) in header.iter().enumerate() {
            let name = String::from_utf8_lossy(name).trim_start_matches('\u{feff}').trim().to_lowercase();
            if at.insert(name.clone(), i).is_some()
                && ["regime", "received", "registered"].contains(&name.as_str())
            {
                return Err(format!("expected each column once, found `{name}` again"));
            }
        }
        let need = |name: &str| {
            at.get(name)
                .copied()
                .ok_or_else(|| format!("expected a column `{name}` in the first row, found none"))
        };
        Ok(Self {
            regime: need("regime")?,
            received: need("received")?,
            registered: at.get("registered").copied(),
        })
    }

    fn asked(&self, row: &ByteRecord) -> Result<Asked, String> {
        let cell = |at: usize, name: &str| {
            let bytes = row.get(at).unwrap_or_default();
            let text = std::str::from_utf8(bytes).map_err(|_| format!("expected UTF-8 in `{name}`"))?;
            Ok::<_, String>(text.trim().to_owned())
        };
        Ok(Asked {
            regime: cell(self.regime, "regime")?,
            received: cell(self.received, "received")?,
            registered: self.registered.map_or(Ok(String::new()), |at| cell(at, "registered"))?,
        })
    }
}

/// The answers, as CSV or as one JSON object a line.
enum Results<'a> {
    Csv(Box<csv::Writer<&'a mut dyn Write>>),
    Json(&'a mut dyn Write),
}

impl<'a> Results<'a> {
    fn new(out: &'a mut dyn Write, as_json: bool) -> Result<Self, Failed> {
        if as_json {
            return Ok(Self::Json(out));
        }
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(["regime", "received", "due", "extended_due"]).map_err(io_of)?;
        Ok(Self::Csv(Box::new(writer)))
    }

    fn write(&mut self, asked: &Asked, found: &Deadline) -> Result<(), Failed> {
        let iso = |day: Option<NaiveDate>| day.map(|d| d.to_string()).unwrap_or_default();
        match self {
            Self::Csv(writer) => {
                let (due, extended) = (iso(found.due_on), iso(found.extended_due_on));
                writer.write_record([&asked.regime, &asked.received, &due, &extended]).map_err(io_of)?;
            }
            Self::Json(out) => writeln!(out, "{}", json(found, false)?)?,
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Failed> {
        match self {
            Self::Csv(mut writer) => writer.flush()?,
            Self::Json(out) => out.flush()?,
        }
        Ok(())
    }
}

fn io_of(e: csv::Error) -> Failed {
    Failed::Output(io::Error::other(e))
}
