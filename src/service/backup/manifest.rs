//! What a copy says of itself, and whether it is still so.

use crate::service::backup::folder::{Counting, Entry, at};
use crate::service::backup::{Error, copies, erased_keys};
use crate::store::blobs::Blobs;
use crate::store::erasure::Tombstone;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
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
    if copies.whole.is_empty() && copies.unreadable.is_empty() {
        return Err(Error::NoCopy(root.display().to_string()));
    }
    let blobs = Blobs::open(&root.join("blobs"))?;
    let mut verified = Verified { wrong: copies.told(), ..Verified::default() };
    let there = blobs.keys()?;
    for (name, manifest) in &copies.whole {
        let copy = root.join("copies").join(name);
        if let Err(error) = manifest.check_files(&copy) {
            verified.wrong.push(format!("{name}: {error}"));
            continue;
        }
        let (needed, erased) = (Manifest::blobs_of(&copy)?, erased_keys(&blobs, manifest.taken_at)?);
        let shared = if erased.is_empty() { BTreeSet::new() } else { shared(&copy, &blobs)? };
        let may_lack = |key: &String| erased.contains(key) && !shared.contains(key);
        let missing = needed.iter().filter(|key| !there.contains(*key) && !may_lack(key)).count();
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

/// The files of a copy that mails bring which no tombstone names: what an erased mail shared with them is theirs still.
fn shared(copy: &Path, blobs: &Blobs) -> Result<BTreeSet<String>, Error> {
    let mut gone = BTreeSet::new();
    for (mark, tombstone) in blobs.tombstones()? {
        let stone = Tombstone::read(&mark, &tombstone).ok().filter(|stone| stone.kind != "person");
        gone.extend(stone.into_iter().flat_map(|stone| stone.rows).map(|(message, _)| message));
    }
    let path = copy.join("tables/attachments.ndjson");
    let mut lines = BufReader::new(File::open(&path).map_err(at(&path))?).lines();
    let mut next = || -> Result<Option<Value>, Error> {
        let Some(line) = lines.next().transpose().map_err(at(&path))? else { return Ok(None) };
        let value = serde_json::from_str(&line);
        value.map(Some).map_err(|e| Error::Damaged(format!("`{}`: {e}", path.display())))
    };
    let head = next()?.unwrap_or_default();
    let columns = head.get("columns").and_then(Value::as_array).cloned().unwrap_or_default();
    let named = |name: &str| {
        columns.iter().position(|column| column.get("name").and_then(Value::as_str) == Some(name))
    };
    let (message, key) = (named("message_id"), named("sha256"));
    let mut shared = BTreeSet::new();
    while let Some(row) = next()? {
        let of = message.and_then(|place| row.get(place)?.as_i64());
        let key = key.and_then(|place| row.get(place)?.as_str());
        if of.is_none_or(|of| !gone.contains(&of)) {
            shared.extend(key.map(str::to_owned));
        }
    }
    Ok(shared)
}
