//! Places for pages that are being made: a bounded queue, so that a rush is turned away soon and in good order, and mail
//! never waits for a connection that pages hold (docs/decisions/0034).

use crate::service::health::Stopwatch;
use crate::web::error::Error;
use rocket::tokio::sync::{OwnedSemaphorePermit, Semaphore};
use rocket::tokio::time::timeout;
use std::sync::Arc;
use std::time::Duration;

/// Pages that are made at the same time, a connection each; the pool has ten, the others are for mail and letters.
const PLACES: usize = 6;

/// How long somebody waits for a place before they are asked to come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Of who reads public pages: there may be very many.
    Short,
    /// Of who works at the desk, with a form that may be long.
    Long,
}

impl Patience {
    /// Somebody begins to wait.
    pub fn begins(self) -> Wait {
        let time = match self {
            Self::Short => Duration::from_millis(250),
            Self::Long => Duration::from_secs(4),
        };
        Wait { began: Stopwatch::start(), time }
    }
}

/// The patience of one who waits, for all that they wait for.
#[derive(Debug, Clone, Copy)]
pub struct Wait {
    began: Stopwatch,
    time: Duration,
}

impl Wait {
    fn left(self) -> Duration {
        self.time.saturating_sub(self.began.elapsed())
    }
}

/// Bytes of files that are given out at the same time, in KiB: they are in memory until the last of them is sent, and
/// memory that is short ends mail and letters, too.
const ROOM: u32 = 256 * 1024;

/// The places; every clone is the same.
#[derive(Debug, Clone)]
pub struct Places {
    pages: Arc<Semaphore>,
    files: Arc<Semaphore>,
}

impl Default for Places {
    fn default() -> Self {
        let files = usize::try_from(ROOM).unwrap_or(usize::MAX >> 4);
        Self { pages: Arc::new(Semaphore::new(PLACES)), files: Arc::new(Semaphore::new(files)) }
    }
}

impl Places {
    /// A place, which is free again when it is dropped; 503 where none becomes free while they wait. Who came first is served
    /// first, and one that is free is given even to who has no patience left.
    pub async fn take(&self, wait: Wait) -> Result<OwnedSemaphorePermit, Error> {
        let waited = timeout(wait.left(), Arc::clone(&self.pages).acquire_owned()).await;
        waited.ok().and_then(Result::ok).ok_or(Error::Crowded)
    }

    /// Room for a file of so many bytes, which is free again when it is dropped; 503 where there is none while they wait. One that
    /// is larger than all of it has all of it.
    pub async fn room(&self, bytes: u64, wait: Wait) -> Result<OwnedSemaphorePermit, Error> {
        let needed = u32::try_from(bytes / 1024 + 1).unwrap_or(ROOM).min(ROOM);
        let waited = timeout(wait.left(), Arc::clone(&self.files).acquire_many_owned(needed)).await;
        waited.ok().and_then(Result::ok).ok_or(Error::Crowded)
    }
}
