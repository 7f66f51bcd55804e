//! Signal phrases of one language.
