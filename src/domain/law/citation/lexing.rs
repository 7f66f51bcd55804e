//! A text as words, numbers and signs, each with its place: what a citation is read from.

use crate::domain::authority::fold;
use compact_str::CompactString;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Digits.
    Number,
    /// Letters.
    Word,
    /// Any other sign, each by itself.
    Sign(char),
}

/// A piece of the text.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    /// What it is.
    pub kind: Kind,
    /// Folded: lower case, no marks; digits in ASCII.
    pub text: CompactString,
    /// Whether it begins with a capital.
    pub capital: bool,
    /// How many capitals it has.
    pub capitals: usize,
    /// Whether it follows the token before it without a blank.
    pub glued: bool,
    /// Byte where it starts.
    pub start: usize,
    /// Byte after its end.
    pub end: usize,
}

/// Longer runs of letters or digits are noise; what follows is a token of its own.
const LONGEST: usize = 80;

impl Token {
    /// Whether it is this sign.
    pub fn is(&self, sign: char) -> bool {
        self.kind == Kind::Sign(sign)
    }

    /// Whether it is one of these signs.
    pub fn is_any(&self, signs: &[char]) -> bool {
        matches!(self.kind, Kind::Sign(sign) if signs.contains(&sign))
    }

    /// Whether it is a word.
    pub fn is_word(&self) -> bool {
        self.kind == Kind::Word
    }

    /// Whether it is a number.
    pub fn is_number(&self) -> bool {
        self.kind == Kind::Number
    }
}

/// The tokens of a text. Marks of direction and width are passed over; they are no part of what is cited.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    let mut glued = false;
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        let c = plain(c);
        if invisible(c) {
            continue;
        }
        if c.is_whitespace() {
            glued = false;
            continue;
        }
        let kind = kind_of(c);
        let mut end = start + text.get(start..).and_then(|t| t.chars().next()).map_or(1, char::len_utf8);
        let mut run = CompactString::const_new("");
        run.push(c);
        while let Some(&(at, next)) = chars.peek() {
            let next = plain(next);
            let same = kind_of(next) == kind && matches!(kind, Kind::Number | Kind::Word);
            if !(same || (invisible(next) && kind == Kind::Word)) || at - start > LONGEST {
                break;
            }
            chars.next();
            if same {
                run.push(next);
                end = at + text.get(at..).and_then(|t| t.chars().next()).map_or(1, char::len_utf8);
            }
        }
        let (capital, capitals) = (c.is_uppercase(), run.chars().filter(|c| c.is_uppercase()).count());
        let text = match kind {
            Kind::Word if run.is_ascii() => {
                run.make_ascii_lowercase();
                run
            }
            Kind::Word => fold(&run).into(),
            Kind::Number | Kind::Sign(_) => run,
        };
        out.push(Token { kind, text, capital, capitals, glued, start, end });
        glued = true;
    }
    out
}

fn kind_of(c: char) -> Kind {
    match c {
        '0'..='9' => Kind::Number,
        // Letters to Unicode, signs to a lawyer.
        'º' | 'ª' => Kind::Sign('°'),
        '–' | '—' | '−' => Kind::Sign('–'),
        // Accents may stand apart from their letters.
        '\u{300}'..='\u{36f}' => Kind::Word,
        c if c.is_alphabetic() => Kind::Word,
        '’' | 'ʼ' | '‘' => Kind::Sign('\''),
        c => Kind::Sign(c),
    }
}

/// Full-width forms as the plain ones.
fn plain(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{2010}' | '\u{2011}' => '-',
        c => c,
    }
}

const fn invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
