//! Which access law binds an authority: chosen by whose body it is, never by where it stands, always with reasons.

mod matching;

pub use crate::domain::law::choice::matching::Pattern;

use crate::domain::authority::AuthorityKind;
use crate::domain::law::choice::matching::{hinted, words_of};
use crate::domain::law::fit::named_country;
use crate::domain::law::part::Part;
use crate::domain::law::regime::{Confidence, RegimeId};
use serde::Serialize;
use std::cmp::Reverse;

/// The body that a law is chosen for.
#[derive(Debug, Clone, Copy)]
pub struct Body<'a> {
    /// ISO 3166-1 alpha-2, or EU.
    pub country: &'a str,
    /// The part of the country whose body it is, or the country itself; none where nobody told.
    pub part: Option<&'a Part>,
    /// What kind of body.
    pub kind: AuthorityKind,
    /// All its names; the first is said in reasons.
    pub names: &'a [&'a str],
}

/// Why a law is the right one, or none is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// A plain sentence.
    pub words: String,
    /// The provision.
    pub src: String,
    /// How sure we are.
    pub confidence: Confidence,
}

/// One of several laws that may hold; none = no law that we know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// The law.
    pub law: Option<RegimeId>,
    /// Why it may be this one.
    pub reason: Reason,
}

/// Which law binds a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Choice {
    /// This one.
    One {
        /// The law.
        law: RegimeId,
        /// Why, the strongest reason first.
        reasons: Vec<Reason>,
        /// What must be known before one relies on it.
        caveats: Vec<String>,
    },
    /// One of several: a person must say.
    Ask {
        /// What is open.
        why: String,
        /// The laws that may hold.
        candidates: Vec<Candidate>,
        /// What must be known before one relies on any of them.
        caveats: Vec<String>,
    },
    /// None: the body is outside every access law.
    Excluded {
        /// The entry among the laws that says so, where there is one.
        law: Option<RegimeId>,
        /// Why.
        reason: Reason,
        /// What there is instead.
        instead: Option<String>,
    },
    /// Nobody can tell from what is known.
    Unknown {
        /// Why not, and what would help.
        why: String,
        /// Whether the part of the country would decide.
        needs_part: bool,
    },
}

impl Choice {
    /// The law that is chosen, if it is one.
    pub fn law(&self) -> Option<&RegimeId> {
        match self {
            Self::One { law, .. } => Some(law),
            Self::Excluded { law, .. } => law.as_ref(),
            Self::Ask { .. } | Self::Unknown { .. } => None,
        }
    }

    /// Why it is this law, where the rules choose it or leave it to a person to choose it.
    pub fn reason_for(&self, wanted: Option<&RegimeId>) -> Option<&Reason> {
        match self {
            Self::One { law, reasons, .. } => reasons.first().filter(|_| wanted == Some(law)),
            Self::Ask { candidates, .. } => {
                candidates.iter().find(|one| one.law.as_ref() == wanted).map(|one| &one.reason)
            }
            Self::Excluded { law, reason, .. } => {
                (wanted == law.as_ref() || wanted.is_none()).then_some(reason)
            }
            Self::Unknown { .. } => None,
        }
    }

    /// What must be known before one relies on it.
    pub fn caveats(&self) -> &[String] {
        match self {
            Self::One { caveats, .. } | Self::Ask { caveats, .. } => caveats,
            Self::Excluded { .. } | Self::Unknown { .. } => &[],
        }
    }
}

/// What a rule says; its words may hold `{name}` and `{part}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// This law binds.
    Law(RegimeId),
    /// One of these; the rule's reason says why it is open.
    Ask(Vec<Candidate>),
    /// No right.
    Excluded {
        /// The entry among the laws that says so.
        law: Option<RegimeId>,
        /// What there is instead.
        instead: Option<String>,
    },
    /// The law that binds is not in the data.
    Unknown,
}

/// Which bodies a rule or a caveat is about; an empty list = all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// ISO 3166-1 alpha-2, EU, or none for every country; the Union is none.
    pub country: Option<String>,
    /// Parts of the country.
    pub parts: Vec<Part>,
    /// Kinds of body.
    pub kinds: Vec<AuthorityKind>,
    /// What one of the names must hold.
    pub names: Vec<Pattern>,
}

/// A rule of the data file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Which bodies it is about.
    pub scope: Scope,
    /// Holds only where nobody told the part, and the part is not asked for.
    pub without_part: bool,
    /// What it says.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// What must be known before one relies on it.
    pub caveat: Option<String>,
}

/// Something to be known of some bodies, whatever rule decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caveat {
    /// Which bodies it is about.
    pub scope: Scope,
    /// A plain sentence with its source.
    pub words: String,
}

/// A part of a country that a rule may turn on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPart {
    /// Its code.
    pub code: Part,
    /// Its name in English.
    pub name: String,
    /// Words in a body's name that tell it.
    pub hints: Vec<Pattern>,
    /// Kinds of body whose names mislead.
    pub except: Vec<AuthorityKind>,
}

/// All rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The rules, in no order: the most specific one that fits decides.
    pub rules: Vec<Rule>,
    /// Caveats.
    pub caveats: Vec<Caveat>,
    /// The parts of countries whose choice matters, in the order of the file.
    pub parts: Vec<KnownPart>,
    /// Why it is open whether a private body answers at all.
    pub private: Reason,
}

impl Rules {
    /// The parts of a country that matter for the choice, the whole state first where it is one of them.
    pub fn parts_of<'a>(&'a self, country: &'a str) -> impl Iterator<Item = &'a KnownPart> {
        self.parts.iter().filter(move |part| part.code.country() == country)
    }

    /// Which law binds a body.
    pub fn choose(&self, body: &Body<'_>) -> Choice {
        let union = body.kind == AuthorityKind::EuAgency;
        let body = &Body { country: if union { "EU" } else { body.country }, ..*body };
        let names: Vec<Vec<String>> = body.names.iter().map(|name| words_of(name)).collect();
        let hinted =
            body.part.is_none().then(|| hinted(self.parts_of(body.country), body.kind, &names)).flatten();
        let asked = Asked { body, names: &names, part: body.part.or(hinted.map(|part| &part.code)) };
        if body.kind == AuthorityKind::Private {
            return self.private(&asked);
        }
        let mut choice = self.decide(&asked);
        let unhinted = hinted.map(|part| (part, self.decide(&Asked { part: None, ..asked })));
        if let (Some((part, without)), Choice::One { reasons, law, .. }) = (unhinted, &mut choice)
            && without.law() != Some(law)
        {
            reasons.push(Reason {
                words: format!("Its name says whose body it is: {}", part.name),
                src: "the name as entered".to_owned(),
                confidence: Confidence::Medium,
            });
        }
        choice
    }

    /// A company or club answers only where it does the work of a public body.
    fn private(&self, asked: &Asked<'_>) -> Choice {
        let public = Body { kind: AuthorityKind::Other, ..*asked.body };
        let mut candidates = Vec::new();
        match self.decide(&Asked { body: &public, ..*asked }) {
            Choice::One { law, reasons, .. } => {
                candidates.extend(reasons.into_iter().take(1).map(|reason| {
                    let words = format!("If it does public work or is in public hands: {}", reason.words);
                    let law = Some(law.clone());
                    Candidate { law, reason: Reason { words, confidence: Confidence::Low, ..reason } }
                }));
            }
            Choice::Ask { candidates: more, .. } => candidates = more,
            // Where no public body is bound, no private one is.
            closed @ (Choice::Excluded { .. } | Choice::Unknown { .. }) => return closed,
        }
        candidates.retain(|one| one.law.is_some());
        candidates.push(Candidate { law: None, reason: self.private.clone() });
        Choice::Ask { why: self.private.words.clone(), candidates, caveats: self.caveats_of(asked) }
    }

    fn decide(&self, asked: &Asked<'_>) -> Choice {
        let fitting = self.rules.iter().filter_map(|rule| Some((asked.fit(&rule.scope)?, rule)));
        let fitting = fitting.filter(|(_, rule)| !(rule.without_part && asked.part.is_some()));
        let mut fitting: Vec<(Fit, &Rule)> = fitting.collect();
        fitting.sort_by_key(|(fit, _)| Reverse(fit.rank));
        let best = fitting.iter().find(|(fit, _)| !fit.if_part).map(|(fit, _)| fit.rank);
        let settled = fitting.iter().any(|(fit, rule)| rule.without_part && Some(fit.rank) == best);
        let deciding = fitting.iter().any(|(fit, _)| fit.if_part && Some(fit.rank) > best);
        if deciding && !settled {
            return self.needs_part(asked.body.country);
        }
        let winners: Vec<&Rule> = fitting
            .iter()
            .filter(|(fit, _)| !fit.if_part && Some(fit.rank) == best)
            .map(|(_, rule)| *rule)
            .collect();
        match winners.as_slice() {
            [] => unknown_country(asked.body.country),
            [first, rest @ ..] if rest.iter().all(|rule| rule.outcome == first.outcome) => {
                self.said(asked, first, &winners)
            }
            _ => self.conflict(asked, &winners),
        }
    }

    fn needs_part(&self, country: &str) -> Choice {
        let parts = self.parts_of(country).filter(|part| !part.code.is_whole()).count();
        let name = named_country(country);
        let why = format!(
            "Such bodies of {name} have no one law: say of which of its {parts} parts it is a body, or that it is one of the whole state"
        );
        Choice::Unknown { why, needs_part: true }
    }

    fn said(&self, asked: &Asked<'_>, rule: &Rule, winners: &[&Rule]) -> Choice {
        let tell = |reason: &Reason| self.told(asked, reason);
        let mut caveats: Vec<String> = rule.caveat.iter().cloned().collect();
        caveats.extend(self.caveats_of(asked));
        match &rule.outcome {
            Outcome::Law(law) => {
                let mut reasons: Vec<Reason> = winners.iter().map(|rule| tell(&rule.reason)).collect();
                reasons.dedup();
                Choice::One { law: law.clone(), reasons, caveats }
            }
            Outcome::Ask(candidates) => {
                let candidates = candidates.iter();
                let candidates = candidates
                    .map(|one| Candidate { law: one.law.clone(), reason: tell(&one.reason) })
                    .collect();
                Choice::Ask { why: tell(&rule.reason).words, candidates, caveats }
            }
            Outcome::Excluded { law, instead } => {
                Choice::Excluded { law: law.clone(), reason: tell(&rule.reason), instead: instead.clone() }
            }
            Outcome::Unknown => Choice::Unknown { why: tell(&rule.reason).words, needs_part: false },
        }
    }

    /// Two rules of the same weight say different things: a person must decide between them.
    fn conflict(&self, asked: &Asked<'_>, winners: &[&Rule]) -> Choice {
        let mut candidates: Vec<Candidate> = Vec::new();
        for rule in winners {
            let one = |law: Option<RegimeId>| Candidate { law, reason: self.told(asked, &rule.reason) };
            let more = match &rule.outcome {
                Outcome::Law(law) => vec![one(Some(law.clone()))],
                Outcome::Ask(candidates) => candidates.clone(),
                Outcome::Excluded { law, .. } => vec![one(law.clone())],
                Outcome::Unknown => vec![one(None)],
            };
            for candidate in more {
                if candidates.iter().all(|there| there.law != candidate.law) {
                    candidates.push(candidate);
                }
            }
        }
        let why =
            "Two rules fit this body and say different things; a person must say which holds".to_owned();
        Choice::Ask { why, candidates, caveats: self.caveats_of(asked) }
    }

    fn caveats_of(&self, asked: &Asked<'_>) -> Vec<String> {
        let fitting = self.caveats.iter().filter(|one| asked.fit(&one.scope).is_some_and(|fit| !fit.if_part));
        fitting.map(|one| one.words.clone()).collect()
    }

    /// A reason with the body's own name and part in it.
    fn told(&self, asked: &Asked<'_>, reason: &Reason) -> Reason {
        let part = asked.part.and_then(|code| self.parts.iter().find(|part| part.code == *code));
        let part = part.map_or_else(|| asked.part.map_or("", Part::as_str), |part| part.name.as_str());
        let name = asked.body.names.first().map_or("This body", |name| name.trim());
        let words = reason.words.replace("{part}", part).replace("{name}", name);
        Reason { words, ..reason.clone() }
    }
}

fn unknown_country(country: &str) -> Choice {
    let why = if crate::domain::country::is_known(country) {
        format!("no access law of {} is in our data yet", named_country(country))
    } else {
        format!("`{country}` is no country that we know")
    };
    Choice::Unknown { why, needs_part: false }
}

/// A body with the words of its names and the part that is taken as its own.
#[derive(Clone, Copy)]
struct Asked<'a> {
    body: &'a Body<'a>,
    names: &'a [Vec<String>],
    part: Option<&'a Part>,
}

/// How closely a scope describes a body: by name, by part, by kind, by country, in this order.
struct Fit {
    rank: (usize, bool, bool, bool),
    /// Fits only if the part, which nobody told, is the one it wants.
    if_part: bool,
}

impl Asked<'_> {
    fn fit(&self, scope: &Scope) -> Option<Fit> {
        let country = scope.country.as_deref();
        let here = country.map_or(self.body.country != "EU", |country| country == self.body.country);
        if !here || !(scope.kinds.is_empty() || scope.kinds.contains(&self.body.kind)) {
            return None;
        }
        let named = scope.names.iter().filter(|pattern| self.names.iter().any(|name| pattern.is_in(name)));
        let named = named.map(Pattern::len).max().unwrap_or(0);
        if named == 0 && !scope.names.is_empty() {
            return None;
        }
        let if_part = match self.part {
            _ if scope.parts.is_empty() => false,
            Some(part) if scope.parts.contains(part) => false,
            Some(_) => return None,
            None => true,
        };
        let rank = (named, !scope.parts.is_empty(), !scope.kinds.is_empty(), country.is_some());
        Some(Fit { rank, if_part })
    }
}
