//! By what an erased mail is known again, without telling anything of what it was.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Of its very bytes, by their SHA-256.
pub fn of_bytes(key: &[u8], sha256: &str) -> String {
    fingerprint(key, "bytes", sha256)
}

/// Of what makes it the same mail however it comes: its content key.
pub fn of_content(key: &[u8], content_key: &str) -> String {
    fingerprint(key, "content", content_key)
}

/// A keyed hash: whoever has the database alone cannot try whether a mail that they think of was here.
fn fingerprint(key: &[u8], kind: &str, value: &str) -> String {
    // A key of any length will do for HMAC; were it ever refused, nothing would be known again.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    for part in ["askance erased mail", kind, value] {
        mac.update(part.as_bytes());
        mac.update(&[0]);
    }
    data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes())
}
