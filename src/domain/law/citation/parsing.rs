//! The grammar of a citation: a head (`§ 3`, `Art. L. 311-5`, `24 kap. 1 §`, `6. člen`), then its parts, in any order
//! that our languages use.

use crate::domain::law::citation::lexing::Token;
use crate::domain::law::citation::values::{self, Value};
use crate::domain::law::citation::words::{self, Side};
use crate::domain::law::citation::{Level, Part};

/// A provision as read at one place.
#[derive(Debug, Clone)]
pub(crate) struct Parsed {
    /// Its parts, from chapter or article downwards.
    pub parts: Vec<Part>,
    /// Last parts that are cited beside the last of `parts`: the `g)` of `d) et g)`.
    pub beside: Vec<Part>,
    /// The token after it.
    pub end: usize,
    /// Whether more articles may follow without a head of their own.
    pub plural: bool,
}

/// More levels than any law has; what goes on is no citation.
const DEEPEST: usize = 9;

/// The tokens of a text, read at places.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grammar<'a>(pub &'a [Token]);

impl<'a> Grammar<'a> {
    pub(crate) fn at(self, i: usize) -> Option<&'a Token> {
        self.0.get(i)
    }

    pub(crate) fn is(self, i: usize, sign: char) -> bool {
        self.at(i).is_some_and(|token| token.is(sign))
    }

    pub(crate) fn word(self, i: usize) -> Option<&'a str> {
        self.at(i).filter(|token| token.is_word()).map(|token| token.text.as_str())
    }

    pub(crate) fn number(self, i: usize) -> Option<&'a str> {
        self.at(i).filter(|token| token.is_number()).map(|token| token.text.as_str())
    }

    pub(crate) fn glued(self, i: usize) -> bool {
        self.at(i).is_some_and(|token| token.glued)
    }

    fn skip(self, i: usize, sign: char) -> usize {
        if self.is(i, sign) { i + 1 } else { i }
    }

    /// A provision that starts here.
    pub fn provision(self, i: usize) -> Option<Parsed> {
        self.at(i).filter(|token| words::may_begin(token))?;
        self.reversed(i).or_else(|| self.straight(i))
    }

    /// `d) du 2° de l’article 5`, `1. točka prvega odstavka 6. člena`: the smallest part first.
    fn reversed(self, i: usize) -> Option<Parsed> {
        if self.at(i)?.is('(') {
            return None;
        }
        let (mut from, mut parts) = (i, Vec::new());
        while parts.len() < 4 {
            let Some((part, next)) = self.part(from, false) else { break };
            parts.push(part);
            from = self.skip(next, ',');
            let mut led = 0;
            while led < 3 && self.leads_to_article(from) {
                (from, led) = (from + 1, led + 1);
            }
        }
        if parts.is_empty() {
            return None;
        }
        let mut found = self.straight(from)?;
        found.parts.extend(parts.into_iter().rev());
        found.beside.clear();
        Some(found)
    }

    fn leads_to_article(self, i: usize) -> bool {
        self.is(i, '\'')
            || self.word(i).is_some_and(|word| {
                matches!(
                    word,
                    "du" | "de" | "l" | "of" | "dell" | "del" | "della" | "des" | "in" | "do" | "da" | "lid"
                )
            })
    }

    fn straight(self, i: usize) -> Option<Parsed> {
        let mut parts = Vec::new();
        let mut from = i;
        if let Some((chapter, next)) = self.chapter(i) {
            parts.push(chapter);
            from = self.skip(next, ',');
        }
        let (head, next) = self.head(from)?;
        let named = !self.is(from, '§') && !self.is(next.saturating_sub(1), '§');
        let plural =
            self.word(from).is_some_and(words::is_plural) || (self.is(from, '§') && self.is(from + 1, '§'));
        parts.extend(head);
        Some(self.below(Parsed { parts, beside: Vec::new(), end: next, plural }, named))
    }

    /// `2 kap.`, `Kap. 18`, `Chapter 2`.
    fn chapter(self, i: usize) -> Option<(Part, usize)> {
        if self.word(i).is_some_and(words::chapter) {
            let (value, next) = values::number(self, self.skip(i + 1, '.'))?;
            return Some((Part::of(Some(Level::Chapter), value), next));
        }
        let (value, next) = values::number(self, i)?;
        self.word(next).filter(|word| words::chapter(word))?;
        Some((Part::of(Some(Level::Chapter), value), self.skip(next + 1, '.')))
    }

    /// The article, section or §, with the numbers that dots hang on it.
    fn head(self, i: usize) -> Option<(Vec<Part>, usize)> {
        let token = self.at(i)?;
        if token.is('§') {
            let from = self.skip(i + 1, '§');
            return self.article(self.skip(from, '§'));
        }
        if token.is_word() {
            return self.head_by_word(i);
        }
        if token.glued
            && self.at(i.wrapping_sub(1)).is_some_and(|before| before.is_any(&['.', '/', '-', ':', ',']))
        {
            return None;
        }
        let (parts, next) = self.article(i)?;
        let next = self.skip(next, '.');
        let closed = self.word(next).is_some_and(words::closes);
        let next = (closed || self.is(next, '§')).then_some(next)?;
        // `Abs. 3 § 4`: the sign belongs to what follows, unless that is `§ 1 mom`.
        let from = next + 1;
        if !closed && self.number(from).is_some() && self.part(from, false).is_none() {
            return None;
        }
        Some((parts, self.suffix(from)))
    }

    fn head_by_word(self, i: usize) -> Option<(Vec<Part>, usize)> {
        let token = self.at(i)?;
        let hangs = token.glued
            && self
                .at(i.wrapping_sub(1))
                .is_some_and(|b| !b.is_any(&['(', '/', ';', ',', '“', '„', '"', '\'']));
        let possessive = token.text == "s" && token.glued;
        if hangs || possessive {
            return None;
        }
        if words::schedule(&token.text) {
            let (value, next) =
                values::number(self, self.skip(i + 1, '.')).or_else(|| values::roman(self, i + 1))?;
            return Some((vec![Part::of(Some(Level::Schedule), value)], next));
        }
        if let Some((value, next)) = values::code(self, i) {
            return Some((vec![Part::of(Some(Level::Article), value)], next));
        }
        if !words::opens(&token.text) {
            return None;
        }
        let mut from = self.skip(i + 1, '.');
        from = if self.word(from) == Some("nr") { self.skip(from + 1, '.') } else { from };
        if token.text.chars().count() > 1 {
            if let Some((value, next)) = values::code(self, from) {
                return Some((vec![Part::of(Some(Level::Article), value)], next));
            }
            from = self.skip(from, '§');
        }
        self.article(from)
    }

    /// A number, with what dots hang on it: `5.1`, `14.1.a)`, `II.34`.
    fn article(self, i: usize) -> Option<(Vec<Part>, usize)> {
        let (value, mut next) = values::number(self, i).or_else(|| values::roman(self, i))?;
        // `33/2013` and `2009:400` are laws.
        let year = |at: usize| self.number(at).is_some_and(|digits| digits.len() == 4);
        if self.is(next, '/') && year(next + 1) || self.is(next, ':') && value.from.len() == 4 {
            return None;
        }
        let mut parts = vec![Part::of(Some(Level::Article), value)];
        let point = |at: usize| self.is(at, '.') || (self.is(at, ':') && self.number(at + 1).is_some());
        while parts.len() < 4 && point(next) && self.glued(next) && self.glued(next + 1) {
            if let Some((value, after)) = values::number(self, next + 1) {
                parts.push(Part::of(None, value));
                next = after;
            } else if let Some((value, after)) = values::letter(self, next + 1).filter(|_| parts.len() > 1) {
                parts.push(Part::of(Some(Level::Letter), value));
                next = self.skip(after, ')');
            } else {
                break;
            }
        }
        Some((parts, next))
    }

    /// Endings that hang on a sign: `§:n`, `§-a`, `§-ában`.
    fn suffix(self, i: usize) -> usize {
        let hangs = self.at(i).is_some_and(|token| token.glued && token.is_any(&[':', '-']));
        if hangs && self.glued(i + 1) && self.word(i + 1).is_some() { i + 2 } else { i }
    }

    /// All parts below the head.
    fn below(self, mut found: Parsed, named: bool) -> Parsed {
        while found.parts.len() < DEEPEST {
            let Some((part, next)) = self.next_part(found.end, named) else { break };
            // `Nr. 2, Nr. 4`: not one within the other.
            if part.level.is_some()
                && found.parts.last().is_some_and(|last| last.level == part.level && !self.is(found.end, '–'))
            {
                break;
            }
            let next = self.suffix(next);
            if let Some(last) = found.parts.last_mut().filter(|_| self.is(found.end, '–')) {
                last.to = Some(part.from);
            } else {
                found.parts.push(part);
            }
            found.end = next;
        }
        for _ in 0..DEEPEST {
            let level = found.parts.last().and_then(|last| last.level);
            let Some((part, next)) = self.beside(found.end, level) else { break };
            found.beside.push(part);
            found.end = next;
        }
        found
    }

    fn next_part(self, end: usize, named: bool) -> Option<(Part, usize)> {
        if self.is(end, '–') {
            return self.part(end + 1, named).filter(|_| self.is(end + 1, '(') || self.is(end + 2, ')'));
        }
        let mut from = end;
        for _ in 0..2 {
            from = if self.at(from).is_some_and(|token| token.is_any(&['.', ','])) { from + 1 } else { from };
        }
        let filler = |at: usize| {
            self.word(at).is_some_and(|word| {
                matches!(word, "aanhef" | "en" | "ja" | "og" | "und" | "and" | "alternativ")
            })
        };
        let mut after = from;
        while after < from + 3 && (filler(after) || (after > from && self.is(after, ','))) {
            after += 1;
        }
        let direct = self.part(from, named);
        // `aanhef en onder c`: what joins must be followed by a level that is named.
        let led = || {
            self.part(after, named).filter(|(part, _)| {
                after > from
                    && self.word(after).is_some()
                    && part.level == Some(Level::Letter)
                    && self.word(from) == Some("aanhef")
            })
        };
        let (part, next) = direct.or_else(led)?;
        // A full stop ends the sentence, unless what follows is named or hangs on.
        let stopped = self.is(end, '.') && part.level.is_none() && !self.glued(from);
        (!stopped).then_some((part, next))
    }

    /// One part: `Abs. 1`, `lit. a)`, `(1)`, `2°`, `d)`, `1 mom.`, `tweede lid`, `§ 1` below an article.
    fn part(self, i: usize, named: bool) -> Option<(Part, usize)> {
        let token = self.at(i)?;
        if token.is('(') {
            let (value, next) = self.bracketed(i)?;
            return Some(self.closed_by_word(value, next));
        }
        if token.is('§') {
            let (value, next) = values::number(self, i + 1).filter(|_| named)?;
            return Some((Part::of(Some(Level::Paragraph), value), next));
        }
        self.by_word(i).or_else(|| self.by_value(i))
    }

    fn bracketed(self, i: usize) -> Option<(Value, usize)> {
        let (value, next) = values::number(self, i + 1).or_else(|| values::short(self, i + 1))?;
        let next = self.skip(next, '.');
        self.is(next, ')').then_some((value, next + 1))
    }

    /// `(2) bekezdés`, `c) pont`: only a word that always stands behind, or it may belong to what follows.
    fn closed_by_word(self, value: Value, next: usize) -> (Part, usize) {
        match self.word(next).and_then(words::level) {
            Some((level, Side::After)) => (Part::of(Some(level), value), self.skip(next + 1, '.')),
            _ if self.word(next).is_some_and(|word| word.starts_with("pont")) => {
                (Part::of(Some(Level::Letter), value), next + 1)
            }
            _ => (Part::of(None, value), next),
        }
    }

    fn by_word(self, i: usize) -> Option<(Part, usize)> {
        let word = self.word(i)?;
        let (level, side) = words::level(word).filter(|(_, side)| *side != Side::After)?;
        if self.is(i + 1, ')') || (side == Side::Either && values::counted(self, i)) {
            return None;
        }
        let mut from = self.skip(i + 1, '.');
        from = self.skip(from, '°');
        if let Some((value, next)) = values::number(self, from) {
            // `lit. 1`, `n. 33/2013`: a number with its year is a law.
            let year = self.at(next).is_some_and(|token| token.is_any(&['/', ':']));
            let next = if self.is(next, ')') && !self.is(next + 1, ')') && self.opens_none(i) {
                next + 1
            } else {
                next
            };
            let (value, next) = values::dotted(self, value, next);
            return (!year).then_some((Part::of(Some(level), value), next));
        }
        if self.is(from, '(') {
            let (value, next) = self.bracketed(from)?;
            return Some((Part::of(Some(level), value), next));
        }
        let lettered = matches!(level, Level::Letter) || word.chars().count() > 2;
        let blank = self.is(i + 1, '.') || !self.glued(from);
        let (value, next) = values::letter(self, from).filter(|_| lettered && blank)?;
        // A letter is a letter, whatever the word: `alínea a)`, `punkt a`.
        Some((Part::of(Some(Level::Letter), value), self.skip(next, ')')))
    }

    /// Whether no bracket was opened in the few tokens before.
    fn opens_none(self, i: usize) -> bool {
        !(i.saturating_sub(12)..i).any(|at| self.is(at, '('))
    }

    fn by_value(self, i: usize) -> Option<(Part, usize)> {
        if let Some((value, next)) = values::number(self, i).or_else(|| values::ordinal(self, i)) {
            let counted = self.word(i).is_some();
            let degree = self.is(next, '°') || self.at(next.wrapping_sub(1)).is_some_and(|t| t.is('°'));
            let from = self.skip(self.skip(next, '°'), '.');
            let from = self.suffix(from);
            if let Some((level, _)) =
                self.word(from).and_then(words::level).filter(|(_, side)| *side != Side::Before)
            {
                let end = if self.is(from + 1, '.') { from + 2 } else { from + 1 };
                return Some((Part::of(Some(level), value), end));
            }
            if counted {
                return None;
            }
            if degree {
                return Some((Part::of(Some(Level::Number), value), self.skip(next, '°')));
            }
            if self.is(next, ')') && self.opens_none(i) {
                return Some((Part::of(None, value), next + 1));
            }
            let after_bracket = self.is(i.wrapping_sub(1), ',') && self.is(i.wrapping_sub(2), ')');
            return (after_bracket && self.is(next, '.') && !self.glued(next + 1))
                .then(|| (Part::of(None, value), next + 1));
        }
        let (value, next) = values::letter(self, i)?;
        if self.is(next, ')') {
            return Some(match self.closed_by_word(value, next + 1) {
                (part, end) if part.level.is_some() => (part, end),
                (part, end) => (Part { level: Some(Level::Letter), ..part }, end),
            });
        }
        // `Nr. 1 c IFG`: a bare letter between a number and the name of a law.
        let before = self.number(i.wrapping_sub(1)).is_some();
        let after = self.at(next).is_none_or(|token| token.is_word() && token.capitals > 1);
        let bare = before && after && !words::joins(&value.from) && !self.glued(i);
        bare.then(|| (Part::of(Some(Level::Letter), value), next))
    }

    /// `et g)`, `and (b)`, `und Z 4`: another last part.
    fn beside(self, i: usize, level: Option<Level>) -> Option<(Part, usize)> {
        let joined = self.is(i, ',') || self.is(i, '/') || self.word(i).is_some_and(words::joins);
        let from = i + 1;
        if !joined {
            return None;
        }
        if self.is(from, '(') {
            return self.bracketed(from).map(|(value, next)| (Part::of(None, value), next));
        }
        if let Some(alike) = self.part(from, true).filter(|(p, _)| p.level.is_some() && p.level == level) {
            return Some(alike);
        }
        let (value, next) = values::letter(self, from)?;
        self.is(next, ')').then(|| (Part::of(Some(Level::Letter), value), next + 1))
    }

    /// An article without a head of its own, after `sections 31 and …`.
    pub fn another(self, i: usize) -> Option<Parsed> {
        let joined = self.is(i, ',') || self.word(i).is_some_and(words::joins);
        let (parts, end) = self.article(i + 1).filter(|_| joined)?;
        if self.at(end).is_some_and(|token| token.is_any(&['/', ':']) && token.glued) {
            return None;
        }
        Some(self.below(Parsed { parts, beside: Vec::new(), end, plural: true }, false))
    }
}
