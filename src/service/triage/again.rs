//! Mail that matches no request is ranked again when something was learnt that may say whose it is; a person files it.

use crate::domain::incoming::Incoming;
use crate::domain::incoming::matching::{Clues, Match, clues, keys};
use crate::domain::incoming::proposal::Proposal;
use crate::service::Context;
use crate::service::triage::candidates;
use crate::service::triage::place::PlaceError;
use crate::service::triage::plan::{given_up, scope_of, unmatched};
use crate::store::matching::again::{self, Touched};
use crate::store::messages::{self, MessageRow};
use crate::store::types::MessageState;
use crate::store::{Conn, Db, Error, transaction};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Ranks up to `limit` mails again of which something was learnt; how many. It takes its time over each, so whoever
/// reads new mail does not call it. May run in several workers at once: the same guesses are written twice then.
pub fn rank_next(ctx: &Context, db: &Db, limit: i64) -> Result<usize, PlaceError> {
    rank_each(db, limit, &|conn, touched| rank_one(ctx, conn, touched))
}

/// One mail that cannot be ranked keeps its old guesses, and must not keep the others from new ones; not even one over
/// which the ranking panics.
fn rank_each(
    db: &Db,
    limit: i64,
    rank: &dyn Fn(&mut Conn, Touched) -> Result<(), Error>,
) -> Result<usize, PlaceError> {
    again::tell(&mut *db.conn()?)?;
    let touched = again::touched(&mut *db.conn()?, limit)?;
    for (done, one) in touched.iter().enumerate() {
        let message = one.message_id;
        // A connection of its own: one that a panic leaves within a transaction is not used again.
        let ranked = catch_unwind(AssertUnwindSafe(|| rank(&mut *db.conn()?, *one)));
        match ranked {
            Ok(Ok(())) => continue,
            Ok(Err(error)) if error.is_passing() => {
                tracing::warn!(%error, message, "mail waits to be ranked again");
                return Ok(done);
            }
            Ok(Err(error)) => tracing::error!(%error, message, "mail could not be ranked again"),
            Err(_) => tracing::error!(message, "to rank mail again ended in a panic; it keeps its guesses"),
        }
        transaction(&mut *db.conn()?, |conn| again::ranked(conn, *one))?;
    }
    Ok(touched.len())
}

/// As with a mail that comes in, it is ranked before anything is written.
fn rank_one(ctx: &Context, conn: &mut Conn, touched: Touched) -> Result<(), Error> {
    let id = touched.message_id;
    // What was placed a moment ago is marked in case something was learnt in that moment.
    let is_news = again::is_news(conn, touched)?;
    let row = messages::find(conn, id)?.filter(|_| is_news);
    let waits = row.filter(|row| {
        // What was set aside may be brought back.
        row.request_id.is_none() && matches!(row.state, MessageState::Unmatched | MessageState::SetAside)
    });
    let mail = waits.and_then(|row| Some((serde_json::from_str::<Incoming>(&row.reading).ok()?, row)));
    let Some((mail, row)) = mail else {
        return transaction(conn, |conn| again::ranked(conn, touched));
    };
    let clues = clues(&mail, &row.recipient, &ctx.config.reply_domain);
    keep_keys(conn, &row, &clues)?;
    let ranked = candidates::ranked(conn, &clues)?;
    let matches = elsewhere(conn, &row, ranked.matches)?;
    let why = ranked.former.first().map_or_else(|| unmatched(&matches), given_up);
    let proposal = serde_json::to_string(&Proposal { matches, event: None, ask: Some(why.clone()) })?;
    let is_new = proposal != row.proposal;
    transaction(conn, |conn| {
        let still = messages::locked(conn, id)?.filter(|now| now.request_id.is_none());
        if let Some(now) = still {
            // More is known of it since, by the text in its pictures: it stays marked, and is ranked by that.
            if now.reading != row.reading || now.proposal != row.proposal {
                return Ok(());
            }
            if is_new {
                again::propose(conn, id, (&proposal, &why))?;
            }
        }
        again::ranked(conn, touched)
    })
}

/// What waits since before there were keys gets them, and before it is ranked: what is learnt from now on marks it.
fn keep_keys(conn: &mut Conn, row: &MessageRow, clues: &Clues) -> Result<(), Error> {
    let id = row.id;
    if again::is_kept(conn, id)? {
        return Ok(());
    }
    transaction(conn, |conn| {
        // Keys of what is known of it since are not put back.
        let same = |now: &MessageRow| now.request_id.is_none() && now.reading == row.reading;
        match messages::locked(conn, id)?.filter(same) {
            Some(_) if !again::is_kept(conn, id)? => again::keep(conn, id, &keys::of_mail(clues)),
            _ => Ok(()),
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::messages::{Arrival, Handed, insert_received};
    use chrono::DateTime;

    /// A database with two mails that are to be ranked again.
    fn marked(folder: &tempfile::TempDir) -> Db {
        let db = Db::open(&format!("sqlite://{}", folder.path().join("a.db").display()), 2).unwrap();
        db.migrate().unwrap();
        for recipient in ["one@post.example", "two@post.example"] {
            let arrival = Arrival {
                fingerprint: String::new(),
                blob_sha256: "0".repeat(64),
                size: 1,
                recipient: recipient.to_owned(),
                via: "lmtp".to_owned(),
                spool_key: recipient.to_owned(),
                arrived_at: DateTime::UNIX_EPOCH,
                handed: Handed::default(),
            };
            insert_received(&mut db.conn().unwrap(), &arrival).unwrap();
        }
        for message in [1, 2] {
            again::mark(&mut db.conn().unwrap(), message, again::ANYWAY).unwrap();
        }
        db
    }

    #[test]
    fn a_panic_over_one_mail_keeps_no_other_from_being_ranked() {
        let folder = tempfile::tempdir().unwrap();
        let db = marked(&folder);
        let done = rank_each(&db, 9, &|conn, touched| {
            transaction(conn, |conn| {
                assert_eq!(
                    touched.message_id, 1,
                    "a mail over which the ranking panics, its transaction open"
                );
                again::ranked(conn, touched)
            })
        });
        assert_eq!(done.unwrap(), 2);
        assert_eq!(again::touched(&mut db.conn().unwrap(), 9).unwrap(), [], "neither is tried for ever");
    }
}
