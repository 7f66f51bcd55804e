//! Which requests a second letter with the same questions concerns.

use crate::domain::request::state::Status;
use crate::store::schema::{outbox, requests};
use crate::store::{Conn, Error, at};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// A letter that was filed before, to be compared with one that is to be filed.
#[derive(Debug, Clone, Queryable)]
pub struct Earlier {
    /// To whom.
    pub authority_id: i64,
    /// Of its request.
    pub reference: String,
    /// When.
    pub filed_at: NaiveDateTime,
    /// The reply address that stands in it; private.
    pub envelope_from: String,
    /// Subject line as sent.
    pub subject: String,
    /// Text as sent.
    pub body: String,
}

/// What a person filed since then with a bundle at some authorities and neither took back nor withdrew, the latest
/// first.
pub fn filed_lately(
    conn: &mut Conn,
    (person, bundle): (i64, &str),
    (authorities, since): (&[i64], DateTime<Utc>),
) -> Result<Vec<Earlier>, Error> {
    Ok(requests::table
        .inner_join(outbox::table.on(outbox::request_id.eq(requests::id).and(outbox::letter.eq("request"))))
        .filter(requests::authority_id.eq_any(authorities.to_vec()))
        .filter(requests::person_id.eq(person))
        .filter(requests::bundle.eq(bundle))
        .filter(requests::filed_at.ge(at(since)))
        .filter(requests::status.ne_all(vec![Status::TakenBack, Status::Withdrawn]))
        .order(requests::id.desc())
        .select((
            requests::authority_id,
            requests::reference,
            requests::filed_at,
            outbox::envelope_from,
            outbox::subject,
            outbox::body,
        ))
        .load(conn)?)
}

/// Open requests with the same bundle at some authorities, as (authority, reference).
pub fn open_with_bundle(
    conn: &mut Conn,
    authorities: &[i64],
    bundle: &str,
) -> Result<Vec<(i64, String)>, Error> {
    let open: Vec<Status> =
        Status::ALL.iter().copied().filter(|s| s.is_open() || *s == Status::Filed).collect();
    Ok(requests::table
        .filter(requests::authority_id.eq_any(authorities.to_vec()))
        .filter(requests::bundle.eq(bundle))
        .filter(requests::status.eq_any(open))
        .order(requests::id.desc())
        .select((requests::authority_id, requests::reference))
        .load(conn)?)
}
