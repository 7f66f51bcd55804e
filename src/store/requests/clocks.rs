//! Whose clocks must be looked at: something happened since they were, or a day came on which the law adds something.

use std::collections::BTreeMap;

use crate::domain::request::clocks::Looked;
use crate::domain::request::event::Event;
use crate::domain::request::state::Status;
use crate::store::schema::{events, request_rights, requests};
use crate::store::{Conn, Error, each};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::max;
use diesel::prelude::*;

/// A request whose clocks must be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = requests)]
pub struct Waiting {
    /// The request.
    pub id: i64,
    /// Id of its law.
    pub regime: String,
    /// Version of the rules it was filed under.
    pub regime_version: String,
    /// How many events it has.
    pub events_count: i64,
    /// How many it had when its clocks were last looked at.
    pub clocks_seq: i64,
    /// The day on which the law may add something.
    pub clocks_on: Option<NaiveDate>,
}

/// A request with its events, or why they cannot be read, which hides no other request.
pub type Read = (Waiting, Result<Vec<Event>, Error>);

/// The next of those requests after a number, with their events: `latest` is the date where it is latest on earth.
pub fn to_look_at(
    conn: &mut Conn,
    latest: NaiveDate,
    (after, limit): (i64, i64),
) -> Result<Vec<Read>, Error> {
    let waiting: Vec<Waiting> = requests::table
        .filter(requests::id.gt(after))
        .filter(requests::clocks_seq.ne(requests::events_count).or(requests::clocks_on.le(latest)))
        .order(requests::id.asc())
        .limit(limit)
        .select(Waiting::as_select())
        .load(conn)?;
    with_events(conn, waiting)
}

/// The next requests under some laws after a number to which an answer is owed, with their events.
pub fn open_under(
    conn: &mut Conn,
    regimes: &[String],
    (after, limit): (i64, i64),
) -> Result<Vec<Read>, Error> {
    let open: Vec<Status> = Status::ALL.iter().copied().filter(|status| status.is_open()).collect();
    let waiting: Vec<Waiting> = requests::table
        .filter(requests::id.gt(after))
        .filter(requests::regime.eq_any(regimes.to_vec()))
        .filter(requests::status.eq_any(open))
        .order(requests::id.asc())
        .limit(limit)
        .select(Waiting::as_select())
        .load(conn)?;
    with_events(conn, waiting)
}

fn with_events(conn: &mut Conn, waiting: Vec<Waiting>) -> Result<Vec<Read>, Error> {
    let ids: Vec<i64> = waiting.iter().map(|it| it.id).collect();
    let rows: Vec<(i64, String)> = events::table
        .filter(events::request_id.eq_any(ids))
        .order((events::request_id.asc(), events::seq.asc()))
        .select((events::request_id, events::body))
        .load(conn)?;
    let mut bodies: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for (request, body) in rows {
        bodies.entry(request).or_default().push(body);
    }
    let read = |id: i64| {
        let of_request = bodies.get(&id).map(Vec::as_slice).unwrap_or_default();
        of_request.iter().map(|body| serde_json::from_str(body).map_err(Error::from)).collect()
    };
    Ok(waiting.into_iter().map(|it| (read(it.id), it)).map(|(events, it)| (it, events)).collect())
}

/// When the due day of a request was last counted: the time of the last event that gave it one.
pub fn counted_at(conn: &mut Conn, request: i64) -> Result<Option<NaiveDateTime>, Error> {
    let counting = ["sent", "registered", "extension_claimed", "clock_moved"];
    Ok(events::table
        .filter(events::request_id.eq(request))
        .filter(events::kind.eq_any(counting.map(str::to_owned).to_vec()))
        .select(max(events::at))
        .first(conn)?)
}

/// Keeps that the clocks were looked at with so many events, when to look again, and the right that comes next.
pub fn looked_at(conn: &mut Conn, request: i64, (seq, looked): (i64, Looked)) -> Result<(), Error> {
    diesel::update(requests::table.find(request))
        .set((requests::clocks_seq.eq(seq), requests::clocks_on.eq(looked.again_on)))
        .execute(conn)?;
    next_right(conn, request, looked)
}

/// Keeps the right that comes next; no row: none does.
fn next_right(conn: &mut Conn, request: i64, looked: Looked) -> Result<(), Error> {
    let Some(right) = looked.right else {
        diesel::delete(request_rights::table.filter(request_rights::request_id.eq(request))).execute(conn)?;
        return Ok(());
    };
    let what = (
        request_rights::right_step.eq(right.step.as_str()),
        request_rights::right_opens_on.eq(right.opens_on),
        request_rights::right_last_on.eq(right.last_on),
    );
    let row = (request_rights::request_id.eq(request), what);
    each!(conn, |c| diesel::insert_into(request_rights::table)
        .values(row)
        .on_conflict(request_rights::request_id)
        .do_update()
        .set(what)
        .execute(c))?;
    Ok(())
}

/// Keeps what a look left, unless something was recorded, or the request marked to be looked at anew, in between.
pub fn still_quiet(conn: &mut Conn, waiting: &Waiting, looked: Looked) -> Result<(), Error> {
    let same = requests::table
        .find(waiting.id)
        .filter(requests::clocks_seq.eq(waiting.clocks_seq))
        .filter(requests::events_count.eq(waiting.events_count));
    let kept = diesel::update(same)
        .set((requests::clocks_seq.eq(waiting.events_count), requests::clocks_on.eq(looked.again_on)))
        .execute(conn)?;
    if kept == 1 { next_right(conn, waiting.id, looked) } else { Ok(()) }
}

/// Has the clocks of all requests under some laws looked at again, as when a day off was added; how many.
pub fn look_again(conn: &mut Conn, regimes: &[String]) -> Result<usize, Error> {
    Ok(diesel::update(requests::table.filter(requests::regime.eq_any(regimes.to_vec())))
        .set(requests::clocks_seq.eq(-1_i64))
        .execute(conn)?)
}
