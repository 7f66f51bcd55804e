//! What a copy says of itself, and whether it is still so.

use crate::service::backup::folder::{Counting, Entry, at};
use crate::service::backup::{Error, copies, erased_keys};
use crate::store::blobs::Blobs;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

/// The last file of a copy that is written: what is in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    /// Which version of the program wrote it.
    pub askance: String,
    /// When; rows are those of this time.
    pub taken_at: DateTime<Utc>,
    /// sqlite or postgres; it can be restored to either.
    pub database: String,
    /// The migrations that made the tables.
    pub schema: Vec<String>,
    /// Rows of each table.
    pub rows: BTreeMap<String, u64>,
    /// Each file but this one.
    pub files: BTreeMap<String, Entry>,
    /// Blobs that belong to it.
    pub blobs: u64,
    /// Their bytes.
    pub blob_bytes: u64,
    /// Notes of mail that no row spoke of yet.
    pub notes: u64,
    /// Blobs that rows speak of and that were gone already.
    pub missing: Vec<String>,
}

impl Manifest {
    /// Of the copy in a folder.
    pub(super) fn read(copy: &Path) -> Result<Self, Error> {
        let path = copy.join("manifest.json");
        let text = std::fs::read(&path).map_err(at(&path))?;
        serde_json::from_slice(&text).map_err(|e| Error::Damaged(format!("`{}`: {e}", path.display())))
    }

    /// The blobs that belong to a copy.
    pub(super) fn blobs_of(copy: &Path) -> Result<Vec<String>, Error> {
        let path = copy.join("blobs.txt");
        let text = std::fs::read_to_string(&path).map_err(at(&path))?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// Whether each file of the copy has the bytes that were written.
    pub(super) fn check_files(&self, copy: &Path) -> Result<(), Error> {
        for (name, entry) in &self.files {
            let path = copy.join(name);
            let mut hashed = Counting::new(std::io::sink());
            File::open(&path)
                .and_then(|mut file| std::io::copy(&mut file, &mut hashed))
                .map_err(at(&path))?;
            let found = hashed.entry();
            if found != *entry {
                let (expected, found) = (&entry.sha256, found.sha256);
                let problem = format!("expected `{name}` with SHA-256 `{expected}`, found `{found}`");
                return Err(Error::Damaged(problem));
            }
        }
        Ok(())
    }
}

/// What a look through a folder of backups found.
#[derive(Debug, Clone, Default)]
pub struct Verified {
    /// Copies looked at.
    pub copies: usize,
    /// Blobs read.
    pub blobs: usize,
    /// What is not as it was written.
    pub wrong: Vec<String>,
}

/// Reads every file of every copy and every blob again.
pub fn verify(root: &Path) -> Result<Verified, Error> {
    let copies = copies(root)?;
    if copies.is_empty() {
        return Err(Error::NoCopy(root.display().to_string()));
    }
    let blobs = Blobs::open(&root.join("blobs"))?;
    let mut verified = Verified::default();
    let there = blobs.keys()?;
    for (name, manifest) in &copies {
        let copy = root.join("copies").join(name);
        if let Err(error) = manifest.check_files(&copy) {
            verified.wrong.push(format!("{name}: {error}"));
            continue;
        }
        let (needed, erased) = (Manifest::blobs_of(&copy)?, erased_keys(&blobs, manifest.taken_at)?);
        let missing = needed.iter().filter(|key| !there.contains(*key) && !erased.contains(*key)).count();
        if missing > 0 {
            verified.wrong.push(format!("{name}: {missing} of its blobs are missing"));
        }
        verified.copies += 1;
    }
    for key in there {
        if let Err(error) = blobs.get(&key) {
            verified.wrong.push(format!("blob `{key}`: {error}"));
        }
        verified.blobs += 1;
    }
    Ok(verified)
}
