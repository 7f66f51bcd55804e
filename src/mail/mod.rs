//! Letters as text, as mail, on the wire; and the door where mail comes in.

pub mod alert;
pub mod authenticity;
pub mod compose;
mod guard;
pub mod imap;
pub mod letters;
pub mod listener;
pub mod lmtp;
pub mod notice;
mod reply;
mod server_url;
pub mod signing;
mod smtp;
pub mod smtp_url;
pub mod transport;
mod wire;
