//! Names of bodies compared word by word, folded: capitals, accents and punctuation do not count.

use crate::domain::authority::{AuthorityKind, fold};
use crate::domain::law::choice::KnownPart;

/// Whole words in a row; one that ends with `*` begins the word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Vec<Word>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    Whole(String),
    Start(String),
}

impl Word {
    fn is(&self, word: &str) -> bool {
        match self {
            Self::Whole(whole) => whole == word,
            Self::Start(start) => word.starts_with(start.as_str()),
        }
    }
}

/// Not a pattern for names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected whole words, each of which may end with `*`, found `{0}`")]
pub struct NotAPattern(pub String);

impl Pattern {
    /// How many words it has: more words say more.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Never: a pattern has a word.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a name holds it.
    pub fn is_in(&self, name: &[String]) -> bool {
        name.windows(self.0.len()).any(|row| self.0.iter().zip(row).all(|(word, found)| word.is(found)))
    }
}

impl std::str::FromStr for Pattern {
    type Err = NotAPattern;

    fn from_str(text: &str) -> Result<Self, NotAPattern> {
        let wrong = || NotAPattern(text.to_owned());
        let mut words = Vec::new();
        for piece in text.split_whitespace() {
            let (piece, start) = piece.strip_suffix('*').map_or((piece, false), |piece| (piece, true));
            match words_of(piece).as_slice() {
                [] => return Err(wrong()),
                [before @ .., last] => {
                    words.extend(before.iter().cloned().map(Word::Whole));
                    words.push(if start { Word::Start(last.clone()) } else { Word::Whole(last.clone()) });
                }
            }
        }
        if words.is_empty() || text.contains('*') && !words.iter().any(|word| matches!(word, Word::Start(_)))
        {
            return Err(wrong());
        }
        Ok(Self(words))
    }
}

/// The words of a name, folded.
pub(crate) fn words_of(name: &str) -> Vec<String> {
    let folded = fold(name);
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The part of the country that the names of a body tell: the hint of most words; none where two parts are told.
pub(crate) fn hinted<'a>(
    parts: impl Iterator<Item = &'a KnownPart>,
    kind: AuthorityKind,
    names: &[Vec<String>],
) -> Option<&'a KnownPart> {
    let mut best: Option<(usize, &KnownPart)> = None;
    let mut tied = false;
    for part in parts.filter(|part| !part.except.contains(&kind)) {
        let found = part.hints.iter().filter(|hint| names.iter().any(|name| hint.is_in(name)));
        let Some(words) = found.map(Pattern::len).max() else { continue };
        match best {
            Some((most, _)) if words < most => {}
            Some((most, _)) if words == most => tied = true,
            _ => (best, tied) = (Some((words, part)), false),
        }
    }
    best.filter(|_| !tied).map(|(_, part)| part)
}
