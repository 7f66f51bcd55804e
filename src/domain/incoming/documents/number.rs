//! How a number in a cell is shown: as it is, or as the date it stands for.

use crate::domain::incoming::documents::xml::{Step, walk};
use crate::domain::incoming::mime::Notes;
use chrono::{Days, NaiveDate};
use std::collections::BTreeMap;

/// What a cell's format makes of its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Look {
    /// A number.
    #[default]
    Number,
    /// A day, counted from 1899-12-30.
    Day,
}

impl Look {
    /// The number as it is shown: floating noise is rounded, days are written as dates.
    pub fn show(self, written: &str) -> String {
        let Ok(number) = written.parse::<f64>() else { return written.to_owned() };
        if self == Look::Day
            && let Some(day) = day(number)
        {
            return day.to_string();
        }
        let rounded = (number * 1e9).round() / 1e9;
        if rounded.abs() < 1e15 { rounded.to_string() } else { written.to_owned() }
    }
}

/// The day of a serial number; the time of day is left out.
pub fn day(number: f64) -> Option<NaiveDate> {
    if !(1.0..2_958_466.0).contains(&number) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is between 1 and 2,958,466"
    )]
    let days = number.floor() as u64;
    NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(Days::new(days))
}

/// The look of each cell format of a workbook (`cellXfs`, ECMA-376 part 1 §18.8.10).
pub fn looks(xml: &str, notes: &mut Notes) -> Vec<Look> {
    let mut formats: BTreeMap<u32, bool> = BTreeMap::new();
    let (mut found, mut in_cells) = (Vec::new(), false);
    walk(xml, notes, |step| {
        match step {
            Step::Open(tag) => match tag.name() {
                "numFmt" => {
                    let id = tag.attribute("numFmtId").and_then(|v| v.parse().ok()).unwrap_or(0);
                    formats.insert(id, is_day(&tag.attribute("formatCode").unwrap_or_default()));
                }
                "cellXfs" => in_cells = true,
                "xf" if in_cells => {
                    let id: u32 = tag.attribute("numFmtId").and_then(|v| v.parse().ok()).unwrap_or(0);
                    let day = formats.get(&id).copied().unwrap_or((14..=17).contains(&id) || id == 22);
                    found.push(if day { Look::Day } else { Look::Number });
                }
                _ => {}
            },
            Step::Close("cellXfs") => in_cells = false,
            _ => {}
        }
        found.len() < 70_000 && formats.len() < 10_000
    });
    found
}

/// Whether a format code writes a day: it has years or days outside of quotes and brackets.
fn is_day(code: &str) -> bool {
    let (mut quoted, mut bracket) = (false, false);
    for c in code.to_lowercase().chars() {
        match c {
            '"' => quoted = !quoted,
            '[' => bracket = true,
            ']' => bracket = false,
            'y' | 'd' if !quoted && !bracket => return true,
            _ => {}
        }
    }
    false
}
