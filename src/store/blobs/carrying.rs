//! From the directory to the bucket: what is safe on this disk is written there, and only then removed here.

use crate::store::Error;
use crate::store::blobs::{Blobs, Bucket, TOMBSTONES, checked, name, sha256};
use crate::store::erasure::Tombstone;
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::{Mutex, PoisonError};

/// Blobs that are on their way at the same time.
const AT_ONCE: usize = 8;

impl Blobs {
    /// Whether blobs are kept in a bucket: then a row may speak of one only when it was carried there, because another
    /// machine may be who reads it.
    pub fn are_in_a_bucket(&self) -> bool {
        self.bucket.is_some()
    }

    /// Whether the bucket answered when it was last asked, or may be asked again; a directory always does.
    pub fn answer(&self) -> bool {
        self.bucket.as_ref().is_none_or(Bucket::answers)
    }

    /// Whether the bucket can be written and read; none = there is no bucket.
    pub fn try_bucket(&self) -> Option<Result<(), Error>> {
        self.bucket.as_ref().map(Bucket::try_out)
    }

    /// Carries these blobs to the bucket; those that could not be, with the cause. Without a bucket all are where they
    /// belong.
    pub fn carry(&self, keys: BTreeSet<String>) -> Vec<(String, Error)> {
        let Some(bucket) = &self.bucket else { return Vec::new() };
        let threads = keys.len().min(AT_ONCE);
        let (waiting, failed) = (Mutex::new(keys.into_iter()), Mutex::new(Vec::new()));
        let work = || {
            loop {
                let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some(key) = next else { return };
                if let Err(error) = self.carry_one(bucket, &key) {
                    failed.lock().unwrap_or_else(PoisonError::into_inner).push((key, error));
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(work);
            }
            work();
        });
        failed.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries all that is here; how many went. What cannot go stays, and is said once.
    pub fn carry_all(&self) -> Result<usize, Error> {
        if self.bucket.is_none() {
            return Ok(0);
        }
        let keys = self.keys_here()?;
        let all = keys.len();
        let failed = self.carry(keys);
        for (key, error) in &failed {
            // That the bucket does not answer was said when it began.
            if !matches!(error, Error::Away(_)) && self.is_news(key) {
                tracing::error!(%error, blob = key, "a blob cannot be carried to the bucket; it stays here");
            }
        }
        Ok(all - failed.len())
    }

    /// Stores bytes where they belong for good, at once: for a restore, which nobody waits for.
    pub fn put_through(&self, bytes: &[u8]) -> Result<String, Error> {
        let Some(bucket) = &self.bucket else { return self.put(bytes) };
        let key = sha256(bytes);
        let _held = self.hold(&key)?;
        bucket.put(&name(&key), bytes)?;
        Ok(key)
    }

    fn carry_one(&self, bucket: &Bucket, key: &str) -> Result<(), Error> {
        let _held = self.hold(key)?;
        let path = self.path(key);
        let bytes = match fs::read(&path) {
            Ok(bytes) => checked(bytes, key)?,
            // Carried before, by whoever was quicker.
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(e.into()),
        };
        bucket.put(&name(key), &bytes)?;
        Ok(fs::remove_file(&path)?)
    }

    /// Keeps others, in this process or another, from carrying or removing a blob at the same time: what is erased
    /// while it is on its way would come back.
    pub(super) fn hold(&self, key: &str) -> Result<File, Error> {
        let path = self.root.join("tmp").join(format!("lock-{}", key.get(..1).unwrap_or("x")));
        let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
        lock.lock()?;
        Ok(lock)
    }

    /// A blob from the bucket, checked; once more where it is not what was stored, because the way may be at fault.
    pub(super) fn fetched(bucket: &Bucket, key: &str) -> Result<Vec<u8>, Error> {
        match checked(bucket.get(&name(key))?, key) {
            Err(Error::Corrupt { .. }) => checked(bucket.get(&name(key))?, key),
            done => done,
        }
    }

    /// What was erased from another machine is known here, and what is known here in the bucket. What the bucket gives
    /// and is no tombstone is not kept but returned: it is asked for again the next time.
    pub(super) fn share_tombstones(&self, bucket: &Bucket) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let there = bucket.names(&format!("{TOMBSTONES}/"))?;
        let mut here = self.marked("json")?;
        here.retain(|(mark, tombstone)| Tombstone::read(mark, tombstone).is_ok());
        for (mark, tombstone) in &here {
            let name = format!("{TOMBSTONES}/{mark}.json");
            if !there.contains(&name) {
                bucket.put(&name, tombstone)?;
            }
        }
        let mut broken = Vec::new();
        for name in there {
            let Some(file) = name.strip_prefix(TOMBSTONES).and_then(|name| name.strip_prefix('/')) else {
                continue;
            };
            let mark = file.strip_suffix(".json").filter(|mark| !mark.is_empty());
            let plain = |mark: &str| mark.bytes().all(|b| b.is_ascii_alphanumeric());
            let Some(mark) = mark.filter(|mark| plain(mark)) else { continue };
            if here.iter().any(|(known, _)| known == mark) {
                continue;
            }
            let given = bucket.get(&name)?;
            if Tombstone::read(mark, &given).is_ok() {
                self.write_synced(&self.root.join(TOMBSTONES).join(file), &given)?;
            } else {
                broken.push((mark.to_owned(), given));
            }
        }
        Ok(broken)
    }
}
