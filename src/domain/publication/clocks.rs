//! The drawing of a request's clock: positions in per cent across, in pixels down.

use crate::domain::publication::counting::Days;
use crate::domain::publication::timeline::Entry;
use chrono::{Datelike, Months, NaiveDate};
use serde::Serialize;

/// What is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Course<'a> {
    /// Day 0.
    pub received: NaiveDate,
    /// The first due day.
    pub first_due: NaiveDate,
    /// The due day in force.
    pub due: NaiveDate,
    /// The day of the answer.
    pub answered: Option<NaiveDate>,
    /// First and last days on which the clock stood still.
    pub still: &'a [(NaiveDate, NaiveDate)],
    /// Since when it stands still, if it does; then no due day is in force.
    pub stands_since: Option<NaiveDate>,
    /// The requester's right that lapses next: what it is, its first day, its last.
    pub window: Option<(&'a str, NaiveDate, NaiveDate)>,
    /// Whether an answer is still owed.
    pub open: bool,
    /// Today in the zone of the law.
    pub today: NaiveDate,
    /// Days in the unit of the law.
    pub days: Days<'a>,
}

/// How many days past the rest a requester's window may widen the drawing.
const FARTHEST: i64 = 70;

/// A place across with words at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Label {
    /// Per cent.
    pub x: String,
    /// The words.
    pub words: String,
    /// `start`, `middle` or `end`, so that no label leaves the drawing.
    pub anchor: &'static str,
    /// Shift in pixels, away from what it stands beside.
    pub dx: i32,
}

/// A bar of days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// `in` (used, within the law), `still` (stood still), `over` (past the line), `open` (days left).
    pub kind: &'static str,
    /// Per cent.
    pub x: String,
    /// Per cent.
    pub width: String,
}

/// A numbered mark over the drawing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// Per cent.
    pub x: String,
    /// Number of the entry.
    pub number: usize,
}

/// The heavy line of a limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Per cent.
    pub x: String,
    /// Number of the entry.
    pub number: Option<usize>,
    /// `due 1 September`, beside the number.
    pub label: Label,
    /// Which of the rows below the bar the label takes: 0 or 1.
    pub level: u8,
}

/// The requester's days, below those of the authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Window {
    /// Per cent.
    pub x: String,
    /// Per cent.
    pub width: String,
    /// `complaint to CADA until 3 January`, beside it.
    pub label: Label,
}

/// The drawing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Clocks {
    /// One sentence that says what the drawing shows.
    pub finding: String,
    /// First days of months.
    pub months: Vec<Label>,
    /// Mondays.
    pub weeks: Vec<String>,
    /// Where today is, if it is in the drawing.
    pub today: Option<Label>,
    /// Events, as circles.
    pub marks: Vec<Mark>,
    /// The days, as bars.
    pub bars: Vec<Bar>,
    /// The limits.
    pub lines: Vec<Line>,
    /// The requester's own days, where a right may be used or soon may.
    pub window: Option<Window>,
    /// Whether the clock stood still on some day.
    pub paused: bool,
    /// Over the end of the bars: where it stands.
    pub standing: Label,
    /// Whether that is bad news.
    pub late: bool,
}

impl Clocks {
    /// Whether the entry of this number has a mark or a line of its own.
    pub fn shows(&self, number: usize) -> bool {
        self.marks.iter().any(|mark| mark.number == number)
            || self.lines.iter().any(|line| line.number == Some(number))
    }
}

/// The span of days across the drawing.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: NaiveDate,
    days: f64,
}

impl Span {
    fn of(course: &Course<'_>) -> Self {
        let last =
            [Some(course.due), Some(course.first_due), course.answered, course.open.then_some(course.today)]
                .into_iter()
                .flatten()
                .max()
                .unwrap_or(course.due);
        // A right that lapses in a year would leave no room for the rest: its bar then ends at the edge.
        let reach = last + chrono::TimeDelta::days(FARTHEST);
        let last = course.window.map_or(last, |(_, _, lapses)| last.max(lapses.min(reach)));
        let length = (last - course.received).num_days().max(7);
        // A little air on both sides, so that marks at the edges are whole.
        let air = (length / 20).max(2);
        let from = course.received - chrono::TimeDelta::days(air);
        Self { from, days: days_f64(length + 2 * air) }
    }

    fn x(&self, day: NaiveDate) -> f64 {
        (days_f64((day - self.from).num_days()) / self.days * 100.0).clamp(0.0, 100.0)
    }

    fn at(&self, day: NaiveDate) -> String {
        two(self.x(day))
    }

    fn label(&self, day: NaiveDate, words: String, dx: i32) -> Label {
        let x = self.x(day);
        let (anchor, dx) = if x > 62.0 { ("end", -dx) } else { ("start", dx) };
        Label { x: two(x), words, anchor, dx }
    }
}

#[expect(clippy::cast_precision_loss, reason = "spans of days are small")]
fn days_f64(days: i64) -> f64 {
    days as f64
}

fn two(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Draws a course; `entries` lend their numbers to the marks.
pub fn draw(course: &Course<'_>, entries: &[Entry]) -> Clocks {
    let span = Span::of(course);
    let late = late_until(course).is_some();
    let end = course.answered.unwrap_or(if course.open { course.today } else { course.due });
    Clocks {
        finding: finding(course),
        months: months(&span),
        weeks: weeks(&span),
        today: today(course, &span),
        marks: marks(course, entries, &span),
        bars: bars(course, &span),
        lines: lines(course, entries, &span),
        window: window(course, &span),
        paused: !course.still.is_empty() || course.stands_since.is_some(),
        standing: span.label(end.max(course.received), standing(course), 8),
        late,
    }
}

/// The day up to which it is or was late.
fn late_until(course: &Course<'_>) -> Option<NaiveDate> {
    if course.stands_since.is_some() {
        return None;
    }
    course.answered.or(course.open.then_some(course.today)).filter(|end| *end > course.due)
}

fn standing(course: &Course<'_>) -> String {
    if course.stands_since.is_some() {
        return "stands still".to_owned();
    }
    match (course.answered, late_until(course)) {
        (Some(_), Some(end)) => format!("reply, late by {}", course.days.in_words(course.due, end)),
        (Some(_), None) => "reply, on time".to_owned(),
        (None, Some(end)) => format!("no reply, overdue by {}", course.days.in_words(course.due, end)),
        (None, None) if course.open => match (course.due - course.today).num_days() {
            0 => "last day".to_owned(),
            1 => "1 day left".to_owned(),
            n => format!("{n} days left"),
        },
        (None, None) => "ended".to_owned(),
    }
}

fn finding(course: &Course<'_>) -> String {
    let day = |date: NaiveDate| date.format("%-d %B %Y").to_string();
    let extended = if course.due > course.first_due {
        format!(" (first {}, then extended)", day(course.first_due))
    } else {
        String::new()
    };
    let paused = match (course.stands_since, course.still) {
        (Some(since), _) => format!(", the clock stands still since {}", day(since)),
        (None, []) => String::new(),
        (None, still) => {
            let days: i64 = still.iter().map(|(first, last)| (*last - *first).num_days() + 1).sum();
            let unit = if days == 1 { "day" } else { "days" };
            format!(", the clock stood still on {days} {unit}")
        }
    };
    let window = course.window.map(|(what, first, last)| {
        format!(" The requester’s time for {what}: {} to {}.", day(first), day(last))
    });
    let what = match (course.answered, late_until(course)) {
        (Some(answered), Some(_)) => {
            format!("answered {}, late by {}", day(answered), course.days.in_words(course.due, answered))
        }
        (Some(answered), None) => format!("answered {}, on time", day(answered)),
        (None, Some(end)) => format!("no answer, overdue by {}", course.days.in_words(course.due, end)),
        (None, None) if course.stands_since.is_some() => "no answer yet".to_owned(),
        (None, None) if course.open => {
            format!("{} calendar days left", (course.due - course.today).num_days())
        }
        (None, None) => "ended without an answer".to_owned(),
    };
    format!(
        "Received {}, due {}{extended}{paused}, {what}.{} The numbered list below says the same.",
        day(course.received),
        day(course.due),
        window.unwrap_or_default()
    )
}

fn bars(course: &Course<'_>, span: &Span) -> Vec<Bar> {
    let mut bars = Vec::new();
    let mut bar = |kind, from: NaiveDate, to: NaiveDate| {
        if to > from {
            bars.push(Bar { kind, x: span.at(from), width: two(span.x(to) - span.x(from)) });
        }
    };
    let reached = course.answered.unwrap_or(course.today);
    let used = course.stands_since.unwrap_or_else(|| reached.min(course.due));
    bar("in", course.received, used);
    for (first, last) in course.still {
        // From the end of the day before to the end of the last one.
        bar("still", first.pred_opt().unwrap_or(*first), *last);
    }
    if let Some(since) = course.stands_since {
        bar("still", since, reached.max(since));
        return bars;
    }
    if let Some(end) = late_until(course) {
        bar("over", course.due, end);
    } else if course.open && course.answered.is_none() {
        bar("open", course.today.max(course.received), course.due);
    }
    bars
}

fn window(course: &Course<'_>, span: &Span) -> Option<Window> {
    let (what, first, last) = course.window?;
    let label = span.label(first, format!("{what}: until {}", last.format("%-d %B %Y")), 0);
    let width = (span.x(last) - span.x(first)).max(0.5);
    Some(Window { x: span.at(first), width: two(width), label })
}

fn lines(course: &Course<'_>, entries: &[Entry], span: &Span) -> Vec<Line> {
    let number = |kind: &str| entries.iter().find(|entry| entry.kind == kind).map(|entry| entry.number);
    let line = |day: NaiveDate, number, words: &str, level| Line {
        x: span.at(day),
        number,
        label: span.label(day, format!("{words} {}", day.format("%-d %B")), 15),
        level,
    };
    if course.stands_since.is_some() {
        return vec![line(course.first_due, number("due"), "without the pause: due", 0)];
    }
    if course.due == course.first_due {
        return vec![line(course.due, number("due"), "due", 0)];
    }
    vec![
        line(course.first_due, number("due"), "first due", 0),
        line(course.due, number("due_extended"), "extended to", 1),
    ]
}

/// Circles that would lie on one another are one circle, with the number of the first.
fn marks(course: &Course<'_>, entries: &[Entry], span: &Span) -> Vec<Mark> {
    let mut marks: Vec<(f64, Mark)> = Vec::new();
    let main = |entry: &Entry| matches!(entry.kind, "sent" | "answered");
    let mut events: Vec<&Entry> =
        entries.iter().filter(|entry| !entry.limit && entry.on >= course.received).collect();
    events.sort_by_key(|entry| !main(entry));
    for entry in events {
        let x = span.x(entry.on);
        // 6 % are 20 pixels, the width of a circle, on the narrowest screen.
        if marks.iter().all(|(taken, _)| (taken - x).abs() >= 6.0) {
            marks.push((x, Mark { x: two(x), number: entry.number }));
        }
    }
    marks.sort_by(|a, b| a.0.total_cmp(&b.0));
    marks.into_iter().map(|(_, mark)| mark).collect()
}

fn today(course: &Course<'_>, span: &Span) -> Option<Label> {
    let shown = course.answered.is_none() && course.open;
    shown.then(|| span.label(course.today, format!("today, {}", course.today.format("%-d %b")), 5))
}

fn months(span: &Span) -> Vec<Label> {
    let last = span.from + chrono::TimeDelta::days(f64_days(span.days));
    let mut firsts = Vec::new();
    let mut first = span.from.with_day(1).unwrap_or(span.from);
    while first <= last {
        if first >= span.from {
            firsts.push(first);
        }
        let Some(after) = first.checked_add_months(Months::new(1)) else { break };
        first = after;
    }
    // Names need 9 % of a narrow screen each: with many months only every second or third is named.
    let step = firsts.len().div_ceil(8).max(1);
    let named = |place: usize| place.is_multiple_of(step);
    firsts
        .into_iter()
        .enumerate()
        .map(|(place, first)| {
            let words = if named(place) { first.format("%b").to_string() } else { String::new() };
            Label {
                x: span.at(first),
                words,
                anchor: if span.x(first) > 92.0 { "end" } else { "start" },
                dx: 4,
            }
        })
        .collect()
}

fn weeks(span: &Span) -> Vec<String> {
    let last = span.from + chrono::TimeDelta::days(f64_days(span.days));
    if span.days > 400.0 {
        return Vec::new();
    }
    let to_monday = (7 - span.from.weekday().num_days_from_monday()) % 7;
    let mut monday = span.from + chrono::TimeDelta::days(i64::from(to_monday));
    let mut weeks = Vec::new();
    while monday <= last {
        weeks.push(span.at(monday));
        monday += chrono::TimeDelta::days(7);
    }
    weeks
}

#[expect(clippy::cast_possible_truncation, reason = "spans of days are small")]
fn f64_days(days: f64) -> i64 {
    days as i64
}
