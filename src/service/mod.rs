//! What the house does, one file a use case; each owns its transaction.

pub mod sign_in;

use crate::clock::Clock;
use crate::config::Config;
use crate::store::blobs::Blobs;

/// What every use case may need: settings, clock, the data we ship, the blobs.
#[derive(Debug)]
pub struct Context {
    /// The settings.
    pub config: Config,
    /// Where "now" comes from.
    pub clock: Clock,
    /// Raw mail and attachments.
    pub blobs: Blobs,
}
