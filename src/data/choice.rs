//! Reads `choice.toml`, the rules by which an authority's law is chosen.

use crate::data::Error;
use crate::data::laws::Laws;
use crate::data::located::parse;
use crate::domain::authority::AuthorityKind;
use crate::domain::country;
use crate::domain::law::choice::{
    Candidate, Caveat, KnownPart, Outcome, Pattern, Reason, Rule, Rules, Scope,
};
use crate::domain::law::part::Part;
use crate::domain::law::regime::{Confidence, Gives, Regime, RegimeId};
use serde::Deserialize;
use std::collections::BTreeSet;
use toml::Spanned;

const FILE: &str = "choice.toml";
const TEXT: &str = include_str!("choice.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    private: ReasonRow,
    part: Vec<Spanned<PartRow>>,
    #[serde(default)]
    caveat: Vec<Spanned<CaveatRow>>,
    rule: Vec<Spanned<RuleRow>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReasonRow {
    reason: String,
    src: String,
    confidence: Confidence,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartRow {
    code: String,
    name: String,
    #[serde(default)]
    hints: Vec<String>,
    #[serde(default)]
    except: Vec<AuthorityKind>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaveatRow {
    country: String,
    #[serde(default)]
    parts: Vec<String>,
    #[serde(default)]
    kinds: Vec<AuthorityKind>,
    #[serde(default)]
    names: Vec<String>,
    words: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleRow {
    country: String,
    #[serde(default)]
    parts: Vec<String>,
    #[serde(default)]
    kinds: Vec<AuthorityKind>,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    without_part: bool,
    law: Option<String>,
    #[serde(default)]
    none: bool,
    #[serde(default)]
    unknown: bool,
    #[serde(default)]
    ask: Vec<CandidateRow>,
    reason: String,
    src: String,
    confidence: Confidence,
    instead: Option<String>,
    caveat: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CandidateRow {
    law: Option<String>,
    reason: String,
    src: String,
    confidence: Confidence,
}

/// The rules that ship with the program.
pub fn load(laws: &Laws) -> Result<Rules, Error> {
    read(TEXT, laws)
}

/// Rules in a text, checked against the laws that they name.
pub fn read(text: &str, laws: &Laws) -> Result<Rules, Error> {
    let file: File = parse(FILE, text)?;
    let private = reason_of(file.private.reason, file.private.src, file.private.confidence)
        .map_err(|flaw| flaw.at(text, 0, "private"))?;
    let mut parts: Vec<KnownPart> = Vec::new();
    for row in file.part {
        let at = row.span().start;
        let part = part_of(row.into_inner(), &parts).map_err(|flaw| flaw.at(text, at, "part"))?;
        parts.push(part);
    }
    let known = Known { laws, parts: parts.iter().map(|part| part.code.clone()).collect() };
    let mut caveats = Vec::new();
    for row in file.caveat {
        let at = row.span().start;
        caveats.push(known.caveat(row.into_inner()).map_err(|flaw| flaw.at(text, at, "caveat"))?);
    }
    let mut rules: Vec<Rule> = Vec::new();
    for row in file.rule {
        let at = row.span().start;
        let rule = known.rule(row.into_inner()).map_err(|flaw| flaw.at(text, at, "rule"))?;
        let same = |other: &&Rule| other.scope == rule.scope && other.without_part == rule.without_part;
        if rules.iter().any(|other| same(&other)) {
            let flaw = Flaw::new("country", "expected one rule for the same bodies, found another one");
            return Err(flaw.at(text, at, "rule"));
        }
        rules.push(rule);
    }
    Ok(Rules { rules, caveats, parts, private })
}

/// What is wrong with a table, by its key.
struct Flaw {
    key: &'static str,
    problem: String,
}

impl Flaw {
    fn new(key: &'static str, problem: impl Into<String>) -> Self {
        Self { key, problem: problem.into() }
    }

    /// With the line on which the table begins, and that of the key where it is there.
    fn at(self, text: &str, start: usize, table: &str) -> Error {
        let before = text.get(..start).unwrap_or_default().matches('\n').count();
        let within = text.get(start..).unwrap_or_default().lines();
        let own = within
            .enumerate()
            .take_while(|(n, line)| *n == 0 || !line.starts_with("[[") || line.contains('.'));
        let is_key = |line: &str| line.split_once('=').is_some_and(|(key, _)| key.trim() == self.key);
        let offset = own.filter(|(_, line)| is_key(line)).map(|(n, _)| n).next().unwrap_or(0);
        let key = format!("{table}.{}", self.key);
        Error { file: FILE.to_owned(), line: Some(before + offset + 1), key, problem: self.problem }
    }
}

fn filled(key: &'static str, text: &str) -> Result<(), Flaw> {
    if text.trim().is_empty() {
        return Err(Flaw::new(key, "expected words, found none"));
    }
    let rest = text.replace("{name}", "").replace("{part}", "");
    if rest.contains(['{', '}']) {
        return Err(Flaw::new(
            key,
            format!("expected no placeholder but {{name}} and {{part}}, found `{text}`"),
        ));
    }
    Ok(())
}

fn reason_of(words: String, src: String, confidence: Confidence) -> Result<Reason, Flaw> {
    filled("reason", &words)?;
    filled("src", &src)?;
    if words.ends_with('.') {
        return Err(Flaw::new(
            "reason",
            format!("expected a sentence without its full stop, found `{words}`"),
        ));
    }
    Ok(Reason { words, src, confidence })
}

fn patterns(key: &'static str, texts: &[String]) -> Result<Vec<Pattern>, Flaw> {
    texts.iter().map(|text| text.parse().map_err(|error| Flaw::new(key, format!("{error}")))).collect()
}

fn part_of(row: PartRow, there: &[KnownPart]) -> Result<KnownPart, Flaw> {
    let code: Part = row.code.parse().map_err(|error| Flaw::new("code", format!("{error}")))?;
    if !country::is_known(code.country()) {
        return Err(Flaw::new("code", format!("expected a part of a country that exists, found `{code}`")));
    }
    if there.iter().any(|part| part.code == code) {
        return Err(Flaw::new("code", format!("expected each part once, found `{code}` again")));
    }
    filled("name", &row.name)?;
    Ok(KnownPart { code, name: row.name, hints: patterns("hints", &row.hints)?, except: row.except })
}

/// What rules may name.
struct Known<'a> {
    laws: &'a Laws,
    parts: BTreeSet<Part>,
}

impl Known<'_> {
    fn scope(
        &self,
        country: &str,
        parts: &[String],
        (kinds, names): (Vec<AuthorityKind>, &[String]),
    ) -> Result<Scope, Flaw> {
        let any = country == "*";
        if !any && !country::is_known(country) {
            let problem =
                format!("expected a country's code of ISO 3166-1, EU, or `*` for all, found `{country}`");
            return Err(Flaw::new("country", problem));
        }
        if kinds.contains(&AuthorityKind::Private) {
            return Err(Flaw::new(
                "kinds",
                "expected kinds of public body, found `private`, which has its own table",
            ));
        }
        let mut codes = Vec::new();
        for part in parts {
            let code: Part = part.parse().map_err(|error| Flaw::new("parts", format!("{error}")))?;
            if code.country() != country || !self.parts.contains(&code) {
                let problem = format!("expected parts of `{country}` that have a [[part]], found `{code}`");
                return Err(Flaw::new("parts", problem));
            }
            codes.push(code);
        }
        let names = patterns("names", names)?;
        Ok(Scope { country: (!any).then(|| country.to_owned()), parts: codes, kinds, names })
    }

    fn caveat(&self, row: CaveatRow) -> Result<Caveat, Flaw> {
        filled("words", &row.words)?;
        Ok(Caveat { scope: self.scope(&row.country, &row.parts, (row.kinds, &row.names))?, words: row.words })
    }

    fn law(&self, id: &str, scope: &Scope) -> Result<&Regime, Flaw> {
        let law = id.parse().ok().and_then(|id: RegimeId| self.laws.regime(&id)).ok_or_else(|| {
            let near: Vec<String> = self.laws.near(id).into_iter().map(|id| format!("`{id}`")).collect();
            let near = if near.is_empty() { String::new() } else { format!("; near: {}", near.join(", ")) };
            Flaw::new("law", format!("expected a law of src/data/regimes, found `{id}`{near}"))
        })?;
        let country = scope.country.as_deref().unwrap_or_default();
        if law.country != country {
            let problem = format!("expected a law of `{country}`, found `{id}` of `{}`", law.country);
            return Err(Flaw::new("law", problem));
        }
        Ok(law)
    }

    fn rule(&self, row: RuleRow) -> Result<Rule, Flaw> {
        let scope = self.scope(&row.country, &row.parts, (row.kinds.clone(), &row.names))?;
        if row.without_part && !scope.parts.is_empty() {
            return Err(Flaw::new(
                "without_part",
                "expected it only where the rule names no parts, found both",
            ));
        }
        let said = [row.law.is_some(), row.none, row.unknown, !row.ask.is_empty()];
        let count = said.into_iter().filter(|said| *said).count();
        if count != 1 {
            let problem = format!("expected exactly one of `law`, `none`, `unknown`, `ask`, found {count}");
            return Err(Flaw::new("law", problem));
        }
        let instead = row.instead;
        let outcome = match row.law.as_deref().map(|id| self.law(id, &scope)).transpose()? {
            Some(law) if law.gives == Gives::Nothing => {
                Outcome::Excluded { law: Some(law.id.clone()), instead: instead.clone() }
            }
            Some(law) => Outcome::Law(law.id.clone()),
            None if row.none => Outcome::Excluded { law: None, instead: instead.clone() },
            None if row.unknown => Outcome::Unknown,
            None => Outcome::Ask(self.candidates(row.ask, &scope)?),
        };
        if instead.is_some() && !matches!(outcome, Outcome::Excluded { .. }) {
            return Err(Flaw::new(
                "instead",
                "expected it only where there is no right, found it beside a law",
            ));
        }
        let reason = reason_of(row.reason, row.src, row.confidence)?;
        Ok(Rule { scope, without_part: row.without_part, outcome, reason, caveat: row.caveat })
    }

    fn candidates(&self, rows: Vec<CandidateRow>, scope: &Scope) -> Result<Vec<Candidate>, Flaw> {
        let mut candidates: Vec<Candidate> = Vec::new();
        for row in rows {
            let law = row.law.as_deref().map(|id| self.law(id, scope)).transpose()?.map(|law| law.id.clone());
            if candidates.iter().any(|there| there.law == law) {
                return Err(Flaw::new(
                    "ask",
                    "expected each law once among those that may hold, found one again",
                ));
            }
            candidates.push(Candidate { law, reason: reason_of(row.reason, row.src, row.confidence)? });
        }
        if candidates.len() < 2 {
            return Err(Flaw::new("ask", "expected at least two laws to ask about, found one"));
        }
        Ok(candidates)
    }
}
