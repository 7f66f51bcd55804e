//! The facts a letter states, by kind.
