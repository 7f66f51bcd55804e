//! One request, `/requests/<reference>`: where it stands, its clocks, what happened, answers, letters.

use crate::domain::law::calendar::Calendar;
use crate::domain::law::deadline::{Clock, Deadline, deadline};
use crate::domain::law::regime::Regime;
use crate::domain::publication::clocks::{self, Clocks, Course};
use crate::domain::publication::counting::Days;
use crate::domain::publication::derivation::Derivation;
use crate::domain::publication::timeline::{self, Entry, Story, Tag};
use crate::domain::questions::Disposition;
use crate::domain::request::event::Ground;
use crate::domain::request::state::State as Folded;
use crate::domain::request::{Position, Standing, fold};
use crate::service::Context;
use crate::store;
use crate::store::Conn;
use crate::store::published::request::{self, Asked, Campaign, Facts, Published};
use crate::web::error::{Error, What};
use crate::web::guards::Site;
use crate::web::kept::Address;
use crate::web::page::{Chrome, Feed};
use crate::web::public::remedy::Remedy;
use crate::web::public::request_sample;
use crate::web::public::thread::{Letter, thread};
use crate::web::rendered::Rendered;
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use rocket::http::ContentType;
use rocket::{Route, State, get, routes};
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The template of this page.
pub const TEMPLATE: &str = "public/request.html";

/// The law in a few words.
#[derive(Debug, Clone, Serialize)]
pub struct Law {
    id: String,
    name: String,
    name_en: String,
    language: String,
    limit: String,
    cite: String,
    version: String,
    estimate: bool,
    verified: &'static str,
}

/// A question with what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct Asking {
    position: i64,
    key: String,
    body: String,
    answer: Option<Tag>,
    passage: Option<String>,
    how_sure: Option<&'static str>,
    ground: Option<String>,
}

/// What it shows.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    facts: Facts,
    asked: Asked,
    group: Option<String>,
    campaign: Option<Campaign>,
    law: Option<Law>,
    standing: Standing,
    remedy: Option<Remedy>,
    clocks: Option<Clocks>,
    derivation: Option<Derivation>,
    entries: Vec<Entry>,
    questions: Vec<Asking>,
    any_answer: bool,
    letters: Vec<Letter>,
    being_read: Vec<NaiveDateTime>,
    files_host: String,
    today: NaiveDate,
}

fn load(site: &Site, conn: &mut Conn, reference: &str) -> Result<Page, Error> {
    let published = request::find(conn, reference)?.ok_or(Error::NotFound(What::Request))?;
    let regime = regime_of(&published, &site.context)?;
    let calendar = regime.as_ref().map(|law| site.context.calendar_of(conn, law)).transpose()?;
    let mut page = Page::assemble(published, &site.context, (regime, calendar), site.now())?;
    let config = &site.context.config;
    if config.files_url != config.public_url {
        page.files_host.clone_from(&config.files_url);
    }
    Ok(page)
}

/// The law as it stood when the request was filed; today's where no copy was kept.
fn regime_of(published: &Published, ctx: &Context) -> Result<Option<Regime>, Error> {
    if let Some(rules) = &published.rules {
        return serde_json::from_str(rules).map(Some).map_err(|e| store::Error::from(e).into());
    }
    Ok(published.facts.regime.parse().ok().and_then(|id| ctx.library.laws.regime(&id)).cloned())
}

impl Page {
    fn assemble(
        published: Published,
        ctx: &Context,
        (regime, calendar): (Option<Regime>, Option<Arc<Calendar>>),
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let state =
            fold(published.events.iter().map(|happened| &happened.event)).map_err(store::Error::from)?;
        let zone = regime.as_ref().map_or(chrono_tz::Tz::UTC, |regime| regime.zone);
        let today = now.with_timezone(&zone).date_naive();
        let told = match (&regime, &calendar, &state) {
            (Some(regime), Some(calendar), Some(state)) => told(&published, (regime, calendar), state, today),
            _ => Told::default(),
        };
        let facts = &published.facts;
        let position = Position { status: facts.status, outcome: facts.outcome, due_on: facts.due_on };
        let questions = questions(&published, ctx);
        let standing = position.standing(today);
        Ok(Self {
            remedy: regime.as_ref().and_then(|law| Remedy::of(law, &standing, facts.outcome)),
            standing,
            law: regime.as_ref().map(Law::of),
            clocks: told.clocks,
            derivation: told.derivation,
            entries: told.entries,
            any_answer: questions.iter().any(|question| question.answer.is_some()),
            questions,
            letters: thread(&published),
            being_read: published.being_read,
            facts: published.facts,
            asked: published.asked,
            group: published.group,
            campaign: published.campaign,
            files_host: String::new(),
            today,
        })
    }
}

impl Page {
    /// A request that was answered late and in part.
    pub fn sample(ctx: &Context) -> Result<Self, Error> {
        Self::shipped(request_sample::late(ctx), ctx)
    }

    /// A request that waits.
    pub fn waiting(ctx: &Context) -> Result<Self, Error> {
        Self::shipped(request_sample::waiting(ctx), ctx)
    }

    /// A sample, by the days off that come with the program.
    fn shipped(sample: Published, ctx: &Context) -> Result<Self, Error> {
        let regime = regime_of(&sample, ctx)?;
        let calendar = regime.as_ref().map(|law| ctx.library.laws.shared_calendar_of(law));
        Self::assemble(sample, ctx, (regime, calendar), request_sample::now())
    }
}

/// The story with its drawing and its derivation.
#[derive(Debug, Default)]
struct Told {
    entries: Vec<Entry>,
    clocks: Option<Clocks>,
    derivation: Option<Derivation>,
}

fn told(
    published: &Published,
    (regime, calendar): (&Regime, &Calendar),
    state: &Folded,
    today: NaiveDate,
) -> Told {
    let received = state.received_on.unwrap_or(today);
    let days = Days::of(regime, calendar, received);
    let counted: Option<Deadline> = state.received_on.and_then(|received| {
        deadline(regime, calendar, &Clock { received, registered: state.registered_on }).ok()
    });
    let shown: BTreeSet<i64> = published.replies.iter().map(|reply| reply.id).collect();
    let story = Story {
        events: &published.events,
        state,
        regime,
        days,
        deadline: counted.as_ref(),
        published: &shown,
        today,
    };
    let mut entries = timeline::entries(&story);
    let course = state.first_due_on.zip(state.due_on).zip(state.received_on);
    let clocks = course.map(|((first_due, due), received)| {
        let (answered, open) = (state.answered_on, state.status.is_open());
        clocks::draw(&Course { received, first_due, due, answered, open, today, days }, &entries)
    });
    for entry in &mut entries {
        entry.numbered = clocks.as_ref().is_none_or(|drawn| drawn.shows(entry.number));
    }
    Told { derivation: counted.as_ref().map(|deadline| Derivation::of(deadline, &days)), clocks, entries }
}

impl Law {
    fn of(regime: &Regime) -> Self {
        Self {
            id: regime.id.to_string(),
            name: regime.law_local.clone(),
            name_en: regime.law_en.clone(),
            language: regime.languages.first().cloned().unwrap_or_else(|| "en".to_owned()),
            limit: regime.limit_in_words(),
            cite: regime.response.src.clone(),
            version: regime.version.clone(),
            estimate: regime.is_estimate(),
            verified: crate::web::public::laws::verified_words(regime.verified),
        }
    }
}

fn questions(published: &Published, ctx: &Context) -> Vec<Asking> {
    published
        .questions
        .iter()
        .map(|question| {
            let answer = published.answers.iter().find(|answer| answer.key == question.key);
            let grounds: Vec<Ground> =
                answer.and_then(|answer| serde_json::from_str(&answer.grounds).ok()).unwrap_or_default();
            let cites: Vec<&str> = grounds.iter().map(|ground| ground.cite.as_str()).collect();
            Asking {
                position: question.position,
                key: question.key.clone(),
                body: question.body.clone(),
                answer: answer.map(|answer| disposed(&answer.disposition, ctx)),
                passage: answer.and_then(|answer| answer.passage.clone()),
                how_sure: answer.map(|answer| match (answer.checked, answer.readers) {
                    (true, _) => "checked by a second person",
                    (false, 0 | 1) => "coded by one person, not checked",
                    (false, _) => "coded alike by several people, not checked",
                }),
                ground: (!cites.is_empty()).then(|| cites.join("; ")),
            }
        })
        .collect()
}

fn disposed(word: &str, ctx: &Context) -> Tag {
    let Ok(disposition) = word.parse::<Disposition>() else {
        return Tag { glyph: "off", words: word.replace('_', " ") };
    };
    let glyph = match disposition {
        Disposition::Disclosed | Disposition::AlreadyPublic => "given",
        Disposition::DisclosedPartly => "part",
        Disposition::NotHeld => "notheld",
        Disposition::Refused | Disposition::NeitherConfirmNorDeny => "refused",
        Disposition::NoAnswer => "silent",
        Disposition::Transferred
        | Disposition::FeeAsked
        | Disposition::ClarificationAsked
        | Disposition::Pending => "wait",
        Disposition::Withdrawn | Disposition::NotApplicable => "off",
    };
    let rules = &ctx.library.catalogue.dispositions;
    let label = rules
        .iter()
        .find(|rule| rule.key == disposition)
        .map_or_else(|| word.replace('_', " "), |rule| rule.label.clone());
    Tag { glyph, words: label }
}

/// What stands around it.
pub fn chrome(page: &Page, now: DateTime<Utc>) -> Chrome {
    let path = format!("/requests/{}", page.facts.reference);
    let mut chrome = Chrome::public(format!("{}: {}", page.asked.name, page.facts.title), "requests")
        .at(path.clone())
        .as_of(now)
        .summary(format!(
            "Request {} to {}: {}.",
            page.facts.reference, page.asked.name, page.standing.words
        ));
    chrome.feeds.push(Feed {
        kind: "application/json",
        title: format!("Request {} as JSON", page.facts.reference),
        href: format!("{path}.json"),
    });
    chrome
}

/// The same for machines.
fn machine(page: &Page) -> String {
    let letters: Vec<serde_json::Value> = page
        .letters
        .iter()
        .map(|letter| {
            let whole = |pieces: &[crate::domain::publication::letter_text::Piece]| -> String {
                pieces.iter().map(|p| if p.bar { "█".repeat(p.text.len()) } else { p.text.clone() }).collect()
            };
            serde_json::json!({
                "from": if letter.ours { "requester" } else { "authority" }, "what": letter.name, "at": letter.at.and_utc(),
                "language": letter.language, "subject": whole(&letter.subject), "text": whole(&letter.text),
                "files": letter.files, "files_not_public": letter.withheld,
            })
        })
        .collect();
    serde_json::json!({
        "request": page.facts, "authority": page.asked, "campaign": page.campaign,
        "standing": page.standing, "events": page.entries, "questions": page.questions, "letters": letters,
        "replies_being_read": page.being_read.len(), "as_of": page.today,
    })
    .to_string()
}

#[get("/requests/<reference>")]
async fn get(reference: String, address: Address, site: &State<Site>) -> Result<Rendered, Error> {
    site.kept(address, move |site, conn| {
        let bare = reference.strip_suffix(".json");
        let page = load(site, conn, bare.unwrap_or(&reference))?;
        if bare.is_some() {
            return Ok(Rendered::public(ContentType::JSON, machine(&page)));
        }
        site.pages.render(TEMPLATE, &chrome(&page, site.now()), &page)
    })
    .await
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get]
}
