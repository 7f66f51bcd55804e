//! Response times and outcomes, each with n and as-of.

use chrono::NaiveDate;
use serde::Serialize;

/// The clock of one request, for counting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Code of the country.
    pub country: String,
    /// Id of the law.
    pub regime: String,
    /// Day 0.
    pub received_on: NaiveDate,
    /// The due day in force; none where the law gives no figure.
    pub due_on: Option<NaiveDate>,
    /// The day of the answer.
    pub answered_on: Option<NaiveDate>,
    /// Whether an answer is still owed.
    pub open: bool,
}

/// Below this number a share would point at single bodies.
pub const FEWEST: usize = 5;

/// A share in whole per cent, with the 95 % interval of Wilson.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Share {
    /// How many were counted.
    pub n: usize,
    /// How many of them are meant.
    pub of: usize,
    /// Per cent; none below five.
    pub percent: Option<u32>,
    /// Lower and upper end of the interval, per cent.
    pub interval: Option<(u32, u32)>,
}

impl Share {
    /// `of` among `n`.
    pub fn new(of: usize, n: usize) -> Self {
        if n < FEWEST {
            return Self { n, of, percent: None, interval: None };
        }
        let (p, count) = (float(of) / float(n), float(n));
        // Wilson's score interval at 95 %: z = 1.96.
        let z2 = 1.959_964_f64.powi(2);
        let middle = (p + z2 / (2.0 * count)) / (1.0 + z2 / count);
        let half = (z2 * (p * (1.0 - p) / count + z2 / (4.0 * count * count))).sqrt() / (1.0 + z2 / count);
        Self {
            n,
            of,
            percent: Some(percent(p)),
            interval: Some((percent(middle - half), percent(middle + half))),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn float(n: usize) -> f64 {
    n as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0–100 before")]
fn percent(share: f64) -> u32 {
    (share * 100.0).clamp(0.0, 100.0).round() as u32
}

/// A median of days until an answer, open requests counted as not yet answered (Kaplan and Meier).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Median {
    /// How many requests were counted.
    pub n: usize,
    /// Days; none where fewer than half can be said to be answered, or with fewer than five.
    pub days: Option<i64>,
}

/// How one due request was answered, for the drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Answer {
    /// So many days after the due day; before it when negative.
    After(i64),
    /// Not at all.
    Silent,
}

/// The figures of the front page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Answered on time, of those that fell due in the last ninety days.
    pub on_time: Share,
    /// Overdue and without an answer.
    pub overdue: usize,
    /// All that have fallen due.
    pub fallen_due: usize,
    /// Median time to an answer.
    pub median: Median,
    /// Of those that fell due in the last ninety days, how each was answered.
    #[serde(skip)]
    pub answers: Vec<Answer>,
}

/// How long the span of the front page is.
pub const SPAN: i64 = 90;

/// Counts `cases` as they stood on `today`.
pub fn figures(cases: &[Case], today: NaiveDate) -> Figures {
    let fallen: Vec<&Case> = cases.iter().filter(|case| has_fallen_due(case, today)).collect();
    let lately = |case: &&&Case| case.due_on.is_some_and(|due| (today - due).num_days() < SPAN);
    let recent: Vec<&Case> = fallen.iter().filter(lately).copied().collect();
    let answers: Vec<Answer> = recent.iter().filter_map(|case| answer(case)).collect();
    let on_time = answers.iter().filter(|answer| matches!(answer, Answer::After(days) if *days <= 0)).count();
    Figures {
        on_time: Share::new(on_time, answers.len()),
        overdue: fallen.iter().filter(|case| case.answered_on.is_none() && case.open).count(),
        fallen_due: fallen.len(),
        median: median(cases, today),
        answers,
    }
}

/// Whether the due day has passed, or an answer came before it could.
fn has_fallen_due(case: &Case, today: NaiveDate) -> bool {
    let passed = case.due_on.is_some_and(|due| due < today);
    passed && (case.open || case.answered_on.is_some())
}

fn answer(case: &Case) -> Option<Answer> {
    let due = case.due_on?;
    Some(case.answered_on.map_or(Answer::Silent, |on| Answer::After((on - due).num_days())))
}

/// The median by Kaplan and Meier: an open request counts as long as it has waited and says nothing beyond.
pub fn median(cases: &[Case], today: NaiveDate) -> Median {
    let mut waits: Vec<(i64, bool)> = cases
        .iter()
        .filter(|case| case.open || case.answered_on.is_some())
        .map(|case| {
            let end = case.answered_on.unwrap_or(today);
            ((end - case.received_on).num_days().max(0), case.answered_on.is_some())
        })
        .collect();
    waits.sort_unstable();
    let n = waits.len();
    if n < FEWEST {
        return Median { n, days: None };
    }
    let mut waiting = n;
    let mut unanswered = 1.0_f64;
    let mut rest = waits.as_slice();
    while let Some((day, _)) = rest.first().copied() {
        let same = rest.iter().take_while(|(d, _)| *d == day).count();
        let answered = rest.iter().take(same).filter(|(_, done)| *done).count();
        unanswered *= 1.0 - float(answered) / float(waiting);
        if unanswered <= 0.5 {
            return Median { n, days: Some(day) };
        }
        waiting -= same;
        rest = rest.get(same..).unwrap_or_default();
    }
    Median { n, days: None }
}

/// A column of the drawing: so many requests answered around so many days after the due day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dot {
    /// Per cent across.
    pub x: String,
    /// Pixels down.
    pub y: String,
    /// Class of the circle.
    pub class: &'static str,
    /// Shift to the right in pixels: the silent stand close together at any width.
    pub shift: i64,
}

/// The drawing of due days against answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dots {
    /// The circles; silent ones stand at the end.
    pub dots: Vec<Dot>,
    /// Height of the drawing in pixels.
    pub height: i64,
    /// The axis, pixels down.
    pub base: i64,
    /// How many were on time.
    pub on_time: usize,
    /// How many were late.
    pub late: usize,
    /// How many are silent.
    pub silent: usize,
}

/// The line stands at this per cent across; columns are two days wide and end at 45 days late.
const LINE: f64 = 34.95;
const COLUMN: f64 = 2.263;

/// Draws answers as dots in columns of two days; one dot stands for one request.
pub fn dots(answers: &[Answer]) -> Dots {
    let mut columns: std::collections::BTreeMap<i64, usize> = std::collections::BTreeMap::new();
    for answer in answers {
        if let Answer::After(days) = answer {
            // Day 0 belongs to the left of the line, so pairs are (−1, 0), (1, 2), …
            let column = (days.clamp(&-28, &45) + 1).div_euclid(2);
            *columns.entry(column).or_default() += 1;
        }
    }
    let silent = answers.iter().filter(|answer| **answer == Answer::Silent).count();
    let tallest = columns.values().copied().max().unwrap_or(0).max(silent.div_ceil(4)).max(6);
    // Ten pixels a dot: a chart of few requests is low, one of many grows to its tallest column.
    let base = 34 + 10 * i64::try_from(tallest).unwrap_or(60).min(60);
    let y = |place: usize| format!("{}", base - 7 - 10 * i64::try_from(place).unwrap_or(0));
    let mut dots = Vec::new();
    for (column, count) in &columns {
        #[expect(clippy::cast_precision_loss, reason = "a few dozen columns")]
        let x = LINE + (*column as f64 - 0.5) * COLUMN;
        let class = if *column <= 0 { "f-given" } else { "d-late" };
        dots.extend((0..(*count).min(60)).map(|place| Dot {
            x: format!("{x:.2}"),
            y: y(place),
            class,
            shift: 0,
        }));
    }
    for place in 0..silent.min(240) {
        let shift = 9 * i64::try_from(place % 4).unwrap_or(0) - 27;
        dots.push(Dot { x: "98.5".to_owned(), y: y(place / 4), class: "d-silent", shift });
    }
    let on_time = answers.iter().filter(|answer| matches!(answer, Answer::After(days) if *days <= 0)).count();
    Dots { dots, height: base + 26, base, on_time, late: answers.len() - on_time - silent, silent }
}
