//! Who did what: append-only, hash-chained.
