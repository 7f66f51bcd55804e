//! A due date's derivation as the table of days and the list of steps that a reader follows.

use crate::domain::law::calendar::next;
use crate::domain::law::deadline::{DayCount, Deadline};
use crate::domain::law::derivation::{Step, StepKind};
use crate::domain::publication::counting::Days;
use crate::domain::publication::prose::capital;
use chrono::{Datelike, NaiveDate};
use serde::Serialize;

/// One day of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// The day.
    pub date: NaiveDate,
    /// `3 Aug` at the start of the table and of a month, else the day of the month.
    pub label: String,
    /// Class: `zero`, `skip-day`, `due`, `over`, `none` or nothing.
    pub class: &'static str,
    /// What stands in it: the day's number, `0`, `–`, `+1`.
    pub mark: String,
    /// Spoken for what the class only shows.
    pub spoken: Option<String>,
}

/// How a date came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Derivation {
    /// `Why 1 September?`, without the question's day where the law gives no figure.
    pub question: String,
    /// Over the table.
    pub caption: String,
    /// Monday to Sunday.
    pub weeks: Vec<Vec<Cell>>,
    /// Days of the table that are not counted and are no weekend, by name.
    pub holidays: Vec<String>,
    /// From rule to day, each with its provision.
    pub steps: Vec<StepLine>,
    /// The same for the extension, where the law has one.
    pub extended: Vec<StepLine>,
    /// The rules, in their version.
    pub version: String,
    /// Whether the date is less than certain.
    pub estimate: bool,
    /// The day is one on which an answer can be expected, no legal deadline.
    pub expected: bool,
}

/// One step, with its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepLine {
    /// What it is about.
    pub name: &'static str,
    /// The step in words.
    pub text: String,
    /// The provision.
    pub cite: Option<String>,
}

impl Derivation {
    /// Of a deadline.
    pub fn of(deadline: &Deadline, days: &Days<'_>) -> Self {
        let end = deadline.due_on.or(deadline.expected_on);
        let question =
            end.map_or_else(|| "Why no due day?".to_owned(), |day| format!("Why {}?", day.format("%-d %B")));
        let weeks = end.map(|end| weeks(deadline, end, days)).unwrap_or_default();
        let expected = deadline.due_on.is_none();
        let lines = |steps: &[Step]| steps.iter().map(StepLine::of).collect();
        Self {
            question,
            caption: if expected {
                "Day by day, from receipt to the day it can be expected".to_owned()
            } else {
                "Day by day, from receipt to the due day".to_owned()
            },
            expected,
            holidays: holidays(&deadline.days),
            weeks,
            steps: lines(&deadline.steps),
            extended: lines(&deadline.extended_steps),
            version: deadline.version.clone(),
            estimate: deadline.estimate,
        }
    }
}

impl StepLine {
    /// Of a step.
    pub fn of(step: &Step) -> Self {
        Self { name: step_name(step.kind), text: capital(&step.text), cite: step.cite.clone() }
    }
}

fn step_name(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Received => "Received",
        StepKind::Registered => "Registered",
        StepKind::OlderRule => "Older rule",
        StepKind::Restarted => "Begins again",
        StepKind::StoodStill => "Stood still",
        StepKind::Added => "Added",
        StepKind::MovesNothing => "Moves nothing",
        StepKind::Opens => "First day",
        StepKind::Claimed => "Claimed",
        StepKind::Rule => "Rule",
        StepKind::NotCounted => "Not counted",
        StepKind::MonthEnd => "End of month",
        StepKind::Ends => "Term ends",
        StepKind::Moved => "Moved",
        StepKind::Stays => "Stays",
        StepKind::Due => "Due",
        StepKind::Expected => "Expected",
        StepKind::NoFigure => "No figure",
        StepKind::Caveat => "Caution",
    }
}

fn weeks(deadline: &Deadline, end: NaiveDate, days: &Days<'_>) -> Vec<Vec<Cell>> {
    let Some(first) = monday(deadline.start) else { return Vec::new() };
    let mut cells = Vec::new();
    let mut day = first;
    let mut over = 0_u32;
    // 60 weeks are more than any law gives; a table cannot run away.
    while cells.len() < 420 && (day <= end || cells.len() % 7 != 0) {
        cells.push(if day < deadline.start {
            Cell { date: day, label: String::new(), class: "none", mark: String::new(), spoken: None }
        } else if day > end {
            past(day, &mut over, (days, deadline.due_on.is_some()))
        } else {
            within(day, deadline, end)
        });
        day = next(day);
    }
    cells.chunks(7).map(<[Cell]>::to_vec).collect()
}

fn within(day: NaiveDate, deadline: &Deadline, end: NaiveDate) -> Cell {
    let count = deadline.days.iter().find(|count| count.date == day);
    let number = count.and_then(|count| count.number);
    let why_not = count.and_then(|count| count.why_not.as_deref());
    let (class, mark, spoken) = if day == deadline.start {
        ("zero", "0".to_owned(), Some("received".to_owned()))
    } else if day == end {
        let (mark, spoken) = match deadline.due_on {
            Some(_) => ("due", "due day"),
            None => ("·", "expected by practice, no legal deadline"),
        };
        ("due", number.map_or_else(|| mark.to_owned(), |n| n.to_string()), Some(spoken.to_owned()))
    } else {
        match (number, why_not) {
            (Some(n), _) => ("", n.to_string(), None),
            (None, Some(why)) => ("skip-day", "–".to_owned(), Some(format!("not counted: {why}"))),
            (None, None) => ("", "·".to_owned(), None),
        }
    };
    Cell { date: day, label: label(day, day == deadline.start), class, mark, spoken }
}

fn past(day: NaiveDate, over: &mut u32, (days, limit): (&Days<'_>, bool)) -> Cell {
    if days.rests_on(day) {
        let spoken = Some("not counted".to_owned());
        return Cell {
            date: day, label: label(day, false), class: "skip-day", mark: "–".to_owned(), spoken
        };
    }
    *over += 1;
    Cell {
        date: day,
        label: label(day, false),
        class: "over",
        mark: format!("+{over}"),
        spoken: Some(if limit { "past the limit" } else { "after that day" }.to_owned()),
    }
}

fn label(day: NaiveDate, first: bool) -> String {
    let pattern = if first || day.day() == 1 { "%-d %b" } else { "%-d" };
    day.format(pattern).to_string()
}

fn monday(day: NaiveDate) -> Option<NaiveDate> {
    day.checked_sub_days(chrono::Days::new(u64::from(day.weekday().num_days_from_monday())))
}

fn holidays(days: &[DayCount]) -> Vec<String> {
    days.iter()
        .filter_map(|count| count.why_not.as_deref().map(|why| (count.date, why)))
        .filter(|(_, why)| !matches!(*why, "Saturday" | "Sunday"))
        .map(|(date, why)| format!("{why}, {}", date.format("%-d %B %Y")))
        .collect()
}
