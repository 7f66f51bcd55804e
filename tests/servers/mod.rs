//! Real servers on loopback: what is said on the wire, byte by byte.

mod letters_out;
mod mail_in;
//POSTFIX
pub mod smtp_sink;
