//! The register of authorities as the desk keeps it, and as a filer searches it.

use crate::domain::authority::{AuthorityKind, AuthorityState};
use crate::domain::request::state::Status;
use crate::store::desk::{PAGE, pattern};
use crate::store::schema::{authorities, authority_addresses, requests};
use crate::store::{Conn, Error};
use diesel::prelude::*;
use std::collections::BTreeMap;

/// What a list of authorities is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Words of the name or the place, in any script.
    pub words: String,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// What kind of body.
    pub kind: Option<AuthorityKind>,
    /// Whether it can be written to.
    pub state: Option<AuthorityState>,
}

/// An authority in a list.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Entry {
    /// Its number.
    pub id: i64,
    /// Address of its page.
    pub slug: String,
    /// In its own language and script.
    pub name: String,
    /// English name.
    pub name_en: Option<String>,
    /// BCP 47.
    pub language: String,
    /// What kind of body.
    pub kind: AuthorityKind,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Town or area.
    pub place: String,
    /// The part of the country whose body it is, ISO 3166-2; the country's code for the whole state.
    pub subdivision: Option<String>,
    /// The law it answers under.
    pub regime: Option<String>,
    /// Why a person or a table chose another law than the rules.
    pub regime_reason: Option<String>,
    /// Its pages.
    pub website: Option<String>,
    /// Whether it can be written to.
    pub state: AuthorityState,
}

macro_rules! narrowed {
    ($filter:expr) => {{
        let filter: &Filter = $filter;
        let mut query = authorities::table.into_boxed();
        for word in filter.words.split_whitespace().take(6) {
            query = query.filter(authorities::folded.like(pattern(word)).escape('\\'));
        }
        if let Some(country) = &filter.country {
            query = query.filter(authorities::country.eq(country.clone()));
        }
        if let Some(kind) = filter.kind {
            query = query.filter(authorities::kind.eq(kind));
        }
        if let Some(state) = filter.state {
            query = query.filter(authorities::state.eq(state));
        }
        query
    }};
}

macro_rules! columns {
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
        )
    };
}

/// How many authorities a filter finds.
pub fn count(conn: &mut Conn, filter: &Filter) -> Result<i64, Error> {
    Ok(narrowed!(filter).count().get_result(conn)?)
}

/// A page of what a filter finds, by name.
pub fn list(conn: &mut Conn, filter: &Filter, offset: i64) -> Result<Vec<Entry>, Error> {
    Ok(narrowed!(filter)
        .order((authorities::name.asc(), authorities::id.asc()))
        .limit(PAGE)
        .offset(offset)
        .select(columns!())
        .load(conn)?)
}

/// The first few of the register: those that can be written to, then those that cannot, by name.
pub fn ready_first(conn: &mut Conn, most: i64) -> Result<Vec<Entry>, Error> {
    let mut found = Vec::new();
    for state in [AuthorityState::Ready, AuthorityState::NeedsAddress] {
        let left = most - i64::try_from(found.len()).unwrap_or(most);
        if left > 0 {
            let rows: Vec<Entry> = authorities::table
                .filter(authorities::state.eq(state))
                .order((authorities::name.asc(), authorities::id.asc()))
                .limit(left)
                .select(columns!())
                .load(conn)?;
            found.extend(rows);
        }
    }
    Ok(found)
}

/// Some authorities by number, by name.
pub fn some(conn: &mut Conn, ids: &[i64]) -> Result<Vec<Entry>, Error> {
    Ok(authorities::table
        .filter(authorities::id.eq_any(ids.to_vec()))
        .order((authorities::name.asc(), authorities::id.asc()))
        .select(columns!())
        .load(conn)?)
}

/// How many authorities each state has.
pub fn counts(conn: &mut Conn) -> Result<BTreeMap<AuthorityState, i64>, Error> {
    let rows: Vec<(AuthorityState, i64)> = authorities::table
        .group_by(authorities::state)
        .select((authorities::state, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// The countries that authorities are in.
pub fn countries(conn: &mut Conn) -> Result<Vec<String>, Error> {
    Ok(authorities::table
        .select(authorities::country)
        .distinct()
        .order(authorities::country.asc())
        .load(conn)?)
}

/// The address that requests to each of some authorities go to.
pub fn addresses(conn: &mut Conn, ids: &[i64]) -> Result<BTreeMap<i64, String>, Error> {
    let rows: Vec<(i64, String)> = authority_addresses::table
        .filter(authority_addresses::authority_id.eq_any(ids.to_vec()))
        .filter(authority_addresses::purpose.eq("requests"))
        .filter(authority_addresses::state.eq("in_use"))
        .order(authority_addresses::since.asc())
        .select((authority_addresses::authority_id, authority_addresses::email))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// How many requests to each of some authorities wait for an answer.
pub fn open_requests(conn: &mut Conn, ids: &[i64]) -> Result<BTreeMap<i64, i64>, Error> {
    let open: Vec<Status> =
        Status::ALL.iter().copied().filter(|s| s.is_open() || *s == Status::Filed).collect();
    let rows: Vec<(i64, i64)> = requests::table
        .filter(requests::authority_id.eq_any(ids.to_vec()))
        .filter(requests::status.eq_any(open))
        .group_by(requests::authority_id)
        .select((requests::authority_id, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}
