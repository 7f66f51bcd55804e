//! Relationships between the parts of an OOXML file (ECMA-376 part 2 §9.3).

use crate::domain::incoming::documents::package::Package;
use crate::domain::incoming::documents::xml::{Step, walk};
use crate::domain::incoming::mime::Notes;

/// What one part points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// `rId1`.
    pub id: String,
    /// Type, a long address.
    pub kind: String,
    /// Name of the part it points at, or an address outside.
    pub target: String,
    /// Whether it points out of the file.
    pub outside: bool,
}

impl Relation {
    /// Whether the last piece of its type is this.
    pub fn kind_is(&self, kind: &str) -> bool {
        self.kind.rsplit('/').next() == Some(kind)
    }
}

/// Relations of a part, their targets as names of entries. What points outside is listed and never fetched.
pub fn of(package: &mut Package<'_>, part: &str, notes: &mut Notes) -> Vec<Relation> {
    let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
    let slash = if folder.is_empty() { "" } else { "/" };
    let name = format!("{folder}{slash}_rels/{file}.rels");
    let Some(xml) = package.xml(&name, notes) else { return Vec::new() };
    let mut found = Vec::new();
    walk(&xml, notes, |step| {
        if let Step::Open(tag) = step
            && tag.name() == "Relationship"
        {
            let outside = tag.attribute("TargetMode").is_some_and(|m| m == "External");
            let target = tag.attribute("Target").unwrap_or_default();
            found.push(Relation {
                id: tag.attribute("Id").unwrap_or_default(),
                kind: tag.attribute("Type").unwrap_or_default(),
                target: if outside { target } else { resolve(folder, &target) },
                outside,
            });
        }
        found.len() < 5_000
    });
    found
}

/// `../notesSlides/notesSlide1.xml` seen from `ppt/slides`.
fn resolve(folder: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut pieces: Vec<&str> = folder.split('/').filter(|p| !p.is_empty()).collect();
    for piece in target.split('/') {
        match piece {
            ".." => drop(pieces.pop()),
            "." | "" => {}
            other => pieces.push(other),
        }
    }
    pieces.join("/")
}
