//! Requests and their events: one function appends, and only it writes the cached columns.

mod clocks;
mod fate;
mod lookup;

pub use clocks::{Waiting, counted_at, look_again, looked_at, open_under, still_quiet, to_look_at};
pub use fate::bounced_addresses;
pub mod former;

pub use lookup::{Earlier, filed_lately, open_with_bundle};

use crate::domain::law::remedy::RemedyStep;
use crate::domain::reference::PublicReference;
use crate::domain::request::event::Event;
use crate::domain::request::fold;
use crate::domain::request::state::{Outcome, State, Status};
use crate::store::audit::{self, chained};
use crate::store::locks::Lock;
use crate::store::schema::{events, regimes, request_questions, requests};
use crate::store::{AnyConn, Conn, Error, at, each};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use diesel::prelude::*;

/// What files a request.
#[derive(Debug, Clone)]
pub struct NewRequest {
    /// Public reference.
    pub reference: PublicReference,
    /// Who is asked.
    pub authority_id: i64,
    /// Of which campaign.
    pub campaign_id: Option<i64>,
    /// Who asks.
    pub person_id: i64,
    /// Of the form that filed it, made unique by the authority.
    pub form_key: String,
    /// Key of the bundle.
    pub bundle: String,
    /// Of the letter.
    pub language: String,
    /// Title of the bundle.
    pub title: String,
    /// The name under the letter.
    pub signed_as: String,
    /// Id of the law.
    pub regime: String,
    /// Version of its rules.
    pub regime_version: String,
    /// SHA-256 of the reply token.
    pub reply_token_hash: String,
    /// The whole reply address; private.
    pub reply_address: String,
    /// When.
    pub filed_at: DateTime<Utc>,
    /// For search.
    pub folded: String,
    /// (key, text as asked).
    pub questions: Vec<(String, String)>,
}

/// A request as a use case sees it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = requests)]
pub struct RequestRow {
    /// Its number.
    pub id: i64,
    /// Public reference.
    pub reference: String,
    /// Who is asked.
    pub authority_id: i64,
    /// Who asks.
    pub person_id: i64,
    /// Key of the bundle.
    pub bundle: String,
    /// Of the letter.
    pub language: String,
    /// Title of the bundle.
    pub title: String,
    /// The name under the letter.
    pub signed_as: String,
    /// Id of the law.
    pub regime: String,
    /// Version of its rules.
    pub regime_version: String,
    /// Private.
    pub reply_address: String,
    /// Where it stands.
    pub status: Status,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// When it was filed.
    pub filed_at: NaiveDateTime,
    /// Day 0.
    pub received_on: Option<NaiveDate>,
    /// The due day in force.
    pub due_on: Option<NaiveDate>,
}

/// The next free reference of a year. Within the transaction that inserts: on PostgreSQL filers wait for
/// each other here, on SQLite the write lock does it.
pub fn next_reference(conn: &mut Conn, year: i32) -> Result<PublicReference, Error> {
    Lock::References.hold(conn)?;
    let filed: i64 =
        requests::table.filter(requests::reference.like(format!("{year:04}-%"))).count().get_result(conn)?;
    Ok(PublicReference::new(year, filed + 1))
}

/// Inserts a request; its first event is appended by `append`.
pub fn insert(conn: &mut Conn, new: &NewRequest) -> Result<i64, Error> {
    let id: i64 = diesel::insert_into(requests::table)
        .values((
            (
                requests::reference.eq(new.reference.as_str()),
                requests::authority_id.eq(new.authority_id),
                requests::campaign_id.eq(new.campaign_id),
                requests::person_id.eq(new.person_id),
                requests::form_key.eq(&new.form_key),
                requests::bundle.eq(&new.bundle),
                requests::language.eq(&new.language),
                requests::title.eq(&new.title),
                requests::signed_as.eq(&new.signed_as),
            ),
            (
                requests::regime.eq(&new.regime),
                requests::regime_version.eq(&new.regime_version),
                requests::reply_token_hash.eq(&new.reply_token_hash),
                requests::reply_address.eq(&new.reply_address),
                requests::status.eq(Status::Filed),
                requests::filed_at.eq(at(new.filed_at)),
                requests::last_event_at.eq(at(new.filed_at)),
                requests::events_count.eq(0),
                requests::folded.eq(&new.folded),
            ),
        ))
        .returning(requests::id)
        .get_result(conn)?;
    for (position, (key, body)) in (1_i64..).zip(&new.questions) {
        diesel::insert_into(request_questions::table)
            .values((
                request_questions::request_id.eq(id),
                request_questions::position.eq(position),
                request_questions::question_key.eq(key),
                request_questions::body.eq(body),
            ))
            .execute(conn)?;
    }
    Ok(id)
}

/// Keeps the rules that a request was filed under, once a version.
pub fn keep_regime(
    conn: &mut Conn,
    (regime, version): (&str, &str),
    body: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let row = (
        regimes::regime.eq(regime),
        regimes::version.eq(version),
        regimes::body.eq(body),
        regimes::first_used_at.eq(at(now)),
    );
    each!(conn, |c| diesel::insert_into(regimes::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

/// The rules as they stood in a version, JSON.
pub fn kept_regime(conn: &mut Conn, regime: &str, version: &str) -> Result<Option<String>, Error> {
    Ok(regimes::table
        .filter(regimes::regime.eq(regime))
        .filter(regimes::version.eq(version))
        .select(regimes::body)
        .first(conn)
        .optional()?)
}

/// All rules that requests were filed under, as (law, JSON).
pub fn kept_regimes(conn: &mut Conn) -> Result<Vec<(String, String)>, Error> {
    Ok(regimes::table.order(regimes::id.asc()).select((regimes::regime, regimes::body)).load(conn)?)
}

/// One request.
pub fn find(conn: &mut Conn, id: i64) -> Result<Option<RequestRow>, Error> {
    Ok(requests::table.find(id).select(RequestRow::as_select()).first(conn).optional()?)
}

/// One request by its public reference.
pub fn by_reference(conn: &mut Conn, reference: &str) -> Result<Option<RequestRow>, Error> {
    Ok(requests::table
        .filter(requests::reference.eq(reference))
        .select(RequestRow::as_select())
        .first(conn)
        .optional()?)
}

/// What a form filed already, as (authority, reference): a second press of the same button files nothing.
pub fn filed_by_form(conn: &mut Conn, form_keys: &[String]) -> Result<Vec<(i64, String)>, Error> {
    Ok(requests::table
        .filter(requests::form_key.eq_any(form_keys.to_vec()))
        .order(requests::id.asc())
        .select((requests::authority_id, requests::reference))
        .load(conn)?)
}

/// The events of a request, in their order.
pub fn events_of(conn: &mut Conn, request: i64) -> Result<Vec<Event>, Error> {
    let bodies: Vec<String> = events::table
        .filter(events::request_id.eq(request))
        .order(events::seq.asc())
        .select(events::body)
        .load(conn)?;
    bodies.iter().map(|body| serde_json::from_str(body).map_err(Error::from)).collect()
}

/// The request as its events make it.
pub fn state(conn: &mut Conn, request: i64) -> Result<Option<State>, Error> {
    Ok(fold(&events_of(conn, request)?)?)
}

/// When and by whom an event happened.
#[derive(Debug, Clone, Copy)]
pub struct Stamp {
    /// When.
    pub at: DateTime<Utc>,
    /// Who; none = the service itself.
    pub person: Option<i64>,
}

/// One writer a request until the caller's transaction ends: the sequence and the chain must not fork.
pub fn lock(conn: &mut Conn, request: i64) -> Result<(), Error> {
    if let AnyConn::Postgres(c) = conn {
        // One writer a request: the sequence and the chain must not fork. Not FOR UPDATE: a message that was
        // just filed here holds the key by its reference, and two such would wait for each other.
        diesel::sql_query("SELECT id FROM requests WHERE id = $1 FOR NO KEY UPDATE")
            .bind::<diesel::sql_types::BigInt, _>(request)
            .execute(c)?;
    }
    Ok(())
}

/// Appends an event within the caller's transaction, if the fold allows it, and refreshes the cached columns.
pub fn append(conn: &mut Conn, request: i64, event: &Event, stamp: Stamp) -> Result<State, Error> {
    lock(conn, request)?;
    let before = events_of(conn, request)?;
    let state = match fold(before.iter().chain([event]))? {
        Some(state) => state,
        None => State::first(event)?,
    };
    let previous: String = events::table
        .filter(events::request_id.eq(request))
        .order(events::seq.desc())
        .select(events::hash)
        .first(conn)
        .optional()?
        .unwrap_or_default();
    let seq = i64::try_from(before.len()).unwrap_or(i64::MAX) + 1;
    let (time, body) = (at(stamp.at), serde_json::to_string(event)?);
    let hash = event_hash(&previous, (request, seq), (time, stamp.person), &body);
    diesel::insert_into(events::table)
        .values((
            events::request_id.eq(request),
            events::seq.eq(seq),
            events::kind.eq(event.kind()),
            events::at.eq(time),
            events::person_id.eq(stamp.person),
            events::message_id.eq(event.message()),
            events::body.eq(&body),
            events::previous_hash.eq(&previous),
            events::hash.eq(&hash),
        ))
        .execute(conn)?;
    cache(conn, request, &state, (seq, time))?;
    fate::follow(conn, request, event, &state)?;
    if matches!(event, Event::Sent { .. }) {
        diesel::update(requests::table.find(request)).set(requests::sent_at.eq(Some(time))).execute(conn)?;
    }
    Ok(state)
}

fn cache(conn: &mut Conn, id: i64, state: &State, (seq, time): (i64, NaiveDateTime)) -> Result<(), Error> {
    diesel::update(requests::table.find(id))
        .set((
            requests::status.eq(state.status),
            requests::outcome.eq(state.outcome),
            requests::received_on.eq(state.received_on),
            requests::first_due_on.eq(state.first_due_on),
            requests::due_on.eq(state.due_on),
            requests::answered_on.eq(state.answered_on),
            requests::overdue_since.eq(state.overdue_since),
            requests::withdrawn_reason.eq(&state.withdrawn_reason),
            requests::silence_refused_on.eq(state.silence_refused_on),
            requests::stage.eq(state.stage.map(RemedyStep::as_str)),
            requests::last_event_at.eq(time),
            requests::events_count.eq(seq),
        ))
        .execute(conn)?;
    Ok(())
}

fn event_hash(
    previous: &str,
    (request, seq): (i64, i64),
    (time, person): (NaiveDateTime, Option<i64>),
    body: &str,
) -> String {
    chained(&[
        previous,
        &request.to_string(),
        &seq.to_string(),
        &audit::stamp(time),
        &audit::actor(person),
        body,
    ])
}

/// An event as a chain check reads it: request, seq, at, person, body, hash before, hash.
type Link = (i64, i64, NaiveDateTime, Option<i64>, String, String, String);

/// Recomputes the chain of every request: how many events there are, and the first that does not fit as
/// (request, seq).
pub fn verify_chain(conn: &mut Conn) -> Result<(i64, Option<(i64, i64)>), Error> {
    let mut count = 0;
    let ids: Vec<i64> = requests::table.order(requests::id.asc()).select(requests::id).load(conn)?;
    let erased = crate::store::erasure::accepted(conn)?;
    for ids in ids.chunks(200) {
        let links: Vec<Link> = events::table
            .filter(events::request_id.eq_any(ids.to_vec()))
            .order((events::request_id.asc(), events::seq.asc()))
            .select((
                events::request_id,
                events::seq,
                events::at,
                events::person_id,
                events::body,
                events::previous_hash,
                events::hash,
            ))
            .load(conn)?;
        let (mut request, mut previous, mut expected) = (0, String::new(), 1);
        for (id, seq, time, person, body, before, hash) in links {
            if id != request {
                (request, previous, expected) = (id, String::new(), 1);
            }
            let right = event_hash(&previous, (id, seq), (time, person), &body);
            let fits = hash == right || crate::store::erasure::is_accepted(&erased, (id, seq), &body);
            if seq != expected || before != previous || !fits {
                return Ok((count, Some((id, seq))));
            }
            (previous, expected, count) = (hash, expected + 1, count + 1);
        }
    }
    Ok((count, None))
}
