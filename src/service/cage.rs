//! Reading a mail in a child process with limits: a child that dies costs one mail its reading, never the mail.

use crate::domain::incoming::{Incoming, Knowledge, understand};
use crate::store::blobs::Blobs;
use std::io::{BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Wall-clock time that one mail may take.
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
/// A reading larger than this is not one.
const LARGEST_READING: usize = 64 << 20;

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
    Garbled(#[from] serde_json::Error),
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
    from: Receiver<std::io::Result<Vec<u8>>>,
    read: u32,
    worked: Duration,
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

    /// Reads one mail from where it is kept.
    pub fn read_kept(&self, blobs: &Blobs, key: &str) -> Result<Incoming, Error> {
        self.read(&blobs.get(key)?)
    }

    /// Reads one mail. A child may die of what is no fault of the mail, such as a signal meant for the service or the
    /// want of memory elsewhere: so a mail over which one died gets a second, fresh one.
    pub fn read(&self, raw: &[u8]) -> Result<Incoming, Error> {
        let (program, idle) = match self {
            Self::Here(knowledge) => return Ok(understand(raw, knowledge)),
            Self::Process { program, idle } => (program, idle),
        };
        let waiting = idle.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A child that ended while it waited counts as none.
        let waiting =
            waiting.and_then(|mut running| matches!(running.child.try_wait(), Ok(None)).then_some(running));
        let read = match waiting {
            Some(running) => read_in(running, raw),
            None => read_in(start(program).map_err(Error::Start)?, raw),
        };
        let (bytes, running) = match read {
            Err(Error::Died(_)) => read_in(start(program).map_err(Error::Start)?, raw)?,
            read => read?,
        };
        if running.read < MAILS_A_CHILD && running.worked < WORK_A_CHILD {
            *idle.lock().unwrap_or_else(PoisonError::into_inner) = Some(running);
        }
        Ok(serde_json::from_slice(&bytes)?)
    }
}

/// Reads one mail in a child, which ends here if it fails.
fn read_in(mut running: Running, raw: &[u8]) -> Result<(Vec<u8>, Running), Error> {
    let began = Instant::now();
    let bytes = exchange(&mut running, raw)?;
    running.read += 1;
    running.worked += began.elapsed();
    Ok((bytes, running))
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
    let (replies, from) = sync_channel(1);
    std::thread::spawn(move || {
        let mut out = BufReader::new(out);
        loop {
            let reply = frame_in(&mut out);
            let last = reply.is_err();
            if replies.send(reply).is_err() || last {
                return;
            }
        }
    });
    Ok(Running { child, to, from, read: 0, worked: Duration::ZERO })
}

/// Sends a mail and waits for its reading. Sending has a thread of its own, because a child that does not read
/// would hold the sender for ever; a child that failed is ended here, which frees that thread too.
fn exchange(running: &mut Running, raw: &[u8]) -> Result<Vec<u8>, Error> {
    let Running { child, to, from, .. } = running;
    std::thread::scope(|scope| {
        // A child that died shows here as a broken pipe; what it died of is asked below.
        scope.spawn(|| frame_out(to, raw));
        let failed = match from.recv_timeout(PATIENCE) {
            Ok(Ok(bytes)) => return Ok(bytes),
            Err(RecvTimeoutError::Timeout) => Error::TooLong,
            Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => Error::Died(last_words(child)),
        };
        // One that is gone already cannot be killed, and need not be.
        let _ = child.kill();
        Err(failed)
    })
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

fn frame_in(from: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut length = [0_u8; 8];
    from.read_exact(&mut length)?;
    let length = usize::try_from(u64::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > LARGEST_READING.max(256 << 20) {
        return Err(std::io::Error::other("the frame is too large"));
    }
    let mut bytes = Vec::new();
    from.take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() == length { Ok(bytes) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
}

/// The child's side: limits itself, then reads mails from `from` until it ends.
pub fn serve(from: &mut impl Read, to: &mut impl Write, knowledge: &Arc<Knowledge>) -> std::io::Result<()> {
    use rlimit::Resource;
    Resource::AS.set(ADDRESS_SPACE, ADDRESS_SPACE)?;
    Resource::CPU.set(CPU_SECONDS, CPU_SECONDS)?;
    Resource::CORE.set(0, 0)?;
    Resource::FSIZE.set(0, 0)?;
    loop {
        let raw = match frame_in(from) {
            Ok(raw) => raw,
            Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(e) => return Err(e),
        };
        let incoming = understand(&raw, knowledge);
        let bytes = serde_json::to_vec(&incoming).map_err(std::io::Error::other)?;
        frame_out(to, &bytes)?;
    }
}
