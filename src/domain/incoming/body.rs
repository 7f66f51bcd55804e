//! What the sender wrote now, without quotes and signature.
