//! People, sessions, sign-in attempts.
