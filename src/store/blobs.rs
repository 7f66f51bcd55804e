//! Raw mail and attachments by SHA-256 in a directory or a bucket, and the spool of mail that no row speaks of yet.

mod bucket;
mod carrying;
mod listing;
mod signature;

pub use bucket::{Address, Bucket};

use crate::store::Error;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// A directory of blobs: `ab/abcdef…`, each named by its SHA-256, each checked when read. Raw mail is private, so
/// what is made here is its owner's only. With a bucket the directory holds what is not carried there yet.
#[derive(Debug, Clone)]
pub struct Blobs {
    root: PathBuf,
    bucket: Option<Bucket>,
    complained: Arc<Mutex<BTreeSet<String>>>,
    /// Folders whose own entry this process has synced.
    anchored: Arc<Mutex<BTreeSet<PathBuf>>>,
}

/// While it is held no bytes are removed, or none are put; let go of when it is dropped, or its process ends.
#[derive(Debug)]
pub struct Held {
    _files: Vec<File>,
}

/// Where it is written down what was erased, so that no backup brings it back.
const TOMBSTONES: &str = "tombstones";
/// How the names of files end that say which bytes an erasure still has to remove.
const DOOMED: &str = "doomed";

/// SHA-256 of bytes, hex.
pub fn sha256(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

impl Blobs {
    /// Opens the directory and makes what is missing.
    pub fn open(root: &Path) -> Result<Self, Error> {
        for folder in ["tmp", "spool", TOMBSTONES] {
            make_folder(&root.join(folder))?;
        }
        Ok(Self { root: root.to_owned(), bucket: None, complained: Arc::default(), anchored: Arc::default() })
    }

    /// The same with a bucket to which blobs are carried from there.
    pub fn over(root: &Path, bucket: Bucket) -> Result<Self, Error> {
        Ok(Self { bucket: Some(bucket), ..Self::open(root)? })
    }

    /// To be held from `put` until a row or a note speaks of the bytes: who puts what is there already finds it there,
    /// and it must not go before that is known. Where a disk knows no locks it is done without, rather than that no mail
    /// is taken.
    pub fn keeping(&self) -> Option<Held> {
        let held = self.lock_file(".turn").and_then(|turn| {
            turn.lock()?;
            let gate = self.lock_file(".gate")?;
            gate.lock_shared()?;
            Ok(Held { _files: vec![gate] })
        });
        match held {
            Ok(held) => Some(held),
            Err(error) => {
                if self.is_news(".gate") {
                    tracing::warn!(%error, "bytes cannot be locked while a mail is taken; erasing may meet it");
                }
                None
            }
        }
    }

    /// To be held from the look whether bytes are needed until they are removed. Who comes after it waits.
    pub fn removing(&self) -> Result<Held, Error> {
        let (turn, gate) = (self.lock_file(".turn")?, self.lock_file(".gate")?);
        turn.lock()?;
        gate.lock()?;
        Ok(Held { _files: vec![gate, turn] })
    }

    fn lock_file(&self, name: &str) -> std::io::Result<File> {
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(self.root.join(name))
    }

    /// Stores bytes and returns their SHA-256. When it returns, they survive a power cut as far as the disk
    /// tells the truth: file synced, renamed, folder synced. A bucket gets them later (`carry`).
    pub fn put(&self, bytes: &[u8]) -> Result<String, Error> {
        let key = sha256(bytes);
        let path = self.path(&key);
        let folder = path.parent().unwrap_or(&self.root);
        self.anchor(folder)?;
        let whole = path.metadata().is_ok_and(|found| found.len() == bytes.len() as u64);
        if whole {
            // Whoever renamed it, perhaps in this very moment, may not have come to this yet; and we vouch for it.
            sync_folder(folder)?;
        } else {
            self.write_synced(&path, bytes)?;
        }
        Ok(key)
    }

    /// Makes a folder and its entry safe. Another process, or thread, may have made it and not synced its entry yet, so
    /// each process does it once: for all folders that are there by then, since one sync makes all their entries safe.
    /// Nobody else waits for it but who needs a folder of which that is not known.
    fn anchor(&self, folder: &Path) -> Result<(), Error> {
        let anchored = || self.anchored.lock().unwrap_or_else(PoisonError::into_inner);
        if anchored().contains(folder) {
            return Ok(());
        }
        make_folder(folder)?;
        let there: Vec<PathBuf> =
            fs::read_dir(&self.root)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
        sync_folder(&self.root)?;
        anchored().extend(there);
        // A folder that was listed is safe; this one was made before the list, however the list was read.
        anchored().insert(folder.to_owned());
        Ok(())
    }

    /// Removes what an end of the process left half written in `tmp`, where it is older than that; how many. It may hold
    /// private mail, and nobody would ever look there.
    pub fn tidy(&self, before: SystemTime) -> Result<usize, Error> {
        let mut gone = 0;
        for entry in fs::read_dir(self.root.join("tmp"))? {
            let entry = entry?;
            let Ok(found) = entry.metadata() else { continue };
            // A lock is an empty file that is never written; removed while it is held it would lock nobody out.
            if entry.file_name().to_string_lossy().starts_with("lock-") {
                continue;
            }
            if found.is_file() && found.modified().is_ok_and(|written| written < before) {
                match fs::remove_file(entry.path()) {
                    Ok(()) => gone += 1,
                    // Whoever wrote it has ended by now.
                    Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
                    Err(e) => return Err(e.into()),
                }
            }
        }
        Ok(gone)
    }

    /// The bytes under `key`, checked against it.
    pub fn get(&self, key: &str) -> Result<Vec<u8>, Error> {
        match (fs::read(self.path(key)), &self.bucket) {
            (Err(e), Some(bucket)) if e.kind() == std::io::ErrorKind::NotFound => Self::fetched(bucket, key),
            (bytes, _) => checked(bytes?, key),
        }
    }

    /// How many bytes are under `key`; none = there is nothing.
    pub fn size(&self, key: &str) -> Result<Option<u64>, Error> {
        match (fs::metadata(self.path(key)), &self.bucket) {
            (Ok(found), _) => Ok(Some(found.len())),
            (Err(e), Some(bucket)) if e.kind() == std::io::ErrorKind::NotFound => bucket.size(&name(key)),
            (Err(e), None) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            (Err(e), _) => Err(e.into()),
        }
    }

    /// All keys that there are, in order.
    pub fn keys(&self) -> Result<BTreeSet<String>, Error> {
        // First what is not carried yet: it may be carried while the bucket is asked.
        let mut keys = self.keys_here()?;
        if let Some(bucket) = &self.bucket {
            let named = |name: String| name.rsplit_once('/').map(|(_, key)| key.to_owned());
            keys.extend(bucket.names("")?.into_iter().filter_map(named).filter(|key| is_key(key)));
        }
        Ok(keys)
    }

    /// The keys in the directory.
    fn keys_here(&self) -> Result<BTreeSet<String>, Error> {
        let mut keys = BTreeSet::new();
        for folder in fs::read_dir(&self.root)? {
            let folder = folder?;
            if folder.file_name().len() != 2 || !folder.file_type()?.is_dir() {
                continue;
            }
            for entry in fs::read_dir(folder.path())? {
                let name = entry?.file_name().to_string_lossy().into_owned();
                if is_key(&name) {
                    keys.insert(name);
                }
            }
        }
        Ok(keys)
    }

    /// Removes what is under `key` for good; nothing there is as well.
    pub fn remove(&self, key: &str) -> Result<(), Error> {
        // Whoever carries it in this moment is done before, so that nothing comes back.
        let _held = self.bucket.as_ref().map(|_| self.hold(key)).transpose()?;
        let path = self.path(key);
        match fs::remove_file(&path) {
            Ok(()) => path.parent().map_or(Ok(()), sync_folder)?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(e.into()),
        }
        self.bucket.as_ref().map_or(Ok(()), |bucket| bucket.remove(&name(key)))
    }

    /// Writes down what was erased; when it returns, that survives a power cut.
    pub fn bury(&self, mark: &str, tombstone: &[u8]) -> Result<(), Error> {
        let file = format!("{mark}.json");
        if let Some(bucket) = &self.bucket {
            bucket.put(&format!("{TOMBSTONES}/{file}"), tombstone)?;
        }
        self.write_synced(&self.root.join(TOMBSTONES).join(file), tombstone)
    }

    /// All that was written down as erased, as (mark, JSON); bytes that are none are among them, for who reads them to
    /// say so.
    pub fn tombstones(&self) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let mut all = match &self.bucket {
            Some(bucket) => self.share_tombstones(bucket)?,
            None => Vec::new(),
        };
        let here = self.marked("json")?;
        all.retain(|(mark, _)| !here.iter().any(|(known, _)| known == mark));
        all.extend(here);
        all.sort_unstable();
        Ok(all)
    }

    /// The files beside the tombstones that end so, as (mark, bytes).
    fn marked(&self, end: &str) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let mut found = Vec::new();
        for entry in fs::read_dir(self.root.join(TOMBSTONES))? {
            let path = entry?.path();
            if path.extension().and_then(|found| found.to_str()) != Some(end) {
                continue;
            }
            if let Some(mark) = path.file_stem().and_then(|name| name.to_str()) {
                found.push((mark.to_owned(), fs::read(&path)?));
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Writes down, before an erasure commits, which bytes go after it: whoever is cut off between finds them again.
    pub fn doom(&self, mark: &str, keys: &BTreeSet<String>) -> Result<(), Error> {
        let text = keys.iter().flat_map(|key| [key, "\n"]).collect::<String>();
        self.write_synced(&self.root.join(TOMBSTONES).join(format!("{mark}.{DOOMED}")), text.as_bytes())
    }

    /// Which bytes are still to go, as (mark, keys).
    pub fn doomed(&self) -> Result<Vec<(String, BTreeSet<String>)>, Error> {
        let read = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect();
        Ok(self.marked(DOOMED)?.into_iter().map(|(mark, bytes)| (mark, read(&bytes))).collect())
    }

    /// Forgets which bytes were to go, because they are gone.
    pub fn undoomed(&self, mark: &str) -> Result<(), Error> {
        match fs::remove_file(self.root.join(TOMBSTONES).join(format!("{mark}.{DOOMED}"))) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
            _ => Ok(()),
        }
    }

    /// Leaves a note in the spool that a mail is safe; `name` is unique, `note` says what it is.
    pub fn spool(&self, name: &str, note: &[u8]) -> Result<(), Error> {
        self.anchor(&self.root.join("spool"))?;
        self.write_synced(&self.root.join("spool").join(name), note)
    }

    /// What waits in the spool, oldest name first. What cannot be read is said in the log and stays where it is: it
    /// must not keep the others waiting.
    pub fn spooled(&self) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let mut notes = Vec::new();
        for (name, path) in self.notes()? {
            match fs::read(path) {
                Ok(note) => notes.push((name, note)),
                // Another worker was quicker.
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    if self.is_news(&name) {
                        tracing::error!(%error, note = name, "a note in the spool cannot be read; it stays");
                    }
                }
            }
        }
        notes.sort_unstable();
        Ok(notes)
    }

    /// How many notes wait, and since when the oldest.
    pub fn waiting(&self) -> Result<(usize, Option<SystemTime>), Error> {
        let notes = self.notes()?;
        let times = notes.iter().filter_map(|(_, path)| path.metadata().ok()?.modified().ok());
        Ok((notes.len(), times.min()))
    }

    /// Whether a mail could be taken in now: writes a file into the spool that no sweep looks at, and removes it.
    pub fn try_spool(&self) -> Result<(), Error> {
        let path = self.root.join("spool").join(format!(".try-{}", unique()?));
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?.write_all(b"x")?;
        Ok(fs::remove_file(path)?)
    }

    /// Whether nothing was said of this entry of the spool yet: the loop comes by twice a second.
    pub fn is_news(&self, name: &str) -> bool {
        self.complained.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned())
    }

    /// Regular files of the spool that are not hidden.
    fn notes(&self) -> Result<Vec<(String, PathBuf)>, Error> {
        let mut notes = Vec::new();
        for entry in fs::read_dir(self.root.join("spool"))? {
            let entry = entry?;
            let regular = entry.file_type().is_ok_and(|kind| kind.is_file());
            let name = entry.file_name().to_string_lossy().into_owned();
            if regular && !name.starts_with('.') {
                notes.push((name, entry.path()));
            } else if !regular && self.is_news(&name) {
                tracing::error!(entry = name, "what lies in the spool is no file; it is left alone");
            }
        }
        Ok(notes)
    }

    /// Takes a note out of the spool, after its row is committed.
    pub fn unspool(&self, name: &str) -> Result<(), Error> {
        match fs::remove_file(self.root.join("spool").join(name)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
            _ => Ok(()),
        }
    }

    fn path(&self, key: &str) -> PathBuf {
        self.root.join(name(key))
    }

    fn write_synced(&self, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        let temporary = self.root.join("tmp").join(unique()?);
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&temporary)
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&temporary, path))
            .and_then(|()| path.parent().map_or(Ok(()), sync_folder));
        if written.is_err() {
            // A half-written file in tmp is nobody's; the error is what matters.
            let _ = fs::remove_file(&temporary);
        }
        Ok(written?)
    }
}

/// Bytes that are what their key says.
fn checked(bytes: Vec<u8>, key: &str) -> Result<Vec<u8>, Error> {
    let found = sha256(&bytes);
    if found == key { Ok(bytes) } else { Err(Error::Corrupt { expected: key.to_owned(), found }) }
}

/// Where a blob is, below the directory and in a bucket.
fn name(key: &str) -> String {
    format!("{}/{key}", key.get(..2).unwrap_or("xx"))
}

/// Whether it is a SHA-256 in hex: what else lies in the folder is nobody's blob.
fn is_key(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn unique() -> std::io::Result<String> {
    let mut unique = [0_u8; 12];
    getrandom::fill(&mut unique).map_err(|e| std::io::Error::other(e.to_string()))?;
    Ok(data_encoding::HEXLOWER.encode(&unique))
}

fn make_folder(folder: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}
