//! The same letter again: found word for word, so that whoever files it is asked first.

use crate::domain::questions::Bundle;
use crate::domain::reference::PublicReference;
use crate::service::Context;
use crate::service::filing::draft::{Draft, asked_on, write};
use crate::service::filing::{Error, Filing};
use crate::store::Conn;
use crate::store::requests::{self, Earlier};
use chrono::{DateTime, TimeDelta, Utc};

/// Within so many days the same letter is asked about; who asks anew after that knows that they asked.
const DAYS: i64 = 30;

/// A letter that was filed before, word for word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Same {
    /// Number of the authority.
    pub authority_id: i64,
    /// Its name.
    pub authority: String,
    /// The request that was filed, the latest where there are several.
    pub reference: String,
    /// When.
    pub filed_at: DateTime<Utc>,
}

/// For each draft the latest request of this person with the same letter, in the order of the drafts. To be relied
/// on, it must be asked after `requests::next_reference`, where those who file wait for each other.
pub(super) fn same_letters(
    ctx: &Context,
    conn: &mut Conn,
    (person, filing, bundle): (i64, &Filing, &Bundle),
    drafts: &[Draft<'_>],
) -> Result<Vec<Option<Same>>, Error> {
    let since = ctx.clock.now() - TimeDelta::days(DAYS);
    let authorities: Vec<i64> = drafts.iter().map(|draft| draft.authority.id).collect();
    let earlier = requests::filed_lately(conn, (person, &bundle.key), (&authorities, since))?;
    let mut same = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let mut found = None;
        for earlier in earlier.iter().filter(|earlier| earlier.authority_id == draft.authority.id) {
            if is_the_same(ctx, draft, (bundle, filing), earlier)? {
                found = Some(Same {
                    authority_id: draft.authority.id,
                    authority: draft.authority.name.clone(),
                    reference: earlier.reference.clone(),
                    filed_at: earlier.filed_at.and_utc(),
                });
                break;
            }
        }
        same.push(found);
    }
    Ok(same)
}

/// Whether this letter, had it been written that day under that reference, would have been that one. Reference, reply
/// address and day stand in each letter and tell nothing of what is asked.
fn is_the_same(
    ctx: &Context,
    draft: &Draft<'_>,
    (bundle, filing): (&Bundle, &Filing),
    earlier: &Earlier,
) -> Result<bool, Error> {
    let Some(regime) = draft.regime.filter(|_| draft.impossible.is_none()) else { return Ok(false) };
    let Ok(reference) = earlier.reference.parse::<PublicReference>() else { return Ok(false) };
    let at = earlier.filed_at.and_utc();
    let day = at.with_timezone(&regime.zone).date_naive();
    // A question that was not asked then makes another letter.
    let Ok(questions) = asked_on(ctx, draft, (regime, bundle), day) else { return Ok(false) };
    let then = Draft { questions, ..draft.clone() };
    let letter = write(&then, regime, (bundle, filing), (&reference, &earlier.envelope_from), at)?;
    Ok(folded(&letter.subject) == folded(&earlier.subject) && folded(&letter.body) == folded(&earlier.body))
}

/// Blanks and line breaks tell no two letters apart.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
