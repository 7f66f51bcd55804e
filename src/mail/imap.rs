//! A mailbox of a mail server, over IMAP (RFC 3501): what is there, its mails one at a time, and where they go afterwards.
//!
//! Plain functions over a runtime of their own, as `smtp.rs` has. A mail is looked at with BODY.PEEK, which changes
//! nothing there. Nothing is ever deleted: a mail is moved, or stays where it is. EXPUNGE is said of single mails only,
//! which were copied before (RFC 4315), because a plain one would remove what others have marked.

mod guard;
mod names;
mod talk;
pub mod url;

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use async_imap::imap_proto::{AttributeValue, MailboxDatum, Response, SectionPath};
use chrono::{DateTime, Utc};
use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::mail::imap::names::{folder, set};
use crate::mail::imap::talk::{Said, Talk};
use crate::mail::imap::url::ImapServer;

/// Larger mails are left on the server.
pub const LARGEST: usize = 64 << 20;
/// Mails that one search looks at, so that an answer has at most 55,000 bytes.
pub const WINDOW: u32 = 5_000;
/// How often it is looked whether we are asked to stop.
const GLANCE: Duration = Duration::from_millis(200);
/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// What went wrong with the mailbox.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The network.
    #[error("the connection failed: {0}")]
    Io(#[from] io::Error),
    /// Too slow.
    #[error("the server took too long")]
    TimedOut,
    /// Certificate or name are not those of the server.
    #[error("expected a certificate that is valid for the server, found: {0}; no password was sent")]
    Tls(String),
    /// What it says cannot be understood.
    #[error("expected IMAP, found something else")]
    NotImap,
    /// It says more in one breath than anybody would.
    #[error("the server said more at once than was asked for")]
    TooLong,
    /// A mail that is larger than `LARGEST`.
    #[error("expected mails of at most {LARGEST} bytes, found a larger one")]
    TooLarge,
    /// It hung up.
    #[error("the server closed the connection")]
    Closed,
    /// It said that it hangs up.
    #[error("the server took its leave: `{0}`")]
    Bye(String),
    /// NO or BAD to a command.
    #[error("the server turned down {0}: `{1}`")]
    Refused(&'static str, String),
    /// Without it no mail can be told from another.
    #[error("expected a UIDVALIDITY of the folder, found none")]
    NoUidValidity,
    /// No way to sign in that we know.
    #[error("expected a server that offers AUTH=PLAIN or LOGIN, found neither; no password was sent")]
    NoSignIn,
    /// No encryption although the URL wants it.
    #[error("the server does not offer STARTTLS, which `imap_url` asks for; no password was sent")]
    NoStartTls,
    /// We are asked to end.
    #[error("asked to stop")]
    Stopped,
}

impl Error {
    /// Whether the connection is as good as before: only this one command was turned down.
    pub fn is_about_the_command(&self) -> bool {
        matches!(self, Self::Refused(..))
    }
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Among {
    /// Mails with these numbers in their order, from 1.
    Places(u32, u32),
    /// The same, as far as they are not marked as read.
    Unread(u32, u32),
    /// Mails that came after the one with this UID.
    After(u32),
}

/// A mail in the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Its number, which it keeps as long as UIDVALIDITY stays.
    pub uid: u32,
    /// Bytes, as the server counts them; they may not be those that it gives.
    pub size: usize,
    /// When it came into the mailbox.
    pub arrived_at: Option<DateTime<Utc>>,
}

/// The bytes of a mail, where they arrived.
pub struct Body(Said);

impl Body {
    /// The raw mail.
    pub fn raw(&self) -> &[u8] {
        whole(&self.0).unwrap_or_default()
    }
}

/// An open folder.
pub struct Mailbox<'a> {
    runtime: Runtime,
    talk: Talk,
    stopping: &'a dyn Fn() -> bool,
}

impl<'a> Mailbox<'a> {
    /// Signs in and opens the folder. To be called from a thread that has no async runtime. `stopping` is asked
    /// several times a second, whatever is waited for.
    pub fn open(server: &ImapServer, stopping: &'a dyn Fn() -> bool) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let talk = runtime.block_on(unless(stopping, async {
            let mut talk = Talk::open(server).await?;
            talk.select(&server.folder).await?;
            Ok(talk)
        }))?;
        Ok(Self { runtime, talk, stopping })
    }

    /// Under which the UIDs mean what they mean.
    pub fn uid_validity(&self) -> u32 {
        self.talk.uid_validity
    }

    /// How many mails there are.
    pub fn count(&self) -> u32 {
        self.talk.exists
    }

    /// Whether mails can be put into another folder without one being lost or one too many removed.
    pub fn can_put_away(&self) -> bool {
        self.talk.has("MOVE") || self.talk.has("UIDPLUS")
    }

    fn run(
        &mut self,
        (name, line): (&'static str, &str),
        literals: usize,
        hear: &mut dyn FnMut(Said),
    ) -> Result<(), Error> {
        let asked = self.talk.command_for(literals, name, line, hear);
        self.runtime.block_on(unless(self.stopping, asked))
    }

    /// The UIDs of what is looked for, each once.
    pub fn search(&mut self, among: Among) -> Result<BTreeSet<u32>, Error> {
        let (line, above) = match among {
            Among::Places(first, last) => (format!("UID SEARCH {first}:{last}"), 0),
            Among::Unread(first, last) => (format!("UID SEARCH {first}:{last} UNSEEN"), 0),
            // `*` is the last mail, even where it came before (RFC 3501 §6.4.8).
            Among::After(uid) => (format!("UID SEARCH UID {}:*", uid.saturating_add(1)), uid),
        };
        let mut found = BTreeSet::new();
        self.run(("UID SEARCH", &line), 0, &mut |said| {
            if let Response::MailboxData(MailboxDatum::Search(uids)) = said.parsed() {
                found.extend(uids.iter().copied().filter(|uid| *uid > above));
            }
        })?;
        Ok(found)
    }

    /// Size and arrival of these mails; one that is gone is missing.
    pub fn list(&mut self, uids: &[u32]) -> Result<Vec<Listed>, Error> {
        let line = format!("UID FETCH {} (UID RFC822.SIZE INTERNALDATE)", set(uids));
        let mut listed: Vec<Listed> = Vec::new();
        self.run(("UID FETCH", &line), 0, &mut |said| {
            let found = one(&said).filter(|found| uids.contains(&found.uid));
            if let Some(found) = found.filter(|found| !listed.iter().any(|known| known.uid == found.uid)) {
                listed.push(found);
            }
        })?;
        Ok(listed)
    }

    /// The mail with this UID; none if it is gone. A server that gives a UID twice gives both. What it says of other
    /// mails is not heard.
    pub fn fetch(&mut self, uid: u32) -> Result<Vec<Body>, Error> {
        let line = format!("UID FETCH {uid} (UID BODY.PEEK[])");
        let mut bodies: Vec<Body> = Vec::new();
        self.run(("UID FETCH", &line), LARGEST, &mut |said| {
            if is_of(&said, uid) && whole(&said).is_some() {
                let body = Body(said);
                if !bodies.iter().any(|known| known.raw() == body.raw()) {
                    bodies.push(body);
                }
            }
        })?;
        Ok(bodies)
    }

    /// Marks mails as read.
    pub fn mark_read(&mut self, uids: &[u32]) -> Result<(), Error> {
        let line = format!("UID STORE {} +FLAGS.SILENT (\\Seen)", set(uids));
        self.run(("UID STORE", &line), 0, &mut |_| ())
    }

    /// Makes a folder, if it is not there.
    pub fn make_folder(&mut self, name: &str) -> Result<(), Error> {
        let status = format!("STATUS {} (MESSAGES)", folder(name));
        match self.run(("STATUS", &status), 0, &mut |_| ()) {
            Err(error) if error.is_about_the_command() => {
                self.run(("CREATE", &format!("CREATE {}", folder(name))), 0, &mut |_| ())
            }
            done => done,
        }
    }

    /// Moves mails into another folder (RFC 6851); where the server cannot, they are copied, and then only these are
    /// removed here. To be asked only where `can_put_away`.
    pub fn put_away(&mut self, uids: &[u32], to: &str) -> Result<(), Error> {
        let (uids, to) = (set(uids), folder(to));
        if self.talk.has("MOVE") {
            return self.run(("UID MOVE", &format!("UID MOVE {uids} {to}")), 0, &mut |_| ());
        }
        self.run(("UID COPY", &format!("UID COPY {uids} {to}")), 0, &mut |_| ())?;
        self.run(("UID STORE", &format!("UID STORE {uids} +FLAGS.SILENT (\\Deleted)")), 0, &mut |_| ())?;
        self.run(("UID EXPUNGE", &format!("UID EXPUNGE {uids}")), 0, &mut |_| ())
    }

    /// From now on it is news when mail comes; to be said before the folder is looked at.
    pub fn look_out(&mut self) {
        self.talk.news = false;
    }

    /// Waits for news of the folder since `look_out`: with IDLE up to `idle`, where the server has none, for `poll`.
    pub fn wait(&mut self, idle: Duration, poll: Duration) -> Result<(), Error> {
        if self.talk.news {
            return Ok(());
        }
        if self.talk.has("IDLE") {
            return self.runtime.block_on(unless(self.stopping, self.talk.idle(idle)));
        }
        self.runtime.block_on(unless(self.stopping, async {
            tokio::time::sleep(poll).await;
            Ok(())
        }))?;
        self.run(("NOOP", "NOOP"), 0, &mut |_| ())
    }

    /// Takes leave; what the server answers changes nothing.
    pub fn close(mut self) {
        let farewell = async { timeout(FAREWELL, self.talk.command("LOGOUT", "LOGOUT", &mut |_| ())).await };
        let _ = self.runtime.block_on(farewell);
    }
}

/// Does the work, unless we are asked to stop meanwhile.
async fn unless<T>(
    stopping: &dyn Fn() -> bool,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let mut work = std::pin::pin!(work);
    loop {
        if stopping() {
            return Err(Error::Stopped);
        }
        if let Ok(done) = timeout(GLANCE, &mut work).await {
            return done;
        }
    }
}

fn attributes(said: &Said) -> &[AttributeValue<'_>] {
    match said.parsed() {
        Response::Fetch(_, attributes) => attributes,
        _ => &[],
    }
}

fn is_of(said: &Said, uid: u32) -> bool {
    attributes(said).iter().any(|one| matches!(one, AttributeValue::Uid(found) if *found == uid))
}

/// The whole mail, if the response has it.
fn whole(said: &Said) -> Option<&[u8]> {
    attributes(said).iter().find_map(|one| match one {
        AttributeValue::BodySection { section: None::<SectionPath>, index: None, data: Some(data) } => {
            Some(data.as_ref())
        }
        _ => None,
    })
}

fn one(said: &Said) -> Option<Listed> {
    let (mut uid, mut size, mut arrived_at) = (None, 0, None);
    for attribute in attributes(said) {
        match attribute {
            AttributeValue::Uid(number) => uid = Some(*number),
            AttributeValue::Rfc822Size(bytes) => size = usize::try_from(*bytes).unwrap_or(usize::MAX),
            AttributeValue::InternalDate(date) => arrived_at = instant(date),
            _ => {}
        }
    }
    Some(Listed { uid: uid?, size, arrived_at })
}

/// `22-Nov-2026 09:30:00 +0000` (RFC 3501 §9, date-time).
fn instant(text: &str) -> Option<DateTime<Utc>> {
    let read = DateTime::parse_from_str(text.trim(), "%d-%b-%Y %H:%M:%S %z");
    read.ok().map(|at| at.to_utc())
}

#[cfg(test)]
mod tests {
    use super::instant;

    #[test]
    fn the_arrival_is_read_as_servers_write_it() {
        let read = |text: &str| instant(text).map(|at| at.to_rfc3339());
        assert_eq!(read("22-Nov-2026 09:30:00 +0100").as_deref(), Some("2026-11-22T08:30:00+00:00"));
        assert_eq!(read(" 2-Nov-2026 23:59:59 -0500").as_deref(), Some("2026-11-03T04:59:59+00:00"));
        assert_eq!(read("nonsense"), None);
    }
}
