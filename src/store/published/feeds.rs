//! Requests that a calendar feed tells of, each with its events: only what is public, newest first, never without end.

use crate::domain::publication::timeline::Happened;
use crate::domain::request::event::Event;
use crate::domain::request::state::{Outcome, Status};
use crate::store::published::hidden;
use crate::store::published::requests::{campaign, open_statuses};
use crate::store::schema::{authorities, campaigns, events, regimes, requests};
use crate::store::{Conn, Error};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use std::collections::HashMap;

/// Requests in one feed.
pub const MOST: i64 = 2000;
/// Ids in one question to the database; SQLite takes 32,766.
const CHUNK: usize = 500;

/// Whose requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    /// To an authority, by its slug.
    Authority(String),
    /// Of a campaign, by its slug.
    Campaign(String),
    /// Of a person, for that person: their number narrows the list and is not read.
    Person(i64),
    /// All.
    All,
}

/// A request in a feed.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Row {
    /// Its number.
    pub id: i64,
    /// Public reference.
    pub reference: String,
    /// The law.
    pub regime: String,
    /// Its version.
    pub regime_version: String,
    /// The last thing that happened.
    pub last_event_at: NaiveDateTime,
    /// How many events it has.
    pub events_count: i64,
    /// Name of the authority.
    pub authority: String,
}

/// The rows with their events, and the rules that they name, as kept.
#[derive(Debug, Default)]
pub struct Feed {
    /// Newest first.
    pub rows: Vec<(Row, Vec<Happened>)>,
    /// JSON of the rules by id and version.
    pub rules: HashMap<(String, String), String>,
}

/// Requests whose dates may still matter: an answer is owed, or was refused since `since`.
pub fn load(conn: &mut Conn, of: &Of, since: NaiveDate) -> Result<Feed, Error> {
    let wanted = match of {
        Of::Campaign(slug) => campaign(conn, Some(slug))?,
        _ => None,
    };
    let refused =
        [Outcome::PartlyDisclosed, Outcome::Refused, Outcome::NotHeld, Outcome::NeitherConfirmedNorDenied];
    let mut query = requests::table
        .inner_join(authorities::table)
        .filter(requests::status.ne_all(hidden()))
        .filter(
            requests::status.eq_any(open_statuses()).or(requests::status
                .eq(Status::Answered)
                .and(requests::outcome.eq_any(refused))
                .and(requests::answered_on.ge(since))),
        )
        .select((
            requests::id,
            requests::reference,
            requests::regime,
            requests::regime_version,
            requests::last_event_at,
            requests::events_count,
            authorities::name,
        ))
        .into_boxed();
    query = match of {
        Of::Authority(slug) => query.filter(authorities::slug.eq(slug.clone())),
        Of::Campaign(_) => query.filter(requests::campaign_id.eq(wanted)),
        Of::Person(person) => query.filter(requests::person_id.eq(*person)),
        Of::All => query,
    };
    let rows: Vec<Row> = query.order(requests::id.desc()).limit(MOST).load(conn)?;
    let mut happened = events_of(conn, &rows)?;
    let rules = rules_of(conn, &rows)?;
    let rows = rows.into_iter().map(|row| (happened.remove(&row.id).unwrap_or_default(), row));
    Ok(Feed { rows: rows.map(|(events, row)| (row, events)).collect(), rules })
}

fn events_of(conn: &mut Conn, rows: &[Row]) -> Result<HashMap<i64, Vec<Happened>>, Error> {
    let mut found: HashMap<i64, Vec<Happened>> = HashMap::new();
    for chunk in rows.chunks(CHUNK) {
        let ids: Vec<i64> = chunk.iter().map(|row| row.id).collect();
        let read: Vec<(i64, NaiveDateTime, String)> = events::table
            .filter(events::request_id.eq_any(ids))
            .order((events::request_id, events::seq))
            .select((events::request_id, events::at, events::body))
            .load(conn)?;
        for (request, at, body) in read {
            let event: Event = serde_json::from_str(&body)?;
            found.entry(request).or_default().push(Happened { at: at.and_utc(), event });
        }
    }
    Ok(found)
}

fn rules_of(conn: &mut Conn, rows: &[Row]) -> Result<HashMap<(String, String), String>, Error> {
    let mut versions: Vec<&str> = rows.iter().map(|row| row.regime_version.as_str()).collect();
    versions.sort_unstable();
    versions.dedup();
    let read: Vec<(String, String, String)> = regimes::table
        .filter(regimes::version.eq_any(versions))
        .select((regimes::regime, regimes::version, regimes::body))
        .load(conn)?;
    Ok(read.into_iter().map(|(id, version, rules)| ((id, version), rules)).collect())
}

/// The title of a campaign.
pub fn campaign_title(conn: &mut Conn, slug: &str) -> Result<Option<String>, Error> {
    let found = campaigns::table.filter(campaigns::slug.eq(slug)).select(campaigns::title);
    Ok(found.first(conn).optional()?)
}
