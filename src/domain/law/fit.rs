//! Which law an authority can answer under: one of its own country, the Union's for the Union's bodies.

use crate::domain::authority::AuthorityKind;
use crate::domain::country;
use crate::domain::law::regime::Regime;

/// How many laws are named as those that would be right; a federation has more.
const FEW: usize = 3;

/// Why an authority cannot answer under a law.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// The law is none that we know.
    #[error("expected a law that `askance regimes` lists, found `{0}`")]
    Unknown(String),
    /// It is another country's.
    #[error("expected {right} for a body of {body}, found `{law}` of {country}")]
    Foreign {
        /// Id of the law.
        law: String,
        /// How it is cited.
        citation: String,
        /// Whose law it is, in English.
        country: &'static str,
        /// Whose body it is, in English.
        body: &'static str,
        /// What would be right.
        right: String,
    },
}

/// What is wrong with a law for a body, with what would be right of all laws; none = it is one of its country.
pub fn misfit<'a>(
    law: &Regime,
    (code, kind): (&str, AuthorityKind),
    all: impl Iterator<Item = &'a Regime>,
) -> Option<Misfit> {
    if law.reaches(code, kind) {
        return None;
    }
    let right: Vec<&str> =
        all.filter(|other| other.reaches(code, kind)).map(|other| other.id.as_str()).collect();
    let mut named = right.iter().take(FEW).map(|id| format!("`{id}`")).collect::<Vec<_>>().join(" or ");
    if right.len() > FEW {
        named.push_str(" or another of its laws");
    } else if right.is_empty() {
        "no law (none of its laws is in the data yet)".clone_into(&mut named);
    }
    let body = if kind == AuthorityKind::EuAgency { "EU" } else { code };
    Some(Misfit::Foreign {
        law: law.id.to_string(),
        citation: law.citation.clone(),
        country: named_country(&law.country),
        body: named_country(body),
        right: named,
    })
}

/// A country's name as it stands within a sentence.
pub(crate) fn named_country(code: &str) -> &'static str {
    match code {
        "EU" => "the European Union",
        "GB" => "the United Kingdom",
        "NL" => "the Netherlands",
        code => country::name(code).unwrap_or("an unknown country"),
    }
}
