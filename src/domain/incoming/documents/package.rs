//! Zip archives (APPNOTE 6.3), opened within limits; what is beyond them is a note and never memory.

use crate::domain::incoming::mime::Notes;
use encoding_rs::{UTF_16BE, UTF_16LE};
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// How many entries an archive may have.
pub const MAX_ENTRIES: usize = 1_000;
/// How much of one entry is read.
const MAX_ENTRY: u64 = 20 * 1024 * 1024;
/// How much is read of all entries of an archive.
const MAX_ALL: u64 = 60 * 1024 * 1024;
/// What an archive may claim to unpack to.
const MAX_CLAIMED: u64 = 200 * 1024 * 1024;
/// How many times larger than its packed form an entry may be.
const MAX_RATIO: u64 = 100;
/// Up to this size no ratio is too high: a list of empty cells packs well.
const SMALL: u64 = 1024 * 1024;

/// One entry as the directory of the archive describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Name as written, with `/` between folders.
    pub name: String,
    /// Size it says it unpacks to.
    pub size: u64,
    /// Size of its packed form.
    pub packed: u64,
    /// Whether it needs a password.
    pub locked: bool,
    /// Whether it is a folder.
    pub folder: bool,
}

impl Entry {
    /// Whether its name would lead out of the folder it is unpacked to.
    pub fn leads_out(&self) -> bool {
        let name = self.name.replace('\\', "/");
        name.starts_with('/') || name.split('/').any(|p| p == "..") || name.get(1..2) == Some(":")
    }

    /// Whether it unpacks to so much more than it is that it is not unpacked.
    fn is_bomb(&self) -> bool {
        self.size > SMALL && self.size / self.packed.max(1) > MAX_RATIO
    }
}

/// An opened archive.
pub struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    entries: Vec<Entry>,
    left: u64,
}

impl<'a> Package<'a> {
    /// Opens an archive and reads its directory; a note says why that was not possible.
    pub fn open(data: &'a [u8], notes: &mut Notes) -> Option<Self> {
        if directory_length(data).is_some_and(|entries| entries > MAX_ENTRIES) {
            notes.add(format!("not read: more than {MAX_ENTRIES} entries in the archive"));
            return None;
        }
        let Ok(mut archive) = ZipArchive::new(Cursor::new(data)) else {
            notes.add("not read: the file is damaged");
            return None;
        };
        if archive.len() > MAX_ENTRIES {
            notes.add(format!("not read: more than {MAX_ENTRIES} entries in the archive"));
            return None;
        }
        let entries: Vec<Entry> = (0..archive.len()).map(|at| entry(&mut archive, at)).collect();
        let claimed = entries.iter().fold(0_u64, |sum, e| sum.saturating_add(e.size));
        if claimed > MAX_CLAIMED || entries.iter().any(Entry::is_bomb) {
            notes.add("not read: the file unpacks to far more than it is (a \"zip bomb\")");
            return None;
        }
        Some(Self { archive, entries, left: MAX_ALL })
    }

    /// Its entries in their order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Whether there is an entry of this name.
    pub fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|e| e.name == name)
    }

    /// Names of the entries that begin and end like this, in the order of the numbers in them.
    pub fn named(&self, start: &str, end: &str) -> Vec<String> {
        let fits = |name: &&Entry| name.name.starts_with(start) && name.name.ends_with(end);
        let mut found: Vec<String> = self.entries.iter().filter(fits).map(|e| e.name.clone()).collect();
        found.sort_by_key(|name| (number(name), name.clone()));
        found
    }

    /// The bytes of an entry as far as the limits go.
    pub fn bytes(&mut self, name: &str, notes: &mut Notes) -> Option<Vec<u8>> {
        let at = self.entries.iter().position(|e| e.name == name)?;
        self.bytes_at(at, notes)
    }

    /// The bytes of the entry at a place of `entries`.
    pub fn bytes_at(&mut self, at: usize, notes: &mut Notes) -> Option<Vec<u8>> {
        let entry = self.entries.get(at)?;
        if entry.locked {
            notes.add("not read: protected with a password");
            return None;
        }
        let packed = entry.packed;
        let room = MAX_ENTRY.min(self.left);
        let Ok(file) = self.archive.by_index(at) else {
            notes.add("not read: packed in a way that is not known here");
            return None;
        };
        let mut bytes = Vec::new();
        let whole = file.take(room + 1).read_to_end(&mut bytes);
        let long = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.left = self.left.saturating_sub(long);
        // What the directory claims may be a lie; what came out is not.
        if long > SMALL && long / packed.max(1) > MAX_RATIO {
            notes.add("not read: the file unpacks to far more than it is (a \"zip bomb\")");
            return None;
        }
        if whole.is_err() {
            notes.add("not read to its end: the file is damaged");
        } else if long > room {
            notes.add("not read to its end: the file unpacks to too much");
            bytes.truncate(usize::try_from(room).unwrap_or(usize::MAX));
        }
        Some(bytes)
    }

    /// An entry as characters: UTF-8, or UTF-16 where its mark says so.
    pub fn xml(&mut self, name: &str, notes: &mut Notes) -> Option<String> {
        let bytes = self.bytes(name, notes)?;
        Some(match bytes.get(..2) {
            Some([0xff, 0xfe]) => UTF_16LE.decode(&bytes).0.into_owned(),
            Some([0xfe, 0xff]) => UTF_16BE.decode(&bytes).0.into_owned(),
            _ => String::from_utf8(bytes)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
        })
    }
}

fn entry(archive: &mut ZipArchive<Cursor<&[u8]>>, at: usize) -> Entry {
    let nothing = Entry { name: String::new(), size: 0, packed: 0, locked: false, folder: true };
    let Ok(file) = archive.by_index_raw(at) else { return nothing };
    let name = match file.name() {
        Ok(name) => name.into_owned(),
        Err(_) => String::from_utf8_lossy(file.name_raw()).into_owned(),
    };
    Entry {
        name: name.chars().filter(|c| !c.is_control()).take(255).collect(),
        size: file.size(),
        packed: file.compressed_size(),
        locked: file.encrypted(),
        folder: file.is_dir(),
    }
}

/// How many entries the end of the archive announces (APPNOTE 4.3.16), before anything is reserved for them.
fn directory_length(data: &[u8]) -> Option<usize> {
    let tail = data.get(data.len().saturating_sub(66_000)..)?;
    let at = tail.windows(4).rposition(|w| w == b"PK\x05\x06")?;
    let [low, high] = *tail.get(at + 10..at + 12)?.first_chunk::<2>()?;
    Some(usize::from(u16::from_le_bytes([low, high])))
}

/// The number in a name like `xl/worksheets/sheet12.xml`.
fn number(name: &str) -> u64 {
    let last = name.rsplit('/').next().unwrap_or_default();
    let digits: String =
        last.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).take(9).collect();
    digits.parse().unwrap_or(0)
}
