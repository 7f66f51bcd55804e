//! Authorities with their addresses and identifiers.
