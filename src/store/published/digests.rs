//! The daily digests: hashes and counts, nothing else.

pub use crate::store::digests::Digest;
use crate::store::{Conn, Error};

/// All of them, the last first.
pub fn all(conn: &mut Conn) -> Result<Vec<Digest>, Error> {
    let mut all = crate::store::digests::all(conn)?;
    all.reverse();
    Ok(all)
}
