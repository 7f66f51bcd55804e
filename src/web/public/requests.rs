//! All requests, `/requests`, narrowed by a form.

use crate::domain::request::state::{Outcome, Status};
use crate::store::Conn;
use crate::store::published::hidden;
use crate::store::published::requests::{self, Filter, Order, open_statuses};
use crate::web::error::Error;
use crate::web::guards::Site;
use crate::web::kept::Address;
use crate::web::page::Chrome;
use crate::web::public::lines::{self, Line, lines};
use crate::web::public::{Choice, Pager, no_choice, said};
use crate::web::rendered::Rendered;
use chrono::{DateTime, NaiveDate, Utc};
use rocket::form::FromForm;
use rocket::{Route, State, get, routes};
use serde::Serialize;

/// The template of this page.
pub const TEMPLATE: &str = "public/requests.html";

/// The form as sent.
#[derive(Debug, Clone, Default, FromForm)]
pub struct Query {
    q: Option<String>,
    authority: Option<String>,
    country: Option<String>,
    status: Option<String>,
    outcome: Option<String>,
    overdue: Option<String>,
    campaign: Option<String>,
    page: Option<i64>,
}

/// The form as shown again.
#[derive(Debug, Clone, Default, Serialize)]
struct Form {
    q: String,
    authority: String,
    country: String,
    status: String,
    outcome: String,
    campaign: String,
    countries: Vec<Choice>,
    statuses: Vec<Choice>,
    outcomes: Vec<Choice>,
    narrowed: bool,
}

/// What it shows.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    today: NaiveDate,
    form: Form,
    lines: Vec<Line>,
    pager: Pager,
}

impl Query {
    fn filter(&self) -> Result<Filter, Error> {
        let (mut status, mut overdue) = (Vec::new(), false);
        match said(self.status.as_deref()).as_deref() {
            None => {}
            Some("open") => status = open_statuses(),
            Some("overdue") => overdue = true,
            Some(word) => status.push(status_of(word)?),
        }
        overdue |= said(self.overdue.as_deref())
            .is_some_and(|flag| matches!(flag.as_str(), "1" | "true" | "yes" | "on"));
        let outcome = said(self.outcome.as_deref()).map(|word| outcome_of(&word)).transpose()?;
        Ok(Filter {
            authority: said(self.authority.as_deref()),
            country: said(self.country.as_deref()),
            status,
            outcome,
            overdue,
            campaign: said(self.campaign.as_deref()),
            regime: None,
            search: said(self.q.as_deref()).unwrap_or_default(),
        })
    }

    fn form(&self, countries: &[String]) -> Form {
        let kept = |field: &Option<String>| said(field.as_deref()).unwrap_or_default();
        let overdue = said(self.overdue.as_deref()).is_some();
        let status = if overdue { "overdue".to_owned() } else { kept(&self.status) };
        let form = Form {
            q: kept(&self.q),
            authority: kept(&self.authority),
            country: kept(&self.country),
            outcome: kept(&self.outcome),
            campaign: kept(&self.campaign),
            status,
            countries: Choice::countries(countries),
            statuses: statuses(),
            outcomes: outcomes(),
            narrowed: false,
        };
        let narrowed = [&form.q, &form.authority, &form.country, &form.status, &form.outcome, &form.campaign]
            .iter()
            .any(|field| !field.is_empty());
        Form { narrowed, ..form }
    }
}

/// A status that requests of this list can have.
fn status_of(word: &str) -> Result<Status, Error> {
    let public = word.parse::<Status>().ok().filter(|status| !hidden().contains(status));
    public.ok_or_else(|| no_choice(("status", word), &statuses()))
}

fn outcome_of(word: &str) -> Result<Outcome, Error> {
    word.parse::<Outcome>().map_err(|_| no_choice(("outcome", word), &outcomes()))
}

fn statuses() -> Vec<Choice> {
    vec![
        Choice::new("open", "Waiting for an answer"),
        Choice::new("overdue", "Overdue"),
        Choice::new("answered", "Answered"),
        Choice::new("undelivered", "Could not be delivered"),
        Choice::new("withdrawn", "Withdrawn"),
    ]
}

fn outcomes() -> Vec<Choice> {
    vec![
        Choice::new("disclosed", "Disclosed"),
        Choice::new("partly_disclosed", "Partly disclosed"),
        Choice::new("refused", "Refused"),
        Choice::new("not_held", "Not held"),
        Choice::new("neither_confirmed_nor_denied", "Neither confirmed nor denied"),
    ]
}

fn load(site: &Site, conn: &mut Conn, query: &Query) -> Result<Page, Error> {
    let today = site.today();
    let filter = query.filter()?;
    let order = if filter.overdue { Order::LongestOverdue } else { Order::Newest };
    let slice = requests::list(conn, &filter, (order, query.page.unwrap_or(1)), today)?;
    let form = query.form(&requests::countries(conn)?);
    let narrowing = [
        ("q", form.q.clone()),
        ("authority", form.authority.clone()),
        ("country", form.country.clone()),
        ("status", form.status.clone()),
        ("outcome", form.outcome.clone()),
        ("campaign", form.campaign.clone()),
    ];
    let place = (slice.page, slice.rows.len(), slice.total);
    let pager = Pager::new(place, ("request", "requests"), "/requests", &narrowing);
    Ok(Page { today, form, lines: lines(slice.rows, today), pager })
}

impl Page {
    /// A page as it may look.
    pub fn sample() -> Self {
        let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap_or_default();
        let query = Query { country: Some("DE".to_owned()), ..Default::default() };
        Self {
            today,
            form: query.form(&["DE".to_owned(), "GR".to_owned(), "FR".to_owned()]),
            lines: lines::sample(today),
            pager: Pager::new(
                (1, 50, 1204),
                ("request", "requests"),
                "/requests",
                &[("country", "DE".to_owned())],
            ),
        }
    }

    /// A page under whose filter nothing is found.
    pub fn empty() -> Self {
        let query = Query { q: Some("Atlantis".to_owned()), ..Default::default() };
        let pager = Pager::new((1, 0, 0), ("request", "requests"), "/requests", &[]);
        Self { form: query.form(&["DE".to_owned()]), lines: Vec::new(), pager, ..Self::sample() }
    }
}

/// What stands around it.
pub fn chrome(now: DateTime<Utc>) -> Chrome {
    Chrome::public("Requests", "requests").at("/requests").as_of(now)
}

#[get("/requests?<query..>")]
async fn get(query: Query, address: Address, site: &State<Site>) -> Result<Rendered, Error> {
    site.kept(address, move |site, conn| {
        let page = load(site, conn, &query)?;
        site.pages.render(TEMPLATE, &chrome(site.now()), &page)
    })
    .await
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get]
}
