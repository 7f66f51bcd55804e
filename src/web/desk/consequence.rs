//! What changes if a person accepts a reading: the clock, the remedy, the public page.

use crate::domain::incoming::reading::Kind;
use crate::domain::law::regime::Regime;
use crate::domain::law::remedy::{After, Remedy};
use crate::service::Context;
use crate::service::triage::Settlement;
use crate::store::desk::message::Asked;
use crate::web::desk::words;
use crate::web::filters;
use chrono::{NaiveDate, NaiveDateTime};
use serde::Serialize;

/// One thing that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Then {
    /// What.
    pub what: &'static str,
    /// How.
    pub how: String,
    /// What stands behind it.
    pub more: Option<String>,
}

/// All that changes if `settlement` is accepted for a message of `received_at`.
pub fn of(ctx: &Context, asked: &Asked, settlement: &Settlement, received_at: NaiveDateTime) -> Vec<Then> {
    let law = asked.regime.parse().ok().and_then(|id| ctx.library.laws.regime(&id));
    let zone = law.map_or(chrono_tz::UTC, |law| law.zone);
    let on = received_at.and_utc().with_timezone(&zone).date_naive();
    let mut then = vec![clock(asked, settlement, on)];
    let refuses = matches!(settlement.kind, Kind::Refusal | Kind::Partial | Kind::Ncnd | Kind::NotHeld);
    then.extend(law.filter(|_| refuses).and_then(remedy));
    then.push(public(settlement));
    then
}

fn clock(asked: &Asked, settlement: &Settlement, on: NaiveDate) -> Then {
    let line = |how: &str, more: Option<String>| Then { what: "Reply clock", how: how.to_owned(), more };
    let due = asked.due_on.map(|due| format!("answer due {}", filters::long(due)));
    match settlement.kind {
        Kind::Full | Kind::Partial | Kind::Refusal | Kind::NotHeld | Kind::Ncnd => {
            let late = asked.due_on.map(|due| (on - due).num_days());
            let verdict = match late {
                None => "the law gives no figure".to_owned(),
                Some(days) if days > 1 => format!("late by {days} days"),
                Some(1) => "late by 1 day".to_owned(),
                Some(_) => "in time".to_owned(),
            };
            line("stops", Some(format!("{}: {verdict}", filters::long(on))))
        }
        Kind::Extension => match settlement.until {
            Some(until) => line(
                &format!("claimed until {}", filters::long(until)),
                Some(
                    "measured by the law when you accept; what it does not allow does not move the line"
                        .to_owned(),
                ),
            ),
            None => line("no day was read", Some("the most the law allows is entered".to_owned())),
        },
        Kind::Bounce => {
            line("stops", Some("the letter did not arrive; the authority needs another address".to_owned()))
        }
        _ => line("runs on", due),
    }
}

/// The remedies that the law names, each by the body that hears it, with its term where there is one.
fn remedy(law: &Regime) -> Option<Then> {
    let opened = |it: &Remedy| {
        let way = it.ways.iter().find(|way| way.of.is_none() && way.after == After::Decision)?;
        let within = way.within().map(|term| format!(", within {term}")).unwrap_or_default();
        Some((format!("{} ({}){within}", it.step.as_str(), it.body), way.src.clone()))
    };
    let (how, sources): (Vec<String>, Vec<String>) = law.remedies.iter().filter_map(opened).unzip();
    (!how.is_empty()).then(|| Then { what: "Remedy", how: how.join("; "), more: Some(sources.join("; ")) })
}

fn public(settlement: &Settlement) -> Then {
    let kind = settlement.outcome.map_or_else(|| words::kind(settlement.kind.as_str()), words::outcome).words;
    let cites: Vec<&str> = settlement.grounds.iter().map(|ground| ground.cite.as_str()).collect();
    let how = if cites.is_empty() {
        format!("“{kind}”")
    } else {
        format!("“{kind}, {}”", cites.join(", "))
    };
    let more = match &settlement.publish {
        Some(text) => {
            let lines = i64::try_from(text.lines().count()).unwrap_or(i64::MAX);
            format!(
                "with {} of the reply; read below what the rules struck out and what they left",
                filters::counted(lines, "line", "lines")
            )
        }
        None => "without the text of the message".to_owned(),
    };
    Then { what: "Public page", how, more: Some(more) }
}
