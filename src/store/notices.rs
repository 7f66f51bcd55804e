//! Mail to our own people: what is to be told, told once, all of a request in one mail, at most one an hour.

use crate::domain::request::event::Event;
use crate::domain::request::state::Status;
use crate::domain::words::words;
use crate::store::locks::About;
use crate::store::schema::{authorities, events, notices, people, request_rights, requests};
use crate::store::types::Role;
use crate::store::{Conn, Error, at, each};
use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use diesel::dsl::{max, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;

words! {
    /// Where a notice stands on its way.
    pub enum NoticeState {
        /// It waits.
        Queued = "queued",
        /// A mail server took it.
        Sent = "sent",
        /// It was not wanted, or no server took it in five days.
        GivenUp = "given_up",
    }
    expected "a state of a notice"
}

/// How many things one mail is made from.
const MOST: i64 = 500;
/// How many things of one kind are looked for at once.
const BATCH: i64 = 200;

/// What is to be told.
#[derive(Debug, Clone, Copy)]
pub struct New<'a> {
    /// What it is about: the same is told once.
    pub key: &'a str,
    /// Whom.
    pub person: i64,
    /// Of which request; none = told to the staff, with all else that is.
    pub request: Option<i64>,
    /// In a few words.
    pub subject: &'a str,
    /// What it means.
    pub body: &'a str,
}

/// Queues what is to be told, from an instant on; false = it was told or queued before.
pub fn queue(
    conn: &mut Conn,
    new: &New<'_>,
    (now, from): (DateTime<Utc>, DateTime<Utc>),
) -> Result<bool, Error> {
    let row = (
        notices::notice_key.eq(new.key),
        notices::person_id.eq(new.person),
        notices::request_id.eq(new.request),
        notices::subject.eq(new.subject),
        notices::body.eq(new.body),
        notices::state.eq(NoticeState::Queued.as_str()),
        notices::attempts.eq(0_i64),
        notices::next_attempt_at.eq(at(from)),
        notices::created_at.eq(at(now)),
    );
    let fresh =
        each!(conn, |c| diesel::insert_into(notices::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(fresh > 0)
}

/// Whose request it is, if they want to be told.
pub fn whom(conn: &mut Conn, request: i64) -> Result<Option<i64>, Error> {
    Ok(requests::table
        .inner_join(people::table)
        .filter(requests::id.eq(request))
        .filter(people::state.eq("active"))
        .filter(people::notices.eq(true))
        .select(people::id)
        .first(conn)
        .optional()?)
}

/// Those who look after letters, as far as they want to be told.
pub fn staff(conn: &mut Conn) -> Result<Vec<i64>, Error> {
    let roles: Vec<Role> = Role::ALL.iter().copied().filter(|role| role.may_triage()).collect();
    Ok(people::table
        .filter(people::role.eq_any(roles))
        .filter(people::state.eq("active"))
        .filter(people::notices.eq(true))
        .order(people::id)
        .select(people::id)
        .load(conn)?)
}

/// Events of some kinds since an instant of which the requester was not told: number, request and event. A report of a
/// delay is nothing to tell.
pub fn untold(
    conn: &mut Conn,
    kinds: &[&str],
    since: DateTime<Utc>,
) -> Result<Vec<(i64, i64, Event)>, Error> {
    let untold = "NOT EXISTS (SELECT 1 FROM notices WHERE notices.notice_key = 'event:' || events.id)";
    let for_good = "(events.kind <> 'bounced' OR events.body LIKE '%\"permanent\":true%')";
    let rows: Vec<(i64, i64, String)> = events::table
        .inner_join(requests::table.inner_join(people::table))
        .filter(events::kind.eq_any(kinds.to_vec()))
        .filter(events::at.ge(at(since)))
        .filter(people::state.eq("active"))
        .filter(people::notices.eq(true))
        .filter(sql::<Bool>(untold))
        .filter(sql::<Bool>(for_good))
        .order(events::id.asc())
        .limit(BATCH)
        .select((events::id, events::request_id, events::body))
        .load(conn)?;
    rows.into_iter().map(|(id, request, body)| Ok((id, request, serde_json::from_str(&body)?))).collect()
}

/// Events of letters of which nobody knows whether they arrived, since an instant, of which one of the staff was not told.
pub fn untold_unknown(conn: &mut Conn, person: i64, since: DateTime<Utc>) -> Result<Vec<i64>, Error> {
    let key = format!("'event:' || events.id || ':{person}'");
    let untold = format!("NOT EXISTS (SELECT 1 FROM notices WHERE notices.notice_key = {key})");
    Ok(events::table
        .filter(events::kind.eq("sending_unknown"))
        .filter(events::at.ge(at(since)))
        .filter(sql::<Bool>(&untold))
        .order(events::id.asc())
        .limit(BATCH)
        .select(events::id)
        .load(conn)?)
}

/// Rights of open requests whose last day lies within a span, and of which nobody was told: request and day.
pub fn lapsing(conn: &mut Conn, (from, to): (NaiveDate, NaiveDate)) -> Result<Vec<(i64, NaiveDate)>, Error> {
    let dead = vec![Status::Filed, Status::TakenBack, Status::Withdrawn];
    let untold = "NOT EXISTS (SELECT 1 FROM notices WHERE notices.notice_key = \
                  'right:' || requests.id || ':' || request_rights.right_last_on)";
    let rows: Vec<(i64, Option<NaiveDate>)> = request_rights::table
        .inner_join(requests::table.inner_join(people::table))
        .filter(people::state.eq("active"))
        .filter(people::notices.eq(true))
        .filter(requests::status.ne_all(dead))
        .filter(request_rights::right_last_on.between(from, to))
        .filter(request_rights::right_opens_on.le(from).or(request_rights::right_opens_on.is_null()))
        .filter(sql::<Bool>(untold))
        .order(request_rights::right_last_on.asc())
        .limit(BATCH)
        .select((requests::id, request_rights::right_last_on))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(request, day)| Some((request, day?))).collect())
}

/// A mail that is due: all that is to be told to one person of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The notices in it.
    pub ids: Vec<i64>,
    /// How often it was tried before.
    pub attempts: i64,
    /// Whose sign-in name is the address.
    pub email: String,
    /// Reference of the request and name of its authority; none = told to the staff.
    pub request: Option<(String, String)>,
    /// What is told, oldest first: heading and sentence.
    pub told: Vec<(String, String)>,
}

/// Takes the next mail that is due until an instant at which another may take it. What came too soon after the mail
/// before waits; what is not wanted any more is given up.
pub fn claim(
    conn: &mut Conn,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
    pause: TimeDelta,
) -> Result<Option<Due>, Error> {
    while let Some((person, request)) = next(conn, now)? {
        // Each row of the group leads here: of two nodes the second waits, and sees that all of it was taken.
        About::Notices.hold(conn, &format!("{person} {}", request.unwrap_or(0)))?;
        if !is_due(conn, (person, request), now)? {
            continue;
        }
        let rows = waiting(conn, (person, request))?;
        let ids: Vec<i64> = rows.iter().map(|row| row.0).collect();
        let told = last_sent(conn, (person, request), now)?;
        if let Some(again) = told.map(|told| told + pause).filter(|again| *again > at(now)) {
            postpone(conn, (person, request), again)?;
            continue;
        }
        let email: Option<String> = people::table
            .find(person)
            .filter(people::state.eq("active"))
            .filter(people::notices.eq(true))
            .select(people::email)
            .first(conn)
            .optional()?;
        let Some(email) = email else {
            not_wanted(conn, &ids)?;
            continue;
        };
        diesel::update(notices::table.filter(notices::id.eq_any(&ids)))
            .set((notices::attempts.eq(notices::attempts + 1), notices::next_attempt_at.eq(at(until))))
            .execute(conn)?;
        return Ok(Some(Due {
            attempts: rows.iter().map(|row| row.1).max().unwrap_or_default(),
            told: rows.into_iter().map(|(_, _, subject, body)| (subject, body)).collect(),
            request: named(conn, request)?,
            ids,
            email,
        }));
    }
    Ok(None)
}

/// Whom something is to be told now, and of which request.
fn next(conn: &mut Conn, now: DateTime<Utc>) -> Result<Option<(i64, Option<i64>)>, Error> {
    let due = notices::table
        .filter(notices::state.eq(NoticeState::Queued.as_str()))
        .filter(notices::next_attempt_at.le(at(now)))
        .filter(notices::person_id.is_not_null())
        .order((notices::next_attempt_at.asc(), notices::id.asc()))
        .select((notices::person_id.assume_not_null(), notices::request_id))
        .limit(1);
    Ok(due.first(conn).optional()?)
}

/// All of a group waits, however much it is: what is not moved would be found again at once, without end.
fn postpone(
    conn: &mut Conn,
    (person, request): (i64, Option<i64>),
    until: NaiveDateTime,
) -> Result<(), Error> {
    let queued = notices::table
        .filter(notices::person_id.eq(person))
        .filter(of_request(request))
        .filter(notices::state.eq(NoticeState::Queued.as_str()));
    diesel::update(queued).set(notices::next_attempt_at.eq(until)).execute(conn)?;
    Ok(())
}

/// Whether anything of a group is to be told now.
fn is_due(conn: &mut Conn, (person, request): (i64, Option<i64>), now: DateTime<Utc>) -> Result<bool, Error> {
    let due = notices::table
        .filter(notices::person_id.eq(person))
        .filter(of_request(request))
        .filter(notices::state.eq(NoticeState::Queued.as_str()))
        .filter(notices::next_attempt_at.le(at(now)))
        .count();
    Ok(due.get_result::<i64>(conn)? > 0)
}

/// No request is a group, too, and `=` does not find it.
fn of_request(request: Option<i64>) -> SqlLiteral<Bool> {
    sql(&format!("coalesce(notices.request_id, 0) = {}", request.unwrap_or(0)))
}

type Row = (i64, i64, String, String);

fn waiting(conn: &mut Conn, (person, request): (i64, Option<i64>)) -> Result<Vec<Row>, Error> {
    Ok(notices::table
        .filter(notices::person_id.eq(person))
        .filter(of_request(request))
        .filter(notices::state.eq(NoticeState::Queued.as_str()))
        .order(notices::id.asc())
        .limit(MOST)
        .select((notices::id, notices::attempts, notices::subject, notices::body))
        .load(conn)?)
}

fn last_sent(
    conn: &mut Conn,
    (person, request): (i64, Option<i64>),
    now: DateTime<Utc>,
) -> Result<Option<NaiveDateTime>, Error> {
    Ok(notices::table
        .filter(notices::person_id.eq(person))
        .filter(of_request(request))
        // What was sent while the clock was ahead would keep everything back until its day comes.
        .filter(notices::sent_at.le(at(now + TimeDelta::minutes(1))))
        .select(max(notices::sent_at))
        .first(conn)?)
}

fn named(conn: &mut Conn, request: Option<i64>) -> Result<Option<(String, String)>, Error> {
    let Some(request) = request else { return Ok(None) };
    Ok(requests::table
        .inner_join(authorities::table)
        .filter(requests::id.eq(request))
        .select((requests::reference, authorities::name))
        .first(conn)
        .optional()?)
}

/// A mail server took them.
pub fn sent(conn: &mut Conn, ids: &[i64], now: DateTime<Utc>) -> Result<(), Error> {
    diesel::update(notices::table.filter(notices::id.eq_any(ids)))
        .set((notices::state.eq(NoticeState::Sent.as_str()), notices::sent_at.eq(at(now))))
        .execute(conn)?;
    Ok(())
}

/// Brings nearer what a clock put off that was ahead: nothing waits for longer than `longest` ahead of now.
pub fn bring_nearer(conn: &mut Conn, (now, longest): (DateTime<Utc>, TimeDelta)) -> Result<usize, Error> {
    let far = notices::table
        .filter(notices::state.eq(NoticeState::Queued.as_str()))
        .filter(notices::next_attempt_at.gt(at(now + longest)));
    Ok(diesel::update(far).set(notices::next_attempt_at.eq(at(now))).execute(conn)?)
}

/// They are tried again then.
pub fn again_at(conn: &mut Conn, ids: &[i64], when: DateTime<Utc>) -> Result<(), Error> {
    diesel::update(notices::table.filter(notices::id.eq_any(ids)))
        .set(notices::next_attempt_at.eq(at(when)))
        .execute(conn)?;
    Ok(())
}

/// They were tried in vain and are not told. Since when is kept where the next attempt stood, which is none any more.
pub fn give_up(conn: &mut Conn, ids: &[i64], now: DateTime<Utc>) -> Result<(), Error> {
    diesel::update(notices::table.filter(notices::id.eq_any(ids)))
        .set((notices::state.eq(NoticeState::GivenUp.as_str()), notices::next_attempt_at.eq(at(now))))
        .execute(conn)?;
    Ok(())
}

/// Nobody wants to be told any more: what was tried of it counts as nothing that failed.
fn not_wanted(conn: &mut Conn, ids: &[i64]) -> Result<(), Error> {
    diesel::update(notices::table.filter(notices::id.eq_any(ids)))
        .set((notices::state.eq(NoticeState::GivenUp.as_str()), notices::attempts.eq(0_i64)))
        .execute(conn)?;
    Ok(())
}

/// How many were tried in vain and given up since an instant.
pub fn given_up(conn: &mut Conn, (since, now): (DateTime<Utc>, DateTime<Utc>)) -> Result<i64, Error> {
    Ok(notices::table
        .filter(notices::state.eq(NoticeState::GivenUp.as_str()))
        .filter(notices::attempts.gt(0_i64))
        .filter(notices::next_attempt_at.between(at(since), at(now)))
        .count()
        .get_result(conn)?)
}

/// What waits since before an instant is not told any more; how much that was.
pub fn give_up_before(conn: &mut Conn, (since, now): (DateTime<Utc>, DateTime<Utc>)) -> Result<usize, Error> {
    let old = notices::table
        .filter(notices::state.eq(NoticeState::Queued.as_str()))
        .filter(notices::person_id.is_not_null())
        .filter(notices::created_at.lt(at(since)));
    let given_up = (notices::state.eq(NoticeState::GivenUp.as_str()), notices::next_attempt_at.eq(at(now)));
    Ok(diesel::update(old).set(given_up).execute(conn)?)
}

/// Whether a person is told.
pub fn wanted(conn: &mut Conn, person: i64) -> Result<bool, Error> {
    Ok(people::table.find(person).select(people::notices).first(conn)?)
}

/// Has a person told or not.
pub fn want(conn: &mut Conn, person: i64, wanted: bool) -> Result<(), Error> {
    diesel::update(people::table.find(person)).set(people::notices.eq(wanted)).execute(conn)?;
    Ok(())
}
