//! The names of laws, and where one stands beside a provision: `§ 3 IFG`, `julkisuuslain 24 §`, `s. 31 of the Act`.

use crate::domain::law::citation::lexing::{Kind, Token, tokens};
use crate::domain::law::citation::words;
use crate::domain::law::regime::Regime;
use compact_str::CompactString;
use std::collections::HashMap;

/// Whose a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Whose {
    /// An access law, by its place in the index.
    Law(usize),
    /// Another law that is known.
    Neighbour(usize),
}

/// The law that a provision is cited of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named {
    /// One of these: some share their name.
    Known(Vec<Whose>),
    /// A law that is not known, by its name.
    Unknown(String),
}

/// A law beside a provision: which, as written, and the token after its name where that follows.
#[derive(Debug, Clone)]
pub(crate) struct Beside {
    pub named: Named,
    pub words: String,
    pub end: Option<usize>,
}

#[derive(Debug, Clone)]
struct Name {
    words: Vec<CompactString>,
    whose: Vec<Whose>,
}

/// The names by the first letters of their first word.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    by_start: HashMap<[char; 2], Vec<Name>>,
}

/// How many tokens may stand between a provision and the name of its law.
const NEAR: usize = 8;
/// The longest name in tokens, looking back.
const LONGEST: usize = 24;

impl Names {
    /// Adds a name; one that is too short to tell a law is not taken.
    pub fn add(&mut self, name: &str, whose: Whose) {
        let words: Vec<CompactString> =
            tokens(name).into_iter().filter(|t| !matches!(t.kind, Kind::Sign(_))).map(|t| t.text).collect();
        let letters: usize = words.iter().map(|word| word.chars().count()).sum();
        let Some(first) = words.first().filter(|_| letters > 1) else { return };
        let names = self.by_start.entry(start_of(first)).or_default();
        if let Some(known) = names.iter_mut().find(|known| known.words == words) {
            if !known.whose.contains(&whose) {
                known.whose.push(whose);
            }
            return;
        }
        names.push(Name { words, whose: vec![whose] });
        names.sort_by_key(|name| std::cmp::Reverse(name.words.len()));
    }

    /// The law whose name stands behind the token before `end`, or right before `start`.
    pub fn beside(&self, text: &str, tokens: &[Token], (start, end): (usize, usize)) -> Option<Beside> {
        self.behind(text, tokens, end).or_else(|| self.before(text, tokens, start))
    }

    fn behind(&self, text: &str, tokens: &[Token], end: usize) -> Option<Beside> {
        let mut stopped = false;
        for i in end..end + NEAR {
            let token = tokens.get(i)?;
            if let Some((whose, after)) = self.at(tokens, i) {
                let words = slice(text, tokens, (i, after));
                return Some(Beside { named: Named::Known(whose), words, end: Some(after) });
            }
            if let Some((name, after)) = unknown(text, tokens, i) {
                return Some(Beside { named: Named::Unknown(name.clone()), words: name, end: Some(after) });
            }
            let quiet = token.is_any(&[',', '(', '"', '„', '“', '”', '«', '\'', '-', '/']);
            let stop = token.is('.') && !stopped;
            stopped |= stop;
            if !(quiet || stop || (token.is_word() && words::leads_to_law(&token.text))) {
                return None;
            }
        }
        None
    }

    fn before(&self, text: &str, tokens: &[Token], start: usize) -> Option<Beside> {
        let mut last = start;
        // Endings hang on names: `JulkL:n`, `AvTS-i`; a comma or an opening bracket may follow.
        while last > 0
            && last + 3 > start
            && tokens.get(last - 1).is_some_and(|t| t.is_any(&[',', '(', '.', '"', '”', '“']))
        {
            last -= 1;
        }
        let ending = last >= 3
            && tokens.get(last - 1).is_some_and(|t| t.glued && t.is_word())
            && tokens.get(last - 2).is_some_and(|t| t.glued && t.is_any(&[':', '-']));
        let ends = [Some(last), ending.then(|| last - 2)];
        for end in ends.into_iter().flatten() {
            for from in end.saturating_sub(LONGEST)..end {
                let Some((whose, after)) = self.at(tokens, from) else { continue };
                if after == end {
                    let words = slice(text, tokens, (from, end));
                    return Some(Beside { named: Named::Known(whose), words, end: None });
                }
            }
        }
        None
    }

    /// The longest name that starts at a token.
    pub fn at(&self, tokens: &[Token], i: usize) -> Option<(Vec<Whose>, usize)> {
        let token = tokens.get(i).filter(|token| !matches!(token.kind, Kind::Sign(_)))?;
        let mut found: Option<(usize, bool, Vec<Whose>, usize)> = None;
        for name in self.by_start.get(&start_of(&token.text))? {
            if found.as_ref().is_some_and(|(length, ..)| name.words.len() < *length) {
                break;
            }
            let Some(after) = name.matches(tokens, i) else { continue };
            // Of names as long, the one that is written exactly so.
            let exact = tokens.get(after - 1).is_some_and(|t| name.words.last() == Some(&t.text));
            if found.as_ref().is_none_or(|(_, other, ..)| exact && !other) {
                found = Some((name.words.len(), exact, name.whose.clone(), after));
            }
        }
        found.map(|(_, _, whose, after)| (whose, after))
    }
}

impl Name {
    /// The token after the name, if it stands at `i`; signs between its words do not matter, a full stop with a
    /// blank behind it may end a sentence.
    fn matches(&self, tokens: &[Token], i: usize) -> Option<usize> {
        let mut at = i;
        for (n, word) in self.words.iter().enumerate() {
            let mut signs = 0;
            while n > 0
                && signs < 3
                && tokens.get(at).is_some_and(|t| matches!(t.kind, Kind::Sign(_)) && !t.is('§'))
            {
                (at, signs) = (at + 1, signs + 1);
            }
            if !same(word, tokens.get(at)?) {
                return None;
            }
            at += 1;
        }
        Some(at)
    }
}

fn start_of(word: &str) -> [char; 2] {
    let mut letters = word.chars();
    std::array::from_fn(|_| letters.next().unwrap_or_default())
}

/// Whether a token is a word of a name, in whatever case its language bends it.
fn same(word: &str, token: &Token) -> bool {
    if word == token.text {
        return true;
    }
    // Words that differ in their first three letters are two, however they are bent.
    let start = word.char_indices().nth(3).and_then(|(at, _)| word.get(..at)).unwrap_or(word);
    if !token.is_word() || !token.text.starts_with(start) {
        return false;
    }
    let length = word.chars().count();
    if length < 5 {
        return false;
    }
    let common = word.chars().zip(token.text.chars()).take_while(|(a, b)| a == b).count();
    common + 2 >= length.max(5) && token.text.chars().count() <= length + 4
}

fn slice(text: &str, tokens: &[Token], (from, to): (usize, usize)) -> String {
    let start = tokens.get(from).map_or(0, |token| token.start);
    let end = tokens.get(to.saturating_sub(1)).map_or(start, |token| token.end);
    text.get(start..end).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A law that is not known but looks like one: `BVerfSchG`, `196/2003`, `Police Act 1996`, `Polizeigesetzes`.
fn unknown(text: &str, tokens: &[Token], i: usize) -> Option<(String, usize)> {
    let token = tokens.get(i)?;
    if token.is_number() {
        let year = tokens.get(i + 2).filter(|t| t.is_number() && t.glued && t.text.len() == 4)?;
        let plausible = year.text.starts_with("19") || year.text.starts_with("20");
        let other_way = token.text.len() == 4 && tokens.get(i + 1)?.is(':');
        return (tokens.get(i + 1)?.is('/') && plausible || other_way)
            .then(|| (slice(text, tokens, (i, i + 3)), i + 3));
    }
    if token.is_number() || !token.is_word() || !token.capital {
        return token.is_word().then(|| lower(text, tokens, i)).flatten();
    }
    let length = token.text.chars().count();
    let short = (2..=14).contains(&length) && token.capitals > 1;
    let ends = ["g", "o", "gb", "vo", "v"].iter().any(|end| token.text.ends_with(end));
    if short && ends && (token.capitals < length || length <= 5) {
        return Some((slice(text, tokens, (i, i + 1)), i + 1));
    }
    // `Investigatory Powers Act 2016`
    for end in i + 1..i + 9 {
        let Some(next) = tokens.get(end) else { break };
        if next.text == "act" && next.capital {
            let year = tokens.get(end + 1).is_some_and(|t| t.is_number() && t.text.len() == 4);
            return Some((
                slice(text, tokens, (i, end + 1 + usize::from(year))),
                end + 1 + usize::from(year),
            ));
        }
        let within = next.is_word() && (next.capital || matches!(next.text.as_str(), "of" | "and" | "the"));
        if !(within || next.is_any(&['(', ')'])) {
            break;
        }
    }
    lower(text, tokens, i)
}

/// A name of one word that says that it is a law: `Polizeigesetzes`, `säkerhetsskyddslagen`, `politiloven`.
fn lower(text: &str, tokens: &[Token], i: usize) -> Option<(String, usize)> {
    const ENDS: &[&str] = &[
        "gesetz",
        "gesetzes",
        "gesetzbuch",
        "gesetzbuchs",
        "gesetzbuches",
        "ordnung",
        "lagen",
        "balken",
        "forordningen",
        "loven",
        "lova",
        "laki",
        "lain",
        "wet",
        "wetboek",
        "seadus",
        "seaduse",
    ];
    let token = tokens.get(i)?;
    let end = ENDS.iter().find(|end| token.text.ends_with(**end))?;
    (token.text.chars().count() > end.chars().count() + 3).then(|| (slice(text, tokens, (i, i + 1)), i + 1))
}

/// The names that the data of an access law itself gives.
pub(crate) fn names_of(law: &Regime) -> Vec<String> {
    let mut names: Vec<String> = law.abbreviations.clone();
    for text in [&law.citation, &law.law_local, &law.law_en] {
        names.extend(numbers(text));
        names.extend(
            text.split([';', '/', '(', ')', '–', ',', '„', '“']).filter_map(tells).map(str::to_owned),
        );
    }
    names
}

/// Whether a piece of a title is a name by itself.
fn tells(piece: &str) -> Option<&str> {
    let piece = piece.trim();
    let words = tokens(piece);
    let first = words.first()?;
    let opens = first.is_number() || words::opens(&first.text) || words.iter().any(|t| t.is('§'));
    let titled = matches!(
        first.text.as_str(),
        "livre" | "titel" | "teil" | "part" | "article" | "nn" | "sr" | "rt" | "lbk" | "bgbl" | "сл"
    );
    let short = words.len() == 1 && first.capitals > 1;
    let long = words.len() > 2 && first.capital;
    let single = words.len() == 1 && first.capital && first.text.chars().count() > 11;
    (!opens && !titled && (short || long || single)).then_some(piece)
}

/// `33/2013`, `2009:400`, `1049/2001`.
fn numbers(text: &str) -> Vec<String> {
    let tokens = tokens(text);
    let year = |t: &Token| {
        t.is_number() && t.text.len() == 4 && (t.text.starts_with("19") || t.text.starts_with("20"))
    };
    let number = |i: usize| {
        let (a, sign, b) = (tokens.get(i)?, tokens.get(i + 1)?, tokens.get(i + 2)?);
        let told = sign.is('/') && a.is_number() && year(b) || sign.is(':') && year(a) && b.is_number();
        told.then(|| slice(text, &tokens, (i, i + 3)))
    };
    (0..tokens.len()).filter_map(number).collect()
}
