//! The program itself, run as an operator runs it: words, environment, standard input, exit code.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a run of the program left behind.
pub struct Run {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// An operator's shell in a folder of its own, with nothing in the environment but what is said.
pub struct Operator {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

impl Operator {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), environment: Vec::new() }
    }

    /// With one more variable.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With this `Rocket.toml`.
    pub fn with_file(self, text: &str) -> Self {
        std::fs::write(self.path("Rocket.toml"), text).unwrap();
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The program with these words in this set-up.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_askance"));
        command.args(words).env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.folder());
        command
    }

    /// Runs the program to its end; one that has not ended after half a minute (a full run: more) is
    /// ended and has no code.
    pub fn runs(&self, words: &[&str], stdin: &[u8]) -> Run {
        let mut child = self
            .command(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that refuses its configuration does not read its mail.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let reads = |pipe: &mut dyn Read| {
            let mut bytes = Vec::new();
            pipe.read_to_end(&mut bytes).unwrap();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let out = std::thread::scope(|scope| {
            let out = scope.spawn(|| reads(&mut out));
            let err = scope.spawn(|| reads(&mut err));
            // A full run has thousands of mails to copy.
            let more = crate::support::house::asked("ASKANCE_MAILS", 0) / 10;
            let patience = Instant::now() + Duration::from_secs(30 + more);
            while child.try_wait().unwrap().is_none() && Instant::now() < patience {
                std::thread::sleep(Duration::from_millis(5));
            }
            let _ = child.kill();
            (out.join().unwrap(), err.join().unwrap())
        });
        Run { code: child.wait().unwrap().code(), out: out.0, err: out.1 }
    }
}
