//! Opens what the settings name on this machine; what cannot be used is named with its key and what would be right.

use crate::clock::Clock;
use crate::command::Closed;
use crate::config::blobs::BucketSettings;
use crate::config::{self, Config};
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
    let words = |e: std::io::Error| e.to_string();
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

/// The folder of blobs and spool, in which a file can be made; over a bucket if one is set, which is not asked yet: a
/// store that is away keeps no mail out.
pub fn blobs(config: &Config) -> Result<Blobs, config::Error> {
    let wrong = |found: String| {
        let folder = config.blob_dir.display().to_string();
        let problem = format!("expected a folder that can be made and written, found: {found}");
        match &config.bucket {
            None => config::Error::of("blob_url", Some(&format!("file://{folder}")), problem),
            Some(_) => config::Error::of("spool_dir", Some(&folder), problem),
        }
    };
    let opened = match &config.bucket {
        None => Blobs::open(&config.blob_dir),
        Some(bucket) => Blobs::over(&config.blob_dir, Bucket::new(address(bucket))),
    };
    let opened = opened.map_err(|error| match error {
        StoreError::Blobs(cause) => wrong(cause.to_string()),
        error => wrong(error.to_string()),
    })?;
    for folder in ["tmp", "spool"] {
        tempfile::tempfile_in(config.blob_dir.join(folder)).map_err(|cause| wrong(cause.to_string()))?;
    }
    Ok(opened)
}
