//! The database, SQLite or PostgreSQL, and the blobs; Diesel is used only here.

pub mod schema;
