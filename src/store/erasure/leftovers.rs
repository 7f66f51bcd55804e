//! Bytes of which nothing speaks any more: of an erasure that was cut off, or files that reading put beside a mail which
//! was erased meanwhile, so that nobody would find them.

use crate::store::blobs::Blobs;
use crate::store::erasure::is_needed;
use crate::store::{Conn, Error};
use std::collections::BTreeSet;

/// Removes those of these bytes that no row and no note of the spool speaks of.
pub fn remove_unneeded(conn: &mut Conn, blobs: &Blobs, keys: &BTreeSet<String>) -> Result<(), Error> {
    for key in keys {
        // Whoever puts the same bytes has said what speaks of them, or waits and looks again whether they are there.
        let _alone = blobs.removing()?;
        if !is_needed(conn, key)? && !are_noted(blobs, [key])? {
            blobs.remove(key)?;
        }
    }
    Ok(())
}

/// Whether a note of the spool speaks of any of these bytes.
pub fn are_noted<'a>(blobs: &Blobs, keys: impl IntoIterator<Item = &'a String>) -> Result<bool, Error> {
    let notes = blobs.spooled()?;
    let is_noted =
        |key: &String| notes.iter().any(|(_, note)| String::from_utf8_lossy(note).contains(key.as_str()));
    Ok(keys.into_iter().any(is_noted))
}
