//! A letter as an RFC 5322 message: the bytes that are stored and sent.
