//! Raw mail and attachments by SHA-256 in a directory, and the spool of mail that no row speaks of yet.

use crate::store::Error;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A directory of blobs: `ab/abcdef…`, each named by its SHA-256, each checked when read.
#[derive(Debug, Clone)]
pub struct Blobs {
    root: PathBuf,
}

/// SHA-256 of bytes, hex.
pub fn sha256(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

impl Blobs {
    /// Opens the directory and makes what is missing.
    pub fn open(root: &Path) -> Result<Self, Error> {
        for folder in ["tmp", "spool"] {
            fs::create_dir_all(root.join(folder))?;
        }
        Ok(Self { root: root.to_owned() })
    }

    /// Stores bytes and returns their SHA-256. When it returns, they survive a power cut as far as the disk
    /// tells the truth: file synced, renamed, folder synced.
    pub fn put(&self, bytes: &[u8]) -> Result<String, Error> {
        let key = sha256(bytes);
        let path = self.path(&key);
        if !path.exists() {
            let folder = path.parent().unwrap_or(&self.root);
            if !folder.exists() {
                fs::create_dir_all(folder)?;
                sync_folder(&self.root)?;
            }
            self.write_synced(&path, bytes)?;
        }
        Ok(key)
    }

    /// The bytes under `key`, checked against it.
    pub fn get(&self, key: &str) -> Result<Vec<u8>, Error> {
        let bytes = fs::read(self.path(key))?;
        let found = sha256(&bytes);
        if found == key { Ok(bytes) } else { Err(Error::Corrupt { expected: key.to_owned(), found }) }
    }

    /// Leaves a note in the spool that a mail is safe; `name` is unique, `note` says what it is.
    pub fn spool(&self, name: &str, note: &[u8]) -> Result<(), Error> {
        self.write_synced(&self.root.join("spool").join(name), note)
    }

    /// What waits in the spool, oldest name first.
    pub fn spooled(&self) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let mut names: Vec<String> = fs::read_dir(self.root.join("spool"))?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        names.sort_unstable();
        let mut notes = Vec::with_capacity(names.len());
        for name in names {
            match fs::read(self.root.join("spool").join(&name)) {
                Ok(note) => notes.push((name, note)),
                // Another worker was quicker.
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
                Err(e) => return Err(e.into()),
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
        self.root.join(key.get(..2).unwrap_or("xx")).join(key)
    }

    fn write_synced(&self, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        let mut unique = [0_u8; 12];
        getrandom::fill(&mut unique).map_err(|e| std::io::Error::other(e.to_string()))?;
        let temporary = self.root.join("tmp").join(data_encoding::HEXLOWER.encode(&unique));
        let written = File::create_new(&temporary)
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

fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}
