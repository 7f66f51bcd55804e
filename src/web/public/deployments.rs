//! Where faces are watched, as far as sources say: `/deployments`.

use crate::store::Conn;
use crate::store::published::deployments::{self, DeploymentRow, Filter};
use crate::web::error::Error;
use crate::web::filters::country;
use crate::web::guards::Site;
use crate::web::kept::Address;
use crate::web::page::Chrome;
use crate::web::public::{Choice, said};
use crate::web::rendered::Rendered;
use chrono::{DateTime, Utc};
use rocket::form::FromForm;
use rocket::{Route, State, get, routes};
use serde::Serialize;
use std::collections::BTreeSet;

/// The template of this page.
pub const TEMPLATE: &str = "public/deployments.html";

/// The form as sent.
#[derive(Debug, Clone, Default, FromForm)]
pub struct Query {
    q: Option<String>,
    country: Option<String>,
    status: Option<String>,
}

/// What it shows.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    q: String,
    country: String,
    status: String,
    countries: Vec<Choice>,
    statuses: Vec<Choice>,
    rows: Vec<Row>,
    all: usize,
}

/// A line of the list.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    #[serde(flatten)]
    deployment: DeploymentRow,
    countries: String,
    status_words: String,
    kind_words: String,
}

/// The words of the register that are not their own plain English.
pub fn in_words(word: &str) -> String {
    let plain = word.replace('_', " ");
    let mut chars = plain.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The names of the countries in a list of codes parted by blanks.
pub fn countries_in_words(codes: &str) -> String {
    codes.split_whitespace().map(country).collect::<Vec<_>>().join(", ")
}

impl Row {
    fn of(row: DeploymentRow) -> Self {
        Self {
            countries: countries_in_words(&row.country),
            status_words: in_words(&row.status),
            kind_words: in_words(&row.kind),
            deployment: row,
        }
    }
}

fn load(conn: &mut Conn, query: &Query) -> Result<Page, Error> {
    let filter = Filter {
        country: said(query.country.as_deref()),
        status: said(query.status.as_deref()),
        search: said(query.q.as_deref()).unwrap_or_default(),
        authority: None,
    };
    let all = deployments::list(conn, &Filter::default())?;
    let rows = if filter == Filter::default() { all.clone() } else { deployments::list(conn, &filter)? };
    Ok(Page::new(filter, &all, rows))
}

impl Page {
    fn new(filter: Filter, all: &[DeploymentRow], rows: Vec<DeploymentRow>) -> Self {
        let codes: BTreeSet<String> =
            all.iter().flat_map(|row| row.country.split_whitespace().map(str::to_owned)).collect();
        let statuses: BTreeSet<&str> = all.iter().map(|row| row.status.as_str()).collect();
        Self {
            q: filter.search,
            country: filter.country.unwrap_or_default(),
            status: filter.status.unwrap_or_default(),
            countries: Choice::countries(&codes.into_iter().collect::<Vec<_>>()),
            statuses: statuses.into_iter().map(|word| Choice::new(word, in_words(word))).collect(),
            rows: rows.into_iter().map(Row::of).collect(),
            all: all.len(),
        }
    }

    /// A page as it may look.
    pub fn sample() -> Self {
        let undated = DeploymentRow {
            slug: "eu-borders".to_owned(),
            name: "Entry/Exit System".to_owned(),
            country: "EU".to_owned(),
            place: "European Union".to_owned(),
            authority: None,
            as_of: String::new(),
            ..deployment()
        };
        let rows = vec![deployment(), undated];
        Self::new(Filter::default(), &rows, rows.clone())
    }
}

/// One deployment for samples.
pub fn deployment() -> DeploymentRow {
    DeploymentRow {
        id: 1,
        slug: "gb-northmoor-vans".to_owned(),
        name: "Live face recognition from two vans".to_owned(),
        kind: "deployment".to_owned(),
        country: "GB".to_owned(),
        place: "Northmoor".to_owned(),
        authority_name: "Northmoor Police".to_owned(),
        authority: Some("northmoor-police".to_owned()),
        technology: "Live comparison of passers-by with a watch list".to_owned(),
        status: "in_use".to_owned(),
        started: Some("2025-03".to_owned()),
        ended: None,
        as_of: "2026-09-21".to_owned(),
        summary: "Two vehicles are driven to busy streets and compare faces with a list of wanted people."
            .to_owned(),
        legal_basis: None,
    }
}

/// What stands around it.
pub fn chrome(now: DateTime<Utc>) -> Chrome {
    Chrome::public("Deployments", "deployments").at("/deployments").as_of(now)
}

#[get("/deployments?<query..>")]
async fn get(query: Query, address: Address, site: &State<Site>) -> Result<Rendered, Error> {
    site.kept(address, move |site, conn| {
        let page = load(conn, &query)?;
        site.pages.render(TEMPLATE, &chrome(site.now()), &page)
    })
    .await
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get]
}
