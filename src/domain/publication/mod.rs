//! What the public may read: redacted text, timelines, figures.

pub mod redaction;
pub mod statistics;
pub mod timeline;
