//! Reads for volunteers.
