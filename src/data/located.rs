//! Reads a TOML file and, when it is wrong, tells file, line and key.

use serde::de::DeserializeOwned;

use crate::data::Error;

/// The file as a type, or where it is wrong.
pub fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Error> {
    toml::from_str(text).map_err(|e| {
        let at = e.span().map(|span| span.start);
        let message = e.message().trim_end().to_owned();
        let (line, mut key) = at.map_or((None, String::new()), |at| place(text, at));
        if let Some(missing) = between(&message, "missing field `") {
            // The place of what is not there is the table that lacks it.
            let table = line.and_then(|n| table_on(text, n)).unwrap_or_default();
            key = joined(&table, missing);
        }
        Error { file: file.to_owned(), line, key: named(key), problem: message }
    })
}

/// An error at a key that could be read but says something impossible.
pub fn wrong(file: &str, text: &str, key: &str, problem: impl Into<String>) -> Error {
    Error { file: file.to_owned(), line: line_of(text, key), key: key.to_owned(), problem: problem.into() }
}

fn named(key: String) -> String {
    if key.is_empty() { "the file".to_owned() } else { key }
}

fn between<'a>(message: &'a str, before: &str) -> Option<&'a str> {
    message.split_once(before)?.1.split('`').next()
}

fn joined(table: &str, key: &str) -> String {
    match (table, key) {
        ("", key) => key.to_owned(),
        (table, "") => table.to_owned(),
        (table, key) => format!("{table}.{key}"),
    }
}

/// The name in `[name]` or `[[name]]`.
fn header(line: &str) -> Option<&str> {
    let line = line.trim_start().strip_prefix('[')?;
    let line = line.strip_prefix('[').unwrap_or(line);
    line.split(']').next().map(str::trim)
}

fn key_on(line: &str) -> Option<&str> {
    let (key, _) = line.split_once('=')?;
    let key = key.trim().trim_matches('"');
    key.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c)).then_some(key)
}

/// Line and key of a byte offset.
fn place(text: &str, at: usize) -> (Option<usize>, String) {
    let (mut offset, mut table, mut key) = (0, "", "");
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if let Some(name) = header(line).filter(|_| !line.starts_with(' ')) {
            (table, key) = (name, "");
        } else if let Some(name) = key_on(line).filter(|_| !line.starts_with(' ')) {
            key = name;
        }
        offset += line.len();
        if at < offset || (at == offset && offset == text.len()) {
            return (Some(number + 1), joined(table, key));
        }
    }
    (None, joined(table, key))
}

fn table_on(text: &str, line: usize) -> Option<String> {
    text.lines().take(line).filter_map(header).last().map(str::to_owned)
}

/// The line of a dotted key: that of its table where the key itself is not there.
fn line_of(text: &str, dotted: &str) -> Option<usize> {
    let (table, key) = dotted.rsplit_once('.').unwrap_or(("", dotted));
    let (mut current, mut fallback) = ("", None);
    for (number, line) in text.lines().enumerate() {
        if let Some(name) = header(line) {
            current = name;
            if name == table && fallback.is_none() {
                fallback = Some(number + 1);
            }
        } else if current == table && key_on(line) == Some(key) {
            return Some(number + 1);
        }
    }
    fallback
}
