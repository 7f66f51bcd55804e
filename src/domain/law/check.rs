//! What must hold in an access law beyond the types: figures with their units, sources, rolls with their days.

use crate::domain::law::regime::Regime;
use crate::domain::law::rules::{EndRoll, Extension, SilenceEffect, ThirdPartyEffect};
use crate::domain::law::term::Unit;

/// What is wrong in a law, and at which key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct Flaw {
    /// The key, as `response.unit`.
    pub key: String,
    /// What was expected and what was found.
    pub problem: String,
}

type Checked = Result<(), Flaw>;

fn flaw(key: impl Into<String>, problem: impl Into<String>) -> Checked {
    Err(Flaw { key: key.into(), problem: problem.into() })
}

/// The first thing that is wrong in a law.
pub fn check(regime: &Regime) -> Result<(), Flaw> {
    sources(regime)?;
    response(regime)?;
    previous(regime)?;
    extension("extension", &regime.extension)?;
    terms(regime)?;
    remedies(regime)?;
    if regime.languages.is_empty() {
        return flaw("languages", "expected at least one language, found none");
    }
    Ok(())
}

fn sources(r: &Regime) -> Checked {
    let tables = [
        ("response.src", &r.response.src),
        ("extension.src", &r.extension.src),
        ("acknowledgement.src", &r.acknowledgement.src),
        ("silence.src", &r.silence.src),
        ("clarification.src", &r.clarification.src),
        ("transfer.src", &r.transfer.src),
        ("fees.src", &r.fees.src),
        ("identity.src", &r.identity.src),
        ("scope.src", &r.scope.src),
        ("citation", &r.citation),
    ];
    let mut all =
        tables.into_iter().chain(r.previous_response.iter().map(|p| ("previous_response.src", &p.src)));
    match all.find(|(_, src)| src.trim().is_empty()) {
        Some((key, src)) => flaw(key, format!("expected a source, found `{src}`")),
        None => Ok(()),
    }
}

/// An amount belongs to a unit that counts, and the other way round; beyond 1000 it is a slip of the pen.
fn pair(key: &str, amount: Option<u32>, unit: Option<Unit>) -> Checked {
    match (amount, unit) {
        (Some(1..=1000), Some(unit)) if unit.counts() => Ok(()),
        (Some(_), Some(unit)) if !unit.counts() => {
            flaw(key, format!("expected no amount with the unit `{}`", unit.in_words(0)))
        }
        (Some(n), Some(_)) => flaw(key, format!("expected an amount from 1 to 1000, found `{n}`")),
        (Some(n), None) => flaw(key, format!("expected a unit beside the amount `{n}`, found none")),
        (None, Some(unit)) if unit.counts() => {
            flaw(key, format!("expected an amount beside the unit `{}`, found none", unit.in_words(0)))
        }
        (None, _) => Ok(()),
    }
}

fn response(r: &Regime) -> Checked {
    let it = &r.response;
    pair("response.amount", it.amount, Some(it.unit))?;
    if matches!(it.unit, Unit::WithoutDelay | Unit::Years) {
        return flaw(
            "response.unit",
            format!(
                "expected working_days, calendar_days, weeks, months, promptly or none, found `{}`",
                it.unit.in_words(0)
            ),
        );
    }
    pair("response.expected_amount", it.expected_amount, it.expected_unit)?;
    if it.expected_amount.is_some() && it.expected_src.is_none() {
        return flaw("response.expected_src", "expected a source for the expected time, found none");
    }
    match (it.end_roll, it.roll_on.is_empty()) {
        (EndRoll::NextWorkingDay, true) => {
            flaw("response.roll_on", "expected the days that move the end, found none")
        }
        (EndRoll::None, false) => {
            flaw("response.roll_on", "expected no days that move the end where `end_roll` is `none`")
        }
        (EndRoll::NextWorkingDay, false) if it.roll_src.is_none() => {
            flaw("response.roll_src", "expected the source of the rule that moves the end, found none")
        }
        _ => Ok(()),
    }
}

fn previous(r: &Regime) -> Checked {
    for old in &r.previous_response {
        pair("previous_response.amount", Some(old.amount), Some(old.unit))?;
        if old.since.is_some_and(|since| since > old.until) {
            return flaw("previous_response.since", format!("expected a day before `{}`", old.until));
        }
        if let Some(own) = &old.extension {
            extension("previous_response.extension", own)?;
        }
    }
    Ok(())
}

fn extension(key: &str, it: &Extension) -> Checked {
    let amount = format!("{key}.amount");
    if !it.allowed {
        return match it.amount {
            Some(n) => flaw(amount, format!("expected no amount where `allowed` is false, found `{n}`")),
            None => Ok(()),
        };
    }
    if it.mode.is_none() {
        return flaw(format!("{key}.mode"), "expected additional, from_end_of_first or total, found none");
    }
    // An extension without a figure keeps its unit: the law says "months" but not how many.
    if it.amount.is_none() { Ok(()) } else { pair(&amount, it.amount, it.unit) }
}

fn terms(r: &Regime) -> Checked {
    let pairs = [
        ("acknowledgement.amount", r.acknowledgement.amount, r.acknowledgement.unit),
        ("clarification.requester_amount", r.clarification.requester_amount, r.clarification.requester_unit),
        ("transfer.amount", r.transfer.amount, r.transfer.unit),
        ("fees.pay_within_amount", r.fees.pay_within_amount, r.fees.pay_within_unit),
    ];
    for (key, amount, unit) in pairs {
        pair(key, amount, unit)?;
    }
    if let Some(it) = &r.third_party {
        pair("third_party.amount", it.amount, it.unit)?;
        if it.effect == ThirdPartyEffect::Adds && it.amount.is_none() {
            return flaw("third_party.amount", "expected by how much the term is longer, found none");
        }
    }
    Ok(())
}

fn remedies(r: &Regime) -> Checked {
    for (place, it) in r.remedies.iter().enumerate() {
        let key = |what: &str| format!("remedy.{what}");
        let step = it.step.as_str();
        if it.src.trim().is_empty() || it.ways.iter().any(|way| way.src.trim().is_empty()) {
            return flaw(
                key("src"),
                format!("expected a source for `{step}` and each of its ways, found none"),
            );
        }
        if it.body.trim().is_empty() {
            return flaw(key("body"), format!("expected who hears the `{step}`, found nothing"));
        }
        if it.ways.is_empty() {
            return flaw(key("way"), format!("expected what opens the `{step}`, found nothing"));
        }
        pair(&key("answer_amount"), it.answer_amount, it.answer_unit)?;
        pair(&key("silence_amount"), it.silence_amount, it.silence_unit)?;
        if it.silence == SilenceEffect::Refusal && it.silence_after().is_none() {
            return flaw(
                key("silence_amount"),
                format!("expected when silence on the `{step}` is a refusal"),
            );
        }
        let before = r.remedies.get(..place).unwrap_or_default();
        if before.iter().any(|other| other.step == it.step) {
            return flaw(key("step"), format!("expected each step once, found `{step}` again"));
        }
        for way in &it.ways {
            pair(&key("way.amount"), way.amount, way.unit)?;
            pair(&key("way.opens_amount"), way.opens_amount, way.opens_unit)?;
            pair(&key("way.untold_amount"), way.untold_amount, way.untold_unit)?;
            if way.opens_amount.is_some() != way.opens_from.is_some() {
                return flaw(
                    key("way.opens_from"),
                    format!("expected from where the first day of `{step}` is counted"),
                );
            }
            if let Some(of) = way.of.filter(|of| before.iter().all(|other| other.step != *of)) {
                return flaw(
                    key("way.of"),
                    format!("expected a step before `{step}`, found `{}`", of.as_str()),
                );
            }
        }
    }
    Ok(())
}
