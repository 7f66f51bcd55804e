//! Citations in letters of refusal: which provision, of which law, which ground of refusal, and whether it belongs there.

mod index;
mod lexing;
mod matching;
mod names;
mod parsing;
mod statute;
mod values;
mod words;

pub use crate::domain::law::citation::index::{Cut, Index, Mentioned};
pub use crate::domain::law::citation::statute::{Extent, Neighbour, Statutes};

use crate::domain::law::citation::values::Value;
use crate::domain::law::regime::RegimeId;
use serde::Serialize;

/// Where in a law a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// A chapter, where articles are counted anew in each.
    Chapter,
    /// A schedule or part, counted beside the articles.
    Schedule,
    /// An article, a section, a §.
    Article,
    /// A paragraph: `Abs.`, `odst.`, `lid`, `ust.`, `mom.`
    Paragraph,
    /// A sentence.
    Sentence,
    /// A number: `Nr.`, `pkt`, `2°`, `т.`
    Number,
    /// A letter: `lit.`, `písm.`, `onder`.
    Letter,
    /// An indent.
    Indent,
}

/// One step down into a law.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Its level, where the citation names it; `(1)` does not.
    pub level: Option<Level>,
    /// Its number or letter, as `31`, `11a`, `5bis`, `l311-5`, `a`.
    pub from: String,
    /// The last of a range.
    pub to: Option<String>,
}

impl Part {
    pub(crate) fn of(level: Option<Level>, value: Value) -> Self {
        Self { level, from: value.from, to: value.to }
    }
}

/// A place in a law, from the article downwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Provision {
    /// The law as it is named there; none where the citation names none.
    pub statute: Option<String>,
    /// The steps.
    pub parts: Vec<Part>,
}

/// A ground of refusal of a law.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// What it protects, as `law_enforcement`.
    pub kind: String,
    /// What it says, in English.
    pub label: String,
    /// Its place in the law's own numbering.
    pub cite: String,
}

/// What a cited provision is to a law.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// A ground of refusal of this law.
    Ground(Reason),
    /// One of several grounds: the citation is less exact than the law, or the law has several at one place.
    OneOf {
        /// The grounds.
        grounds: Vec<Reason>,
    },
    /// In this law, but no ground we list; it may be about fees or time.
    Known,
    /// Of another law.
    OtherLaw {
        /// The access law, where it is one we know.
        regime: Option<RegimeId>,
        /// The law by name.
        name: String,
    },
    /// This law has no such provision.
    NotInThatLaw,
    /// Nothing can be said.
    Unclear,
}

impl Verdict {
    /// The kind of ground, where there is only one it can be.
    pub fn kind(&self) -> Option<&str> {
        match self {
            Self::Ground(ground) => Some(&ground.kind),
            _ => None,
        }
    }

    /// The grounds that it can be.
    pub fn reasons(&self) -> &[Reason] {
        match self {
            Self::Ground(reason) => std::slice::from_ref(reason),
            Self::OneOf { grounds } => grounds,
            _ => &[],
        }
    }

    /// Whether the provision does not belong to the law.
    pub const fn is_foreign(&self) -> bool {
        matches!(self, Self::OtherLaw { .. } | Self::NotInThatLaw)
    }

    /// The word in tables.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Ground(_) => "ground",
            Self::OneOf { .. } => "one_of",
            Self::Known => "known",
            Self::OtherLaw { .. } => "other_law",
            Self::NotInThatLaw => "not_in_that_law",
            Self::Unclear => "unclear",
        }
    }
}

/// A provision that a text cites.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cited {
    /// Byte where it starts in the text.
    pub start: usize,
    /// Byte after its end.
    pub end: usize,
    /// The words as written.
    pub words: String,
    /// What they name.
    pub provision: Provision,
    /// What that is to the law.
    #[serde(flatten)]
    pub verdict: Verdict,
}
