//! Reply addresses that change: a new one from now on, and mail to the old one goes to a person (R15).

use crate::domain::reference::{PublicReference, ReplyToken};
use crate::service::Context;
use crate::store::audit::{self, Act};
use crate::store::requests::{self, former};
use crate::store::{Conn, transaction};

/// Why an address was not changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// There is no such request.
    #[error("there is no request `{0}`")]
    NoSuchRequest(String),
    /// The address is another one by now.
    #[error("the address was changed meanwhile")]
    Changed,
    /// The machine has no randomness.
    #[error("the machine gave no random bytes: {0}")]
    Random(String),
}

/// Gives a request a new random reply address; the old one is given up. `seen` is the hash of the address as the person
/// saw it: a second press changes nothing again.
pub fn change(
    ctx: &Context,
    conn: &mut Conn,
    person: i64,
    (reference, seen): (&str, &str),
) -> Result<(), Error> {
    let now = ctx.clock.now();
    let mut random = [0_u8; 13];
    getrandom::fill(&mut random).map_err(|e| Error::Random(e.to_string()))?;
    let token = ReplyToken::from_random(random);
    transaction(conn, |conn| {
        let missing = || Error::NoSuchRequest(reference.to_owned());
        let request = requests::by_reference(conn, reference)?.ok_or_else(missing)?;
        let name: PublicReference = reference.parse().map_err(|_| missing())?;
        requests::lock(conn, request.id)?;
        if former::current_hash(conn, request.id)? != seen {
            return Err(Error::Changed);
        }
        let address = token.address(&name, &ctx.config.reply_domain);
        former::change(conn, request.id, (&token.hash(), &address), now)?;
        let act = Act {
            at: now,
            person: Some(person),
            action: "change_reply_address",
            subject: format!("request:{reference}"),
            body: serde_json::json!({}),
        };
        Ok(audit::append(conn, &act)?)
    })
}
