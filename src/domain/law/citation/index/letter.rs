//! What a letter cites when nobody has said yet under which law it was asked: where each provision stands, and of
//! which access law it is as far as the letter itself tells.

use crate::domain::law::citation::index::{Found, Index, Law, grounds};
use crate::domain::law::citation::lexing::{Token, tokens};
use crate::domain::law::citation::names::{Named, Whose};
use crate::domain::law::citation::{Part, Verdict};
use crate::domain::law::regime::RegimeId;

/// A provision in a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mentioned {
    /// Byte where it starts.
    pub start: usize,
    /// Byte after its last part.
    pub end: usize,
    /// Byte after the name of its law, where that follows.
    pub law_end: Option<usize>,
    /// The steps from the article downwards.
    pub parts: Vec<Part>,
    /// Access laws that the name beside it can mean; none where no name or that of another law stands there.
    pub laws: Vec<RegimeId>,
    /// Whether a law is named beside it.
    pub named: bool,
}

/// A text cut into what citations are read from, once for all who ask.
#[derive(Debug, Clone)]
pub struct Cut<'t> {
    text: &'t str,
    tokens: Vec<Token>,
}

impl<'t> Cut<'t> {
    /// Cuts a text.
    pub fn of(text: &'t str) -> Self {
        Cut { text, tokens: tokens(text) }
    }
}

impl Index {
    /// All provisions of a text, each where it stands.
    pub fn mentioned(&self, cut: &Cut<'_>) -> Vec<Mentioned> {
        let Cut { text, tokens } = cut;
        let found = self.found(text, tokens);
        let mentioned = found.into_iter().filter_map(|found| {
            let Found { parts, tokens: (from, to), beside } = found;
            let last = |to: usize| tokens.get(to.checked_sub(1)?).map(|token| token.end);
            let law_end = beside.as_ref().and_then(|beside| last(beside.end?));
            let laws = beside.as_ref().map(|beside| self.ids(&beside.named)).unwrap_or_default();
            let (start, end) = (tokens.get(from)?.start, last(to)?);
            Some(Mentioned { start, end, law_end, parts, laws, named: beside.is_some() })
        });
        mentioned.collect()
    }

    /// The access laws that a text names, each name with all laws it can mean.
    pub fn laws_named(&self, cut: &Cut<'_>) -> Vec<Vec<RegimeId>> {
        let tokens = &cut.tokens;
        let mut named = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            let Some((whose, after)) = self.names.at(tokens, at) else {
                at += 1;
                continue;
            };
            let laws = self.ids(&Named::Known(whose));
            if !laws.is_empty() {
                named.push(laws);
            }
            at = after.max(at + 1);
        }
        named
    }

    /// The access laws of a country.
    pub fn laws_of(&self, country: &str) -> Vec<RegimeId> {
        self.laws.iter().filter(|law| law.country == country).map(|law| law.id.clone()).collect()
    }

    /// What the provision protects in a law, if it is one ground of refusal there.
    pub fn protects(&self, parts: &[Part], law: &RegimeId) -> Option<&str> {
        let law: &Law = self.laws.get(*self.by_id.get(law)?)?;
        let own =
            law.grounds.iter().filter(|g| Self::is_own(g.named.as_ref(), self.by_id.get(&law.id).copied()));
        let kind = match grounds(parts, own)? {
            Verdict::Ground(reason) => reason.kind,
            _ => return None,
        };
        law.grounds.iter().map(|listed| listed.reason.kind.as_str()).find(|listed| *listed == kind)
    }

    fn ids(&self, named: &Named) -> Vec<RegimeId> {
        let Named::Known(whose) = named else { return Vec::new() };
        let law = |whose: &Whose| match whose {
            Whose::Law(at) => self.laws.get(*at).map(|law| law.id.clone()),
            Whose::Neighbour(_) => None,
        };
        whose.iter().filter_map(law).collect()
    }
}
