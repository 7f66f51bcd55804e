//! How every date of a request came about, `/requests/<reference>/dates`: each clock, rule, day and provision.

use crate::domain::law::course::Course;
use crate::domain::law::told::Told;
use crate::domain::publication::counting::Days;
use crate::domain::publication::dates::{KeyDate, key_dates};
use crate::domain::publication::derivation::Derivation;
use crate::service::Context;
use crate::service::reckoning::{LetterText, letter_texts};
use crate::store::Conn;
use crate::store::published::request::{self, Asked, Published};
use crate::web::error::{Error, What};
use crate::web::guards::Site;
use crate::web::kept::Address;
use crate::web::page::{Chrome, Feed};
use crate::web::public::laws::verified_words;
use crate::web::public::lived::{Counted, counted_by, lived, shipped};
use crate::web::public::panel::{Row, rows};
use crate::web::public::request_sample;
use crate::web::rendered::Rendered;
use chrono::{DateTime, NaiveDate, Utc};
use rocket::http::ContentType;
use rocket::{Route, State, get, routes};
use serde::Serialize;

/// The template of this page.
pub const TEMPLATE: &str = "public/dates.html";

/// What every answer about dates ends with.
const CAUTION: &str = "Counted by published rules, each named. Not legal advice.";

/// The law and how well it is known.
#[derive(Debug, Clone, Serialize)]
struct Law {
    id: String,
    name: String,
    citation: String,
    url: String,
    language: String,
    version: String,
    verified: &'static str,
    confidence: crate::domain::law::regime::Confidence,
    zone: String,
    estimate: bool,
}

/// The days off by which was counted.
#[derive(Debug, Clone, Serialize)]
struct DaysOff {
    calendar: String,
    caveat: Option<String>,
}

/// What it shows.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    reference: String,
    title: String,
    asked: Asked,
    law: Option<Law>,
    days_off: Option<DaysOff>,
    clocks: Vec<Row>,
    derivation: Option<Derivation>,
    dates: Vec<KeyDate>,
    #[serde(skip)]
    course: Option<Course>,
    letters: Vec<LetterText>,
    caution: &'static str,
    today: NaiveDate,
}

fn load(site: &Site, conn: &mut Conn, reference: &str) -> Result<Page, Error> {
    let published = request::find(conn, reference)?.ok_or(Error::NotFound(What::Request))?;
    let ctx = &site.context;
    let law = counted_by(ctx, &ctx.calendars(conn)?, (published.rules.as_deref(), &published.facts.regime))?;
    Page::assemble(published, law, ctx, site.now())
}

impl Page {
    fn assemble(
        published: Published,
        law: Option<Counted>,
        ctx: &Context,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let mut page = Self {
            reference: published.facts.reference,
            title: published.facts.title,
            asked: published.asked,
            law: None,
            days_off: None,
            clocks: Vec::new(),
            derivation: None,
            dates: Vec::new(),
            course: None,
            letters: Vec::new(),
            caution: CAUTION,
            today: now.date_naive(),
        };
        let Some(counted) = law else { return Ok(page) };
        let law = &counted.0;
        if let Some(life) = lived(&published.events, &counted, ctx, now)? {
            page.today = life.today;
            page.days_off = Some(DaysOff {
                calendar: life.calendar.place().to_owned(),
                caveat: life.calendar.caveat().map(str::to_owned),
            });
            if let Some(course) = life.course {
                let received = life.state.received_on.unwrap_or(life.today);
                let days = Days::of(life.law, life.calendar, received);
                page.clocks = rows(&course, law, life.today);
                page.dates = key_dates(&course);
                page.derivation =
                    course.answer.as_ref().map(|answer| Derivation::of(&answer.deadline, &days));
                let told = Told { received: received.to_string(), ..Told::default() };
                page.letters = letter_texts(law, &course, (&told, life.today));
                page.course = Some(course);
            }
        }
        page.law = Some(Law {
            id: law.id.to_string(),
            name: law.law_en.clone(),
            citation: law.citation.clone(),
            url: law.url.clone(),
            language: law.languages.first().cloned().unwrap_or_else(|| "en".to_owned()),
            version: law.version.clone(),
            verified: verified_words(law.verified),
            confidence: law.confidence,
            zone: law.zone.to_string(),
            estimate: law.is_estimate(),
        });
        Ok(page)
    }

    /// The dates of a request that was answered late and in part.
    pub fn sample(ctx: &Context) -> Result<Self, Error> {
        {
            let sample = request_sample::late(ctx);
            let law = shipped(ctx, &sample)?;
            Self::assemble(sample, law, ctx, request_sample::now())
        }
    }
}

/// What stands around it.
pub fn chrome(page: &Page, now: DateTime<Utc>) -> Chrome {
    let path = format!("/requests/{}/dates", page.reference);
    let mut chrome = Chrome::public(format!("Dates of request {}", page.reference), "requests")
        .at(path.clone())
        .as_of(now)
        .summary(format!("How each date of request {} was counted.", page.reference));
    let feed = |kind, words: &str, href| Feed {
        kind,
        title: format!("Dates of request {}{words}", page.reference),
        href,
    };
    chrome.feeds.push(feed("application/json", " as JSON", format!("{path}.json")));
    chrome.feeds.push(feed("text/calendar", "", format!("/requests/{}.ics", page.reference)));
    chrome
}

/// The same for machines.
fn machine(page: &Page) -> String {
    serde_json::json!({
        "request": page.reference, "authority": page.asked, "law": page.law, "days_off": page.days_off,
        "as_of": page.today, "dates": page.dates, "clocks": page.clocks, "course": page.course,
        "letter": page.letters, "caution": page.caution,
    })
    .to_string()
}

#[get("/requests/<reference>/dates")]
async fn get(reference: String, address: Address, site: &State<Site>) -> Result<Rendered, Error> {
    site.kept(address, move |site, conn| {
        let page = load(site, conn, &reference)?;
        site.pages.render(TEMPLATE, &chrome(&page, site.now()), &page)
    })
    .await
}

#[get("/requests/<reference>/dates.json")]
async fn json(reference: String, address: Address, site: &State<Site>) -> Result<Rendered, Error> {
    site.kept(address, move |site, conn| {
        Ok(Rendered::public(ContentType::JSON, machine(&load(site, conn, &reference)?)))
    })
    .await
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get, json]
}
