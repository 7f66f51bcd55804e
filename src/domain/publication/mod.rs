//! What the public may read: redacted text, timelines, figures.

pub mod clock_axis;
pub mod clock_rows;
pub mod clock_words;
pub mod clocks;
pub mod counting;
pub mod dates;
pub mod derivation;
pub mod erasing;
pub mod flow;
pub mod grounds;
pub mod letter_text;
pub mod limits;
pub mod names;
pub mod offer;
pub mod prose;
pub mod redaction;
pub mod signers;
pub mod statistics;
pub mod timeline;
pub mod titles;
