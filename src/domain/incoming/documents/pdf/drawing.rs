//! Letters and areas: the operators that put them on the page (ISO 32000-1 §8.5, §9.4).

use crate::domain::incoming::documents::pdf::content::Canvas;
use crate::domain::incoming::documents::pdf::font::Shown;
use crate::domain::incoming::documents::pdf::object::Object;
use crate::domain::incoming::documents::pdf::state::{
    Glyph, IDENTITY, Matrix, Rect, Seen, around, light, multiply, point, shared,
};
use std::rc::Rc;

/// How many points and pieces a path may have.
const MAX_PATH: usize = 2000;
/// What is drawn further out than this is not on any paper.
const FAR: f64 = 1e6;

impl Canvas<'_> {
    pub(crate) fn text_operator(&mut self, operator: &[u8], operands: &[Object], numbers: &[f64]) {
        let number = numbers.first().copied().unwrap_or(0.0);
        match operator {
            b"BT" => (self.line, self.text) = (IDENTITY, IDENTITY),
            b"Tc" => self.state.character_space = number,
            b"Tw" => self.state.word_space = number,
            b"Tz" => self.state.stretch = number / 100.0,
            b"TL" => self.state.leading = number,
            b"Ts" => self.state.rise = number,
            b"Tr" => self.state.mode = operands.first().and_then(Object::count).unwrap_or(0),
            b"Td" | b"TD" => {
                let &[x, y] = numbers else { return };
                if operator == b"TD" {
                    self.state.leading = -y;
                }
                self.move_line(x, y);
            }
            b"Tm" => {
                if let Ok(matrix) = Matrix::try_from(numbers) {
                    (self.line, self.text) = (matrix, matrix);
                }
            }
            b"T*" => self.move_line(0.0, -self.state.leading),
            b"Tj" => self.show(operands.first()),
            b"'" => {
                self.move_line(0.0, -self.state.leading);
                self.show(operands.first());
            }
            b"\"" => {
                if let &[word, character] = numbers {
                    (self.state.word_space, self.state.character_space) = (word, character);
                }
                self.move_line(0.0, -self.state.leading);
                self.show(operands.get(2));
            }
            b"TJ" => {
                for item in operands.first().and_then(Object::list).unwrap_or_default() {
                    match item {
                        Object::Number(back) => {
                            let x = -back / 1000.0 * self.state.size * self.state.stretch;
                            self.text = multiply([1.0, 0.0, 0.0, 1.0, x, 0.0], self.text);
                        }
                        other => self.show(Some(other)),
                    }
                }
            }
            _ => {}
        }
    }

    fn move_line(&mut self, x: f64, y: f64) {
        self.line = multiply([1.0, 0.0, 0.0, 1.0, x, y], self.line);
        self.text = self.line;
    }

    fn show(&mut self, string: Option<&Object>) {
        let (Some(bytes), Some(font)) = (string.and_then(Object::bytes), self.state.font.clone()) else {
            return;
        };
        // A long string costs as many operators as its letters would.
        self.shared.left = self.shared.left.saturating_sub(bytes.len() / 8);
        Rc::clone(&font).shown(bytes, |shown| self.put(&shown));
    }

    fn put(&mut self, shown: &Shown) {
        let (size, stretch) = (self.state.size, self.state.stretch);
        let whole = multiply(
            [size * stretch, 0.0, 0.0, size, 0.0, self.state.rise],
            multiply(self.text, self.state.ctm),
        );
        match shown.text.as_deref() {
            None => self.unreadable += 1,
            Some(text) if self.has_room() => self.put_text(text, shown.width, whole),
            Some(_) => {}
        }
        let space = self.state.character_space + if shown.is_space { self.state.word_space } else { 0.0 };
        self.text = multiply([1.0, 0.0, 0.0, 1.0, (shown.width * size + space) * stretch, 0.0], self.text);
    }

    fn put_text(&mut self, text: &str, width: f64, m: Matrix) {
        let across = m[0].hypot(m[1]);
        let height = m[2].hypot(m[3]);
        let away = m.iter().any(|n| !n.is_finite() || n.abs() > FAR);
        if away || across <= 0.0 {
            return;
        }
        // The direction of writing; upright text is by far the most, so small errors of rounding are taken back.
        let (dx, dy, turn) = match (m[0] / across, m[1] / across) {
            (x, _) if x > 0.98 => (1.0, 0.0, 0),
            (_, y) if y > 0.98 => (0.0, 1.0, 1),
            (x, _) if x < -0.98 => (-1.0, 0.0, 2),
            (_, y) if y < -0.98 => (0.0, -1.0, 3),
            (x, y) => (x, y, 4),
        };
        let (x, y) = (m[4], m[5]);
        let (base, length) = (y * dx - x * dy, width * across);
        let mut start = x * dx + y * dy;
        let parts: Vec<char> = text.chars().flat_map(unligated).collect();
        let count = f64::from(u32::try_from(parts.len().max(1)).unwrap_or(1));
        let middle = point(m, width / 2.0, 0.3);
        let colour = if self.state.mode % 4 == 1 { self.state.stroke } else { self.state.fill };
        for c in parts {
            let mut seen = self.seen();
            if seen == Seen::Yes && !is_within(self.page, middle) && !c.is_whitespace() {
                seen = Seen::Outside;
            } else if seen == Seen::Yes && height < 1.0 {
                seen = Seen::TooSmall;
            }
            let end = start + length / count;
            let (size, order) = (height.max(0.01), self.order);
            self.glyphs.push(Glyph { c, start, end, base, size, turn, middle, order, colour, seen });
            start = end;
        }
    }

    pub(crate) fn draw(&mut self, operator: &[u8], numbers: &[f64]) {
        let to = |x: f64, y: f64| point(self.state.ctm, x, y);
        if self.path.len() >= MAX_PATH {
            return;
        }
        match (operator, numbers) {
            (b"m", &[x, y]) => self.path.push(vec![to(x, y)]),
            (b"l", &[x, y]) => {
                let place = to(x, y);
                if let Some(piece) = self.path.last_mut().filter(|piece| piece.len() < MAX_PATH) {
                    piece.push(place);
                }
            }
            (b"re", &[x, y, w, h]) => {
                self.path.push(vec![to(x, y), to(x + w, y), to(x + w, y + h), to(x, y + h)]);
            }
            (b"c" | b"v" | b"y", _) => self.is_curved = true,
            (b"W" | b"W*", _) => self.clips = true,
            _ => {}
        }
    }

    pub(crate) fn paint(&mut self, operator: &[u8]) {
        let path = std::mem::take(&mut self.path);
        let fills = !matches!(operator, b"S" | b"s" | b"n");
        // Areas cut out of each other, or with round sides, do not hide all that lies in their frame.
        let is_plain = !self.is_curved && (path.len() == 1 || !operator.ends_with(b"*"));
        if fills && is_plain {
            let (colour, clip) = (self.state.fill, self.state.clip);
            for rect in path.iter().filter_map(|piece| upright(piece)) {
                let hides = self.hides(colour);
                self.add_painted(shared(rect, clip), colour, hides, false);
            }
        }
        if matches!(operator, b"S" | b"s") && !self.is_curved {
            self.strokes(&path);
        }
        if self.clips {
            let all = path.iter().flatten().fold(None, |r: Option<Rect>, (x, y)| {
                Some(r.map_or([*x, *y, *x, *y], |r| [r[0].min(*x), r[1].min(*y), r[2].max(*x), r[3].max(*y)]))
            });
            if let (Some(all), false) = (all, self.is_curved) {
                self.state.clip = shared(self.state.clip, all);
            }
        }
        (self.is_curved, self.clips) = (false, false);
    }

    /// Whether something of this colour hides what is below it.
    fn hides(&self, colour: Option<[f64; 3]>) -> bool {
        let is_dark = colour.is_some_and(|c| light(c) < 0.2);
        self.state.alpha > 0.9 && colour.is_some() && (!self.state.multiplies || is_dark)
    }

    /// A line as thick as a letter is a box: so do felt pens of viewers draw.
    fn strokes(&mut self, path: &[Vec<(f64, f64)>]) {
        let unit = around(self.state.ctm, [0.0, 0.0, 1.0, 1.0]);
        let half = self.state.line_width * (unit[3] - unit[1]).min(unit[2] - unit[0]) / 2.0;
        if half < 2.0 {
            return;
        }
        let colour = self.state.stroke;
        for piece in path {
            for (from, to) in piece.iter().zip(piece.iter().skip(1)) {
                let is_straight = (from.0 - to.0).abs() < half || (from.1 - to.1).abs() < half;
                if is_straight {
                    let rect = [
                        from.0.min(to.0) - half.min(1.0),
                        from.1.min(to.1) - half,
                        from.0.max(to.0) + half.min(1.0),
                        from.1.max(to.1) + half,
                    ];
                    let hides = self.hides(colour);
                    self.add_painted(shared(rect, self.state.clip), colour, hides, false);
                }
            }
        }
    }
}

/// Whether a point lies in a rectangle.
pub fn is_within(rect: Rect, (x, y): (f64, f64)) -> bool {
    x >= rect[0] && x <= rect[2] && y >= rect[1] && y <= rect[3]
}

/// The rectangle that a piece of a path is, if it is one that stands upright.
fn upright(piece: &[(f64, f64)]) -> Option<Rect> {
    let same = |a: f64, b: f64| (a - b).abs() < 0.5;
    let (first, last) = (piece.first()?, piece.last()?);
    let corners =
        if piece.len() == 5 && same(first.0, last.0) && same(first.1, last.1) { 4 } else { piece.len() };
    let [a, b, c, d] = *piece.get(..corners)? else { return None };
    let one_way = same(a.0, b.0) && same(b.1, c.1) && same(c.0, d.0) && same(d.1, a.1);
    let other_way = same(a.1, b.1) && same(b.0, c.0) && same(c.1, d.1) && same(d.0, a.0);
    (one_way || other_way).then(|| [a.0.min(c.0), a.1.min(c.1), a.0.max(c.0), a.1.max(c.1)])
}

/// The letters of a ligature, so that words are found as they are spelt.
fn unligated(c: char) -> impl Iterator<Item = char> {
    let letters = match c {
        'ﬀ' => "ff",
        'ﬁ' => "fi",
        'ﬂ' => "fl",
        'ﬃ' => "ffi",
        'ﬄ' => "ffl",
        'ﬅ' | 'ﬆ' => "st",
        _ => "",
    };
    letters.chars().chain(letters.is_empty().then_some(c))
}
