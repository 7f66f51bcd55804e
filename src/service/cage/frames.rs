//! How parent and child speak: a length of eight bytes, then so many bytes.

use std::io::{Read, Write};

/// Writes how long it is, then the bytes.
pub fn frame_out(to: &mut impl Write, bytes: &[u8]) -> std::io::Result<()> {
    to.write_all(&(bytes.len() as u64).to_be_bytes())?;
    to.write_all(bytes)?;
    to.flush()
}

/// Reads what `frame_out` wrote, unless it is said to be larger than this.
pub fn frame_in(from: &mut impl Read, largest: usize) -> std::io::Result<Vec<u8>> {
    let mut length = [0_u8; 8];
    from.read_exact(&mut length)?;
    let length = usize::try_from(u64::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > largest {
        return Err(std::io::Error::other("the frame is too large"));
    }
    exactly(from, length)
}

/// Reads so many bytes. Memory is taken as bytes come, not as they are promised.
pub fn exactly(from: &mut impl Read, length: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() == length { Ok(bytes) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
}
