//! Reading of mail in figures: beside bare mailparse on the same mails, the cage's cost apart, the worst single mails.
//!
//! `cargo bench --bench read` prints them for this machine; `-- 5` measures five seconds each instead of two.

mod mails;
mod told;

use crate::told::{machine, say};
use askance::data::knowledge;
use askance::domain::incoming::documents::Supplied;
use askance::domain::incoming::understand_with_files;
use askance::service::cage::Cage;
use mailparse::{MailHeaderMap as _, ParsedMail};
use std::error::Error;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

type Done<T> = Result<T, Box<dyn Error>>;

fn main() -> Done<()> {
    let seconds = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(2);
    let seconds = Duration::from_secs(seconds);
    say(&machine())?;
    let began = Instant::now();
    let knowledge = knowledge::knowledge()?;
    say(&format!("knowledge    read in {:.0} ms, once for each child", began.elapsed().as_secs_f64() * 1e3))?;
    say(&format!(
        "{:<24} {:>6} {:>7}   {:>17}   {:>17} {:>6}   {:>17} {:>8}",
        "one core", "mails", "KB each", "bare mailparse", "read", "ratio", "read in the cage", "cage"
    ))?;
    let program = PathBuf::from(env!("CARGO_BIN_EXE_askance"));
    let mut total = (Speed::default(), Speed::default());
    for set in mails::sets()? {
        let bare = measure(&set.mails, seconds, |raw| black_box(bare(raw)).unwrap_or_default());
        let read = measure(&set.mails, seconds, |raw| {
            black_box(understand_with_files(raw, &knowledge, &Supplied::new())).1.len()
        });
        let cage = Cage::of(program.clone());
        let caged = measure(&set.mails, seconds, |raw| usize::from(cage.read(raw).is_ok()));
        if !set.documents {
            total = (total.0 + bare, total.1 + read);
        }
        let bytes: usize = set.mails.iter().map(Vec::len).sum();
        say(&format!(
            "{:<24} {:>6} {:>7.1}   {bare}   {read} {:>4.0} %   {caged} {:>5.0} µs",
            set.name,
            set.mails.len(),
            number(bytes) / number(set.mails.len()) / 1024.0,
            100.0 * read.mails() / bare.mails(),
            (1.0 / caged.mails() - 1.0 / read.mails()) * 1e6
        ))?;
    }
    let (bare, read) = total;
    say(&format!(
        "{:<40}   {bare}   {read} {:>4.0} %   (aim: at least 25 %)",
        "without documents, each set alike",
        100.0 * read.mails() / bare.mails()
    ))?;
    worst(&program)
}

/// What mailparse needs for a mail: all fields decoded, all bodies decoded.
fn bare(raw: &[u8]) -> Option<usize> {
    fn parts(mail: &ParsedMail<'_>) -> usize {
        let fields: usize = mail.headers.iter().map(|field| black_box(field.get_value()).len()).sum();
        black_box(mail.headers.get_first_value("Subject"));
        let body = if mail.ctype.mimetype.starts_with("text/") {
            black_box(mail.get_body()).map_or(0, |text| text.len())
        } else {
            black_box(mail.get_body_raw()).map_or(0, |bytes| bytes.len())
        };
        fields + body + mail.subparts.iter().map(parts).sum::<usize>()
    }
    mailparse::parse_mail(raw).ok().map(|mail| parts(&mail))
}

fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

/// How fast something goes.
#[derive(Debug, Clone, Copy, Default)]
struct Speed {
    seconds: f64,
    megabytes: f64,
    count: f64,
}

impl Speed {
    fn mails(self) -> f64 {
        self.count / self.seconds
    }
}

/// Each set weighs alike: as if the same number of mails came from each.
impl std::ops::Add for Speed {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Speed {
            seconds: self.seconds + other.seconds / other.count,
            megabytes: self.megabytes + other.megabytes / other.count,
            count: self.count + 1.0,
        }
    }
}

impl std::fmt::Display for Speed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:>7.0}/s {:>5.1} MB/s", self.mails(), self.megabytes / self.seconds)
    }
}

/// Goes round and round through a set for so long and takes each mail's fastest time, of either side alike: what else
/// the machine does meanwhile says nothing of either. The first round is not counted.
fn measure(mails: &[Vec<u8>], time: Duration, mut act: impl FnMut(&[u8]) -> usize) -> Speed {
    for raw in mails {
        black_box(act(raw));
    }
    let mut fastest = vec![Duration::MAX; mails.len()];
    let began = Instant::now();
    while began.elapsed() < time {
        for (raw, fastest) in mails.iter().zip(&mut fastest) {
            let mail_began = Instant::now();
            black_box(act(raw));
            *fastest = mail_began.elapsed().min(*fastest);
        }
    }
    let bytes: usize = mails.iter().map(Vec::len).sum();
    let seconds = fastest.iter().sum::<Duration>().as_secs_f64();
    Speed { seconds, megabytes: number(bytes) / 1e6, count: number(mails.len()) }
}

/// The worst single mails, each in a child of its own, which is ready when the clock starts.
fn worst(program: &Path) -> Done<()> {
    say("worst single mails, in the cage: time until all is here, memory of the child at its highest")?;
    let mut missed = 0;
    for worst in mails::worst::worst() {
        let cage = Cage::of(program.to_owned());
        cage.read(b"Subject: ready\r\n\r\n")?;
        let began = Instant::now();
        let read = cage.read(&worst.raw);
        let took = began.elapsed().as_secs_f64();
        let peak = children().into_iter().map(peak).max().unwrap_or_default();
        let outcome = match &read {
            Ok(incoming) => format!("{} parts, {} notes", incoming.parts, incoming.notes.len()),
            Err(error) => error.to_string(),
        };
        let fine = read.is_ok() && took <= worst.seconds && peak <= worst.megabytes;
        missed += u32::from(!fine);
        say(&format!(
            "  {:<28} {:>7.1} MB   {took:>6.2} s of {:>2.0}   {peak:>4} MB of {}   {}{outcome}",
            worst.name,
            number(worst.raw.len()) / 1e6,
            worst.seconds,
            worst.megabytes,
            if fine { "" } else { "MISSED: " }
        ))?;
    }
    Ok(say(&format!("worst single mails: {missed} over their aim"))?)
}

/// The processes that this one started.
fn children() -> Vec<PathBuf> {
    let own = std::process::id().to_string();
    let is_child = |path: &PathBuf| {
        let stat = std::fs::read_to_string(path.join("stat")).unwrap_or_default();
        stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)) == Some(own.as_str())
    };
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.map(|entry| entry.path()).filter(is_child).collect()
}

/// Megabytes that a process held at its highest.
fn peak(process: PathBuf) -> u64 {
    let status = std::fs::read_to_string(process.join("status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or_default() / 1024
}
