//! What the desk shows of a message that was erased, in the place of its page: no form, because nothing is left to do.

use crate::store::desk::erased;
use crate::store::{Conn, erasure};
use crate::web::desk::words::{self, Tag};
use crate::web::error::Error;
use chrono::NaiveDateTime;
use serde::Serialize;

/// The template of this file.
pub const TEMPLATE: &str = "desk/erased.html";

/// What it shows.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    id: i64,
    received_at: NaiveDateTime,
    erased_at: Option<NaiveDateTime>,
    reason: Option<String>,
    /// Who erased it; none = from the console, or because its time was over.
    by: Option<String>,
    request: Option<Request>,
    /// What a person said it was.
    said: Option<Tag>,
    /// How often it came again since, and when last.
    returns: (i64, Option<NaiveDateTime>),
}

#[derive(Debug, Clone, Serialize)]
struct Request {
    reference: String,
    authority: String,
    language: String,
}

/// The page of an erased message; none = it is not erased.
pub fn page(conn: &mut Conn, id: i64) -> Result<Option<Page>, Error> {
    let Some(found) = erased::of(conn, id)? else { return Ok(None) };
    let (erased_at, reason, by) = match erased::erasure(conn, id)? {
        Some((at, reason, by)) => (Some(at), Some(reason), by),
        None => (None, None, None),
    };
    Ok(Some(Page {
        id,
        received_at: found.received_at,
        erased_at,
        reason,
        by,
        request: found.request.map(|(reference, authority, language)| Request {
            reference,
            authority,
            language,
        }),
        said: found.settled_at.and(found.kind).map(|kind| words::kind(&kind)),
        returns: erasure::returns(conn, id)?,
    }))
}
