//! Mail from a mailbox: safe here, then recorded, and only then marked as read and moved there. Nothing is deleted.

mod taking;

use crate::config::{self, Config};
use crate::mail::imap::url::ImapServer;
use crate::mail::imap::{self, Among, Mailbox, WINDOW};
use crate::service::Context;
use crate::service::fetching::taking::Taking;
use crate::store::turn::Turn;
use crate::store::{Db, imap_taken};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// The first pause after something went wrong; the next is twice as long.
const FIRST: Duration = Duration::from_secs(5);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(300);
/// How often IDLE is begun anew: half an hour is the most (RFC 2177), but what cuts a silent connection does so sooner.
const IDLE: Duration = Duration::from_secs(300);
/// How often a server without IDLE is asked.
const POLL: Duration = Duration::from_secs(60);
/// After how many waits all of the folder is looked at again, not only what is new.
const WHOLE: u32 = 12;
/// How often it is looked whether we are asked to stop.
const NAP: Duration = Duration::from_millis(100);

/// Why fetching broke off; what waits there waits on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The mailbox.
    #[error(transparent)]
    Mailbox(#[from] imap::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// The disk.
    #[error(transparent)]
    Intake(#[from] crate::service::intake::Error),
    /// The session that held our turn ended.
    #[error("another process may fetch now")]
    NotOurTurn,
}

/// A mailbox, and where its mail goes afterwards.
#[derive(Debug, Clone)]
pub struct Source {
    /// Where it is.
    pub server: ImapServer,
    /// The folder there for mail that is safe here; none: it stays, marked as read.
    pub moved_to: Option<String>,
}

impl Source {
    /// As the settings name it, if they do.
    pub fn of(config: &Config) -> Result<Option<Self>, config::Error> {
        let Some(url) = &config.mail.imap_url else { return Ok(None) };
        // The value holds a password, so it is not shown.
        let wrong = |key, problem: String| config::Error::of(key, None, problem);
        let url = String::from_utf8_lossy(url.bytes());
        let server = ImapServer::from_url(&url).map_err(|e| wrong("imap_url", e.to_string()))?;
        let moved_to = Some(config.mail.imap_moved_to.clone()).filter(|folder| !folder.is_empty());
        if let Some(folder) = &moved_to {
            let same = folder == server.folder()
                || (folder.eq_ignore_ascii_case("INBOX") && server.folder().eq_ignore_ascii_case("INBOX"));
            if same || folder.chars().any(char::is_control) {
                let problem = "expected another folder than the one that mail is fetched from, or nothing";
                return Err(wrong("imap_moved_to", problem.to_owned()));
            }
        }
        Ok(Some(Self { server, moved_to }))
    }
}

/// What waits in a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Mails that are not here yet.
    pub new: usize,
    /// Of those, mails that are too large to be fetched.
    pub too_large: usize,
}

/// Signs in and counts what waits; changes nothing.
pub fn waiting(db: &Db, source: &Source) -> Result<Waiting, Error> {
    let never = || false;
    let mut mailbox = Mailbox::open(&source.server, &never)?;
    let mut waiting = Waiting { new: 0, too_large: 0 };
    let uids: Vec<u32> = all(&mut mailbox, Among::Places)?.into_iter().collect();
    let name = source.server.mailbox();
    let folder = imap_taken::Folder { mailbox: &name, uid_validity: mailbox.uid_validity() };
    for uids in uids.chunks(500) {
        let taken = imap_taken::among(&mut *db.conn()?, folder, uids)?;
        let new: Vec<u32> = uids.iter().copied().filter(|uid| !taken.contains_key(uid)).collect();
        if new.is_empty() {
            continue;
        }
        waiting.new += new.len();
        waiting.too_large += mailbox.list(&new)?.iter().filter(|mail| mail.size > imap::LARGEST).count();
    }
    mailbox.close();
    Ok(waiting)
}

/// What went wrong, as everybody may read it: what a server says may name an address.
fn in_words(error: &Error) -> String {
    match error {
        Error::Mailbox(imap::Error::Io(_)) => "the connection failed".to_owned(),
        Error::Mailbox(imap::Error::Bye(_)) => "the server took its leave".to_owned(),
        Error::Mailbox(imap::Error::Tls(_)) => {
            "the certificate is not valid for the server; no password was sent".to_owned()
        }
        Error::Mailbox(imap::Error::Refused(what, _)) => format!("the server turned down {what}"),
        Error::Mailbox(error) => error.to_string(),
        Error::Store(_) => "what is fetched cannot be recorded in the database".to_owned(),
        Error::Intake(_) => "what is fetched cannot be stored".to_owned(),
        Error::NotOurTurn => error.to_string(),
    }
}

/// All UIDs of the folder that are looked for, window by window.
fn all(mailbox: &mut Mailbox<'_>, among: fn(u32, u32) -> Among) -> Result<BTreeSet<u32>, imap::Error> {
    let (count, mut first, mut found) = (mailbox.count(), 1, BTreeSet::new());
    while first <= count {
        let last = count.min(first.saturating_add(WINDOW - 1));
        match mailbox.search(among(first, last)) {
            Ok(some) => found.extend(some),
            // The folder became shorter meanwhile; a server may call that a mistake of ours.
            Err(error) if error.is_about_the_command() && mailbox.count() < last => break,
            Err(error) => return Err(error),
        }
        first = last.saturating_add(1);
    }
    Ok(found)
}

/// Fetches from a mailbox, for as long as it runs.
pub struct Fetcher<'a> {
    ctx: &'a Context,
    db: &'a Db,
    source: &'a Source,
    stopping: &'a dyn Fn() -> bool,
    memory: Memory,
}

/// What a fetcher knows from session to session.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// How often a mail could not be fetched, by UIDVALIDITY and UID: the others go first.
    pub troubles: HashMap<(u32, u32), u32>,
    /// Mails that are asked about one at a time: what the server says of one among them cannot be read.
    pub alone: BTreeSet<(u32, u32)>,
    /// Mails that are left there and of which that was said.
    pub left: BTreeSet<(u32, u32)>,
    /// That mails stay where they are was said.
    pub said_they_stay: bool,
    /// Mails that were made safe.
    pub taken: usize,
}

impl<'a> Fetcher<'a> {
    /// From this mailbox; `stopping` is asked several times a second.
    pub fn new(ctx: &'a Context, db: &'a Db, source: &'a Source, stopping: &'a dyn Fn() -> bool) -> Self {
        Self { ctx, db, source, stopping, memory: Memory::default() }
    }

    /// Fetches until asked to stop. What goes wrong is said once, and tried again with growing pauses.
    pub fn run(&mut self) {
        let (mut pause, mut failing) = (FIRST, false);
        while !(self.stopping)() {
            let before = self.memory.taken;
            let ended = self.session(true, &mut || {
                if std::mem::take(&mut failing) {
                    tracing::info!("mail is fetched again");
                }
                pause = FIRST;
            });
            let error = match ended {
                Ok(()) | Err(Error::Mailbox(imap::Error::Stopped)) => continue,
                Err(error) => error,
            };
            if self.memory.taken > before {
                (pause, failing) = (FIRST, false);
            }
            if !std::mem::replace(&mut failing, true) {
                tracing::error!(%error, "mail cannot be fetched now; it stays in its mailbox and is tried again");
            }
            self.nap(pause);
            pause = LONGEST.min(pause * 2);
        }
    }

    /// Takes all that waits, once; how many mails were made safe.
    pub fn once(&mut self) -> Result<usize, Error> {
        let before = self.memory.taken;
        self.session(false, &mut || ())?;
        Ok(self.memory.taken - before)
    }

    fn nap(&self, time: Duration) {
        let mut slept = Duration::ZERO;
        while slept < time && !(self.stopping)() {
            std::thread::sleep(NAP);
            slept += NAP;
        }
    }

    /// One connection, while it is our turn and all goes well; `fine` is told whenever all that waited was looked at.
    fn session(&mut self, stays: bool, fine: &mut dyn FnMut()) -> Result<(), Error> {
        let pulse = &self.ctx.pulse;
        let done = self.connection(stays, &mut || {
            pulse.mailbox(|mailbox, _| mailbox.goes_well());
            fine();
        });
        match &done {
            Err(Error::Mailbox(imap::Error::Stopped)) => pulse.mailbox(|mailbox, _| mailbox.waits()),
            Err(Error::NotOurTurn) => pulse.mailbox(|mailbox, _| mailbox.is_another_s()),
            Err(error) => pulse.mailbox(|mailbox, age| mailbox.fails(age, in_words(error))),
            Ok(()) => {}
        }
        done
    }

    fn connection(&mut self, stays: bool, fine: &mut dyn FnMut()) -> Result<(), Error> {
        let pulse = &self.ctx.pulse;
        let Some(turn) = Turn::take(self.db, "fetching")? else {
            pulse.mailbox(|mailbox, _| mailbox.is_another_s());
            self.nap(FIRST);
            return Ok(());
        };
        pulse.asks_mailbox();
        let mailbox = Mailbox::open(&self.source.server, self.stopping)?;
        let name = self.source.server.mailbox();
        let mut taking = Taking {
            ctx: self.ctx,
            db: self.db,
            mailbox,
            turn,
            name: &name,
            away: None,
            memory: &mut self.memory,
        };
        taking.make_ready(self.source.moved_to.as_deref())?;
        let mut highest = taking.take(None)?;
        fine();
        if stays {
            // Until it is cut, or somebody asks to stop: both are errors of the wait.
            for waits in 1_u32.. {
                taking.mailbox.wait(IDLE, POLL)?;
                pulse.asks_mailbox();
                let after = Some(highest).filter(|_| waits % WHOLE != 0);
                highest = highest.max(taking.take(after)?);
                fine();
            }
        }
        taking.mailbox.close();
        Ok(())
    }
}
