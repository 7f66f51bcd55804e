//! All access laws by their names and grounds of refusal: what a citation means to the law of a request.

mod letter;

pub use crate::domain::law::citation::index::letter::{Cut, Mentioned};

use crate::domain::law::citation::lexing::{Token, tokens};
use crate::domain::law::citation::matching::{Fit, fit};
use crate::domain::law::citation::names::{Beside, Named, Names, Whose, names_of};
use crate::domain::law::citation::parsing::{Grammar, Parsed};
use crate::domain::law::citation::statute::Statutes;
use crate::domain::law::citation::words::joins;
use crate::domain::law::citation::{Cited, Level, Part, Provision, Reason, Verdict};
use crate::domain::law::regime::{Regime, RegimeId};
use std::collections::{BTreeSet, HashMap};

/// Every access law with its grounds, read once.
#[derive(Debug, Clone, Default)]
pub struct Index {
    laws: Vec<Law>,
    by_id: HashMap<RegimeId, usize>,
    names: Names,
    neighbours: Vec<String>,
}

#[derive(Debug, Clone)]
struct Law {
    id: RegimeId,
    short: String,
    country: String,
    /// Whether it is the whole state's.
    states: bool,
    grounds: Vec<Listed>,
    /// Articles that its data cites, by number.
    articles: BTreeSet<String>,
    last: Option<u32>,
}

/// A ground with the place at which the law has it.
#[derive(Debug, Clone)]
struct Listed {
    named: Option<Named>,
    parts: Vec<Part>,
    reason: Reason,
}

/// A provision as found in a text.
struct Found {
    parts: Vec<Part>,
    tokens: (usize, usize),
    beside: Option<Beside>,
}

impl Index {
    /// Reads the citations of the laws' own data.
    pub fn of<'a>(regimes: impl IntoIterator<Item = &'a Regime>, statutes: &Statutes) -> Self {
        let regimes: Vec<&Regime> = regimes.into_iter().collect();
        let mut index = Self::default();
        for (at, law) in regimes.iter().enumerate() {
            index.by_id.insert(law.id.clone(), at);
            for name in names_of(law) {
                index.names.add(&name, Whose::Law(at));
            }
        }
        for (at, statute) in statutes.neighbours.iter().enumerate() {
            index.neighbours.push(statute.name.clone());
            for name in std::iter::once(&statute.name).chain([&statute.english]).chain(&statute.names) {
                index.names.add(name, Whose::Neighbour(at));
            }
        }
        for law in regimes {
            let last = statutes.extents.iter().find(|extent| extent.law == law.id).map(|extent| extent.last);
            let law = index.read(law, last);
            index.laws.push(law);
        }
        index
    }

    /// A law as it stands in the index.
    fn read(&self, law: &Regime, last: Option<u32>) -> Law {
        let grounds: Vec<Listed> = law.exemptions.iter().flat_map(|ground| self.listed(ground)).collect();
        let own = self.by_id.get(&law.id).copied();
        let mut articles: BTreeSet<String> = grounds
            .iter()
            .filter(|g| Self::is_own(g.named.as_ref(), own))
            .filter_map(|g| article(&g.parts))
            .collect();
        for text in sources(law) {
            let tokens = tokens(text);
            let found = self.found(text, &tokens);
            let own = found.iter().filter(|f| Self::is_own(f.beside.as_ref().map(|b| &b.named), own));
            articles.extend(own.filter_map(|f| article(&f.parts)));
        }
        let short = law.abbreviations.first().unwrap_or(&law.citation).clone();
        Law {
            id: law.id.clone(),
            short,
            country: law.country.clone(),
            states: law.level != crate::domain::law::regime::Level::Regional,
            grounds,
            articles,
            last,
        }
    }

    fn is_own(named: Option<&Named>, law: Option<usize>) -> bool {
        match (named, law) {
            (None, _) => true,
            (Some(Named::Known(whose)), Some(law)) => whose.contains(&Whose::Law(law)),
            _ => false,
        }
    }

    /// The places of a ground; its own law, where it says of which law the ground is.
    fn listed(&self, ground: &crate::domain::law::remedy::Exemption) -> Vec<Listed> {
        let (kind, label, cite) = (ground.kind.clone(), ground.label.clone(), ground.cite.clone());
        let reason = Reason { kind, label, cite };
        let tokens = tokens(&ground.cite);
        let mut found = self.found(&ground.cite, &tokens);
        // `§ 1 SIFG i. V. m. § 3 Nr. 2 IFG`: the ground is in the law that is joined.
        if ground.cite.contains("i. V. m.") {
            found = found.into_iter().next_back().into_iter().collect();
        }
        if found.is_empty() {
            let named = (0..tokens.len())
                .filter_map(|i| self.names.at(&tokens, i))
                .map(|(whose, _)| Named::Known(whose));
            return named
                .map(|named| Listed { named: Some(named), parts: Vec::new(), reason: reason.clone() })
                .collect();
        }
        let listed =
            |f: Found| Listed { named: f.beside.map(|b| b.named), parts: f.parts, reason: reason.clone() };
        found.into_iter().map(listed).collect()
    }

    /// Every provision of a text, each with the law that is named beside it or behind the list it stands in.
    fn found(&self, text: &str, tokens: &[Token]) -> Vec<Found> {
        let grammar = Grammar(tokens);
        let mut found: Vec<Found> = Vec::new();
        let mut i = 0;
        while i < tokens.len() {
            let Some(mut parsed) = grammar.provision(i) else {
                i += 1;
                continue;
            };
            let first = found.len();
            let mut start = i;
            for _ in 0..32 {
                i = parsed.end.max(i + 1);
                let plural = parsed.plural;
                found.extend(expand(parsed, (start, i)));
                let next = grammar.another(i).filter(|_| plural);
                let Some(next) = next else { break };
                (start, parsed) = (i + 1, next);
            }
            let beside = self.names.beside(text, tokens, (found.get(first).map_or(start, |f| f.tokens.0), i));
            let named_at = beside.as_ref().and_then(|beside| beside.end);
            let own = found.get_mut(first..).unwrap_or_default();
            for f in own {
                f.beside.clone_from(&beside);
            }
            i = named_at.unwrap_or(i).max(i);
        }
        inherit(&mut found, tokens);
        found
    }

    /// All that a text cites, as to a law.
    pub fn cited(&self, text: &str, law: &Regime) -> Vec<Cited> {
        let tokens = tokens(text);
        let found = self.found(text, &tokens);
        found.into_iter().map(|f| self.judged(text, &tokens, f, law)).collect()
    }

    fn judged(&self, text: &str, tokens: &[Token], found: Found, law: &Regime) -> Cited {
        let verdict = self.verdict(&found, law);
        let (from, to) = found.tokens;
        let start = tokens.get(from).map_or(0, |token| token.start);
        let to = found.beside.as_ref().and_then(|b| b.end).unwrap_or(to);
        let end = tokens.get(to.saturating_sub(1)).map_or(start, |token| token.end);
        let words = text.get(start..end).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        let statute = found.beside.map(|beside| beside.words);
        Cited { start, end, words, provision: Provision { statute, parts: found.parts }, verdict }
    }

    /// What one citation, as it was noted, is to a law; of several provisions in it the first that is foreign,
    /// else their common ground.
    pub fn ground(&self, cite: &str, law: &Regime) -> Verdict {
        let mut verdicts: Vec<Verdict> =
            self.cited(cite, law).into_iter().map(|cited| cited.verdict).collect();
        if verdicts.is_empty() {
            return self.by_name(cite, law);
        }
        let rank = |verdict: &Verdict| match verdict {
            Verdict::Ground(_) => 0,
            Verdict::OneOf { .. } => 1,
            Verdict::OtherLaw { .. } => 2,
            Verdict::NotInThatLaw => 3,
            Verdict::Known => 4,
            Verdict::Unclear => 5,
        };
        verdicts.sort_by_key(rank);
        verdicts.dedup();
        let grounds: Vec<Reason> = verdicts.iter().flat_map(Verdict::reasons).cloned().collect();
        if grounds.is_empty() { verdicts.swap_remove(0) } else { one_or_some(grounds) }
    }

    /// A law without a provision: a ground, where the data lists the whole law as one.
    fn by_name(&self, cite: &str, law: &Regime) -> Verdict {
        let tokens = tokens(cite);
        let named = (0..tokens.len()).find_map(|i| self.names.at(&tokens, i));
        let Some((whose, _)) = named else { return Verdict::Unclear };
        let beside = Beside { named: Named::Known(whose), words: cite.trim().to_owned(), end: None };
        let found = Found { parts: Vec::new(), tokens: (0, 0), beside: Some(beside) };
        match self.verdict(&found, law) {
            Verdict::Known | Verdict::NotInThatLaw | Verdict::OneOf { .. } => Verdict::Unclear,
            verdict => verdict,
        }
    }

    fn verdict(&self, found: &Found, law: &Regime) -> Verdict {
        let kept;
        let at = self.by_id.get(&law.id).copied();
        let known = if let Some(known) = at.and_then(|at| self.laws.get(at)) {
            known
        } else {
            kept = self.read(law, None);
            &kept
        };
        let named = found.beside.as_ref().map(|beside| &beside.named);
        let own = Self::is_own(named, at);
        let here = |listed: &&Listed| match (named, listed.named.as_ref()) {
            (None, _) => true,
            (_, None) => own,
            (Some(cited), Some(of)) => (own && Self::is_own(Some(of), at)) || alike(cited, of),
        };
        if let Some(verdict) = grounds(&found.parts, known.grounds.iter().filter(here)) {
            return verdict;
        }
        match found.beside.as_ref().filter(|_| !own) {
            Some(beside) => self.other(beside, known),
            None => known.place_of(&found.parts),
        }
    }

    /// Another law: by id where it is an access law that only one can mean, of the same country if some can.
    fn other(&self, beside: &Beside, to: &Law) -> Verdict {
        let whose = match &beside.named {
            Named::Known(whose) => whose.as_slice(),
            Named::Unknown(_) => &[],
        };
        let laws: Vec<&Law> = whose
            .iter()
            .filter_map(|w| if let Whose::Law(at) = w { self.laws.get(*at) } else { None })
            .collect();
        let at_home = laws.iter().filter(|law| law.country == to.country);
        let at_home: Vec<&Law> = at_home.filter(|law| law.states || laws.len() == 1).copied().collect();
        let regime = match (laws.as_slice(), at_home.as_slice()) {
            ([one], _) | (_, [one]) => Some(*one),
            _ => None,
        };
        let neighbour = whose
            .iter()
            .find_map(|w| if let Whose::Neighbour(at) = w { self.neighbours.get(*at) } else { None });
        let name = regime.map(|law| &law.short).or(neighbour).unwrap_or(&beside.words).clone();
        Verdict::OtherLaw { regime: regime.map(|law| law.id.clone()), name }
    }

    /// The short name of a law, as lawyers cite it.
    pub fn short<'a>(&'a self, law: &'a Regime) -> &'a str {
        self.by_id.get(&law.id).and_then(|at| self.laws.get(*at)).map_or(&law.citation, |law| &law.short)
    }
}

impl Law {
    /// A place without a ground: in the law, beyond its end, or nothing that can be said.
    fn place_of(&self, parts: &[Part]) -> Verdict {
        let Some(first) = parts.first().filter(|part| part.level == Some(Level::Article)) else {
            return Verdict::Unclear;
        };
        let digits = first.from.trim_end_matches(|c: char| !c.is_ascii_digit());
        let number: Option<u32> = digits.parse().ok();
        match (number, self.last) {
            (Some(number), Some(last)) if number > last || number == 0 => Verdict::NotInThatLaw,
            (Some(_), Some(_)) => Verdict::Known,
            _ if self.articles.contains(&first.from) => Verdict::Known,
            _ => Verdict::Unclear,
        }
    }
}

/// The grounds at a place: the most exact that cover it, else those within it.
fn grounds<'a>(cited: &[Part], listed: impl Iterator<Item = &'a Listed>) -> Option<Verdict> {
    let fits: Vec<(Fit, &Listed)> = listed.map(|ground| (fit(cited, &ground.parts), ground)).collect();
    let of = |wanted: Fit| -> Vec<Reason> {
        fits.iter().filter(|(fit, _)| *fit == wanted).map(|(_, ground)| ground.reason.clone()).collect()
    };
    let same = of(Fit::Same);
    if !same.is_empty() {
        return Some(one_or_some(same));
    }
    let depth = |fit: &Fit| if let Fit::Within(depth) = fit { Some(*depth) } else { None };
    if let Some(deepest) = fits.iter().filter_map(|(fit, _)| depth(fit)).max() {
        return Some(one_or_some(of(Fit::Within(deepest))));
    }
    let around = of(Fit::Around);
    (!around.is_empty()).then_some(Verdict::OneOf { grounds: around })
}

/// One ground, if all are of one kind.
fn one_or_some(mut grounds: Vec<Reason>) -> Verdict {
    let first = grounds.first().map(|ground| ground.kind.clone());
    let alike = grounds.iter().all(|ground| Some(&ground.kind) == first.as_ref());
    if let Some(ground) = grounds.first().filter(|_| alike) {
        return Verdict::Ground(ground.clone());
    }
    grounds.dedup();
    Verdict::OneOf { grounds }
}

/// Whether two names mean one law.
fn alike(a: &Named, b: &Named) -> bool {
    match (a, b) {
        (Named::Known(a), Named::Known(b)) => a.iter().any(|whose| b.contains(whose)),
        (Named::Unknown(a), Named::Unknown(b)) => a == b,
        _ => false,
    }
}

/// The provision and those beside it.
fn expand(parsed: Parsed, tokens: (usize, usize)) -> Vec<Found> {
    let stem = parsed.parts.get(..parsed.parts.len().saturating_sub(1)).unwrap_or_default().to_vec();
    let more: Vec<Vec<Part>> =
        parsed.beside.into_iter().map(|part| stem.iter().cloned().chain([part]).collect()).collect();
    std::iter::once(parsed.parts).chain(more).map(|parts| Found { parts, tokens, beside: None }).collect()
}

/// Words of `i. V. m.`, `de l’`, which stand between provisions of one list.
const BETWEEN: &[&str] = &["i", "v", "m", "jo", "de", "l", "les", "dell"];

/// `§ 3 Nr. 2 und § 4 IFG`: the law named behind a list is that of all in it.
fn inherit(found: &mut [Found], tokens: &[Token]) {
    for at in (1..found.len()).rev() {
        let (Some(this), Some(before)) = (found.get(at), found.get(at - 1)) else { continue };
        let between = tokens.get(before.tokens.1..this.tokens.0).unwrap_or_default();
        let joined = between.len() <= 6
            && between.iter().all(|t| {
                t.is_any(&[',', '/', ';', '.'])
                    || (t.is_word() && (joins(&t.text) || BETWEEN.contains(&t.text.as_str())))
                    || t.is('\'')
            });
        if joined && before.beside.is_none() {
            let beside = this.beside.clone().map(|b| Beside { end: None, ..b });
            if let Some(before) = found.get_mut(at - 1) {
                before.beside = beside;
            }
        }
    }
}

/// The article of a place, in laws that count them through.
fn article(parts: &[Part]) -> Option<String> {
    parts.first().filter(|part| part.level == Some(Level::Article)).map(|part| part.from.clone())
}

/// Where the data of a law cites it.
fn sources(law: &Regime) -> Vec<&str> {
    let mut all: Vec<&str> = [
        &law.response.src,
        &law.extension.src,
        &law.acknowledgement.src,
        &law.silence.src,
        &law.clarification.src,
        &law.transfer.src,
        &law.fees.src,
        &law.identity.src,
        &law.scope.src,
    ]
    .map(String::as_str)
    .to_vec();
    for remedy in &law.remedies {
        all.push(&remedy.src);
        all.extend(remedy.ways.iter().map(|way| way.src.as_str()));
    }
    for letter in law.letter.values() {
        all.push(&letter.basis);
        all.extend(letter.deadline.as_deref());
    }
    all
}
