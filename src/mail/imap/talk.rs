//! What is said on the connection: commands one at a time, each with its tagged answer; nothing goes on without OK.

use async_imap::Client;
use async_imap::extensions::idle::Handle;
use async_imap::imap_proto::{Capability, MailboxDatum, Response, ResponseCode, Status};
use data_encoding::BASE64;
use futures_util::Stream;
use std::io;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout_at};

use crate::mail::imap::Error;
use crate::mail::imap::guard::Guard;
use crate::mail::imap::names::{folder, quoted};
use crate::mail::imap::url::ImapServer;
use crate::mail::server_url::Encryption;

/// Longest answer of a server that is kept to be shown.
const SHOWN: usize = 300;

/// A response with the bytes that it was read from. async-imap gives it out without its name, which is had by way of
/// what it says in public.
pub(crate) type Said = <<Handle<Guard> as Stream>::Item as Held>::Held;

/// What is in a result.
pub(crate) trait Held {
    type Held;
}

impl<T> Held for io::Result<T> {
    type Held = T;
}

/// A connection that is greeted.
pub(crate) struct Talk {
    client: Client<Guard>,
    /// How many commands there were.
    number: u32,
    /// What the server can do, upper case.
    pub can: Vec<String>,
    /// What must not be said again, even if the server does.
    password: String,
    /// How many mails the folder has, as last said.
    pub exists: u32,
    /// Whether mail came since this was last set to false.
    pub news: bool,
    pub uid_validity: u32,
}

/// What a command hears before its end.
type Hear<'a> = &'a mut dyn FnMut(Said);

impl Talk {
    /// Connects, encrypts, signs in.
    pub async fn open(server: &ImapServer) -> Result<Self, Error> {
        let mut guard = Guard::connect(&server.host, server.port, server.timeout).await?;
        if server.encryption == Encryption::Implicit {
            guard = guard.encrypt(&server.host, server.roots.clone()).await?;
        }
        let mut talk = Self {
            client: Client::new(guard),
            number: 0,
            can: Vec::new(),
            password: server.password.clone(),
            exists: 0,
            news: false,
            uid_validity: 0,
        };
        let known = talk.greeting().await?;
        if server.encryption == Encryption::StartTls {
            if known {
                // A server that says so in the clear keeps us from STARTTLS (RFC 9051 §7.1.4).
                return Err(Error::NoStartTls);
            }
            talk.capabilities().await?;
            if !talk.has("STARTTLS") {
                return Err(Error::NoStartTls);
            }
            talk.command("STARTTLS", "STARTTLS", &mut |_| ()).await?;
            // What was said behind the OK in the clear goes with the buffer.
            let guard = talk.client.into_inner().encrypt(&server.host, server.roots.clone()).await?;
            talk.client = Client::new(guard);
        }
        talk.capabilities().await?;
        if !known {
            talk.sign_in(server).await?;
            talk.capabilities().await?;
        }
        Ok(talk)
    }

    /// Whether the server can do something.
    pub fn has(&self, what: &str) -> bool {
        self.can.iter().any(|can| can == what)
    }

    /// The first thing a server says; whether we are signed in already.
    async fn greeting(&mut self) -> Result<bool, Error> {
        self.client.get_mut().begin(0);
        let said = self.next().await?;
        match said.parsed() {
            Response::Data { status: Status::Ok, .. } => Ok(false),
            Response::Data { status: Status::PreAuth, .. } => Ok(true),
            _ => Err(Error::NotImap),
        }
    }

    async fn capabilities(&mut self) -> Result<(), Error> {
        let mut can = Vec::new();
        self.command("CAPABILITY", "CAPABILITY", &mut |said| {
            if let Response::Capabilities(all) = said.parsed() {
                can.extend(all.iter().map(|one| match one {
                    Capability::Imap4rev1 => "IMAP4REV1".to_owned(),
                    Capability::Auth(how) => format!("AUTH={}", how.to_ascii_uppercase()),
                    Capability::Atom(atom) => atom.to_ascii_uppercase(),
                }));
            }
        })
        .await?;
        self.can = can;
        Ok(())
    }

    async fn sign_in(&mut self, server: &ImapServer) -> Result<(), Error> {
        let plain = BASE64.encode(format!("\0{}\0{}", server.user, server.password).as_bytes());
        let offers_plain = self.has("AUTH=PLAIN");
        let (line, then) = match (quoted(&server.user), quoted(&server.password)) {
            _ if offers_plain && self.has("SASL-IR") => (format!("AUTHENTICATE PLAIN {plain}"), None),
            _ if offers_plain => ("AUTHENTICATE PLAIN".to_owned(), Some(plain)),
            (Some(user), Some(password)) if !self.has("LOGINDISABLED") => {
                (format!("LOGIN {user} {password}"), None)
            }
            _ => return Err(Error::NoSignIn),
        };
        self.client.get_mut().begin(0);
        let tag = self.say(&line).await?;
        if let Some(plain) = then {
            let said = self.next().await?;
            match said.parsed() {
                Response::Continue(_) => self.write(&format!("{plain}\r\n")).await?,
                _ => return self.end_of(&tag, "sign-in", Some(said), &mut |_| ()).await,
            }
        }
        self.end_of(&tag, "sign-in", None, &mut |_| ()).await
    }

    async fn write(&mut self, line: &str) -> Result<(), Error> {
        let guard = self.client.get_mut();
        guard.write_all(line.as_bytes()).await.map_err(heard)?;
        guard.flush().await.map_err(heard)
    }

    /// Opens a folder; its mails are known by this UIDVALIDITY (RFC 3501 §2.3.1.1).
    pub async fn select(&mut self, name: &str) -> Result<(), Error> {
        let (mut validity, mut exists) = (None, 0);
        self.command("SELECT", &format!("SELECT {}", folder(name)), &mut |said| match said.parsed() {
            Response::Data { outcome, .. } => {
                if let Some(ResponseCode::UidValidity(number)) = outcome.code {
                    validity = Some(number);
                }
            }
            Response::MailboxData(MailboxDatum::Exists(number)) => exists = *number,
            _ => {}
        })
        .await?;
        self.uid_validity = validity.ok_or(Error::NoUidValidity)?;
        self.exists = exists;
        Ok(())
    }

    /// A command without literals in its answer.
    pub async fn command(&mut self, name: &'static str, line: &str, hear: Hear<'_>) -> Result<(), Error> {
        self.command_for(0, name, line, hear).await
    }

    /// A command whose answer may hold literals of this size in all.
    pub async fn command_for(
        &mut self,
        literals: usize,
        name: &'static str,
        line: &str,
        hear: Hear<'_>,
    ) -> Result<(), Error> {
        self.client.get_mut().begin(literals);
        let tag = self.say(line).await?;
        self.end_of(&tag, name, None, hear).await
    }

    /// Begins a command; its tag. All goes to the stream itself: async-imap would write it into the log at its finest
    /// level, the password too.
    async fn say(&mut self, line: &str) -> Result<String, Error> {
        self.number += 1;
        let tag = format!("A{}", self.number);
        self.write(&format!("{tag} {line}\r\n")).await?;
        Ok(tag)
    }

    /// Hears all up to the tagged answer.
    async fn end_of(
        &mut self,
        tag: &str,
        name: &'static str,
        mut said: Option<Said>,
        hear: Hear<'_>,
    ) -> Result<(), Error> {
        loop {
            let response = match said.take() {
                Some(response) => response,
                None => self.next().await?,
            };
            if let Response::Done { tag: found, status, outcome } = response.parsed()
                && found.0 == tag
            {
                let text = self.shown(outcome.information.as_deref());
                return if *status == Status::Ok { Ok(()) } else { Err(Error::Refused(name, text)) };
            }
            self.count(&response);
            hear(response);
        }
    }

    /// The next response. A server may say BYE at any time (RFC 3501 §7.1.5).
    async fn next(&mut self) -> Result<Said, Error> {
        let said = self.client.read_response().await.map_err(heard)?.ok_or(Error::Closed)?;
        if let Response::Data { status: Status::Bye, outcome } = said.parsed() {
            return Err(Error::Bye(self.shown(outcome.information.as_deref())));
        }
        Ok(said)
    }

    fn count(&mut self, said: &Said) {
        match said.parsed() {
            Response::MailboxData(MailboxDatum::Exists(number)) => {
                self.news |= *number > self.exists;
                self.exists = *number;
            }
            Response::Expunge(_) => self.exists = self.exists.saturating_sub(1),
            _ => {}
        }
    }

    /// What the server says, short, without what steers a terminal and without our password.
    fn shown(&self, text: Option<&str>) -> String {
        let text = text.unwrap_or_default().replace(&self.password, "…");
        text.chars().filter(|c| !c.is_control()).take(SHOWN).collect()
    }

    /// Waits until the folder has news, or until the time is over (RFC 2177).
    pub async fn idle(&mut self, time: Duration) -> Result<(), Error> {
        let until = Instant::now() + time;
        self.client.get_mut().begin(0);
        let tag = self.say("IDLE").await?;
        loop {
            let said = self.next().await?;
            match said.parsed() {
                Response::Continue(_) => break,
                Response::Done { .. } => return self.end_of(&tag, "IDLE", Some(said), &mut |_| ()).await,
                _ => self.count(&said),
            }
        }
        self.client.get_mut().allow_silence(time);
        while !self.news
            && let Ok(said) = timeout_at(until, self.next()).await
        {
            let said = said?;
            self.count(&said);
            if let Response::Done { .. } = said.parsed() {
                return self.end_of(&tag, "IDLE", Some(said), &mut |_| ()).await;
            }
        }
        self.client.get_mut().begin(0);
        self.write("DONE\r\n").await?;
        self.end_of(&tag, "IDLE", None, &mut |_| ()).await
    }
}

/// What failed below. What its parser says would hold the mail, so it is not told on.
fn heard(error: io::Error) -> Error {
    if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Error>) {
        let inner = error.into_inner().and_then(|inner| inner.downcast::<Error>().ok());
        return inner.map_or(Error::NotImap, |inner| *inner);
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::Closed,
        io::ErrorKind::Other => Error::NotImap,
        _ => Error::Io(error),
    }
}
