//! Addresses that do not work, until somebody finds another: opened by what a letter showed, one open for each address.

use crate::store::schema::{authorities, authority_addresses, contact_tasks, outbox, requests};
use crate::store::{Conn, Error, at, each};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// What a letter showed.
#[derive(Debug, Clone)]
pub struct New<'a> {
    /// Whose address.
    pub authority_id: i64,
    /// As it is written in the register.
    pub address: &'a str,
    /// In plain words.
    pub cause: String,
    /// The letter.
    pub outbox_id: Option<i64>,
}

/// Opens a task within the caller's transaction; one that is open for the address already stays as it is.
pub fn open(conn: &mut Conn, new: &New<'_>, now: DateTime<Utc>) -> Result<(), Error> {
    let values = (
        contact_tasks::authority_id.eq(new.authority_id),
        contact_tasks::address.eq(new.address),
        contact_tasks::cause.eq(&new.cause),
        contact_tasks::outbox_id.eq(new.outbox_id),
        contact_tasks::opened_at.eq(at(now)),
    );
    each!(conn, |c| diesel::insert_into(contact_tasks::table)
        .values(values)
        .on_conflict_do_nothing()
        .execute(c)?);
    Ok(())
}

/// A task that waits for somebody.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Task {
    /// Its number.
    pub id: i64,
    /// Whose address.
    pub authority_id: i64,
    /// Their name.
    pub authority: String,
    /// BCP 47 of the name.
    pub authority_language: String,
    /// Which address does not work.
    pub address: String,
    /// In plain words.
    pub cause: String,
    /// Since when it is known.
    pub opened_at: NaiveDateTime,
    /// Public reference of the request whose letter showed it.
    pub reference: Option<String>,
}

/// The open tasks, the oldest first, authority by authority; at most so many.
pub fn open_ones(conn: &mut Conn, most: i64) -> Result<Vec<Task>, Error> {
    Ok(contact_tasks::table
        .inner_join(authorities::table)
        .left_join(outbox::table.left_join(requests::table))
        .filter(contact_tasks::closed_at.is_null())
        .order((contact_tasks::opened_at.asc(), contact_tasks::id.asc()))
        .limit(most)
        .select((
            contact_tasks::id,
            contact_tasks::authority_id,
            authorities::name,
            authorities::language,
            contact_tasks::address,
            contact_tasks::cause,
            contact_tasks::opened_at,
            requests::reference.nullable(),
        ))
        .load(conn)?)
}

/// How many wait.
pub fn count(conn: &mut Conn) -> Result<i64, Error> {
    Ok(contact_tasks::table.filter(contact_tasks::closed_at.is_null()).count().get_result(conn)?)
}

/// Closes a task because a person says so; false = it was closed already.
pub fn close(conn: &mut Conn, id: i64, person: i64, now: DateTime<Utc>) -> Result<bool, Error> {
    let open = contact_tasks::table.find(id).filter(contact_tasks::closed_at.is_null());
    let by = (contact_tasks::closed_at.eq(at(now)), contact_tasks::closed_by.eq(person));
    Ok(diesel::update(open).set(by).execute(conn)? == 1)
}

/// Closes what is open for an authority: it has another address now.
pub fn settle(conn: &mut Conn, authority: i64, now: DateTime<Utc>) -> Result<(), Error> {
    let open = contact_tasks::table
        .filter(contact_tasks::authority_id.eq(authority))
        .filter(contact_tasks::closed_at.is_null());
    diesel::update(open).set(contact_tasks::closed_at.eq(at(now))).execute(conn)?;
    Ok(())
}

/// What is open for the address of a letter that went through is closed, and an address that had bounced is in use again.
pub fn went_through(conn: &mut Conn, request: i64, address: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let of: Option<i64> =
        requests::table.find(request).select(requests::authority_id).first(conn).optional()?;
    match of {
        Some(authority) => works(conn, (authority, address), now),
        None => Ok(()),
    }
}

/// The same of an address of an authority that is proved to work, or of which nothing says any more that it does not.
pub fn works(conn: &mut Conn, (authority, address): (i64, &str), now: DateTime<Utc>) -> Result<(), Error> {
    let mut known = known(conn, authority, &[address.to_owned()])?;
    crate::store::authorities::addresses_work(conn, authority, &known)?;
    known.push(address.to_owned());
    let open = contact_tasks::table
        .filter(contact_tasks::authority_id.eq(authority))
        .filter(contact_tasks::address.eq_any(known))
        .filter(contact_tasks::closed_at.is_null());
    diesel::update(open).set(contact_tasks::closed_at.eq(at(now))).execute(conn)?;
    Ok(())
}

/// How the cause begins where it was no report that showed it.
pub const REFUSED: &str = "The mail server refused it: ";

/// Whether a mail server refused an address itself, and nobody has found another since.
pub fn is_refused(conn: &mut Conn, authority: i64, address: &str) -> Result<bool, Error> {
    let open: Vec<(String, String)> = contact_tasks::table
        .filter(contact_tasks::authority_id.eq(authority))
        .filter(contact_tasks::closed_at.is_null())
        .select((contact_tasks::address, contact_tasks::cause))
        .load(conn)?;
    Ok(open.iter().any(|(open, cause)| open.eq_ignore_ascii_case(address) && cause.starts_with(REFUSED)))
}

/// Of some addresses those that the register has for an authority, as it writes them.
pub fn known(conn: &mut Conn, authority: i64, named: &[String]) -> Result<Vec<String>, Error> {
    let all: Vec<String> = authority_addresses::table
        .filter(authority_addresses::authority_id.eq(authority))
        .select(authority_addresses::email)
        .load(conn)?;
    Ok(all.into_iter().filter(|known| named.iter().any(|it| it.eq_ignore_ascii_case(known))).collect())
}
