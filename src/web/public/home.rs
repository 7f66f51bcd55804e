//! The start page, `/`: what this is, what the figures say, what came in lately, who is overdue longest.

use crate::domain::publication::statistics::{self, Dots, Figures};
use crate::store::Conn;
use crate::store::published::figures::{self, Extent};
use crate::store::published::requests::{self, Filter, Order};
use crate::web::error::Error;
use crate::web::guards::Site;
use crate::web::kept::Address;
use crate::web::page::Chrome;
use crate::web::public::lines::{self, Line, lines};
use crate::web::rendered::Rendered;
use chrono::NaiveDate;
use rocket::{Route, State, get, routes};
use serde::Serialize;
use std::collections::BTreeMap;

/// The template of this page.
pub const TEMPLATE: &str = "public/home.html";

/// What it shows.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    today: NaiveDate,
    from: NaiveDate,
    extent: Extent,
    figures: Figures,
    /// Only with five or more: fewer dots would point at single bodies and show no pattern.
    dots: Option<Dots>,
    answered: Vec<Line>,
    overdue: Vec<Line>,
    limits: BTreeMap<String, String>,
    newest: Vec<Line>,
}

fn load(site: &Site, conn: &mut Conn) -> Result<Page, Error> {
    let today = site.today();
    let cases = figures::cases(conn)?;
    let figures = statistics::figures(&cases, today);
    let overdue_only = Filter { overdue: true, ..Filter::default() };
    let mut few = |filter: &Filter, order, n| requests::first(conn, filter, (order, n), today);
    let answered = lines(few(&Filter::default(), Order::LatestAnswer, 6)?, today);
    let overdue = lines(few(&overdue_only, Order::LongestOverdue, 5)?, today);
    let newest = lines(few(&Filter::default(), Order::Newest, 5)?, today);
    let laws = &site.context.library.laws;
    let limits = laws
        .regimes()
        .map(|law| (law.id.to_string(), format!("Limit {}, {}", law.limit_in_words(), law.response.src)))
        .filter(|(id, _)| overdue.iter().any(|line| line.row.regime == *id))
        .collect();
    Ok(Page::new((today, figures::extent(conn)?, figures), answered, overdue, (limits, newest)))
}

impl Page {
    fn new(
        (today, extent, figures): (NaiveDate, Extent, Figures),
        answered: Vec<Line>,
        overdue: Vec<Line>,
        (limits, newest): (BTreeMap<String, String>, Vec<Line>),
    ) -> Self {
        let enough = figures.answers.len() >= statistics::FEWEST;
        Self {
            today,
            from: today - chrono::TimeDelta::days(statistics::SPAN),
            dots: enough.then(|| statistics::dots(&figures.answers)),
            extent,
            figures,
            answered,
            overdue,
            limits,
            newest,
        }
    }

    /// A page as it may look.
    pub fn sample() -> Self {
        let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap_or_default();
        let case = |due: i64, after: Option<i64>| statistics::Case {
            country: "DE".to_owned(),
            regime: "de-ifg".to_owned(),
            received_on: today - chrono::TimeDelta::days(due + 30),
            due_on: Some(today - chrono::TimeDelta::days(due)),
            answered_on: after.map(|days| today - chrono::TimeDelta::days(due - days)),
            open: after.is_none(),
        };
        let early = (0..46_i64).map(|n| case(40 + n % 30, Some(-((n * n) % 23))));
        let late = (0..28_i64).map(|n| case(50 + n, Some(1 + (n * n) % 37)));
        let silent = (1..14_i64).map(|n| case(n * 5, None));
        let cases: Vec<statistics::Case> = early.chain(late).chain(silent).collect();
        let figures = statistics::figures(&cases, today);
        let extent = Extent {
            requests: 1318,
            authorities: 402,
            countries: 37,
            deployments: 30,
            since: NaiveDate::from_ymd_opt(2025, 3, 1),
        };
        let all = lines::sample(today);
        let overdue = all.iter().filter(|line| line.standing.days_over > 0).cloned().collect();
        let answered = all.iter().filter(|line| line.row.answered_on.is_some()).cloned().collect();
        let limits = [("de-ifg".to_owned(), "Limit 1 month, § 7 (5) IFG".to_owned())].into();
        Self::new((today, extent, figures), answered, overdue, (limits, all))
    }
}

/// What stands around it.
pub fn chrome(now: chrono::DateTime<chrono::Utc>) -> Chrome {
    Chrome::public("Who watches faces in public", "home").at("/").as_of(now).summary(
        "Freedom-of-information requests about face recognition across Europe: every answer, every refusal, every silence.",
    )
}

#[get("/")]
async fn get(address: Address, site: &State<Site>) -> Result<Rendered, Error> {
    site.kept(address, |site, conn| {
        let page = load(site, conn)?;
        site.pages.render(TEMPLATE, &chrome(site.now()), &page)
    })
    .await
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get]
}
