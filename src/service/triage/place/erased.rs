//! A mail that was erased and comes again another way: known by its content, and nothing of it is kept.

use crate::domain::incoming::{Incoming, known_again};
use crate::service::Context;
use crate::store::messages::Unread;
use crate::store::{Conn, Error, erasure, transaction};

/// Whether its content was erased before.
pub(super) fn is_known(ctx: &Context, conn: &mut Conn, incoming: &Incoming) -> Result<bool, Error> {
    erasure::is_erased(conn, &known_again::of_content(ctx.config.secret.bytes(), &incoming.content_key))
}

/// Lets go of a mail that was erased before, if it is one: that it came again is written down first, then its bytes
/// go, then its row. Where that is cut off, the next turn does it again.
pub(super) fn let_go(
    ctx: &Context,
    conn: &mut Conn,
    (unread, incoming): (&Unread, &Incoming),
) -> Result<bool, Error> {
    let fingerprint = known_again::of_content(ctx.config.secret.bytes(), &incoming.content_key);
    let arrivals = erasure::arrivals_of(conn, unread.id)?;
    let known = transaction(conn, |conn| {
        let mut known = false;
        for (_, via, spool_key, came) in &arrivals {
            known |= erasure::came_again(conn, &fingerprint, (via, spool_key, *came))?;
        }
        Ok::<_, Error>(known)
    })?;
    if !known {
        return Ok(false);
    }
    let files = incoming.attachments.iter().map(|file| file.sha256.as_str());
    let raw = arrivals.iter().map(|(sha256, ..)| sha256.as_str()).chain([unread.blob_sha256.as_str()]);
    // The raw mail goes last: as long as it is there, the rest is found by reading it.
    for key in files.chain(raw) {
        // Whoever reads or takes in the same bytes now has said what speaks of them, or waits.
        let _alone = ctx.blobs.removing()?;
        if !erasure::is_needed_beside(conn, (key, unread.id))? {
            ctx.blobs.remove(key)?;
        }
    }
    forget(conn, unread.id)?;
    Ok(true)
}

/// Finishes what was cut off after the bytes were gone.
pub(super) fn finish(conn: &mut Conn, unread: &Unread) -> Result<bool, Error> {
    if !erasure::is_noted(conn, unread.id)? {
        return Ok(false);
    }
    forget(conn, unread.id)?;
    Ok(true)
}

fn forget(conn: &mut Conn, message: i64) -> Result<(), Error> {
    transaction(conn, |conn| erasure::forget_unread(conn, message))?;
    tracing::info!(message, "a mail that was erased came again; nothing of it is kept");
    Ok(())
}
