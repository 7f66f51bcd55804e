//! Letters that no one sees: below a box, in the colour of the paper, in a layer that is off (reliability R35).

use crate::domain::incoming::documents::Hiding;
use crate::domain::incoming::documents::pdf::drawing::is_within;
use crate::domain::incoming::documents::pdf::state::{Glyph, Painted, Rect, Seen, area, shared};
use std::collections::HashMap;

/// How many comparisons of a letter with something painted a page may cost.
const MAX_LOOKS: usize = 3_000_000;
/// Height of the bands in which painted things are looked up.
const BAND: f64 = 12.0;
/// Something that covers so many bands is looked up everywhere.
const TALL: usize = 60;

/// What is hidden on a page: what it is, how, and the words.
pub struct Finding {
    /// What it is.
    pub what: Hiding,
    /// How it is hidden, in plain words.
    pub how: &'static str,
    /// The words.
    pub words: String,
}

/// Things painted, by the band of the page they lie in.
struct Bands<'a> {
    painted: &'a [Painted],
    by_band: HashMap<i64, Vec<usize>>,
    tall: Vec<usize>,
}

#[expect(clippy::cast_possible_truncation, reason = "a page is less than a million points high")]
fn band(y: f64) -> i64 {
    (y / BAND).clamp(-1e6, 1e6) as i64
}

impl<'a> Bands<'a> {
    fn new(painted: &'a [Painted]) -> Self {
        let mut bands = Self { painted, by_band: HashMap::new(), tall: Vec::new() };
        for (index, box_) in painted.iter().enumerate() {
            let (low, high) = (band(box_.rect[1]), band(box_.rect[3]));
            if usize::try_from(high - low).is_ok_and(|height| height > TALL) {
                bands.tall.push(index);
            } else {
                for at in low..=high {
                    bands.by_band.entry(at).or_default().push(index);
                }
            }
        }
        bands
    }

    fn at(&self, y: f64) -> impl Iterator<Item = &'a Painted> {
        let here = self.by_band.get(&band(y)).map(Vec::as_slice).unwrap_or_default();
        here.iter().chain(&self.tall).filter_map(|index| self.painted.get(*index))
    }
}

/// What is hidden among the letters of a page; `scanned` says that a picture fills it, so that text without ink is
/// what was recognised.
pub fn findings(glyphs: &[Glyph], painted: &[Painted], page: Rect, scanned: bool) -> Vec<Finding> {
    let bands = Bands::new(painted);
    let mut looks = 0;
    let mut found: Vec<(usize, Hiding, &'static str)> = Vec::new();
    for (index, glyph) in glyphs.iter().enumerate().filter(|(_, g)| !g.c.is_whitespace()) {
        if let Some((what, how)) = hidden(glyph, &bands, (page, scanned), &mut looks) {
            found.push((index, what, how));
        }
    }
    let mut findings: Vec<Finding> = Vec::new();
    let mut last = usize::MAX;
    for (index, what, how) in found {
        let Some(glyph) = glyphs.get(index) else { continue };
        let position = findings.iter().position(|f| f.how == how).unwrap_or_else(|| {
            findings.push(Finding { what, how, words: String::new() });
            findings.len() - 1
        });
        let Some(finding) = findings.get_mut(position) else { continue };
        if !finding.words.is_empty() && is_apart(glyphs, last, index) {
            finding.words.push(' ');
        }
        if finding.words.chars().count() < 400 {
            finding.words.push(glyph.c);
        }
        last = index;
    }
    // A single letter touched by the edge of something is no hidden word.
    findings.retain(|f| f.words.chars().filter(|c| c.is_alphanumeric()).count() > 2);
    findings
}

/// Whether a word ended between two letters.
fn is_apart(glyphs: &[Glyph], last: usize, index: usize) -> bool {
    if last.checked_add(1) != Some(index) {
        return true;
    }
    match (glyphs.get(last), glyphs.get(index)) {
        (Some(a), Some(b)) => b.start - a.end > 0.14 * b.size || (a.base - b.base).abs() > 0.5 * b.size,
        _ => true,
    }
}

fn hidden(
    glyph: &Glyph,
    bands: &Bands,
    (page, scanned): (Rect, bool),
    looks: &mut usize,
) -> Option<(Hiding, &'static str)> {
    match glyph.seen {
        Seen::NoInk if !scanned => return Some((Hiding::HiddenText, "text without ink")),
        Seen::NoInk => return None,
        Seen::LayerOff => return Some((Hiding::HiddenText, "text in a layer that is switched off")),
        Seen::Outside => return Some((Hiding::HiddenText, "text outside the page")),
        Seen::TooSmall => return Some((Hiding::HiddenText, "text too small to see")),
        Seen::Yes => {}
    }
    let mut ground: Option<&Painted> = None;
    for box_ in bands.at(glyph.middle.1) {
        *looks += 1;
        if *looks > MAX_LOOKS {
            return None;
        }
        let inside = is_within(box_.rect, glyph.middle);
        if !inside {
            continue;
        }
        if box_.order > glyph.order && box_.is_opaque && hides_height(box_, glyph) {
            // A picture of the whole page over its text is a scan over what was recognised in it.
            if !box_.is_picture {
                let light = box_.colour.is_some_and(|c| c.iter().all(|part| *part > 0.9));
                return Some((
                    Hiding::CoveredText,
                    if light { "a white box lies over" } else { "a box lies over" },
                ));
            }
            if area(shared(box_.rect, page)) < 0.5 * area(page) {
                return Some((Hiding::CoveredText, "a picture lies over"));
            }
            return None;
        }
        if box_.order < glyph.order && ground.is_none_or(|g| g.order <= box_.order) {
            ground = Some(box_);
        }
    }
    let paper = match ground {
        Some(box_) if box_.is_picture || !box_.is_opaque => return None,
        Some(box_) => box_.colour?,
        None => [1.0; 3],
    };
    let same = glyph.colour?.iter().zip(paper).all(|(a, b)| (a - b).abs() < 0.03);
    same.then_some((Hiding::HiddenText, "text in the colour of what it stands on"))
}

/// Whether a box is high enough to hide a letter: an underline is not.
fn hides_height(box_: &Painted, glyph: &Glyph) -> bool {
    let height = box_.rect[3] - box_.rect[1];
    let width = box_.rect[2] - box_.rect[0];
    height.min(width) > 0.45 * glyph.size
}
