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
pub mod school;
pub mod tool;

use crate::data::knowledge::knowledge_with;
use crate::domain::incoming::documents::Supplied;
use crate::domain::incoming::model::counts::Counts;
use crate::domain::incoming::{Attachment, Incoming, Knowledge, understand_with_files};
use crate::service::cage::confine::Layers;
use crate::service::cage::exchange::exchange;
use crate::service::cage::recognition::{Recogniser, is_wanted, promise};
use crate::service::cage::running::{Running, start};
use crate::store::blobs::{Blobs, sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

/// Wall-clock time that a child may take for one mail; what the disk takes for its files is not counted.
const PATIENCE: Duration = Duration::from_secs(20);
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
    /// Whether there is nothing where the bytes should be: they are gone, or their place is away.
    pub fn is_missing(&self) -> bool {
        let Self::Kept(crate::store::Error::Blobs(error)) = self else { return false };
        error.kind() == std::io::ErrorKind::NotFound
    }

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
        /// What children are taught beside what ships, as `Counts::to_bytes` writes it.
        learnt: Mutex<Arc<Vec<u8>>>,
    },
    /// In this process.
    Here(RwLock<Box<Knowledge>>),
}

/// What is done with the bytes of a file; gives their SHA-256.
type Keep<'a> = &'a mut dyn FnMut(&Attachment, &[u8]) -> Result<String, crate::store::Error>;

/// A mail to be read.
#[derive(Debug, Clone, Copy)]
struct Mail<'a> {
    raw: &'a Arc<Vec<u8>>,
    sha256: &'a str,
    supplied: &'a Supplied,
}

impl Cage {
    /// A cage of this very program.
    pub fn of_this_program() -> std::io::Result<Self> {
        Ok(Self::of(std::env::current_exe()?))
    }

    /// A cage of the program at a path.
    pub fn of(program: PathBuf) -> Self {
        Self::Process { program, idle: Mutex::default(), recogniser: None, learnt: Mutex::default() }
    }

    /// A cage that is none: this process reads.
    pub fn here(knowledge: Knowledge) -> Self {
        Self::Here(RwLock::new(Box::new(knowledge)))
    }

    /// Teaches who reads from now on what was learnt beside what ships; what was taught before is forgotten.
    pub fn learn(&self, counts: &Counts) -> Result<(), crate::data::Error> {
        match self {
            Self::Process { idle, learnt, .. } => {
                let bytes = if counts.is_empty() { Vec::new() } else { counts.to_bytes() };
                *learnt.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(bytes);
                // Who waits knows less; dropping ends them.
                idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
            }
            Self::Here(knowledge) => {
                let taught = knowledge_with(counts)?;
                **knowledge.write().unwrap_or_else(PoisonError::into_inner) = taught;
            }
        }
        Ok(())
    }

    /// The same, and text in pictures is recognised where the programs for it are installed.
    #[must_use]
    pub fn recognising(self) -> Self {
        match self {
            Self::Process { program, idle, learnt, .. } => {
                let recogniser = Some(Recogniser::find(program.clone()));
                Self::Process { program, idle, recogniser, learnt }
            }
            here @ Self::Here(_) => here,
        }
    }

    /// The same, with these programs.
    #[must_use]
    pub fn recognising_with(self, recogniser: Recogniser) -> Self {
        match self {
            Self::Process { program, idle, learnt, .. } => {
                Self::Process { program, idle, recogniser: Some(recogniser), learnt }
            }
            here @ Self::Here(_) => here,
        }
    }

    /// Reads one mail from where it is kept, and puts the files that are in it beside it; `put` is told which, also where
    /// reading fails after them. Text in pictures is not waited for: where it will be recognised, that is noted at the
    /// file.
    pub fn read_kept(&self, blobs: &Blobs, key: &str, put: &mut BTreeSet<String>) -> Result<Incoming, Error> {
        let raw = Arc::new(blobs.get(key)?);
        let mut incoming = self.read_bare((&raw, key), &Supplied::new(), &mut into(blobs, put))?;
        if let Self::Process { recogniser: Some(_), .. } = self {
            promise(&mut incoming);
        }
        Ok(incoming)
    }

    /// The same with the text in its pictures, which may take minutes.
    pub fn recognise_kept(
        &self,
        blobs: &Blobs,
        key: &str,
        put: &mut BTreeSet<String>,
    ) -> Result<Incoming, Error> {
        let raw = Arc::new(blobs.get(key)?);
        self.read_keeping((&raw, key), &mut into(blobs, put))
    }

    /// Reads one mail, with the text in its pictures, and keeps none of its files.
    pub fn read(&self, raw: &[u8]) -> Result<Incoming, Error> {
        self.read_keeping((&Arc::new(raw.to_vec()), &sha256(raw)), &mut |_, bytes| Ok(sha256(bytes)))
    }

    /// Reads the header of a mail that cannot be read whole; `head` are its first bytes, `why` becomes a note.
    pub fn read_head(&self, head: &[u8], whole: &Whole, why: &str) -> Result<Incoming, Error> {
        self.read_head_keeping(head, (whole, why), &mut |_, bytes| Ok(sha256(bytes)))
    }

    fn read_head_keeping(
        &self,
        head: &[u8],
        (whole, why): (&Whole, &str),
        keep: Keep<'_>,
    ) -> Result<Incoming, Error> {
        let head = Arc::new(header_of(head).to_vec());
        let mail = Mail { raw: &head, sha256: &sha256(&head), supplied: &Supplied::new() };
        let mut incoming = self.read_once(mail, keep)?;
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
    fn read_keeping(&self, mail: (&Arc<Vec<u8>>, &str), keep: Keep<'_>) -> Result<Incoming, Error> {
        let Self::Process { recogniser: Some(recogniser), .. } = self else {
            return self.read_bare(mail, &Supplied::new(), keep);
        };
        let mut pictures: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let mut incoming = self.read_bare(mail, &Supplied::new(), &mut |file, bytes| {
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
            incoming = self.read_bare(mail, &found.supplied, keep)?;
        }
        found.mark(&mut incoming);
        Ok(incoming)
    }

    /// Reads a mail, or the header alone of one that is too large.
    fn read_bare(
        &self,
        (raw, sha256): (&Arc<Vec<u8>>, &str),
        supplied: &Supplied,
        keep: Keep<'_>,
    ) -> Result<Incoming, Error> {
        if raw.len() > MOST_READ {
            let whole = Whole { sha256: sha256.to_owned(), size: raw.len() };
            return self.read_head_keeping(raw, (&whole, &whole.too_large()), keep);
        }
        self.read_once(Mail { raw, sha256, supplied }, keep)
    }

    /// A child may die of what is no fault of the mail, such as a signal meant for the service or the want of memory
    /// elsewhere; and a mail before it may have taken it over. So a mail over which one died gets a second, fresh one,
    /// and so does a mail over which a child failed in whatever way that had read others. Files may then be kept
    /// twice, which is once.
    fn read_once(&self, mail: Mail<'_>, keep: Keep<'_>) -> Result<Incoming, Error> {
        let (program, idle, learnt) = match self {
            Self::Here(knowledge) => {
                let knowledge = knowledge.read().unwrap_or_else(PoisonError::into_inner);
                return read_here(mail.raw, &knowledge, keep);
            }
            Self::Process { program, idle, learnt, .. } => (program, idle, learnt),
        };
        let learnt = Arc::clone(&*learnt.lock().unwrap_or_else(PoisonError::into_inner));
        let fresh = || start(program, &learnt).map_err(Error::Start);
        let waiting = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let waiting = waiting.and_then(|mut running| running.is_ready().then_some(running));
        let used = waiting.is_some();
        let read = match waiting {
            Some(running) => read_in(running, mail, keep),
            None => read_in(fresh()?, mail, keep),
        };
        let (incoming, running) = match read {
            Err(Error::Died(_)) => read_in(fresh()?, mail, keep)?,
            Err(Error::TooLong | Error::Garbled(_)) if used => read_in(fresh()?, mail, keep)?,
            read => read?,
        };
        if Arc::ptr_eq(&running.learnt, &learnt) && !running.is_worn() {
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(running);
        }
        Ok(incoming)
    }
}

/// Puts files into the blobs and tells which.
fn into<'a>(
    blobs: &'a Blobs,
    put: &'a mut BTreeSet<String>,
) -> impl FnMut(&Attachment, &[u8]) -> Result<String, crate::store::Error> + 'a {
    |_, bytes| {
        // Told before it is there, so that none is there untold.
        put.insert(sha256(bytes));
        blobs.put(bytes)
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
