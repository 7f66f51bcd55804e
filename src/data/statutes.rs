//! Laws that are cited beside the access laws, and the index of citations made from both.

use crate::data::Error;
use crate::data::laws::Laws;
use crate::data::located::{parse, wrong};
use crate::domain::law::citation::{Index, Statutes};

const TEXT: &str = include_str!("statutes.toml");
const FILE: &str = "statutes.toml";

/// The index of all citations that the program knows.
pub fn index(laws: &Laws) -> Result<Index, Error> {
    let statutes = read(TEXT)?;
    if let Some(extent) = statutes.extents.iter().find(|extent| laws.regime(&extent.law).is_none()) {
        let problem = format!("expected a law of src/data/regimes, found `{}`", extent.law);
        return Err(wrong(FILE, TEXT, "law", problem));
    }
    Ok(Index::of(laws.regimes(), &statutes))
}

/// Reads and checks the file.
pub fn read(text: &str) -> Result<Statutes, Error> {
    let statutes: Statutes = parse(FILE, text)?;
    for (at, statute) in statutes.neighbours.iter().enumerate() {
        let before = statutes.neighbours.get(..at).unwrap_or_default();
        if statute.name.trim().is_empty() || statute.english.trim().is_empty() {
            return Err(wrong(FILE, text, "name", "expected a name and what it is, found an empty one"));
        }
        if before.iter().any(|other| other.name == statute.name) {
            let problem = format!("expected each statute once, found `{}` again", statute.name);
            return Err(wrong(FILE, text, "name", problem));
        }
    }
    Ok(statutes)
}
