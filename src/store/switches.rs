//! What a person, or a rule, has switched: a row = it is on.

use crate::store::schema::{people, switches};
use crate::store::{Conn, Error, at, outbox};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// No letter leaves while it is on.
pub const OUTBOX_PAUSED: &str = "outbox_paused";

/// A switch that is on.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Switch {
    /// Why, in the words of who did it.
    pub reason: String,
    /// Who; none = the service itself, or somebody at the console.
    pub person_id: Option<i64>,
    /// Their name.
    pub person: Option<String>,
    /// Since when.
    pub since: NaiveDateTime,
}

/// Switches something on within the caller's transaction. Who came first stays: false = it was on already, and nothing
/// was changed.
pub fn set(
    conn: &mut Conn,
    name: &str,
    reason: &str,
    person: Option<i64>,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    outbox::hold_claims(conn)?;
    if is_on(conn, name)? {
        return Ok(false);
    }
    diesel::insert_into(switches::table)
        .values((
            switches::name.eq(name),
            switches::reason.eq(reason),
            switches::person_id.eq(person),
            switches::since.eq(at(now)),
        ))
        .execute(conn)?;
    Ok(true)
}

/// Switches something off within the caller's transaction; what it was, if it was on.
pub fn clear(conn: &mut Conn, name: &str) -> Result<Option<Switch>, Error> {
    outbox::hold_claims(conn)?;
    let was = get(conn, name)?;
    diesel::delete(switches::table.filter(switches::name.eq(name))).execute(conn)?;
    Ok(was)
}

/// A switch, if it is on.
pub fn get(conn: &mut Conn, name: &str) -> Result<Option<Switch>, Error> {
    Ok(switches::table
        .left_join(people::table.on(switches::person_id.eq(people::id.nullable())))
        .filter(switches::name.eq(name))
        .select((switches::reason, switches::person_id, people::name.nullable(), switches::since))
        .first(conn)
        .optional()?)
}

/// Whether it is on.
pub fn is_on(conn: &mut Conn, name: &str) -> Result<bool, Error> {
    let on = switches::table.filter(switches::name.eq(name)).count();
    Ok(on.get_result::<i64>(conn)? > 0)
}
