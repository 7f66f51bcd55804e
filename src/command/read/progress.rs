//! How far reading is: a bar on a terminal, a line every few seconds elsewhere, nothing where it is soon done.

use crate::command::read::walk;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// What is done sooner needs no word.
const PATIENCE: Duration = Duration::from_secs(3);
/// Between two lines where there is no terminal.
const BETWEEN: Duration = Duration::from_secs(5);
/// A megabyte as people count.
const MEGABYTE: u64 = 1_000_000;

/// How far reading is.
pub struct Progress {
    began: Instant,
    said: Instant,
    mails: u64,
    bytes: u64,
    /// All bytes there are, once somebody counted them.
    all: Option<u64>,
    counting: Option<Receiver<u64>>,
    paths: Vec<PathBuf>,
    bar: Option<ProgressBar>,
    both_on_terminal: bool,
}

impl Progress {
    /// Over these paths, from now on.
    pub fn of(paths: &[PathBuf]) -> Self {
        let began = Instant::now();
        let both_on_terminal = std::io::stdout().is_terminal() && std::io::stderr().is_terminal();
        let paths = paths.to_vec();
        Self {
            began,
            said: began,
            mails: 0,
            bytes: 0,
            all: None,
            counting: None,
            paths,
            bar: None,
            both_on_terminal,
        }
    }

    /// One more mail was read.
    pub fn read(&mut self, bytes: usize) {
        self.mails += 1;
        self.bytes += bytes as u64;
    }

    /// Writes to `out` so that a bar on the same terminal is not torn.
    pub fn writing(&self, write: &mut dyn FnMut() -> std::io::Result<()>) -> std::io::Result<()> {
        match &self.bar {
            Some(bar) if self.both_on_terminal => bar.suspend(write),
            _ => write(),
        }
    }

    /// Shows how far it is, if it is time to.
    pub fn show(&mut self, err: &mut dyn Write) {
        if self.began.elapsed() < PATIENCE {
            return;
        }
        self.count();
        if std::io::stderr().is_terminal() {
            self.draw();
        } else if self.said == self.began || self.said.elapsed() >= BETWEEN {
            self.said = Instant::now();
            // A closed stderr is no reason to stop reading.
            let _ = writeln!(err, "askance: {}", self.in_words());
        }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn in_words(&self) -> String {
        let (mails, read) = (self.mails, self.bytes / MEGABYTE);
        match self.all {
            Some(all) if all >= self.bytes => format!("{mails} mails read, {read} of {} MB", all / MEGABYTE),
            _ => format!("{mails} mails read, {read} MB"),
        }
    }

    /// All bytes are counted beside the reading, and only where it lasts.
    fn count(&mut self) {
        if self.all.is_none() && self.counting.is_none() {
            let (counted, counting) = channel();
            let paths = std::mem::take(&mut self.paths);
            // Nobody waits for it: it ends with the program.
            std::thread::spawn(move || counted.send(walk::weigh(&paths)));
            self.counting = Some(counting);
        }
        self.all = self.all.or_else(|| self.counting.as_ref()?.try_recv().ok());
    }

    fn draw(&mut self) {
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::no_length();
            let style = ProgressStyle::with_template("{spinner} {wide_bar} {msg}, {eta} left");
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
                .with_elapsed(self.began.elapsed())
        });
        if let Some(all) = self.all.filter(|all| *all > 0) {
            bar.set_length(all);
        }
        bar.set_position(self.bytes);
        let message = match self.all {
            Some(all) if all >= self.bytes => {
                format!("{} mails, {} of {} MB", self.mails, self.bytes / MEGABYTE, all / MEGABYTE)
            }
            _ => format!("{} mails, {} MB", self.mails, self.bytes / MEGABYTE),
        };
        bar.set_message(message);
        bar.tick();
    }
}
