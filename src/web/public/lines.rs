//! A request as a line of a list: where it stands, and its clock as a small bar.

use crate::domain::law::remedy::RemedyStep;
use crate::domain::request::state::Status;
use crate::domain::request::{Position, Standing};
use crate::store::published::requests::RequestRow;
use chrono::NaiveDate;
use serde::Serialize;

/// A bar of days in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// Per cent up to which days lie within the law.
    pub used: String,
    /// From here on they do not.
    pub over: Option<Over>,
    /// Days left.
    pub left: Option<Over>,
    /// The line: where the due day is.
    pub line: String,
}

/// A part of a bar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Over {
    /// Per cent.
    pub x: String,
    /// Per cent.
    pub width: String,
}

/// A request as a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The row.
    #[serde(flatten)]
    pub row: RequestRow,
    /// Where it stands today.
    pub standing: Standing,
    /// Its clock; none before it started or where the law gives no figure.
    pub bar: Option<Bar>,
}

/// The lines of `rows`, their bars on one scale.
pub fn lines(rows: Vec<RequestRow>, today: NaiveDate) -> Vec<Line> {
    let longest = rows.iter().filter_map(|row| span(row, today)).max().unwrap_or(1).max(1);
    rows.into_iter()
        .map(|row| {
            let position = Position { status: row.status, outcome: row.outcome, due_on: row.due_on };
            let stage = (row.silence_refused_on, row.stage);
            Line { standing: position.with_stage(today, stage), bar: bar(&row, longest, today), row }
        })
        .collect()
}

/// The last day that its bar reaches.
fn end(row: &RequestRow, today: NaiveDate) -> Option<NaiveDate> {
    row.answered_on.or_else(|| row.status.is_open().then_some(today))
}

fn span(row: &RequestRow, today: NaiveDate) -> Option<i64> {
    let received = row.received_on?;
    let last = row.due_on?.max(end(row, today)?);
    Some((last - received).num_days())
}

fn bar(row: &RequestRow, longest: i64, today: NaiveDate) -> Option<Bar> {
    let (received, due, end) = (row.received_on?, row.due_on?, end(row, today)?);
    let x = |day: NaiveDate| per_cent((day - received).num_days(), longest);
    let part = |from: NaiveDate, to: NaiveDate| {
        (to > from).then(|| Over { x: x(from), width: per_cent((to - from).num_days(), longest) })
    };
    Some(Bar {
        used: x(end.min(due).max(received)),
        over: part(due, end),
        left: if row.answered_on.is_none() { part(end.max(received), due) } else { None },
        line: x(due),
    })
}

#[expect(clippy::cast_precision_loss, reason = "days are few")]
fn per_cent(days: i64, of: i64) -> String {
    // A little room at the right, so that the heavy line is whole at the end of a bar.
    let value = days as f64 / of.max(1) as f64 * 98.0 + 1.0;
    if days == 0 { "1".to_owned() } else { format!("{:.1}", value.clamp(0.0, 99.0)) }
}

/// Three lines for samples: overdue, disclosed, waiting.
pub fn sample(today: NaiveDate) -> Vec<Line> {
    use crate::domain::request::state::Outcome;
    let day = |back: i64| today - chrono::TimeDelta::days(back);
    let row = |reference: &str,
               (name, language, slug): (&str, &str, &str),
               status,
               outcome,
               (sent, due, answered): (i64, i64, Option<i64>)| RequestRow {
        reference: reference.to_owned(),
        title: "Live face recognition in public places".to_owned(),
        regime: "de-ifg".to_owned(),
        status,
        outcome,
        filed_at: day(sent).and_time(chrono::NaiveTime::MIN),
        received_on: Some(day(sent)),
        due_on: Some(day(due)),
        answered_on: answered.map(day),
        last_event_at: day(answered.unwrap_or(due)).and_time(chrono::NaiveTime::MIN),
        silence_refused_on: None,
        stage: outcome.map(|_| RemedyStep::Review),
        authority: slug.to_owned(),
        authority_name: name.to_owned(),
        authority_language: language.to_owned(),
        country: language.get(..2).unwrap_or("de").to_uppercase().replace("EL", "GR"),
        place: "Brandau".to_owned(),
    };
    let rows = vec![
        row(
            "2026-0417",
            ("Polizeipräsidium Ostheim", "de", "polizeipraesidium-ostheim"),
            Status::Acknowledged,
            None,
            (61, 30, None),
        ),
        row(
            "2026-0409",
            ("Δήμος Νέας Ακτής", "el", "δημος-νεας-ακτης"),
            Status::Answered,
            Some(Outcome::PartlyDisclosed),
            (80, 60, Some(52)),
        ),
        row(
            "2026-0433",
            ("Ville de Port-Clair", "fr", "ville-de-port-clair"),
            Status::Sent,
            None,
            (12, -19, None),
        ),
    ];
    lines(rows, today)
}
