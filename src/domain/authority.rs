//! The body that is asked: its kind, country and whether it can be written to.
