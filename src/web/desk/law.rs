//! What the forms of an authority say of its law, and what they are told back.

use crate::domain::law::choice::Choice as Chosen;
use crate::domain::law::fit::Misfit;
use crate::domain::law::part::Part;
use crate::domain::law::regime::Regime;
use crate::service::Context;
use crate::service::authorities::law::{Settled, Unsettled, Wanted};
use crate::web::desk::words::Choice;
use crate::web::why::{MayHold, cited, in_words, may_hold};

/// What is said of a law that is none of the list.
pub(crate) fn no_law(found: &str) -> String {
    format!("“{found}” is no law of the list. Choose one.")
}

/// The laws that may be chosen, those of the country first.
pub(crate) fn regimes(ctx: &Context, country: &str, may: impl Fn(&Regime) -> bool) -> Vec<Choice> {
    let mut laws: Vec<_> = ctx.library.laws.regimes().filter(|law| may(law)).collect();
    laws.sort_by_key(|law| (law.country != country, law.country.clone(), law.id.clone()));
    laws.into_iter()
        .map(|law| {
            Choice::new(law.id.as_str(), format!("{}: {} ({})", law.country, law.citation, law.law_en))
        })
        .collect()
}

/// The parts of a country on which the law turns.
pub(crate) fn parts(ctx: &Context, country: &str) -> Vec<Choice> {
    let parts = ctx.library.choice.parts_of(country);
    let name = |part: &str| {
        let mut letters = part.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    parts.map(|part| Choice::new(part.code.as_str(), name(&part.name))).collect()
}

/// What a form says of the law: an id, `open`, `none`, or nothing.
pub(crate) fn wanted(regime: &str, reason: &str) -> Result<Wanted, String> {
    let reason = Some(reason.trim()).filter(|reason| !reason.is_empty()).map(str::to_owned);
    match regime.trim() {
        "" => Ok(Wanted::Rules),
        "open" => Ok(Wanted::Open),
        "none" => Ok(Wanted::NoLaw),
        id => id.parse().map(|id| Wanted::This(id, reason)).map_err(|_| no_law(id)),
    }
}

/// What a form says of the part of the country.
pub(crate) fn part(part: &str, country: &str) -> Result<Option<Part>, String> {
    let typed = part.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let found = typed.parse::<Part>().ok().filter(|part| part.country() == country);
    found.map(Some).ok_or_else(|| format!("“{typed}” is no part of this country. Choose one of the list."))
}

/// Which field needs another look, what is said there, and the laws among which a person has to say one.
pub(crate) fn fault(ctx: &Context, unsettled: &Unsettled) -> (&'static str, String, Vec<MayHold>) {
    match unsettled {
        Unsettled::Misfit(Misfit::Unknown(found)) => ("regime", no_law(found), Vec::new()),
        Unsettled::Misfit(Misfit::Foreign { citation, country, body, right, .. }) => {
            let right = right.replace('`', "");
            let words =
                format!("“{citation}” is a law of {country}, and this is a body of {body}. Choose {right}.");
            ("regime", words, Vec::new())
        }
        Unsettled::Part(choice) => ("part", format!("{}.", in_words(ctx, choice)), Vec::new()),
        Unsettled::Ask(choice) => {
            let candidates = if let Chosen::Ask { candidates, .. } = choice.as_ref() {
                candidates.as_slice()
            } else {
                &[]
            };
            ("regime", format!("{}. Say which.", in_words(ctx, choice)), may_hold(ctx, candidates))
        }
        Unsettled::Reason(choice, id) => {
            let rules = match choice.as_ref() {
                Chosen::One { .. } => format!("By the rules it is {}.", in_words(ctx, choice)),
                _ => format!("The rules do not choose this law: {}.", in_words(ctx, choice)),
            };
            ("reason", format!("{rules} Say why it is {} all the same.", cited(ctx, id)), Vec::new())
        }
    }
}

/// What is said after an authority was entered.
pub(crate) fn said(ctx: &Context, settled: &Settled) -> String {
    let rest = match (&settled.regime, &settled.choice) {
        (_, choice @ Chosen::Excluded { .. }) if settled.reason.is_none() => {
            format!("No letter can rest on a right there: {}.", in_words(ctx, choice))
        }
        (Some(law), choice) if settled.reason.is_none() => {
            let why = choice.reason_for(Some(law));
            let why = why.map(|why| format!(": {} ({})", why.words, why.src)).unwrap_or_default();
            format!("It answers under {}{why}.", cited(ctx, law))
        }
        (Some(law), _) => format!("It answers under {}, as you say.", cited(ctx, law)),
        (None, choice @ Chosen::Unknown { .. }) => format!("Its law is open: {}.", in_words(ctx, choice)),
        (None, _) => "Its law is open, and nobody can write to it until somebody says one.".to_owned(),
    };
    format!("Added.|It is in the register and has a public page now. {rest}")
}
