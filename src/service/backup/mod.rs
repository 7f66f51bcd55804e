//! A copy of all that is kept, taken while the service runs, and the way back from it.
//!
//! A folder of backups holds `blobs/`, to which each backup adds what is new, and for each backup
//! `copies/<time>/`: the rows of all tables as lines of JSON, the spool, the key and, written last, the manifest.

mod folder;
mod manifest;
mod restoring;

pub use folder::{Copies, Keep, Pruned, copies, prune};
pub use manifest::{Manifest, Verified, verify};
pub use restoring::{Restored, restore};

use crate::service::{Context, erasure};
use crate::store::blobs::Blobs;
use crate::store::erasure::Tombstone;
use crate::store::{Db, dump};
use chrono::{DateTime, Utc};
use folder::{Folder, Part};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Why a backup was not taken or not restored.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// A file or folder of the backup.
    #[error("`{path}`: {cause}")]
    File {
        /// Which.
        path: String,
        /// Why.
        cause: std::io::Error,
    },
    /// Another backup into the same folder is under way.
    #[error("another backup into `{0}` is under way")]
    Busy(String),
    /// No finished backup is there.
    #[error("expected a finished backup (`copies/<time>/manifest.json`) in `{0}`, found none")]
    NoCopy(String),
    /// The backup is not as it was written.
    #[error("the backup is damaged: {0}")]
    Damaged(String),
    /// What was erased could not be erased again.
    #[error(transparent)]
    Erasure(#[from] erasure::Error),
    /// There is data already.
    #[error("expected an empty database, found rows in `{0}`")]
    NotEmpty(&'static str),
}

/// What a backup took.
#[derive(Debug, Clone)]
pub struct Taken {
    /// Name of the copy: when it was taken.
    pub copy: String,
    /// Rows of all tables.
    pub rows: u64,
    /// Blobs it relies on.
    pub blobs: u64,
    /// Blobs that were not there before.
    pub new_blobs: u64,
    /// Notes of mail that no row speaks of yet.
    pub notes: u64,
    /// Blobs that rows speak of and that are gone or damaged here.
    pub missing: Vec<String>,
    /// Tombstones here that cannot be read, so that they are not in it.
    pub broken: Vec<String>,
    /// Other copies that cannot be read.
    pub unreadable: Vec<String>,
    /// What was removed because it is too old.
    pub pruned: Pruned,
}

/// Takes a backup into `root` while the service runs, and removes the copies that are not to be kept.
///
/// In this order: notes of the spool, rows in one snapshot, blobs. So mail of which only a note spoke is in the copy,
/// and each row finds its blob, because blobs are added before rows and never changed.
pub fn take(ctx: &Context, db: &Db, root: &Path, keep: impl Into<Keep>) -> Result<Taken, Error> {
    let folder = Folder::open(root)?;
    let now = ctx.clock.now();
    let part = folder.begin(now)?;
    let notes = spool(ctx, &part)?;
    let (schema, rows, needed) = tables(db, &part)?;
    if let Some(key) = key_of(ctx) {
        part.write("key", &key)?;
    }
    let Copied { blobs, bytes, fresh, missing, broken } = blobs(ctx, &folder, &needed)?;
    part.write("blobs.txt", blobs.iter().flat_map(|key| [key, "\n"]).collect::<String>().as_bytes())?;
    let manifest = Manifest {
        askance: env!("CARGO_PKG_VERSION").to_owned(),
        taken_at: now,
        database: if db.is_file() { "sqlite" } else { "postgres" }.to_owned(),
        schema,
        rows,
        files: part.files(),
        blobs: blobs.len() as u64,
        blob_bytes: bytes,
        notes,
        missing,
    };
    let copy = part.finish(&manifest)?;
    let pruned = prune(&folder, now, keep.into())?;
    Ok(Taken {
        copy,
        rows: manifest.rows.values().sum(),
        blobs: manifest.blobs,
        new_blobs: fresh,
        notes,
        missing: manifest.missing,
        broken,
        unreadable: copies(root)?.told(),
        pruned,
    })
}

/// Copies what waits in the spool.
fn spool(ctx: &Context, part: &Part) -> Result<u64, Error> {
    let notes = ctx.blobs.spooled()?;
    for (name, note) in &notes {
        part.write(&format!("spool/{name}"), note)?;
    }
    Ok(notes.len() as u64)
}

/// What rows say at one instant: the schema, how many rows each table has, and which blobs they need.
type Rows = (Vec<String>, BTreeMap<String, u64>, BTreeSet<String>);

/// Writes all rows as they are at one instant.
fn tables(db: &Db, part: &Part) -> Result<Rows, Error> {
    dump::snapshot(&mut *db.conn()?, |conn| {
        let (mut rows, mut needed) = (BTreeMap::new(), BTreeSet::new());
        let schema = dump::applied(conn)?;
        for table in dump::tables(conn)? {
            let name = format!("tables/{table}.ndjson");
            let written = part.stream(&name, |out| Ok(dump::write(conn, table, out)?))?;
            rows.insert(table.to_owned(), written.rows);
            needed.extend(written.blobs);
        }
        Ok((schema, rows, needed))
    })
}

/// The key that was made beside a SQLite file; any other is the operator's to keep.
fn key_of(ctx: &Context) -> Option<Vec<u8>> {
    let path = ctx.config.database_url.strip_prefix("sqlite://")?;
    std::fs::read(format!("{path}.key")).ok().filter(|key| key == ctx.config.secret.bytes())
}

/// What was copied of the blobs.
struct Copied {
    blobs: BTreeSet<String>,
    bytes: u64,
    fresh: u64,
    missing: Vec<String>,
    broken: Vec<String>,
}

/// Copies the blobs that the backup does not have, each checked on the way, and what was written down as erased.
fn blobs(ctx: &Context, folder: &Folder, needed: &BTreeSet<String>) -> Result<Copied, Error> {
    let mut copied =
        Copied { blobs: BTreeSet::new(), bytes: 0, fresh: 0, missing: Vec::new(), broken: Vec::new() };
    for key in ctx.blobs.keys()? {
        if folder.blobs.size(&key)?.is_none() {
            match ctx.blobs.get(&key) {
                Ok(bytes) => folder.blobs.put(&bytes).map(|_| copied.fresh += 1)?,
                // The next backup is whole; one without half of its blobs is none.
                Err(error @ crate::store::Error::Away(_)) => return Err(error.into()),
                // Erased, or merged, while we were at it; or damaged.
                Err(error) => {
                    if needed.contains(&key) {
                        tracing::error!(%error, "a blob cannot be read and is not in the backup");
                    }
                    continue;
                }
            }
        }
        copied.bytes += folder.blobs.size(&key)?.unwrap_or_default();
        copied.blobs.insert(key);
    }
    for (mark, tombstone) in ctx.blobs.tombstones()? {
        match Tombstone::read(&mark, &tombstone) {
            Ok(_) => folder.blobs.bury(&mark, &tombstone)?,
            Err(_) => copied.broken.push(mark),
        }
    }
    let gone = erased_keys(&folder.blobs, DateTime::UNIX_EPOCH)?;
    copied.missing =
        needed.iter().filter(|key| !copied.blobs.contains(*key) && !gone.contains(*key)).cloned().collect();
    Ok(copied)
}

/// The blobs that tombstones from a time on speak of: what was erased before a backup is not in it, and what has come
/// again since is.
pub(crate) fn erased_keys(
    blobs: &Blobs,
    since: DateTime<Utc>,
) -> Result<BTreeSet<String>, crate::store::Error> {
    let mut keys = BTreeSet::new();
    for (mark, tombstone) in blobs.tombstones()? {
        match Tombstone::read(&mark, &tombstone) {
            Ok(read) if read.erased_at >= since => keys.extend(read.blobs),
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "what it says to be erased is not known"),
        }
    }
    Ok(keys)
}
