//! By what outsiders can hold us to our records: `/digests`, `/digests.json`.

use crate::store::published::digests::{self, Digest};
use crate::web::error::Error;
use crate::web::guards::Site;
use crate::web::kept::Address;
use crate::web::page::Chrome;
use crate::web::rendered::Rendered;
use chrono::{NaiveDate, NaiveDateTime};
use rocket::http::ContentType;
use rocket::{Route, State, get, routes};
use serde::Serialize;

/// The template of this page.
pub const TEMPLATE: &str = "public/digests.html";
/// Days on the page; the JSON has all.
const SHOWN: usize = 60;

/// One day.
#[derive(Debug, Clone, Serialize)]
struct Row {
    day: String,
    events: i64,
    entries: i64,
    hash: String,
}

/// What it shows.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    digests: Vec<Row>,
    total: usize,
}

impl Page {
    /// A page as it may look.
    pub fn sample() -> Self {
        let made = |day: u32, events, digit: &str| Digest {
            day: NaiveDate::from_ymd_opt(2026, 11, day).unwrap_or_default(),
            events,
            events_hash: String::new(),
            entries: events * 2,
            audit_hash: String::new(),
            hash: digit.repeat(64),
            made_at: NaiveDateTime::default(),
        };
        Self::of(&[made(21, 4182, "b"), made(20, 4170, "a")])
    }

    fn of(all: &[Digest]) -> Self {
        let row = |digest: &Digest| Row {
            day: digest.day.to_string(),
            events: digest.events,
            entries: digest.entries,
            hash: digest.hash.clone(),
        };
        Self { digests: all.iter().take(SHOWN).map(row).collect(), total: all.len() }
    }
}

/// What stands around it.
pub fn chrome() -> Chrome {
    Chrome::public("Daily digests", "about").at("/digests")
}

#[get("/digests")]
async fn get(address: Address, site: &State<Site>) -> Result<Rendered, Error> {
    site.kept(address, |site, conn| site.pages.render(TEMPLATE, &chrome(), &Page::of(&digests::all(conn)?)))
        .await
}

#[get("/digests.json")]
async fn json(address: Address, site: &State<Site>) -> Result<Rendered, Error> {
    site.kept(address, |_, conn| {
        let all = serde_json::to_string(&digests::all(conn)?).map_err(crate::store::Error::from)?;
        Ok(Rendered::public(ContentType::JSON, all))
    })
    .await
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get, json]
}
