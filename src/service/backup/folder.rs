//! The folder of backups on disk: one writer at a time, nothing half done that looks whole, nothing for other eyes.

use crate::service::backup::{Error, Manifest, erased_keys};
use crate::store::blobs::Blobs;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{BufWriter, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// How often a folder is asked for that somebody else has, twenty times a second.
const TRIES: u32 = 20;

/// How a copy is called: when it was taken, in UTC, so that names sort by time.
const NAME: &str = "%Y%m%dT%H%M%S%3fZ";

/// Says in which file something failed.
pub(super) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Error + use<'_> {
    move |cause| Error::File { path: path.display().to_string(), cause }
}

fn make(folder: &Path) -> Result<(), Error> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(at(folder))
}

/// Waits a second for who holds the folder. A lock that fails, as on a disk of the network without locks, is nobody who
/// would ever be done.
fn take_turn(
    (root, lock): (&Path, &Path),
    try_lock: impl Fn() -> Result<(), TryLockError>,
    pause: impl Fn(),
) -> Result<(), Error> {
    for _ in 0..TRIES {
        match try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => pause(),
            Err(TryLockError::Error(cause)) => return Err(at(lock)(cause)),
        }
    }
    Err(Error::Busy(root.display().to_string()))
}

/// A folder of backups, held by one backup at a time.
pub struct Folder {
    root: PathBuf,
    /// The blobs of all copies.
    pub(super) blobs: Blobs,
    /// The lock goes with it.
    _held: File,
}

impl Folder {
    /// Opens or makes it, and keeps others out.
    pub(super) fn open(root: &Path) -> Result<Self, Error> {
        make(root)?;
        make(&root.join("copies"))?;
        let lock = root.join(".lock");
        let held = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock)
            .map_err(at(&lock))?;
        // A program that is started at this instant holds what its parent had open until it begins: a moment.
        let pause = || std::thread::sleep(std::time::Duration::from_millis(50));
        take_turn((root, &lock), || held.try_lock(), pause)?;
        Ok(Self { root: root.to_owned(), blobs: Blobs::open(&root.join("blobs"))?, _held: held })
    }

    /// Begins a copy; what a backup that was cut off left is removed.
    pub(super) fn begin(&self, now: DateTime<Utc>) -> Result<Part, Error> {
        let copies = self.root.join("copies");
        for entry in fs::read_dir(&copies).map_err(at(&copies))? {
            let path = entry.map_err(at(&copies))?.path();
            if path.extension().is_some_and(|end| end == "part") {
                fs::remove_dir_all(&path).map_err(at(&path))?;
            }
        }
        let name = now.format(NAME).to_string();
        let path = copies.join(format!("{name}.part"));
        for folder in ["tables", "spool"] {
            make(&path.join(folder))?;
        }
        Ok(Part { copies, path, name, written: Mutex::default() })
    }
}

/// What a copy's manifest says of one of its files.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Entry {
    /// Bytes.
    pub bytes: u64,
    /// Of them.
    pub sha256: String,
}

/// A copy that is being written.
pub(super) struct Part {
    copies: PathBuf,
    path: PathBuf,
    name: String,
    written: Mutex<BTreeMap<String, Entry>>,
}

/// Counts and hashes what goes through.
pub(super) struct Counting<W> {
    out: W,
    hasher: Sha256,
    bytes: u64,
}

impl<W: Write> Counting<W> {
    /// Nothing yet.
    pub(super) fn new(out: W) -> Self {
        Self { out, hasher: Sha256::new(), bytes: 0 }
    }

    /// What went through.
    pub(super) fn entry(self) -> Entry {
        Entry { bytes: self.bytes, sha256: data_encoding::HEXLOWER.encode(&self.hasher.finalize()) }
    }
}

impl<W: Write> Write for Counting<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let taken = self.out.write(bytes)?;
        self.hasher.update(bytes.get(..taken).unwrap_or_default());
        self.bytes += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

impl Part {
    /// Writes one file of known bytes.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let path = self.path.join(name);
        self.stream(name, |out| out.write_all(bytes).map_err(at(&path)))
    }

    /// Writes one file bit by bit; when it returns, the file is on the disk.
    pub(super) fn stream<T>(
        &self,
        name: &str,
        fill: impl FnOnce(&mut dyn Write) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let path = self.path.join(name);
        let made =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(at(&path))?;
        let mut out = Counting::new(BufWriter::new(made));
        let filled = fill(&mut out)?;
        out.flush().and_then(|()| out.out.get_ref().sync_all()).map_err(at(&path))?;
        self.written.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), out.entry());
        Ok(filled)
    }

    /// What was written so far.
    pub(super) fn files(&self) -> BTreeMap<String, Entry> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Writes the manifest and gives the copy its name: from here on it is one. Its name.
    pub(super) fn finish(self, manifest: &Manifest) -> Result<String, Error> {
        let text = serde_json::to_vec_pretty(manifest).map_err(crate::store::Error::from)?;
        self.write("manifest.json", &text)?;
        let sync = |folder: &Path| File::open(folder).and_then(|f| f.sync_all()).map_err(at(folder));
        for folder in ["tables", "spool", ""] {
            sync(&self.path.join(folder))?;
        }
        let whole = self.copies.join(&self.name);
        fs::rename(&self.path, &whole).map_err(at(&whole))?;
        sync(&self.copies)?;
        Ok(self.name)
    }
}

/// What was removed from a folder of backups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Copies that were too old.
    pub copies: usize,
    /// Blobs that no copy speaks of any more, or that were erased.
    pub blobs: usize,
}

/// What is in a folder of backups.
#[derive(Debug, Default)]
pub struct Copies {
    /// The finished copies, oldest first, with their manifests.
    pub whole: Vec<(String, Manifest)>,
    /// Those whose manifest cannot be read, with the cause: they keep no other from being used.
    pub unreadable: Vec<(String, String)>,
}

impl Copies {
    /// What to say of those that cannot be read.
    pub(super) fn told(&self) -> Vec<String> {
        let lines = self.unreadable.iter().map(|(name, why)| format!("{name} is passed over: {why}"));
        lines.collect()
    }
}

/// The copies of a folder of backups.
pub fn copies(root: &Path) -> Result<Copies, Error> {
    let (folder, mut found) = (root.join("copies"), Copies::default());
    let entries = fs::read_dir(&folder).map_err(|cause| match cause.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Error::NoCopy(root.display().to_string()),
        _ => at(&folder)(cause),
    });
    for entry in entries? {
        let path = entry.map_err(at(&folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if NaiveDateTime::parse_from_str(&name, NAME).is_ok() && path.join("manifest.json").exists() {
            match Manifest::read(&path) {
                Ok(manifest) => found.whole.push((name, manifest)),
                Err(error) => found.unreadable.push((name, error.to_string())),
            }
        }
    }
    found.whole.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(found)
}

/// Which copies stay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// None that is older than so many days; 0 = however old.
    pub days: u32,
    /// So many of the newest; 0 = all.
    pub newest: u32,
    /// Of the others the last of each day (UTC).
    pub daily: bool,
}

impl From<u32> for Keep {
    fn from(days: u32) -> Self {
        Self { days, ..Self::default() }
    }
}

impl Keep {
    /// Whether a copy may go; `newer` are the times of those taken after it.
    fn spares(self, taken_at: DateTime<Utc>, newer: &[DateTime<Utc>], now: DateTime<Utc>) -> bool {
        let young = self.days == 0 || now - taken_at <= TimeDelta::days(i64::from(self.days));
        let new = self.newest == 0 || newer.len() < self.newest as usize;
        let last_of_its_day = newer.iter().all(|other| other.date_naive() != taken_at.date_naive());
        young && (new || (self.daily && last_of_its_day))
    }
}

/// Whether a copy is as we wrote it, and holds no file that somebody put there.
fn is_ours(copy: &Path, manifest: &Manifest) -> Result<bool, Error> {
    for folder in ["", "tables", "spool"] {
        let folder_path = copy.join(folder);
        for entry in fs::read_dir(&folder_path).map_err(at(&folder_path))? {
            let entry = entry.map_err(at(&folder_path))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_folder = entry.file_type().map_err(at(&folder_path))?.is_dir();
            let known = match (folder, is_folder) {
                ("", true) => name == "tables" || name == "spool",
                ("", false) => name == "manifest.json" || manifest.files.contains_key(&name),
                (_, true) => false,
                (_, false) => manifest.files.contains_key(&format!("{folder}/{name}")),
            };
            if !known {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Removes the copies that are not to be kept, but never the last one and none that holds what we did not write; then
/// the blobs that no copy speaks of any more and those that were erased: what a tombstone names is never restored.
pub fn prune(folder: &Folder, now: DateTime<Utc>, keep: Keep) -> Result<Pruned, Error> {
    let (mut pruned, mut needed) = (Pruned::default(), BTreeSet::new());
    let Copies { whole: copies, unreadable } = copies(&folder.root)?;
    // Somebody may mend one that cannot be read: nothing of it goes.
    for (name, _) in &unreadable {
        let copy = folder.root.join("copies").join(name);
        needed.extend(Manifest::blobs_of(&copy).unwrap_or_default());
    }
    let times: Vec<DateTime<Utc>> = copies.iter().map(|(_, manifest)| manifest.taken_at).collect();
    for (place, (name, manifest)) in copies.iter().enumerate() {
        let path = folder.root.join("copies").join(name);
        let newer = times.get(place + 1..).unwrap_or_default();
        let goes = !newer.is_empty() && !keep.spares(manifest.taken_at, newer, now);
        if goes && is_ours(&path, manifest)? {
            // One that is half removed is none any more, and the next backup removes the rest.
            let part = path.with_extension("part");
            fs::rename(&path, &part).map_err(at(&path))?;
            fs::remove_dir_all(&part).map_err(at(&part))?;
            pruned.copies += 1;
        } else {
            if goes {
                tracing::warn!(copy = name, "an old backup holds files that are not ours; it stays");
            }
            needed.extend(Manifest::blobs_of(&path)?);
        }
    }
    // What came again after it was erased is in the last copy.
    let latest: BTreeSet<String> = match copies.last() {
        Some((name, _)) => Manifest::blobs_of(&folder.root.join("copies").join(name))?.into_iter().collect(),
        None => BTreeSet::new(),
    };
    let erased = erased_keys(&folder.blobs, DateTime::UNIX_EPOCH)?;
    for key in folder.blobs.keys()? {
        if !needed.contains(&key) || (erased.contains(&key) && !latest.contains(&key)) {
            folder.blobs.remove(&key)?;
            pruned.blobs += 1;
        }
    }
    Ok(pruned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_fails_is_said_and_is_no_other_backup_under_way() {
        let places = (Path::new("/backup"), Path::new("/backup/.lock"));
        let fails = || Err(TryLockError::Error(std::io::Error::from(std::io::ErrorKind::Unsupported)));
        let told = take_turn(places, fails, || ()).unwrap_err();
        assert!(matches!(&told, Error::File { path, .. } if path == "/backup/.lock"), "{told}");
        let held = take_turn(places, || Err(TryLockError::WouldBlock), || ()).unwrap_err();
        assert!(matches!(held, Error::Busy(_)), "{held}");
    }
}
