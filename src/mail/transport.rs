//! The ways a letter leaves the house, and what is known about it afterwards.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::mail::smtp;
use crate::mail::smtp_url::SmtpServer;

/// How the reason of a letter begins that was not sent because we could not mark it.
pub const NOT_MARKED: &str = "the letter could not be marked as on its way";

/// An error of the caller's own, kept as its words.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What is known about a letter after one attempt (reliability: only `Deferred` may be tried again by itself).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dispatch {
    /// The server took responsibility; its line is the proof of dispatch.
    Accepted {
        /// The server's last reply, as it came.
        reply: String,
    },
    /// Known not to be accepted: later, the same bytes may be offered again.
    Deferred {
        /// What went wrong, in words.
        reason: String,
        /// The server's reply, if there was one.
        reply: Option<String>,
    },
    /// Refused for good, for a reason that lies in this letter.
    Refused {
        /// The server's reply, or why we would not offer the letter.
        reply: String,
        /// Whether the server spoke of the recipient's address, and not of us, the relay or the letter.
        about_recipient: bool,
    },
    /// The body was begun and no reply could be read: accepted or not, nobody here knows (RFC 1047).
    Unknown {
        /// What went wrong, in words.
        reason: String,
    },
}

impl Dispatch {
    pub(crate) fn deferred(reason: impl Into<String>) -> Self {
        Self::Deferred { reason: reason.into(), reply: None }
    }
}

/// A letter as it was handed to `Transport::Memory`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentLetter {
    /// Envelope sender.
    pub from: String,
    /// Envelope recipient.
    pub to: String,
    /// The message.
    pub bytes: Vec<u8>,
}

/// A letter with its envelope, on its way.
#[derive(Clone, Copy)]
pub(crate) struct Parcel<'a> {
    pub from: &'a str,
    pub to: &'a str,
    /// By which reports of delivery name it, where they are wanted.
    pub id: Option<&'a str>,
    pub bytes: &'a [u8],
    /// Our name in the greeting.
    pub house: &'a str,
}

/// What stands outside of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// Who gets what comes back.
    pub from: &'a str,
    /// The recipient.
    pub to: &'a str,
    /// Its Message-ID; with it, servers that can are asked to report what becomes of the letter (RFC 3461).
    pub id: Option<&'a str>,
}

/// The post.
#[derive(Debug, Clone)]
pub enum Transport {
    /// A mail server.
    Smtp(SmtpServer),
    /// A folder that gets one `.eml` a letter.
    Directory(PathBuf),
    /// A list, for tests.
    Memory(Arc<Mutex<Vec<SentLetter>>>),
}

impl Transport {
    /// Offers one letter and says what became of it. `before_body` is called once the server has agreed to take the
    /// body and before a byte of it is sent: it commits the `in_doubt` mark, and when it fails nothing is sent.
    pub fn send(
        &self,
        envelope_from: &str,
        envelope_to: &str,
        bytes: &[u8],
        before_body: &mut dyn FnMut() -> Result<(), BoxError>,
    ) -> Dispatch {
        self.send_in(Envelope { from: envelope_from, to: envelope_to, id: None }, bytes, before_body)
    }

    /// The same in an envelope that may ask for reports.
    pub fn send_in(
        &self,
        envelope: Envelope<'_>,
        bytes: &[u8],
        before_body: &mut dyn FnMut() -> Result<(), BoxError>,
    ) -> Dispatch {
        let Envelope { from, to, id } = envelope;
        let house = from.rsplit_once('@').map_or(from, |(_, domain)| domain);
        if from.is_empty() {
            let reply = "not sent: expected a sender of the letter, found none".to_owned();
            return Dispatch::Refused { reply, about_recipient: false };
        }
        self.hand_over(Parcel { from, to, id, bytes, house }, before_body)
    }

    /// Offers a notice with the null sender (RFC 5321 §4.5.5), so that nothing comes back: neither the report of a mail
    /// server nor the answer of a machine that keeps to RFC 3834 §4.
    pub fn notify(&self, house: &str, envelope_to: &str, bytes: &[u8]) -> Dispatch {
        self.hand_over(Parcel { from: "", to: envelope_to, id: None, bytes, house }, &mut || Ok(()))
    }

    fn hand_over(
        &self,
        parcel: Parcel<'_>,
        before_body: &mut dyn FnMut() -> Result<(), BoxError>,
    ) -> Dispatch {
        if let Err(why) = parcel.check() {
            return Dispatch::Refused { reply: why, about_recipient: false };
        }
        let bytes = parcel.bytes;
        match self {
            Self::Smtp(server) => smtp::send(server, parcel, before_body),
            Self::Directory(folder) => marked(before_body, || match keep(folder, bytes) {
                Ok(path) => match fs::File::open(folder).and_then(|folder| folder.sync_all()) {
                    Ok(()) => Dispatch::Accepted { reply: format!("written to {}", path.display()) },
                    Err(error) => Dispatch::Unknown { reason: format!("the folder is not safe: {error}") },
                },
                // Nothing but the rename makes the letter visible, so a failure before it leaves none.
                Err(error) => Dispatch::deferred(format!("the letter could not be written: {error}")),
            }),
            Self::Memory(letters) => marked(before_body, || {
                let letter =
                    SentLetter { from: parcel.from.into(), to: parcel.to.into(), bytes: bytes.to_vec() };
                letters.lock().unwrap_or_else(PoisonError::into_inner).push(letter);
                Dispatch::Accepted { reply: "250 kept in memory".to_owned() }
            }),
        }
    }
}

/// Tries a mail server without a letter: connection, greeting, encryption, sign-in, and whether it takes `notices`, which
/// have no sender. In words why it would not do, with whether the server itself said so.
pub fn try_out(server: &SmtpServer, from: &str, notices: bool) -> Result<(), (String, bool)> {
    smtp::try_out(server, from, notices).map_err(|dispatch| match dispatch {
        Dispatch::Deferred { reason, reply } => match reply {
            Some(reply) => (format!("{reason}: {reply}"), true),
            None => (reason, false),
        },
        Dispatch::Refused { reply, .. } | Dispatch::Accepted { reply } => (reply, true),
        Dispatch::Unknown { reason } => (reason, false),
    })
}

impl Parcel<'_> {
    /// Refuses, before any connection, what would speak SMTP on its own: a line break in an address, a bare CR or LF
    /// in the body (taken by some servers for a line end: SMTP smuggling).
    fn check(&self) -> Result<(), String> {
        let sound = |b: u8| b.is_ascii_graphic() && b != b'<' && b != b'>';
        for (address, may_be_null) in [(self.from, true), (self.to, false)] {
            if (address.is_empty() && !may_be_null) || !address.bytes().all(sound) {
                return Err(format!(
                    "not sent: expected an ASCII address, found `{}`",
                    address.escape_debug()
                ));
            }
        }
        if self.bytes.is_empty() {
            return Err("not sent: expected a letter, found no octet".to_owned());
        }
        let bare_lf = self.bytes.windows(2).any(|pair| matches!(pair, [a, b'\n'] if *a != b'\r'));
        let bare_cr = self.bytes.windows(2).any(|pair| matches!(pair, [b'\r', b] if *b != b'\n'));
        if bare_lf || bare_cr || self.bytes.first() == Some(&b'\n') || self.bytes.last() == Some(&b'\r') {
            return Err("not sent: expected CRLF at each line end, found a bare CR or LF".to_owned());
        }
        Ok(())
    }
}

fn marked(
    before_body: &mut dyn FnMut() -> Result<(), BoxError>,
    deliver: impl FnOnce() -> Dispatch,
) -> Dispatch {
    match before_body() {
        Ok(()) => deliver(),
        Err(error) => Dispatch::deferred(format!("{NOT_MARKED}: {error}")),
    }
}

fn keep(folder: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    let name = data_encoding::HEXLOWER.encode(Sha256::digest(bytes).get(..12).unwrap_or_default());
    // The same bytes offered twice stay visible as two files.
    for copy in 1_u32.. {
        let path = folder.join(if copy == 1 { format!("{name}.eml") } else { format!("{name}-{copy}.eml") });
        match file.persist_noclobber(&path) {
            Ok(_) => return Ok(path),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => file = error.file,
            Err(error) => return Err(error.error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
