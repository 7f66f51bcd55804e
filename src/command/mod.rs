//! The commands, one file each; parse, join the parts, print.

pub mod due;
pub mod due_text;
pub mod regimes;
pub mod read;
