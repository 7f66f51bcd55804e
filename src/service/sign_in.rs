//! Signing in and out, and adding the people who may: passwords, sessions, tries (R38, R39, R42).

use crate::domain::authority::EmailAddress;
use crate::service::Context;
use crate::store::people::{self, NewPerson, Person, Try, Trying};
use crate::store::types::Role;
use crate::store::{self, Conn, audit, transaction};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::net::IpAddr;

/// Tries for one account within `TRIES_WITHIN`; the next is refused, right or wrong (R38).
const TRIES: i64 = 5;
/// Tries from one network address, whatever the account.
const NETWORK_TRIES: i64 = 20;
const TRIES_WITHIN: TimeDelta = TimeDelta::minutes(15);
/// Unused for so long, a session is over.
const IDLE: TimeDelta = TimeDelta::hours(2);
/// Whatever its use, a session is over after so long.
const ABSOLUTE: TimeDelta = TimeDelta::hours(12);
/// A session's use is noted at most so often: reading pages need not write each time.
const NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Why someone was not signed in, or not added.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Wrong, unknown or suspended: one answer, so that accounts cannot be listed (R39).
    #[error("expected a known e-mail address with its password")]
    Wrong,
    /// Too many tries, for the account or from the network; said of unknown accounts too. It is known how many
    /// seconds to wait.
    #[error("expected at most {TRIES} tries for an account and {NETWORK_TRIES} from a network in {} minutes", TRIES_WITHIN.num_minutes())]
    TooManyTries(u32),
    /// The sign-in name is taken.
    #[error("expected a new sign-in name, found `{0}`, which is taken")]
    Taken(String),
    /// Nobody has this sign-in name.
    #[error("expected the sign-in name of a person, found `{0}`, which nobody has")]
    Nobody(String),
    /// Nobody would be left who could administer.
    #[error(
        "`{0}` is the last administrator who may sign in: make somebody else one first, with `askance user role`"
    )]
    LastAdministrator(String),
    /// One of our own addresses: what we send there comes back to us.
    #[error("expected an address of the person, found `{0}`, where we take replies in")]
    OurOwn(String),
    /// Not an e-mail address.
    #[error(transparent)]
    Address(#[from] crate::domain::authority::NotAnAddress),
    /// No random bytes, or the hash failed.
    #[error("a password cannot be hashed here: {0}")]
    Crypto(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Who wants in.
#[derive(Debug, Clone)]
pub struct Asking {
    /// Sign-in name as typed.
    pub email: String,
    /// Password as typed.
    pub password: String,
    /// From where; all that come from nowhere share one count.
    pub address: Option<IpAddr>,
}

/// Signs in: a new session whose token goes into the cookie. Every call that is not one too many costs one Argon2
/// hash, whether the account exists or not.
pub fn sign_in(ctx: &Context, conn: &mut Conn, asking: &Asking) -> Result<String, Error> {
    let now = ctx.clock.now();
    let email = asking.email.trim().to_lowercase();
    let account_hash = hex(Sha256::digest(email.as_bytes()).as_slice());
    let network_hash = network_hash(ctx, asking.address)?;
    let trying = Trying { account: (&account_hash, TRIES), network: (&network_hash, NETWORK_TRIES) };
    let tried = transaction(conn, |conn| -> Result<_, Error> {
        Ok(people::count_attempt(conn, &trying, (now, now - TRIES_WITHIN))?)
    })?;
    let attempt = match tried {
        Try::Counted(attempt) => attempt,
        Try::TooMany(oldest) => return Err(Error::TooManyTries(wait(oldest, now))),
    };
    let account =
        people::account(conn, &email)?.filter(|a| a.state == "active" && !a.password_hash.is_empty());
    let known = account.as_ref().map(|a| a.password_hash.as_str());
    let right = verify(&asking.password, known)?;
    let Some(account) = account.filter(|_| right) else { return Err(Error::Wrong) };
    let token = random_text()?;
    transaction(conn, |conn| -> Result<_, Error> {
        people::forget_attempt(conn, attempt)?;
        people::open_session(conn, account.id, &token_hash(&token), (now, now + ABSOLUTE))?;
        note(conn, now, account.id, "sign_in")
    })?;
    Ok(token)
}

/// Seconds until a try of `oldest` is forgotten.
fn wait(oldest: NaiveDateTime, now: DateTime<Utc>) -> u32 {
    let left = oldest + TRIES_WITHIN - now.naive_utc();
    u32::try_from(left.num_milliseconds().saturating_add(999) / 1000).unwrap_or(1).max(1)
}

/// What the database holds of a network address: nothing that tells it to who has not the key. A household or a
/// server has a whole /64 of IPv6, so that is what counts as one address.
fn network_hash(ctx: &Context, address: Option<IpAddr>) -> Result<String, Error> {
    let mut mac = Hmac::<Sha256>::new_from_slice(ctx.config.secret.bytes())
        .map_err(|e| Error::Crypto(e.to_string()))?;
    mac.update(b"askance network\0");
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => mac.update(&address.octets()),
        Some(IpAddr::V6(address)) => mac.update(&(address.to_bits() >> 64).to_be_bytes()),
        None => {}
    }
    Ok(hex(mac.finalize().into_bytes().as_slice()))
}

/// Whose session `token` is, if it is still good at this moment.
pub fn signed_in(ctx: &Context, conn: &mut Conn, token: &str) -> Result<Option<Person>, Error> {
    let now = ctx.clock.now();
    let Some(session) = people::session(conn, &token_hash(token), (now, now - IDLE))? else {
        return Ok(None);
    };
    if now.naive_utc() - session.seen_at >= NOTED_EVERY {
        people::touch_session(conn, session.id, now)?;
    }
    Ok(Some(session.person))
}

/// Ends the session; the cookie is worth nothing from now on.
pub fn sign_out(ctx: &Context, conn: &mut Conn, person: i64, token: &str) -> Result<(), Error> {
    transaction(conn, |conn| {
        people::close_session(conn, &token_hash(token))?;
        note(conn, ctx.clock.now(), person, "sign_out")
    })
}

/// Adds a person with a password made here, which is returned once and kept nowhere.
pub fn add_person(ctx: &Context, conn: &mut Conn, new: &Newcomer<'_>) -> Result<String, Error> {
    let email: EmailAddress = new.email.parse()?;
    let email = email.as_str().to_lowercase();
    if email.rsplit_once('@').is_some_and(|(_, domain)| domain.eq_ignore_ascii_case(&ctx.config.reply_domain))
    {
        return Err(Error::OurOwn(email));
    }
    let password = random_text()?;
    let password_hash = hash(&password)?;
    let now = ctx.clock.now();
    let row = NewPerson { email: &email, name: new.name, role: new.role, password_hash: &password_hash };
    transaction(conn, |conn| {
        let id = people::add(conn, &row, now).map_err(|error| match error {
            error if error.is_duplicate() => Error::Taken(email.clone()),
            error => Error::Store(error),
        })?;
        note(conn, now, id, "add_person")
    })?;
    Ok(password)
}

/// Who is added.
#[derive(Debug, Clone, Copy)]
pub struct Newcomer<'a> {
    /// Sign-in name.
    pub email: &'a str,
    /// Shown at the desk, signs letters.
    pub name: &'a str,
    /// What they may do.
    pub role: Role,
}

/// What is done to a person from the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// They may not sign in any more, and are out at once.
    Suspend,
    /// They may sign in again, with the password they had.
    Resume,
    /// What they may do, from the next page on.
    Role(Role),
}

/// Changes what a person may do. The console is nobody's, so the audit log names no actor.
pub fn change_person(ctx: &Context, conn: &mut Conn, email: &str, change: Change) -> Result<(), Error> {
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        let id = person_of(conn, email)?;
        let stays = match change {
            Change::Suspend => false,
            Change::Resume => true,
            Change::Role(role) => role.may_administer(),
        };
        if !stays && people::is_last_administrator(conn, id)? {
            return Err(Error::LastAdministrator(email.trim().to_lowercase()));
        }
        let (action, body) = match change {
            Change::Suspend => ("suspend_person", serde_json::json!({})),
            Change::Resume => ("resume_person", serde_json::json!({})),
            Change::Role(role) => ("set_role", serde_json::json!({ "role": role.as_str() })),
        };
        match change {
            Change::Suspend => people::set_active(conn, id, false)?,
            Change::Resume => people::set_active(conn, id, true)?,
            Change::Role(role) => people::set_role(conn, id, role)?,
        }
        console(conn, now, (id, action), body)
    })
}

/// Sets a password made here, which is returned once and kept nowhere, and ends every session of the person.
pub fn new_password(ctx: &Context, conn: &mut Conn, email: &str) -> Result<String, Error> {
    let password = random_text()?;
    let password_hash = hash(&password)?;
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        let id = person_of(conn, email)?;
        people::set_password(conn, id, &password_hash)?;
        console(conn, now, (id, "new_password"), serde_json::json!({}))
    })?;
    Ok(password)
}

fn person_of(conn: &mut Conn, email: &str) -> Result<i64, Error> {
    let email = email.trim().to_lowercase();
    people::by_email(conn, &email)?.map(|person| person.id).ok_or(Error::Nobody(email))
}

fn console(
    conn: &mut Conn,
    at: DateTime<Utc>,
    (person, action): (i64, &str),
    body: serde_json::Value,
) -> Result<(), Error> {
    let act = audit::Act { at, person: None, action, subject: format!("person:{person}"), body };
    Ok(audit::append(conn, &act)?)
}

fn note(conn: &mut Conn, at: DateTime<Utc>, person: i64, action: &str) -> Result<(), Error> {
    let body = serde_json::json!({});
    let act = audit::Act { at, person: Some(person), action, subject: format!("person:{person}"), body };
    Ok(audit::append(conn, &act)?)
}

/// Argon2id, version 1.3, 19 MiB, two passes: the parameters R38 asks for.
fn argon2() -> Argon2<'static> {
    Argon2::default()
}

/// A password as it is kept.
pub fn hash(password: &str) -> Result<String, Error> {
    argon2()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|e| Error::Crypto(e.to_string()))
}

/// Whether the password is right. Without an account the same work is done for nothing, so that the time
/// an answer takes tells nobody which accounts there are (R39).
fn verify(password: &str, kept: Option<&str>) -> Result<bool, Error> {
    let Some(kept) = kept else {
        hash(password)?;
        return Ok(false);
    };
    let parsed = PasswordHash::new(kept).map_err(|e| Error::Crypto(e.to_string()))?;
    Ok(argon2().verify_password(password.as_bytes(), &parsed).is_ok())
}

/// A token for the address of a person's own calendar; the one before is worth nothing from now on. Only its hash is
/// kept, so it is told this once and never again.
pub fn renew_calendar(conn: &mut Conn, person: i64) -> Result<String, Error> {
    let token = random_text()?;
    people::set_calendar_token(conn, person, Some(&token_hash(&token)))?;
    Ok(token)
}

/// Ends a person's calendar.
pub fn end_calendar(conn: &mut Conn, person: i64) -> Result<(), Error> {
    Ok(people::set_calendar_token(conn, person, None)?)
}

/// Whose calendar it is; nobody's where the token is unknown, renewed or of somebody who is suspended.
pub fn calendar_owner(conn: &mut Conn, token: &str) -> Result<Option<i64>, store::Error> {
    people::by_calendar_token(conn, &token_hash(token))
}

/// Whether a person has one.
pub fn has_calendar(conn: &mut Conn, person: i64) -> Result<bool, store::Error> {
    people::has_calendar(conn, person)
}

/// What the database holds of a token.
pub fn token_hash(token: &str) -> String {
    hex(Sha256::digest(token.as_bytes()).as_slice())
}

/// 32 random bytes, base64 for addresses.
pub fn random_text() -> Result<String, Error> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|e| Error::Crypto(e.to_string()))?;
    Ok(data_encoding::BASE64URL_NOPAD.encode(&bytes))
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}
