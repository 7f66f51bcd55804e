//! The requests that a message may belong to, best first, each with its reasons and one press to file it there.

use crate::domain::incoming::matching::{Match, Reason, Warning};
use crate::service::Context;
use crate::store::desk::message::Asked;
use crate::web::desk::words::{self, Tag};
use serde::Serialize;

/// A request that a message may belong to.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Guess {
    reference: String,
    authority: String,
    authority_language: String,
    title: String,
    standing: Tag,
    likely: &'static str,
    why: Vec<String>,
    warnings: Vec<String>,
}

/// The requests of a message's matches but for the one that it is filed to.
pub(crate) fn of(ctx: &Context, asked: &[Asked], (matches, own): (&[Match], Option<i64>)) -> Vec<Guess> {
    let others = matches.iter().filter(|found| Some(found.request_id) != own);
    let known = others.filter_map(|found| {
        let asked = asked.iter().find(|asked| asked.id == found.request_id)?;
        let today = words::today(ctx, &asked.regime);
        Some(Guess {
            reference: asked.reference.clone(),
            authority: asked.authority.clone(),
            authority_language: asked.authority_language.clone(),
            title: asked.title.clone(),
            standing: words::standing(asked.status, asked.outcome, (asked.due_on, today)),
            likely: likely(found),
            why: found.reasons.iter().map(Reason::in_words).collect(),
            warnings: found.warnings.iter().map(Warning::in_words).collect(),
        })
    });
    known.collect()
}

/// How likely a match is, in words: the sum of the weights is no probability and is not shown as one.
fn likely(found: &Match) -> &'static str {
    match found.points {
        70.. => "Much speaks for it",
        45..70 => "Some things speak for it",
        _ => "Little speaks for it",
    }
}
