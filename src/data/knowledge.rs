//! What the reader of replies knows: the phrases, and the model that was taught by sentences and letters.

use crate::data::Error;
use crate::data::laws::Laws;
use crate::data::phrasebook::phrasebook;
use crate::data::statutes;
use crate::domain::incoming::Knowledge;
use crate::domain::incoming::model::Model;
use crate::domain::incoming::model::counts::{Counts, Packed};
use crate::domain::incoming::model::judge::{FEATURES, Judge, KINDS};
use crate::domain::law::citation::Index;

/// Written by `cargo bench --bench quality -- --teach`, from `sentences/` and `tests/replies/`.
static TAUGHT: &[u8] = include_bytes!("taught.model");
/// Its name in errors.
const FILE: &str = "taught.model";

/// Phrases and model as shipped.
pub fn knowledge() -> Result<Knowledge, Error> {
    knowledge_with(&Counts::default())
}

/// Phrases and model as shipped, and what was learnt since.
pub fn knowledge_with(learnt: &Counts) -> Result<Knowledge, Error> {
    knowing(statutes::index(&Laws::load()?)?, learnt)
}

/// The same for who has read the laws already.
pub fn knowing(citations: Index, learnt: &Counts) -> Result<Knowledge, Error> {
    let (counts, judge) = taught(TAUGHT)?;
    let model = Model::of_packed(counts.with(learnt));
    Ok(Knowledge { phrasebook: phrasebook()?, model, judge, citations })
}

/// The phrases and laws alone, for who teaches the model anew.
pub fn untaught() -> Result<Knowledge, Error> {
    let citations = statutes::index(&Laws::load()?)?;
    Ok(Knowledge { phrasebook: phrasebook()?, citations, ..Knowledge::default() })
}

/// What the shipped model counted.
pub fn shipped_counts() -> Result<Counts, Error> {
    taught(TAUGHT).map(|(counts, _)| counts.into())
}

/// Reads a taught model: the judge's weights and, right behind them, the counts.
pub fn taught(bytes: &[u8]) -> Result<(Packed, Judge), Error> {
    let wrong =
        |problem: String| Error { file: FILE.to_owned(), line: None, key: "the file".to_owned(), problem };
    let (weights, counts) = bytes
        .split_at_checked(FEATURES * KINDS * 4)
        .ok_or_else(|| wrong(format!("expected weights, found `{}` bytes", bytes.len())))?;
    let judge = Judge::from_bytes(weights)
        .ok_or_else(|| wrong(format!("expected weights of {FEATURES} features of {KINDS} kinds")))?;
    Ok((Packed::from_bytes(counts).map_err(|e| wrong(e.to_string()))?, judge))
}

/// The bytes that `taught` reads. They are not compressed: each child reads them anew, and little would be gained.
pub fn pack(counts: &Counts, judge: &Judge) -> Vec<u8> {
    [judge.to_bytes(), counts.to_bytes()].concat()
}
