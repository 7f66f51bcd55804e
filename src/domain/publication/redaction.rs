//! Names and contacts struck out of what is published.
