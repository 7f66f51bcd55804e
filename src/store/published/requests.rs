//! Lists of requests, newest first, with the body that was asked.

use crate::domain::law::remedy::RemedyStep;
use crate::domain::request::state::{Outcome, Status};
use crate::store::published::{PAGE, Slice, hidden, offset, patterns};
use crate::store::schema::{authorities, campaigns, requests};
use crate::store::{Conn, Error};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde::Serialize;

/// A request in a list.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Serialize)]
pub struct RequestRow {
    /// Public reference.
    pub reference: String,
    /// Title of the bundle.
    pub title: String,
    /// Id of the law.
    pub regime: String,
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
    /// The day of the answer.
    pub answered_on: Option<NaiveDate>,
    /// The last thing that happened.
    pub last_event_at: NaiveDateTime,
    /// Since when silence counts as a refusal, where it does.
    pub silence_refused_on: Option<NaiveDate>,
    /// The remedy that is under way.
    pub stage: Option<RemedyStep>,
    /// Address of the authority's page.
    pub authority: String,
    /// Its name.
    pub authority_name: String,
    /// Language of the name.
    pub authority_language: String,
    /// Its country.
    pub country: String,
    /// Its place.
    pub place: String,
}

/// What a list is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Slug of an authority.
    pub authority: Option<String>,
    /// Code of a country.
    pub country: Option<String>,
    /// Any of these; empty = all.
    pub status: Vec<Status>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Only those whose due day passed without an answer.
    pub overdue: bool,
    /// Slug of a campaign.
    pub campaign: Option<String>,
    /// Id of a law.
    pub regime: Option<String>,
    /// Words that name, place or title hold.
    pub search: String,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// What was filed last comes first.
    Newest,
    /// What was answered last comes first; only what was answered.
    LatestAnswer,
    /// What is longest overdue comes first.
    LongestOverdue,
}

/// The states in which an answer is owed.
pub fn open_statuses() -> Vec<Status> {
    Status::ALL.iter().copied().filter(|status| status.is_open()).collect()
}

macro_rules! row {
    () => {
        (
            requests::reference,
            requests::title,
            requests::regime,
            requests::status,
            requests::outcome,
            requests::filed_at,
            requests::received_on,
            requests::due_on,
            requests::answered_on,
            requests::last_event_at,
            requests::silence_refused_on,
            requests::stage,
            authorities::slug,
            authorities::name,
            authorities::language,
            authorities::country,
            authorities::place,
        )
    };
}

/// The same conditions for the rows and for their number; each backend types them itself.
macro_rules! narrowed {
    ($query:expr, $filter:expr, $campaign:expr, $today:expr) => {{
        let mut query = $query.filter(requests::status.ne_all(hidden()));
        if let Some(slug) = &$filter.authority {
            query = query.filter(authorities::slug.eq(slug.clone()));
        }
        if let Some(country) = &$filter.country {
            query = query.filter(authorities::country.eq(country.clone()));
        }
        if !$filter.status.is_empty() {
            query = query.filter(requests::status.eq_any($filter.status.clone()));
        }
        if let Some(outcome) = $filter.outcome {
            query = query.filter(requests::outcome.eq(outcome));
        }
        if $filter.overdue {
            query =
                query.filter(requests::status.eq_any(open_statuses())).filter(requests::due_on.lt($today));
        }
        if let Some(campaign) = $campaign {
            query = query.filter(requests::campaign_id.eq(campaign));
        }
        if let Some(regime) = &$filter.regime {
            query = query.filter(requests::regime.eq(regime.clone()));
        }
        for pattern in patterns(&$filter.search) {
            query = query.filter(
                requests::folded
                    .like(pattern.clone())
                    .escape('\\')
                    .or(authorities::folded.like(pattern).escape('\\')),
            );
        }
        query
    }};
}

/// One page of the requests that match.
pub fn list(
    conn: &mut Conn,
    filter: &Filter,
    (order, page): (Order, i64),
    today: NaiveDate,
) -> Result<Slice<RequestRow>, Error> {
    let campaign = campaign(conn, filter.campaign.as_deref())?;
    let total = narrowed!(
        requests::table.inner_join(authorities::table).select(diesel::dsl::count_star()).into_boxed(),
        filter,
        campaign,
        today
    )
    .get_result(conn)?;
    let rows = ranked(conn, filter, campaign, (order, page, PAGE), today)?;
    Ok(Slice { rows, total, page: page.max(1) })
}

/// The first few of an order, without counting the rest.
pub fn first(
    conn: &mut Conn,
    filter: &Filter,
    (order, few): (Order, i64),
    today: NaiveDate,
) -> Result<Vec<RequestRow>, Error> {
    ranked(conn, filter, None, (order, 1, few), today)
}

fn ranked(
    conn: &mut Conn,
    filter: &Filter,
    campaign: Option<i64>,
    (order, page, size): (Order, i64, i64),
    today: NaiveDate,
) -> Result<Vec<RequestRow>, Error> {
    let query = narrowed!(
        requests::table.inner_join(authorities::table).select(row!()).into_boxed(),
        filter,
        campaign,
        today
    );
    let query = query.limit(size).offset(offset(page));
    Ok(match order {
        Order::Newest => query.order(requests::id.desc()).load(conn)?,
        Order::LatestAnswer => query
            .filter(requests::answered_on.is_not_null())
            .order((requests::answered_on.desc(), requests::id.desc()))
            .load(conn)?,
        Order::LongestOverdue => query.order((requests::due_on.asc(), requests::id.asc())).load(conn)?,
    })
}

/// The number of a campaign; one that is not known matches nothing.
pub(in crate::store::published) fn campaign(
    conn: &mut Conn,
    slug: Option<&str>,
) -> Result<Option<i64>, Error> {
    let Some(slug) = slug else { return Ok(None) };
    let found =
        campaigns::table.filter(campaigns::slug.eq(slug)).select(campaigns::id).first(conn).optional()?;
    Ok(Some(found.unwrap_or(-1)))
}

/// The countries in which a request was filed, for the filter.
pub fn countries(conn: &mut Conn) -> Result<Vec<String>, Error> {
    Ok(requests::table
        .inner_join(authorities::table)
        .filter(requests::status.ne_all(hidden()))
        .select(authorities::country)
        .distinct()
        .order(authorities::country.asc())
        .load(conn)?)
}
