//! The files a lawyer or a native speaker edits: embedded, parsed and checked at start.
