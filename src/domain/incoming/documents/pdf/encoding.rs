//! Which character a byte or the name of a glyph stands for (ISO 32000-1 Annex D, and the names fonts use).

use encoding_rs::{Encoding, MACINTOSH, WINDOWS_1252};
use unicode_normalization::UnicodeNormalization;

/// A table of bytes to characters that fonts without names refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// Adobe's own, which fonts have built in.
    Standard,
    /// That of Windows.
    WinAnsi,
    /// That of the old Macintosh.
    MacRoman,
    /// Greek letters and signs of the font Symbol.
    Symbol,
}

/// Names of signs whose name says nothing by itself.
const NAMES: &[(&str, char)] = &[
    ("space", ' '),
    ("nbspace", ' '),
    ("nonbreakingspace", ' '),
    ("exclam", '!'),
    ("quotedbl", '"'),
    ("numbersign", '#'),
    ("dollar", '$'),
    ("percent", '%'),
    ("ampersand", '&'),
    ("quotesingle", '\''),
    ("quoteright", '’'),
    ("quoteleft", '‘'),
    ("parenleft", '('),
    ("parenright", ')'),
    ("asterisk", '*'),
    ("plus", '+'),
    ("comma", ','),
    ("hyphen", '-'),
    ("minus", '−'),
    ("period", '.'),
    ("slash", '/'),
    ("zero", '0'),
    ("one", '1'),
    ("two", '2'),
    ("three", '3'),
    ("four", '4'),
    ("five", '5'),
    ("six", '6'),
    ("seven", '7'),
    ("eight", '8'),
    ("nine", '9'),
    ("colon", ':'),
    ("semicolon", ';'),
    ("less", '<'),
    ("equal", '='),
    ("greater", '>'),
    ("question", '?'),
    ("at", '@'),
    ("bracketleft", '['),
    ("backslash", '\\'),
    ("bracketright", ']'),
    ("asciicircum", '^'),
    ("underscore", '_'),
    ("grave", '`'),
    ("braceleft", '{'),
    ("bar", '|'),
    ("braceright", '}'),
    ("asciitilde", '~'),
    ("exclamdown", '¡'),
    ("cent", '¢'),
    ("sterling", '£'),
    ("fraction", '⁄'),
    ("yen", '¥'),
    ("florin", 'ƒ'),
    ("section", '§'),
    ("currency", '¤'),
    ("quotedblleft", '“'),
    ("guillemotleft", '«'),
    ("guilsinglleft", '‹'),
    ("guilsinglright", '›'),
    ("endash", '–'),
    ("dagger", '†'),
    ("daggerdbl", '‡'),
    ("periodcentered", '·'),
    ("middot", '·'),
    ("paragraph", '¶'),
    ("bullet", '•'),
    ("quotesinglbase", '‚'),
    ("quotedblbase", '„'),
    ("quotedblright", '”'),
    ("guillemotright", '»'),
    ("ellipsis", '…'),
    ("perthousand", '‰'),
    ("questiondown", '¿'),
    ("acute", '´'),
    ("circumflex", 'ˆ'),
    ("tilde", '˜'),
    ("macron", '¯'),
    ("breve", '˘'),
    ("dotaccent", '˙'),
    ("dieresis", '¨'),
    ("ring", '˚'),
    ("cedilla", '¸'),
    ("hungarumlaut", '˝'),
    ("ogonek", '˛'),
    ("caron", 'ˇ'),
    ("emdash", '—'),
    ("AE", 'Æ'),
    ("ae", 'æ'),
    ("ordfeminine", 'ª'),
    ("ordmasculine", 'º'),
    ("Lslash", 'Ł'),
    ("lslash", 'ł'),
    ("Oslash", 'Ø'),
    ("oslash", 'ø'),
    ("OE", 'Œ'),
    ("oe", 'œ'),
    ("germandbls", 'ß'),
    ("dotlessi", 'ı'),
    ("dotlessj", 'ȷ'),
    ("Eth", 'Ð'),
    ("eth", 'ð'),
    ("Thorn", 'Þ'),
    ("thorn", 'þ'),
    ("Dcroat", 'Đ'),
    ("dcroat", 'đ'),
    ("Dslash", 'Đ'),
    ("dmacron", 'đ'),
    ("Hbar", 'Ħ'),
    ("hbar", 'ħ'),
    ("Tbar", 'Ŧ'),
    ("tbar", 'ŧ'),
    ("Eng", 'Ŋ'),
    ("eng", 'ŋ'),
    ("kgreenlandic", 'ĸ'),
    ("Euro", '€'),
    ("euro", '€'),
    ("copyright", '©'),
    ("registered", '®'),
    ("trademark", '™'),
    ("degree", '°'),
    ("plusminus", '±'),
    ("mu", 'µ'),
    ("multiply", '×'),
    ("divide", '÷'),
    ("onequarter", '¼'),
    ("onehalf", '½'),
    ("threequarters", '¾'),
    ("onesuperior", '¹'),
    ("twosuperior", '²'),
    ("threesuperior", '³'),
    ("logicalnot", '¬'),
    ("brokenbar", '¦'),
    ("sfthyphen", '\u{ad}'),
    ("softhyphen", '\u{ad}'),
    ("fi", 'ﬁ'),
    ("fl", 'ﬂ'),
    ("ff", 'ﬀ'),
    ("ffi", 'ﬃ'),
    ("ffl", 'ﬄ'),
    ("f_i", 'ﬁ'),
    ("f_l", 'ﬂ'),
    ("f_f", 'ﬀ'),
    ("f_f_i", 'ﬃ'),
    ("f_f_l", 'ﬄ'),
    ("Idotaccent", 'İ'),
    ("afii61352", '№'),
    ("numero", '№'),
    ("estimated", '℮'),
    ("lozenge", '◊'),
    ("notequal", '≠'),
    ("lessequal", '≤'),
    ("greaterequal", '≥'),
    ("approxequal", '≈'),
    ("infinity", '∞'),
    ("Alpha", 'Α'),
    ("Beta", 'Β'),
    ("Gamma", 'Γ'),
    ("Delta", 'Δ'),
    ("Epsilon", 'Ε'),
    ("Zeta", 'Ζ'),
    ("Eta", 'Η'),
    ("Theta", 'Θ'),
    ("Iota", 'Ι'),
    ("Kappa", 'Κ'),
    ("Lambda", 'Λ'),
    ("Mu", 'Μ'),
    ("Nu", 'Ν'),
    ("Xi", 'Ξ'),
    ("Omicron", 'Ο'),
    ("Pi", 'Π'),
    ("Rho", 'Ρ'),
    ("Sigma", 'Σ'),
    ("Tau", 'Τ'),
    ("Upsilon", 'Υ'),
    ("Phi", 'Φ'),
    ("Chi", 'Χ'),
    ("Psi", 'Ψ'),
    ("Omega", 'Ω'),
    ("alpha", 'α'),
    ("beta", 'β'),
    ("gamma", 'γ'),
    ("delta", 'δ'),
    ("epsilon", 'ε'),
    ("zeta", 'ζ'),
    ("eta", 'η'),
    ("theta", 'θ'),
    ("iota", 'ι'),
    ("kappa", 'κ'),
    ("lambda", 'λ'),
    ("mugreek", 'μ'),
    ("nu", 'ν'),
    ("xi", 'ξ'),
    ("omicron", 'ο'),
    ("pi", 'π'),
    ("rho", 'ρ'),
    ("sigma1", 'ς'),
    ("sigma", 'σ'),
    ("tau", 'τ'),
    ("upsilon", 'υ'),
    ("phi", 'φ'),
    ("chi", 'χ'),
    ("psi", 'ψ'),
    ("omega", 'ω'),
    ("sigmafinal", 'ς'),
    ("anoteleia", '·'),
    ("iotadieresistonos", 'ΐ'),
    ("upsilondieresistonos", 'ΰ'),
];

/// What is put to the name of a letter, and the combining sign it means.
const ACCENTS: &[(&str, char)] = &[
    ("acute", '\u{301}'),
    ("grave", '\u{300}'),
    ("circumflex", '\u{302}'),
    ("dieresis", '\u{308}'),
    ("tilde", '\u{303}'),
    ("caron", '\u{30c}'),
    ("breve", '\u{306}'),
    ("ring", '\u{30a}'),
    ("cedilla", '\u{327}'),
    ("ogonek", '\u{328}'),
    ("macron", '\u{304}'),
    ("dotaccent", '\u{307}'),
    ("hungarumlaut", '\u{30b}'),
    ("commaaccent", '\u{326}'),
    ("tonos", '\u{301}'),
    ("dot", '\u{307}'),
];

/// The upper half of Adobe's table from 0xA1 on; a space where there is nothing.
const STANDARD: &str =
    "¡¢£⁄¥ƒ§¤'“«‹›ﬁﬂ –†‡· ¶•‚„”»…‰ ¿ `´ˆ˜¯˘˙¨ ˚¸ ˝˛ˇ—                Æ ª    ŁØŒº     æ   ı  łøœß";

/// Letters of the font Symbol from 0x41 on.
const SYMBOL: &str = "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ";

/// The character of a byte.
pub fn character(base: Base, byte: u8) -> Option<char> {
    match base {
        Base::WinAnsi => Some(windows(WINDOWS_1252, byte)).map(|c| if c.is_control() { '•' } else { c }),
        Base::MacRoman => Some(windows(MACINTOSH, byte)),
        Base::Symbol if byte >= 0x41 => {
            if byte == 0xb7 {
                Some('•')
            } else {
                SYMBOL.chars().nth(usize::from(byte) - 0x41)
            }
        }
        Base::Standard if byte >= 0xa1 => {
            STANDARD.chars().nth(usize::from(byte) - 0xa1).filter(|c| *c != ' ')
        }
        Base::Standard if byte == b'\'' => Some('’'),
        Base::Standard if byte == b'`' => Some('‘'),
        Base::Standard | Base::Symbol => (0x20..0x7f).contains(&byte).then(|| char::from(byte)),
    }
}

fn windows(encoding: &'static Encoding, byte: u8) -> char {
    encoding.decode_without_bom_handling(&[byte]).0.chars().next().unwrap_or(' ')
}

/// The character that the name of a glyph stands for.
pub fn named(name: &str) -> Option<char> {
    let name = name.split_once('.').map_or(name, |(stem, _)| stem);
    let mut letters = name.chars();
    if let (Some(only), None) = (letters.next(), letters.next()) {
        return only.is_ascii_alphabetic().then_some(only);
    }
    if let Some((_, c)) = NAMES.iter().find(|(n, _)| *n == name) {
        return Some(*c);
    }
    let hex = |digits: &str| u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
    if let Some(digits) = name.strip_prefix("uni").filter(|d| d.len() >= 4) {
        return digits.get(..4).and_then(hex);
    }
    if let Some(digits) = name.strip_prefix('u').filter(|d| (4..=6).contains(&d.len())) {
        return hex(digits);
    }
    if let Some(number) = name.strip_prefix("afii").and_then(|n| n.parse().ok()) {
        return cyrillic(number);
    }
    let (accent, sign) = ACCENTS.iter().find(|(accent, _)| name.ends_with(accent))?;
    let base = named_letter(name.strip_suffix(accent)?)?;
    let mut composed = [base, *sign].into_iter().nfc();
    let one = composed.next()?;
    composed.next().is_none().then_some(one)
}

fn named_letter(name: &str) -> Option<char> {
    let mut letters = name.chars();
    match (letters.next(), letters.next()) {
        (Some(only), None) => only.is_ascii_alphabetic().then_some(only),
        _ => NAMES.iter().find(|(n, c)| *n == name && c.is_alphabetic()).map(|(_, c)| *c),
    }
}

/// Cyrillic by the numbers of the Association for Font Information Interchange.
fn cyrillic(number: u32) -> Option<char> {
    let code = match number {
        10017..=10022 => 0x410 + number - 10017,
        10023 => 0x401,
        10024..=10049 => 0x416 + number - 10024,
        10050 => 0x490,
        10051..=10061 => 0x402 + number - 10051,
        10062 => 0x40e,
        10065..=10070 => 0x430 + number - 10065,
        10071 => 0x451,
        10072..=10097 => 0x436 + number - 10072,
        10098 => 0x491,
        10099..=10109 => 0x452 + number - 10099,
        10110 => 0x45e,
        10145 => 0x40f,
        10193 => 0x45f,
        _ => return None,
    };
    char::from_u32(code)
}

/// A string of the file's own words, a title or a comment: UTF-16, UTF-8 or the document's table (§7.9.2).
pub fn prose(bytes: &[u8]) -> String {
    let text = match bytes {
        [0xfe, 0xff, rest @ ..] => encoding_rs::UTF_16BE.decode_without_bom_handling(rest).0,
        [0xff, 0xfe, rest @ ..] => encoding_rs::UTF_16LE.decode_without_bom_handling(rest).0,
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest),
        _ => WINDOWS_1252.decode_without_bom_handling(bytes).0,
    };
    text.replace('\r', "\n").chars().filter(|c| !c.is_control() || *c == '\n').collect()
}

/// Widths of Helvetica from the space on, thousandths of the size; what has none of its own is 556 wide.
const HELVETICA: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278,
    500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469,
    556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
    278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/// Widths of Times from the space on.
const TIMES: [u16; 95] = [
    250, 333, 408, 500, 500, 833, 778, 180, 333, 333, 500, 564, 250, 333, 250, 278, 500, 500, 500, 500, 500,
    500, 500, 500, 500, 500, 278, 278, 564, 564, 564, 444, 921, 722, 667, 667, 722, 611, 556, 722, 722, 333,
    389, 722, 611, 889, 722, 722, 556, 722, 667, 556, 611, 722, 722, 944, 722, 722, 611, 333, 278, 333, 469,
    500, 333, 444, 500, 444, 500, 444, 333, 500, 500, 278, 278, 500, 278, 778, 500, 500, 500, 500, 333, 389,
    278, 500, 500, 722, 500, 500, 444, 480, 200, 480, 541,
];

/// How wide a character of one of the fonts is that every reader has and no file needs to measure (§9.6.2.2).
pub fn standard_width(font: &str, c: char) -> f64 {
    if font.contains("Courier") {
        return 600.0;
    }
    let plain = c.nfd().next().unwrap_or(c);
    let table = if font.contains("Times") { &TIMES } else { &HELVETICA };
    let at = u32::from(plain).checked_sub(32).and_then(|n| usize::try_from(n).ok());
    let width = at.and_then(|at| table.get(at)).copied().unwrap_or(556);
    f64::from(width) * if font.contains("Bold") { 1.05 } else { 1.0 }
}
