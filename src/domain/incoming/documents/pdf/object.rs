//! The objects of a PDF and how they are written (ISO 32000-1 §7.2–7.3), read within limits.

use std::collections::BTreeMap;
use std::rc::Rc;

/// How deep lists and dictionaries may stand in each other; real files stay below ten.
const MAX_DEPTH: usize = 60;
/// How many objects one reading may make: a list of a million numbers is an attack, not a letter.
const MAX_OBJECTS: usize = 400_000;

/// A dictionary: names without their slash, and what they stand for.
pub type Dict = BTreeMap<Vec<u8>, Object>;

/// Any object; cheap to copy.
#[derive(Debug, Clone, PartialEq)]
pub enum Object {
    /// Nothing, or something that could not be read.
    Null,
    /// True or false.
    Bool(bool),
    /// A number, whole or not.
    Number(f64),
    /// A name without its slash.
    Name(Rc<[u8]>),
    /// A string of bytes.
    Text(Rc<[u8]>),
    /// A list.
    List(Rc<[Object]>),
    /// A dictionary.
    Dict(Rc<Dict>),
    /// The number of another object.
    Reference(u32),
    /// A dictionary with the bytes that follow it, by where they start in the file.
    Stream(Rc<Dict>, usize),
    /// A bare word: an operator, `obj`, `stream`.
    Word(Rc<[u8]>),
}

impl Object {
    /// The number, if it is one.
    pub fn number(&self) -> Option<f64> {
        if let Object::Number(n) = self { Some(*n) } else { None }
    }

    /// The number as a count, if it is one.
    pub fn count(&self) -> Option<usize> {
        self.number().and_then(whole)
    }

    /// The name, if it is one.
    pub fn name(&self) -> Option<&[u8]> {
        if let Object::Name(name) = self { Some(name) } else { None }
    }

    /// The bytes of a string, if it is one.
    pub fn bytes(&self) -> Option<&[u8]> {
        if let Object::Text(bytes) = self { Some(bytes) } else { None }
    }

    /// The elements, if it is a list.
    pub fn list(&self) -> Option<&[Object]> {
        if let Object::List(list) = self { Some(list) } else { None }
    }

    /// The dictionary, also that of a stream.
    pub fn dict(&self) -> Option<&Rc<Dict>> {
        match self {
            Object::Dict(dict) | Object::Stream(dict, _) => Some(dict),
            _ => None,
        }
    }

    /// Whether this is the bare word.
    pub fn is_word(&self, word: &[u8]) -> bool {
        matches!(self, Object::Word(w) if **w == *word)
    }
}

/// A number that is a count or an offset.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked just before")]
pub fn whole(n: f64) -> Option<usize> {
    (0.0..4e15).contains(&n).then_some(n as usize)
}

/// Reads objects one after another.
#[derive(Debug, Clone)]
pub struct Lexer<'a> {
    data: &'a [u8],
    /// Where the next byte stands.
    pub at: usize,
    left: usize,
    /// Whether `1 0 R` is a reference: in files, not in the content of pages.
    references: bool,
}

impl<'a> Lexer<'a> {
    /// Reads the objects of a file from an offset on.
    pub fn new(data: &'a [u8], at: usize) -> Self {
        Self { data, at, left: MAX_OBJECTS, references: true }
    }

    /// Reads the content of a page or a character map, where there are no references.
    pub fn content(data: &'a [u8], at: usize) -> Self {
        Self { data, at, left: usize::MAX, references: false }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.data.get(self.at.checked_add(ahead)?).copied()
    }

    /// Skips white space and comments.
    pub fn space(&mut self) {
        while let Some(byte) = self.peek(0) {
            if byte == b'%' {
                while self.peek(0).is_some_and(|b| b != b'\n' && b != b'\r') {
                    self.at += 1;
                }
            } else if is_space(byte) {
                self.at += 1;
            } else {
                break;
            }
        }
    }

    /// The next object; none at the end of the data or where it is no object any more.
    pub fn next(&mut self) -> Option<Object> {
        self.object(0)
    }

    fn object(&mut self, depth: usize) -> Option<Object> {
        self.space();
        self.left = self.left.checked_sub(1)?;
        if depth > MAX_DEPTH {
            return None;
        }
        let byte = self.peek(0)?;
        match byte {
            b'/' => {
                self.at += 1;
                Some(Object::Name(self.name().into()))
            }
            b'(' => {
                self.at += 1;
                Some(Object::Text(self.literal().into()))
            }
            b'<' if self.peek(1) == Some(b'<') => {
                self.at += 2;
                self.dict(depth)
            }
            b'<' => {
                self.at += 1;
                Some(Object::Text(self.hex().into()))
            }
            b'[' => {
                self.at += 1;
                self.list(depth)
            }
            b'0'..=b'9' | b'+' | b'-' | b'.' => Some(self.number()),
            b']' | b'{' | b'}' | b')' => {
                self.at += 1;
                Some(Object::Word([byte].as_slice().into()))
            }
            b'>' => {
                self.at += if self.peek(1) == Some(b'>') { 2 } else { 1 };
                Some(Object::Word(b">>".as_slice().into()))
            }
            _ => Some(word(self.regular())),
        }
    }

    fn regular(&mut self) -> &'a [u8] {
        let start = self.at;
        while self.peek(0).is_some_and(|b| !is_space(b) && !is_delimiter(b)) {
            self.at += 1;
        }
        self.data.get(start..self.at).unwrap_or_default()
    }

    fn name(&mut self) -> Vec<u8> {
        let raw = self.regular();
        let mut name = Vec::with_capacity(raw.len());
        let mut rest = raw.iter().copied();
        while let Some(byte) = rest.next() {
            let mut ahead = rest.clone();
            match (byte, ahead.next().and_then(hex_value), ahead.next().and_then(hex_value)) {
                (b'#', Some(high), Some(low)) => {
                    name.push(high * 16 + low);
                    rest = ahead;
                }
                _ => name.push(byte),
            }
        }
        name
    }

    fn literal(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut open = 1;
        while let Some(byte) = self.peek(0) {
            self.at += 1;
            match byte {
                b'\\' => self.escape(&mut out),
                b'(' => {
                    open += 1;
                    out.push(byte);
                }
                b')' => {
                    open -= 1;
                    if open == 0 {
                        break;
                    }
                    out.push(byte);
                }
                _ => out.push(byte),
            }
        }
        out
    }

    fn escape(&mut self, out: &mut Vec<u8>) {
        let Some(byte) = self.peek(0) else { return };
        self.at += 1;
        match byte {
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'\r' if self.peek(0) == Some(b'\n') => self.at += 1,
            b'\r' | b'\n' => {}
            b'0'..=b'7' => {
                let mut value = byte - b'0';
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek(0) else { break };
                    self.at += 1;
                    value = value.wrapping_mul(8).wrapping_add(digit - b'0');
                }
                out.push(value);
            }
            _ => out.push(byte),
        }
    }

    fn hex(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut high = None;
        while let Some(byte) = self.peek(0) {
            self.at += 1;
            match (hex_value(byte), high) {
                (Some(value), None) => high = Some(value),
                (Some(value), Some(first)) => {
                    out.push(first * 16 + value);
                    high = None;
                }
                (None, _) if byte == b'>' => break,
                _ => {}
            }
        }
        out.extend(high.map(|value| value * 16));
        out
    }

    fn list(&mut self, depth: usize) -> Option<Object> {
        let mut list = Vec::new();
        loop {
            let object = self.object(depth + 1)?;
            if let Object::Word(word) = &object {
                match &**word {
                    b"]" => return Some(Object::List(list.into())),
                    b"endobj" | b"endstream" => return None,
                    _ => continue,
                }
            }
            list.push(object);
        }
    }

    fn dict(&mut self, depth: usize) -> Option<Object> {
        let mut dict = Dict::new();
        loop {
            match self.object(depth + 1)? {
                Object::Name(name) => {
                    let value = self.object(depth + 1)?;
                    if value.is_word(b">>") {
                        return Some(Object::Dict(dict.into()));
                    }
                    dict.insert(name.to_vec(), value);
                }
                Object::Word(word) if *word == *b">>" => return Some(Object::Dict(dict.into())),
                Object::Word(word) if *word == *b"endobj" || *word == *b"stream" => return None,
                _ => {}
            }
        }
    }

    fn number(&mut self) -> Object {
        let raw = self.regular();
        let Some(value) = number(raw) else { return word(raw) };
        if !self.references || !raw.iter().all(u8::is_ascii_digit) || raw.len() > 10 {
            return Object::Number(value);
        }
        // `12 0 R`: look ahead without going there.
        let back = self.at;
        if self.peek(0).is_some_and(is_space) {
            self.space();
            let generation = self.regular();
            let is_generation = !generation.is_empty() && generation.iter().all(u8::is_ascii_digit);
            self.space();
            let after = self.peek(1).is_none_or(|b| is_space(b) || is_delimiter(b));
            if is_generation && self.peek(0) == Some(b'R') && after {
                self.at += 1;
                return whole(value)
                    .and_then(|n| u32::try_from(n).ok())
                    .map_or(Object::Null, Object::Reference);
            }
        }
        self.at = back;
        Object::Number(value)
    }
}

fn word(raw: &[u8]) -> Object {
    match raw {
        b"true" => Object::Bool(true),
        b"false" => Object::Bool(false),
        b"null" => Object::Null,
        _ => Object::Word(raw.into()),
    }
}

/// A number as writers write it, also `--5`, `5-3` and `.`.
fn number(raw: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(raw).ok()?;
    if let Ok(number) = text.parse::<f64>() {
        return number.is_finite().then_some(number);
    }
    let unsigned = text.trim_start_matches(['+', '-']);
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
    let digits = unsigned.get(..end)?;
    let value = if digits.is_empty() || digits == "." { 0.0 } else { digits.parse().ok()? };
    text.starts_with(['+', '-', '.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
        .then_some(if text.starts_with('-') { -value } else { value })
}

/// White space (table 1).
pub fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

/// Delimiters (table 2).
pub fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

fn hex_value(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok())
}
