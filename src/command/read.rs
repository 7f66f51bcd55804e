//! `askance read`: what mails say, without storing anything.

pub(crate) mod progress;
mod show;
pub(crate) mod walk;

pub use crate::command::read::show::{as_json, as_text};

use crate::command::exit;
use crate::command::read::progress::Progress;
use crate::command::read::walk::{Bytes, Found};
use crate::data::knowledge::knowledge;
use crate::domain::incoming::Incoming;
use crate::service::cage::{Cage, Error};
use clap::Args;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Mails for each reader that may be read before their turn to be printed comes.
const AHEAD: usize = 8;
/// How often progress is looked at while a mail takes its time.
const GLANCE: Duration = Duration::from_millis(500);

/// Reads mails without storing anything and prints what the service would understand.
#[derive(Debug, Clone, Default, Args)]
#[command(
    after_help = "Mails are read in child processes that can open no file and no connection; `--here` reads \
                        without them.\n\nExamples:\n  askance read reply.eml\n  askance read --json ~/Maildir \
                        archive.mbox\n  askance read - < reply.eml"
)]
pub struct ReadArgs {
    /// Mails (`.eml`), mbox files, Maildirs, folders; `-` is one mail on standard input.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// One JSON object a line, in input order.
    #[arg(long)]
    pub json: bool,
    /// Read in this process: faster, but one hostile mail can end it all.
    #[arg(long)]
    pub here: bool,
    /// Leave pictures of text alone, even where `tesseract` is installed.
    #[arg(long)]
    pub no_recognition: bool,
    /// How many mails to read at the same time; as a rule one for each core.
    #[arg(long, value_name = "NUMBER")]
    pub jobs: Option<usize>,
}

/// Runs the command; the return value is the exit code.
pub fn run(args: &ReadArgs, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    if args.paths.is_empty() {
        let _ = writeln!(err, "nothing to read was named; give a mail, a folder, or - for standard input");
        return exit::USAGE;
    }
    match cage(args) {
        Ok(cage) => run_in(&cage, args, out, err),
        Err((code, why)) => {
            let _ = writeln!(err, "{why}");
            code
        }
    }
}

/// The same in a cage that is there already.
pub fn run_in(cage: &Cage, args: &ReadArgs, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let mut printer =
        Printer { json: args.json, out, err, failed: false, progress: Progress::of(&args.paths) };
    let all = read_all(args, cage, &mut printer);
    printer.progress.end();
    let flushed = all.and_then(|()| printer.out.flush());
    match flushed {
        // Who closed the pipe has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => exit::OK,
        Err(error) => {
            let _ = writeln!(printer.err, "the output cannot be written: {error}");
            exit::IO
        }
        Ok(()) if printer.failed => exit::IO,
        Ok(()) => exit::OK,
    }
}

fn cage(args: &ReadArgs) -> Result<Cage, (u8, String)> {
    if args.here {
        let why = |e| (exit::CONFIG, format!("the phrases that come with askance could not be read: {e}"));
        return Ok(Cage::here(knowledge().map_err(why)?));
    }
    let cage = Cage::of_this_program()
        .map_err(|e| (exit::IO, format!("this program does not find itself: {e}; try --here")))?;
    Ok(if args.no_recognition { cage } else { cage.recognising() })
}

/// What became of a mail.
enum Outcome {
    Read(String, Box<Incoming>),
    /// It was read as far as it goes; the error is no fault of the mail.
    Hindered(String, Box<Incoming>, String),
    Unreadable(PathBuf, io::Error),
}

/// The ends of the channels that readers share.
struct Desk<'a> {
    waiting: &'a Mutex<Receiver<(usize, Found)>>,
    done: Sender<(usize, Outcome)>,
    cage: &'a Cage,
}

/// Walks, reads with several children at once, prints in the order of the input; only so much is read ahead that
/// thousands of mails take no more memory than a few.
fn read_all(args: &ReadArgs, cage: &Cage, printer: &mut Printer<'_>) -> io::Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let readers = args.jobs.unwrap_or(cores).clamp(1, 256);
    let (found, waiting) = sync_channel(readers);
    let waiting = Mutex::new(waiting);
    let (done, results) = channel();
    let (turns, turn) = sync_channel(readers * AHEAD);
    std::thread::scope(|scope| {
        scope.spawn(move || find(&args.paths, &turns, &found));
        for _ in 0..readers {
            let desk = Desk { waiting: &waiting, done: done.clone(), cage };
            scope.spawn(move || work(&desk));
        }
        drop(done);
        printer.print_all(results, turn)
    })
}

/// Each mail takes a turn before it is handed on; printing gives the turn back.
fn find(paths: &[PathBuf], turns: &SyncSender<()>, found: &SyncSender<(usize, Found)>) {
    let mut number = 0;
    for path in paths {
        let goes_on = walk::walk(path, &mut |what| {
            number += 1;
            turns.send(()).is_ok() && found.send((number - 1, what)).is_ok()
        });
        if !goes_on {
            return;
        }
    }
}

fn work(desk: &Desk<'_>) {
    loop {
        let next = desk.waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, found)) = next else { return };
        let outcome = match found {
            Found::Unreadable(path, error) => Outcome::Unreadable(path, error),
            Found::Mail(file, bytes) => read(desk.cage, file, &bytes),
            Found::File(path) => match open(&path) {
                Ok(bytes) => read(desk.cage, path.display().to_string(), &bytes),
                Err(error) => Outcome::Unreadable(path, error),
            },
        };
        if desk.done.send((number, outcome)).is_err() {
            // Nobody prints any more: the walk may wait with what it found, and sees that only when it gets rid of it.
            while desk.waiting.lock().unwrap_or_else(PoisonError::into_inner).recv().is_ok() {}
            return;
        }
    }
}

fn open(path: &PathBuf) -> io::Result<Bytes> {
    let file = std::fs::File::open(path)?;
    let size = file.metadata()?.len();
    Bytes::of(file, size)
}

/// Reads a mail; one that ends its reader still has its header, or at least a name.
fn read(cage: &Cage, file: String, bytes: &Bytes) -> Outcome {
    let (first, raw) = match bytes {
        Bytes::All(raw) => (cage.read(raw), raw),
        Bytes::Head(head, whole) => (cage.read_head(head, whole, &whole.too_large()), head),
    };
    match first {
        Ok(incoming) => Outcome::Read(file, Box::new(incoming)),
        Err(error @ (Error::Start(_) | Error::Kept(_))) => {
            let incoming = Box::new(bytes.whole().unread(&error.to_string()));
            Outcome::Hindered(file, incoming, error.to_string())
        }
        Err(error) => {
            let whole = bytes.whole();
            let why = format!("this mail could not be read, only its header: {error}");
            let header = cage.read_head(raw, &whole, &why);
            Outcome::Read(file, Box::new(header.unwrap_or_else(|_| whole.unread(&error.to_string()))))
        }
    }
}

struct Printer<'a> {
    json: bool,
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
    failed: bool,
    progress: Progress,
}

impl Printer<'_> {
    /// When it ends, early or not, the channels end and with them the walk and the readers.
    fn print_all(&mut self, results: Receiver<(usize, Outcome)>, turn: Receiver<()>) -> io::Result<()> {
        let mut early: BTreeMap<usize, Outcome> = BTreeMap::new();
        let mut next = 0;
        loop {
            match results.recv_timeout(GLANCE) {
                Ok((number, outcome)) => {
                    early.insert(number, outcome);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            while let Some(outcome) = early.remove(&next) {
                self.print(outcome)?;
                next += 1;
                // Nobody waits for the turn once all is found.
                let _ = turn.try_recv();
            }
            self.progress.show(self.err);
        }
    }

    fn print(&mut self, outcome: Outcome) -> io::Result<()> {
        let (file, incoming) = match outcome {
            Outcome::Read(file, incoming) => (file, incoming),
            Outcome::Hindered(file, incoming, why) => {
                self.failed = true;
                let _ = writeln!(self.err, "`{file}` could not be read now: {why}");
                (file, incoming)
            }
            Outcome::Unreadable(path, error) => {
                self.failed = true;
                let _ =
                    writeln!(self.err, "`{}` could not be read: {error}; the others go on", path.display());
                return Ok(());
            }
        };
        self.progress.read(incoming.size);
        let text = if self.json {
            let mut line = serde_json::to_string(&as_json(&file, &incoming)?)?;
            line.push('\n');
            line
        } else {
            as_text(&file, &incoming)
        };
        drop(incoming);
        let out = &mut *self.out;
        self.progress.writing(&mut || out.write_all(text.as_bytes()))
    }
}
