//! Pieces of lines in the order in which a person reads them: bands across the page, columns down, rows.

use std::cmp::Ordering;

/// How often a page may be divided in itself.
const MAX_CUTS: usize = 24;

/// A piece of a line that was written in one go.
#[derive(Debug, Clone)]
pub struct Piece {
    /// What it says.
    pub text: String,
    /// Where it starts.
    pub left: f64,
    /// Where it ends.
    pub right: f64,
    /// How high it stands.
    pub base: f64,
    /// The size of its largest letter.
    pub size: f64,
}

impl Piece {
    fn top(&self) -> f64 {
        self.base + 0.75 * self.size
    }

    fn bottom(&self) -> f64 {
        self.base - 0.2 * self.size
    }
}

/// Blocks in reading order: the page is cut where white runs across it, and where it runs down between columns.
pub fn arranged(pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
    let mut done = Vec::new();
    let mut open = vec![(pieces, 0, false)];
    while let Some((block, cuts, is_column)) = open.pop() {
        if block.is_empty() {
            continue;
        }
        if cuts >= MAX_CUTS {
            done.push(block);
            continue;
        }
        let bands = if is_column { vec![block] } else { bands(block) };
        if bands.len() > 1 {
            open.extend(bands.into_iter().rev().map(|band| (band, cuts + 1, true)));
            continue;
        }
        for block in bands {
            match columns(block) {
                Ok((left, right)) => open.extend([(right, cuts + 1, false), (left, cuts + 1, false)]),
                Err(block) => done.push(block),
            }
        }
    }
    done
}

/// A stretch of a line of print, from left to right.
type Span = (f64, f64);

/// Rows that belong together, and the white that runs down between their columns, if any.
struct Band {
    pieces: Vec<Piece>,
    extent: Span,
    gutters: Vec<Span>,
    floor: f64,
}

/// The least width of white between columns.
fn gutter_width(size: f64) -> f64 {
    (0.8 * size).max(6.0)
}

/// Cuts at the white that runs across where it is wide, and where columns begin or end.
fn bands(mut pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
    pieces.sort_by(|a, b| b.top().total_cmp(&a.top()));
    let mut rows: Vec<Vec<Piece>> = Vec::new();
    let mut floor = f64::INFINITY;
    for piece in pieces {
        let is_new = piece.top() < floor;
        floor = if is_new { piece.bottom() } else { floor.min(piece.bottom()) };
        match rows.last_mut().filter(|_| !is_new) {
            Some(row) => row.push(piece),
            None => rows.push(vec![piece]),
        }
    }
    let mut bands: Vec<Band> = Vec::new();
    for row in rows.into_iter().map(band) {
        let fits = bands.last().and_then(|above| continued(above, &row));
        match (bands.last_mut(), fits) {
            (Some(above), Some(gutters)) => {
                above.gutters = gutters;
                above.extent = (above.extent.0.min(row.extent.0), above.extent.1.max(row.extent.1));
                above.floor = row.floor;
                above.pieces.extend(row.pieces);
            }
            _ => bands.push(row),
        }
    }
    bands.into_iter().map(|band| band.pieces).collect()
}

fn band(mut pieces: Vec<Piece>) -> Band {
    pieces.sort_by(|a, b| a.left.total_cmp(&b.left));
    let mut extent = (f64::INFINITY, f64::NEG_INFINITY);
    let mut gutters = Vec::new();
    for piece in &pieces {
        if extent.1.is_finite() && piece.left - extent.1 > gutter_width(piece.size) {
            gutters.push((extent.1, piece.left));
        }
        extent = (extent.0.min(piece.left), extent.1.max(piece.right));
    }
    let floor = pieces.iter().map(Piece::bottom).fold(f64::INFINITY, f64::min);
    Band { pieces, extent, gutters, floor }
}

/// The white between columns that a row leaves to the rows above it; none if the row belongs to another block.
fn continued(above: &Band, row: &Band) -> Option<Vec<Span>> {
    let top = row.pieces.iter().map(Piece::top).fold(f64::NEG_INFINITY, f64::max);
    let size = row.pieces.iter().chain(above.pieces.last()).map(|p| p.size).fold(f64::INFINITY, f64::min);
    if above.floor - top > 0.8 * size {
        return None;
    }
    let beside = |gutter: &Span, extent: Span| extent.1 <= gutter.0 + 1.0 || extent.0 >= gutter.1 - 1.0;
    let left: Vec<Span> = match (above.gutters.is_empty(), row.gutters.is_empty()) {
        (true, true) => return Some(Vec::new()),
        (false, true) => above.gutters.iter().filter(|g| beside(g, row.extent)).copied().collect(),
        (true, false) => row.gutters.iter().filter(|g| beside(g, above.extent)).copied().collect(),
        (false, false) => above
            .gutters
            .iter()
            .take(40)
            .flat_map(|a| row.gutters.iter().take(40).map(move |b| (a.0.max(b.0), a.1.min(b.1))))
            .filter(|(from, to)| to - from > gutter_width(size))
            .collect(),
    };
    (!left.is_empty()).then_some(left)
}

/// Divides a block at the widest gap that runs down all of it, if the two sides are read one after the other.
fn columns(mut pieces: Vec<Piece>) -> Result<(Vec<Piece>, Vec<Piece>), Vec<Piece>> {
    pieces.sort_by(|a, b| a.left.total_cmp(&b.left));
    let (mut edge, mut cut) = (f64::INFINITY, None::<(f64, f64)>);
    for piece in &pieces {
        let gap = piece.left - edge;
        if gap > gutter_width(piece.size) && cut.is_none_or(|(widest, _)| gap > widest) {
            cut = Some((gap, piece.left));
        }
        edge = if edge.is_finite() { edge.max(piece.right) } else { piece.right };
    }
    let Some((_, at)) = cut else { return Err(pieces) };
    let (left, right): (Vec<Piece>, Vec<Piece>) = pieces.into_iter().partition(|p| p.left < at);
    if are_columns(&left, &right) { Ok((left, right)) } else { Err(left.into_iter().chain(right).collect()) }
}

/// Whether two blocks beside each other are columns, and not the rows of a table or labels with what they say.
fn are_columns(left: &[Piece], right: &[Piece]) -> bool {
    let (left, right) = (lines(left.to_vec()), lines(right.to_vec()));
    if left.len() < 2 || right.len() < 2 {
        return false;
    }
    let (few, many) = if left.len() < right.len() { (&left, &right) } else { (&right, &left) };
    let level = |a: &[Piece], b: &[Piece]| match (a.first(), b.first()) {
        (Some(a), Some(b)) => (a.base - b.base).abs() < 0.3 * a.size.max(b.size),
        _ => false,
    };
    let aligned = few.iter().filter(|a| many.iter().any(|b| level(a, b))).count();
    if aligned * 10 < few.len() * 6 {
        return true;
    }
    let texts = |lines: &[Vec<Piece>]| -> Vec<String> {
        lines.iter().map(|l| l.iter().map(|p| p.text.as_str()).collect::<Vec<_>>().join(" ")).collect()
    };
    let (left_texts, right_texts) = (texts(&left), texts(&right));
    let share = |texts: &[String], is: &dyn Fn(&str) -> bool| {
        texts.iter().filter(|t| is(t)).count() * 10 / texts.len()
    };
    if share(&left_texts, &|t| t.trim_end().ends_with(':')) >= 5 {
        return false;
    }
    let long = |t: &str| t.chars().count() >= 28;
    let names = |t: &str| t.contains(": ") || t.ends_with(':');
    // Small print above what it names: "Ihr Zeichen" over the number, side by side with the next.
    let size = |line: Option<&Vec<Piece>>| line.and_then(|l| l.first()).map_or(0.0, |p| p.size);
    let small_head = left.len() == 2 && right.len() == 2 && size(right.first()) < 0.93 * size(right.get(1));
    small_head
        || share(&right_texts, &names) >= 3
        || (share(&left_texts, &long) >= 5 && share(&right_texts, &long) >= 5)
}

/// Lines from top to bottom, each from left to right.
pub fn lines(mut pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
    pieces.sort_by(|a, b| b.base.total_cmp(&a.base));
    let mut lines: Vec<Vec<Piece>> = Vec::new();
    for piece in pieces {
        let fits = lines.last().and_then(|line| line.first()).is_some_and(|head| {
            (head.base - piece.base).abs()
                < 0.4 * head.size.max(piece.size).min(2.0 * head.size.min(piece.size))
        });
        match lines.last_mut().filter(|_| fits) {
            Some(line) => line.push(piece),
            None => lines.push(vec![piece]),
        }
    }
    for line in &mut lines {
        line.sort_by(|a, b| a.left.total_cmp(&b.left).then(Ordering::Equal));
    }
    lines
}
