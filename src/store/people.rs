//! People with their roles, their sessions, and how often a sign-in was tried.

use crate::store::locks::About;
use crate::store::schema::{people, sessions, sign_in_attempts};
use crate::store::types::Role;
use crate::store::{Conn, Error, at};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// A person who may sign in.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = people)]
pub struct Person {
    /// Their number.
    pub id: i64,
    /// Sign-in name, lower case; never public.
    pub email: String,
    /// Shown at the desk, signs letters.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

/// A person with what is needed to check a password.
#[derive(Debug, Clone, Queryable)]
pub struct Account {
    /// Their number.
    pub id: i64,
    /// Argon2id, PHC string; empty = cannot sign in.
    pub password_hash: String,
    /// `active` or `suspended`.
    pub state: String,
}

/// A session that is still good.
#[derive(Debug, Clone, Queryable)]
pub struct Session {
    /// Its number.
    pub id: i64,
    /// When it was last used.
    pub seen_at: NaiveDateTime,
    /// Whose it is.
    pub person: Person,
}

/// Adds a person; `email` is kept in lower case. A second one with the same address is `is_duplicate()`.
pub fn add(conn: &mut Conn, new: &NewPerson<'_>, now: DateTime<Utc>) -> Result<i64, Error> {
    Ok(diesel::insert_into(people::table)
        .values((
            people::email.eq(new.email.to_lowercase()),
            people::name.eq(new.name),
            people::role.eq(new.role),
            people::password_hash.eq(new.password_hash),
            people::state.eq("active"),
            people::created_at.eq(at(now)),
        ))
        .returning(people::id)
        .get_result(conn)?)
}

/// What adds a person.
#[derive(Debug, Clone, Copy)]
pub struct NewPerson<'a> {
    /// Sign-in name.
    pub email: &'a str,
    /// Shown at the desk.
    pub name: &'a str,
    /// What they may do.
    pub role: Role,
    /// Argon2id, PHC string; empty = cannot sign in yet.
    pub password_hash: &'a str,
}

/// The person with this sign-in name.
pub fn by_email(conn: &mut Conn, email: &str) -> Result<Option<Person>, Error> {
    Ok(people::table
        .filter(people::email.eq(email.to_lowercase()))
        .select(Person::as_select())
        .first(conn)
        .optional()?)
}

/// What is needed to check the password of this sign-in name.
pub fn account(conn: &mut Conn, email: &str) -> Result<Option<Account>, Error> {
    Ok(people::table
        .filter(people::email.eq(email.to_lowercase()))
        .select((people::id, people::password_hash, people::state))
        .first(conn)
        .optional()?)
}

/// Sets a password and ends every session of the person: who had the old one is out (R42).
pub fn set_password(conn: &mut Conn, person: i64, password_hash: &str) -> Result<(), Error> {
    diesel::update(people::table.find(person)).set(people::password_hash.eq(password_hash)).execute(conn)?;
    end_sessions(conn, person)
}

/// A person as an administrator sees them.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Listed {
    /// Sign-in name.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// `active` or `suspended`.
    pub state: String,
    /// Shown at the desk.
    pub name: String,
}

/// Everybody who was ever added, by sign-in name.
pub fn all(conn: &mut Conn) -> Result<Vec<Listed>, Error> {
    Ok(people::table
        .order(people::email)
        .select((people::email, people::role, people::state, people::name))
        .load(conn)?)
}

/// Keeps the hash of the token by which a person's calendar is asked for, or forgets it.
pub fn set_calendar_token(conn: &mut Conn, person: i64, hash: Option<&str>) -> Result<(), Error> {
    diesel::update(people::table.find(person)).set(people::calendar_token_hash.eq(hash)).execute(conn)?;
    Ok(())
}

/// The active person with this token.
pub fn by_calendar_token(conn: &mut Conn, hash: &str) -> Result<Option<i64>, Error> {
    Ok(people::table
        .filter(people::calendar_token_hash.eq(hash))
        .filter(people::state.eq("active"))
        .select(people::id)
        .first(conn)
        .optional()?)
}

/// Whether a person has such a token.
pub fn has_calendar(conn: &mut Conn, person: i64) -> Result<bool, Error> {
    let kept: Option<String> = people::table.find(person).select(people::calendar_token_hash).first(conn)?;
    Ok(kept.is_some())
}

/// Lets a person sign in or not; who may not has no session left.
pub fn set_active(conn: &mut Conn, person: i64, active: bool) -> Result<(), Error> {
    let state = if active { "active" } else { "suspended" };
    diesel::update(people::table.find(person)).set(people::state.eq(state)).execute(conn)?;
    if active { Ok(()) } else { end_sessions(conn, person) }
}

/// Whether a person is the only one left who may administer.
pub fn is_last_administrator(conn: &mut Conn, person: i64) -> Result<bool, Error> {
    let administer: Vec<Role> = Role::ALL.iter().copied().filter(|role| role.may_administer()).collect();
    let able: Vec<i64> = people::table
        .filter(people::state.eq("active"))
        .filter(people::role.eq_any(administer))
        .select(people::id)
        .limit(2)
        .load(conn)?;
    Ok(able == [person])
}

/// Sets a role. It is read again with each page, so it counts at once.
pub fn set_role(conn: &mut Conn, person: i64, role: Role) -> Result<(), Error> {
    diesel::update(people::table.find(person)).set(people::role.eq(role)).execute(conn)?;
    Ok(())
}

/// Ends every session of a person.
pub fn end_sessions(conn: &mut Conn, person: i64) -> Result<(), Error> {
    diesel::delete(sessions::table.filter(sessions::person_id.eq(person))).execute(conn)?;
    Ok(())
}

/// Opens a session until `expires_at`; only the hash of its token is kept. Sessions that are over go.
pub fn open_session(
    conn: &mut Conn,
    person: i64,
    token_hash: &str,
    (now, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), Error> {
    diesel::delete(sessions::table.filter(sessions::expires_at.lt(at(now)))).execute(conn)?;
    diesel::insert_into(sessions::table)
        .values((
            sessions::token_hash.eq(token_hash),
            sessions::person_id.eq(person),
            sessions::created_at.eq(at(now)),
            sessions::seen_at.eq(at(now)),
            sessions::expires_at.eq(at(expires_at)),
        ))
        .execute(conn)?;
    Ok(())
}

/// The session with this token, of an active person, not over at `now` and used since `idle_since`.
pub fn session(
    conn: &mut Conn,
    token_hash: &str,
    (now, idle_since): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Option<Session>, Error> {
    Ok(sessions::table
        .inner_join(people::table)
        .filter(sessions::token_hash.eq(token_hash))
        .filter(sessions::expires_at.gt(at(now)))
        .filter(sessions::seen_at.gt(at(idle_since)))
        .filter(people::state.eq("active"))
        .select((sessions::id, sessions::seen_at, (people::id, people::email, people::name, people::role)))
        .first(conn)
        .optional()?)
}

/// Notes that a session was used.
pub fn touch_session(conn: &mut Conn, session: i64, now: DateTime<Utc>) -> Result<(), Error> {
    diesel::update(sessions::table.find(session)).set(sessions::seen_at.eq(at(now))).execute(conn)?;
    Ok(())
}

/// Ends the session with this token.
pub fn close_session(conn: &mut Conn, token_hash: &str) -> Result<(), Error> {
    diesel::delete(sessions::table.filter(sessions::token_hash.eq(token_hash))).execute(conn)?;
    Ok(())
}

/// Who tries to sign in, as hashes, and how many tries each may have.
#[derive(Debug, Clone, Copy)]
pub struct Trying<'a> {
    /// The account, known or not, and its limit.
    pub account: (&'a str, i64),
    /// The network address, and its limit.
    pub network: (&'a str, i64),
}

/// What became of a try to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Try {
    /// It counts, under this number.
    Counted(i64),
    /// There were too many; there is room again once a try of this time is forgotten.
    TooMany(NaiveDateTime),
}

/// Counts a try, unless account or network had as many as they may have after `since`: one that is refused looks at
/// no password, so it neither prolongs the wait nor bars an account to others. Earlier tries are forgotten. Within a
/// transaction, so that tries side by side are counted one by one.
pub fn count_attempt(
    conn: &mut Conn,
    trying: &Trying<'_>,
    (now, since): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Try, Error> {
    let ((account, of_account), (network, of_network)) = (trying.account, trying.network);
    // Always the account before the network, each among its own kind: no two can wait for each other.
    About::Account.hold(conn, account)?;
    About::Network.hold(conn, network)?;
    diesel::delete(sign_in_attempts::table.filter(sign_in_attempts::at.le(at(since)))).execute(conn)?;
    let latest = || sign_in_attempts::table.order(sign_in_attempts::at.desc()).select(sign_in_attempts::at);
    // The limit is reached when there is a try so far back in the row; it is the one that must be forgotten.
    let by_account: Option<NaiveDateTime> = latest()
        .filter(sign_in_attempts::account_hash.eq(account))
        .offset(of_account - 1)
        .first(conn)
        .optional()?;
    let by_network: Option<NaiveDateTime> = latest()
        .filter(sign_in_attempts::network_hash.eq(network))
        .offset(of_network - 1)
        .first(conn)
        .optional()?;
    if let Some(oldest) = by_account.max(by_network) {
        return Ok(Try::TooMany(oldest));
    }
    let attempt = diesel::insert_into(sign_in_attempts::table)
        .values((
            sign_in_attempts::account_hash.eq(account),
            sign_in_attempts::network_hash.eq(network),
            sign_in_attempts::at.eq(at(now)),
        ))
        .returning(sign_in_attempts::id)
        .get_result(conn)?;
    Ok(Try::Counted(attempt))
}

/// Forgets one try, because it was right.
pub fn forget_attempt(conn: &mut Conn, attempt: i64) -> Result<(), Error> {
    diesel::delete(sign_in_attempts::table.find(attempt)).execute(conn)?;
    Ok(())
}
