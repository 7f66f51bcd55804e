//! Events whose texts were erased: their chain stays whole, because the audit log says which links are others now.
//!
//! A link keeps its hash, which no longer fits its body. The entry of the erasure names request, place and the SHA-256
//! of the body as it stands; the audit log is a chain itself. A body that was changed in any other way does not fit.

use crate::store::schema::{audit, events};
use crate::store::{Conn, Error, blobs};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A link whose body is another one now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Redacted {
    /// Of which request.
    pub request: i64,
    /// Its place there.
    pub seq: i64,
    /// SHA-256 of the body as it stands.
    pub body: String,
}

/// Actions that may have changed a body.
const ACTIONS: [&str; 2] = ["erase", "erase_again"];

/// Rewrites the bodies of events: of these messages, or of all of these requests. What `change` returns takes the place
/// of the body; none = it stays.
pub fn redact_events(
    conn: &mut Conn,
    (messages, requests): (&[i64], &[i64]),
    change: impl Fn(&str) -> Option<String>,
) -> Result<Vec<Redacted>, Error> {
    let found: Vec<(i64, i64, i64, String)> = events::table
        .filter(events::message_id.eq_any(messages.iter().map(|id| Some(*id)).collect::<Vec<_>>()).or(
            events::request_id.nullable().eq_any(requests.iter().map(|id| Some(*id)).collect::<Vec<_>>()),
        ))
        .order(events::id.asc())
        .select((events::id, events::request_id, events::seq, events::body))
        .load(conn)?;
    let mut redacted = Vec::new();
    for (id, request, seq, body) in found {
        let Some(changed) = change(&body) else { continue };
        diesel::update(events::table.find(id)).set(events::body.eq(&changed)).execute(conn)?;
        redacted.push(Redacted { request, seq, body: blobs::sha256(changed.as_bytes()) });
    }
    Ok(redacted)
}

/// The links that the audit log says were changed by erasing.
pub fn accepted(conn: &mut Conn) -> Result<BTreeSet<Redacted>, Error> {
    #[derive(Deserialize)]
    struct Entry {
        #[serde(default)]
        redacted: Vec<Redacted>,
    }
    let bodies: Vec<String> =
        audit::table.filter(audit::action.eq_any(ACTIONS)).select(audit::body).load(conn)?;
    let mut all = BTreeSet::new();
    for body in bodies {
        all.extend(serde_json::from_str::<Entry>(&body)?.redacted);
    }
    Ok(all)
}

/// Whether a body is what an erasure left of it.
pub fn is_accepted(accepted: &BTreeSet<Redacted>, (request, seq): (i64, i64), body: &str) -> bool {
    !accepted.is_empty()
        && accepted.contains(&Redacted { request, seq, body: blobs::sha256(body.as_bytes()) })
}
