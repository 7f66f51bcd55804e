//! Reply addresses that were given up.

use crate::store::schema::{former_addresses, requests};
use crate::store::{Conn, Error, at};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// An address that a request had.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Former {
    /// Whose it was.
    pub request_id: i64,
    /// Public reference of that request.
    pub reference: String,
    /// The address; private.
    pub address: String,
    /// Since when it is given up.
    pub given_up_at: NaiveDateTime,
}

/// The hash of the token that a request has now.
pub fn current_hash(conn: &mut Conn, request: i64) -> Result<String, Error> {
    Ok(requests::table.find(request).select(requests::reply_token_hash).first(conn)?)
}

/// Gives a request another address within the caller's transaction, which holds its lock.
pub fn change(
    conn: &mut Conn,
    request: i64,
    (token_hash, address): (&str, &str),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let (old_hash, old): (String, String) = requests::table
        .find(request)
        .select((requests::reply_token_hash, requests::reply_address))
        .first(conn)?;
    diesel::insert_into(former_addresses::table)
        .values((
            former_addresses::request_id.eq(request),
            former_addresses::token_hash.eq(old_hash),
            former_addresses::address.eq(old),
            former_addresses::given_up_at.eq(at(now)),
        ))
        .execute(conn)?;
    diesel::update(requests::table.find(request))
        .set((requests::reply_token_hash.eq(token_hash), requests::reply_address.eq(address)))
        .execute(conn)?;
    Ok(())
}

/// Addresses that were given up, by the hashes of their tokens.
pub fn by_tokens(conn: &mut Conn, hashes: &[String]) -> Result<Vec<Former>, Error> {
    let mut found = Vec::new();
    for hashes in hashes.chunks(500) {
        let some: Vec<Former> = former_addresses::table
            .inner_join(requests::table)
            .filter(former_addresses::token_hash.eq_any(hashes.to_vec()))
            .order(former_addresses::id.asc())
            .limit(100)
            .select((
                former_addresses::request_id,
                requests::reference,
                former_addresses::address,
                former_addresses::given_up_at,
            ))
            .load(conn)?;
        found.extend(some);
    }
    Ok(found)
}

/// When a request's addresses were given up, the latest first.
pub fn of_request(conn: &mut Conn, request: i64) -> Result<Vec<NaiveDateTime>, Error> {
    Ok(former_addresses::table
        .filter(former_addresses::request_id.eq(request))
        .order(former_addresses::id.desc())
        .select(former_addresses::given_up_at)
        .load(conn)?)
}
