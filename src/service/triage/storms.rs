//! A storm of automatic mails is one line: each is kept, the first of a day stands for those that say the same.

use crate::domain::incoming::alike;
use crate::domain::request::event::Event;
use crate::service::Context;
use crate::service::triage::Error as Failed;
use crate::service::triage::plan::{Columns, Place, Understood};
use crate::store::blobs::sha256;
use crate::store::messages::{self, folds};
use crate::store::types::MessageState;
use crate::store::{Conn, Error, audit, matching, requests, transaction};
use chrono::TimeDelta;

/// For how long one mail stands for those that say the same.
const WINDOW: TimeDelta = TimeDelta::days(1);

/// Folds a mail that was just placed into the one that says the same, if there is one: then it is recorded already.
pub(super) fn fold(
    conn: &mut Conn,
    (id, read): (i64, &Understood),
    (place, columns): (&Place, &Columns),
) -> Result<bool, Error> {
    // It may have been folded before, and is placed again with what stands in its pictures.
    folds::leave(conn, id)?;
    if read.failure.is_some() {
        return Ok(false);
    }
    let Some(alike) = alike::key(&read.incoming, read.circles.is_some()) else { return Ok(false) };
    let new = match (place, &columns.proposal.event) {
        (Place::Filed(request), Some(event)) => !tells_nothing_new(conn, *request, event)?,
        _ => false,
    };
    let reading = &columns.reading;
    let key = sha256(format!("{}\n{}\n{alike}", reading.scope, reading.state.as_str()).as_bytes());
    let came = read.unread.received_at;
    // What came later does not stand for what came before it, as where old mail is imported.
    match folds::head(conn, &key, (came - WINDOW, came))? {
        Some(head) if !new => folds::fold(conn, id, (head, came)).map(|()| true),
        _ => folds::lead(conn, id, (&key, came)).map(|()| false),
    }
}

/// Whether a request stands as it stood, once this is recorded: the second report on the same letter changes nothing,
/// but one that comes after the letter was sent again does.
fn tells_nothing_new(conn: &mut Conn, request: i64, event: &Event) -> Result<bool, Error> {
    let Some(state) = requests::state(conn, request)? else { return Ok(false) };
    Ok(state.clone().apply(event).is_ok_and(|after| after == state))
}

/// Puts a message and all that are folded into it out of the way, at once; how many they are. Only while they wait: what
/// was recorded by rule is corrected one by one.
pub fn set_aside_alike(
    ctx: &Context,
    conn: &mut Conn,
    person: i64,
    (head, reason): (i64, &str),
) -> Result<usize, Failed> {
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        let message = messages::locked(conn, head)?.ok_or(Failed::NoSuchMessage(head))?;
        let waits = matches!(message.state, MessageState::Held | MessageState::Unmatched);
        if !waits || folds::head_of(conn, head)? != Some(head) {
            return Err(Failed::NotAStorm(head));
        }
        let ids = folds::set_aside(conn, head, (reason, now))?;
        // One entry for each: by it retention knows since when it is aside.
        for id in &ids {
            matching::unlearn(conn, *id)?;
            let subject = format!("message:{id}");
            let body = if *id == head {
                serde_json::json!({ "messages": ids.len() })
            } else {
                serde_json::json!({ "with": head })
            };
            audit::append(
                conn,
                &audit::Act { at: now, person: Some(person), action: "set_aside", subject, body },
            )?;
        }
        Ok(ids.len())
    })
}
