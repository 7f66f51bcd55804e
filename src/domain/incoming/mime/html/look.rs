//! What a style says of how text looks, as far as it can hide it.

/// Up to this difference of each of red, green and blue two colours look the same.
const SAME: u8 = 16;
/// Letters of at most so many pixels cannot be seen.
const SMALLEST: f32 = 2.0;
/// A place so many pixels outside of the page is not on it.
const FAR: f32 = 500.0;

/// A colour as declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    /// Red, green, blue.
    Known([u8; 3]),
    /// Wholly transparent.
    Clear,
    /// A picture, a variable, a name that is not known here.
    Unknown,
}

impl Ink {
    /// Whether text of this colour cannot be seen on that ground; what is not known is seen.
    pub fn fades_on(self, ground: Ink) -> bool {
        match (self, ground) {
            (Ink::Known(ink), Ink::Known(ground)) => {
                ink.iter().zip(ground).all(|(a, b)| a.abs_diff(b) <= SAME)
            }
            (Ink::Clear, Ink::Known(_)) => true,
            _ => false,
        }
    }

    /// Reads a colour; `None` leaves what was.
    pub fn parse(value: &str) -> Option<Ink> {
        let value = value.trim();
        if let Some(hex) = value.strip_prefix('#') {
            return Some(hexadecimal(hex));
        }
        if let Some(numbers) =
            value.strip_prefix("rgb").and_then(|v| v.trim_start_matches('a').strip_prefix('('))
        {
            return Some(numbered(numbers));
        }
        if let Some(numbers) =
            value.strip_prefix("hsl").and_then(|v| v.trim_start_matches('a').strip_prefix('('))
        {
            return Some(by_lightness(numbers));
        }
        match value {
            "" | "inherit" | "unset" | "initial" | "revert" => None,
            "transparent" => Some(Ink::Clear),
            name => {
                Some(NAMES.iter().find(|(n, _)| *n == name).map_or(Ink::Unknown, |(_, rgb)| Ink::Known(*rgb)))
            }
        }
    }

    /// The colour in a `background`: a picture in it makes it unknown.
    pub fn of_background(value: &str) -> Option<Ink> {
        if ["url(", "gradient", "var(", "image"].iter().any(|p| value.contains(p)) {
            return Some(Ink::Unknown);
        }
        if value.contains('(') {
            let start = value.find(['r', 'h']).unwrap_or_default();
            return Ink::parse(value.get(start..).unwrap_or_default());
        }
        let mut words = value.split_whitespace().rev();
        words.find_map(|word| match Ink::parse(word)? {
            Ink::Unknown if PLACING.contains(&word) || word.starts_with(|c: char| c.is_ascii_digit()) => None,
            ink => Some(ink),
        })
    }
}

/// Words of a `background` that are no colour.
const PLACING: &[&str] = &[
    "none",
    "repeat",
    "no-repeat",
    "repeat-x",
    "repeat-y",
    "scroll",
    "fixed",
    "left",
    "right",
    "top",
    "bottom",
    "center",
    "cover",
    "contain",
    "auto",
    "/",
];

/// Names that are met in mails.
const NAMES: &[(&str, [u8; 3])] = &[
    ("white", [255, 255, 255]),
    ("snow", [255, 250, 250]),
    ("ivory", [255, 255, 240]),
    ("ghostwhite", [248, 248, 255]),
    ("floralwhite", [255, 250, 240]),
    ("mintcream", [245, 255, 250]),
    ("azure", [240, 255, 255]),
    ("aliceblue", [240, 248, 255]),
    ("whitesmoke", [245, 245, 245]),
    ("seashell", [255, 245, 238]),
    ("gainsboro", [220, 220, 220]),
    ("lightgray", [211, 211, 211]),
    ("lightgrey", [211, 211, 211]),
    ("silver", [192, 192, 192]),
    ("gray", [128, 128, 128]),
    ("grey", [128, 128, 128]),
    ("black", [0, 0, 0]),
    ("red", [255, 0, 0]),
    ("maroon", [128, 0, 0]),
    ("yellow", [255, 255, 0]),
    ("orange", [255, 165, 0]),
    ("lime", [0, 255, 0]),
    ("green", [0, 128, 0]),
    ("aqua", [0, 255, 255]),
    ("teal", [0, 128, 128]),
    ("blue", [0, 0, 255]),
    ("navy", [0, 0, 128]),
    ("fuchsia", [255, 0, 255]),
    ("purple", [128, 0, 128]),
];

fn hexadecimal(hex: &str) -> Ink {
    let mut digits: Vec<u8> =
        hex.chars().map_while(|c| c.to_digit(16)).filter_map(|d| u8::try_from(d).ok()).take(8).collect();
    if digits.len() < 5 {
        digits = digits.into_iter().flat_map(|digit| [digit, digit]).collect();
    }
    let bytes: Vec<u8> =
        digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte * 16 + digit)).collect();
    match bytes.as_slice() {
        [_, _, _, 0] => Ink::Clear,
        [red, green, blue] | [red, green, blue, _] => Ink::Known([*red, *green, *blue]),
        _ => Ink::Unknown,
    }
}

fn numbers(list: &str) -> Vec<f32> {
    let list = list.split(')').next().unwrap_or_default();
    let pieces = list.split([',', ' ', '/']).filter(|p| !p.is_empty());
    pieces
        .filter_map(|p| {
            Some((p.trim_end_matches(['%', 'd', 'e', 'g']).parse::<f32>().ok()?, p.ends_with('%')))
        })
        .map(|(n, percent)| if percent { n * 2.55 } else { n })
        .collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the number is held to a byte first"
)]
fn byte(number: f32) -> u8 {
    number.clamp(0.0, 255.0) as u8
}

fn numbered(list: &str) -> Ink {
    match numbers(list).as_slice() {
        [_, _, _, alpha] if *alpha <= 0.05 => Ink::Clear,
        [r, g, b, ..] => Ink::Known([byte(*r), byte(*g), byte(*b)]),
        _ => Ink::Unknown,
    }
}

/// White and black are told by their lightness; another colour is left unknown.
fn by_lightness(list: &str) -> Ink {
    match numbers(list).as_slice() {
        [_, _, _, alpha] if *alpha <= 0.05 => Ink::Clear,
        [_, _, light, ..] if *light >= 247.0 => Ink::Known([255; 3]),
        [_, _, light, ..] if *light <= 8.0 => Ink::Known([0; 3]),
        _ => Ink::Unknown,
    }
}

/// A length in pixels, and whether it is relative to the letters around; `None` if it is none.
fn length(value: &str) -> Option<(f32, bool)> {
    let value = value.trim();
    let digits =
        value.find(|c: char| !(c.is_ascii_digit() || matches!(c, '-' | '+' | '.'))).unwrap_or(value.len());
    let (number, unit) = value.split_at_checked(digits)?;
    let number: f32 = number.parse().ok()?;
    let unit = unit.split(|c: char| !(c.is_ascii_alphabetic() || c == '%')).next().unwrap_or_default();
    Some(match unit {
        "em" | "ex" | "ch" => (number * 14.0, true),
        "%" => (number * 0.14, true),
        "rem" => (number * 16.0, false),
        "pt" => (number * 4.0 / 3.0, false),
        "cm" => (number * 38.0, false),
        "mm" => (number * 3.8, false),
        "in" => (number * 96.0, false),
        "vw" | "vh" => (number * 10.0, false),
        _ => (number, false),
    })
}

/// The size of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// Too small to be seen.
    Nothing,
    /// As large as it says.
    Seen,
    /// As large as those around.
    AsAround,
}

fn size(value: &str) -> Option<Size> {
    Some(match length(value) {
        Some((pixels, _)) if pixels <= SMALLEST => Size::Nothing,
        Some((_, true)) => Size::AsAround,
        None if ["inherit", "larger", "smaller"].contains(&value) => Size::AsAround,
        None if value.contains(['(', ' ']) => return None,
        _ => Size::Seen,
    })
}

/// What was declared for one element, the last word of each matter; absent is not said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// `display: none`.
    pub none: Option<bool>,
    /// `visibility: hidden`.
    pub unseen: Option<bool>,
    /// `opacity: 0`.
    pub clear: Option<bool>,
    /// Size of its letters.
    pub size: Option<Size>,
    /// Colour of its letters.
    pub ink: Option<Ink>,
    /// Colour behind them.
    pub ground: Option<Ink>,
    /// Placed by itself, and so perhaps on another ground.
    pub placed: bool,
    /// Hidden from Outlook.
    pub from_outlook: Option<bool>,
    moved: [bool; 2],
    pushed: [bool; 2],
    clipped: bool,
    flat: [bool; 4],
    cut: bool,
}

impl Look {
    /// Placed where the page is not.
    pub fn is_away(&self) -> bool {
        (self.placed && self.moved.contains(&true)) || self.pushed.contains(&true)
    }

    /// In a box that has no room, and shows nothing beyond it.
    pub fn is_cut(&self) -> bool {
        (self.cut && self.flat.contains(&true)) || (self.placed && self.clipped)
    }

    /// Takes in one declaration, both in lower case.
    pub fn declare(&mut self, property: &str, value: &str) {
        let far =
            || length(value).is_some_and(|(px, _)| px.abs() >= if value.contains('%') { 14.0 } else { FAR });
        let negative = || value.starts_with('-');
        // To the right or below nobody scrolls thousands of pixels.
        let out = || far() && (negative() || length(value).is_some_and(|(px, _)| px >= 10.0 * FAR));
        match property {
            "display" => self.none = Some(value == "none"),
            "visibility" => self.unseen = Some(matches!(value, "hidden" | "collapse")),
            "opacity" => {
                self.clear = Some(value.trim_end_matches('%').parse::<f32>().is_ok_and(|o| o <= 0.05));
            }
            "font-size" => self.size = size(value).or(self.size),
            "font" => {
                let sized = value
                    .split_whitespace()
                    .find(|w| w.starts_with(|c: char| c.is_ascii_digit() || c == '.'));
                let sized = sized.filter(|w| {
                    !matches!(*w, "100" | "200" | "300" | "400" | "500" | "600" | "700" | "800" | "900")
                });
                self.size = sized.and_then(|w| size(w.split('/').next()?)).or(self.size);
            }
            "color" | "-webkit-text-fill-color" => self.ink = Ink::parse(value).or(self.ink),
            "background-color" => self.ground = Ink::parse(value).or(self.ground),
            "background" => self.ground = Ink::of_background(value).or(self.ground),
            "background-image" if value != "none" => self.ground = Some(Ink::Unknown),
            "position" => self.placed = !matches!(value, "static" | "inherit" | "initial"),
            "left" | "right" => self.moved[0] = out(),
            "top" | "bottom" => self.moved[1] = out(),
            "text-indent" => self.pushed[0] = out(),
            "margin-left" | "margin-top" | "margin" => self.pushed[1] = out(),
            "clip" | "clip-path" => self.clipped = is_clip(value),
            "height" => self.flat[0] = is_flat(value),
            "max-height" => self.flat[1] = is_flat(value),
            "width" => self.flat[2] = is_flat(value),
            "max-width" => self.flat[3] = is_flat(value),
            "overflow" | "overflow-y" | "overflow-x" => self.cut = matches!(value, "hidden" | "clip"),
            "mso-hide" => self.from_outlook = Some(matches!(value, "all" | "screen")),
            _ => {}
        }
    }
}

fn is_flat(value: &str) -> bool {
    length(value).is_some_and(|(pixels, _)| (0.0..=1.0).contains(&pixels))
}

/// A piece cut out of the box that is nothing: `rect(0,0,0,0)`, `rect(1px,1px,1px,1px)`, `inset(50%)`.
fn is_clip(value: &str) -> bool {
    let Some((shape, sides)) = value.split_once('(') else { return false };
    let sides = sides.trim_end_matches(')').split([',', ' ']).filter(|s| !s.is_empty());
    let mut sides = sides.map(|side| (length(side).map(|(px, _)| px), side.ends_with('%')));
    match shape.trim() {
        "rect" => sides.all(|(px, _)| px.is_some_and(|px| px <= 1.0)),
        "inset" => sides.next().is_some_and(|(px, percent)| percent && px.is_some_and(|px| px >= 7.0)),
        _ => false,
    }
}
