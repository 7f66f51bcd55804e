//! Files that reading put beside a mail which was erased meanwhile: nothing speaks of them, so nobody would find them.

use crate::service::Context;
use crate::store::{Conn, Error, erasure};
use std::collections::BTreeSet;

/// Removes those of these bytes that no row and no note of the spool speaks of.
pub fn remove_unneeded(ctx: &Context, conn: &mut Conn, keys: &BTreeSet<String>) -> Result<(), Error> {
    for key in keys {
        // Whoever puts the same bytes has said what speaks of them, or waits and looks again whether they are there.
        let _alone = ctx.blobs.removing()?;
        if erasure::is_needed(conn, key)? || is_noted(ctx, key)? {
            continue;
        }
        ctx.blobs.remove(key)?;
    }
    Ok(())
}

fn is_noted(ctx: &Context, key: &str) -> Result<bool, Error> {
    let notes = ctx.blobs.spooled()?;
    Ok(notes.iter().any(|(_, note)| String::from_utf8_lossy(note).contains(key)))
}
