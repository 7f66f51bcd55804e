//! Askance: a freedom-of-information request tracker.
//!
//! The map of the house; arrows point downward only (ARCHITECTURE.md, enforced by `tests/architecture.rs`):
//!
//! ```text
//! floor 5  main, command      the commands; joins the parts
//! floor 4  web, worker        pages and background work
//! floor 3  service            one file a use case, owns the transaction
//! floor 2  data, store, mail  files we ship, the database, SMTP and LMTP
//! floor 1  domain, config, clock
//! ```

pub mod clock;
pub mod command;
pub mod config;
pub mod data;
pub mod domain;
pub mod mail;
pub mod service;
pub mod store;
pub mod web;
pub mod worker;
