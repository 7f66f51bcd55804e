//! Authorities as the public sees them, with how often they were asked.

use crate::domain::authority::{AuthorityKind, AuthorityState};
use crate::store::published::{PAGE, Slice, hidden, offset, patterns};
use crate::store::schema::{authorities, authority_addresses, requests};
use crate::store::{Conn, Error};
use diesel::dsl::count_star;
use diesel::prelude::*;
use serde::Serialize;

/// An authority.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Serialize)]
pub struct AuthorityRow {
    /// Its number.
    #[serde(skip)]
    pub id: i64,
    /// Address of its page.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its name in English, where one is used.
    pub name_en: Option<String>,
    /// Language of the name.
    pub language: String,
    /// What kind of body it is.
    pub kind: AuthorityKind,
    /// Its country.
    pub country: String,
    /// Its place.
    pub place: String,
    /// The part of the country whose body it is, ISO 3166-2; the country's code for the whole state.
    pub subdivision: Option<String>,
    /// Id of the law it answers under.
    pub regime: Option<String>,
    /// Why a person or a table chose another law than the rules.
    pub regime_reason: Option<String>,
    /// Its own site.
    pub website: Option<String>,
    /// Whether it can be written to.
    pub state: AuthorityState,
    /// Where the entry comes from.
    pub source: String,
}

/// What the list is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Code of a country.
    pub country: Option<String>,
    /// Kind of body.
    pub kind: Option<AuthorityKind>,
    /// Words that name or place hold.
    pub search: String,
}

/// An authority and how many requests it got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// The authority.
    #[serde(flatten)]
    pub authority: AuthorityRow,
    /// Requests to it.
    pub requests: i64,
}

macro_rules! row {
    () => {
        (
            authorities::id,
            authorities::slug,
            authorities::name,
            authorities::name_en,
            authorities::language,
            authorities::kind,
            authorities::country,
            authorities::place,
            authorities::subdivision,
            authorities::regime,
            authorities::regime_reason,
            authorities::website,
            authorities::state,
            authorities::source,
        )
    };
}

macro_rules! narrowed {
    ($query:expr, $filter:expr) => {{
        let mut query = $query;
        if let Some(country) = &$filter.country {
            query = query.filter(authorities::country.eq(country.clone()));
        }
        if let Some(kind) = $filter.kind {
            query = query.filter(authorities::kind.eq(kind));
        }
        for pattern in patterns(&$filter.search) {
            query = query.filter(authorities::folded.like(pattern).escape('\\'));
        }
        query
    }};
}

/// One page of the authorities that match, by country and name.
pub fn list(conn: &mut Conn, filter: &Filter, page: i64) -> Result<Slice<Listed>, Error> {
    let total = narrowed!(authorities::table.select(count_star()).into_boxed(), filter).get_result(conn)?;
    let rows: Vec<AuthorityRow> = narrowed!(authorities::table.select(row!()).into_boxed(), filter)
        .order((authorities::country.asc(), authorities::folded.asc(), authorities::id.asc()))
        .limit(PAGE)
        .offset(offset(page))
        .load(conn)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let counts: Vec<(i64, i64)> = requests::table
        .filter(requests::authority_id.eq_any(ids))
        .filter(requests::status.ne_all(hidden()))
        .group_by(requests::authority_id)
        .select((requests::authority_id, count_star()))
        .load(conn)?;
    let asked = |id: i64| counts.iter().find(|(of, _)| *of == id).map_or(0, |(_, n)| *n);
    let rows = rows.into_iter().map(|row| Listed { requests: asked(row.id), authority: row }).collect();
    Ok(Slice { rows, total, page: page.max(1) })
}

/// One authority.
pub fn find(conn: &mut Conn, slug: &str) -> Result<Option<AuthorityRow>, Error> {
    Ok(authorities::table.filter(authorities::slug.eq(slug)).select(row!()).first(conn).optional()?)
}

/// The official address for requests that is in use.
pub fn address(conn: &mut Conn, id: i64) -> Result<Option<String>, Error> {
    Ok(authority_addresses::table
        .filter(authority_addresses::authority_id.eq(id))
        .filter(authority_addresses::purpose.eq("requests"))
        .filter(authority_addresses::state.eq("in_use"))
        .order(authority_addresses::id.asc())
        .select(authority_addresses::email)
        .first(conn)
        .optional()?)
}

/// The countries in which an authority is known, for the filter.
pub fn countries(conn: &mut Conn) -> Result<Vec<String>, Error> {
    Ok(authorities::table
        .select(authorities::country)
        .distinct()
        .order(authorities::country.asc())
        .load(conn)?)
}
