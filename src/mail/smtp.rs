//! One letter to one server over SMTP, with the mark between the reply to DATA and the body.
//!
//! lettre's `SmtpConnection` would let the mark in, but its timeout holds for each read alone (a server that sends a
//! byte a second is never left), its reply lines have no bound until they end, it adds a line to the body, and its
//! `abort` says QUIT where the server expects the body. So the dialogue is ours; lettre writes the letters.

use data_encoding::BASE64;

use crate::mail::smtp_url::{Encryption, SmtpServer};
use crate::mail::transport::{BoxError, Dispatch, Parcel};
use crate::mail::wire::{Error, Reply, Wire, dot_stuffed};

/// Offers the letter; every way out is a `Dispatch`.
pub(crate) fn send(
    server: &SmtpServer,
    parcel: Parcel<'_>,
    before_body: &mut dyn FnMut() -> Result<(), BoxError>,
) -> Dispatch {
    let opened = open(server, parcel.from).and_then(|(wire, greeting)| offer(wire, &greeting, parcel));
    let mut wire = match opened {
        Ok(wire) => wire,
        Err(dispatch) => return dispatch,
    };
    if let Err(error) = before_body() {
        wire.abort();
        return Dispatch::deferred(format!("the letter could not be marked as on its way: {error}"));
    }
    wire.allow(server.timeout);
    let body = wire.write(&dot_stuffed(parcel.bytes)).and_then(|()| wire.write(b".\r\n"));
    wire.allow(server.timeout.saturating_mul(2));
    settle(wire, body)
}

/// What the last reply says, or its absence.
fn settle(mut wire: Wire, body: Result<(), Error>) -> Dispatch {
    match (wire.reply(), body) {
        (Ok(reply), Ok(())) if reply.code / 100 == 2 => {
            // The letter is theirs now; whether they answer to QUIT changes nothing.
            let _ = wire.write(b"QUIT\r\n");
            Dispatch::Accepted { reply: reply.text }
        }
        // A server may refuse in the midst of the body and hang up.
        (Ok(reply), _) if matches!(reply.code / 100, 4 | 5) => turned_down("the letter", reply),
        (Ok(reply), Err(error)) => {
            Dispatch::Unknown { reason: format!("{error}; the server said `{}`", reply.text) }
        }
        (Ok(reply), Ok(())) => {
            Dispatch::Unknown { reason: format!("expected a last reply, found `{}`", reply.text) }
        }
        (Err(error), _) => Dispatch::Unknown { reason: format!("after the letter was sent, {error}") },
    }
}

/// Connects, greets, encrypts and signs in. Whatever fails here says nothing about the letter.
fn open(server: &SmtpServer, from: &str) -> Result<(Wire, Reply), Dispatch> {
    let name = from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    let ehlo = format!("EHLO {name}");
    let mut wire = Wire::connect(&server.host, server.port, server.timeout).map_err(failed("connecting"))?;
    if server.encryption == Encryption::Implicit {
        wire = wire.encrypt(&server.host, server.roots.clone()).map_err(failed("starting TLS"))?;
    }
    let banner = wire.reply().map_err(failed("waiting for the greeting"))?;
    expect(2, "the connection", banner)?;
    let mut greeting = ask(&mut wire, &ehlo, "EHLO")?;
    if server.encryption == Encryption::StartTls {
        if greeting.extension("STARTTLS").is_none() {
            return Err(Dispatch::deferred("the server does not offer STARTTLS, which `smtp_url` asks for"));
        }
        ask(&mut wire, "STARTTLS", "STARTTLS")?;
        wire = wire.encrypt(&server.host, server.roots.clone()).map_err(failed("starting TLS"))?;
        // What was offered in the clear counts no more (RFC 3207 §4.2).
        greeting = ask(&mut wire, &ehlo, "EHLO")?;
    }
    if let Some((user, password)) = &server.credentials {
        sign_in(&mut wire, &greeting, (user, password))?;
    }
    Ok((wire, greeting))
}

fn sign_in(wire: &mut Wire, greeting: &Reply, (user, password): (&str, &str)) -> Result<(), Dispatch> {
    let offered = greeting.extension("AUTH").unwrap_or_default().to_ascii_uppercase();
    let offers = |mechanism: &str| offered.split_whitespace().any(|word| word == mechanism);
    if offers("PLAIN") {
        let secret = BASE64.encode(format!("\0{user}\0{password}").as_bytes());
        ask(wire, &format!("AUTH PLAIN {secret}"), "AUTH")?;
    } else if offers("LOGIN") {
        for (code, line) in [(3, "AUTH LOGIN".to_owned()), (3, BASE64.encode(user.as_bytes()))] {
            let reply = wire.command(&line).map_err(failed("signing in"))?;
            expect(code, "AUTH", reply)?;
        }
        ask(wire, &BASE64.encode(password.as_bytes()), "AUTH")?;
    } else {
        return Err(Dispatch::deferred("the server offers neither AUTH PLAIN nor AUTH LOGIN"));
    }
    Ok(())
}

/// MAIL, RCPT and DATA: here a 5yz reply is about this letter.
fn offer(mut wire: Wire, greeting: &Reply, parcel: Parcel<'_>) -> Result<Wire, Dispatch> {
    let mut mail = format!("MAIL FROM:<{}>", parcel.from);
    if greeting.extension("SIZE").is_some() {
        mail = format!("{mail} SIZE={}", parcel.bytes.len());
    }
    if !parcel.bytes.is_ascii() {
        if greeting.extension("8BITMIME").is_none() {
            return Err(Dispatch::deferred("the server does not offer 8BITMIME, which the letter needs"));
        }
        mail += " BODY=8BITMIME";
    }
    for (line, stage) in
        [(mail, "MAIL"), (format!("RCPT TO:<{}>", parcel.to), "RCPT"), ("DATA".to_owned(), "DATA")]
    {
        let reply = wire.command(&line).map_err(failed(stage))?;
        match (reply.code / 100, stage) {
            (3, "DATA") => return Ok(wire),
            (2, "MAIL" | "RCPT") => {}
            _ => {
                let dispatch = turned_down(stage, reply);
                let _ = wire.write(b"QUIT\r\n");
                return Err(dispatch);
            }
        }
    }
    Err(Dispatch::deferred("the server never asked for the letter"))
}

/// A command about the server: only 2yz goes on.
fn ask(wire: &mut Wire, line: &str, stage: &'static str) -> Result<Reply, Dispatch> {
    let reply = wire.command(line).map_err(failed(stage))?;
    expect(2, stage, reply)
}

fn expect(class: u16, stage: &str, reply: Reply) -> Result<Reply, Dispatch> {
    if reply.code / 100 == class {
        return Ok(reply);
    }
    let reason = format!("the server turned down {stage}");
    Err(Dispatch::Deferred { reason, reply: Some(reply.text) })
}

/// A reply that is not the hoped-for one, about this letter. RFC 4954 §6 codes speak of our sign-in, not of the
/// letter, whatever the stage.
fn turned_down(stage: &str, reply: Reply) -> Dispatch {
    match reply.code {
        530 | 534 | 535 | 538 => Dispatch::Deferred {
            reason: "the server wants a sign-in or encryption that `smtp_url` does not give".to_owned(),
            reply: Some(reply.text),
        },
        500..600 => {
            let about_recipient = stage == "RCPT" && names_the_address(&reply);
            Dispatch::Refused { reply: reply.text, about_recipient }
        }
        _ => Dispatch::Deferred {
            reason: format!("the server turned down {stage} for now"),
            reply: Some(reply.text),
        },
    }
}

/// Whether a 5yz reply to RCPT says that there is no such address. An enhanced code is more exact than the three
/// digits (RFC 3463 §3): 5.1.x speaks of addresses, but 5.1.7 and 5.1.8 of the sender's, and 5.7.x is policy, with
/// which a relay that does not know us refuses every recipient there is.
fn names_the_address(reply: &Reply) -> bool {
    let detail = reply.text.get(4..).and_then(|rest| rest.split_whitespace().next()).unwrap_or_default();
    match detail.split('.').collect::<Vec<_>>().as_slice() {
        ["5", "1", detail] => !matches!(*detail, "7" | "8"),
        ["5", "7", _] => false,
        _ => matches!(reply.code, 550 | 551 | 553),
    }
}

fn failed(stage: &'static str) -> impl FnOnce(Error) -> Dispatch {
    move |error| Dispatch::deferred(format!("{stage}: {error}"))
}
