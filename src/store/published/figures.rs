//! What figures are made from: the bare clocks of all requests, and counts.

use crate::domain::publication::statistics::Case;
use crate::domain::request::state::Status;
use crate::store::published::hidden;
use crate::store::schema::{authorities, deployments, requests};
use crate::store::{Conn, Error};
use chrono::NaiveDate;
use diesel::dsl::count_star;
use diesel::prelude::*;

/// The clock of every request whose letter arrived, with its country and law.
pub fn cases(conn: &mut Conn) -> Result<Vec<Case>, Error> {
    type Row = (String, String, Status, Option<NaiveDate>, Option<NaiveDate>, Option<NaiveDate>);
    let rows: Vec<Row> = requests::table
        .inner_join(authorities::table)
        .filter(requests::received_on.is_not_null())
        .filter(requests::status.ne_all(hidden()))
        .select((
            authorities::country,
            requests::regime,
            requests::status,
            requests::received_on,
            requests::due_on,
            requests::answered_on,
        ))
        .order(requests::id.asc())
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter_map(|(country, regime, status, received_on, due_on, answered_on)| {
            let open = status.is_open();
            received_on.map(|received_on| Case { country, regime, received_on, due_on, answered_on, open })
        })
        .collect())
}

/// How many requests were sent, with how many authorities in how many countries, since when.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Extent {
    /// Requests.
    pub requests: i64,
    /// Authorities that were asked.
    pub authorities: i64,
    /// Countries of these.
    pub countries: i64,
    /// Deployments in the register.
    pub deployments: i64,
    /// The day of the first request.
    pub since: Option<NaiveDate>,
}

/// How far the archive reaches.
pub fn extent(conn: &mut Conn) -> Result<Extent, Error> {
    let public = || requests::table.inner_join(authorities::table).filter(requests::status.ne_all(hidden()));
    let requests_count = public().select(count_star()).get_result(conn)?;
    let asked: Vec<i64> = public().select(requests::authority_id).distinct().load(conn)?;
    let countries: Vec<String> = public().select(authorities::country).distinct().load(conn)?;
    let since: Option<chrono::NaiveDateTime> =
        public().select(diesel::dsl::min(requests::filed_at)).get_result(conn)?;
    let known = deployments::table.select(count_star()).get_result(conn)?;
    let length = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    Ok(Extent {
        requests: requests_count,
        authorities: length(asked.len()),
        countries: length(countries.len()),
        deployments: known,
        since: since.map(|at| at.date()),
    })
}
