//! The files a lawyer or a native speaker edits: embedded, parsed and checked at start.

pub mod holidays;
pub mod laws;
pub mod located;

/// What is wrong in a data file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {key}: {problem}", .line.map(|l| format!(":{l}")).unwrap_or_default())]
pub struct Error {
    /// Path below `src/data/`.
    pub file: String,
    /// Line, counted from 1, where the parser could tell.
    pub line: Option<usize>,
    /// The key, as `response.unit`.
    pub key: String,
    /// What was expected and what was found.
    pub problem: String,
}
