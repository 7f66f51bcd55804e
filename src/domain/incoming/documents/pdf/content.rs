//! Runs the content of a page: what is written and painted where (ISO 32000-1 §7.8, Annex A).

use crate::domain::incoming::documents::pdf::cmap::utf16;
use crate::domain::incoming::documents::pdf::encoding;
use crate::domain::incoming::documents::pdf::file::{File, find};
use crate::domain::incoming::documents::pdf::font::Font;
use crate::domain::incoming::documents::pdf::object::{Dict, Lexer, Object, is_space};
use crate::domain::incoming::documents::pdf::state::{
    Colour, Glyph, IDENTITY, Matrix, Painted, Rect, Seen, State, around, colour, multiply, shared,
};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// How many forms may stand in each other.
const MAX_FORMS: usize = 12;
/// How many states may be kept.
const MAX_KEPT: usize = 256;
/// How many operands an operator may have.
const MAX_OPERANDS: usize = 256;
/// How many characters a page may have.
const MAX_GLYPHS: usize = 150_000;
/// How many rectangles and pictures of a page are looked at.
const MAX_PAINTED: usize = 40_000;

/// What all pages of a file share.
#[derive(Default)]
pub struct Shared {
    /// How many operators may still be run.
    pub left: usize,
    /// Layers that are switched off, by their object number.
    pub off: BTreeSet<u32>,
    /// Fonts already read, by their object number.
    pub fonts: HashMap<u32, Rc<Font>>,
}

/// Runs the content of one page.
pub struct Canvas<'a> {
    pub(crate) file: &'a File<'a>,
    pub(crate) shared: &'a mut Shared,
    pub(crate) state: State,
    kept: Vec<State>,
    pub(crate) line: Matrix,
    pub(crate) text: Matrix,
    /// The characters in the order in which they are drawn.
    pub glyphs: Vec<Glyph>,
    /// Rectangles and pictures in the order in which they are drawn.
    pub painted: Vec<Painted>,
    /// Pictures of the page.
    pub pictures: Vec<(Rect, Object)>,
    /// How many characters the fonts do not tell.
    pub unreadable: usize,
    pub(crate) order: usize,
    /// What can be seen of the page.
    pub page: Rect,
    pub(crate) path: Vec<Vec<(f64, f64)>>,
    pub(crate) is_curved: bool,
    pub(crate) clips: bool,
    marks: Vec<Mark>,
    pub(crate) in_annotation: bool,
}

/// Marked content that is open (§14.6).
struct Mark {
    is_off: bool,
    /// What stands for the characters since, by the first of them.
    instead: Option<(usize, String)>,
}

impl<'a> Canvas<'a> {
    /// An empty page.
    pub fn new(file: &'a File<'a>, shared: &'a mut Shared, page: Rect) -> Self {
        Self {
            file,
            shared,
            state: State::start(page),
            kept: Vec::new(),
            line: IDENTITY,
            text: IDENTITY,
            glyphs: Vec::new(),
            painted: Vec::new(),
            pictures: Vec::new(),
            unreadable: 0,
            order: 0,
            page,
            path: Vec::new(),
            is_curved: false,
            clips: false,
            marks: Vec::new(),
            in_annotation: false,
        }
    }

    /// Runs content with what it may use.
    pub fn run(&mut self, content: &[u8], resources: &Rc<Dict>, depth: usize) {
        let mut lexer = Lexer::content(content, 0);
        let mut operands: Vec<Object> = Vec::new();
        let floor = self.kept.len();
        while let Some(object) = lexer.next() {
            let Object::Word(word) = object else {
                if operands.len() < MAX_OPERANDS {
                    operands.push(object);
                }
                continue;
            };
            let Some(left) = self.shared.left.checked_sub(1) else { break };
            self.shared.left = left;
            self.order += 1;
            match &*word {
                b"Do" => self.external(operands.first(), resources, depth),
                b"ID" => self.inline_picture(content, &mut lexer),
                b"q" if self.kept.len() < MAX_KEPT => self.kept.push(self.state.clone()),
                b"Q" if self.kept.len() > floor => {
                    self.state = self.kept.pop().unwrap_or_else(|| self.state.clone());
                }
                b"gs" => self.graphics(operands.first(), resources),
                b"Tf" => self.set_font(&operands, resources),
                b"cs" | b"CS" => self.colour_space(operands.first(), resources, *word == *b"cs"),
                b"BDC" | b"BMC" => self.open_mark(&operands, resources),
                b"EMC" => self.close_mark(),
                other => self.operator(other, &operands),
            }
            operands.clear();
        }
        while self.kept.len() > floor {
            self.state = self.kept.pop().unwrap_or_else(|| self.state.clone());
        }
    }

    fn operator(&mut self, operator: &[u8], operands: &[Object]) {
        let numbers: Vec<f64> = operands.iter().filter_map(Object::number).collect();
        match operator {
            b"cm" => {
                if let Ok(matrix) = Matrix::try_from(numbers) {
                    self.state.ctm = multiply(matrix, self.state.ctm);
                }
            }
            b"w" => self.state.line_width = numbers.first().copied().unwrap_or(1.0),
            b"g" | b"rg" | b"k" => {
                self.state.fill_is_ink = false;
                self.state.fill = colour(&numbers, false);
            }
            b"G" | b"RG" | b"K" => {
                self.state.stroke_is_ink = false;
                self.state.stroke = colour(&numbers, false);
            }
            b"sc" | b"scn" => self.state.fill = colour(&numbers, self.state.fill_is_ink),
            b"SC" | b"SCN" => self.state.stroke = colour(&numbers, self.state.stroke_is_ink),
            b"m" | b"l" | b"c" | b"v" | b"y" | b"h" | b"re" | b"W" | b"W*" => self.draw(operator, &numbers),
            b"f" | b"F" | b"f*" | b"B" | b"B*" | b"b" | b"b*" | b"S" | b"s" | b"n" => self.paint(operator),
            _ => self.text_operator(operator, operands, &numbers),
        }
    }

    fn resource(&self, resources: &Dict, kind: &str, name: Option<&Object>) -> (Option<u32>, Object) {
        let Some(name) = name.and_then(Object::name) else { return (None, Object::Null) };
        let group = self.file.entry(resources, kind);
        let Some(found) = group.dict().and_then(|dict| dict.get(name)) else { return (None, Object::Null) };
        let number = if let Object::Reference(number) = found { Some(*number) } else { None };
        (number, self.file.resolve(found))
    }

    fn set_font(&mut self, operands: &[Object], resources: &Dict) {
        self.state.size = operands.get(1).and_then(Object::number).unwrap_or(self.state.size);
        let (number, object) = self.resource(resources, "Font", operands.first());
        if let Some(font) = number.and_then(|n| self.shared.fonts.get(&n)) {
            self.state.font = Some(Rc::clone(font));
            return;
        }
        // A font is costlier than an operator; one without a number is read each time.
        self.shared.left = self.shared.left.saturating_sub(500);
        let font = Rc::new(Font::read(self.file, &object));
        if let Some(number) = number
            && self.shared.fonts.len() < 2000
        {
            self.shared.fonts.insert(number, Rc::clone(&font));
        }
        self.state.font = Some(font);
    }

    fn graphics(&mut self, name: Option<&Object>, resources: &Dict) {
        let (_, object) = self.resource(resources, "ExtGState", name);
        let Some(dict) = object.dict() else { return };
        if let Some(alpha) = self.file.entry(dict, "ca").number() {
            self.state.alpha = alpha;
        }
        let blend = self.file.entry(dict, "BM");
        let first = blend.list().and_then(|l| l.first()).cloned().unwrap_or(blend);
        if let Some(name) = first.name() {
            self.state.multiplies = matches!(name, b"Multiply" | b"Darken" | b"ColorBurn");
        }
        if let (Some(font), Some(size)) = {
            let list = self.file.entry(dict, "Font");
            let part = |at: usize| list.list().and_then(|l| l.get(at)).cloned();
            (part(0), part(1).and_then(|s| s.number()))
        } {
            self.shared.left = self.shared.left.saturating_sub(500);
            self.state.font = Some(Rc::new(Font::read(self.file, &font)));
            self.state.size = size;
        }
        self.state.line_width = self.file.entry(dict, "LW").number().unwrap_or(self.state.line_width);
    }

    fn colour_space(&mut self, name: Option<&Object>, resources: &Dict, is_fill: bool) {
        let space = self.resource(resources, "ColorSpace", name).1;
        let kind = space.list().and_then(|l| l.first()).and_then(Object::name).unwrap_or_default();
        let is_ink = matches!(kind, b"Separation" | b"DeviceN");
        let start = if matches!(kind, b"Indexed" | b"Lab" | b"Pattern") { None } else { Some([0.0; 3]) };
        if is_fill {
            (self.state.fill_is_ink, self.state.fill) = (is_ink, start);
        } else {
            (self.state.stroke_is_ink, self.state.stroke) = (is_ink, start);
        }
    }

    fn external(&mut self, name: Option<&Object>, resources: &Rc<Dict>, depth: usize) {
        let (_, object) = self.resource(resources, "XObject", name);
        let Some(dict) = object.dict().cloned() else { return };
        if self.is_off(dict.get(b"OC".as_slice())) {
            return;
        }
        match self.file.entry(&dict, "Subtype").name() {
            Some(b"Image") => self.picture(&object, &dict),
            Some(b"Form") if depth < MAX_FORMS => self.form(&object, resources, depth, IDENTITY),
            _ => {}
        }
    }

    /// Runs a form: content with a matrix and resources of its own, or of the page that uses it.
    pub fn form(&mut self, form: &Object, resources: &Rc<Dict>, depth: usize, placed: Matrix) {
        let Some(dict) = form.dict() else { return };
        let own = self.file.entry(dict, "Resources");
        let resources = own.dict().unwrap_or(resources);
        let matrix =
            Matrix::try_from(self.file.numbers(&self.file.entry(dict, "Matrix"))).unwrap_or(IDENTITY);
        let kept = (self.state.clone(), self.line, self.text);
        self.state.ctm = multiply(multiply(matrix, placed), self.state.ctm);
        if let Ok(limits) = Rect::try_from(self.file.numbers(&self.file.entry(dict, "BBox"))) {
            self.state.clip = shared(self.state.clip, around(self.state.ctm, limits));
        }
        self.shared.left = self.shared.left.saturating_sub(50);
        let content = self.file.unpack(form);
        self.run(&content, resources, depth + 1);
        (self.state, self.line, self.text) = kept;
    }

    fn picture(&mut self, object: &Object, dict: &Dict) {
        let rect = shared(around(self.state.ctm, [0.0, 0.0, 1.0, 1.0]), self.state.clip);
        let shines = ["SMask", "Mask"].iter().any(|key| dict.contains_key(key.as_bytes()))
            || self.file.entry(dict, "ImageMask") == Object::Bool(true);
        if self.pictures.len() < MAX_PAINTED && !self.in_annotation {
            self.pictures.push((rect, object.clone()));
        }
        self.add_painted(rect, None, self.state.alpha > 0.9 && !self.state.multiplies && !shines, true);
    }

    /// Notes something painted if it is large enough to hide a letter.
    pub(crate) fn add_painted(&mut self, rect: Rect, colour: Colour, is_opaque: bool, is_picture: bool) {
        if self.painted.len() < MAX_PAINTED && rect[2] - rect[0] > 2.0 && rect[3] - rect[1] > 2.0 {
            self.painted.push(Painted { rect, order: self.order, colour, is_opaque, is_picture });
        }
    }

    fn inline_picture(&mut self, content: &[u8], lexer: &mut Lexer) {
        let rect = shared(around(self.state.ctm, [0.0, 0.0, 1.0, 1.0]), self.state.clip);
        if self.pictures.len() < MAX_PAINTED && !self.in_annotation {
            self.pictures.push((rect, Object::Null));
        }
        self.add_painted(rect, None, false, true);
        // The data ends with `EI` between white space; nothing tells where for sure (§8.9.7).
        let mut at = lexer.at;
        while let Some(found) = content.get(at..).and_then(|rest| find(rest, b"EI")) {
            at += found + 2;
            let before = content.get(at.wrapping_sub(3)).copied().is_some_and(is_space);
            let after = content.get(at).copied().is_none_or(is_space);
            let binary = content.get(at..).unwrap_or_default().iter().take(8).any(|b| *b > 0x7e);
            if before && after && !binary {
                lexer.at = at;
                return;
            }
        }
        lexer.at = content.len();
    }

    fn is_off(&self, layer: Option<&Object>) -> bool {
        let Some(layer) = layer else { return false };
        if let Object::Reference(number) = layer
            && self.shared.off.contains(number)
        {
            return true;
        }
        // A membership: off if all its layers are.
        let groups = self.file.resolve(layer).dict().and_then(|dict| dict.get(b"OCGs".as_slice())).cloned();
        match groups {
            Some(Object::Reference(number)) => self.shared.off.contains(&number),
            Some(Object::List(list)) => {
                !list.is_empty()
                    && list
                        .iter()
                        .take(100)
                        .all(|g| matches!(g, Object::Reference(n) if self.shared.off.contains(n)))
            }
            _ => false,
        }
    }

    fn open_mark(&mut self, operands: &[Object], resources: &Dict) {
        if self.marks.len() >= MAX_KEPT {
            return;
        }
        let properties = match operands.get(1) {
            Some(Object::Dict(dict)) => Object::Dict(Rc::clone(dict)),
            Some(name) => {
                let (number, object) = self.resource(resources, "Properties", Some(name));
                let layer = number.map(Object::Reference).unwrap_or(object.clone());
                if operands.first().and_then(Object::name) == Some(b"OC") && self.is_off(Some(&layer)) {
                    self.marks.push(Mark { is_off: true, instead: None });
                    return;
                }
                object
            }
            None => Object::Null,
        };
        let actual = self.file.at(&properties, "ActualText");
        let instead = actual.bytes().map(|bytes| match bytes {
            [0xfe, 0xff, rest @ ..] => utf16(rest),
            _ => encoding::prose(bytes),
        });
        self.marks.push(Mark { is_off: false, instead: instead.map(|text| (self.glyphs.len(), text)) });
    }

    fn close_mark(&mut self) {
        let Some((from, text)) = self.marks.pop().and_then(|mark| mark.instead) else { return };
        let Some(drawn) = self.glyphs.get(from..) else { return };
        let (Some(first), Some(last)) = (drawn.first().copied(), drawn.last().copied()) else { return };
        let count = text.chars().count();
        let is_line =
            drawn.iter().all(|g| g.turn == first.turn && (g.base - first.base).abs() < first.size / 2.0);
        if count > 200 || !is_line {
            return;
        }
        self.glyphs.truncate(from);
        let step = (last.end - first.start) / f64::from(u32::try_from(count.max(1)).unwrap_or(1));
        let mut start = first.start;
        for c in text.chars() {
            self.glyphs.push(Glyph { c, start, end: start + step, ..first });
            start += step;
        }
    }

    /// Whether what is drawn now can be seen, as far as marks and modes tell.
    pub(crate) fn seen(&self) -> Seen {
        if self.marks.iter().any(|mark| mark.is_off) {
            Seen::LayerOff
        } else if matches!(self.state.mode, 3 | 7) {
            Seen::NoInk
        } else {
            Seen::Yes
        }
    }

    pub(crate) fn has_room(&self) -> bool {
        self.glyphs.len() < MAX_GLYPHS
    }
}
