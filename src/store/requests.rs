//! Requests and their events.
