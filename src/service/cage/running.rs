//! A child that reads mails: how it is started, heard and ended.

use crate::domain::incoming::Incoming;
use crate::service::cage::confine::ADDRESS_SPACE;
use crate::service::cage::frames::{exactly, frame_in};
use crate::service::cage::{LARGEST_MAIL, LARGEST_READING};
use std::io::{BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// A child that waits for a mail.
#[derive(Debug)]
pub struct Running {
    /// The process.
    pub child: Child,
    /// Its stdin.
    pub to: ChildStdin,
    /// What it says.
    pub from: Receiver<Said>,
    /// How many mails it read.
    pub read: u32,
    /// How long it worked on them.
    pub worked: Duration,
}

/// A piece of what a child says of one mail: first the reading, then the bytes of each file that it names.
#[derive(Debug)]
pub enum Said {
    /// The reading.
    Reading(Box<Incoming>),
    /// The bytes of the next file.
    File(Vec<u8>),
    /// What came is none of these; nothing more comes.
    Garbled(String),
}

impl Drop for Running {
    fn drop(&mut self) {
        stop(self);
    }
}

/// Starts a child.
pub fn start(program: &Path) -> std::io::Result<Running> {
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

/// Ends a child; one that is gone already is no fault.
fn stop(running: &mut Running) {
    let _ = running.child.kill();
    let _ = running.child.wait();
}
