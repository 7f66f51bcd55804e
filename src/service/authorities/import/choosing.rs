//! The law of a row: as the file says it, else as the rules choose it, with what is to be told of that.

use crate::domain::law::choice::Choice;
use crate::domain::law::part::Part;
use crate::domain::law::regime::RegimeId;
use crate::service::Context;
use crate::service::authorities::law::{Facts, Settled, Unsettled, Wanted, settle};

/// The law of a row.
#[derive(Debug, Default)]
pub struct Chosen {
    /// Its id; none = it stays open, or no law binds.
    pub law: Option<String>,
    /// Why, where the file says another law than the rules choose.
    pub reason: Option<String>,
    /// The part of the country, as the file, a number of its place or the law says.
    pub part: Option<String>,
    /// What is to be said when the authority is entered.
    pub remark: Option<String>,
}

/// What the cells `law` and `law_reason` and the rules come to.
pub fn choose(
    ctx: &Context,
    facts: &Facts<'_>,
    (cell, reason): (Option<&str>, Option<&str>),
) -> Result<Chosen, String> {
    let wanted = match cell {
        None => Wanted::Rules,
        Some(cell) => {
            let id = cell.parse::<RegimeId>().map_err(|_| unknown(cell))?;
            Wanted::This(id, reason.map(str::to_owned))
        }
    };
    match settle(ctx, facts, &wanted) {
        Ok(settled) => Ok(kept(settled, cell.is_some())),
        Err(Unsettled::Misfit(misfit)) => Err(misfit.to_string()),
        Err(Unsettled::Part(choice) | Unsettled::Ask(choice)) => {
            let remark = Some(format!("entered without a law: {}", open(&choice)));
            Ok(Chosen { remark, part: told(ctx, facts), ..Chosen::default() })
        }
        Err(Unsettled::Reason(choice, id)) => Ok(Chosen {
            remark: Some(format!("the file says `{id}`, which is kept; by the rules: {}", open(&choice))),
            law: Some(id.to_string()),
            reason: Some("the table it was taken from says so".to_owned()),
            part: told(ctx, facts),
        }),
    }
}

fn unknown(cell: &str) -> String {
    crate::domain::law::fit::Misfit::Unknown(cell.to_owned()).to_string()
}

/// The part that is known without the law.
fn told(ctx: &Context, facts: &Facts<'_>) -> Option<String> {
    let open = settle(ctx, facts, &Wanted::Open).ok()?;
    open.part.as_ref().map(Part::to_string)
}

fn kept(settled: Settled, said: bool) -> Chosen {
    let none = settled.regime.is_none() && !said;
    let excluded = matches!(settled.choice, Choice::Excluded { .. });
    let remark = (none || excluded).then(|| format!("entered, but {}", open(&settled.choice)));
    Chosen {
        law: settled.regime.map(String::from),
        reason: settled.reason,
        part: settled.part.map(String::from),
        remark,
    }
}

/// What the rules say, for whoever reads the report of an import.
fn open(choice: &Choice) -> String {
    match choice {
        Choice::One { law, reasons, .. } => {
            let why = reasons.first().map(|reason| format!("{} ({})", reason.words, reason.src));
            format!("`{law}`: {}", why.unwrap_or_default())
        }
        Choice::Ask { why, candidates, .. } => {
            let laws = candidates.iter();
            let laws = laws.map(|one| one.law.as_ref().map_or("none".to_owned(), |law| format!("`{law}`")));
            format!("{why}; one of {}, say at the desk which", laws.collect::<Vec<_>>().join(", "))
        }
        Choice::Excluded { reason, .. } => format!("{} ({})", reason.words, reason.src),
        Choice::Unknown { why, needs_part } => {
            let column = if *needs_part { ", in the column `part`" } else { "" };
            format!("{why}{column}")
        }
    }
}
