//! What the house does, one file a use case; each owns its transaction.
