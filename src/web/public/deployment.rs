//! One deployment, `/deployments/<slug>`: what is said of it, by whom, and when.

use crate::store::Conn;
use crate::store::published::deployments::{self, DeploymentRow, Statement};
use crate::web::error::{Error, What};
use crate::web::guards::Site;
use crate::web::kept::Address;
use crate::web::page::Chrome;
use crate::web::public::deployments::{countries_in_words, in_words};
use crate::web::rendered::Rendered;
use chrono::{DateTime, Utc};
use rocket::{Route, State, get, routes};
use serde::Serialize;

/// The template of this page.
pub const TEMPLATE: &str = "public/deployment.html";

/// Something said, with its source.
#[derive(Debug, Clone, Serialize)]
pub struct Said {
    #[serde(flatten)]
    statement: Statement,
    /// Where it says so, if that is a web address.
    link: Option<String>,
    /// The address without what only machines need.
    shown: String,
}

impl Said {
    fn of(statement: Statement) -> Self {
        let source = statement.source.trim();
        let link =
            (source.starts_with("https://") || source.starts_with("http://")).then(|| source.to_owned());
        let shown = source.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
        Self { link, shown: shown.to_owned(), statement }
    }
}

/// What it shows.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    deployment: DeploymentRow,
    countries: String,
    status_words: String,
    kind_words: String,
    said: Vec<Said>,
}

impl Page {
    fn new(deployment: DeploymentRow, said: Vec<Statement>) -> Self {
        Self {
            countries: countries_in_words(&deployment.country),
            status_words: in_words(&deployment.status),
            kind_words: in_words(&deployment.kind),
            said: said.into_iter().map(Said::of).collect(),
            deployment,
        }
    }

    /// A page as it may look.
    pub fn sample() -> Self {
        let said = vec![
            Statement {
                body: "In use since March 2025 from two vehicles.".to_owned(),
                source: "https://askance.example/requests/2026-0417#reply-4".to_owned(),
                as_of: "2026-09-21".to_owned(),
            },
            Statement {
                body: "The council was told of a trial on the market square.".to_owned(),
                source: "Minutes of the city council, 4 May 2025".to_owned(),
                as_of: "2025-05-04".to_owned(),
            },
        ];
        Self::new(crate::web::public::deployments::deployment(), said)
    }
}

fn load(conn: &mut Conn, slug: &str) -> Result<Page, Error> {
    let (deployment, said) = deployments::find(conn, slug)?.ok_or(Error::NotFound(What::Deployment))?;
    Ok(Page::new(deployment, said))
}

/// What stands around it.
pub fn chrome(page: &Page, now: DateTime<Utc>) -> Chrome {
    let path = rocket::uri!(get(slug = page.deployment.slug.as_str())).to_string();
    Chrome::public(page.deployment.name.clone(), "deployments").at(path).as_of(now)
}

#[get("/deployments/<slug>")]
async fn get(slug: String, address: Address, site: &State<Site>) -> Result<Rendered, Error> {
    site.kept(address, move |site, conn| {
        let page = load(conn, &slug)?;
        site.pages.render(TEMPLATE, &chrome(&page, site.now()), &page)
    })
    .await
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get]
}
