//! Files that reading put beside a mail which was erased meanwhile: nothing speaks of them, so nobody would find them.

use crate::store::blobs::Blobs;
use crate::store::erasure::is_needed;
use crate::store::{Conn, Error};
use std::collections::BTreeSet;

/// Removes those of these bytes that no row and no note of the spool speaks of.
pub fn remove_unneeded(conn: &mut Conn, blobs: &Blobs, keys: &BTreeSet<String>) -> Result<(), Error> {
    for key in keys {
        // Whoever puts the same bytes has said what speaks of them, or waits and looks again whether they are there.
        let _alone = blobs.removing()?;
        if is_needed(conn, key)? || is_noted(blobs, key)? {
            continue;
        }
        blobs.remove(key)?;
    }
    Ok(())
}

fn is_noted(blobs: &Blobs, key: &str) -> Result<bool, Error> {
    let notes = blobs.spooled()?;
    Ok(notes.iter().any(|(_, note)| String::from_utf8_lossy(note).contains(key)))
}
