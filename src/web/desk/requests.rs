//! All requests, also those that are not public yet: `/desk/requests`.

use crate::domain::request::state::{Outcome, Status};
use crate::service::Context;
use crate::store::Conn;
use crate::store::desk::{PAGE, authorities, requests};
use crate::web::desk::guards::{Said, SignedIn};
use crate::web::desk::words::{self, Choice, Lapse, Pager, Tag};
use crate::web::error::Error;
use crate::web::filters;
use crate::web::guards::Site;
use crate::web::rendered::Rendered;
use chrono::NaiveDate;
use rocket::{FromForm, Route, State, get, routes};
use serde::Serialize;

/// The template of this file.
pub const TEMPLATE: &str = "desk/requests.html";

/// The list as it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    filter: Filter,
    statuses: Vec<Choice>,
    countries: Vec<Choice>,
    rows: Vec<Row>,
    total: i64,
    filtered: bool,
    pager: Pager,
}

/// What the list is narrowed to.
#[derive(Debug, Clone, Default, Serialize, FromForm)]
pub struct Filter {
    #[field(default = String::new())]
    q: String,
    #[field(default = String::new())]
    status: String,
    #[field(default = String::new())]
    country: String,
    #[field(default = String::new())]
    mine: String,
    #[field(default = 0)]
    page: i64,
}

#[derive(Debug, Clone, Serialize)]
struct Row {
    reference: String,
    title: String,
    authority: String,
    authority_language: String,
    country: String,
    standing: Tag,
    lapse: Lapse,
    filed_on: chrono::NaiveDate,
    law: String,
}

const OVERDUE: &str = "overdue";

fn load(ctx: &Context, conn: &mut Conn, (filter, me): (&Filter, i64)) -> Result<Page, Error> {
    let page = filter.page.clamp(0, 100_000);
    let wanted = requests::Filter {
        words: filter.q.chars().take(200).collect(),
        status: filter.status.parse().ok(),
        overdue_on: (filter.status == OVERDUE).then(|| ctx.clock.today(chrono_tz::UTC)),
        country: Some(filter.country.clone()).filter(|c| !c.is_empty()),
        person: (!filter.mine.is_empty()).then_some(me),
    };
    let total = requests::count(conn, &wanted)?;
    let entries = requests::list(conn, &wanted, page * PAGE)?;
    let countries = authorities::countries(conn)?;
    let query = [
        ("q", filter.q.as_str()),
        ("status", filter.status.as_str()),
        ("country", filter.country.as_str()),
        ("mine", filter.mine.as_str()),
    ];
    let filtered = query.iter().any(|(_, value)| !value.is_empty());
    let pager = words::pager("/desk/requests", &query, (page, entries.len(), total));
    Ok(Page {
        filter: filter.clone(),
        statuses: statuses(),
        countries: countries.iter().map(|c| Choice::new(c.clone(), filters::country(c))).collect(),
        rows: entries.into_iter().map(|entry| row(ctx, entry)).collect(),
        total,
        filtered,
        pager,
    })
}

fn statuses() -> Vec<Choice> {
    let words = |status: Status| match status {
        Status::Filed => "Filed, not yet sent",
        Status::TakenBack => "Taken back",
        Status::Sent => "Delivered",
        Status::Acknowledged => "Acknowledged",
        Status::Extended => "Extension claimed",
        Status::ClarificationAsked => "Clarification asked",
        Status::FeeAsked => "Fee asked",
        Status::Transferred => "Forwarded",
        Status::Undelivered => "Could not be delivered",
        Status::Unknown => "Sent, receipt unknown",
        Status::Answered => "Answered",
        Status::Withdrawn => "Withdrawn",
    };
    [Choice::new(OVERDUE, "Overdue")]
        .into_iter()
        .chain(Status::ALL.iter().map(|status| Choice::new(status.as_str(), words(*status))))
        .collect()
}

/// What lapses: the answer's day, and after anything but full disclosure a remedy's, which only the reply tells.
fn lapse(entry: &requests::Entry, today: NaiveDate) -> Lapse {
    if entry.outcome.is_none_or(|outcome| outcome == Outcome::Disclosed) {
        return words::lapse(entry.status, entry.due_on, today);
    }
    let words = "Answered; check the remedy’s date in the reply".to_owned();
    Lapse { glyph: None, words, sub: None }
}

fn row(ctx: &Context, entry: requests::Entry) -> Row {
    let today = words::today(ctx, &entry.regime);
    Row {
        standing: words::standing(entry.status, entry.outcome, (entry.due_on, today)),
        lapse: lapse(&entry, today),
        law: words::law(ctx, &entry.regime),
        reference: entry.reference,
        title: entry.title,
        authority: entry.authority,
        authority_language: entry.authority_language,
        country: entry.country,
        filed_on: entry.filed_at.date(),
    }
}

#[get("/desk/requests?<filter..>")]
async fn get(site: &State<Site>, me: SignedIn, said: Said, filter: Filter) -> Result<Rendered, Error> {
    let chrome = me.chrome(said, "Requests", "requests");
    let person = me.person.id;
    crate::web::desk::show(site, TEMPLATE, chrome, move |ctx, conn| load(ctx, conn, (&filter, person))).await
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get]
}
