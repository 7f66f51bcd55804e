//! A font as far as reading needs it: the text and the width of each code.

use crate::domain::incoming::documents::pdf::cmap::{CharacterMap, utf16, value};
use crate::domain::incoming::documents::pdf::encoding::{self, Base};
use crate::domain::incoming::documents::pdf::file::{File, find};
use crate::domain::incoming::documents::pdf::object::{Dict, Lexer, Object};
use std::collections::HashMap;

/// How many widths a font may list.
const MAX_WIDTHS: usize = 70_000;

/// How the codes of a font of many glyphs are cut out of its strings.
#[derive(Debug)]
enum Codes {
    OneByte,
    TwoBytes,
    Utf16,
    Mapped(CharacterMap),
}

/// Text and widths of a font.
#[derive(Debug)]
pub struct Font {
    codes: Codes,
    to_unicode: Option<CharacterMap>,
    table: Vec<Option<char>>,
    widths: HashMap<u32, f64>,
    default_width: f64,
    /// The font's name if it is one whose widths every reader knows.
    measured_by_name: Option<String>,
    scale: f64,
}

/// One code shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// Its text; none if the font does not tell.
    pub text: Option<String>,
    /// How far it moves on, in sizes of the font.
    pub width: f64,
    /// Whether it is the single byte 32, to which word spacing is added.
    pub is_space: bool,
}

impl Font {
    /// Reads a font.
    pub fn read(file: &File, font: &Object) -> Self {
        let empty = Dict::new();
        let object = file.resolve(font);
        let dict = object.dict().map_or(&empty, |d| d);
        let map = file.entry(dict, "ToUnicode");
        let to_unicode = matches!(map, Object::Stream(..)).then(|| CharacterMap::parse(&file.unpack(&map)));
        let to_unicode = to_unicode.filter(CharacterMap::has_texts);
        if file.entry(dict, "Subtype").name() == Some(b"Type0") {
            return Self::composite(file, dict, to_unicode);
        }
        let base_font = file.entry(dict, "BaseFont");
        let name = String::from_utf8_lossy(base_font.name().unwrap_or_default()).into_owned();
        let first = file.entry(dict, "FirstChar").count().unwrap_or(0);
        let list = file.entry(dict, "Widths");
        let widths: HashMap<u32, f64> = list
            .list()
            .unwrap_or_default()
            .iter()
            .take(256)
            .enumerate()
            .filter_map(|(i, w)| {
                Some((u32::try_from(first.checked_add(i)?).ok()?, file.resolve(w).number()?))
            })
            .collect();
        let descriptor = file.entry(dict, "FontDescriptor");
        let matrix = file.numbers(&file.entry(dict, "FontMatrix"));
        let is_drawn = file.entry(dict, "Subtype").name() == Some(b"Type3");
        Self {
            codes: Codes::OneByte,
            to_unicode,
            table: table(file, dict, &name),
            measured_by_name: widths.is_empty().then_some(name),
            widths,
            default_width: file.at(&descriptor, "MissingWidth").number().unwrap_or(0.0),
            scale: matrix.first().filter(|_| is_drawn).map_or(0.001, |m| m.abs()),
        }
    }

    fn composite(file: &File, dict: &Dict, to_unicode: Option<CharacterMap>) -> Self {
        let encoding = file.entry(dict, "Encoding");
        let codes = match &encoding {
            Object::Stream(..) => Codes::Mapped(CharacterMap::parse(&file.unpack(&encoding))),
            Object::Name(name) if find(name, b"UCS2").or_else(|| find(name, b"UTF16")).is_some() => {
                Codes::Utf16
            }
            _ => Codes::TwoBytes,
        };
        let descendants = file.entry(dict, "DescendantFonts");
        let descendant = descendants.list().and_then(|l| l.first()).map_or(Object::Null, |o| file.resolve(o));
        Self {
            codes,
            to_unicode,
            table: Vec::new(),
            widths: wide_widths(file, &file.at(&descendant, "W")),
            default_width: file.at(&descendant, "DW").number().unwrap_or(1000.0),
            measured_by_name: None,
            scale: 0.001,
        }
    }

    /// Takes a string apart into what is shown.
    pub fn shown(&self, bytes: &[u8], mut each: impl FnMut(Shown)) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let length = match &self.codes {
                Codes::OneByte => 1,
                Codes::TwoBytes | Codes::Utf16 => 2,
                Codes::Mapped(map) => map.length(rest),
            };
            let (code, after) = rest.split_at(length.min(rest.len()));
            rest = after;
            let number = value(code);
            let glyph =
                if let Codes::Mapped(map) = &self.codes { map.glyph_of(number).unwrap_or(0) } else { number };
            let text = self.text(number, code);
            let by_name = self.measured_by_name.as_ref().zip(text.as_ref().and_then(|t| t.chars().next()));
            let width = match by_name {
                Some((name, c)) => encoding::standard_width(name, c),
                None => self.widths.get(&glyph).copied().unwrap_or(self.default_width),
            };
            each(Shown { text, width: width * self.scale, is_space: code == b" " });
        }
    }

    fn text(&self, number: u32, code: &[u8]) -> Option<String> {
        let mapped =
            self.to_unicode.as_ref().and_then(|map| map.text_of(number)).filter(|text| is_readable(text));
        mapped.or_else(|| match self.codes {
            Codes::OneByte => {
                self.table.get(usize::try_from(number).ok()?).copied().flatten().map(String::from)
            }
            Codes::Utf16 => Some(utf16(code)),
            _ => None,
        })
    }
}

/// Whether a map says something: some writers fill it with zeros or with private characters.
fn is_readable(text: &str) -> bool {
    !text.chars().any(|c| {
        matches!(c, '\0' | '\u{fffd}' | '\u{e000}'..='\u{f8ff}') || (c.is_control() && !c.is_whitespace())
    })
}

/// What each byte of a simple font stands for.
fn table(file: &File, dict: &Dict, name: &str) -> Vec<Option<char>> {
    let encoding = file.entry(dict, "Encoding");
    let descriptor = file.entry(dict, "FontDescriptor");
    let base_name = match &encoding {
        Object::Name(_) => encoding.clone(),
        other => file.at(other, "BaseEncoding"),
    };
    let is_true_type = file.entry(dict, "Subtype").name() == Some(b"TrueType");
    let program = file.at(&descriptor, "FontFile");
    let base = match base_name.name() {
        Some(b"WinAnsiEncoding") => Base::WinAnsi,
        Some(b"MacRomanEncoding") => Base::MacRoman,
        _ if name.contains("Symbol") && program == Object::Null => Base::Symbol,
        _ if is_true_type => Base::WinAnsi,
        _ => Base::Standard,
    };
    let mut table: Vec<Option<char>> = (0..=255).map(|byte| encoding::character(base, byte)).collect();
    if base == Base::Standard && matches!(program, Object::Stream(..)) {
        built_in(&file.unpack(&program), &mut table);
    }
    let differences = file.at(&encoding, "Differences");
    let mut at = 0;
    for item in differences.list().unwrap_or_default().iter().take(1024) {
        match file.resolve(item) {
            Object::Number(_) => at = item.count().unwrap_or(0),
            Object::Name(name) => {
                if let (Some(slot), Ok(name)) = (table.get_mut(at), std::str::from_utf8(&name)) {
                    // A name that says nothing leaves what the byte means by itself, but not for signs below 32.
                    *slot = encoding::named(name).or(slot.filter(|_| name != ".notdef"));
                }
                at = at.saturating_add(1);
            }
            _ => {}
        }
    }
    table
}

/// The encoding in the readable beginning of a Type 1 font: `dup 65 /A put`.
fn built_in(program: &[u8], table: &mut [Option<char>]) {
    let clear = find(program, b"eexec").and_then(|end| program.get(..end)).unwrap_or_default();
    let Some(start) = find(clear, b"/Encoding") else { return };
    let mut lexer = Lexer::content(clear, start);
    let mut last = [Object::Null, Object::Null];
    for _ in 0..4096 {
        let Some(object) = lexer.next() else { break };
        if object.is_word(b"def") {
            break;
        }
        if object.is_word(b"put")
            && let [code, name] = &last
            && let Some(slot) = code.count().and_then(|code| table.get_mut(code))
        {
            *slot = name.name().and_then(|n| std::str::from_utf8(n).ok()).and_then(encoding::named).or(*slot);
        }
        last.rotate_left(1);
        last[1] = object;
    }
}

/// Widths as fonts of many glyphs list them: `c [w …]` or `first last w` (§9.7.4.3).
fn wide_widths(file: &File, list: &Object) -> HashMap<u32, f64> {
    let mut widths = HashMap::new();
    let mut rest = list.list().unwrap_or_default().iter().map(|o| file.resolve(o));
    while let Some(first) = rest.next() {
        let (Some(first), Some(second)) = (first.count().and_then(|n| u32::try_from(n).ok()), rest.next())
        else {
            break;
        };
        if let Some(each) = second.list() {
            for (code, width) in (first..).zip(each) {
                if widths.len() < MAX_WIDTHS {
                    widths.extend(file.resolve(width).number().map(|w| (code, w)));
                }
            }
        } else {
            let end = second.count().and_then(|n| u32::try_from(n).ok()).unwrap_or(first);
            let Some(width) = rest.next().and_then(|w| w.number()) else { break };
            for code in first..=end.min(0xffff) {
                if widths.len() < MAX_WIDTHS {
                    widths.insert(code, width);
                }
            }
        }
    }
    widths
}
