//! Which requests a second letter with the same questions concerns.

use crate::domain::request::state::Status;
use crate::store::schema::requests;
use crate::store::{Conn, Error};
use diesel::prelude::*;

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
