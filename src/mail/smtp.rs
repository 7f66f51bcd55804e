//! One letter to one server over SMTP, with the mark between the reply to DATA and the body.
//!
//! lettre's connection speaks, over the stream of `guard.rs`, which answers for deadlines, bounds and turns. Whatever
//! fails, the connection is dropped as it stands: lettre's `abort` says QUIT, which after a 354 would be a line of
//! the letter, and a letter without its end is void (RFC 5321 §4.1.1.4).

use std::error::Error as _;
use std::fmt::Display;

use lettre::Address;
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Quit, Rcpt, Rset, Starttls};
use lettre::transport::smtp::extension::{ClientId, MailBodyParameter, MailParameter, RcptParameter};
use lettre::transport::smtp::response::Response;

use crate::mail::guard::Guard;
use crate::mail::reply::Reply;
use crate::mail::server_url::Encryption;
use crate::mail::smtp_url::SmtpServer;
use crate::mail::transport::{BoxError, Dispatch, NOT_MARKED, Parcel};

/// What we want to be told of (RFC 3461 §4.1).
const NOTIFY: &str = "SUCCESS,FAILURE,DELAY";
/// Longest envelope id that a server must take (RFC 3461 §4.4).
const ENVID: usize = 100;
const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

/// Offers the letter; every way out is a `Dispatch`. To be called from a thread that has no async runtime.
pub(crate) fn send(
    server: &SmtpServer,
    parcel: Parcel<'_>,
    before_body: &mut dyn FnMut() -> Result<(), BoxError>,
) -> Dispatch {
    let sender = Some(parcel.from).filter(|from| !from.is_empty()).map(address).transpose();
    let (from, to) = match (sender, address(parcel.to)) {
        (Ok(from), Ok(to)) => (from, to),
        (Err(why), _) | (_, Err(why)) => return Dispatch::Refused { reply: why, about_recipient: false },
    };
    // Of this thread, and gone with this letter.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build() {
        Ok(runtime) => runtime,
        Err(error) => return Dispatch::deferred(format!("expected room for a connection: {error}")),
    };
    let offered = runtime.block_on(async {
        let mut talk = open(server, parcel.house).await?;
        talk.offer(from, to, parcel).await?;
        Ok(talk)
    });
    let talk: Talk = match offered {
        Ok(talk) => talk,
        Err(dispatch) => return dispatch,
    };
    if let Err(error) = before_body() {
        return Dispatch::deferred(format!("{NOT_MARKED}: {error}"));
    }
    talk.guard.begin_body(server.timeout);
    runtime.block_on(talk.deliver(parcel.bytes))
}

/// Connects, greets, encrypts and signs in as for a letter, asks whether a mail without a sender would be taken if
/// `notices` leave by this server, and takes leave; no letter is offered.
pub(crate) fn try_out(server: &SmtpServer, from: &str, notices: bool) -> Result<(), Dispatch> {
    let from = address(from).map_err(Dispatch::deferred)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
    let runtime =
        runtime.map_err(|error| Dispatch::deferred(format!("expected room for a connection: {error}")))?;
    runtime.block_on(async {
        let mut talk = open(server, from.domain()).await?;
        if notices {
            talk.takes_notices().await?;
        }
        talk.take_leave().await;
        Ok(())
    })
}

fn of_mail(keyword: &str, value: &str) -> MailParameter {
    MailParameter::Other { keyword: keyword.to_owned(), value: Some(value.to_owned()) }
}

fn of_rcpt(keyword: &str, value: &str) -> RcptParameter {
    RcptParameter::Other { keyword: keyword.to_owned(), value: Some(value.to_owned()) }
}

fn address(text: &str) -> Result<Address, String> {
    text.parse().map_err(|error| {
        format!("not sent: expected an address that a mail server can read, found `{text}`: {error}")
    })
}

/// Connects, greets, encrypts and signs in. Whatever fails here says nothing about the letter.
async fn open(server: &SmtpServer, house: &str) -> Result<Talk, Dispatch> {
    let name = ClientId::Domain(house.to_owned());
    let guard =
        Guard::connect(&server.host, server.port, server.timeout).await.map_err(failed("connecting"))?;
    if server.encryption == Encryption::Implicit {
        guard.encrypt(&server.host, server.roots.clone()).await.map_err(failed("starting TLS"))?;
    }
    let mut talk = Talk::greet(guard, &name).await?;
    if server.encryption == Encryption::StartTls {
        if talk.greeting.extension("STARTTLS").is_none() {
            return Err(Dispatch::deferred("the server does not offer STARTTLS, which `smtp_url` asks for"));
        }
        let reply = talk.ask(Starttls, "STARTTLS").await?;
        expect(2, "STARTTLS", reply)?;
        let guard = talk.guard;
        guard.encrypt(&server.host, server.roots.clone()).await.map_err(failed("starting TLS"))?;
        // What was offered in the clear counts no more (RFC 3207 §4.2): all begins anew.
        guard.greet_again();
        talk = Talk::greet(guard, &name).await?;
    }
    if let Some((user, password)) = &server.credentials {
        talk.sign_in(Credentials::new(user.clone(), password.clone())).await?;
    }
    Ok(talk)
}

/// A connection that has been greeted.
struct Talk {
    connection: AsyncSmtpConnection,
    guard: Guard,
    /// The reply to EHLO.
    greeting: Reply,
}

impl Talk {
    async fn greet(guard: Guard, name: &ClientId) -> Result<Self, Dispatch> {
        match AsyncSmtpConnection::connect_with_transport(Box::new(guard.clone()), name).await {
            Ok(connection) => {
                guard.quiet().await.map_err(failed("EHLO"))?;
                let greeting = expect(2, "EHLO", guard.reply())?;
                Ok(Self { connection, guard, greeting })
            }
            Err(error) => {
                let reply = heard(&guard, Err(error)).map_err(failed("waiting for the greeting"))?;
                Err(turned_down_us("the greeting", reply))
            }
        }
    }

    async fn sign_in(&mut self, credentials: Credentials) -> Result<(), Dispatch> {
        if self.connection.server_info().get_auth_mechanism(&MECHANISMS).is_none() {
            return Err(Dispatch::deferred("the server offers neither AUTH PLAIN nor AUTH LOGIN"));
        }
        let result = self.connection.auth(&MECHANISMS, &credentials).await;
        let reply = heard(&self.guard, result).map_err(failed("signing in"))?;
        expect(2, "AUTH", reply).map(drop)
    }

    /// Whether the server takes the null sender; what was begun is taken back at once.
    async fn takes_notices(&mut self) -> Result<(), Dispatch> {
        let reply = self.ask(Mail::new(None, Vec::new()), "MAIL").await?;
        if reply.code / 100 != 2 {
            let reason = "the server turned down `MAIL FROM:<>`, with which notices to our own people leave";
            return Err(Dispatch::Deferred { reason: reason.to_owned(), reply: Some(reply.text) });
        }
        let reply = self.ask(Rset, "RSET").await?;
        expect(2, "RSET", reply).map(drop)
    }

    /// MAIL, RCPT and DATA: here a 5yz reply is about this letter.
    async fn offer(
        &mut self,
        from: Option<Address>,
        to: Address,
        parcel: Parcel<'_>,
    ) -> Result<(), Dispatch> {
        let bytes = parcel.bytes;
        let (mut parameters, mut of_recipient) = (Vec::new(), Vec::new());
        // Nowhere else may they be asked for (RFC 3461 §4).
        let wanted = parcel.id.filter(|id| id.len() <= ENVID && self.greeting.extension("DSN").is_some());
        if let Some(id) = wanted {
            parameters.extend([of_mail("RET", "HDRS"), of_mail("ENVID", id)]);
            of_recipient.extend([of_rcpt("NOTIFY", NOTIFY), of_rcpt("ORCPT", &format!("rfc822;{to}"))]);
        }
        if self.greeting.extension("SIZE").is_some() {
            parameters.push(MailParameter::Size(bytes.len()));
        }
        if !bytes.is_ascii() {
            if self.greeting.extension("8BITMIME").is_none() {
                return Err(Dispatch::deferred("the server does not offer 8BITMIME, which the letter needs"));
            }
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        self.go_on(Mail::new(from, parameters), "MAIL", 2).await?;
        self.go_on(Rcpt::new(to, of_recipient), "RCPT", 2).await?;
        self.go_on(Data, "DATA", 3).await?;
        // A reply that waits here would be taken for the one to the letter.
        self.guard.quiet().await.map_err(failed("DATA"))
    }

    /// A command about the letter, which goes on with a reply of this class only.
    async fn go_on(
        &mut self,
        command: impl Display,
        stage: &'static str,
        class: u16,
    ) -> Result<(), Dispatch> {
        let reply = self.ask(command, stage).await?;
        if reply.code / 100 == class {
            return Ok(());
        }
        if reply.code >= 400 {
            self.take_leave().await;
        }
        Err(turned_down(stage, reply))
    }

    async fn ask(&mut self, command: impl Display, stage: &'static str) -> Result<Reply, Dispatch> {
        self.guard.quiet().await.map_err(failed(stage))?;
        let result = self.connection.command(command).await;
        heard(&self.guard, result).map_err(failed(stage))
    }

    /// Sends the letter and says what the last reply says, or its absence.
    async fn deliver(mut self, bytes: &[u8]) -> Dispatch {
        // lettre ends the last line itself.
        let body = bytes.strip_suffix(b"\r\n").unwrap_or(bytes);
        let said = match self.guard.quiet().await {
            Ok(()) => heard(&self.guard, self.connection.message(body).await),
            Err(error) => Err(error.to_string()),
        };
        match said {
            Ok(reply) if reply.code / 100 == 2 => self.accepted(reply).await,
            Ok(reply) if reply.code >= 400 => turned_down("the letter", reply),
            Ok(reply) => {
                Dispatch::Unknown { reason: format!("expected a last reply, found `{}`", reply.text) }
            }
            // A server may refuse in the midst of the body and hang up.
            Err(reason) => match heard(&self.guard, self.connection.read_response().await) {
                Ok(reply) if reply.code >= 400 => turned_down("the letter", reply),
                Ok(reply) => {
                    Dispatch::Unknown { reason: format!("{reason}; the server said `{}`", reply.text) }
                }
                Err(_) => Dispatch::Unknown { reason: format!("after the letter was begun, {reason}") },
            },
        }
    }

    /// The letter is theirs, if the reply was the one to it: a second one that comes with it makes that doubtful,
    /// unless it is the 421 with which a server may end a session at any time (RFC 5321 §3.8).
    async fn accepted(&mut self, reply: Reply) -> Dispatch {
        // That it hangs up is no matter now.
        let _ = self.guard.quiet().await;
        let unasked = self.guard.unasked();
        if !unasked.is_empty() && !unasked.starts_with("421") {
            let reason =
                format!("expected one last reply, found `{}` and `{}`", reply.text, unasked.trim_end());
            return Dispatch::Unknown { reason };
        }
        self.take_leave().await;
        Dispatch::Accepted { reply: reply.text }
    }

    /// Says QUIT; what the server answers changes nothing.
    async fn take_leave(&mut self) {
        self.guard.listen_no_more();
        let _ = self.connection.command(Quit).await;
    }
}

/// The reply, whatever its code, or in words why there is none. lettre answers for the code; the text is as it came.
fn heard(guard: &Guard, result: Result<Response, smtp::Error>) -> Result<Reply, String> {
    let code = match result {
        Ok(response) => response.code(),
        Err(error) => error.status().ok_or_else(|| words(&error))?,
    };
    Ok(Reply { code: code.into(), ..guard.reply() })
}

fn words(error: &smtp::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

fn expect(class: u16, stage: &str, reply: Reply) -> Result<Reply, Dispatch> {
    if reply.code / 100 == class { Ok(reply) } else { Err(turned_down_us(stage, reply)) }
}

/// A reply that is not the hoped-for one, about the server or us.
fn turned_down_us(stage: &str, reply: Reply) -> Dispatch {
    Dispatch::Deferred { reason: format!("the server turned down {stage}"), reply: Some(reply.text) }
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

fn failed<E: Display>(stage: &'static str) -> impl FnOnce(E) -> Dispatch {
    move |error| Dispatch::deferred(format!("{stage}: {error}"))
}
