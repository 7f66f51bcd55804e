//! The drawing of a request's clock: positions in per cent across, in pixels down.

pub use crate::domain::publication::clock_axis::Label;
use crate::domain::publication::clock_axis::{Span, months, two, weeks};
use crate::domain::publication::counting::Days;
use crate::domain::publication::timeline::Entry;
use chrono::NaiveDate;
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
    /// Whether an answer is still owed.
    pub open: bool,
    /// Today in the zone of the law.
    pub today: NaiveDate,
    /// Days in the unit of the law.
    pub days: Days<'a>,
}

/// How many days past the rest a requester's window may widen the drawing.
const FARTHEST: i64 = 70;

/// What is drawn beside the days of the authority, where there is any.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    /// First and last days on which the clock stood still.
    pub still: &'a [(NaiveDate, NaiveDate)],
    /// Since when it stands still, if it does; then no due day is in force.
    pub stands_since: Option<NaiveDate>,
    /// The requester's right to look at next: what it is, its first day, its last.
    pub window: Option<(&'a str, NaiveDate, NaiveDate)>,
}

/// Both.
struct Whole<'a> {
    of: &'a Course<'a>,
    beside: Beside<'a>,
}

impl<'a> std::ops::Deref for Whole<'a> {
    type Target = Course<'a>;

    fn deref(&self) -> &Course<'a> {
        self.of
    }
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

/// Draws a course; `entries` lend their numbers to the marks.
pub fn draw(course: &Course<'_>, entries: &[Entry]) -> Clocks {
    draw_with(course, Beside::default(), entries)
}

/// The same with pauses and the requester's time.
pub fn draw_with(course: &Course<'_>, beside: Beside<'_>, entries: &[Entry]) -> Clocks {
    let course = &Whole { of: course, beside };
    let span = span_of(course);
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
        paused: !course.beside.still.is_empty() || course.beside.stands_since.is_some(),
        standing: span.label(end.max(course.received), standing(course), 8),
        late,
    }
}

/// From the first day to the last that is drawn.
fn span_of(course: &Whole<'_>) -> Span {
    let last =
        [Some(course.due), Some(course.first_due), course.answered, course.open.then_some(course.today)]
            .into_iter()
            .flatten()
            .max()
            .unwrap_or(course.due);
    // A right that lapses in a year would leave no room for the rest: its bar then ends at the edge.
    let reach = last + chrono::TimeDelta::days(FARTHEST);
    let last = course.beside.window.map_or(last, |(_, _, lapses)| last.max(lapses.min(reach)));
    Span::new(course.received, last)
}

/// The day up to which it is or was late.
fn late_until(course: &Whole<'_>) -> Option<NaiveDate> {
    if course.beside.stands_since.is_some() {
        return None;
    }
    course.answered.or(course.open.then_some(course.today)).filter(|end| *end > course.due)
}

fn standing(course: &Whole<'_>) -> String {
    if course.beside.stands_since.is_some() {
        return "stands still".to_owned();
    }
    match (course.answered, late_until(course)) {
        (Some(_), Some(end)) => format!("reply, late by {}", course.days.in_words(course.due, end)),
        (Some(_), None) => "reply, on time".to_owned(),
        (None, Some(end)) => format!("no reply, {} past the limit", course.days.in_words(course.due, end)),
        (None, None) if course.open => match (course.due - course.today).num_days() {
            0 => "last day".to_owned(),
            1 => "1 day left".to_owned(),
            n => format!("{n} days left"),
        },
        (None, None) => "ended".to_owned(),
    }
}

fn finding(course: &Whole<'_>) -> String {
    let day = |date: NaiveDate| date.format("%-d %B %Y").to_string();
    let moved = if course.beside.still.is_empty() { "extended" } else { "moved" };
    let extended = if course.due > course.first_due {
        format!(" (first {}, then {moved})", day(course.first_due))
    } else {
        String::new()
    };
    let paused = match (course.beside.stands_since, course.beside.still) {
        (Some(since), _) => format!(", the clock has stood still since {}", day(since)),
        (None, []) => String::new(),
        (None, still) => {
            let days: i64 = still.iter().map(|(first, last)| (*last - *first).num_days() + 1).sum();
            let unit = if days == 1 { "day" } else { "days" };
            format!(", the clock stood still on {days} {unit}")
        }
    };
    let window = course.beside.window.map(|(what, first, last)| {
        format!(" The requester’s time, {what}: {} to {}.", day(first), day(last))
    });
    let what = match (course.answered, late_until(course)) {
        (Some(answered), Some(_)) => {
            format!("answered {}, late by {}", day(answered), course.days.in_words(course.due, answered))
        }
        (Some(answered), None) => format!("answered {}, on time", day(answered)),
        (None, Some(end)) => format!("no answer, {} past the limit", course.days.in_words(course.due, end)),
        (None, None) if course.beside.stands_since.is_some() => "no answer yet".to_owned(),
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

fn bars(course: &Whole<'_>, span: &Span) -> Vec<Bar> {
    let mut bars = Vec::new();
    let mut bar = |kind, from: NaiveDate, to: NaiveDate| {
        if to > from {
            bars.push(Bar { kind, x: span.at(from), width: two(span.x(to) - span.x(from)) });
        }
    };
    let reached = course.answered.unwrap_or(course.today);
    let used = course.beside.stands_since.unwrap_or_else(|| reached.min(course.due));
    bar("in", course.received, used);
    for (first, last) in course.beside.still {
        // From the end of the day before to the end of the last one.
        bar("still", first.pred_opt().unwrap_or(*first), *last);
    }
    if let Some(since) = course.beside.stands_since {
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

fn window(course: &Whole<'_>, span: &Span) -> Option<Window> {
    let (what, first, last) = course.beside.window?;
    // The words are longer than most windows: they end where the window does, if that leaves them room.
    let at = if span.x(last) > 60.0 { last } else { first };
    let label = span.label(at, format!("{what}: until {}", last.format("%-d %B %Y")), 0);
    let width = (span.x(last) - span.x(first)).max(0.5);
    Some(Window { x: span.at(first), width: two(width), label })
}

fn lines(course: &Whole<'_>, entries: &[Entry], span: &Span) -> Vec<Line> {
    let number = |kind: &str| entries.iter().find(|entry| entry.kind == kind).map(|entry| entry.number);
    let line = |day: NaiveDate, number, words: &str, level| Line {
        x: span.at(day),
        number,
        label: span.label(day, format!("{words} {}", day.format("%-d %B")), 15),
        level,
    };
    if course.beside.stands_since.is_some() {
        return vec![line(course.first_due, number("due"), "without the pause: due", 0)];
    }
    if course.due == course.first_due {
        return vec![line(course.due, number("due"), "due", 0)];
    }
    vec![
        line(course.first_due, number("due"), "first due", 0),
        line(
            course.due,
            number("due_extended"),
            if course.beside.still.is_empty() { "extended to" } else { "moved to" },
            1,
        ),
    ]
}

/// Circles that would lie on one another are one circle, with the number of the first.
fn marks(course: &Whole<'_>, entries: &[Entry], span: &Span) -> Vec<Mark> {
    let mut marks: Vec<(f64, Mark)> = Vec::new();
    let main = |entry: &Entry| matches!(entry.kind, "sent" | "answered");
    // What lies past the end of the drawing would stand at its edge, on a day that is not its own.
    let drawn = |entry: &&Entry| !entry.limit && entry.on >= course.received && span.holds(entry.on);
    let mut events: Vec<&Entry> = entries.iter().filter(drawn).collect();
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

fn today(course: &Whole<'_>, span: &Span) -> Option<Label> {
    let shown = course.answered.is_none() && course.open;
    shown.then(|| span.label(course.today, format!("today, {}", course.today.format("%-d %b")), 5))
}
