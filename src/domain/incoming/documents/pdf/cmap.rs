//! Character maps: from the codes of a font to characters or glyphs (ISO 32000-1 §9.7.5, §9.10.3).

use crate::domain::incoming::documents::pdf::object::{Lexer, Object};
use std::collections::BTreeMap;

/// How many entries a map may have.
const MAX_ENTRIES: usize = 140_000;

/// A map of codes to text, and to glyph numbers where it is a font's encoding.
#[derive(Debug, Default)]
pub struct CharacterMap {
    /// Lowest and highest code of each length in bytes.
    spaces: Vec<(usize, u32, u32)>,
    texts: BTreeMap<u32, (u32, String)>,
    glyphs: BTreeMap<u32, (u32, u32)>,
}

impl CharacterMap {
    /// Reads a map from its program.
    pub fn parse(program: &[u8]) -> Self {
        let mut map = Self::default();
        let mut lexer = Lexer::content(program, 0);
        let mut operands: Vec<Object> = Vec::new();
        while let Some(object) = lexer.next() {
            let Object::Word(word) = &object else {
                if operands.len() < 4096 {
                    operands.push(object);
                }
                continue;
            };
            match &**word {
                b"endcodespacerange" => map.take(&operands, 2, Self::space),
                b"endbfchar" => map.take(&operands, 2, Self::text),
                b"endbfrange" => map.take(&operands, 3, Self::text_range),
                b"endcidchar" => map.take(&operands, 2, |map, item| {
                    if let [low, glyph] = item {
                        map.glyph(low, low, glyph);
                    }
                }),
                b"endcidrange" => map.take(&operands, 3, |map, item| {
                    if let [low, high, glyph] = item {
                        map.glyph(low, high, glyph);
                    }
                }),
                _ => {}
            }
            operands.clear();
        }
        map
    }

    fn take(&mut self, operands: &[Object], each: usize, add: impl Fn(&mut Self, &[Object])) {
        for item in operands.chunks_exact(each) {
            if self.texts.len() + self.glyphs.len() < MAX_ENTRIES {
                add(self, item);
            }
        }
    }

    fn space(&mut self, item: &[Object]) {
        if let [Object::Text(low), Object::Text(high)] = item
            && self.spaces.len() < 100
        {
            self.spaces.push((low.len(), value(low), value(high)));
        }
    }

    fn text(&mut self, item: &[Object]) {
        if let [Object::Text(code), Object::Text(text)] = item {
            self.texts.insert(value(code), (value(code), utf16(text)));
        }
    }

    fn text_range(&mut self, item: &[Object]) {
        match item {
            [Object::Text(low), Object::Text(high), Object::Text(text)] => {
                self.texts.insert(value(low), (value(high), utf16(text)));
            }
            [Object::Text(low), _, Object::List(texts)] => {
                for (code, text) in (value(low)..).zip(texts.iter().take(65_536)) {
                    if let Some(text) = text.bytes() {
                        self.texts.insert(code, (code, utf16(text)));
                    }
                }
            }
            _ => {}
        }
    }

    fn glyph(&mut self, low: &Object, high: &Object, glyph: &Object) {
        if let (Object::Text(low), Object::Text(high), Some(glyph)) = (low, high, glyph.count()) {
            self.glyphs.insert(value(low), (value(high), u32::try_from(glyph).unwrap_or(0)));
        }
    }

    /// Whether it says which characters codes stand for.
    pub fn has_texts(&self) -> bool {
        !self.texts.is_empty()
    }

    /// The text of a code; in a range the last character counts up.
    pub fn text_of(&self, code: u32) -> Option<String> {
        let (low, (high, text)) = self.texts.range(..=code).next_back()?;
        if code > *high {
            return None;
        }
        let step = code - low;
        if step == 0 {
            return Some(text.clone());
        }
        let mut chars: Vec<char> = text.chars().collect();
        let last = chars.pop()?;
        chars.push(char::from_u32(u32::from(last).checked_add(step)?)?);
        Some(chars.into_iter().collect())
    }

    /// The glyph number of a code.
    pub fn glyph_of(&self, code: u32) -> Option<u32> {
        let (low, (high, glyph)) = self.glyphs.range(..=code).next_back()?;
        (code <= *high).then(|| glyph.saturating_add(code - low))
    }

    /// How many bytes the next code has.
    pub fn length(&self, bytes: &[u8]) -> usize {
        (1..=4)
            .find(|length| {
                bytes.get(..*length).is_some_and(|code| {
                    let code = value(code);
                    self.spaces.iter().any(|(l, low, high)| l == length && (*low..=*high).contains(&code))
                })
            })
            .unwrap_or_else(|| self.spaces.iter().map(|(length, ..)| *length).max().unwrap_or(2).clamp(1, 4))
    }
}

/// The bytes of a code as a number.
pub fn value(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |code, byte| (code << 8) | u32::from(*byte))
}

/// Text as maps write it; one byte alone is a character of its own.
pub fn utf16(bytes: &[u8]) -> String {
    if let [byte] = bytes {
        return char::from(*byte).to_string();
    }
    let units = bytes.chunks_exact(2).take(32).map(|pair| u16::try_from(value(pair)).unwrap_or(0));
    char::decode_utf16(units).filter_map(Result::ok).collect()
}
