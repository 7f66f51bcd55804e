//! `askance due --csv`: the due dates of many requests, row by row; a bad row does not stop the rest.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use chrono::NaiveDate;
use csv::ByteRecord;

use crate::clock::Clock;
use crate::command::due::{Failed, find, json, told};
use crate::data::laws::Laws;
use crate::domain::law::deadline::{self, deadline};
use crate::domain::law::told::Told;
use crate::domain::publication::dates::next_right;
use crate::service::reckoning::{Reckoning, reckon};

type Streams<'a> = (&'a mut dyn Write, &'a mut dyn Write);

/// The columns that are read.
const COLUMNS: [&str; 4] = ["regime", "received", "registered", "since"];

/// Of rows in the future so many are named.
const FEW: usize = 10;

/// Answers each row; whether all could be.
pub(crate) fn answer(
    (laws, clock): (&Laws, &Clock),
    (path, as_json): (&Path, bool),
    (out, err): Streams<'_>,
) -> Result<bool, Failed> {
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
    let wants = Wants { as_json, rights: columns.since.is_some() };
    let mut results = Results::new(out, wants)?;
    let (mut fine, mut future) = (true, Vec::new());
    for (index, row) in rows.byte_records().enumerate() {
        let row = row.map_err(unreadable)?;
        let found = columns.asked(&row).and_then(|asked| asked.answer((laws, clock), wants));
        match found {
            Ok(found) => {
                if found.future {
                    future.push((index + 2).to_string());
                }
                results.write(&found)?;
            }
            Err(problem) => {
                told(err, 0, &format!("`{name}`, row {}: {problem}", index + 2));
                fine = false;
            }
        }
    }
    results.finish()?;
    if !future.is_empty() {
        let named = future.iter().take(FEW).cloned().collect::<Vec<_>>().join(", ");
        let more =
            if future.len() > FEW { format!(" and {} more", future.len() - FEW) } else { String::new() };
        let rows = if future.len() == 1 { "row" } else { "rows" };
        told(err, 0, &format!("`{name}`: counted as if the day had come: {rows} {named}{more}"));
    }
    Ok(fine)
}

/// What is to come out.
#[derive(Debug, Clone, Copy)]
struct Wants {
    as_json: bool,
    rights: bool,
}

/// A row as it was typed.
struct Asked {
    regime: String,
    told: Told,
}

/// A row's answer.
struct Found {
    regime: String,
    received: String,
    due: Option<NaiveDate>,
    extended: Option<NaiveDate>,
    whole: Option<Reckoning>,
    future: bool,
}

impl Asked {
    fn answer(self, (laws, clock): (&Laws, &Clock), wants: Wants) -> Result<Found, String> {
        let law = find(laws, &self.regime)?;
        let today = clock.today(law.zone);
        let facts = self.told.facts(law, today).map_err(|fault| fault.to_string())?;
        let future = facts.iter().any(|fact| today < fact.on);
        let (regime, received) = (self.regime, self.told.received.clone());
        if wants.as_json || wants.rights {
            let whole = reckon((law, laws.calendar_of(law)), (&self.told, today))
                .map_err(|fault| fault.to_string())?;
            let due = whole.course.answer.as_ref().and_then(|answer| answer.due_on);
            let extended = whole.deadline.extended_due_on;
            return Ok(Found { regime, received, due, extended, whole: Some(whole), future });
        }
        // Two days are asked for: the requester's own, which may lie after the calendar's end, are not counted.
        let [received_on, registered] = [0, 1].map(|place| facts.get(place).map(|fact| fact.on));
        let clock = deadline::Clock { received: received_on.unwrap_or(today), registered };
        let found = deadline(law, laws.calendar_of(law), &clock).map_err(|e| e.to_string())?;
        Ok(Found {
            regime,
            received,
            due: found.due_on,
            extended: found.extended_due_on,
            whole: None,
            future,
        })
    }
}

/// Where the columns are that we read.
struct Columns {
    regime: usize,
    received: usize,
    registered: Option<usize>,
    since: Option<usize>,
}

impl Columns {
    fn of(header: &ByteRecord) -> Result<Self, String> {
        let mut at: HashMap<String, usize> = HashMap::new();
        for (i, name) in header.iter().enumerate() {
            let name = String::from_utf8_lossy(name).trim_start_matches('\u{feff}').trim().to_lowercase();
            if at.insert(name.clone(), i).is_some() && COLUMNS.contains(&name.as_str()) {
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
            since: at.get("since").copied(),
        })
    }

    fn asked(&self, row: &ByteRecord) -> Result<Asked, String> {
        let cell = |at: usize, name: &str| {
            let bytes = row.get(at).unwrap_or_default();
            let text = std::str::from_utf8(bytes).map_err(|_| format!("expected UTF-8 in `{name}`"))?;
            Ok::<_, String>(text.trim().to_owned())
        };
        let since = self.since.map_or(Ok(String::new()), |at| cell(at, "since"))?;
        let events = since.split(';').map(str::trim).filter(|event| !event.is_empty());
        Ok(Asked {
            regime: cell(self.regime, "regime")?,
            told: Told {
                received: cell(self.received, "received")?,
                registered: self.registered.map_or(Ok(String::new()), |at| cell(at, "registered"))?,
                since: events.map(str::to_owned).collect(),
                // A table may hold what is planned; it is answered, and said.
                planned: true,
            },
        })
    }
}

/// The answers, as CSV or as one JSON object a line.
enum Results<'a> {
    Csv(Box<csv::Writer<&'a mut dyn Write>>),
    Json(&'a mut dyn Write),
}

impl<'a> Results<'a> {
    fn new(out: &'a mut dyn Write, wants: Wants) -> Result<Self, Failed> {
        if wants.as_json {
            return Ok(Self::Json(out));
        }
        let mut writer = csv::Writer::from_writer(out);
        let mut header = vec!["regime", "received", "due", "extended_due"];
        if wants.rights {
            header.extend(["next_right", "next_right_opens", "next_right_last"]);
        }
        writer.write_record(header).map_err(io_of)?;
        Ok(Self::Csv(Box::new(writer)))
    }

    fn write(&mut self, found: &Found) -> Result<(), Failed> {
        let iso = |day: Option<NaiveDate>| day.map(|d| d.to_string()).unwrap_or_default();
        match (self, &found.whole) {
            (Self::Csv(writer), whole) => {
                let (due, extended) = (iso(found.due), iso(found.extended));
                let mut record = vec![found.regime.clone(), found.received.clone(), due, extended];
                if let Some(whole) = whole {
                    let right = next_right(&whole.course, whole.today);
                    record.push(right.map(|right| right.step.to_string()).unwrap_or_default());
                    record.push(iso(right.and_then(|right| right.opens_on)));
                    record.push(iso(right.and_then(|right| right.last_on)));
                }
                writer.write_record(record).map_err(io_of)?;
            }
            (Self::Json(out), Some(whole)) => writeln!(out, "{}", json(whole, false)?)?,
            (Self::Json(_), None) => {}
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
