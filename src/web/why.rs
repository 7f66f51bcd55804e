//! Why an authority answers under its law, as pages tell it.

use crate::domain::law::choice::{Candidate, Choice, Reason};
use crate::domain::law::part::Part;
use crate::domain::law::regime::{Confidence, RegimeId};
use crate::service::Context;
use crate::service::authorities::law::{Facts, choose};
use crate::store::published::authorities::AuthorityRow;
use serde::Serialize;

/// A law that may hold, for a person to say so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MayHold {
    /// What a form sends: the id, or `none`.
    pub value: String,
    /// Citation and name.
    pub law: String,
    /// Why.
    pub words: String,
    /// The provision.
    pub src: String,
}

/// Why it is this law, or none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Why {
    /// The rule's reason for what is kept.
    pub words: Option<String>,
    /// The provision.
    pub src: Option<String>,
    /// How sure we are, where that is not quite.
    pub sure: Option<&'static str>,
    /// What a person or a table said instead of the rules.
    pub person: Option<String>,
    /// What the rules say, where something else is kept.
    pub rules: Option<String>,
    /// Why it is open.
    pub open: Option<String>,
    /// Whether no letter can rest on a right there.
    pub excluded: bool,
    /// What there is instead of a right.
    pub instead: Option<String>,
    /// What must be known before one relies on it.
    pub caveats: Vec<String>,
    /// The laws that may hold.
    pub may_hold: Vec<MayHold>,
}

impl Why {
    /// Of a body whose law and its reason are kept so.
    pub fn of(ctx: &Context, facts: &Facts<'_>, (regime, reason): (Option<&str>, Option<&str>)) -> Self {
        let choice = choose(ctx, facts);
        let kept: Option<RegimeId> = regime.and_then(|id| id.parse().ok());
        let mut why = Self { caveats: choice.caveats().to_vec(), ..Self::default() };
        why.person = reason.map(str::to_owned);
        let fitting = choice.reason_for(kept.as_ref()).filter(|_| kept.is_some() || reason.is_none());
        match (&choice, fitting) {
            (Choice::Ask { why: open, candidates, .. }, _) if kept.is_none() && reason.is_none() => {
                why.open = Some(open.clone());
                why.may_hold = may_hold(ctx, candidates);
            }
            (Choice::Excluded { instead, .. }, Some(reason)) => {
                why.excluded = true;
                why.instead.clone_from(instead);
                why.say(reason);
            }
            (_, Some(reason)) => why.say(reason),
            (Choice::Unknown { why: open, .. }, None) => why.open = Some(open.clone()),
            (_, None) => {
                why.caveats.clear();
                let by = if matches!(choice, Choice::One { .. }) {
                    "By the rules it would be"
                } else {
                    "The rules say"
                };
                why.rules = Some(format!("{by}: {}", in_words(ctx, &choice)));
            }
        }
        why
    }

    /// Of an authority as the public sees it.
    pub fn of_row(ctx: &Context, row: &AuthorityRow) -> Self {
        let part: Option<Part> = row.subdivision.as_deref().and_then(|part| part.parse().ok());
        let facts = Facts {
            country: &row.country,
            kind: row.kind,
            names: (&row.name, row.name_en.as_deref()),
            part: part.as_ref(),
            identifiers: &[],
        };
        Self::of(ctx, &facts, (row.regime.as_deref(), row.regime_reason.as_deref()))
    }

    fn say(&mut self, reason: &Reason) {
        self.words = Some(reason.words.clone());
        self.src = Some(reason.src.clone());
        self.sure = match reason.confidence {
            Confidence::High => None,
            Confidence::Medium => Some("likely"),
            Confidence::Low => Some("to be checked"),
        };
    }
}

/// The laws among which a person has to say one.
pub fn may_hold(ctx: &Context, candidates: &[Candidate]) -> Vec<MayHold> {
    let row = |one: &Candidate| MayHold {
        value: one.law.as_ref().map_or("none", RegimeId::as_str).to_owned(),
        law: one.law.as_ref().map_or_else(|| "No law that we know".to_owned(), |law| cited(ctx, law)),
        words: one.reason.words.clone(),
        src: one.reason.src.clone(),
    };
    candidates.iter().map(row).collect()
}

/// Citation and English name of a law.
pub fn cited(ctx: &Context, id: &RegimeId) -> String {
    let law = ctx.library.laws.regime(id);
    law.map_or_else(|| id.to_string(), |law| format!("{}, {}", law.citation, law.law_en))
}

/// What the rules say, in a sentence without its full stop.
pub fn in_words(ctx: &Context, choice: &Choice) -> String {
    match choice {
        Choice::One { law, reasons, .. } => {
            let why = reasons.first().map(|reason| format!(": {} ({})", reason.words, reason.src));
            format!("{}{}", cited(ctx, law), why.unwrap_or_default())
        }
        Choice::Excluded { reason, .. } => format!("{} ({})", reason.words, reason.src),
        Choice::Ask { why, .. } | Choice::Unknown { why, .. } => why.clone(),
    }
}
