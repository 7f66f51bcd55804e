//! Signing in and out, and adding the people who may: passwords, sessions, tries (R38, R39, R42).

use crate::domain::authority::EmailAddress;
use crate::service::Context;
use crate::store::people::{self, NewPerson, Person};
use crate::store::types::Role;
use crate::store::{self, Conn, audit, transaction};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

/// Tries for one account within `TRIES_WITHIN`; the next is refused, right or wrong (R38).
const TRIES: i64 = 5;
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
    /// Too many tries; said of unknown accounts too.
    #[error("expected at most {TRIES} tries in {} minutes", TRIES_WITHIN.num_minutes())]
    TooManyTries,
    /// The sign-in name is taken.
    #[error("expected a new sign-in name, found `{0}`, which is taken")]
    Taken(String),
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

/// Signs in: a new session whose token goes into the cookie. Every call costs one Argon2 hash, whether the
/// account exists or not.
pub fn sign_in(ctx: &Context, conn: &mut Conn, email: &str, password: &str) -> Result<String, Error> {
    let now = ctx.clock.now();
    let email = email.trim().to_lowercase();
    let account_hash = hex(Sha256::digest(email.as_bytes()).as_slice());
    let (attempt, tries) = transaction(conn, |conn| -> Result<_, Error> {
        Ok(people::count_attempt(conn, &account_hash, (now, now - TRIES_WITHIN))?)
    })?;
    if tries > TRIES {
        return Err(Error::TooManyTries);
    }
    let account =
        people::account(conn, &email)?.filter(|a| a.state == "active" && !a.password_hash.is_empty());
    let known = account.as_ref().map(|a| a.password_hash.as_str());
    let right = verify(password, known)?;
    let Some(account) = account.filter(|_| right) else { return Err(Error::Wrong) };
    let token = random_text()?;
    transaction(conn, |conn| -> Result<_, Error> {
        people::forget_attempt(conn, attempt)?;
        people::open_session(conn, account.id, &token_hash(&token), (now, now + ABSOLUTE))?;
        note(conn, now, account.id, "sign_in")
    })?;
    Ok(token)
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
