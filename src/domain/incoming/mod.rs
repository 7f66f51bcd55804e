//! A mail that came in: from raw bytes to what it says, whose it is and what to do. Never fails.

pub mod body;
pub mod delivery;
pub mod documents;
pub mod matching;
pub mod mime;
pub mod phrases;
pub mod proposal;
pub mod reading;
