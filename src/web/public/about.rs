//! What this is, how dates are counted, and what happens to people's data: `/about`.

use crate::web::error::Error;
use crate::web::guards::Site;
use crate::web::page::Chrome;
use crate::web::rendered::Rendered;
use rocket::{Route, State, get, routes};
use serde::Serialize;

/// The template of this page.
pub const TEMPLATE: &str = "public/about.html";

/// What it shows.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    laws: usize,
    reply_domain: String,
    undo_minutes: u32,
}

impl Page {
    /// A page as it may look.
    pub fn sample() -> Self {
        Self { laws: 46, reply_domain: "post.askance.example".to_owned(), undo_minutes: 10 }
    }
}

/// What stands around it.
pub fn chrome() -> Chrome {
    Chrome::public("About", "about").at("/about")
}

#[get("/about")]
fn get(site: &State<Site>) -> Result<Rendered, Error> {
    let config = &site.context.config;
    let page = Page {
        laws: site.context.library.laws.regimes().count(),
        reply_domain: config.reply_domain.clone(),
        undo_minutes: config.undo_minutes,
    };
    site.pages.render(TEMPLATE, &chrome(), &page)
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get]
}
