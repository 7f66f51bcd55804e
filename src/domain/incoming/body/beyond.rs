//! What of a mail is neither plainly the sender's words nor a copy of ours: a person must look at it.

use crate::domain::incoming::body::copies::strange_to;
use crate::domain::incoming::body::lines::{has_date, is_byline};
use regex::Regex;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// The line above a quoted mail is at most so long, in words.
const HEADING: usize = 14;

static URL: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?i)(?:https?://|www\.)\S+").ok());

/// Why the own words of a mail may not be all that it says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Beyond {
    /// Whether what stands below a signature mark reads like a letter; it is read as one.
    #[serde(default)]
    pub below_mark: bool,
    /// Whether there is more text than is read.
    #[serde(default)]
    pub unread: bool,
    /// Whether what is quoted was held against our letters.
    #[serde(default)]
    pub compared: bool,
    /// What is quoted, stands in no letter of ours, and may be said now.
    #[serde(default)]
    pub quoted: Option<String>,
}

/// What of a quote stands in none of our letters, without the lines that say who wrote it and when.
pub fn not_ours(quoted: &str, letters: &[&str]) -> String {
    let lines: Vec<&str> = quoted.lines().map(bare).collect();
    let said: Vec<&str> = lines.iter().map(|line| if is_heading(line) { "" } else { line }).collect();
    let text = said.join("\n");
    let text = URL.as_ref().map_or_else(|| text.clone(), |url| url.replace_all(&text, "").into_owned());
    strange_to(&text, letters)
}

/// Without the marks of quoting.
fn bare(line: &str) -> &str {
    line.trim_start_matches(['>', '|', ' ', '\t']).trim_end()
}

/// "Von: …", "Am … schrieb Ada <ada@…>:".
fn is_heading(line: &str) -> bool {
    let words = line.split_whitespace().count();
    let labelled = line.split_once(':').is_some_and(|(label, _)| label.split_whitespace().count() <= 3);
    words <= HEADING
        && (line.contains('@')
            || is_byline(line)
            || (has_date(line) && line.contains(':'))
            || (labelled && words <= 3))
}
