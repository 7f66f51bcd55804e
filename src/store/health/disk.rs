//! How much room the disks have that the service writes to.

use std::path::Path;

/// Room on the disk of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Bytes that we may still write.
    pub free: u64,
    /// Bytes in all.
    pub all: u64,
}

impl Room {
    /// On the disk on which a file or folder lies.
    pub fn on(place: &Path) -> std::io::Result<Self> {
        let found = rustix::fs::statvfs(place)?;
        Ok(Self {
            free: found.f_bavail.saturating_mul(found.f_frsize),
            all: found.f_blocks.saturating_mul(found.f_frsize),
        })
    }

    /// Whether it is nearly full: less than a twentieth and less than 2 GiB, or less than 100 MiB of whatever there is,
    /// which is one large mail in the spool, its blob and its files.
    pub fn is_short(self) -> bool {
        let little = self.free < self.all / 20 && self.free < 2 << 30;
        // A disk that was made small, as for a test, is judged by its twentieth alone.
        little || (self.free < 100 << 20 && self.all > 1 << 30)
    }
}
