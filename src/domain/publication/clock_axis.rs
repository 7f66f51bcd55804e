//! The span of days across the drawing of a clock: where a day lies, months and weeks.

use chrono::{Datelike, Months, NaiveDate};
use serde::Serialize;

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

/// The span of days across the drawing.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    from: NaiveDate,
    days: f64,
}

impl Span {
    /// From the first day to the last, with a little air on both sides, so that marks at the edges are whole.
    pub fn new(first: NaiveDate, last: NaiveDate) -> Self {
        let length = (last - first).num_days().max(7);
        let air = (length / 20).max(2);
        Self { from: first - chrono::TimeDelta::days(air), days: days_f64(length + 2 * air) }
    }

    /// Whether a day lies in the drawing.
    pub fn holds(&self, day: NaiveDate) -> bool {
        (0.0..=self.days).contains(&days_f64((day - self.from).num_days()))
    }

    /// A day in per cent.
    pub fn x(&self, day: NaiveDate) -> f64 {
        (days_f64((day - self.from).num_days()) / self.days * 100.0).clamp(0.0, 100.0)
    }

    /// The same, written.
    pub fn at(&self, day: NaiveDate) -> String {
        two(self.x(day))
    }

    /// Words at a day, `dx` pixels away from it.
    pub fn label(&self, day: NaiveDate, words: String, dx: i32) -> Label {
        let x = self.x(day);
        let (anchor, dx) = if x > 55.0 { ("end", -dx) } else { ("start", dx) };
        Label { x: two(x), words, anchor, dx }
    }
}

#[expect(clippy::cast_precision_loss, reason = "spans of days are small")]
fn days_f64(days: i64) -> f64 {
    days as f64
}

/// A number with at most two digits after the point.
pub fn two(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The first days of months.
pub fn months(span: &Span) -> Vec<Label> {
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

/// The Mondays.
pub fn weeks(span: &Span) -> Vec<String> {
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
