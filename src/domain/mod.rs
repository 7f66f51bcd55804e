//! The field itself, pure: values in, values out. No I/O, no clock, no randomness, no logging.

pub mod authority;
pub mod country;
pub mod findings;
pub mod incoming;
pub mod law;
pub mod letter;
pub mod numbers;
pub mod passwords;
pub mod publication;
pub mod questions;
pub mod reference;
pub mod register;
pub mod request;
pub mod words;
