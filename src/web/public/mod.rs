//! Pages that everyone may read.

pub mod about;
pub mod attachment;
pub mod authorities;
pub mod authority;
pub mod dates;
pub mod deadline;
pub mod deadline_form;
pub mod deployment;
pub mod deployments;
pub mod digests;
pub mod feeds;
pub mod home;
pub mod law;
pub mod law_json;
pub mod law_words;
pub mod laws;
pub mod lines;
pub mod lived;
pub mod panel;
pub mod request;
pub mod request_sample;
pub mod requests;
pub mod thread;

pub use crate::web::choice::Choice;
use crate::web::error::Error;
use rocket::Route;
use serde::Serialize;

/// The routes of all public pages.
pub fn routes() -> Vec<Route> {
    [
        home::routes(),
        requests::routes(),
        request::routes(),
        dates::routes(),
        feeds::routes(),
        attachment::routes(),
        authorities::routes(),
        authority::routes(),
        deployments::routes(),
        deployment::routes(),
        laws::routes(),
        law::routes(),
        deadline::routes(),
        about::routes(),
        digests::routes(),
    ]
    .concat()
}

/// What a page of a list says of itself, and where the next one is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pager {
    /// `1–50 of 1,204 requests`.
    pub shown: String,
    /// The page before.
    pub previous: Option<String>,
    /// The page after.
    pub next: Option<String>,
}

impl Pager {
    /// For `shown` rows of page `page` among `total`; `query` is what the list is narrowed by.
    pub fn new(
        (page, shown, total): (i64, usize, i64),
        (one, many): (&str, &str),
        path: &str,
        query: &[(&str, String)],
    ) -> Self {
        use crate::web::filters::{counted, grouped};
        let size = crate::store::published::PAGE;
        let page = page.clamp(1, 10_000);
        let first = (page - 1) * size + 1;
        let last = first + i64::try_from(shown).unwrap_or(size) - 1;
        let of = counted(total, one, many);
        let words = match shown {
            0 => of,
            _ if total <= size => of,
            _ => format!("{}–{} of {of}", grouped(first), grouped(last)),
        };
        let href = |to: i64| {
            let mut out = url::form_urlencoded::Serializer::new(String::new());
            for (key, value) in query.iter().filter(|(_, value)| !value.is_empty()) {
                out.append_pair(key, value);
            }
            if to > 1 {
                out.append_pair("page", &to.to_string());
            }
            let query = out.finish();
            if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
        };
        Self {
            shown: words,
            previous: (page > 1).then(|| href(page - 1)),
            next: (last < total && shown > 0).then(|| href(page + 1)),
        }
    }
}

/// What is told of a word that a list cannot be narrowed by: the field, the word, and what there is to choose.
fn no_choice((field, word): (&str, &str), choices: &[Choice]) -> Error {
    let names = choices.iter().map(|choice| choice.name.as_str()).collect::<Vec<_>>().join("; ");
    Error::BadRequest(format!(
        "There is no {field} “{word}”. Open the list and choose one in its form: {names}."
    ))
}

/// An empty field of a form says nothing.
fn said(field: Option<&str>) -> Option<String> {
    field.map(str::trim).filter(|text| !text.is_empty()).map(|text| text.chars().take(200).collect())
}
