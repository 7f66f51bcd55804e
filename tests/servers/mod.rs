//! Real servers on loopback: what is said on the wire, byte by byte.

mod authorities;
mod busy_sink;
mod deploy;
mod dovecot;
mod graceful;
pub mod imap_server;
mod imap_weather;
mod intake_killed;
mod intake_synced;
mod letters_bent;
mod letters_guarded;
mod letters_out;
mod log;
mod loops;
pub mod mail_in;
mod mail_limits;
pub mod postfix;
mod running_service;
mod schemas;
mod sending_kills;
mod signed_letters;
mod smtp_door;
pub mod smtp_sink;
mod stopping;
mod storage_weather;
mod whole_way;
