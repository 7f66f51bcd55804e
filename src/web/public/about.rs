//! What this is, how dates are counted, and what happens to people's data: `/about`.

use crate::web::error::{Error, span_words};
use crate::web::guards::Site;
use crate::web::page::Chrome;
use crate::web::rendered::Rendered;
use rocket::{Route, State, get, routes};
use serde::Serialize;
use std::time::Duration;

/// The template of this page.
pub const TEMPLATE: &str = "public/about.html";

/// What it shows.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    laws: usize,
    reply_domain: String,
    /// How long a letter can be taken back, in words; none if it leaves at once.
    undo: Option<String>,
}

impl Page {
    /// A page as it may look.
    pub fn sample() -> Self {
        Self::of(46, "post.askance.example", Duration::from_secs(600))
    }

    fn of(laws: usize, reply_domain: &str, undo: Duration) -> Self {
        Self { laws, reply_domain: reply_domain.to_owned(), undo: span_words(undo) }
    }
}

/// What stands around it.
pub fn chrome() -> Chrome {
    Chrome::public("About", "about").at("/about")
}

#[get("/about")]
fn get(site: &State<Site>) -> Result<Rendered, Error> {
    let config = &site.context.config;
    let laws = site.context.library.laws.regimes().count();
    let page = Page::of(laws, &config.reply_domain, config.undo);
    site.pages.render(TEMPLATE, &chrome(), &page)
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get]
}
