//! Reads for everyone: no private column is named here.
//!
//! Never read below this line: `people`, `sessions`, `reply_address`, `reply_token_hash`, `recipient`,
//! `to_addresses`, `from_name`, `from_address`, `own_text`, `quoted_text`, `reading`, `proposal`, `held_reason`,
//! and of messages and attachments nothing but their existence before `published_at` is set. A request whose
//! letter has not left, or was taken back before it did, is not there. Of `signed_as` only the group is shown; the person's name is read to be covered in our own letter.

pub mod authorities;
pub mod deployments;
pub mod digests;
pub mod erased;
pub mod feeds;
pub mod figures;
pub mod request;
pub mod requests;

use crate::domain::request::state::Status;

/// A page of a list, and how much there is in all.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Slice<T> {
    /// The rows of this page.
    pub rows: Vec<T>,
    /// All rows that match.
    pub total: i64,
    /// Counted from 1.
    pub page: i64,
}

/// Where a request stands that is not public: its letter has not been tried, or was taken back before it was. It
/// becomes public when the mail server took the letter or refused it, or nobody knows which.
pub fn hidden() -> Vec<Status> {
    vec![Status::Filed, Status::TakenBack]
}

/// How many rows a page has.
pub const PAGE: i64 = 50;

/// Where a page begins; pages are counted from 1, and nobody reads past the ten-thousandth.
fn offset(page: i64) -> i64 {
    (page.clamp(1, 10_000) - 1) * PAGE
}

/// The words of a search, each as a pattern for `LIKE` with `\` as escape; a folded column holds them.
fn patterns(search: &str) -> Vec<String> {
    crate::domain::authority::fold(search)
        .split_whitespace()
        .take(8)
        .map(|word| {
            let escaped = word.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
            format!("%{escaped}%")
        })
        .collect()
}
