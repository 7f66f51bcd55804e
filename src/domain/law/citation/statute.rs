//! Laws that are cited beside the access laws, and how far an access law goes: what `src/data/statutes.toml` says.

use crate::domain::law::regime::RegimeId;
use serde::Deserialize;

/// A law that refusals cite, but that gives no access.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Neighbour {
    /// How a reader is told of it: its short name.
    pub name: String,
    /// What it is, in English.
    pub english: String,
    /// Further names, longest forms of all languages.
    #[serde(default)]
    pub names: Vec<String>,
}

/// How many articles a law has.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extent {
    /// The law.
    pub law: RegimeId,
    /// The number of its last article.
    pub last: u32,
}

/// All that is known beside the access laws.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statutes {
    /// Other laws.
    #[serde(default, rename = "statute")]
    pub neighbours: Vec<Neighbour>,
    /// How far access laws go.
    #[serde(default, rename = "extent")]
    pub extents: Vec<Extent>,
}
