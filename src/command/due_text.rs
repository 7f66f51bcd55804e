//! The derivation of a due date as text: dates first, then the steps with their provisions, then the days.

use std::io::{self, Write};

use chrono::NaiveDate;

use crate::domain::law::derivation::{DayCount, Deadline, Step, in_words};
use crate::domain::law::regime::Regime;

/// Writes the whole derivation.
pub fn write(regime: &Regime, found: &Deadline, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}  {}", regime.id, regime.law_en)?;
    writeln!(out, "{}\n{}\n", regime.citation, regime.url)?;
    dates(found, out)?;
    writeln!(out, "\nHow it was counted")?;
    steps(&found.steps, out)?;
    writeln!(out, "\nIf the authority extends")?;
    steps(&found.extended_steps, out)?;
    days(&found.days, out)?;
    writeln!(out, "\nVersion of the law: {}. Not legal advice.", found.version)
}

fn dates(found: &Deadline, out: &mut dyn Write) -> io::Result<()> {
    let estimate = match (found.estimate, found.is_target) {
        (true, true) => "  (target, estimate)",
        (true, false) => "  (estimate)",
        (false, true) => "  (target)",
        (false, false) => "",
    };
    match (found.due_on, found.expected_on) {
        (Some(due), _) => writeln!(out, "Due        {}  {due}{estimate}", in_words(due))?,
        (None, Some(by)) => {
            writeln!(out, "Due        no date in this law")?;
            writeln!(out, "Expected   {}  {by}  (practice, no legal deadline)", in_words(by))?;
        }
        (None, None) => writeln!(out, "Due        no date in this law")?,
    }
    if let Some(until) = found.extended_due_on {
        writeln!(out, "Extended   {}  {until}  (at the latest){estimate}", in_words(until))?;
    }
    Ok(())
}

fn steps(steps: &[Step], out: &mut dyn Write) -> io::Result<()> {
    if steps.is_empty() {
        writeln!(out, "  nothing: there is no time limit to extend")?;
    }
    for (number, step) in steps.iter().enumerate() {
        match &step.cite {
            Some(cite) => writeln!(out, "  {}. {}  [{cite}]", number + 1, step.text)?,
            None => writeln!(out, "  {}. {}", number + 1, step.text)?,
        }
    }
    Ok(())
}

/// A term of months has no numbers: only its first day and those from its end on say something.
fn days(days: &[DayCount], out: &mut dyn Write) -> io::Result<()> {
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return Ok(()) };
    writeln!(out, "\nDay by day")?;
    let numbered = days.iter().any(|d| d.number.is_some());
    let told = |d: &&DayCount| numbered || d.why_not.is_some() || *d == first || *d == last;
    for day in days.iter().filter(told) {
        let number = day.number.map_or("·".to_owned(), |n| n.to_string());
        let mut words: Vec<&str> = day.why_not.as_deref().into_iter().collect();
        if day == first {
            words.push("day 0, not counted");
        }
        if day == last {
            words.push("the last day");
        }
        let line = format!("  {} {number:>4}  {}", short(day.date), words.join("; "));
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn short(day: NaiveDate) -> String {
    let weekday = in_words(day);
    format!("{} {day}", weekday.get(..3).unwrap_or(&weekday))
}
