//! One request, `/requests/<reference>`: where it stands, its clocks, what happened, answers, letters.

use crate::domain::law::course::AnswerClock;
use crate::domain::law::regime::Regime;
use crate::domain::publication::clocks::{self, Beside, Clocks, Course};
use crate::domain::publication::counting::Days;
use crate::domain::publication::dates::{KeyDate, key_dates, next_right, remedy_name};
use crate::domain::publication::derivation::Derivation;
use crate::domain::publication::grounds::Cites;
use crate::domain::publication::timeline::{self, Entry, Story, Tag};
use crate::domain::questions::Disposition;
use crate::domain::request::event::Ground;
use crate::domain::request::{Position, Standing};
use crate::service::Context;
use crate::store::Conn;
use crate::store::published::request::{self, Asked, Campaign, Facts, Published};
use crate::web::error::{Error, What};
use crate::web::guards::Site;
use crate::web::kept::Address;
use crate::web::page::{Chrome, Feed};
use crate::web::public::attachment::Gone;
use crate::web::public::feeds;
use crate::web::public::lived::{Counted, Lived, counted_by, lived, shipped};
use crate::web::public::panel::Panel;
use crate::web::public::request_sample;
use crate::web::public::thread::{Letter, thread};
use crate::web::rendered::Rendered;
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use rocket::http::ContentType;
use rocket::{Route, State, get, routes};
use serde::Serialize;
use std::collections::BTreeSet;

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
    panel: Option<Panel>,
    dates: Vec<KeyDate>,
    clocks: Option<Clocks>,
    derivation: Option<Derivation>,
    entries: Vec<Entry>,
    questions: Vec<Asking>,
    any_answer: bool,
    letters: Vec<Letter>,
    being_read: Vec<NaiveDateTime>,
    erased: Vec<Gone>,
    files_host: String,
    today: NaiveDate,
}

fn load(site: &Site, conn: &mut Conn, reference: &str) -> Result<Page, Error> {
    let published = request::find(conn, reference)?.ok_or(Error::NotFound(What::Request))?;
    let asked = (published.rules.as_deref(), published.facts.regime.as_str());
    let law = counted_by(&site.context, &site.context.calendars(conn)?, asked)?;
    let mut page = Page::assemble(published, &site.context, law.as_ref(), site.now())?;
    let config = &site.context.config;
    if config.files_url != config.public_url {
        page.files_host.clone_from(&config.files_url);
    }
    Ok(page)
}

impl Page {
    fn assemble(
        published: Published,
        ctx: &Context,
        law: Option<&Counted>,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let facts = &published.facts;
        let regime = law.map(|(regime, _)| regime);
        let zone = regime.map_or(chrono_tz::Tz::UTC, |regime| regime.zone);
        let today = now.with_timezone(&zone).date_naive();
        let life = match law {
            Some(law) => lived(&published.events, law, ctx, now)?,
            None => None,
        };
        let told = life.as_ref().map(|life| told(&published, life, ctx)).unwrap_or_default();
        let position = Position { status: facts.status, outcome: facts.outcome, due_on: facts.due_on };
        let questions = questions(&published, ctx, regime);
        let standing = position.with_stage(today, (facts.silence_refused_on, facts.stage));
        Ok(Self {
            panel: life.as_ref().and_then(Panel::of),
            dates: life.as_ref().and_then(|life| life.course.as_ref()).map(key_dates).unwrap_or_default(),
            standing,
            law: regime.map(Law::of),
            clocks: told.clocks,
            derivation: told.derivation,
            entries: told.entries,
            any_answer: questions.iter().any(|question| question.answer.is_some()),
            questions,
            letters: thread(&published),
            being_read: published.being_read,
            erased: published.erased.into_iter().map(Gone::of).collect(),
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
        let law = shipped(ctx, &sample)?;
        Self::assemble(sample, ctx, law.as_ref(), request_sample::now())
    }

    /// A request whose clock stood still until a fee was paid.
    pub fn paused(ctx: &Context) -> Result<Self, Error> {
        Self::shipped(request_sample::paused(ctx), ctx)
    }

    /// A French request that silence refused.
    pub fn silent(ctx: &Context) -> Result<Self, Error> {
        Self::shipped(request_sample::silent(ctx), ctx)
    }
}

/// The story with its drawing and its derivation.
#[derive(Debug, Default)]
struct Told {
    entries: Vec<Entry>,
    clocks: Option<Clocks>,
    derivation: Option<Derivation>,
}

fn told(published: &Published, life: &Lived<'_>, ctx: &Context) -> Told {
    let (state, today) = (&life.state, life.today);
    let answer = life.course.as_ref().and_then(|course| course.answer.as_ref());
    let days = Days::of(life.law, life.calendar, state.received_on.unwrap_or(today));
    let shown: BTreeSet<i64> = published.replies.iter().map(|reply| reply.id).collect();
    let story = Story {
        events: &published.events,
        state,
        regime: life.law,
        citations: &ctx.library.knowledge.citations,
        days,
        deadline: answer.map(|answer| &answer.deadline),
        published: &shown,
        alike: &published.alike,
        today,
    };
    let mut entries = timeline::entries(&story);
    let clocks = drawn(life, answer, &days, &entries);
    for entry in &mut entries {
        entry.numbered = clocks.as_ref().is_none_or(|drawn| drawn.shows(entry.number));
    }
    Told { derivation: answer.map(|answer| Derivation::of(&answer.deadline, &days)), clocks, entries }
}

/// The drawing, where the law gives a figure to draw.
fn drawn(
    life: &Lived<'_>,
    answer: Option<&AnswerClock>,
    days: &Days<'_>,
    entries: &[Entry],
) -> Option<Clocks> {
    let (state, today) = (&life.state, life.today);
    let (first_due, received) = state.first_due_on.zip(state.received_on)?;
    let still: Vec<(NaiveDate, NaiveDate)> =
        answer.map(|it| it.still.iter().map(|still| (still.first, still.last)).collect()).unwrap_or_default();
    let stands_since = answer.and_then(|it| it.stands_still).map(|(since, _)| since);
    let due = state.due_on.or(stands_since.and(Some(first_due)))?;
    let right = life.course.as_ref().and_then(|course| next_right(course, today));
    let name = right.map(|right| remedy_name(right.step, &right.body));
    let window = right.and_then(|right| Some((name.as_deref()?, right.opens_on?, right.last_on?)));
    let drawn = Course {
        received,
        first_due,
        due,
        answered: state.answered_on,
        open: state.status.is_open(),
        today,
        days: *days,
    };
    let beside = Beside { still: &still, stands_since, window };
    Some(clocks::draw_with(&drawn, beside, entries))
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

fn questions(published: &Published, ctx: &Context, law: Option<&Regime>) -> Vec<Asking> {
    let cites = law.map(|law| Cites { index: &ctx.library.knowledge.citations, law });
    let told = |cite: &str| cites.map_or_else(|| cite.to_owned(), |cites| cites.told(cite));
    published
        .questions
        .iter()
        .map(|question| {
            let answer = published.answers.iter().find(|answer| answer.key == question.key);
            let grounds: Vec<Ground> =
                answer.and_then(|answer| serde_json::from_str(&answer.grounds).ok()).unwrap_or_default();
            let grounds: Vec<String> = grounds.iter().map(|ground| told(&ground.cite)).collect();
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
                ground: (!grounds.is_empty()).then(|| grounds.join("; ")),
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
    if !page.dates.is_empty() {
        chrome.feeds.push(Feed {
            kind: "text/calendar",
            title: format!("Dates of request {}", page.facts.reference),
            href: format!("{path}.ics"),
        });
    }
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
        "clocks": page.panel, "dates": page.dates, "law": page.law, "replies_being_read": page.being_read.len(), "erased": page.erased, "as_of": page.today,
    })
    .to_string()
}

#[get("/requests/<reference>")]
async fn get(reference: String, address: Address, site: &State<Site>) -> Result<Rendered, Error> {
    site.kept(address, move |site, conn| {
        if let Some(bare) = reference.strip_suffix(".ics") {
            return feeds::of_request(site, conn, bare);
        }
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
