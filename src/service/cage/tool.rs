//! A program of the system, run in a cage of its own: bytes in by stdin, bytes out by stdout, no file, no network.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Instant;

/// Why a program gave nothing that can be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It could not be started.
    #[error("it cannot be started: {0}")]
    Start(#[from] std::io::Error),
    /// It took too long.
    #[error("it took too long")]
    TooLong,
    /// It said more than it should.
    #[error("it wrote more than {0} bytes")]
    TooMuch(u64),
    /// It ended badly.
    #[error("it ended with {0}")]
    Ended(std::process::ExitStatus),
}

/// A program of the system and what it may cost.
#[derive(Debug)]
pub struct Tool<'a> {
    /// Our own program, which confines itself and then becomes the other.
    pub cage: &'a Path,
    /// Where the other lies.
    pub path: &'a Path,
    /// When it must have ended.
    pub until: Instant,
    /// How many bytes it may say.
    pub largest: u64,
}

/// Where a program lies, by the search path.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join(name)).find(|path| path.is_file())
}

impl Tool<'_> {
    /// Runs it on `input`; gives what it says on stdout.
    pub fn run<S: AsRef<OsStr>>(&self, words: &[S], input: &[u8]) -> Result<Vec<u8>, Error> {
        let mut child = self.start(words)?;
        let missing = || std::io::Error::other("the child has no pipe");
        let mut to = child.stdin.take().ok_or_else(missing)?;
        let out = child.stdout.take().ok_or_else(missing)?;
        let said = std::thread::scope(|scope| {
            // Whatever it does not read is its own affair; when `to` goes, its input ends.
            scope.spawn(move || to.write_all(input));
            let (said, heard) = channel();
            scope.spawn(move || {
                let mut bytes = Vec::new();
                let read = out.take(self.largest + 1).read_to_end(&mut bytes).map(|_| bytes);
                // Who waited too long does not listen any more.
                let _ = said.send(read);
            });
            let heard = heard.recv_timeout(self.until.saturating_duration_since(Instant::now()));
            let ended = matches!(&heard, Ok(Ok(bytes)) if bytes.len() as u64 <= self.largest);
            if !ended {
                // One that is gone already cannot be killed, and need not be; this frees both threads.
                let _ = child.kill();
            }
            heard
        });
        let status = self.wait(&mut child)?;
        match said {
            Err(_) => Err(Error::TooLong),
            Ok(Err(error)) => Err(error.into()),
            Ok(Ok(bytes)) if bytes.len() as u64 > self.largest => Err(Error::TooMuch(self.largest)),
            Ok(Ok(_)) if !status.success() => Err(Error::Ended(status)),
            Ok(Ok(bytes)) => Ok(bytes),
        }
    }

    fn start<S: AsRef<OsStr>>(&self, words: &[S]) -> std::io::Result<Child> {
        Command::new(self.cage)
            .args(["cage", "--run"])
            .arg(self.path)
            .arg("--")
            .args(words)
            .env_clear()
            // Threads that wait for one another burn the CPU time of a page for nothing.
            .env("OMP_THREAD_LIMIT", "1")
            .env("LC_ALL", "C.UTF-8")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
    }

    /// One that closed its output and stays is ended when its time is up.
    fn wait(&self, child: &mut Child) -> std::io::Result<std::process::ExitStatus> {
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            if Instant::now() > self.until {
                child.kill()?;
                return child.wait();
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
}
