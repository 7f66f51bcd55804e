//! A child that reads mails: how it is started, told, heard and ended.

use crate::domain::incoming::Incoming;
use crate::domain::incoming::model::tokens::Token as Heard;
use crate::service::cage::confine::ADDRESS_SPACE;
use crate::service::cage::frames::{Asked, Token, exactly, frame_in, frame_out, head_in, head_out};
use crate::service::cage::{LARGEST_MAIL, LARGEST_READING};
use std::io::{BufReader, BufWriter, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TryRecvError, channel, sync_channel};
use std::time::Duration;

/// Mails after which a child is replaced, so that leaks do not add up.
const MAILS_A_CHILD: u32 = 1_000;
/// Work after which a child is replaced: what is left of its CPU time does for any mail, which has 20 seconds.
const WORK_A_CHILD: Duration = Duration::from_secs(30);
/// Memory that a child may hold on to between mails, in pages of 4 KiB: 256 MiB.
const PAGES_A_CHILD: u64 = 65_536;
/// What fits into a pipe.
const PIPE: usize = 64 << 10;
/// The answer to a lesson is a few sentences.
const LARGEST_ANSWER: usize = 1 << 20;

/// A child that waits for a mail.
#[derive(Debug)]
pub struct Running {
    /// The process.
    pub child: Child,
    /// What is to be written to its stdin.
    to: Sender<Question>,
    /// How writing each of these ended; no more comes after one that failed.
    pub written: Receiver<std::io::Result<()>>,
    /// What it says.
    pub from: Receiver<Said>,
    /// Whether it had said more already when its last answer was complete.
    more: Arc<AtomicBool>,
    /// How many mails it read.
    pub read: u32,
    /// How long it worked on them.
    pub worked: Duration,
    /// What it was taught.
    pub learnt: Arc<Vec<u8>>,
}

/// What is asked of a child.
#[derive(Debug)]
pub struct Question {
    /// What its answer must repeat.
    pub token: Token,
    /// What is wanted.
    pub asked: Asked,
    /// Its frames.
    pub frames: Vec<Arc<Vec<u8>>>,
}

/// A piece of what a child says: of a mail first the reading, then the bytes of each file that it names.
#[derive(Debug)]
pub enum Said {
    /// The reading, and what it is said to answer.
    Reading(Token, Box<Incoming>),
    /// The bytes of the next file.
    File(Vec<u8>),
    /// The sentences of a letter that carry its step, and what they are said to answer.
    Lesson(Token, Vec<Vec<Heard>>),
    /// What came is none of these; nothing more comes.
    Garbled(String),
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that is gone already is no fault.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    /// Has a question written to the child; how that ended comes by `written`.
    pub fn ask(&self, question: Question) {
        // Whose writer has ended shows that at once: nothing is ever written.
        let _ = self.to.send(question);
    }

    /// Whether it said more than it was asked. Whoever took a child over could so answer for a mail that is still to
    /// come.
    pub fn said_more(&self) -> bool {
        self.more.load(Ordering::Acquire) || self.from.try_recv().is_ok()
    }

    /// Whether it may be given a mail: it is alive, and listens in silence.
    pub fn is_ready(&mut self) -> bool {
        let silent = matches!(self.from.try_recv(), Err(TryRecvError::Empty));
        silent && !self.said_more() && matches!(self.child.try_wait(), Ok(None))
    }

    /// Whether another should take its place.
    pub fn is_worn(&self) -> bool {
        self.read >= MAILS_A_CHILD || self.worked >= WORK_A_CHILD || self.pages() > PAGES_A_CHILD
    }

    /// How much memory it holds, where the system tells (`proc_pid_statm(5)`): an allocator gives little back.
    fn pages(&self) -> u64 {
        let told = std::fs::read_to_string(format!("/proc/{}/statm", self.child.id())).unwrap_or_default();
        told.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or_default()
    }
}

/// Starts a child, and teaches it first what was learnt beside what ships. Writing and hearing have a thread each for
/// as long as it lives, because a child that does not read, or does not answer, would hold up its parent for ever;
/// both end with it.
pub fn start(program: &Path, learnt: &Arc<Vec<u8>>) -> std::io::Result<Running> {
    start_with(program, learnt, &|name, work| {
        std::thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
    })
}

/// What a thread does.
type Work = Box<dyn FnOnce() + Send>;

/// The same with threads of a given making: the system may have none left, and then the child ends at once.
fn start_with(
    program: &Path,
    learnt: &Arc<Vec<u8>>,
    spawn: &dyn Fn(&str, Work) -> std::io::Result<()>,
) -> std::io::Result<Running> {
    let mut child = Command::new(program)
        .arg("cage")
        .env_clear()
        // A Ctrl-C at the terminal is meant for the service, not for the mail that is being read.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // What a child says there it says for nobody: the cause of its end is in how it ended.
        .stderr(Stdio::null())
        .spawn()?;
    let pipes = (child.stdin.take(), child.stdout.take());
    let (to, questions) = channel();
    let (report, written) = channel();
    // A file is handed over only when the one before it is dealt with, so that at most two are in memory.
    let (replies, from) = sync_channel(0);
    let more = Arc::new(AtomicBool::new(false));
    let (taught, heard) = (Arc::clone(learnt), Arc::clone(&more));
    let learnt = Arc::clone(learnt);
    // From here on whatever fails ends the child, too.
    let running = Running { child, to, written, from, more, read: 0, worked: Duration::ZERO, learnt };
    let (Some(stdin), Some(out)) = pipes else {
        return Err(std::io::Error::other("the child has no pipe"));
    };
    spawn("telling", Box::new(move || write_all(stdin, &taught, &questions, &report)))?;
    let mut ears = Ears { out: BufReader::new(out), replies, more: heard };
    spawn("hearing", Box::new(move || while ears.pass_on().is_some() {}))?;
    Ok(running)
}

/// Writes what was learnt, then each question. A child that died shows here as a broken pipe.
fn write_all(
    to: ChildStdin,
    learnt: &[u8],
    questions: &Receiver<Question>,
    report: &Sender<std::io::Result<()>>,
) {
    let mut to = BufWriter::with_capacity(PIPE, to);
    let mut done = frame_out(&mut to, learnt);
    while let Ok(question) = questions.recv() {
        done = done.and_then(|()| write_one(&mut to, &question));
        drop(question);
        let failed = done.is_err();
        if report.send(done).is_err() || failed {
            return;
        }
        done = Ok(());
    }
}

fn write_one(to: &mut impl Write, question: &Question) -> std::io::Result<()> {
    head_out(to, (question.token, question.asked))?;
    for frame in &question.frames {
        frame_out(to, frame)?;
    }
    to.flush()
}

/// Who hears a child.
struct Ears {
    out: BufReader<ChildStdout>,
    replies: SyncSender<Said>,
    more: Arc<AtomicBool>,
}

impl Ears {
    /// Passes on one answer; none = the child says nothing more, or nobody listens.
    fn pass_on(&mut self) -> Option<()> {
        let (token, asked) = head_in(&mut self.out).ok()?;
        match asked {
            Asked::Reading => self.reading(token),
            Asked::Lesson => {
                let bytes = frame_in(&mut self.out, LARGEST_ANSWER).ok()?;
                match serde_json::from_slice(&bytes) {
                    Ok(sentences) => self.last(Said::Lesson(token, sentences)),
                    Err(error) => self.garbled(error.to_string()),
                }
            }
        }
    }

    fn reading(&mut self, token: Token) -> Option<()> {
        let bytes = frame_in(&mut self.out, LARGEST_READING).ok()?;
        let read = serde_json::from_slice::<Incoming>(&bytes).map_err(|e| e.to_string());
        drop(bytes);
        let (incoming, mut sizes) =
            match read.and_then(|incoming| announced(&incoming).map(|sizes| (incoming, sizes))) {
                Ok(read) => read,
                Err(why) => return self.garbled(why),
            };
        let reading = Said::Reading(token, Box::new(incoming));
        let Some(size) = sizes.pop() else { return self.last(reading) };
        self.replies.send(reading).ok()?;
        for size in sizes {
            let file = Said::File(exactly(&mut self.out, size).ok()?);
            self.replies.send(file).ok()?;
        }
        let file = Said::File(exactly(&mut self.out, size).ok()?);
        self.last(file)
    }

    /// The last piece of an answer: behind it there must be nothing.
    fn last(&mut self, said: Said) -> Option<()> {
        if !self.out.buffer().is_empty() {
            self.more.store(true, Ordering::Release);
        }
        self.replies.send(said).ok()
    }

    fn garbled(&mut self, why: String) -> Option<()> {
        self.replies.send(Said::Garbled(why)).ok()?;
        None
    }
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

#[cfg(test)]
mod tests {
    use super::{Work, start_with};
    use std::cell::Cell;
    use std::io::{Error, ErrorKind};
    use std::path::PathBuf;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    /// A child that says in a file who it is and then listens; where it is, and where that file will be.
    fn child(folder: &tempfile::TempDir) -> (PathBuf, PathBuf) {
        use std::os::unix::fs::PermissionsExt;
        let (program, told) = (folder.path().join("child"), folder.path().join("number"));
        let script =
            format!("#!/bin/sh\necho $$ >'{0}.new'\nmv '{0}.new' '{0}'\nexec sleep 60\n", told.display());
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        (program, told)
    }

    #[test]
    fn a_child_for_which_there_is_no_thread_is_ended_and_the_mail_can_wait() {
        for last in 0..2 {
            let folder = tempfile::tempdir().unwrap();
            let (program, told) = child(&folder);
            let spawned = Cell::new(0);
            let spawn = |name: &str, work: Work| {
                if spawned.get() == last {
                    let began = Instant::now();
                    while !told.exists() && began.elapsed() < Duration::from_secs(30) {
                        std::thread::sleep(Duration::from_millis(5));
                    }
                    return Err(Error::from(ErrorKind::WouldBlock));
                }
                spawned.set(spawned.get() + 1);
                std::thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
            };
            let error = start_with(&program, &Arc::new(Vec::new()), &spawn).unwrap_err();
            assert!(!crate::service::cage::Error::Start(error).is_about_the_mail(), "it is read later");
            let number = std::fs::read_to_string(&told).unwrap();
            let process = PathBuf::from("/proc").join(number.trim());
            assert!(!process.exists(), "neither left running nor as a dead child: {number}");
        }
    }
}
