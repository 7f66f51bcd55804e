//! The law of an authority: as the rules choose it, or as a person or a table says with a reason.

use crate::domain::authority::AuthorityKind;
use crate::domain::law::choice::{Body, Choice};
use crate::domain::law::fit::{Misfit, misfit};
use crate::domain::law::part::{Part, told_by_place};
use crate::domain::law::regime::{Regime, RegimeId};
use crate::service::Context;

/// The law, if a body of this kind in this country can answer under it.
pub fn fitting<'a>(
    ctx: &'a Context,
    id: &RegimeId,
    body: (&str, AuthorityKind),
) -> Result<&'a Regime, Misfit> {
    let laws = &ctx.library.laws;
    let law = laws.regime(id).ok_or_else(|| Misfit::Unknown(id.to_string()))?;
    misfit(law, body, laws.regimes()).map_or(Ok(law), Err)
}

/// What is known of a body whose law is to be chosen.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// ISO 3166-1 alpha-2, or EU.
    pub country: &'a str,
    /// What kind of body.
    pub kind: AuthorityKind,
    /// In its own language, and in English where one is used.
    pub names: (&'a str, Option<&'a str>),
    /// The part of the country, as a person or a table says, or as it is kept.
    pub part: Option<&'a Part>,
    /// Identifiers elsewhere: one that numbers a place may tell the part.
    pub identifiers: &'a [(String, String)],
}

/// Which law binds a body, by the rules.
pub fn choose(ctx: &Context, facts: &Facts<'_>) -> Choice {
    let told = facts.part.cloned().or_else(|| told_by_place(facts.kind, facts.country, facts.identifiers));
    choose_as(ctx, facts, told.as_ref())
}

fn choose_as(ctx: &Context, facts: &Facts<'_>, part: Option<&Part>) -> Choice {
    let names: Vec<&str> = std::iter::once(facts.names.0).chain(facts.names.1).collect();
    ctx.library.choice.choose(&Body { country: facts.country, part, kind: facts.kind, names: &names })
}

/// What is said of the law of an authority.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing: the rules choose; what is there already stays.
    #[default]
    Rules,
    /// It stays open.
    Open,
    /// None that we know holds.
    NoLaw,
    /// This one, with the reason where the rules choose otherwise.
    This(RegimeId, Option<String>),
}

/// The law of an authority as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The law.
    pub regime: Option<RegimeId>,
    /// Why, where it is not what the rules choose.
    pub reason: Option<String>,
    /// The part of the country that was told, by somebody, by a number of its place or by the law itself.
    pub part: Option<Part>,
    /// What the rules say.
    pub choice: Choice,
}

/// Why a person must say more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsettled {
    /// The law is none, or another country's.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// The rules turn on a part of the country that nobody told.
    #[error("expected the part of the country, found none")]
    Part(Box<Choice>),
    /// Several laws may hold.
    #[error("expected one of the laws that may hold, found none")]
    Ask(Box<Choice>),
    /// The rules choose otherwise, and nobody said why.
    #[error("expected a reason for `{1}`, found none")]
    Reason(Box<Choice>, RegimeId),
}

/// What is to be kept of a law that somebody says, or leaves to the rules.
pub fn settle(ctx: &Context, facts: &Facts<'_>, wanted: &Wanted) -> Result<Settled, Unsettled> {
    let part = facts.part.cloned().or_else(|| told_by_place(facts.kind, facts.country, facts.identifiers));
    let choice = choose_as(ctx, facts, part.as_ref());
    match wanted {
        Wanted::Open => Ok(Settled { regime: None, reason: None, part, choice }),
        Wanted::NoLaw => {
            let reason = choice.reason_for(None).map(|reason| reason.words.clone());
            Ok(Settled { regime: None, reason, part, choice })
        }
        Wanted::Rules => match &choice {
            Choice::Ask { .. } => Err(Unsettled::Ask(Box::new(choice))),
            Choice::Unknown { needs_part: true, .. } => Err(Unsettled::Part(Box::new(choice))),
            _ => Ok(Settled { regime: choice.law().cloned(), reason: None, part, choice }),
        },
        Wanted::This(id, why) => {
            let law = fitting(ctx, id, (facts.country, facts.kind))?;
            if choice.reason_for(Some(id)).is_some() {
                return Ok(Settled { regime: Some(id.clone()), reason: None, part, choice });
            }
            // Whoever names the law of a part has told the part, unless it is known to be another one.
            if let Some(implied) = part.is_none().then(|| part_of(ctx, law)).flatten() {
                let choice = choose_as(ctx, facts, Some(&implied));
                if choice.reason_for(Some(id)).is_some() {
                    return Ok(Settled {
                        regime: Some(id.clone()),
                        reason: None,
                        part: Some(implied),
                        choice,
                    });
                }
            }
            let why = why.as_deref().map(str::trim).filter(|why| !why.is_empty());
            match why {
                Some(why) => {
                    Ok(Settled { regime: Some(id.clone()), reason: Some(why.to_owned()), part, choice })
                }
                None => Err(Unsettled::Reason(Box::new(choice), id.clone())),
            }
        }
    }
}

/// Whose law it is: a part's, or the whole state's where its parts have others.
fn part_of(ctx: &Context, law: &Regime) -> Option<Part> {
    let part: Part = law.subdivision.as_deref().unwrap_or(&law.country).parse().ok()?;
    ctx.library.choice.parts_of(&law.country).any(|known| known.code == part).then_some(part)
}
