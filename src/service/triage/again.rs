//! Mail that matches no request is ranked again when something was learnt that may say whose it is; a person files it.

use crate::domain::incoming::Incoming;
use crate::domain::incoming::matching::{Match, clues, keys};
use crate::domain::incoming::proposal::Proposal;
use crate::service::Context;
use crate::service::triage::candidates;
use crate::service::triage::place::PlaceError;
use crate::service::triage::plan::{scope_of, unmatched};
use crate::store::matching::again::{self, Touched};
use crate::store::messages::{self, MessageRow};
use crate::store::types::MessageState;
use crate::store::{Conn, Db, Error, transaction};

/// Ranks up to `limit` mails again that something touched; how many. May run in several workers at once: the same
/// guesses are written twice then.
pub(super) fn rank_touched(ctx: &Context, db: &Db, limit: i64) -> Result<usize, PlaceError> {
    let mut conn = db.conn()?;
    let touched = again::touched(&mut conn, limit)?;
    for (done, one) in touched.iter().enumerate() {
        let Err(error) = rank_one(ctx, &mut conn, *one) else { continue };
        if error.is_passing() {
            tracing::warn!(%error, message = one.message_id, "mail waits to be ranked again");
            return Ok(done);
        }
        // One that cannot be ranked keeps its old guesses, and must not keep the others from new ones.
        tracing::error!(%error, message = one.message_id, "mail could not be ranked again");
        transaction(&mut conn, |conn| again::ranked(conn, *one))?;
    }
    Ok(touched.len())
}

/// As with a mail that comes in, it is ranked before anything is written.
fn rank_one(ctx: &Context, conn: &mut Conn, touched: Touched) -> Result<(), Error> {
    let id = touched.message_id;
    let row = messages::find(conn, id)?;
    let waits = row.filter(|row| {
        // What was set aside may be brought back.
        row.request_id.is_none() && matches!(row.state, MessageState::Unmatched | MessageState::SetAside)
    });
    let mail = waits.and_then(|row| Some((serde_json::from_str::<Incoming>(&row.reading).ok()?, row)));
    let Some((mail, row)) = mail else {
        return transaction(conn, |conn| again::ranked(conn, touched));
    };
    let clues = clues(&mail, &row.recipient, &ctx.config.reply_domain);
    let ranked = candidates::ranked(conn, &clues)?;
    let matches = elsewhere(conn, &row, ranked.matches)?;
    let why = unmatched(&matches);
    let proposal = serde_json::to_string(&Proposal { matches, event: None, ask: Some(why.clone()) })?;
    let is_new = proposal != row.proposal;
    let keys = if again::is_kept(conn, id)? { None } else { Some(keys::of_mail(&clues)) };
    transaction(conn, |conn| {
        let still = messages::locked(conn, id)?.filter(|now| now.request_id.is_none());
        if let Some(now) = still {
            // More is known of it since, by the text in its pictures: it stays marked, and is ranked by that.
            if now.reading != row.reading || now.proposal != row.proposal {
                return Ok(());
            }
            if let Some(keys) = &keys {
                again::keep(conn, id, keys)?;
            }
            if is_new {
                again::propose(conn, id, (&proposal, &why))?;
            }
        }
        again::ranked(conn, touched)
    })
}

/// Without the requests that have the same mail already: it was sent to several, and waits for the one that is missing.
fn elsewhere(conn: &mut Conn, row: &MessageRow, matches: Vec<Match>) -> Result<Vec<Match>, Error> {
    let mut left = Vec::with_capacity(matches.len());
    for found in matches {
        if messages::same_content(conn, &scope_of(found.request_id), &row.content_key)?.is_none() {
            left.push(found);
        }
    }
    Ok(left)
}
