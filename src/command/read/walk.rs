//! What there is to read: single mails, mailboxes, Maildirs, folders, in their order and one mail at a time.

use crate::service::cage::{LONGEST_HEADER, MOST_READ, Whole};
use crate::store::blobs::sha256;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// A line of a mailbox is taken in pieces of at most this size.
const PIECE: usize = 1 << 20;

/// A mail to be read, or what stands in its place.
#[derive(Debug)]
pub enum Found {
    /// A file that is one mail.
    File(PathBuf),
    /// A mail out of something larger.
    Mail(String, Bytes),
    /// Something that cannot be read.
    Unreadable(PathBuf, io::Error),
}

/// The bytes of a mail.
#[derive(Debug)]
pub enum Bytes {
    /// All of them.
    All(Vec<u8>),
    /// The first of them: it is too large to be read whole.
    Head(Vec<u8>, Whole),
}

impl Bytes {
    /// What identifies the mail.
    pub fn whole(&self) -> Whole {
        match self {
            Bytes::All(raw) => Whole { sha256: sha256(raw), size: raw.len() },
            Bytes::Head(_, whole) => whole.clone(),
        }
    }

    /// All that `input` has; a large mail is not collected in memory.
    pub fn of(mut input: impl Read, expected: u64) -> io::Result<Self> {
        let mut collected = Collected::default();
        if let Ok(expected) = usize::try_from(expected)
            && expected <= MOST_READ
        {
            collected.kept.reserve_exact(expected + 1);
        }
        loop {
            let before = collected.kept.len();
            let ended = (&mut input).take(PIECE as u64).read_to_end(&mut collected.kept)? < PIECE;
            collected.size += collected.kept.len() - before;
            collected.bound(before);
            if ended {
                return Ok(collected.finish());
            }
        }
    }
}

/// A mail as it comes in.
#[derive(Default)]
struct Collected {
    kept: Vec<u8>,
    size: usize,
    /// Of a mail that grew too large: the hash of all that came.
    hash: Option<Sha256>,
}

impl Collected {
    fn add(&mut self, bytes: &[u8]) {
        let before = self.kept.len();
        self.kept.extend_from_slice(bytes);
        self.size += bytes.len();
        self.bound(before);
    }

    /// Keeps no more than the start of a mail that is too large; what came after `before` is new.
    fn bound(&mut self, before: usize) {
        if let Some(hash) = &mut self.hash {
            hash.update(self.kept.get(before..).unwrap_or_default());
        } else if self.size > MOST_READ {
            self.hash = Some(Sha256::new_with_prefix(&self.kept));
        } else {
            return;
        }
        self.kept.truncate(LONGEST_HEADER);
        self.kept.shrink_to_fit();
    }

    fn finish(self) -> Bytes {
        match self.hash {
            None => Bytes::All(self.kept),
            Some(hash) => {
                let sha256 = HEXLOWER.encode(&hash.finalize());
                Bytes::Head(self.kept, Whole { sha256, size: self.size })
            }
        }
    }
}

/// Takes what was found; `false` = nothing more is wanted.
type Take<'a> = &'a mut dyn FnMut(Found) -> bool;

/// Goes through a path; `false` = nothing more is wanted.
pub fn walk(path: &Path, take: Take<'_>) -> bool {
    match enter(path, take) {
        Ok(goes_on) => goes_on,
        Err(error) => take(Found::Unreadable(path.to_owned(), error)),
    }
}

fn enter(path: &Path, take: Take<'_>) -> io::Result<bool> {
    if path == Path::new("-") {
        return Ok(take(Found::Mail("-".to_owned(), Bytes::of(io::stdin().lock(), 0)?)));
    }
    if path.is_dir() {
        for entry in entries(path)? {
            if !walk(&entry, take) {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    if is_mbox(path)? { mbox(path, take) } else { Ok(take(Found::File(path.to_owned()))) }
}

/// A Maildir is its `cur` and `new`; another folder is all that looks like mail in it, in the order of the names.
fn entries(path: &Path) -> io::Result<Vec<PathBuf>> {
    let maildir = path.join("cur").is_dir() && path.join("new").is_dir();
    let mut entries: Vec<PathBuf> = if maildir {
        vec![path.join("cur"), path.join("new")]
    } else {
        std::fs::read_dir(path)?.map(|entry| entry.map(|e| e.path())).collect::<io::Result<_>>()?
    };
    entries.sort();
    let in_maildir = path.ends_with("cur") || path.ends_with("new");
    entries.retain(|entry| {
        let name = entry.file_name().unwrap_or_default().to_string_lossy();
        !name.starts_with('.') && (in_maildir || looks_like_mail(&name) || entry.is_dir())
    });
    Ok(entries)
}

fn looks_like_mail(name: &str) -> bool {
    let ending = Path::new(name).extension().and_then(|e| e.to_str()).unwrap_or_default().to_lowercase();
    matches!(ending.as_str(), "eml" | "mbox" | "mbx" | "msg" | "mail") || ending.is_empty()
}

fn is_mbox(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    std::fs::File::open(path)?.take(5).read_to_end(&mut start)?;
    let named_eml = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("eml"));
    Ok(start == b"From " && !named_eml)
}

/// Mails are cut at `From ` lines after an empty one; one mail is in memory at a time.
fn mbox(path: &Path, take: Take<'_>) -> io::Result<bool> {
    let mut input = BufReader::with_capacity(1 << 16, std::fs::File::open(path)?);
    let mut number = 0_usize;
    let mut mail = Collected::default();
    let (mut blank, mut at_start) = (true, true);
    let mut line = Vec::new();
    loop {
        line.clear();
        let end = (&mut input).take(PIECE as u64).read_until(b'\n', &mut line)? == 0;
        if end || (at_start && blank && line.starts_with(b"From ")) {
            if mail.size > 0 {
                number += 1;
                let bytes = std::mem::take(&mut mail).finish();
                if !take(Found::Mail(format!("{}:{number}", path.display()), bytes)) {
                    return Ok(false);
                }
            }
            if end {
                return Ok(true);
            }
            // The rest of a separator that is longer than a piece belongs to no mail; there is none in practice.
            (blank, at_start) = (false, line.ends_with(b"\n"));
            continue;
        }
        let unquoted =
            line.strip_prefix(b">").filter(|rest| at_start && is_quoted_from(rest)).unwrap_or(&line);
        blank = at_start && matches!(line.as_slice(), b"\n" | b"\r\n");
        at_start = line.ends_with(b"\n");
        mail.add(unquoted);
    }
}

/// Mailboxes write `>` before a line that would begin a new mail, and one more before those that have it already.
fn is_quoted_from(rest: &[u8]) -> bool {
    let marks = rest.iter().take_while(|byte| **byte == b'>').count();
    rest.get(marks..).is_some_and(|rest| rest.starts_with(b"From "))
}

/// How many bytes there are to read, as far as that can be told beforehand.
pub fn weigh(paths: &[PathBuf]) -> u64 {
    let weigh_one = |path: &PathBuf| {
        if path.is_dir() {
            entries(path).map_or(0, |inside| weigh(&inside))
        } else {
            std::fs::metadata(path).map_or(0, |file| file.len())
        }
    };
    paths.iter().map(weigh_one).sum()
}
