//! Which settings file is read, and where it is broken.

use crate::config::{Error, owner};
use std::path::{Path, PathBuf};

/// The file that is read when `ROCKET_CONFIG` names none.
const USUAL: &str = "Rocket.toml";

/// The settings file: the one that `ROCKET_CONFIG` names, which must be there, else `Rocket.toml` of this folder or of
/// one above it, if there is one.
pub fn used() -> Result<Option<PathBuf>, Error> {
    let named = std::env::var_os("ROCKET_CONFIG").map(PathBuf::from);
    let Some(path) = found(named.as_deref().unwrap_or(Path::new(USUAL))) else {
        let Some(named) = named else { return Ok(None) };
        let named = named.display().to_string();
        return Err(Error::of("ROCKET_CONFIG", Some(&named), "expected a settings file, found none there"));
    };
    readable(&path)?;
    Ok(Some(path))
}

/// What is said of it where the set-up is shown.
pub fn in_words(used: Option<&Path>) -> String {
    used.map_or_else(
        || format!("no `{USUAL}` in this folder or above it: variables and defaults only"),
        |path| format!("`{}`, then variables", path.display()),
    )
}

/// A relative path is looked for in this folder and upwards, as Rocket does.
fn found(path: &Path) -> Option<PathBuf> {
    if path.is_absolute() {
        return path.is_file().then(|| path.to_owned());
    }
    let here = std::env::current_dir().ok()?;
    here.ancestors().map(|folder| folder.join(path)).find(|path| path.is_file())
}

/// Said here in one line with its place; Figment would print the lines around it.
fn readable(path: &Path) -> Result<(), Error> {
    let wrong = |place: String, problem: String| Error::File {
        file: path.display().to_string(),
        place,
        problem: problem.trim().replace('\n', ", "),
    };
    let text = std::fs::read_to_string(path).map_err(|error| {
        let whose = match error.kind() {
            std::io::ErrorKind::PermissionDenied => format!("; {}", owner::advice(path)),
            _ => String::new(),
        };
        wrong(String::new(), format!("{error}{whose}"))
    })?;
    let Err(error) = toml::from_str::<toml::Table>(&text) else { return Ok(()) };
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let place = format!(", line {line}, column {column}");
    let written = text.lines().nth(line - 1).and_then(|line| line.split_once('='));
    let bare = |value: &str| value.trim_start().starts_with(|c: char| c.is_ascii_alphabetic());
    // The commonest slip; what TOML calls it helps nobody who does not know TOML. The value may be a secret.
    if let Some((key, _)) = written.filter(|(_, value)| bare(value)) {
        let problem = format!("expected a text in quotation marks, `{} = \"…\"`, found none", key.trim());
        return Err(wrong(place, problem));
    }
    Err(wrong(place, format!("expected TOML, found: {}", error.message())))
}
