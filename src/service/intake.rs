//! Mail in: safe on disk first, then in the database, and only then acknowledged. However mail comes, it ends here.

use crate::clock::Clock;
use crate::store::blobs::Blobs;
use crate::store::messages::{Arrival, Handed, Inserted};
use crate::store::{Conn, Db, messages, transaction};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Why a mail could not be made safe; the sender must be told to try later.
#[derive(Debug, thiserror::Error)]
#[error("the mail could not be stored: {0}")]
pub struct Error(#[from] crate::store::Error);

impl Error {
    /// Whether there is no room on the disk.
    pub fn is_full(&self) -> bool {
        use std::io::ErrorKind;
        matches!(&self.0, crate::store::Error::Blobs(error)
            if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded))
    }
}

/// A mail as it came in.
#[derive(Debug, Clone, Copy)]
pub struct Mail<'a> {
    /// Raw bytes, as received.
    pub raw: &'a [u8],
    /// Envelope recipients, lower or upper case as they came.
    pub recipients: &'a [String],
    /// pipe, lmtp, smtp, imap, api, import.
    pub via: &'a str,
    /// By whom it was handed over, where that is known.
    pub handed: Option<&'a Handed>,
}

/// All that taking mail in needs: a place to put it, and the time.
#[derive(Debug, Clone, Copy)]
pub struct Door<'a> {
    /// Raw mail and spool.
    pub blobs: &'a Blobs,
    /// When it arrived.
    pub clock: &'a Clock,
}

/// The note in the spool: all that is needed to make the rows later.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    sha256: String,
    size: i64,
    recipients: Vec<String>,
    via: String,
    arrived_at: DateTime<Utc>,
    #[serde(default)]
    handed: Handed,
}

/// Makes a mail safe. When it returns, bytes and envelope survive a crash, and the sender may be told so.
/// A database that is away does not stop intake: the note in the spool is enough, and `sweep` makes the rows.
pub fn accept(door: Door<'_>, db: Option<&Db>, mail: Mail<'_>) -> Result<(), Error> {
    accept_arrived(door, db, mail, None).map(drop)
}

/// The same for a mail that came into a mailbox before it came to us: days count from its arrival there. Gives the
/// SHA-256 of the mail.
pub fn accept_arrived(
    door: Door<'_>,
    db: Option<&Db>,
    mail: Mail<'_>,
    arrived_at: Option<DateTime<Utc>>,
) -> Result<String, Error> {
    let _kept = door.blobs.keeping();
    let sha256 = door.blobs.put(mail.raw)?;
    let now = door.clock.now();
    // Nothing arrives tomorrow.
    let arrived_at = arrived_at.map_or(now, |at| at.min(now));
    let note = Note {
        sha256: sha256.clone(),
        size: i64::try_from(mail.raw.len()).unwrap_or(i64::MAX),
        recipients: mail.recipients.to_vec(),
        via: mail.via.to_owned(),
        arrived_at,
        handed: mail.handed.cloned().unwrap_or_default(),
    };
    let name = spool_name(now)?;
    // Blob and committed row are as safe as blob and note, at half the waiting for the disk; mails that come at the
    // same time share a transaction. Where it is not known whether the row was committed, the note under the same name
    // cannot count it twice.
    let committed = db.map(|db| db.enter(arrivals(&name, &note)));
    if let Some(Ok(inserted)) = committed {
        told(&inserted, note.via.as_str());
        return Ok(sha256);
    }
    let bytes = serde_json::to_vec(&note).map_err(crate::store::Error::from)?;
    door.blobs.spool(&name, &bytes)?;
    if let Some(Err(error)) = committed {
        tracing::warn!(%error, "mail is safe in the spool; its row waits for the database");
    }
    Ok(sha256)
}

/// Makes the rows of what waits in the spool; how many notes were entered. May run at any time, and twice. A note
/// that cannot be entered stays and keeps no other one waiting.
pub fn sweep(door: Door<'_>, db: &Db) -> Result<usize, Error> {
    let spooled = door.blobs.spooled()?;
    if spooled.is_empty() {
        return Ok(0);
    }
    // Without a database no note has a chance: that is one failure, not one for each.
    let mut conn = db.conn()?;
    let mut entered = 0;
    for (name, bytes) in spooled {
        // Who erases sees the note or the row, and not neither.
        let _kept = door.blobs.keeping();
        let done = serde_json::from_slice::<Note>(&bytes)
            .map_err(crate::store::Error::from)
            .and_then(|note| rows(&mut conn, &name, &note))
            .and_then(|()| door.blobs.unspool(&name));
        match done {
            Ok(()) => entered += 1,
            Err(error) if door.blobs.is_news(&name) => {
                tracing::error!(%error, note = name, "a note in the spool cannot be entered; it stays");
            }
            Err(_) => {}
        }
    }
    Ok(entered)
}

/// One row for each recipient, in one transaction.
fn rows(conn: &mut Conn, name: &str, note: &Note) -> Result<(), crate::store::Error> {
    let inserted = transaction(conn, |conn| {
        let arrivals = arrivals(name, note);
        arrivals.iter().map(|arrival| messages::insert_received(conn, arrival)).collect::<Result<Vec<_>, _>>()
    })?;
    told(&inserted, &note.via);
    Ok(())
}

/// One arrival for each recipient.
fn arrivals(name: &str, note: &Note) -> Vec<Arrival> {
    let arrival = |(position, recipient): (usize, &String)| Arrival {
        blob_sha256: note.sha256.clone(),
        size: note.size,
        recipient: recipient.clone(),
        via: note.via.clone(),
        spool_key: format!("{name}#{position}"),
        arrived_at: note.arrived_at,
        handed: note.handed.clone(),
    };
    note.recipients.iter().enumerate().map(arrival).collect()
}

fn told(inserted: &[Inserted], via: &str) {
    for inserted in inserted {
        match inserted {
            Inserted::Fresh(id) => tracing::info!(message = id, via, "mail received"),
            Inserted::Again(id) => tracing::info!(message = id, via, "the same mail again"),
        }
    }
}

/// Sorts by time and is unique: two processes may receive in the same microsecond.
fn spool_name(at: DateTime<Utc>) -> Result<String, crate::store::Error> {
    let mut random = [0_u8; 8];
    getrandom::fill(&mut random).map_err(|e| std::io::Error::other(e.to_string()))?;
    Ok(format!(
        "{}-{}.json",
        at.format(crate::store::authenticity::SPOOLED),
        data_encoding::HEXLOWER.encode(&random)
    ))
}
