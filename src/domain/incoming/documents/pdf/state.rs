//! What is drawn on a page and the state it is drawn with (ISO 32000-1 §8.4, §9.3).

use crate::domain::incoming::documents::pdf::font::Font;
use std::rc::Rc;

/// A matrix of the plane, written `[a b c d e f]`.
pub type Matrix = [f64; 6];
/// Left, bottom, right, top.
pub type Rect = [f64; 4];
/// Red, green, blue from 0 to 1; none if it is a pattern or not known.
pub type Colour = Option<[f64; 3]>;

/// The matrix that changes nothing.
pub const IDENTITY: Matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

/// First `first`, then `then`.
pub fn multiply(first: Matrix, then: Matrix) -> Matrix {
    let across = |x: f64, y: f64| (x * then[0] + y * then[2], x * then[1] + y * then[3]);
    let (right, up, start) =
        (across(first[0], first[1]), across(first[2], first[3]), across(first[4], first[5]));
    [right.0, right.1, up.0, up.1, start.0 + then[4], start.1 + then[5]]
}

/// Where a point goes.
pub fn point(m: Matrix, x: f64, y: f64) -> (f64, f64) {
    (m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5])
}

/// The upright rectangle around where a rectangle goes.
pub fn around(m: Matrix, rect: Rect) -> Rect {
    let corners = [(rect[0], rect[1]), (rect[0], rect[3]), (rect[2], rect[1]), (rect[2], rect[3])];
    corners
        .iter()
        .map(|(x, y)| point(m, *x, *y))
        .fold([f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY], |r, (x, y)| {
            [r[0].min(x), r[1].min(y), r[2].max(x), r[3].max(y)]
        })
}

/// What two rectangles share; turned inside out if nothing.
pub fn shared(a: Rect, b: Rect) -> Rect {
    [a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])]
}

/// The area of a rectangle, 0 if it is turned inside out.
pub fn area(r: Rect) -> f64 {
    (r[2] - r[0]).max(0.0) * (r[3] - r[1]).max(0.0)
}

/// Why a character is not seen where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// It is drawn.
    Yes,
    /// It is drawn with no ink: the text of a recognised scan, or a hidden one.
    NoInk,
    /// It stands in a layer that is switched off.
    LayerOff,
    /// It stands outside the page.
    Outside,
    /// It is smaller than one point.
    TooSmall,
}

/// A character on a page.
#[derive(Debug, Clone, Copy)]
pub struct Glyph {
    /// The character.
    pub c: char,
    /// Where it starts along its line.
    pub start: f64,
    /// Where it ends along its line.
    pub end: f64,
    /// How high its line stands.
    pub base: f64,
    /// Its size.
    pub size: f64,
    /// The direction in which it is written: 0 to the right, 1 up, 2 to the left, 3 down, 4 slanted.
    pub turn: u8,
    /// The middle of the character on the page.
    pub middle: (f64, f64),
    /// The how-manieth thing drawn on the page it is.
    pub order: usize,
    /// Its colour.
    pub colour: Colour,
    /// Whether it is seen.
    pub seen: Seen,
}

/// A rectangle or picture painted on a page.
#[derive(Debug, Clone, Copy)]
pub struct Painted {
    /// Where.
    pub rect: Rect,
    /// The how-manieth thing drawn on the page it is.
    pub order: usize,
    /// Its colour; none for a picture or a pattern.
    pub colour: Colour,
    /// Whether nothing shines through.
    pub is_opaque: bool,
    /// Whether it is a picture.
    pub is_picture: bool,
}

/// What `q` keeps and `Q` brings back.
#[derive(Debug, Clone)]
pub struct State {
    /// From the current space to that of the page.
    pub ctm: Matrix,
    /// The colour areas and letters are filled with.
    pub fill: Colour,
    /// The colour of lines.
    pub stroke: Colour,
    /// Whether a colour counts ink, not light: a separation.
    pub fill_is_ink: bool,
    /// As for areas, for lines.
    pub stroke_is_ink: bool,
    /// How much of what is below does not shine through; 1 is all.
    pub alpha: f64,
    /// Whether what is painted darkens what is below it.
    pub multiplies: bool,
    /// How wide lines are.
    pub line_width: f64,
    /// What is not cut off.
    pub clip: Rect,
    /// The font, once there is one.
    pub font: Option<Rc<Font>>,
    /// Its size.
    pub size: f64,
    /// Added after each character.
    pub character_space: f64,
    /// Added after each space.
    pub word_space: f64,
    /// How much letters are stretched.
    pub stretch: f64,
    /// From line to line.
    pub leading: f64,
    /// How far above the line.
    pub rise: f64,
    /// How letters are drawn; 3 is not at all.
    pub mode: usize,
}

impl State {
    /// The state a page starts with.
    pub fn start(clip: Rect) -> Self {
        Self {
            ctm: IDENTITY,
            fill: Some([0.0; 3]),
            stroke: Some([0.0; 3]),
            fill_is_ink: false,
            stroke_is_ink: false,
            alpha: 1.0,
            multiplies: false,
            line_width: 1.0,
            clip,
            font: None,
            size: 1.0,
            character_space: 0.0,
            word_space: 0.0,
            stretch: 1.0,
            leading: 0.0,
            rise: 0.0,
            mode: 0,
        }
    }
}

/// The colour that numbers mean: one is grey (or ink), three are light, four are inks.
pub fn colour(parts: &[f64], is_ink: bool) -> Colour {
    match parts {
        [grey] => Some([if is_ink { 1.0 - grey } else { *grey }; 3]),
        [red, green, blue] if !is_ink => Some([*red, *green, *blue]),
        [c, m, y, k] if !is_ink => Some([c, m, y].map(|ink| (1.0 - ink) * (1.0 - k))),
        _ => None,
    }
}

/// How light a colour is.
pub fn light(colour: [f64; 3]) -> f64 {
    0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]
}
