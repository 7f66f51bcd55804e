//! Looking for an authority that may be in the register already, so that nobody is entered twice.

use crate::domain::authority::{AuthorityState, fold, names_one_body};
use crate::store::schema::{authorities, authority_identifiers};
use crate::store::{Conn, Error, each};
use diesel::prelude::*;

/// An authority that may be the one that is meant.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = authorities)]
pub struct Known {
    /// Its number.
    pub id: i64,
    /// Address of its page.
    pub slug: String,
    /// In its own language and script.
    pub name: String,
    /// BCP 47 of the name.
    pub language: String,
    /// Town or area.
    pub place: String,
}

/// The authorities of a country that have this name, whatever its capitals and accents.
pub fn same_name(conn: &mut Conn, country: &str, name: &str) -> Result<Vec<Known>, Error> {
    let folded = fold(name);
    let escaped = folded.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let found: Vec<Known> = authorities::table
        .filter(authorities::country.eq(country))
        .filter(authorities::folded.like(format!("{escaped}%")).escape('\\'))
        .order(authorities::id.asc())
        .select(Known::as_select())
        .load(conn)?;
    Ok(found.into_iter().filter(|known| fold(&known.name) == folded).collect())
}

/// A row of a table of authorities, as its source would name it again.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// Where the entry comes from.
    pub source: &'a str,
    /// ISO 3166-1 alpha-2, or EU.
    pub country: &'a str,
    /// In its own language and script.
    pub name: &'a str,
    /// Town or area.
    pub place: &'a str,
    /// Identifiers of the row; one of the same scheme and another value is another body's.
    pub identifiers: &'a [(String, String)],
}

/// The authority that the same source entered under the same name, country and place.
pub fn same_line(conn: &mut Conn, line: &Line<'_>) -> Result<Option<i64>, Error> {
    for known in same_name(conn, line.country, line.name)? {
        let source: String = authorities::table.find(known.id).select(authorities::source).first(conn)?;
        if source != line.source || fold(&known.place) != fold(line.place) {
            continue;
        }
        let has: Vec<String> = authority_identifiers::table
            .filter(authority_identifiers::authority_id.eq(known.id))
            .select(authority_identifiers::scheme)
            .load(conn)?;
        let other = |(scheme, _): &(String, String)| names_one_body(scheme) && has.contains(scheme);
        if !line.identifiers.iter().any(other) {
            return Ok(Some(known.id));
        }
    }
    Ok(None)
}

/// `wanted`, or `wanted-2`, `wanted-3` … where others have it: addresses of pages are never used twice.
pub fn free_slug(conn: &mut Conn, wanted: &str) -> Result<String, Error> {
    let wanted = if wanted.is_empty() { "authority" } else { wanted };
    let mut slug = wanted.to_owned();
    for number in 2_u32.. {
        if by_slug(conn, &slug)?.is_none() {
            break;
        }
        slug = format!("{wanted}-{number}");
    }
    Ok(slug)
}

/// The authority whose page has this address.
pub fn by_slug(conn: &mut Conn, slug: &str) -> Result<Option<i64>, Error> {
    Ok(authorities::table
        .filter(authorities::slug.eq(slug))
        .select(authorities::id)
        .first(conn)
        .optional()?)
}

/// The authority that an identifier names; none for the code of a place, which many may share.
pub fn by_identifier(conn: &mut Conn, scheme: &str, value: &str) -> Result<Option<Known>, Error> {
    if !names_one_body(scheme) {
        return Ok(None);
    }
    Ok(authority_identifiers::table
        .inner_join(authorities::table)
        .filter(authority_identifiers::scheme.eq(scheme))
        .filter(authority_identifiers::value.eq(value))
        .select(Known::as_select())
        .first(conn)
        .optional()?)
}

/// What became of an identifier that an authority was to get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identified {
    /// It has it now.
    Added,
    /// It had it before.
    Same,
    /// It names this other authority; nothing was written.
    Taken(Known),
}

/// Gives an authority an identifier, unless it names another one.
pub fn identify(conn: &mut Conn, id: i64, (scheme, value): (&str, &str)) -> Result<Identified, Error> {
    let taken = |conn: &mut Conn| -> Result<Option<Known>, Error> {
        Ok(by_identifier(conn, scheme, value)?.filter(|other| other.id != id))
    };
    if let Some(other) = taken(conn)? {
        return Ok(Identified::Taken(other));
    }
    let row = (
        authority_identifiers::authority_id.eq(id),
        authority_identifiers::scheme.eq(scheme),
        authority_identifiers::value.eq(value),
    );
    let added = each!(conn, |c| diesel::insert_into(authority_identifiers::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    if added > 0 {
        return Ok(Identified::Added);
    }
    // It was there already, or another took it in this very moment.
    Ok(taken(conn)?.map_or(Identified::Same, Identified::Taken))
}

/// Says that an authority is no more, or is again.
pub fn set_state(conn: &mut Conn, id: i64, state: AuthorityState) -> Result<(), Error> {
    diesel::update(authorities::table.find(id)).set(authorities::state.eq(state)).execute(conn)?;
    Ok(())
}

/// Numbers and names of what was entered from some sources.
pub fn of_sources(conn: &mut Conn, sources: &[String]) -> Result<Vec<(i64, String)>, Error> {
    Ok(authorities::table
        .filter(authorities::source.eq_any(sources.to_vec()))
        .order(authorities::name.asc())
        .select((authorities::id, authorities::name))
        .load(conn)?)
}
