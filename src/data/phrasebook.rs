//! Signal phrases: `phrases/<language>.toml`, one list a kind, read into the domain's phrasebook.

use crate::data::Error;
use crate::domain::incoming::phrases::{List, Phrasebook};
use rust_embed::RustEmbed;
use std::collections::BTreeMap;

#[derive(RustEmbed)]
#[folder = "src/data/phrases"]
struct Files;

/// The phrases of all languages we ship.
pub fn phrasebook() -> Result<Phrasebook, Error> {
    let mut book = Phrasebook::default();
    for name in Files::iter() {
        let Some(language) = name.strip_suffix(".toml") else { continue };
        let Some(file) = Files::get(&name) else { continue };
        let path = format!("phrases/{name}");
        let text = std::str::from_utf8(&file.data).map_err(|e| Error {
            file: path.clone(),
            line: None,
            key: "file".to_owned(),
            problem: format!("expected UTF-8, found other bytes: {e}"),
        })?;
        add_language(&mut book, language, &path, text)?;
    }
    if book.is_empty() {
        let problem = "expected phrase files, found none".to_owned();
        return Err(Error { file: "phrases".to_owned(), line: None, key: "*.toml".to_owned(), problem });
    }
    Ok(book)
}

/// Reads one file into the book; says which key and phrase is wrong.
pub fn add_language(book: &mut Phrasebook, language: &str, path: &str, text: &str) -> Result<(), Error> {
    let error = |key: &str, line: Option<usize>, problem: String| Error {
        file: path.to_owned(),
        line,
        key: key.to_owned(),
        problem,
    };
    let lists: BTreeMap<String, Vec<String>> = toml::from_str(text).map_err(|e| {
        let line = e.span().map(|s| text.get(..s.start).unwrap_or_default().lines().count().max(1));
        error("file", line, format!("expected lists of phrases: {}", e.message()))
    })?;
    for (key, written) in &lists {
        let line =
            || text.lines().position(|l| l.split('=').next().is_some_and(|k| k.trim() == key)).map(|l| l + 1);
        let list: List = key.parse().map_err(|problem| error(key, line(), problem))?;
        book.add(language, list, written).map_err(|e| error(key, line(), e.to_string()))?;
    }
    Ok(())
}
