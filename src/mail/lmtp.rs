//! A minimal LMTP client (RFC 2033): one message to some recipients of a server on this network.

use std::net::SocketAddr;
use std::time::Duration;

use crate::mail::reply::{self, Reply};
use crate::mail::wire::{Wire, dot_stuffed};

/// Why a message could not be handed over; nothing was accepted unless a reply says so.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not reachable, gone, silent or not LMTP.
    #[error("expected an LMTP server at `{address}`: {reason}")]
    Wire {
        /// Where it was looked for.
        address: SocketAddr,
        /// What happened.
        reason: String,
    },
    /// The server said no before the message was sent.
    #[error("expected the LMTP server to go on, found `{0}`")]
    Refused(String),
    /// An address that would speak LMTP on its own.
    #[error("expected an address without spaces, brackets and control characters, found `{0}`")]
    Address(String),
}

/// Hands the message over; the answer holds one reply per recipient, in order (`250 …` is accepted).
/// `from` is empty for a bounce.
pub fn deliver(
    address: SocketAddr,
    from: &str,
    recipients: &[&str],
    bytes: &[u8],
) -> Result<Vec<String>, Error> {
    for path in recipients.iter().chain([&from]) {
        if path.chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>')) {
            return Err(Error::Address(path.escape_debug().to_string()));
        }
    }
    let lost = |error: reply::Error| Error::Wire { address, reason: error.to_string() };
    let time = Duration::from_secs(60);
    let mut wire = Wire::connect(address, time).map_err(lost)?;
    good(2, wire.reply().map_err(lost)?)?;
    good(2, wire.command("LHLO localhost").map_err(lost)?)?;
    good(2, wire.command(&format!("MAIL FROM:<{from}>")).map_err(lost)?)?;
    let mut replies = Vec::with_capacity(recipients.len());
    for recipient in recipients {
        replies.push(wire.command(&format!("RCPT TO:<{recipient}>")).map_err(lost)?);
    }
    if replies.iter().any(taken) {
        good(3, wire.command("DATA").map_err(lost)?)?;
        wire.allow(time);
        wire.write(&dot_stuffed(bytes)).and_then(|()| wire.write(b".\r\n")).map_err(lost)?;
        for reply in replies.iter_mut().filter(|reply| taken(reply)) {
            *reply = wire.reply().map_err(lost)?;
        }
    }
    // All is said; a lost farewell changes nothing.
    let _ = wire.write(b"QUIT\r\n");
    Ok(replies.into_iter().map(|reply| reply.text).collect())
}

fn taken(reply: &Reply) -> bool {
    reply.code / 100 == 2
}

fn good(class: u16, reply: Reply) -> Result<(), Error> {
    if reply.code / 100 == class { Ok(()) } else { Err(Error::Refused(reply.text)) }
}
