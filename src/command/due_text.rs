//! A due date as text: dates first, then the requester's own days, then the steps with their provisions, then the days.

use std::io::{self, Write};

use chrono::NaiveDate;

use crate::domain::law::course::{AnswerClock, Right};
use crate::domain::law::derivation::{DayCount, Step, in_words};
use crate::domain::law::regime::Regime;
use crate::domain::publication::clock_rows::ClockRow;
use crate::domain::publication::dates::remedy_name;
use crate::service::reckoning::Reckoning;

/// Writes the whole answer.
pub fn write(regime: &Regime, found: &Reckoning, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}  {}", regime.id, regime.law_en)?;
    writeln!(out, "{}\n{}\n", regime.citation, regime.url)?;
    if let Some(answer) = &found.course.answer {
        dates(answer, out)?;
        for row in found.clocks.iter().filter(|row| row.whose == "authority") {
            writeln!(out, "Today      {}  {}", found.today, row.standing)?;
        }
        events(answer, out)?;
    }
    own(found, out)?;
    let still = found.course.answer.as_ref().is_some_and(|answer| answer.stands_still.is_some());
    let counted =
        if still { "How it would be counted if the clock had not stopped" } else { "How it was counted" };
    writeln!(out, "\n{counted}")?;
    steps(&found.deadline.steps, out)?;
    writeln!(out, "\nIf the authority extends")?;
    steps(&found.deadline.extended_steps, out)?;
    days(&found.deadline.days, out)?;
    writeln!(out, "\nVersion of the law: {}. Not legal advice.", found.deadline.version)
}

/// Writes the words for a letter, each language under its name.
pub fn letter(found: &Reckoning, out: &mut dyn Write) -> io::Result<()> {
    for (place, letter) in found.letter.iter().enumerate() {
        let apart = if place > 0 { "\n" } else { "" };
        writeln!(out, "{apart}[{}]", letter.language)?;
        if let Some(instead) = &letter.instead {
            writeln!(out, "({instead})")?;
        }
        write!(out, "\n{}", letter.text)?;
    }
    Ok(())
}

fn dates(answer: &AnswerClock, out: &mut dyn Write) -> io::Result<()> {
    let found = &answer.deadline;
    let estimate = match (found.estimate, found.is_target) {
        (true, true) => "  (target, estimate)",
        (true, false) => "  (estimate)",
        (false, true) => "  (target)",
        (false, false) => "",
    };
    match (answer.stands_still, answer.due_on, found.expected_on) {
        (Some((since, why)), _, _) => {
            writeln!(out, "Due        the clock has stood still since {}: {why}", in_words(since))?;
        }
        (None, Some(due), _) => writeln!(out, "Due        {}  {due}{estimate}", in_words(due))?,
        (None, None, Some(by)) => {
            writeln!(out, "Due        no date in this law")?;
            writeln!(out, "Expected   {}  {by}  (practice, no legal deadline)", in_words(by))?;
        }
        (None, None, None) => writeln!(out, "Due        no date in this law")?,
    }
    if answer.stands_still.is_some() || answer.answered_on.is_some() {
        return Ok(());
    }
    if let Some(until) = found.extended_due_on.filter(|_| answer.claims.is_empty()) {
        writeln!(out, "Extended   {}  {until}  (at the latest){estimate}", in_words(until))?;
    }
    if let Some(from) = answer.late_letter_from {
        writeln!(out, "Letter     {}  {from}  (first day to write that it is late)", in_words(from))?;
    }
    Ok(())
}

fn events(answer: &AnswerClock, out: &mut dyn Write) -> io::Result<()> {
    if answer.remarks.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nWhat happened since")?;
    steps(&answer.remarks, out)
}

fn own(found: &Reckoning, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\nYour own dates")?;
    let rows: Vec<&ClockRow> = found.clocks.iter().filter(|row| row.whose == "you").collect();
    if rows.is_empty() {
        writeln!(out, "  none that the data of this law opens from what happened so far")?;
    }
    for (right, row) in found.course.rights.iter().zip(rows) {
        a_right(right, row, out)?;
    }
    for body in &found.course.bodies {
        let standing = found
            .clocks
            .iter()
            .find(|row| row.whose == "body" && row.step == Some(body.step))
            .map_or("", |row| row.standing.as_str());
        writeln!(out, "  {}: decision: {standing}", remedy_name(body.step, &body.body))?;
        day("due", body.due_on, if body.target { "an aim, no legal limit" } else { "" }, out)?;
        day("silent", body.refuses_on, "silence counts as a refusal", out)?;
    }
    Ok(())
}

fn a_right(right: &Right, row: &ClockRow, out: &mut dyn Write) -> io::Result<()> {
    let called = right.name.as_ref().map(|name| format!(", {name}")).unwrap_or_default();
    writeln!(out, "  {}{called}, after {}: {}", row.name, right.after, row.standing)?;
    day("opens", right.opens_on, "earlier is inadmissible", out)?;
    day("last", right.last_on, if right.practice { "a figure of practice" } else { "" }, out)?;
    if right.last_on.is_none() {
        writeln!(out, "    last       no last day that we know")?;
    }
    day("untold", right.untold_last_on, "last day if the decision did not name this remedy", out)?;
    let address = right.url.as_ref().map(|url| format!("  {url}")).unwrap_or_default();
    writeln!(out, "    body       {}{address}", right.body)?;
    let must = match right.mandatory {
        Some(true) => "yes: the steps after it need it",
        Some(false) => "no",
        None => "not known",
    };
    writeln!(out, "    mandatory  {must}")?;
    let mut cites: Vec<&str> = right.steps.iter().filter_map(|step| step.cite.as_deref()).collect();
    cites.dedup();
    if !cites.is_empty() {
        writeln!(out, "    rule       [{}]", cites.join("; "))?;
    }
    Ok(())
}

fn day(name: &str, on: Option<NaiveDate>, words: &str, out: &mut dyn Write) -> io::Result<()> {
    let Some(on) = on else { return Ok(()) };
    let words = if words.is_empty() { String::new() } else { format!("  ({words})") };
    writeln!(out, "    {name:<9}  {}  {on}{words}", in_words(on))
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
