//! A source file as the rules of the house see it: its imports and paths, its words, without comments and strings.

use std::path::Path;

/// One file.
pub struct Source {
    /// Path within `src/`, as `service/intake.rs`.
    pub path: String,
    /// The file as it is.
    pub text: String,
    /// The same with comments and the inside of strings blanked; line ends are where they were.
    pub code: String,
}

/// A path that starts with `crate::`, and the line it stands on.
#[derive(Debug, PartialEq, Eq)]
pub struct Used {
    pub line: usize,
    pub segments: Vec<String>,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), code: blanked(text) }
    }

    /// Every path into this crate, imports and inline ones, groups taken apart.
    pub fn uses(&self) -> Vec<Used> {
        let mut found = Vec::new();
        for at in self.words("crate") {
            let mut paths = Vec::new();
            let mut cursor = Cursor { code: &self.code, at: at + "crate".len() };
            if cursor.takes("::") {
                cursor.tree(&mut Vec::new(), &mut paths);
            }
            found.extend(paths.into_iter().map(|segments| Used { line: self.line(at), segments }));
        }
        found
    }

    /// Where `word` stands as a whole word; it may be a path such as `Utc::now`.
    pub fn words<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        let whole = move |at: &usize| {
            let before = self.code[..*at].chars().next_back();
            let after = self.code[at + word.len()..].chars().next().filter(|_| word.ends_with(is_name));
            ![before, after].into_iter().flatten().any(is_name)
        };
        self.code.match_indices(word).map(|(at, _)| at).filter(whole)
    }

    /// The number of the line that an offset lies on.
    pub fn line(&self, at: usize) -> usize {
        self.code.as_bytes()[..at].split(|byte| *byte == b'\n').count()
    }

    /// `service/triage/place.rs` is in `service`, `clock.rs` in `clock`.
    pub fn room(&self) -> &str {
        self.path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
    }

    /// The file or folder one step further in: `triage` of `service/triage/place.rs`, `mod` of `service/mod.rs`.
    pub fn part(&self) -> &str {
        self.path.split('/').nth(1).unwrap_or_default().trim_end_matches(".rs")
    }
}

/// All files under a folder with this ending, in the order of their paths.
pub fn files(root: &str, ending: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(ending) {
                let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
                found.push(Source::new(&name, &text));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Reads the tree of a `use`, or a path in code.
struct Cursor<'a> {
    code: &'a str,
    at: usize,
}

impl Cursor<'_> {
    fn rest(&self) -> &str {
        &self.code[self.at..]
    }

    fn takes(&mut self, token: &str) -> bool {
        let blank = self.rest().len() - self.rest().trim_start().len();
        let found = self.rest()[blank..].starts_with(token);
        if found {
            self.at += blank + token.len();
        }
        found
    }

    fn name(&mut self) -> String {
        self.takes("");
        let name: String = self.rest().chars().take_while(|c| is_name(*c)).collect();
        self.at += name.len();
        name
    }

    fn tree(&mut self, above: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
        if self.takes("{") {
            while !self.takes("}") {
                let depth = above.len();
                self.tree(above, found);
                above.truncate(depth);
                if self.takes("as") {
                    self.name();
                }
                assert!(self.takes(",") || self.rest().trim_start().starts_with('}'), "{}", self.rest());
            }
            return;
        }
        if self.takes("*") {
            found.push(above.clone());
            return;
        }
        let name = self.name();
        if !name.is_empty() && name != "self" {
            above.push(name);
        }
        if self.takes("::") && !self.rest().starts_with('<') {
            self.tree(above, found);
        } else {
            found.push(above.clone());
        }
    }
}

/// Blanks comments, strings and characters, byte for byte, so that offsets and lines stay.
fn blanked(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after_name = code.chars().next_back().is_some_and(is_name);
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = (!after_name).then(|| raw_string(rest)).flatten() {
            length
        } else if first == '"' {
            quoted(rest, '"')
        } else if first == '\'' && is_character(rest) {
            quoted(rest, '\'')
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        let (out, left) = rest.split_at(length);
        code.extend(out.bytes().map(|b| if b == b'\n' { '\n' } else { ' ' }));
        rest = left;
    }
    code
}

/// The length of a raw string that starts here.
fn raw_string(rest: &str) -> Option<usize> {
    let marks = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = marks.len() - marks.trim_start_matches('#').len();
    let body = marks[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(rest.len() - body.len() + body.find(&end)? + end.len())
}

/// The length of a quoted text that starts here, its escapes skipped.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

/// `'a'` and `'\n'` are characters, `'a` is a lifetime.
fn is_character(rest: &str) -> bool {
    let mut signs = rest.chars().skip(1);
    let (first, second) = (signs.next(), signs.next());
    first == Some('\\') || second == Some('\'')
}
