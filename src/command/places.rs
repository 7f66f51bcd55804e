//! Opens what the settings name on this machine; what cannot be used is named with its key and what would be right.

use crate::clock::Clock;
use crate::command::Closed;
use crate::config::blobs::BucketSettings;
use crate::config::{self, Config, owner};
use crate::store::blobs::{Address, Blobs, Bucket};
use crate::store::{Db, Error as StoreError};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// How every SQLite database begins.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// The database, not yet brought up to date.
pub fn database(config: &Config, connections: u32) -> Result<Db, Closed> {
    let url = &config.database_url;
    only_their_owner(config)?;
    if let Some(path) = url.strip_prefix("sqlite://") {
        database_file(Path::new(path)).map_err(|found| {
            let problem = format!("expected a database that can be read and written, found: {found}");
            config::Error::of("database_url", Some(url), problem)
        })?;
    }
    Db::open(url, connections).map_err(|error| match error {
        // libpq tells each address that it tried on a line of its own.
        StoreError::Connection(why) => Closed::Away(why.split_whitespace().collect::<Vec<_>>().join(" ")),
        error => error.into(),
    })
}

/// Looked at before the first connection: SQLite would say less, and only after eight seconds.
fn database_file(path: &Path) -> Result<(), String> {
    let words = |e: std::io::Error| in_words(&e, path);
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
        made => return made.map(|_| ()).map_err(words),
    }
    let file = OpenOptions::new().read(true).append(true).open(path).map_err(words)?;
    let mut begin = Vec::new();
    file.take(SQLITE.len() as u64).read_to_end(&mut begin).map_err(words)?;
    if begin.is_empty() || begin == SQLITE {
        Ok(())
    } else {
        Err("a file that is no SQLite database".to_owned())
    }
}

/// Why a place cannot be used, and as whom it could be.
fn in_words(error: &std::io::Error, place: &Path) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => format!("{error}; {}", owner::advice(place)),
        _ => error.to_string(),
    }
}

/// Where the settings say that a bucket is.
pub fn address(bucket: &BucketSettings) -> Address {
    let bucket = bucket.clone();
    Address {
        endpoint: bucket.endpoint,
        bucket: bucket.bucket,
        prefix: bucket.prefix,
        region: bucket.region,
        access_key: bucket.access_key,
        secret_key: bucket.secret_key.bytes().to_vec(),
        // A store refuses what is signed for another time than it is, whatever `clock` says.
        now: || Clock::System.now(),
    }
}

/// Refuses whoever would leave files that the service can never read, such as the tombstones of an erasure that root did.
fn only_their_owner(config: &Config) -> Result<(), config::Error> {
    let folder = config.blob_dir.display().to_string();
    if let Some(problem) = owner::misfit(&config.blob_dir) {
        return Err(of_blobs(config, &folder, problem));
    }
    let Some(file) = config.database_url.strip_prefix("sqlite://") else { return Ok(()) };
    match owner::misfit(Path::new(file)) {
        Some(problem) => Err(config::Error::of("database_url", Some(&config.database_url), problem)),
        None => Ok(()),
    }
}

/// An error of the key that names the folder of blobs.
fn of_blobs(config: &Config, folder: &str, problem: String) -> config::Error {
    match &config.bucket {
        None => config::Error::of("blob_url", Some(&format!("file://{folder}")), problem),
        Some(_) => config::Error::of("spool_dir", Some(folder), problem),
    }
}

/// Those for whoever owns them.
pub fn blobs(config: &Config) -> Result<Blobs, Closed> {
    only_their_owner(config)?;
    spool(config)
}

/// The folder of blobs and spool, in which a file can be made; over a bucket if one is set, which is not asked yet: a
/// store that is away keeps no mail out, and neither does who takes it in.
pub fn spool(config: &Config) -> Result<Blobs, Closed> {
    let wrong = |cause: &std::io::Error| {
        let found = in_words(cause, &config.blob_dir);
        let problem = format!("expected a folder that can be made and written, found: {found}");
        let error = of_blobs(config, &config.blob_dir.display().to_string(), problem);
        if may_pass(cause) { Closed::Passing(error) } else { error.into() }
    };
    let opened = match &config.bucket {
        None => Blobs::open(&config.blob_dir),
        Some(bucket) => Blobs::over(&config.blob_dir, Bucket::new(address(bucket))),
    };
    let opened = opened.map_err(|error| match error {
        StoreError::Blobs(cause) => wrong(&cause),
        error => error.into(),
    })?;
    for folder in ["tmp", "spool"] {
        tempfile::tempfile_in(config.blob_dir.join(folder)).map_err(|cause| wrong(&cause))?;
    }
    Ok(opened)
}

/// Whether a disk may be well again by itself, so that the service is started again until it is.
fn may_pass(error: &std::io::Error) -> bool {
    use ErrorKind::{
        HostUnreachable, NetworkDown, NetworkUnreachable, NotConnected, QuotaExceeded, ReadOnlyFilesystem,
        StaleNetworkFileHandle, StorageFull, TimedOut,
    };
    // EIO has no kind of its own.
    error.raw_os_error() == Some(5)
        || matches!(
            error.kind(),
            HostUnreachable
                | NetworkDown
                | NetworkUnreachable
                | NotConnected
                | QuotaExceeded
                | ReadOnlyFilesystem
                | StaleNetworkFileHandle
                | StorageFull
                | TimedOut
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_may_pass_and_a_folder_of_others_does_not() {
        let of = |code| may_pass(&std::io::Error::from_raw_os_error(code));
        // ENOSPC, EDQUOT, EROFS, EIO, ENOTCONN (a mount of FUSE that went), ESTALE.
        assert!([28, 122, 30, 5, 107, 116].into_iter().all(of));
        // EACCES, ENOTDIR, ENOENT.
        assert!(![13, 20, 2].into_iter().any(of));
    }
}
