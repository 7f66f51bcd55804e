//! The commands, one file each; parse, join the parts, print.

pub mod demo_authorities;
