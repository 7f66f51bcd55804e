//! One access law, `/laws/<regime>`: its limits in plain words, each with its provision.

use crate::domain::law::calendar::{Calendar, Holiday};
use crate::domain::law::regime::{Gives, Regime};
use crate::domain::law::remedy::Exemption;
use crate::service::Context;
use crate::web::error::{Error, What};
use crate::web::filters::country;
use crate::web::guards::Site;
use crate::web::kept::Address;
use crate::web::page::{Chrome, Feed};
use crate::web::public::law_json;
pub use crate::web::public::law_words::step_name;
use crate::web::public::law_words::{Section, sections};
use crate::web::public::laws::verified_words;
use crate::web::rendered::Rendered;
use chrono::{DateTime, NaiveDate, Utc};
use rocket::http::ContentType;
use rocket::{Route, State, get, routes};
use serde::Serialize;

/// The template of this page.
pub const TEMPLATE: &str = "public/law.html";

/// How many days off are shown.
const DAYS_OFF: usize = 5;

/// What it shows.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    id: String,
    name: String,
    local: String,
    language: String,
    citation: String,
    country: String,
    url: String,
    gives: &'static str,
    limit: String,
    limit_cite: String,
    verified: &'static str,
    sure: bool,
    for_readers: Option<String>,
    status: Option<String>,
    since: Option<chrono::NaiveDate>,
    sections: Vec<Section>,
    exemptions: Vec<Exemption>,
    version: String,
    days_off: DaysOff,
}

/// By which days off it counts.
#[derive(Debug, Clone, Serialize)]
pub struct DaysOff {
    place: String,
    caveat: Option<String>,
    zone: String,
    until: NaiveDate,
    next: Vec<Holiday>,
}

impl DaysOff {
    /// The next few from a day on.
    pub fn of(calendar: &Calendar, today: NaiveDate) -> Self {
        let ahead = calendar.holidays().iter().filter(|holiday| today <= holiday.on);
        Self {
            place: calendar.place().to_owned(),
            caveat: calendar.caveat().map(str::to_owned),
            zone: calendar.zone().to_string(),
            until: calendar.span().1,
            next: ahead.take(DAYS_OFF).cloned().collect(),
        }
    }
}

impl Page {
    fn of((law, calendar): (&Regime, &Calendar), now: DateTime<Utc>) -> Self {
        Self {
            id: law.id.to_string(),
            name: law.law_en.clone(),
            local: law.law_local.clone(),
            language: law.languages.first().cloned().unwrap_or_else(|| "en".to_owned()),
            citation: law.citation.clone(),
            country: country(&law.country).to_owned(),
            url: law.url.clone(),
            gives: match law.gives {
                Gives::Answers => "It gives a right to information: questions have to be answered.",
                Gives::Documents => {
                    "It gives a right to documents that exist: a letter has to ask for these, not put questions."
                }
                Gives::Nothing => {
                    "It gives no right to information; what a body answers, it answers of its own will."
                }
            },
            limit: law.limit_in_words(),
            limit_cite: law.response.src.clone(),
            verified: verified_words(law.verified),
            sure: !law.is_estimate(),
            for_readers: law.for_readers.clone(),
            status: law.status.clone(),
            since: law.in_force_since,
            sections: sections(law),
            exemptions: law.exemptions.clone(),
            version: law.version.clone(),
            days_off: DaysOff::of(calendar, law.day_of(now)),
        }
    }

    /// A page as it may look.
    pub fn sample(ctx: &Context) -> Option<Self> {
        let law = ctx.library.laws.regime(&"gb-foia".parse().ok()?)?;
        let calendar = ctx.library.laws.calendar_of(law);
        Some(Self::of((law, calendar), crate::web::public::request_sample::now()))
    }
}

/// What stands around it.
pub fn chrome(page: &Page, now: DateTime<Utc>) -> Chrome {
    let path = rocket::uri!(get(regime = page.id.as_str())).to_string();
    let mut chrome =
        Chrome::public(format!("{}, {}", page.citation, page.country), "laws").at(path.clone()).as_of(now);
    chrome.feeds.push(Feed {
        kind: "application/json",
        title: format!("{} as JSON", page.citation),
        href: format!("{path}.json"),
    });
    chrome
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn listed(things: &[&str]) -> String {
    match things {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[get("/laws/<regime>")]
async fn get(regime: String, address: Address, site: &State<Site>) -> Result<Rendered, Error> {
    site.kept(address, move |site, conn| {
        let bare = regime.strip_suffix(".json");
        let id = bare.unwrap_or(&regime).parse().map_err(|_| Error::NotFound(What::Law))?;
        let law = site.context.library.laws.regime(&id).ok_or(Error::NotFound(What::Law))?;
        let calendar = site.context.calendar_of(conn, law)?;
        if bare.is_some() {
            let rules = law_json::rules(law, &calendar).map_err(crate::store::Error::from)?;
            return Ok(Rendered::public(ContentType::JSON, rules.to_string()));
        }
        let page = Page::of((law, &calendar), site.now());
        site.pages.render(TEMPLATE, &chrome(&page, site.now()), &page)
    })
    .await
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get]
}
