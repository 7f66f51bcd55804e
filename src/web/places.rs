//! Places for pages that are being made: a bounded queue, so that a rush is turned away soon and in good order, and mail
//! never waits for a connection that pages hold (docs/decisions/0034).

use crate::web::error::Error;
use rocket::tokio::sync::{OwnedSemaphorePermit, Semaphore};
use rocket::tokio::time::{Instant, timeout_at};
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
    /// Until when somebody waits who begins to now.
    pub fn until(self) -> Instant {
        Instant::now()
            + match self {
                Self::Short => Duration::from_millis(250),
                Self::Long => Duration::from_secs(4),
            }
    }
}

/// The places; every clone is the same.
#[derive(Debug, Clone)]
pub struct Places(Arc<Semaphore>);

impl Default for Places {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(PLACES)))
    }
}

impl Places {
    /// A place, which is free again when it is dropped; 503 where none becomes free by then. Who came first is served
    /// first, and one that is free is given even then.
    pub async fn take(&self, until: Instant) -> Result<OwnedSemaphorePermit, Error> {
        let waited = timeout_at(until, Arc::clone(&self.0).acquire_owned()).await;
        waited.ok().and_then(Result::ok).ok_or(Error::Crowded)
    }
}
