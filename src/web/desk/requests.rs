//! All requests, also those that are not public yet: `/desk/requests`.

use crate::domain::law::remedy::RemedyStep;
use crate::domain::publication::clock_words::step_word;
use crate::domain::request::bucket::Bucket;
use crate::domain::request::state::{Outcome, Status};
use crate::service::Context;
use crate::store::Conn;
use crate::store::desk::{PAGE, authorities, requests};
use crate::web::desk::guards::{Said, SignedIn};
use crate::web::desk::words::{self, Choice, Lapse, Pager, Tag};
use crate::web::error::Error;
use crate::web::filters;
use crate::web::guards::Site;
use crate::web::page::Link;
use crate::web::rendered::Rendered;
use chrono::{NaiveDate, TimeDelta};
use rocket::{FromForm, Route, State, get, routes};
use serde::Serialize;

/// The template of this file.
pub const TEMPLATE: &str = "desk/requests.html";

/// The list as it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    filter: Filter,
    statuses: Vec<Choice>,
    clocks: Vec<Choice>,
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
    clock: String,
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

/// Days ahead in which a right that lapses is shown.
const SOON: TimeDelta = TimeDelta::days(14);
const SILENCE: &str = "refused_by_silence";
const RIGHT: &str = "right_lapses";

/// What a word of the filter narrows to.
fn pile(word: &str, today: NaiveDate) -> Option<requests::ClockPile> {
    match word {
        SILENCE => Some(requests::ClockPile::RefusedBySilence),
        RIGHT => Some(requests::ClockPile::RightLapses(today + SOON)),
        word => word.parse().ok().map(requests::ClockPile::Due),
    }
}

/// The piles that a volunteer should see to, each with how many are in it and where they are.
pub(crate) fn to_see_to(ctx: &Context, conn: &mut Conn) -> Result<Vec<Link>, Error> {
    let today = ctx.clock.today(chrono_tz::UTC);
    let piles = [
        (RIGHT, "right lapses within 14 days", "rights lapse within 14 days"),
        (Bucket::Today.as_str(), "answer due today", "answers due today"),
        (Bucket::Late.as_str(), "answer overdue", "answers overdue"),
        (SILENCE, "request refused by silence", "requests refused by silence"),
        (Bucket::StandsStill.as_str(), "clock stands still", "clocks stand still"),
    ];
    let mut links = Vec::new();
    for (word, one, many) in piles {
        let clock = pile(word, today).map(|pile| (pile, today));
        let count = requests::count(conn, &requests::Filter { clock, ..requests::Filter::default() })?;
        if count > 0 {
            let href = words::link("/desk/requests", &[("clock", word)]);
            links.push(Link::new(href, filters::counted(count, one, many)));
        }
    }
    Ok(links)
}

fn load(ctx: &Context, conn: &mut Conn, (filter, me): (&Filter, i64)) -> Result<Page, Error> {
    let page = filter.page.clamp(0, 100_000);
    let today = ctx.clock.today(chrono_tz::UTC);
    let wanted = requests::Filter {
        words: filter.q.chars().take(200).collect(),
        status: filter.status.parse().ok(),
        clock: pile(&filter.clock, today).map(|pile| (pile, today)),
        country: Some(filter.country.clone()).filter(|c| !c.is_empty()),
        person: (!filter.mine.is_empty()).then_some(me),
    };
    let total = requests::count(conn, &wanted)?;
    let entries = requests::list(conn, &wanted, page * PAGE)?;
    let countries = authorities::countries(conn)?;
    let query = [
        ("q", filter.q.as_str()),
        ("status", filter.status.as_str()),
        ("clock", filter.clock.as_str()),
        ("country", filter.country.as_str()),
        ("mine", filter.mine.as_str()),
    ];
    let filtered = query.iter().any(|(_, value)| !value.is_empty());
    let pager = words::pager("/desk/requests", &query, (page, entries.len(), total));
    Ok(Page {
        filter: filter.clone(),
        statuses: statuses(),
        clocks: clocks(),
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
    Status::ALL.iter().map(|status| Choice::new(status.as_str(), words(*status))).collect()
}

fn clocks() -> Vec<Choice> {
    let words = |bucket: Bucket| match bucket {
        Bucket::Late => "Overdue",
        Bucket::Today => "Due today",
        Bucket::ThisWeek => "Due within 7 days",
        Bucket::Later => "Due later",
        Bucket::StandsStill => "Stands still",
        Bucket::NoDate => "No last day",
    };
    let rest = [(RIGHT, "A right lapses within 14 days"), (SILENCE, "Refused by silence")];
    let due = Bucket::ALL.iter().map(|bucket| Choice::new(bucket.as_str(), words(*bucket)));
    due.chain(rest.map(|(word, words)| Choice::new(word, words))).collect()
}

/// What lapses: the answer's day; and where none is owed any more, or silence is a refusal, the requester's own right.
fn lapse(entry: &requests::Entry, today: NaiveDate) -> Lapse {
    let bucket = Bucket::of(entry.status, (entry.first_due_on, entry.due_on), today);
    let open = entry.right.as_ref().filter(|(_, opens, _)| opens.is_none_or(|opens| opens <= today));
    let right = open.and_then(|(step, _, last)| Some((step.parse::<RemedyStep>().ok()?, (*last)?)));
    if let Some((step, last)) = right.filter(|(_, last)| *last >= today)
        && (bucket.is_none() || entry.silence_refused_on.is_some())
    {
        let days = (last - today).num_days();
        let words = match days {
            0 => "today".to_owned(),
            1 => "tomorrow".to_owned(),
            days => format!("in {days} days"),
        };
        let sub = Some(format!("The right to a {}, {}", step_word(step), filters::short(last)));
        return Lapse { glyph: (days <= 14).then_some("soon"), words, sub };
    }
    let plain = |words: &str| Lapse { glyph: None, words: words.to_owned(), sub: None };
    match bucket {
        Some(Bucket::StandsStill) => plain("The clock stands still"),
        Some(Bucket::NoDate) if entry.status != Status::Unknown => plain("The law names no last day"),
        None if entry.first_due_on.is_some() && entry.outcome.is_some_and(|it| it != Outcome::Disclosed) => {
            plain("No right with a last day is open")
        }
        None if entry.outcome.is_some_and(|outcome| outcome != Outcome::Disclosed) => {
            plain("Answered; check the remedy’s date in the reply")
        }
        _ => words::lapse(entry.status, entry.due_on, today),
    }
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
