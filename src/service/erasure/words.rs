//! The words that go: a person's names in what others wrote, and what events quote from a mail.

use crate::domain::publication::redaction::{Private, redact};
use serde_json::Value;

/// What stands where a word was.
const STRUCK: &str = "[erased]";
/// Shorter words of a name, such as `de`, say nothing and stand everywhere.
const SHORTEST: usize = 3;
/// Lines that two texts share by chance are shorter.
const A_LINE: usize = 12;
/// Fields of events that hold words of a mail, or of people; the rest are dates, numbers and our own ids.
const WORDS: [&str; 6] = ["reference", "asks_for", "to", "reason", "recipients", "grounds"];

/// By what a person is known.
pub(super) struct Names {
    whole: Vec<String>,
    words: Vec<String>,
    email: String,
}

impl Names {
    /// Of names as they are written, and an address.
    pub(super) fn of(names: impl Iterator<Item = String>, email: &str) -> Self {
        let whole: Vec<String> = names.filter(|name| name.chars().count() >= SHORTEST).collect();
        let words = whole.iter().flat_map(|name| name.split(|c: char| !c.is_alphanumeric()));
        let words = words.filter(|word| word.chars().count() >= SHORTEST).map(str::to_lowercase).collect();
        Self { words, email: email.to_ascii_lowercase(), whole }
    }

    /// Whether a text speaks of them.
    pub(super) fn are_in(&self, text: &str) -> bool {
        self.without(text) != text
    }

    /// The text without them and without what the rules know of people: addresses, telephone numbers, salutations.
    pub(super) fn struck(&self, text: &str) -> String {
        let private = Private { names: &self.whole, reply_address: &self.email };
        self.without(&redact(text, private))
    }

    fn without(&self, text: &str) -> String {
        let mut left = text.to_owned();
        if !self.email.is_empty() {
            while let Some(at) = left.to_ascii_lowercase().find(&self.email) {
                left.replace_range(at..at + self.email.len(), STRUCK);
            }
        }
        let mut out = String::with_capacity(left.len());
        let mut word = String::new();
        for c in left.chars().chain(['\n']) {
            if c.is_alphanumeric() {
                word.push(c);
                continue;
            }
            if !word.is_empty() {
                let theirs = self.words.contains(&word.to_lowercase());
                out.push_str(if theirs { STRUCK } else { &word });
                word.clear();
            }
            out.push(c);
        }
        out.pop();
        out
    }
}

/// Whether a text repeats a line of another.
pub(super) fn shares_a_line(text: &str, other: &str) -> bool {
    let lines = other.lines().map(str::trim).filter(|line| line.chars().count() >= A_LINE);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).any(|line| text.contains(&line))
}

/// An event without what it quotes; none = it quotes nothing. The kinds, days and amounts stay, and of a ground its
/// category: they are what the law is counted by.
pub(super) fn event_without_words(body: &str) -> Option<String> {
    let mut event: Value = serde_json::from_str(body).ok()?;
    let fields = event.as_object_mut()?;
    for name in WORDS {
        let Some(value) = fields.get_mut(name) else { continue };
        match value {
            // Where none may stand, nothing does; a reason must be there for the event to be read.
            value if value.is_string() && name != "reason" => *value = Value::Null,
            Value::String(text) => crate::store::erasure::ERASED.clone_into(text),
            Value::Array(list) if name == "grounds" => {
                for cite in list.iter_mut().filter_map(|ground| ground.get_mut("cite")) {
                    *cite = Value::from(crate::store::erasure::ERASED);
                }
            }
            Value::Array(list) => list.clear(),
            _ => {}
        }
    }
    let changed = event.to_string();
    (changed != body).then_some(changed)
}

/// The name of a file, or what was noted of one (a list as JSON), without a person's names.
pub(super) fn words_without_names(text: &str, names: &Names) -> String {
    match serde_json::from_str::<Vec<String>>(text) {
        Ok(notes) => {
            serde_json::json!(notes.iter().map(|note| names.without(note)).collect::<Vec<_>>()).to_string()
        }
        Err(_) => names.without(text),
    }
}

/// An event without a person's names; none = it has none.
pub(super) fn event_without_names(body: &str, names: &Names) -> Option<String> {
    let mut event: Value = serde_json::from_str(body).ok()?;
    let fields = event.as_object_mut()?;
    for (name, value) in fields.iter_mut() {
        if let (true, Value::String(text)) = (WORDS.contains(&name.as_str()), value) {
            *text = names.without(text);
        }
    }
    let changed = event.to_string();
    (changed != body).then_some(changed)
}
