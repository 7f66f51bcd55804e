//! Excel files of 1997 to 2003 ([MS-XLS]): cells by `calamine`, after a look at how far apart they stand.

use crate::domain::incoming::documents::compound::{self, u16_at, u32_at};
use crate::domain::incoming::documents::grid::{Grid, Sight};
use crate::domain::incoming::documents::number::day;
use crate::domain::incoming::documents::properties::Remarks;
use crate::domain::incoming::documents::{Document, Hiding};
use crate::domain::incoming::mime::Notes;
use calamine::{Data, Reader, SheetVisible, Xls};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

/// How many cells, empty ones between them counted, are laid out in memory.
const MAX_AREA: u64 = 2_000_000;
/// How many records are looked at.
const MAX_RECORDS: usize = 2_000_000;

/// Reads an xls file.
pub fn read(data: &[u8], notes: &mut Notes) -> Document {
    let mut document = Document::default();
    let Some(mut file) = compound::open(data, notes) else { return document };
    let stream = compound::stream(&mut file, "/Workbook")
        .or_else(|| compound::stream(&mut file, "/Book"))
        .unwrap_or_default();
    let survey = Survey::of(&stream);
    if survey.locked {
        notes.add("not read: protected with a password");
    } else if survey.area > MAX_AREA {
        notes.add("not read: the cells stand too far apart");
    } else {
        cells(data, &survey, &mut document, notes);
    }
    survey.report(&mut document);
    let pivots = file.walk().take(compound::MAX_ENTRIES).filter(|e| {
        e.is_stream() && e.path().parent().is_some_and(|p| p.ends_with("_SX_DB_CUR") || p.ends_with("_SX_DB"))
    });
    for cache in pivots {
        let detail = format!("data behind a pivot table, {} bytes, is kept in the file", cache.len());
        document.hide(Hiding::PivotCache, detail);
    }
    compound::report(&mut file, &mut document);
    document
}

fn cells(data: &[u8], survey: &Survey, document: &mut Document, notes: &mut Notes) {
    // A damaged file may make `calamine` panic; that is one file without text.
    let opened = std::panic::catch_unwind(|| Xls::new(Cursor::new(data)).ok());
    let Ok(Some(mut workbook)) = opened else {
        notes.add("not read: the file is damaged or protected");
        return;
    };
    let mut out = String::new();
    for (number, sheet) in workbook.sheets_metadata().to_vec().into_iter().enumerate() {
        let Ok(range) = workbook.worksheet_range(&sheet.name) else { continue };
        let sight = match sheet.visible {
            SheetVisible::Visible => Sight::Shown,
            SheetVisible::Hidden => Sight::Hidden,
            SheetVisible::VeryHidden => Sight::VeryHidden,
        };
        let mut grid = Grid::new(&sheet.name, sight);
        let unseen = survey.unseen.get(&number);
        let (top, left) = range.start().unwrap_or_default();
        for (row, cells) in (top..).zip(range.rows()) {
            let row_hidden = unseen.is_some_and(|u| u.rows.contains(&row));
            for (column, cell) in (left..).zip(cells).filter(|(_, cell)| **cell != Data::Empty) {
                let hidden = row_hidden
                    || unseen
                        .is_some_and(|u| u.columns.iter().any(|(from, to)| (*from..=*to).contains(&column)));
                grid.cell(usize::try_from(column).unwrap_or(0), &shown(cell), hidden);
            }
            grid.end_row(row_hidden);
        }
        grid.hide_columns(unseen.map_or(0, |u| u.columns.len()));
        grid.end(&mut out, document);
    }
    document.text = Some(out);
}

fn shown(cell: &Data) -> String {
    match cell {
        Data::DateTime(when) if when.is_datetime() => {
            day(when.as_f64()).map_or_else(|| when.as_f64().to_string(), |day| day.to_string())
        }
        other => other.to_string(),
    }
}

/// Rows and columns of a sheet that are not seen.
#[derive(Default)]
struct Unseen {
    rows: BTreeSet<u32>,
    columns: Vec<(u32, u32)>,
}

/// What the records say before anything is laid out.
#[derive(Default)]
struct Survey {
    area: u64,
    locked: bool,
    unseen: BTreeMap<usize, Unseen>,
    links: usize,
    names: Remarks,
    notes: usize,
}

impl Survey {
    fn of(stream: &[u8]) -> Self {
        let mut survey = Self::default();
        // The first substream is the workbook, the others are sheets in their order (§2.1.7.20).
        let (mut substream, mut depth) = (0_usize, 0_usize);
        let mut edges: Option<(u32, u32, u32, u32)> = None;
        let mut rest = stream;
        for _ in 0..MAX_RECORDS {
            let (Some(kind), Some(length)) = (u16_at(rest, 0), u16_at(rest, 2)) else { break };
            let Some(body) = rest.get(4..4 + usize::from(length)) else { break };
            rest = rest.get(4 + usize::from(length)..).unwrap_or_default();
            match kind {
                0x0809 => depth += 1,
                0x000a => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        substream += 1;
                        if let Some((top, left, bottom, right)) = edges.take() {
                            survey.area += u64::from(bottom - top + 1) * u64::from(right - left + 1);
                        }
                    }
                }
                // Charts lie within sheets and have cells of their own.
                _ if depth > 1 => {}
                0x0203 | 0x0204 | 0x0205 | 0x0006 | 0x027e | 0x00fd | 0x00d6 | 0x00bd | 0x00be => {
                    let (row, column) = (u16_at(body, 0).unwrap_or(0), u16_at(body, 2).unwrap_or(0));
                    // One record may hold a row of cells up to a last column.
                    let several = matches!(kind, 0x00bd | 0x00be);
                    let last = if several { u16_at(body, body.len().saturating_sub(2)) } else { None };
                    let (row, column) = (u32::from(row), u32::from(column));
                    let last = u32::from(last.unwrap_or(0)).max(column);
                    let (top, left, bottom, right) = edges.unwrap_or((row, column, row, last));
                    edges = Some((top.min(row), left.min(column), bottom.max(row), right.max(last)));
                }
                _ => survey.record(kind, body, substream),
            }
        }
        survey
    }

    fn record(&mut self, kind: u16, body: &[u8], substream: usize) {
        let sheet = substream.saturating_sub(1);
        match kind {
            0x002f => self.locked = true,
            0x0208 if u32_at(body, 12).unwrap_or(0) & 0x20 != 0 => {
                let row = u32::from(u16_at(body, 0).unwrap_or(0));
                self.unseen.entry(sheet).or_default().rows.insert(row);
            }
            0x007d if u16_at(body, 8).unwrap_or(0) & 1 != 0 => {
                let (from, to) = (u16_at(body, 0).unwrap_or(0), u16_at(body, 2).unwrap_or(0));
                self.unseen.entry(sheet).or_default().columns.push((from.into(), to.into()));
            }
            0x001c => self.notes += 1,
            // Cells kept of another workbook (`CRN`).
            0x005a => self.links += 1,
            0x0018 => self.name(body),
            _ => {}
        }
    }

    /// A defined name (`Lbl`, §2.4.150); those of Excel itself have one character, a number.
    fn name(&mut self, body: &[u8]) {
        let flags = u16_at(body, 0).unwrap_or(0);
        let length = body.get(3).map_or(0, |n| usize::from(*n));
        if flags & 0x20 != 0 || length == 0 {
            return;
        }
        let wide = body.get(14).is_some_and(|b| b & 1 != 0);
        let bytes = body.get(15..15 + if wide { length * 2 } else { length }).unwrap_or_default();
        let name = if wide {
            encoding_rs::UTF_16LE.decode(bytes).0.into_owned()
        } else {
            bytes.iter().map(|b| char::from(*b)).collect()
        };
        self.names.says(&if flags & 1 == 0 { name } else { format!("{name} (hidden)") });
    }

    fn report(&self, document: &mut Document) {
        if self.links > 0 {
            let detail = format!("{} rows of values kept from another workbook", self.links);
            document.hide(Hiding::ExternalLink, detail);
        }
        if self.notes > 0 {
            document.hide(Hiding::Comments, format!("{} comments on cells", self.notes));
        }
        self.names.report(Hiding::NamedRange, "names for cells", document);
    }
}
