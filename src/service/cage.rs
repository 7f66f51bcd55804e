//! Reading a mail in a child process with limits: a child that dies costs one mail its reading, never the mail.

mod calls;
pub mod child;
pub mod confine;
mod exchange;
mod frames;
#[cfg(debug_assertions)]
mod planted;
pub mod recognition;
mod running;
pub mod tool;

use crate::domain::incoming::documents::Supplied;
use crate::domain::incoming::{Attachment, Incoming, Knowledge, understand_with_files};
use crate::service::cage::confine::Layers;
use crate::service::cage::exchange::exchange;
use crate::service::cage::recognition::{Recogniser, is_wanted};
use crate::service::cage::running::{Running, start};
use crate::store::blobs::{Blobs, sha256};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Wall-clock time that a child may take for one mail; what the disk takes for its files is not counted.
const PATIENCE: Duration = Duration::from_secs(20);
/// Mails after which a child is replaced, so that its CPU limit is one of few mails and leaks do not add up.
const MAILS_A_CHILD: u32 = 200;
/// Work after which a child is replaced: what is left of its CPU time does for any mail, which has 20 seconds.
const WORK_A_CHILD: Duration = Duration::from_secs(30);
/// A mail, or a file in one, is not larger than this.
const LARGEST_MAIL: usize = 256 << 20;
/// A mail larger than this is kept, and only its header is read.
pub const MOST_READ: usize = 100 << 20;
/// A header longer than this is not read to its end.
pub const LONGEST_HEADER: usize = 1 << 20;
/// A reading larger than this is not one.
const LARGEST_READING: usize = 256 << 20;

/// Why a mail could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The child could not be started.
    #[error("the reading process cannot be started: {0}")]
    Start(std::io::Error),
    /// The child died over this mail.
    #[error("the reading process died over this mail: {0}")]
    Died(String),
    /// The mail took too long.
    #[error("reading took longer than {} seconds", PATIENCE.as_secs())]
    TooLong,
    /// What came back is no reading.
    #[error("the reading cannot be understood: {0}")]
    Garbled(String),
    /// The bytes of the mail cannot be had.
    #[error(transparent)]
    Kept(#[from] crate::store::Error),
}

impl Error {
    /// Whether the mail itself is the cause, so that trying again would be in vain. Anything else (no process can be
    /// started, the disk does not answer) passes: the mail waits and is read later.
    pub fn is_about_the_mail(&self) -> bool {
        match self {
            Self::Died(_) | Self::TooLong | Self::Garbled(_) => true,
            Self::Start(_) => false,
            Self::Kept(error) => matches!(error, crate::store::Error::Corrupt { .. }),
        }
    }
}

/// Who reads: a child process, or this one (tests of what reading leads to).
#[derive(Debug)]
pub enum Cage {
    /// Children, kept for the next mail.
    Process {
        /// The program to start with the argument `cage`.
        program: PathBuf,
        /// Children that wait: as many as ever read at the same time.
        idle: Mutex<Vec<Running>>,
        /// Makes text of pictures, if that is wanted.
        recogniser: Option<Recogniser>,
    },
    /// In this process.
    Here(Box<Knowledge>),
}

/// What is done with the bytes of a file; gives their SHA-256.
type Keep<'a> = &'a mut dyn FnMut(&Attachment, &[u8]) -> Result<String, crate::store::Error>;

/// A mail to be read.
#[derive(Debug, Clone, Copy)]
struct Mail<'a> {
    raw: &'a [u8],
    supplied: &'a Supplied,
}

impl Cage {
    /// A cage of this very program.
    pub fn of_this_program() -> std::io::Result<Self> {
        Ok(Self::of(std::env::current_exe()?))
    }

    /// A cage of the program at a path.
    pub fn of(program: PathBuf) -> Self {
        Self::Process { program, idle: Mutex::default(), recogniser: None }
    }

    /// The same, and text in pictures is recognised where the programs for it are installed.
    #[must_use]
    pub fn recognising(self) -> Self {
        match self {
            Self::Process { program, idle, .. } => {
                let recogniser = Some(Recogniser::find(program.clone()));
                Self::Process { program, idle, recogniser }
            }
            here @ Self::Here(_) => here,
        }
    }

    /// The same, with these programs.
    #[must_use]
    pub fn recognising_with(self, recogniser: Recogniser) -> Self {
        match self {
            Self::Process { program, idle, .. } => {
                Self::Process { program, idle, recogniser: Some(recogniser) }
            }
            here @ Self::Here(_) => here,
        }
    }

    /// Reads one mail from where it is kept, and puts the files that are in it beside it.
    pub fn read_kept(&self, blobs: &Blobs, key: &str) -> Result<Incoming, Error> {
        self.read_keeping(&blobs.get(key)?, &mut |_, bytes| blobs.put(bytes))
    }

    /// Reads one mail and keeps none of its files.
    pub fn read(&self, raw: &[u8]) -> Result<Incoming, Error> {
        self.read_keeping(raw, &mut |_, bytes| Ok(sha256(bytes)))
    }

    /// Reads the header of a mail that cannot be read whole; `head` are its first bytes, `why` becomes a note.
    pub fn read_head(&self, head: &[u8], whole: &Whole, why: &str) -> Result<Incoming, Error> {
        let mut incoming =
            self.read_once(header_of(head), &Supplied::new(), &mut |_, bytes| Ok(sha256(bytes)))?;
        incoming.sha256.clone_from(&whole.sha256);
        incoming.size = whole.size;
        incoming.content_key = format!("whole:{}", whole.sha256);
        incoming.notes.push(why.to_owned());
        Ok(incoming)
    }

    /// Which layers hold the children of this cage on this machine.
    pub fn layers(&self) -> Result<Option<Layers>, Error> {
        let Self::Process { program, .. } = self else { return Ok(None) };
        let told = Command::new(program)
            .args(["cage", "--layers"])
            .env_clear()
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .map_err(Error::Start)?;
        serde_json::from_slice(&told.stdout).map(Some).map_err(|e| Error::Garbled(e.to_string()))
    }

    /// Whether and in which languages text in pictures is recognised.
    pub fn recognises(&self) -> Option<String> {
        let Self::Process { recogniser, .. } = self else { return None };
        recogniser.as_ref().map(Recogniser::in_words)
    }

    /// Reads a mail, then, where pictures of text in it could be recognised, again with their texts. Files are kept
    /// twice then, which is once.
    fn read_keeping(&self, raw: &[u8], keep: Keep<'_>) -> Result<Incoming, Error> {
        if raw.len() > MOST_READ {
            let whole = Whole { sha256: sha256(raw), size: raw.len() };
            return self.read_head(raw, &whole, &whole.too_large());
        }
        let Self::Process { recogniser: Some(recogniser), .. } = self else {
            return self.read_once(raw, &Supplied::new(), keep);
        };
        let mut pictures: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let mut incoming = self.read_once(raw, &Supplied::new(), &mut |file, bytes| {
            let key = keep(file, bytes)?;
            if is_wanted(file) {
                pictures.insert(key.clone(), bytes.to_vec());
            }
            Ok(key)
        })?;
        if pictures.is_empty() {
            return Ok(incoming);
        }
        let found = recogniser.look(&incoming, &pictures);
        drop(pictures);
        if !found.supplied.is_empty() {
            incoming = self.read_once(raw, &found.supplied, keep)?;
        }
        found.mark(&mut incoming);
        Ok(incoming)
    }

    /// A child may die of what is no fault of the mail, such as a signal meant for the service or the want of memory
    /// elsewhere: so a mail over which one died gets a second, fresh one. Files may then be kept twice, which is once.
    fn read_once(&self, raw: &[u8], supplied: &Supplied, keep: Keep<'_>) -> Result<Incoming, Error> {
        let (program, idle) = match self {
            Self::Here(knowledge) => return read_here(raw, knowledge, keep),
            Self::Process { program, idle, .. } => (program, idle),
        };
        let mail = Mail { raw, supplied };
        let waiting = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        // A child that ended while it waited counts as none.
        let waiting =
            waiting.and_then(|mut running| matches!(running.child.try_wait(), Ok(None)).then_some(running));
        let read = match waiting {
            Some(running) => read_in(running, mail, keep),
            None => read_in(start(program).map_err(Error::Start)?, mail, keep),
        };
        let (incoming, running) = match read {
            Err(Error::Died(_)) => read_in(start(program).map_err(Error::Start)?, mail, keep)?,
            read => read?,
        };
        if running.read < MAILS_A_CHILD && running.worked < WORK_A_CHILD {
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(running);
        }
        Ok(incoming)
    }
}

/// A mail of which not all bytes are at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// SHA-256 of all its bytes, hex.
    pub sha256: String,
    /// How many bytes it has.
    pub size: usize,
}

impl Whole {
    /// The note of a mail of which only the header is read.
    pub fn too_large(&self) -> String {
        let (size, most) = (self.size, MOST_READ >> 20);
        format!("the mail is larger than {most} MB ({size} bytes); it is kept, and only its header was read")
    }

    /// What is left to say of a mail that could not be read.
    pub fn unread(&self, why: &str) -> Incoming {
        let (mut incoming, _) = understand_with_files(b"", &Knowledge::default(), &Supplied::new());
        incoming.sha256.clone_from(&self.sha256);
        incoming.size = self.size;
        incoming.content_key = format!("unread:{}", self.sha256);
        incoming.notes = vec![format!("This mail could not be read: {why}.")];
        incoming
    }
}

/// The header of a mail: up to its first empty line.
fn header_of(head: &[u8]) -> &[u8] {
    let head = head.get(..LONGEST_HEADER).unwrap_or(head);
    let mut at = 0;
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        if line.trim_ascii().is_empty() && at > line.len() {
            break;
        }
    }
    head.get(..at).unwrap_or(head)
}

fn read_here(raw: &[u8], knowledge: &Knowledge, keep: Keep<'_>) -> Result<Incoming, Error> {
    let (incoming, files) = understand_with_files(raw, knowledge, &Supplied::new());
    for (file, bytes) in incoming.attachments.iter().zip(files) {
        keep(file, &bytes)?;
    }
    Ok(incoming)
}

/// Reads one mail in a child, which ends here if it fails.
fn read_in(mut running: Running, mail: Mail<'_>, keep: Keep<'_>) -> Result<(Incoming, Running), Error> {
    let incoming = exchange(&mut running, mail, keep)?;
    running.read += 1;
    Ok((incoming, running))
}
