//! What a visitor is told when something cannot be done: what happened, what to do, and ways on.

use crate::store;
use crate::web::guards::Site;
use crate::web::page::Chrome;
use rocket::http::{ContentType, Header, Method, Status};
use rocket::response::{self, Responder, Response};
use rocket::{Catcher, Request, catch, catchers};
use serde::Serialize;

/// What was looked for and is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// No such address.
    Page,
    /// No such request.
    Request,
    /// No such authority.
    Authority,
    /// No such deployment.
    Deployment,
    /// No such law.
    Law,
    /// No such file.
    File,
    /// The file is known, but its bytes are not there.
    Bytes,
    /// No such message.
    Message,
}

/// Why a route cannot answer as asked. The page says what happened; the log has the cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// 404: it is not here, or not public.
    NotFound(What),
    /// 400: the address or the form makes no sense; says what was found and what was expected.
    BadRequest(String),
    /// 403: known who asks, but it is not theirs to do.
    Forbidden(String),
    /// 405: there is such a page, but it cannot be done to it.
    NotThisWay,
    /// 413: too much was sent.
    TooLarge,
    /// 422: a form that did not come from one of our pages.
    Unprocessable(String),
    /// 429: too often; says when again, in seconds.
    TooMany(u32),
    /// 503: the database cannot be reached just now.
    Unavailable,
    /// 503: more is asked for at once than can be made.
    Crowded,
    /// 500: our fault; the number finds it in the log.
    Internal(String),
}

impl Error {
    /// An error of ours, logged under a number that the visitor sees.
    pub fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        if is_passing(cause) {
            tracing::warn!(error = %chain(cause), "the database or the store of blobs is away");
            return Self::Unavailable;
        }
        let incident = incident();
        tracing::error!(incident, error = %chain(cause), "a page failed");
        Self::Internal(incident)
    }

    /// A template that failed; the log gets the line in it.
    pub fn template(cause: &minijinja::Error) -> Self {
        let incident = incident();
        tracing::error!(incident, error = %chain(cause), template = ?cause.name(), line = ?cause.line(), "a template failed");
        Self::Internal(incident)
    }

    /// Its status.
    pub fn status(&self) -> Status {
        match self {
            Self::NotFound(_) => Status::NotFound,
            Self::BadRequest(_) => Status::BadRequest,
            Self::Forbidden(_) => Status::Forbidden,
            Self::NotThisWay => Status::MethodNotAllowed,
            Self::TooLarge => Status::PayloadTooLarge,
            Self::Unprocessable(_) => Status::UnprocessableEntity,
            Self::TooMany(_) => Status::TooManyRequests,
            Self::Unavailable | Self::Crowded => Status::ServiceUnavailable,
            Self::Internal(_) => Status::InternalServerError,
        }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::internal(&error)
    }
}

/// Eight letters to find an entry in the log by; they tell nothing.
fn incident() -> String {
    let mut bytes = [0_u8; 5];
    // Without randomness the number is not unique; the entry is still there.
    let _ = getrandom::fill(&mut bytes);
    data_encoding::BASE32_NOPAD.encode(&bytes).to_ascii_lowercase()
}

/// Whether the database is away, locked or cannot be written, somewhere below.
fn is_passing(error: &(dyn std::error::Error + 'static)) -> bool {
    let store = error.downcast_ref::<store::Error>();
    store.is_some_and(store::Error::is_passing) || error.source().is_some_and(is_passing)
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// A link that leads on.
#[derive(Debug, Clone, Serialize)]
pub struct Way {
    href: &'static str,
    name: &'static str,
}

/// The page of an error.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    code: u16,
    title: String,
    what: String,
    cure: Option<String>,
    incident: Option<String>,
    ways: Vec<Way>,
}

/// The template of this file.
pub const TEMPLATE: &str = "layout/error.html";

impl Page {
    /// What `error` says to a visitor of `path`.
    pub fn of(error: &Error, path: &str) -> Self {
        let (title, what, cure) = words(error, path);
        let incident = if let Error::Internal(number) = error { Some(number.clone()) } else { None };
        Self { code: error.status().code, title, what, cure, incident, ways: ways(error, path) }
    }

    /// One of each, for the golden files.
    pub fn sample() -> Self {
        Self::of(&Error::NotFound(What::Request), "/requests/2026-9999")
    }
}

fn words(error: &Error, path: &str) -> (String, String, Option<String>) {
    let said = |title: &str, what: String, cure: &str| {
        (title.to_owned(), what, Some(cure.to_owned()).filter(|cure| !cure.is_empty()))
    };
    match error {
        Error::NotFound(What::Page) => said(
            "There is no such page",
            format!("Nothing is kept under “{path}”."),
            "Check the address for a slip of the pen. Addresses of requests, authorities and laws do not change, so an old link should hold.",
        ),
        Error::NotFound(what) => {
            let (title, cure) = missing(*what);
            let found = match what {
                What::Bytes => "Its bytes are missing or damaged where files are kept.".to_owned(),
                _ => format!("Nothing is kept under “{path}”."),
            };
            said(title, found, cure)
        }
        Error::BadRequest(problem) => said("That cannot be read", problem.clone(), ""),
        Error::Forbidden(problem) => said(
            "That is not yours to do",
            problem.clone(),
            "If you think it should be, ask an administrator.",
        ),
        Error::NotThisWay => said(
            "Not in this way",
            format!("There is a page “{path}”, but it cannot be asked like that."),
            "If you pressed a button, go back, load the page anew and press it again.",
        ),
        Error::TooLarge => said(
            "That is too much",
            "What was sent is larger than we take. Nothing was stored.".to_owned(),
            "Send less at once.",
        ),
        Error::Unprocessable(problem) => said(
            "The form could not be read",
            problem.clone(),
            "Nothing was stored. Go back, check what you entered and send it again.",
        ),
        Error::TooMany(seconds) => said(
            "Too often",
            format!("There were too many tries. Try again in {}.", wait_words(*seconds)),
            "",
        ),
        Error::Unavailable | Error::Crowded => {
            let (title, what) = not_now(error);
            said(title, what.to_owned(), "Try again in a few seconds.")
        }
        Error::Internal(_) => said(
            "Something is broken here",
            "It is our fault, not yours.".to_owned(),
            "Try again; if it happens twice, please tell us.",
        ),
    }
}

fn not_now(error: &Error) -> (&'static str, &'static str) {
    if *error == Error::Crowded {
        let what =
            "More pages were asked for at once than can be made. Nothing is lost, and nothing was stored.";
        return ("Very many are reading just now", what);
    }
    let what =
        "What is kept here cannot be reached. Nothing is lost: mail that comes in is kept safe meanwhile.";
    ("Just now this cannot be shown", what)
}

fn missing(what: What) -> (&'static str, &'static str) {
    match what {
        What::Page => ("There is no such page", ""),
        What::Request => (
            "There is no such request",
            "A reference looks like 2026-0417. A request is shown once its letter has left.",
        ),
        What::Authority => ("There is no such authority", "Look for it by name or place in the list."),
        What::Deployment => ("There is no such deployment", "Look for it by place in the list."),
        What::Law => ("There is no such law here", "The list has all that we know."),
        What::File => (
            "There is no such file",
            "It may not be published: files of a reply are shown once a volunteer has read it.",
        ),
        What::Bytes => (
            "This file cannot be given out",
            "What was read of the reply is still on its page. Whoever runs this service finds the cause in its log.",
        ),
        What::Message => ("There is no such message", "It may have been settled by someone else."),
    }
}

/// A span in words, as “20 seconds” or “1 minute”; none if there is nothing to wait for.
pub(crate) fn span_words(span: std::time::Duration) -> Option<String> {
    let (number, unit) = match span.as_secs() {
        0 => return None,
        whole if whole % 60 == 0 => (whole / 60, "minute"),
        seconds @ ..120 => (seconds, "second"),
        more => (more / 60, "minute"),
    };
    Some(format!("{number} {unit}{}", if number == 1 { "" } else { "s" }))
}

/// How long to wait, in words.
pub(crate) fn wait_words(seconds: u32) -> String {
    match seconds {
        0..=1 => "a second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        more => format!("{} minutes", more.div_ceil(60)),
    }
}

fn ways(error: &Error, path: &str) -> Vec<Way> {
    let way = |href, name| Way { href, name };
    let start = way("/", "Start page");
    if path.starts_with("/desk") {
        return vec![way("/desk", "The desk"), start];
    }
    match error {
        Error::NotFound(What::Authority) => vec![way("/authorities", "All authorities"), start],
        Error::NotFound(What::Deployment) => vec![way("/deployments", "All deployments"), start],
        Error::NotFound(What::Law) => vec![way("/laws", "All laws"), start],
        Error::NotFound(_) => {
            vec![way("/requests", "All requests"), way("/authorities", "All authorities"), start]
        }
        Error::BadRequest(_) if path == "/authorities" => vec![way("/authorities", "All authorities"), start],
        _ => vec![way("/requests", "All requests"), start],
    }
}

impl<'r> Responder<'r, 'static> for Error {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let path = request.uri().path().as_str();
        let page = Page::of(&self, path);
        let mut out = Response::build();
        out.status(self.status()).header(Header::new("Cache-Control", "no-store"));
        match &self {
            Self::Unavailable => drop(out.header(Header::new("Retry-After", "10"))),
            Self::Crowded => drop(out.header(Header::new("Retry-After", "3"))),
            Self::TooMany(seconds) => drop(out.header(Header::new("Retry-After", seconds.to_string()))),
            Self::NotThisWay => drop(out.header(Header::new("Allow", allowed(request)))),
            _ => {}
        }
        let (kind, text) = body(request, &page);
        out.header(kind).sized_body(text.len(), std::io::Cursor::new(text)).ok()
    }
}

/// The page, or for a machine its facts (RFC 9457), or bare text where even the templates fail.
fn body(request: &Request<'_>, page: &Page) -> (ContentType, String) {
    let path = request.uri().path().as_str();
    if path.starts_with("/api/") || path.strip_suffix(".json").is_some() {
        let problem = serde_json::json!({
            "type": "about:blank", "title": page.title, "status": page.code, "detail": page.what,
            "instance": path, "incident": page.incident,
        });
        return (ContentType::new("application", "problem+json"), problem.to_string());
    }
    let chrome = Chrome::public(page.title.clone(), "");
    let rendered = request.rocket().state::<Site>().map(|site| site.pages.text(TEMPLATE, &chrome, page));
    match rendered {
        Some(Ok(text)) => (ContentType::HTML, text),
        _ => (ContentType::Plain, format!("{}\n\n{}\n", page.title, page.what)),
    }
}

/// Rocket says "not found" when a page exists but not for this method; these are the methods it does take.
fn allowed(request: &Request<'_>) -> String {
    let path = request.uri().path();
    let asked: Vec<&str> = path.segments().collect();
    let mut methods: Vec<&'static str> =
        request
            .rocket()
            .routes()
            .filter(|route| route.method != request.method() && fits(route.uri.path(), &asked))
            .flat_map(|route| {
                if route.method == Method::Get { vec!["GET", "HEAD"] } else { vec![route.method.as_str()] }
            })
            .collect();
    methods.sort_unstable();
    methods.dedup();
    methods.join(", ")
}

fn fits(pattern: &str, asked: &[&str]) -> bool {
    let parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
    if parts.last().is_some_and(|last| last.ends_with("..>")) {
        return false;
    }
    parts.len() == asked.len()
        && parts.iter().zip(asked).all(|(part, given)| part.starts_with('<') || part == given)
}

#[catch(default)]
fn any(status: Status, request: &Request<'_>) -> Error {
    match status.code {
        400 => Error::BadRequest("The address or what was sent with it is not well formed.".to_owned()),
        401 | 403 => Error::Forbidden("You are not signed in, or your role does not reach this.".to_owned()),
        404 if !allowed(request).is_empty() => Error::NotThisWay,
        404 => Error::NotFound(What::Page),
        405 => Error::NotThisWay,
        413 => Error::TooLarge,
        422 => Error::Unprocessable("A field is missing or holds what it cannot hold.".to_owned()),
        429 => Error::TooMany(60),
        503 => Error::Unavailable,
        code if code < 500 => Error::BadRequest(format!("What was sent cannot be answered (status {code}).")),
        _ => {
            let incident = incident();
            tracing::error!(incident, status = status.code, "a request ended without an answer of ours");
            Error::Internal(incident)
        }
    }
}

/// The catchers of the whole site.
pub fn catchers() -> Vec<Catcher> {
    catchers![any]
}
