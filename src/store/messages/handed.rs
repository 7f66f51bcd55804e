//! What is known of who handed a mail over.

use serde::{Deserialize, Serialize};

/// What the peer that handed a mail over said of itself and of the sender (RFC 5321 §4.1.1). Private.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handed {
    /// Envelope sender; empty = the null sender `<>`, none = not known, as from a file.
    pub sender: Option<String>,
    /// Network address of the server that sent it to us or to our own mail server; none = not known.
    pub peer: Option<String>,
    /// The name that this server gave itself.
    pub greeted_as: Option<String>,
}
