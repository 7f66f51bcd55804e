//! All requests, and one with its events and messages.

use crate::domain::request::bucket::{Bucket, week_from};
use crate::domain::request::event::Event;
use crate::domain::request::state::{Outcome, Status};
use crate::store::desk::{PAGE, pattern};
use crate::store::messages::folds::{behind, listed};
use crate::store::schema::{
    authorities, events, messages, people, request_questions, request_rights, requests,
};
use crate::store::types::{Direction, MessageState};
use crate::store::{Conn, Error};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

/// What a list of requests is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Words of the reference, the authority or the title.
    pub words: String,
    /// Where it stands.
    pub status: Option<Status>,
    /// What its clocks say, as seen from a day.
    pub clock: Option<(ClockPile, NaiveDate)>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Who filed it.
    pub person: Option<i64>,
}

/// Requests by what their clocks say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockPile {
    /// By when the answer is due.
    Due(Bucket),
    /// Silence counted as a refusal, and no answer came since.
    RefusedBySilence,
    /// A right that may be used lapses up to this day.
    RightLapses(NaiveDate),
}

/// A request in a list.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Entry {
    /// Its number.
    pub id: i64,
    /// Public reference.
    pub reference: String,
    /// Title of the bundle.
    pub title: String,
    /// Where it stands.
    pub status: Status,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The due day in force.
    pub due_on: Option<NaiveDate>,
    /// The due day before anything moved it.
    pub first_due_on: Option<NaiveDate>,
    /// The last day that passed in silence, where that is a refusal.
    pub silence_refused_on: Option<NaiveDate>,
    /// When it was filed.
    pub filed_at: NaiveDateTime,
    /// Id of the law.
    pub regime: String,
    /// Who is asked.
    pub authority: String,
    /// BCP 47 of the name.
    pub authority_language: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The right that comes next: its step, first and last day.
    pub right: Option<(String, Option<NaiveDate>, Option<NaiveDate>)>,
}

/// One request, whole.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Whole {
    /// Its number.
    pub id: i64,
    /// Public reference.
    pub reference: String,
    /// Title of the bundle.
    pub title: String,
    /// Key of the bundle.
    pub bundle: String,
    /// Where it stands.
    pub status: Status,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The due day in force.
    pub due_on: Option<NaiveDate>,
    /// Day 0.
    pub received_on: Option<NaiveDate>,
    /// When it was filed.
    pub filed_at: NaiveDateTime,
    /// Id of the law.
    pub regime: String,
    /// Version of its rules.
    pub regime_version: String,
    /// The name under the letter.
    pub signed_as: String,
    /// Private: a bearer secret.
    pub reply_address: String,
    /// Who filed it.
    pub person_id: i64,
    /// Their name.
    pub person: String,
    /// Number of the authority.
    pub authority_id: i64,
    /// Who is asked.
    pub authority: String,
    /// BCP 47 of the name.
    pub authority_language: String,
    /// Address of its page.
    pub authority_slug: String,
}

/// An event as stored, with who caused it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// 1, 2, 3 …
    pub seq: i64,
    /// When.
    pub at: NaiveDateTime,
    /// What.
    pub event: Event,
    /// Who; none = the service itself.
    pub person: Option<String>,
}

/// A message of a request in a list.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Message {
    /// Its number.
    pub id: i64,
    /// How far its triage is.
    pub state: MessageState,
    /// Subject.
    pub subject: String,
    /// Name the sender gave.
    pub from_name: Option<String>,
    /// Address the sender gave.
    pub from_address: Option<String>,
    /// As settled or proposed.
    pub kind: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// Our clock.
    pub received_at: NaiveDateTime,
    /// Since when everyone may read it.
    pub published_at: Option<NaiveDateTime>,
    /// How many more say the same and are folded into it.
    pub folded: i64,
}

macro_rules! narrowed {
    ($filter:expr) => {{
        let filter: &Filter = $filter;
        let mut query =
            requests::table.inner_join(authorities::table).left_join(request_rights::table).into_boxed();
        if !filter.words.trim().is_empty() {
            query = query.filter(requests::folded.like(pattern(&filter.words)).escape('\\'));
        }
        if let Some(status) = filter.status {
            query = query.filter(requests::status.eq(status));
        }
        if let Some((pile, today)) = filter.clock {
            let open: Vec<Status> = Status::ALL.iter().copied().filter(|s| s.is_open()).collect();
            let week = week_from(today);
            if let ClockPile::Due(_) | ClockPile::RefusedBySilence = pile {
                query = query.filter(requests::status.eq_any(open));
            }
            query = match pile {
                ClockPile::Due(Bucket::Late) => query.filter(requests::due_on.lt(today)),
                ClockPile::Due(Bucket::Today) => query.filter(requests::due_on.eq(today)),
                ClockPile::Due(Bucket::ThisWeek) => {
                    query.filter(requests::due_on.gt(today)).filter(requests::due_on.le(week))
                }
                ClockPile::Due(Bucket::Later) => query.filter(requests::due_on.gt(week)),
                ClockPile::Due(Bucket::StandsStill) => {
                    query.filter(requests::due_on.is_null()).filter(requests::first_due_on.is_not_null())
                }
                ClockPile::Due(Bucket::NoDate) => {
                    query.filter(requests::due_on.is_null()).filter(requests::first_due_on.is_null())
                }
                ClockPile::RefusedBySilence => query.filter(requests::silence_refused_on.is_not_null()),
                ClockPile::RightLapses(until) => query
                    .filter(request_rights::right_last_on.ge(today))
                    .filter(request_rights::right_last_on.le(until))
                    .filter(
                        request_rights::right_opens_on.le(today).or(request_rights::right_opens_on.is_null()),
                    ),
            };
        }
        if let Some(country) = &filter.country {
            query = query.filter(authorities::country.eq(country.clone()));
        }
        if let Some(person) = filter.person {
            query = query.filter(requests::person_id.eq(person));
        }
        query
    }};
}

/// How many requests a filter finds.
pub fn count(conn: &mut Conn, filter: &Filter) -> Result<i64, Error> {
    Ok(narrowed!(filter).count().get_result(conn)?)
}

/// A page of what a filter finds: by what lapses first where clocks are looked at, else the latest first.
pub fn list(conn: &mut Conn, filter: &Filter, offset: i64) -> Result<Vec<Entry>, Error> {
    let found = narrowed!(filter);
    let sorted = match filter.clock {
        Some((ClockPile::RightLapses(_), _)) => {
            found.order((request_rights::right_last_on.asc(), requests::id.asc()))
        }
        Some((ClockPile::Due(_), _)) => found.order((requests::due_on.asc(), requests::id.asc())),
        Some((ClockPile::RefusedBySilence, _)) => {
            found.order((requests::silence_refused_on.asc(), requests::id.asc()))
        }
        None => found.order((requests::filed_at.desc(), requests::id.desc())),
    };
    Ok(sorted
        .limit(PAGE)
        .offset(offset)
        .select((
            requests::id,
            requests::reference,
            requests::title,
            requests::status,
            requests::outcome,
            requests::due_on,
            requests::first_due_on,
            requests::silence_refused_on,
            requests::filed_at,
            requests::regime,
            authorities::name,
            authorities::language,
            authorities::country,
            (request_rights::right_step, request_rights::right_opens_on, request_rights::right_last_on)
                .nullable(),
        ))
        .load(conn)?)
}

/// The request with this reference.
pub fn whole(conn: &mut Conn, reference: &str) -> Result<Option<Whole>, Error> {
    Ok(requests::table
        .inner_join(authorities::table)
        .inner_join(people::table)
        .filter(requests::reference.eq(reference))
        .select((
            requests::id,
            requests::reference,
            requests::title,
            requests::bundle,
            requests::status,
            requests::outcome,
            requests::due_on,
            requests::received_on,
            requests::filed_at,
            requests::regime,
            requests::regime_version,
            requests::signed_as,
            requests::reply_address,
            requests::person_id,
            people::name,
            authorities::id,
            authorities::name,
            authorities::language,
            authorities::slug,
        ))
        .first(conn)
        .optional()?)
}

/// What happened to a request, in order.
pub fn events(conn: &mut Conn, request: i64) -> Result<Vec<Happened>, Error> {
    let rows: Vec<(i64, NaiveDateTime, String, Option<String>)> = events::table
        .left_join(people::table)
        .filter(events::request_id.eq(request))
        .order(events::seq.asc())
        .select((events::seq, events::at, events::body, people::name.nullable()))
        .load(conn)?;
    rows.into_iter()
        .map(|(seq, at, body, person)| Ok(Happened { seq, at, event: serde_json::from_str(&body)?, person }))
        .collect()
}

/// The replies to a request, in order.
pub fn messages(conn: &mut Conn, request: i64) -> Result<Vec<Message>, Error> {
    Ok(messages::table
        .filter(messages::request_id.eq(request))
        .filter(messages::direction.eq(Direction::In))
        .filter(listed())
        .order((messages::received_at.asc(), messages::id.asc()))
        .select((
            messages::id,
            messages::state,
            messages::subject,
            messages::from_name,
            messages::from_address,
            messages::kind,
            messages::language,
            messages::received_at,
            messages::published_at,
            behind(),
        ))
        .load(conn)?)
}

/// What a request asks, in the language of its letter.
pub fn questions(conn: &mut Conn, request: i64) -> Result<Vec<String>, Error> {
    Ok(request_questions::table
        .filter(request_questions::request_id.eq(request))
        .order(request_questions::position.asc())
        .select(request_questions::body)
        .load(conn)?)
}
