//! One authority, `/authorities/<slug>`: its law, the requests to it, what it is said to run.

use crate::domain::law::regime::Regime;
use crate::store::Conn;
use crate::store::published::authorities::{self, AuthorityRow};
use crate::store::published::deployments::{self, DeploymentRow};
use crate::store::published::requests::{self, Order};
use crate::web::error::{Error, What};
use crate::web::guards::Site;
use crate::web::kept::Address;
use crate::web::page::{Chrome, Feed};
use crate::web::public::Pager;
use crate::web::public::feeds;
use crate::web::public::lines::{self, Line, lines};
use crate::web::rendered::Rendered;
use crate::web::why::Why;
use chrono::{DateTime, NaiveDate, Utc};
use rocket::{Route, State, get, routes};
use serde::Serialize;

/// The template of this page.
pub const TEMPLATE: &str = "public/authority.html";

/// What it shows.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    authority: AuthorityRow,
    kind_words: &'static str,
    law: Option<Law>,
    why: Why,
    address: Option<String>,
    today: NaiveDate,
    lines: Vec<Line>,
    pager: Pager,
    deployments: Vec<DeploymentRow>,
}

#[derive(Debug, Clone, Serialize)]
struct Law {
    id: String,
    name: String,
    limit: String,
    cite: String,
}

impl Law {
    fn of(law: &Regime) -> Self {
        Self {
            id: law.id.to_string(),
            name: law.law_en.clone(),
            limit: law.limit_in_words(),
            cite: law.response.src.clone(),
        }
    }
}

fn load(site: &Site, conn: &mut Conn, slug: &str, page: i64) -> Result<Page, Error> {
    let today = site.today();
    let authority = authorities::find(conn, slug)?.ok_or(Error::NotFound(What::Authority))?;
    let only = requests::Filter { authority: Some(slug.to_owned()), ..requests::Filter::default() };
    let slice = requests::list(conn, &only, (Order::Newest, page), today)?;
    let here = deployments::Filter { authority: Some(authority.id), ..deployments::Filter::default() };
    let known = deployments::list(conn, &here)?;
    let address = authorities::address(conn, authority.id)?;
    let laws = &site.context.library.laws;
    let law =
        authority.regime.as_ref().and_then(|id| id.parse().ok()).and_then(|id| laws.regime(&id)).map(Law::of);
    let place = (slice.page, slice.rows.len(), slice.total);
    Ok(Page {
        kind_words: authority.kind.in_words(),
        why: Why::of_row(&site.context, &authority),
        law,
        address,
        today,
        pager: Pager::new(place, ("request", "requests"), &path(slug), &[]),
        lines: lines(slice.rows, today),
        deployments: known,
        authority,
    })
}

fn path(slug: &str) -> String {
    rocket::uri!(get(slug = slug, page = Option::<i64>::None)).to_string()
}

impl Page {
    /// A page as it may look.
    pub fn sample() -> Self {
        let authority = crate::web::public::authorities::authority();
        let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap_or_default();
        Self {
            kind_words: authority.kind.in_words(),
            law: Some(Law {
                id: "gb-foia".to_owned(),
                name: "Freedom of Information Act 2000".to_owned(),
                limit: "20 working days".to_owned(),
                cite: "s.10(1) FOIA 2000".to_owned(),
            }),
            why: Why {
                words: Some(
                    "Police forces of England, Wales and Northern Ireland are listed in the Act of 2000; Scotland has one force, Police Scotland, under its own Act"
                        .to_owned(),
                ),
                src: Some("Sch. 1 Part V FOIA 2000".to_owned()),
                ..Why::default()
            },
            address: Some("foi@northmoor-police.example".to_owned()),
            today,
            lines: lines::sample(today),
            pager: Pager::new((1, 3, 3), ("request", "requests"), "/authorities/northmoor-police", &[]),
            deployments: vec![crate::web::public::deployments::deployment()],
            authority,
        }
    }
}

/// What stands around it.
pub fn chrome(page: &Page, now: DateTime<Utc>) -> Chrome {
    let path = path(&page.authority.slug);
    let mut chrome = Chrome::public(page.authority.name.clone(), "authorities").at(path.clone()).as_of(now);
    chrome.feeds.push(Feed {
        kind: "text/calendar",
        title: format!("Dates of requests to {}", page.authority.name),
        href: format!("{path}.ics"),
    });
    chrome
}

#[get("/authorities/<slug>?<page>")]
async fn get(
    slug: String,
    page: Option<i64>,
    address: Address,
    site: &State<Site>,
) -> Result<Rendered, Error> {
    site.kept(address, move |site, conn| {
        if let Some(bare) = slug.strip_suffix(".ics") {
            return feeds::of_authority(site, conn, bare);
        }
        let page = load(site, conn, &slug, page.unwrap_or(1))?;
        site.pages.render(TEMPLATE, &chrome(&page, site.now()), &page)
    })
    .await
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get]
}
