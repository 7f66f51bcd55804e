//! When must they answer? `/deadline`, a calculator without account or script; `/deadline.json` and `/deadline.ics` say
//! the same to machines.

use crate::domain::law::calendar::Calendar;
use crate::domain::law::course::AnswerClock;
use crate::domain::law::regime::Regime;
use crate::domain::law::told::Told;
use crate::domain::publication::clock_rows::ClockRow;
use crate::domain::publication::clocks::{self, Clocks, draw};
use crate::domain::publication::counting::Days;
use crate::domain::publication::dates::KeyDate;
use crate::domain::publication::derivation::{Derivation, StepLine};
use crate::service::Context;
use crate::service::reckoning::{LetterText, Reckoning, reckon};
use crate::web::error::Error;
use crate::web::filters::country;
use crate::web::guards::Site;
use crate::web::ical;
use crate::web::page::{Chrome, Feed, Link};
use crate::web::public::deadline_form::{Group, Question, ROWS, Row, Wrong, events, laws};
use crate::web::public::laws::verified_words;
use crate::web::rendered::Rendered;
use chrono::{DateTime, NaiveDate, Utc};
use rocket::http::{ContentType, Status};
use rocket::{Route, State, get, routes};
use serde::Serialize;
use std::sync::Arc;

/// The template of this page.
pub const TEMPLATE: &str = "public/deadline.html";

const PATH: &str = "/deadline";

/// The form with what was typed.
#[derive(Debug, Clone, Serialize)]
pub struct Form {
    asked: Question,
    laws: Vec<Group>,
    events: Vec<Group>,
    rows: Vec<Row>,
    more: bool,
    full: bool,
    wrong: Option<Wrong>,
}

/// The answer.
#[derive(Debug, Clone, Serialize)]
pub struct Answer {
    law: Law,
    today: NaiveDate,
    zone: String,
    ahead: bool,
    received: NaiveDate,
    verdict: Verdict,
    drawing: Option<Clocks>,
    derivation: Derivation,
    remarks: Vec<StepLine>,
    letter_from: Option<NaiveDate>,
    extended_due: Option<NaiveDate>,
    clocks: Vec<ClockRow>,
    own: Vec<ClockRow>,
    dates: Vec<KeyDate>,
    letters: Vec<LetterText>,
    json: String,
    ics: String,
    caution: &'static str,
}

/// The law by which was counted.
#[derive(Debug, Clone, Serialize)]
struct Law {
    id: String,
    name: String,
    local: String,
    language: String,
    country: String,
    citation: String,
    url: String,
    limit: String,
    cite: String,
    verified: &'static str,
    sure: bool,
    for_readers: Option<String>,
    version: String,
}

/// The first thing a reader wants to know.
#[derive(Debug, Clone, Serialize)]
struct Verdict {
    /// `due`, `expected`, `still`, `none`.
    kind: &'static str,
    on: Option<NaiveDate>,
    glyph: &'static str,
    standing: String,
    target: bool,
    estimate: bool,
}

/// What it shows.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    form: Form,
    answer: Option<Answer>,
    laws: usize,
}

impl Law {
    fn of(law: &Regime) -> Self {
        Self {
            id: law.id.to_string(),
            name: law.law_en.clone(),
            local: law.law_local.clone(),
            language: law.languages.first().cloned().unwrap_or_else(|| "en".to_owned()),
            country: country(&law.country).to_owned(),
            citation: law.citation.clone(),
            url: law.url.clone(),
            limit: law.limit_in_words(),
            cite: law.response.src.clone(),
            verified: verified_words(law.verified),
            sure: !law.is_estimate(),
            for_readers: law.for_readers.clone(),
            version: law.version.clone(),
        }
    }
}

impl Verdict {
    fn of(found: &Reckoning) -> Self {
        let first = found.clocks.iter().find(|row| row.whose == "authority");
        let answer = found.course.answer.as_ref();
        let still = answer.is_some_and(|it| it.stands_still.is_some());
        let due = answer.and_then(|it| it.due_on);
        let (kind, on) = match (still, due, found.deadline.expected_on) {
            (true, _, _) => ("still", None),
            (false, Some(due), _) => ("due", Some(due)),
            (false, None, Some(by)) => ("expected", Some(by)),
            (false, None, None) => ("none", None),
        };
        Self {
            kind,
            on,
            glyph: first.map_or("off", |row| row.glyph),
            standing: first.map(|row| row.standing.clone()).unwrap_or_default(),
            target: found.deadline.is_target,
            estimate: found.deadline.estimate,
        }
    }
}

impl Answer {
    fn of((law, calendar): (&Regime, &Calendar), (question, found): (&Question, Reckoning)) -> Self {
        let received = question.received.parse().unwrap_or(found.deadline.start);
        let days = Days::of(law, calendar, received);
        let answer = found.course.answer.as_ref();
        let open = answer.is_some_and(|it| it.answered_on.is_none() && it.stands_still.is_none());
        let drawing = answer.filter(|_| received <= found.today).and_then(|it| {
            let course = clocks::Course {
                received,
                first_due: found.deadline.due_on?,
                due: it.due_on?,
                answered: it.answered_on,
                open: it.answered_on.is_none(),
                today: found.today,
                days,
            };
            let mut drawing = draw(&course, &[]);
            drawing.finding = drawing.finding.replace("The numbered list below says", "The steps below say");
            Some(drawing)
        });
        Self {
            law: Law::of(law),
            today: found.today,
            zone: law.zone.to_string().replace('_', " "),
            ahead: question.planned,
            received,
            verdict: Verdict::of(&found),
            drawing,
            derivation: derivation(answer, Derivation::of(&found.deadline, &days)),
            remarks: answer.map(|it| it.remarks.iter().map(StepLine::of).collect()).unwrap_or_default(),
            letter_from: answer.and_then(|it| it.late_letter_from).filter(|_| open),
            extended_due: found.dates.iter().find(|date| date.what == "extended_due").map(|date| date.on),
            own: found.clocks.iter().filter(|row| row.whose == "you").cloned().collect(),
            clocks: found.clocks,
            dates: found.dates,
            letters: found.letter,
            json: question.href("/deadline.json"),
            ics: question.href("/deadline.ics"),
            caution: found.caution,
        }
    }
}

/// While the clock stands still nobody knows the day: what the law's rule is stays, the days that it gave go.
fn derivation(answer: Option<&AnswerClock>, whole: Derivation) -> Derivation {
    if answer.is_none_or(|it| it.stands_still.is_none()) {
        return whole;
    }
    let rules =
        ["Received", "Registered", "Older rule", "Begins again", "Stood still", "Added", "Rule", "Caution"];
    Derivation {
        question: "What is counted once the time runs again".to_owned(),
        weeks: Vec::new(),
        steps: whole.steps.into_iter().filter(|step| rules.contains(&step.name)).collect(),
        extended: Vec::new(),
        ..whole
    }
}

/// The days off by which a law counts.
type DaysOff<'a> = &'a dyn Fn(&Regime) -> Arc<Calendar>;

/// Answers a question, or says what is wrong with it.
fn answered<'a>(
    ctx: &'a Context,
    (question, now): (&Question, DateTime<Utc>),
    days: DaysOff<'_>,
) -> Result<(&'a Regime, Told, Reckoning), Wrong> {
    let laws = &ctx.library.laws;
    let law = question.regime(laws)?;
    if let Some(wrong) = question.wrong_row() {
        return Err(wrong);
    }
    let told = question.told();
    let found = reckon((law, &days(law)), (&told, law.day_of(now))).map_err(|fault| Wrong::of(&fault))?;
    Ok((law, told, found))
}

impl Page {
    fn new(ctx: &Context, question: &Question, now: DateTime<Utc>, days: DaysOff<'_>) -> Self {
        let wants = question.asked && !question.more;
        let (answer, wrong) = match wants.then(|| answered(ctx, (question, now), days)) {
            Some(Ok((law, _, found))) => (Some(Answer::of((law, &days(law)), (question, found))), None),
            Some(Err(wrong)) => (None, Some(wrong)),
            // A law that nobody knows is said at once, everything else when an answer is asked for.
            None if question.law.is_empty() => (None, None),
            None => (None, question.regime(&ctx.library.laws).err()),
        };
        let mut rows: Vec<Row> = question.rows.clone();
        if rows.is_empty() || (question.more && rows.len() < ROWS) {
            rows.push(Row::default());
        }
        let form = Form {
            asked: question.clone(),
            laws: laws(&ctx.library.laws),
            events: events(),
            more: question.more,
            full: rows.len() >= ROWS,
            rows,
            wrong,
        };
        Self { laws: ctx.library.laws.regimes().count(), form, answer }
    }

    /// A page by the days off that come with the program.
    fn shipped(ctx: &Context, question: &Question, now: DateTime<Utc>) -> Self {
        Self::new(ctx, question, now, &|law| ctx.library.laws.shared_calendar_of(law))
    }

    /// A page as it may look: French silence, a complaint that was used, and silence again.
    pub fn sample(ctx: &Context, now: DateTime<Utc>) -> Self {
        let query = "law=fr-crpa&received=2026-07-06&since=taken%3Acomplaint%3D2026-08-20\
            &since=taken_registered%3Acomplaint%3D2026-08-24";
        Self::shipped(ctx, &Question::read(query), now)
    }

    /// A page with an extension that came too late, and a day of grace.
    pub fn late(ctx: &Context, now: DateTime<Utc>) -> Self {
        let query = "law=at-ifg&received=2026-09-28&what=extended&on=2026-11-02&until=2026-11-30";
        Self::shipped(ctx, &Question::read(query), now)
    }

    /// A page that came back.
    pub fn wrong(ctx: &Context, now: DateTime<Utc>) -> Self {
        let query = "law=gb-foia&received=2026-11-02&what=extended&on=2026-10-01&until=";
        Self::shipped(ctx, &Question::read(query), now)
    }

    /// A page that nobody has asked yet.
    pub fn empty(ctx: &Context, now: DateTime<Utc>) -> Self {
        Self::shipped(ctx, &Question::default(), now)
    }
}

/// What stands around it.
pub fn chrome(page: &Page, now: DateTime<Utc>) -> Chrome {
    let title = match (&page.form.wrong, &page.answer) {
        (Some(_), _) => "Something is missing: when must they answer?".to_owned(),
        (None, Some(answer)) => format!("When must they answer? {}", answer.law.citation),
        (None, None) => "When must they answer?".to_owned(),
    };
    let mut chrome = Chrome::public(title, "deadline").at(PATH).as_of(now).summary(
        "Deadlines of access-to-information requests in Europe, each day explained: the answer, extensions, \
         complaints, courts. Without account, nothing is stored.",
    );
    if let Some(wrong) = &page.form.wrong {
        chrome.errors.push(Link::new(format!("#{}", wrong.id()), wrong.text.clone()));
    }
    if let Some(answer) = &page.answer {
        let feed =
            |kind, title: &str, href: &str| Feed { kind, title: title.to_owned(), href: href.to_owned() };
        chrome.feeds.push(feed("application/json", "These dates as JSON", &answer.json));
        chrome.feeds.push(feed("text/calendar", "These dates as a calendar", &answer.ics));
    }
    chrome
}

// None of these is kept: there are as many questions as anybody can think of, and they would push out pages that are
// asked for. The database is asked for the days off that the operator added, and for nothing else.

#[get("/deadline")]
async fn get(question: Question, site: &State<Site>) -> Result<Rendered, Error> {
    site.page(move |site, conn| {
        let (now, calendars) = (site.now(), site.context.calendars(conn)?);
        let page = Page::new(&site.context, &question, now, &|law| calendars.of(law));
        let rendered = site.pages.render(TEMPLATE, &chrome(&page, now), &page)?;
        Ok(if page.form.wrong.is_some() {
            rendered.with_status(Status::UnprocessableEntity)
        } else {
            rendered
        })
    })
    .await
}

#[get("/deadline.json")]
async fn json(question: Question, site: &State<Site>) -> Result<Rendered, Error> {
    site.page(move |site, conn| {
        let calendars = site.context.calendars(conn)?;
        let answer = answered(&site.context, (&question, site.now()), &|law| calendars.of(law));
        let (text, fine) = match answer {
            Ok((_, _, found)) => (serde_json::to_string(&found).map_err(|e| Error::internal(&e))?, true),
            Err(wrong) => (wrong.json().to_string(), false),
        };
        let rendered = Rendered::public(ContentType::JSON, text);
        Ok(if fine { rendered } else { rendered.with_status(Status::UnprocessableEntity) })
    })
    .await
}

#[get("/deadline.ics")]
async fn calendar(question: Question, site: &State<Site>) -> Result<Rendered, Error> {
    site.page(move |site, conn| {
        let calendars = site.context.calendars(conn)?;
        Ok(match answered(&site.context, (&question, site.now()), &|law| calendars.of(law)) {
            Ok((_, told, found)) => {
                let base = &site.context.config.public_url;
                let host = url::Url::parse(base).ok().and_then(|url| url.host_str().map(str::to_owned));
                let href = format!("{base}{}", question.href(PATH));
                let host = host.unwrap_or_else(|| "askance.invalid".to_owned());
                Rendered::public(ical::content_type(), ical::answer(&found, &told, (&host, Some(&href))))
            }
            Err(wrong) => Rendered::public(ContentType::Plain, format!("{}\n", wrong.text))
                .with_status(Status::UnprocessableEntity),
        })
    })
    .await
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get, json, calendar]
}
