//! Reading a mail in a child process with limits: a child that dies costs one mail its reading, never the mail.

use crate::domain::incoming::documents::Supplied;
use crate::domain::incoming::{Incoming, Knowledge, understand_with_files};
use crate::store::blobs::{Blobs, sha256};
use std::io::{BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Wall-clock time that a child may take for one mail; what the disk takes for its files is not counted.
const PATIENCE: Duration = Duration::from_secs(20);
/// Mails after which a child is replaced, so that its CPU limit is one of few mails and leaks do not add up.
const MAILS_A_CHILD: u32 = 20;
/// Address space of a child, bytes; resident memory stays far below.
const ADDRESS_SPACE: u64 = 1 << 30;
/// CPU time of a child, seconds.
const CPU_SECONDS: u64 = 60;
/// Work after which a child is replaced: what is left of its CPU time does for any mail, which has 20 seconds.
const WORK_A_CHILD: Duration = Duration::from_secs(30);
/// How long a child whose output ended may take to end itself.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// A mail, or a file in one, is not larger than this.
const LARGEST_MAIL: usize = 256 << 20;
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
    /// A child, kept for the next mail.
    Process {
        /// The program to start with the argument `cage`.
        program: PathBuf,
        /// A child that waits.
        idle: Mutex<Option<Running>>,
    },
    /// In this process.
    Here(Box<Knowledge>),
}

/// A child that waits for a mail.
#[derive(Debug)]
pub struct Running {
    child: Child,
    to: ChildStdin,
    from: Receiver<Said>,
    read: u32,
    worked: Duration,
}

/// What is done with the bytes of a file; gives their SHA-256.
type Keep<'a> = &'a mut dyn FnMut(&[u8]) -> Result<String, crate::store::Error>;

/// A piece of what a child says of one mail: first the reading, then the bytes of each file that it names.
#[derive(Debug)]
enum Said {
    Reading(Box<Incoming>),
    File(Vec<u8>),
    /// What came is none of these; nothing more comes.
    Garbled(String),
}

impl Cage {
    /// A cage of this very program.
    pub fn of_this_program() -> std::io::Result<Self> {
        Ok(Self::of(std::env::current_exe()?))
    }

    /// A cage of the program at a path.
    pub fn of(program: PathBuf) -> Self {
        Self::Process { program, idle: Mutex::new(None) }
    }

    /// Reads one mail from where it is kept, and puts the files that are in it beside it.
    pub fn read_kept(&self, blobs: &Blobs, key: &str) -> Result<Incoming, Error> {
        self.read_keeping(&blobs.get(key)?, &mut |bytes| blobs.put(bytes))
    }

    /// Reads one mail and keeps none of its files.
    pub fn read(&self, raw: &[u8]) -> Result<Incoming, Error> {
        self.read_keeping(raw, &mut |bytes| Ok(sha256(bytes)))
    }

    /// A child may die of what is no fault of the mail, such as a signal meant for the service or the want of memory
    /// elsewhere: so a mail over which one died gets a second, fresh one. Files may then be kept twice, which is once.
    fn read_keeping(&self, raw: &[u8], keep: Keep<'_>) -> Result<Incoming, Error> {
        let (program, idle) = match self {
            Self::Here(knowledge) => return read_here(raw, knowledge, keep),
            Self::Process { program, idle } => (program, idle),
        };
        let waiting = idle.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A child that ended while it waited counts as none.
        let waiting =
            waiting.and_then(|mut running| matches!(running.child.try_wait(), Ok(None)).then_some(running));
        let read = match waiting {
            Some(running) => read_in(running, raw, keep),
            None => read_in(start(program).map_err(Error::Start)?, raw, keep),
        };
        let (incoming, running) = match read {
            Err(Error::Died(_)) => read_in(start(program).map_err(Error::Start)?, raw, keep)?,
            read => read?,
        };
        if running.read < MAILS_A_CHILD && running.worked < WORK_A_CHILD {
            *idle.lock().unwrap_or_else(PoisonError::into_inner) = Some(running);
        }
        Ok(incoming)
    }
}

fn read_here(raw: &[u8], knowledge: &Knowledge, keep: Keep<'_>) -> Result<Incoming, Error> {
    let (incoming, files) = understand_with_files(raw, knowledge, &Supplied::new());
    for bytes in files {
        keep(&bytes)?;
    }
    Ok(incoming)
}

/// Reads one mail in a child, which ends here if it fails.
fn read_in(mut running: Running, raw: &[u8], keep: Keep<'_>) -> Result<(Incoming, Running), Error> {
    let incoming = exchange(&mut running, raw, keep)?;
    running.read += 1;
    Ok((incoming, running))
}

impl Drop for Running {
    fn drop(&mut self) {
        stop(self);
    }
}

fn start(program: &PathBuf) -> std::io::Result<Running> {
    let mut child = Command::new(program)
        .arg("cage")
        .env_clear()
        // A Ctrl-C at the terminal is meant for the service, not for the mail that is being read.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let missing = || std::io::Error::other("the child has no pipe");
    let (to, out) = (child.stdin.take().ok_or_else(missing)?, child.stdout.take().ok_or_else(missing)?);
    // A file is handed over only when the one before it is dealt with, so that at most two are in memory.
    let (replies, from) = sync_channel(0);
    std::thread::spawn(move || {
        let mut out = BufReader::new(out);
        while pass_on(&mut out, &replies).is_some() {}
    });
    Ok(Running { child, to, from, read: 0, worked: Duration::ZERO })
}

/// Passes on what a child says of one mail; none = it says nothing more, or nobody listens.
fn pass_on(out: &mut impl Read, replies: &SyncSender<Said>) -> Option<()> {
    let bytes = frame_in(out, LARGEST_READING).ok()?;
    let read = serde_json::from_slice::<Incoming>(&bytes).map_err(|e| e.to_string());
    drop(bytes);
    let (incoming, sizes) =
        match read.and_then(|incoming| announced(&incoming).map(|sizes| (incoming, sizes))) {
            Ok(read) => read,
            Err(why) => {
                replies.send(Said::Garbled(why)).ok()?;
                return None;
            }
        };
    replies.send(Said::Reading(Box::new(incoming))).ok()?;
    for size in sizes {
        replies.send(Said::File(exactly(out, size).ok()?)).ok()?;
    }
    Some(())
}

/// How many bytes each file has that will follow a reading. A child that was taken over by what it read can say
/// anything; but no more than it can hold is taken from it.
fn announced(incoming: &Incoming) -> Result<Vec<usize>, String> {
    let sizes: Vec<usize> = incoming.attachments.iter().map(|file| file.size).collect();
    let all = sizes.iter().fold(0_usize, |sum, size| sum.saturating_add(*size));
    let largest = sizes.iter().copied().max().unwrap_or_default();
    if largest > LARGEST_MAIL || all as u64 > ADDRESS_SPACE {
        return Err(format!(
            "expected files of at most {LARGEST_MAIL} bytes, found `{largest}`, in all `{all}`"
        ));
    }
    Ok(sizes)
}

/// Sends a mail and waits for its reading and its files. Sending has a thread of its own, because a child that does
/// not read would hold the sender for ever; a child that failed is ended here, which frees that thread too.
fn exchange(running: &mut Running, raw: &[u8], keep: Keep<'_>) -> Result<Incoming, Error> {
    let Running { child, to, from, worked, .. } = running;
    std::thread::scope(|scope| {
        // A child that died shows here as a broken pipe; what it died of is asked below.
        scope.spawn(|| frame_out(to, raw));
        let mut replies = Replies { from, waited: Duration::ZERO };
        let heard = hear(&mut replies, keep);
        *worked += replies.waited;
        heard.map_err(|error| {
            let error = match error {
                Error::Died(_) => Error::Died(last_words(child)),
                error => error,
            };
            // One that is gone already cannot be killed, and need not be.
            let _ = child.kill();
            error
        })
    })
}

/// What a child says, for as long as one mail may take.
struct Replies<'a> {
    from: &'a Receiver<Said>,
    waited: Duration,
}

impl Replies<'_> {
    fn next(&mut self) -> Result<Said, Error> {
        let began = Instant::now();
        let said = self.from.recv_timeout(PATIENCE.saturating_sub(self.waited));
        self.waited += began.elapsed();
        match said {
            Ok(Said::Garbled(why)) => Err(Error::Garbled(why)),
            Ok(said) => Ok(said),
            Err(RecvTimeoutError::Timeout) => Err(Error::TooLong),
            Err(RecvTimeoutError::Disconnected) => Err(Error::Died(String::new())),
        }
    }
}

/// Takes a reading in, then each of its files, which must be the one that the reading speaks of.
fn hear(replies: &mut Replies<'_>, keep: Keep<'_>) -> Result<Incoming, Error> {
    let strange = || Error::Garbled("expected a reading and then its files, found another order".to_owned());
    let Said::Reading(incoming) = replies.next()? else { return Err(strange()) };
    for file in &incoming.attachments {
        let Said::File(bytes) = replies.next()? else { return Err(strange()) };
        let found = keep(&bytes)?;
        if found != file.sha256 {
            let expected = &file.sha256;
            return Err(Error::Garbled(format!(
                "expected a file with SHA-256 `{expected}`, found `{found}`"
            )));
        }
    }
    Ok(*incoming)
}

/// How a child ended whose output did.
fn last_words(child: &mut Child) -> String {
    let patience = Instant::now() + LAST_WORDS;
    while Instant::now() < patience {
        match child.try_wait() {
            Ok(Some(status)) => return status.to_string(),
            Ok(None) => std::thread::sleep(Duration::from_millis(5)),
            Err(error) => return error.to_string(),
        }
    }
    "its output ended, but it did not".to_owned()
}

/// Ends a child; one that is gone already is no fault.
fn stop(running: &mut Running) {
    let _ = running.child.kill();
    let _ = running.child.wait();
}

fn frame_out(to: &mut impl Write, bytes: &[u8]) -> std::io::Result<()> {
    to.write_all(&(bytes.len() as u64).to_be_bytes())?;
    to.write_all(bytes)?;
    to.flush()
}

fn frame_in(from: &mut impl Read, largest: usize) -> std::io::Result<Vec<u8>> {
    let mut length = [0_u8; 8];
    from.read_exact(&mut length)?;
    let length = usize::try_from(u64::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > largest {
        return Err(std::io::Error::other("the frame is too large"));
    }
    exactly(from, length)
}

/// Memory is taken as bytes come, not as they are promised.
fn exactly(from: &mut impl Read, length: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() == length { Ok(bytes) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
}

/// The child's side: limits itself, then reads mails from `from` until it ends. Each is answered by a frame with the
/// reading as JSON and, right behind it, the bare bytes of its files: the reading says how many each has.
pub fn serve(from: &mut impl Read, to: &mut impl Write, knowledge: &Arc<Knowledge>) -> std::io::Result<()> {
    use rlimit::Resource;
    Resource::AS.set(ADDRESS_SPACE, ADDRESS_SPACE)?;
    Resource::CPU.set(CPU_SECONDS, CPU_SECONDS)?;
    Resource::CORE.set(0, 0)?;
    Resource::FSIZE.set(0, 0)?;
    loop {
        let raw = match frame_in(from, LARGEST_MAIL) {
            Ok(raw) => raw,
            Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(e) => return Err(e),
        };
        let (incoming, files) = understand_with_files(&raw, knowledge, &Supplied::new());
        drop(raw);
        let reading = serde_json::to_vec(&incoming).map_err(std::io::Error::other)?;
        drop(incoming);
        frame_out(to, &reading)?;
        for bytes in files {
            to.write_all(&bytes)?;
        }
        to.flush()?;
    }
}
