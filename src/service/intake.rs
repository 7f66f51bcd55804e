//! Mail in: safe on disk first, then in the database, and only then acknowledged. However mail comes, it ends here.

use crate::clock::Clock;
use crate::config::Secret;
use crate::domain::incoming::known_again;
use crate::store::blobs::Blobs;
use crate::store::messages::{Arrival, Handed, Inserted};
use crate::store::{Conn, Db, erasure, messages, transaction};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

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
    /// By which an erased mail is known again.
    pub secret: &'a Secret,
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
    // With a bucket the note waits until the blob is there.
    let at_once = db.filter(|_| !door.blobs.are_in_a_bucket());
    let committed = at_once.map(|db| (db, db.enter(arrivals(door, &name, &note))));
    if let Some((db, Ok(inserted))) = &committed {
        told(inserted, note.via.as_str());
        if inserted.contains(&Inserted::Erased) {
            // The sender may be told that it is safe: what was erased stays erased, and that it came is written down.
            drop_bytes(door, &mut *db.conn()?, &sha256)?;
        }
        return Ok(sha256);
    }
    let bytes = serde_json::to_vec(&note).map_err(crate::store::Error::from)?;
    door.blobs.spool(&name, &bytes)?;
    if let Some((_, Err(error))) = committed {
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
    let read = |bytes: &[u8]| serde_json::from_slice::<Note>(bytes).map_err(crate::store::Error::from);
    let notes: Vec<_> = spooled.into_iter().map(|(name, bytes)| (name, read(&bytes))).collect();
    // A row speaks of what every machine can read.
    let keys = notes.iter().filter_map(|(_, note)| Some(note.as_ref().ok()?.sha256.clone()));
    let left: HashMap<_, _> = door.blobs.carry(keys.collect()).into_iter().collect();
    let mut entered = 0;
    for (name, note) in notes {
        // Who erases sees the note or the row, and not neither.
        let _kept = door.blobs.keeping();
        let done = note.and_then(|note| match left.get(&note.sha256) {
            Some(crate::store::Error::Away(_)) => Ok(false),
            Some(error) => Err(crate::store::Error::Stored(error.to_string())),
            None => {
                rows(door, &mut conn, (&name, &note)).and_then(|()| door.blobs.unspool(&name)).map(|()| true)
            }
        });
        match done {
            Ok(done) => entered += usize::from(done),
            Err(error) if door.blobs.is_news(&name) => {
                tracing::error!(%error, note = name, "a note in the spool cannot be entered; it stays");
            }
            Err(_) => {}
        }
    }
    Ok(entered)
}

/// One row for each recipient, in one transaction.
fn rows(door: Door<'_>, conn: &mut Conn, (name, note): (&str, &Note)) -> Result<(), crate::store::Error> {
    let inserted = transaction(conn, |conn| {
        let arrivals = arrivals(door, name, note);
        arrivals.iter().map(|arrival| messages::insert_received(conn, arrival)).collect::<Result<Vec<_>, _>>()
    })?;
    told(&inserted, &note.via);
    if inserted.contains(&Inserted::Erased) { drop_bytes(door, conn, &note.sha256) } else { Ok(()) }
}

/// Removes the bytes of a mail that was erased and came again, unless something else is these very bytes.
fn drop_bytes(door: Door<'_>, conn: &mut Conn, sha256: &str) -> Result<(), crate::store::Error> {
    if erasure::is_needed(conn, sha256)? { Ok(()) } else { door.blobs.remove(sha256) }
}

/// One arrival for each recipient.
fn arrivals(door: Door<'_>, name: &str, note: &Note) -> Vec<Arrival> {
    let fingerprint = known_again::of_bytes(door.secret.bytes(), &note.sha256);
    let arrival = |(position, recipient): (usize, &String)| Arrival {
        blob_sha256: note.sha256.clone(),
        size: note.size,
        recipient: recipient.clone(),
        via: note.via.clone(),
        spool_key: format!("{name}#{position}"),
        arrived_at: note.arrived_at,
        handed: note.handed.clone(),
        fingerprint: fingerprint.clone(),
    };
    note.recipients.iter().enumerate().map(arrival).collect()
}

fn told(inserted: &[Inserted], via: &str) {
    for inserted in inserted {
        match inserted {
            Inserted::Fresh(id) => tracing::info!(message = id, via, "mail received"),
            Inserted::Again(id) => tracing::info!(message = id, via, "the same mail again"),
            Inserted::Erased => {
                tracing::info!(via, "a mail that was erased came again; nothing of it is kept");
            }
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
