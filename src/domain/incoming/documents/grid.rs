//! Cells of a table file, row by row: the shown ones to lines with tabs, the hidden ones to a report.

use crate::domain::incoming::documents::{Document, Hiding, MAX_TEXT};

/// How many cells of a workbook are looked at.
const MAX_CELLS: usize = 2_000_000;

/// How a sheet stands in its workbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sight {
    /// Seen.
    #[default]
    Shown,
    /// Hidden by a click; shown by one.
    Hidden,
    /// Hidden so that no menu shows it.
    VeryHidden,
}

/// A sheet that is being filled.
#[derive(Debug, Default)]
pub struct Grid {
    name: String,
    sight: Sight,
    out: String,
    line: String,
    column: usize,
    cells: usize,
    start: Vec<String>,
    hidden_cells: usize,
    hidden_start: Vec<String>,
    hidden_lines: usize,
    hidden_columns: usize,
}

impl Grid {
    /// An empty sheet.
    pub fn new(name: &str, sight: Sight) -> Self {
        Self { name: name.to_owned(), sight, ..Self::default() }
    }

    /// Whether more cells are taken.
    pub fn has_room(&self) -> bool {
        self.cells + self.hidden_cells < MAX_CELLS && self.out.len() < MAX_TEXT
    }

    /// Sets a cell of the row in work, `column` counted from 0.
    pub fn cell(&mut self, column: usize, value: &str, hidden: bool) {
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        if value.is_empty() {
            return;
        }
        if hidden || self.sight != Sight::Shown {
            self.hidden_cells += 1;
            if self.hidden_start.len() < 40 {
                self.hidden_start.push(value);
            }
            return;
        }
        self.cells += 1;
        if self.start.len() < 40 {
            self.start.push(value.clone());
        }
        // A gap of a thousand empty columns says no more than one of eight.
        let gap = column.saturating_sub(self.column).min(8);
        self.line.push_str(&"\t".repeat(gap));
        self.column = column;
        self.line.push_str(&value);
    }

    /// Ends a row.
    pub fn end_row(&mut self, hidden: bool) {
        self.hidden_lines += usize::from(hidden);
        if !self.line.is_empty() {
            self.out.push_str(&self.line);
            self.out.push('\n');
            self.line.clear();
        }
        self.column = 0;
    }

    /// Counts hidden columns.
    pub fn hide_columns(&mut self, count: usize) {
        self.hidden_columns = self.hidden_columns.saturating_add(count);
    }

    /// Hands over its text and reports what it hides.
    pub fn end(self, out: &mut String, document: &mut Document) {
        let (name, start) = (&self.name, self.hidden_start.join(" | "));
        let cells = self.hidden_cells;
        match self.sight {
            Sight::Hidden => document.hide(
                Hiding::HiddenSheet,
                format!("sheet “{name}” is hidden, {cells} cells, starts: {start}"),
            ),
            Sight::VeryHidden => document.hide(
                Hiding::HiddenSheet,
                format!("sheet “{name}” is very hidden (no menu shows it), {cells} cells, starts: {start}"),
            ),
            Sight::Shown if cells > 0 => {
                let (rows, columns) = (self.hidden_lines, self.hidden_columns);
                document.hide(
                    Hiding::HiddenSheet,
                    format!(
                        "sheet “{name}”: {rows} rows and {columns} columns are hidden, {cells} cells, starts: {start}"
                    ),
                );
            }
            Sight::Shown => {}
        }
        if !self.out.is_empty() && out.len() < MAX_TEXT {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(name);
            out.push('\n');
            out.push_str(&self.out);
        }
    }
}
