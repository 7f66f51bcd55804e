//! All authorities we know, `/authorities`.

use crate::data::laws::Laws;
use crate::domain::authority::{AuthorityKind, AuthorityState};
use crate::store::Conn;
use crate::store::published::authorities::{self, AuthorityRow, Filter, Listed};
use crate::web::error::Error;
use crate::web::guards::Site;
use crate::web::kept::Address;
use crate::web::page::Chrome;
use crate::web::public::{Choice, Pager, no_choice, said};
use crate::web::rendered::Rendered;
use chrono::{DateTime, Utc};
use rocket::form::FromForm;
use rocket::{Route, State, get, routes};
use serde::Serialize;

/// The template of this page.
pub const TEMPLATE: &str = "public/authorities.html";

/// The form as sent.
#[derive(Debug, Clone, Default, FromForm)]
pub struct Query {
    q: Option<String>,
    country: Option<String>,
    kind: Option<String>,
    page: Option<i64>,
}

/// What it shows.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    q: String,
    country: String,
    kind: String,
    countries: Vec<Choice>,
    kinds: Vec<Choice>,
    rows: Vec<Row>,
    pager: Pager,
}

/// A line of the list.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    #[serde(flatten)]
    listed: Listed,
    kind_words: &'static str,
    /// The law as it is cited.
    law: Option<String>,
}

impl Row {
    fn of(listed: Listed, laws: &Laws) -> Self {
        let id = listed.authority.regime.as_ref().and_then(|id| id.parse().ok());
        let law = id.and_then(|id| laws.regime(&id)).map(|law| law.citation.clone());
        Self { kind_words: listed.authority.kind.in_words(), law, listed }
    }
}

fn kinds() -> Vec<Choice> {
    AuthorityKind::ALL.iter().map(|kind| Choice::new(kind.as_str(), kind.in_words())).collect()
}

fn load(laws: &Laws, conn: &mut Conn, query: &Query) -> Result<Page, Error> {
    let kind = said(query.kind.as_deref())
        .map(|word| word.parse().map_err(|_| no_choice(("kind", &word), &kinds())))
        .transpose()?;
    let filter = Filter {
        country: said(query.country.as_deref()),
        kind,
        search: said(query.q.as_deref()).unwrap_or_default(),
    };
    let slice = authorities::list(conn, &filter, query.page.unwrap_or(1))?;
    let countries = Choice::countries(&authorities::countries(conn)?);
    let place = (slice.page, slice.rows.len(), slice.total);
    let rows = slice.rows.into_iter().map(|listed| Row::of(listed, laws)).collect();
    Ok(Page::new(&filter, countries, rows, place))
}

impl Page {
    fn new(filter: &Filter, countries: Vec<Choice>, rows: Vec<Row>, place: (i64, usize, i64)) -> Self {
        let country = filter.country.clone().unwrap_or_default();
        let kind = filter.kind.map(|kind| kind.as_str().to_owned()).unwrap_or_default();
        let narrowing = [("q", filter.search.clone()), ("country", country.clone()), ("kind", kind.clone())];
        Self {
            q: filter.search.clone(),
            country,
            kind,
            countries,
            kinds: kinds(),
            rows,
            pager: Pager::new(place, ("authority", "authorities"), "/authorities", &narrowing),
        }
    }

    /// A page as it may look.
    pub fn sample(laws: &Laws) -> Self {
        let rows = vec![
            Row::of(Listed { authority: authority(), requests: 2 }, laws),
            Row::of(
                Listed {
                    authority: AuthorityRow {
                        slug: "δημος-νεας-ακτης".to_owned(),
                        name: "Δήμος Νέας Ακτής".to_owned(),
                        name_en: Some("Municipality of Nea Akti".to_owned()),
                        language: "el".to_owned(),
                        kind: AuthorityKind::Municipality,
                        country: "GR".to_owned(),
                        place: "Νέα Ακτή".to_owned(),
                        regime: Some("gr-kdd5".to_owned()),
                        state: AuthorityState::NeedsAddress,
                        ..authority()
                    },
                    requests: 0,
                },
                laws,
            ),
        ];
        let countries = Choice::countries(&["GB".to_owned(), "GR".to_owned()]);
        Self::new(&Filter::default(), countries, rows, (1, 50, 1204))
    }
}

/// One authority for samples.
pub fn authority() -> AuthorityRow {
    AuthorityRow {
        id: 1,
        slug: "northmoor-police".to_owned(),
        name: "Northmoor Police".to_owned(),
        name_en: None,
        language: "en".to_owned(),
        kind: AuthorityKind::Police,
        country: "GB".to_owned(),
        place: "Northmoor".to_owned(),
        regime: Some("gb-foia".to_owned()),
        subdivision: None,
        regime_reason: None,
        website: Some("https://northmoor-police.example/".to_owned()),
        state: AuthorityState::Ready,
        source: "https://example.org/list-of-forces".to_owned(),
    }
}

/// What stands around it.
pub fn chrome(now: DateTime<Utc>) -> Chrome {
    Chrome::public("Authorities", "authorities").at("/authorities").as_of(now)
}

#[get("/authorities?<query..>")]
async fn get(query: Query, address: Address, site: &State<Site>) -> Result<Rendered, Error> {
    site.kept(address, move |site, conn| {
        let page = load(&site.context.library.laws, conn, &query)?;
        site.pages.render(TEMPLATE, &chrome(site.now()), &page)
    })
    .await
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get]
}
