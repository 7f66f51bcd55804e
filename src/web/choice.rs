//! One entry of a choice in a form, at the desk and on public pages.

use serde::Serialize;

/// An option of a select or a group of radio buttons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// As sent.
    pub value: String,
    /// As read.
    pub name: String,
}

impl Choice {
    /// `value`, read as `name`.
    pub fn new(value: impl Into<String>, name: impl Into<String>) -> Self {
        Self { value: value.into(), name: name.into() }
    }

    /// Countries by their names, in the order of these.
    pub fn countries(codes: &[String]) -> Vec<Self> {
        let mut all: Vec<Self> =
            codes.iter().map(|code| Self::new(code.as_str(), crate::web::filters::country(code))).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }
}
