//! The files a lawyer or a native speaker edits: embedded, parsed and checked at start.

pub mod catalogue;
pub mod choice;
pub mod holidays;
pub mod knowledge;
pub mod laws;
pub mod located;
pub mod phrasebook;
pub mod register;
pub mod statutes;

/// All that we ship: read and checked once, at start.
#[derive(Debug)]
pub struct Library {
    /// Access laws and calendars.
    pub laws: laws::Laws,
    /// By which rules the law of an authority is chosen.
    pub choice: crate::domain::law::choice::Rules,
    /// Questions, bundles, answer types.
    pub catalogue: crate::domain::questions::Catalogue,
    /// What the reader of mail must know, and what citations mean.
    pub knowledge: crate::domain::incoming::Knowledge,
}

impl Library {
    /// Reads everything; the first error stops the start.
    pub fn load() -> Result<Self, Error> {
        let laws = laws::Laws::load()?;
        Ok(Self {
            choice: choice::load(&laws)?,
            knowledge: knowledge::knowing(
                statutes::index(&laws)?,
                &crate::domain::incoming::model::counts::Counts::default(),
            )?,
            laws,
            catalogue: catalogue::load()?,
        })
    }
}

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
