//! A request is the fold of its events; where it stands on a day follows from them.

pub mod event;
pub mod state;
