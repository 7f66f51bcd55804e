//! The access laws we count by, `/laws`.

use crate::domain::law::regime::{Regime, Verified};
use crate::domain::law::rules::{ExtensionMode, SilenceEffect};
use crate::domain::publication::statistics::Case;
use crate::service::Context;
use crate::store::published::figures;
use crate::web::error::Error;
use crate::web::filters::country;
use crate::web::guards::Site;
use crate::web::kept::Address;
use crate::web::page::{Chrome, Feed};
use crate::web::public::law_json;
use crate::web::rendered::Rendered;
use chrono::{DateTime, NaiveDate, Utc};
use rocket::http::ContentType;
use rocket::{Route, State, get, routes};
use serde::Serialize;

/// The template of this page.
pub const TEMPLATE: &str = "public/laws.html";

/// A law in the list.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    id: String,
    country: String,
    name: String,
    local: String,
    language: String,
    limit: String,
    cite: String,
    extension: String,
    silence: &'static str,
    verified: &'static str,
    sure: bool,
    requests: usize,
    overdue: usize,
}

/// What it shows.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    laws: Vec<Row>,
    in_statute: usize,
}

/// How the main figure was checked.
pub fn verified_words(verified: Verified) -> &'static str {
    match verified {
        Verified::Primary => "Read in the statute",
        Verified::PartialPrimary => "Partly read in the statute",
        Verified::Secondary => "From an official or expert page",
        Verified::Memory => "Not checked yet",
    }
}

impl Row {
    fn of(law: &Regime, cases: &[Case], today: NaiveDate) -> Self {
        let here: Vec<&Case> = cases.iter().filter(|case| case.regime == law.id.as_str()).collect();
        let late = |case: &&&Case| case.open && case.due_on.is_some_and(|due| due < today);
        Self {
            id: law.id.to_string(),
            country: country(&law.country).to_owned(),
            name: law.law_en.clone(),
            local: law.law_local.clone(),
            language: law.languages.first().cloned().unwrap_or_else(|| "en".to_owned()),
            limit: law.limit_in_words(),
            cite: law.response.src.clone(),
            extension: match law.extension.term() {
                Some((term, ExtensionMode::Total)) => format!("{term} in all"),
                Some((term, ExtensionMode::Additional)) => format!("+ {term}"),
                Some((term, ExtensionMode::FromEndOfFirst)) => {
                    format!("+ {term} from the end of the first term")
                }
                None if law.extension.allowed => "no figure".to_owned(),
                None => "none".to_owned(),
            },
            silence: match law.silence.effect {
                SilenceEffect::Refusal => "counts as a refusal",
                SilenceEffect::None => "has no effect",
            },
            verified: verified_words(law.verified),
            sure: !law.is_estimate(),
            requests: here.len(),
            overdue: here.iter().filter(late).count(),
        }
    }
}

impl Page {
    fn new(ctx: &Context, cases: &[Case], today: NaiveDate) -> Self {
        let mut rows: Vec<Row> = ctx.library.laws.regimes().map(|law| Row::of(law, cases, today)).collect();
        rows.sort_by(|a, b| (&a.country, &a.id).cmp(&(&b.country, &b.id)));
        Self { in_statute: rows.iter().filter(|row| row.sure).count(), laws: rows }
    }

    /// A page as it may look: some of the laws.
    pub fn sample(ctx: &Context) -> Self {
        let mut page = Self::new(ctx, &[], NaiveDate::default());
        page.laws.retain(|row| {
            ["at-ifg", "be-vlg", "dk-offl", "fr-crpa", "gb-foia", "se-tf"].contains(&row.id.as_str())
        });
        page.in_statute = page.laws.iter().filter(|row| row.sure).count();
        page
    }
}

/// What stands around it.
pub fn chrome(now: DateTime<Utc>) -> Chrome {
    let mut chrome = Chrome::public("Laws and how their dates are counted", "laws").at("/laws").as_of(now);
    let title = "All rules as JSON".to_owned();
    chrome.feeds.push(Feed { kind: "application/json", title, href: "/laws.json".to_owned() });
    chrome
}

#[get("/laws.json")]
fn json(site: &State<Site>) -> Result<Rendered, Error> {
    let laws = &site.context.library.laws;
    let rules = laws.regimes().map(|law| law_json::rules(law, laws.calendar_of(law)));
    let rules = rules.collect::<Result<Vec<_>, _>>().map_err(crate::store::Error::from)?;
    let text = serde_json::json!({ "laws": rules, "caution": "Not legal advice." }).to_string();
    Ok(Rendered::public(ContentType::JSON, text).packed())
}

#[get("/laws")]
async fn get(address: Address, site: &State<Site>) -> Result<Rendered, Error> {
    site.kept(address, |site, conn| {
        let cases = figures::cases(conn)?;
        let page = Page::new(&site.context, &cases, site.today());
        site.pages.render(TEMPLATE, &chrome(site.now()), &page)
    })
    .await
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get, json]
}
