//! Templates of letters to subject and text.
