//! `OpenDocument` spreadsheets: rows of shown sheets as lines; hidden ones, links, names and pivots are reported.

use crate::domain::incoming::documents::grid::{Grid, Sight};
use crate::domain::incoming::documents::package::Package;
use crate::domain::incoming::documents::properties::Remarks;
use crate::domain::incoming::documents::xml::{Step, Tag, walk};
use crate::domain::incoming::documents::{Document, Hiding, MAX_TEXT};
use crate::domain::incoming::mime::Notes;
use std::collections::BTreeSet;

/// How often a repeated cell or row is written.
const MOST_REPEATED: usize = 50;

/// Reads an ods file.
pub fn read(package: &mut Package<'_>, notes: &mut Notes) -> Document {
    let mut document = Document::default();
    let Some(xml) = package.xml("content.xml", notes) else {
        notes.add("not read: the file holds no document");
        return document;
    };
    let mut walked = Walk::default();
    walk(&xml, notes, |step| walked.step(&step, &mut document));
    walked.end_sheet(&mut document);
    walked.comments.report(Hiding::Comments, "comments", &mut document);
    walked.names.report(Hiding::NamedRange, "names for cells", &mut document);
    walked.pivots.report(Hiding::PivotCache, "pivot tables", &mut document);
    document.text = Some(walked.out);
    document
}

#[derive(Default)]
struct Walk {
    out: String,
    style: String,
    unseen: BTreeSet<String>,
    sheet: Option<Grid>,
    /// Tables lie in cells too; only the outermost are sheets.
    tables: usize,
    link: Option<String>,
    column: usize,
    hidden_columns: Vec<(usize, usize)>,
    row_hidden: bool,
    row_repeats: usize,
    row: Vec<(usize, String, bool)>,
    cell_repeats: usize,
    cell: String,
    paragraphs: usize,
    in_comment: usize,
    remark: String,
    naming: bool,
    comments: Remarks,
    names: Remarks,
    pivots: Remarks,
}

impl Walk {
    fn step(&mut self, step: &Step<'_>, document: &mut Document) -> bool {
        match step {
            Step::Open(tag) => self.open(tag),
            Step::Close(name) => self.close(name, document),
            Step::Text(text) if self.in_comment > 0 => {
                if self.naming {
                    self.comments.by(text);
                } else if self.paragraphs > 0 {
                    self.remark.push_str(text);
                }
            }
            Step::Text(text) if self.paragraphs > 0 => self.cell.push_str(text),
            Step::Text(_) => {}
        }
        self.cell.len() < MAX_TEXT
            && self.remark.len() < MAX_TEXT
            && self.sheet.as_ref().is_none_or(Grid::has_room)
    }

    fn open(&mut self, tag: &Tag<'_>) {
        let value = |name: &str| tag.attribute(name).unwrap_or_default();
        let repeats = |name: &str| value(name).parse::<usize>().unwrap_or(1).max(1);
        match tag.name() {
            "style" => self.style = value("name"),
            "table-properties" if value("display") == "false" => {
                self.unseen.insert(self.style.clone());
            }
            "table" => {
                self.tables += 1;
                if self.tables == 1 {
                    let hidden = self.unseen.contains(&value("style-name"));
                    let sight = if hidden { Sight::Hidden } else { Sight::Shown };
                    self.sheet = Some(Grid::new(&value("name"), sight));
                    self.hidden_columns.clear();
                    self.column = 0;
                }
            }
            "table-source" => self.link = Some(value("href")),
            "table-column" => {
                let count = repeats("number-columns-repeated");
                if matches!(value("visibility").as_str(), "collapse" | "filter") {
                    self.hidden_columns.push((self.column, self.column.saturating_add(count)));
                    if let Some(sheet) = &mut self.sheet {
                        sheet.hide_columns(count.min(16_384));
                    }
                }
                self.column = self.column.saturating_add(count);
            }
            "table-row" => {
                self.column = 0;
                self.row_hidden = matches!(value("visibility").as_str(), "collapse" | "filter");
                self.row_repeats = repeats("number-rows-repeated").min(MOST_REPEATED);
            }
            "table-cell" | "covered-table-cell" => {
                self.cell_repeats = repeats("number-columns-repeated");
                self.cell.clear();
            }
            "annotation" => self.in_comment += 1,
            "creator" => self.naming = true,
            "p" => self.paragraphs += 1,
            "named-range" | "named-expression" => {
                let of = [value("cell-range-address"), value("expression")].concat();
                self.names.says(&format!("{} = {of}", value("name")));
            }
            "data-pilot-table" => self.pivots.says(&value("name")),
            "source-cell-range" => self.pivots.goes_on(&format!(" of {}", value("cell-range-address"))),
            _ => {}
        }
    }

    fn close(&mut self, name: &str, document: &mut Document) {
        match name {
            "p" => {
                self.paragraphs = self.paragraphs.saturating_sub(1);
                let text = if self.in_comment > 0 { &mut self.remark } else { &mut self.cell };
                text.push(' ');
            }
            "creator" => self.naming = false,
            "annotation" => {
                self.in_comment = self.in_comment.saturating_sub(1);
                self.comments.says(&std::mem::take(&mut self.remark));
            }
            "table-cell" | "covered-table-cell" if self.tables == 1 => {
                let text = self.cell.trim().to_owned();
                for at in self.column..self.column.saturating_add(self.cell_repeats.min(MOST_REPEATED)) {
                    if !text.is_empty() && self.row.len() < 20_000 {
                        let hidden = self.hidden_columns.iter().any(|(from, to)| (*from..*to).contains(&at));
                        self.row.push((at, text.clone(), hidden));
                    }
                }
                self.column = self.column.saturating_add(self.cell_repeats);
                self.cell.clear();
            }
            "table-row" if self.tables == 1 => self.end_row(),
            "table" => {
                self.tables = self.tables.saturating_sub(1);
                if self.tables == 0 {
                    self.end_sheet(document);
                }
            }
            _ => {}
        }
    }

    fn end_row(&mut self) {
        let row = std::mem::take(&mut self.row);
        let Some(sheet) = &mut self.sheet else { return };
        let times = if row.is_empty() { 1 } else { self.row_repeats };
        for _ in 0..times {
            for (at, text, hidden) in &row {
                sheet.cell(*at, text, *hidden || self.row_hidden);
            }
            sheet.end_row(self.row_hidden);
        }
    }

    fn end_sheet(&mut self, document: &mut Document) {
        let Some(sheet) = self.sheet.take() else { return };
        // A sheet with a source is a copy of another file's.
        if let Some(link) = self.link.take() {
            let mut copied = String::new();
            sheet.end(&mut copied, document);
            let start = copied.split_whitespace().collect::<Vec<_>>().join(" ");
            document.hide(Hiding::ExternalLink, format!("values kept from `{link}`, start: {start}"));
        } else {
            sheet.end(&mut self.out, document);
        }
    }
}
