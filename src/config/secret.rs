//! The key that signs form tokens: given, or made once and kept beside the SQLite file.

use crate::config::{Error, folder_of, known, owner};
use std::path::{Path, PathBuf};

/// Key material that never shows in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// From raw bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes, for a keyed hash.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The key as given, or the one kept beside the SQLite file, made at the first start with mode 0600.
pub fn secret_of(given: Option<&str>, database_url: &str) -> Result<Secret, Error> {
    if let Some(text) = given {
        let bytes = data_encoding::BASE64.decode(text.as_bytes()).unwrap_or_default();
        if bytes.len() < 32 {
            let expected = known::expected("secret_key").unwrap_or_default();
            return Err(Error::of("secret_key", None, format!("expected {expected}")));
        }
        return Ok(Secret(bytes));
    }
    let Some(path) = database_url.strip_prefix("sqlite://") else {
        let problem =
            "several nodes may share a PostgreSQL, so give them all one key: `openssl rand -base64 32`";
        return Err(Error::of("secret_key", None, problem));
    };
    kept_secret(&PathBuf::from(format!("{path}.key")), database_url)
}

fn kept_secret(path: &Path, database_url: &str) -> Result<Secret, Error> {
    use std::io::Write;
    let cannot = |e: &dyn std::fmt::Display| {
        let problem = format!("the key file `{}` cannot be used: {e}", path.display());
        Error::of("secret_key", None, problem)
    };
    match std::fs::read(path) {
        Ok(bytes) if bytes.len() >= 32 => return Ok(Secret(bytes)),
        Ok(_) => return Err(cannot(&"it is shorter than 32 bytes; remove it, and a new one is made")),
        Err(e) if e.kind() == std::io::ErrorKind::PermissionDenied => {
            return Err(cannot(&format!("{e}; {}", owner::advice(path))));
        }
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(cannot(&e)),
        Err(_) => {}
    }
    let mut bytes = vec![0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|e| cannot(&e))?;
    // It appears with all its bytes and mode 0600, so that a process that starts at the same time never reads half.
    let mut file = tempfile::NamedTempFile::new_in(folder_of(path)).map_err(|e| {
        let problem = format!("expected a file in a folder that can be written, found: {e}");
        Error::of("database_url", Some(database_url), problem)
    })?;
    file.write_all(&bytes).and_then(|()| file.as_file().sync_all()).map_err(|e| cannot(&e))?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(Secret(bytes)),
        // Another process was quicker: its key counts.
        Err(e) if e.error.kind() == std::io::ErrorKind::AlreadyExists => {
            std::fs::read(path).map(Secret).map_err(|e| cannot(&e))
        }
        Err(e) => Err(cannot(&e.error)),
    }
}
