//! Authorities with their addresses and identifiers.

mod finding;

pub use finding::{
    Identified, Known, Line, by_identifier, by_slug, free_slug, identify, of_sources, same_line, same_name,
    set_state,
};

use crate::domain::authority::{AuthorityKind, AuthorityState, EmailAddress, fold};
use crate::domain::incoming::matching::domains::{self, Source};
use crate::store::matching;
use crate::store::schema::{authorities, authority_addresses};
use crate::store::{Conn, Error, at, contact_tasks};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use diesel::result::DatabaseErrorKind;
use diesel::result::Error::DatabaseError;

/// What is known of an authority before it is in the database.
#[derive(Debug, Clone)]
pub struct NewAuthority {
    /// Address of its page.
    pub slug: String,
    /// In its own language and script.
    pub name: String,
    /// English name, where one is used.
    pub name_en: Option<String>,
    /// BCP 47.
    pub language: String,
    /// What kind of body.
    pub kind: AuthorityKind,
    /// ISO 3166-1 alpha-2, or EU.
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
    /// Where the entry comes from.
    pub source: String,
    /// Where requests go.
    pub email: Option<EmailAddress>,
    /// Identifiers elsewhere: (scheme, value).
    pub identifiers: Vec<(String, String)>,
}

/// An authority as it is written to.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = authorities)]
pub struct Authority {
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
    /// ISO 3166-1 alpha-2, or EU.
    pub country: String,
    /// Town or area.
    pub place: String,
    /// The part of the country whose body it is, ISO 3166-2; the country's code for the whole state.
    pub subdivision: Option<String>,
    /// The law it answers under.
    pub regime: Option<String>,
    /// Why a person or a table chose another law than the rules.
    pub regime_reason: Option<String>,
    /// Whether it can be written to.
    pub state: AuthorityState,
}

/// Adds an authority with its address and identifiers; its state follows from the address.
pub fn insert(conn: &mut Conn, new: &NewAuthority, now: DateTime<Utc>) -> Result<i64, Error> {
    let state = if new.email.is_some() { AuthorityState::Ready } else { AuthorityState::NeedsAddress };
    let english = new.name_en.as_deref().unwrap_or_default();
    let id: i64 = diesel::insert_into(authorities::table)
        .values((
            authorities::slug.eq(&new.slug),
            authorities::name.eq(&new.name),
            authorities::name_en.eq(&new.name_en),
            authorities::language.eq(&new.language),
            authorities::kind.eq(new.kind),
            authorities::country.eq(&new.country),
            authorities::place.eq(&new.place),
            authorities::subdivision.eq(&new.subdivision),
            authorities::regime.eq(&new.regime),
            authorities::regime_reason.eq(&new.regime_reason),
            authorities::website.eq(&new.website),
            authorities::state.eq(state),
            authorities::source.eq(&new.source),
            authorities::folded.eq(fold(&format!("{} {english} {}", new.name, new.place))),
            authorities::created_at.eq(at(now)),
        ))
        .returning(authorities::id)
        .get_result(conn)?;
    if let Some(email) = &new.email {
        add_address(conn, id, email, now)?;
    }
    if let Some(host) = new.website.as_deref().and_then(domains::host_of_website) {
        matching::know_domain(conn, id, (&host, Source::Register), now)?;
    }
    for (scheme, value) in &new.identifiers {
        if let Identified::Taken(other) = identify(conn, id, (scheme, value))? {
            return Err(taken(&format!("{scheme}:{value}"), &other));
        }
    }
    Ok(id)
}

/// As the database would say it, if a scheme that names one body could be told to it.
fn taken(identifier: &str, by: &Known) -> Error {
    let words = format!("expected an identifier that nobody has yet, found `{identifier}` of `{}`", by.slug);
    Error::Database(DatabaseError(DatabaseErrorKind::UniqueViolation, Box::new(words)))
}

fn add_address(conn: &mut Conn, id: i64, email: &EmailAddress, now: DateTime<Utc>) -> Result<(), Error> {
    diesel::insert_into(authority_addresses::table)
        .values((
            authority_addresses::authority_id.eq(id),
            authority_addresses::purpose.eq("requests"),
            authority_addresses::email.eq(email.as_str()),
            authority_addresses::state.eq("in_use"),
            authority_addresses::since.eq(at(now)),
        ))
        .execute(conn)?;
    matching::know_domain(conn, id, (email.domain(), Source::Register), now)
}

/// Makes `email` the address that requests go to from now on; earlier ones are kept as retired.
pub fn set_address(conn: &mut Conn, id: i64, email: &EmailAddress, now: DateTime<Utc>) -> Result<(), Error> {
    let earlier = authority_addresses::table
        .filter(authority_addresses::authority_id.eq(id))
        .filter(authority_addresses::purpose.eq("requests"));
    diesel::update(earlier.filter(authority_addresses::email.ne(email.as_str())))
        .set(authority_addresses::state.eq("retired"))
        .execute(conn)?;
    let again = diesel::update(earlier.filter(authority_addresses::email.eq(email.as_str())))
        .set((authority_addresses::state.eq("in_use"), authority_addresses::since.eq(at(now))))
        .execute(conn)?;
    if again == 0 {
        add_address(conn, id, email, now)?;
    }
    diesel::update(authorities::table.find(id))
        .set(authorities::state.eq(AuthorityState::Ready))
        .execute(conn)?;
    contact_tasks::settle(conn, id, now)
}

/// Marks an address as bounced, however a mail server writes it; without another one the authority needs an address.
pub fn address_bounced(conn: &mut Conn, id: i64, email: &str) -> Result<(), Error> {
    let known = contact_tasks::known(conn, id, &[email.to_owned()])?;
    diesel::update(
        authority_addresses::table
            .filter(authority_addresses::authority_id.eq(id))
            .filter(authority_addresses::email.eq_any(known)),
    )
    .set(authority_addresses::state.eq("bounced"))
    .execute(conn)?;
    if address(conn, id)?.is_none() {
        diesel::update(authorities::table.find(id))
            .set(authorities::state.eq(AuthorityState::NeedsAddress))
            .execute(conn)?;
    }
    Ok(())
}

/// Takes addresses back into use that bounced and are proved to work, as the register writes them; those that another
/// took the place of stay retired.
pub(super) fn addresses_work(conn: &mut Conn, id: i64, known: &[String]) -> Result<(), Error> {
    let bounced = authority_addresses::table
        .filter(authority_addresses::authority_id.eq(id))
        .filter(authority_addresses::email.eq_any(known))
        .filter(authority_addresses::state.eq("bounced"));
    if diesel::update(bounced).set(authority_addresses::state.eq("in_use")).execute(conn)? > 0
        && address(conn, id)?.is_some()
    {
        diesel::update(authorities::table.find(id))
            .filter(authorities::state.eq(AuthorityState::NeedsAddress))
            .set(authorities::state.eq(AuthorityState::Ready))
            .execute(conn)?;
    }
    Ok(())
}

/// Says which law an authority answers under; none = nobody knows.
pub fn set_regime(conn: &mut Conn, id: i64, regime: Option<&str>) -> Result<(), Error> {
    diesel::update(authorities::table.find(id)).set(authorities::regime.eq(regime)).execute(conn)?;
    Ok(())
}

/// Says why it is that law and no other, as a person or a table gave it; none = as the rules choose.
pub fn set_regime_reason(conn: &mut Conn, id: i64, reason: Option<&str>) -> Result<(), Error> {
    diesel::update(authorities::table.find(id)).set(authorities::regime_reason.eq(reason)).execute(conn)?;
    Ok(())
}

/// Says of which part of the country an authority is.
pub fn set_subdivision(conn: &mut Conn, id: i64, part: &str) -> Result<(), Error> {
    diesel::update(authorities::table.find(id)).set(authorities::subdivision.eq(part)).execute(conn)?;
    Ok(())
}

/// Who an authority is, as a person mends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// In its own language and script.
    pub name: String,
    /// English name.
    pub name_en: Option<String>,
    /// BCP 47.
    pub language: String,
    /// What kind of body.
    pub kind: AuthorityKind,
    /// Town or area.
    pub place: String,
    /// The part of the country whose body it is, ISO 3166-2; the country's code for the whole state.
    pub subdivision: Option<String>,
}

/// Writes down who an authority is; the address of its page stays, for links to it are out in the world.
pub fn describe(conn: &mut Conn, id: i64, new: &Described) -> Result<(), Error> {
    let english = new.name_en.as_deref().unwrap_or_default();
    diesel::update(authorities::table.find(id))
        .set((
            authorities::name.eq(&new.name),
            authorities::name_en.eq(&new.name_en),
            authorities::language.eq(&new.language),
            authorities::kind.eq(new.kind),
            authorities::place.eq(&new.place),
            authorities::subdivision.eq(&new.subdivision),
            authorities::folded.eq(fold(&format!("{} {english} {}", new.name, new.place))),
        ))
        .execute(conn)?;
    Ok(())
}

/// The addresses that requests to an authority go to now, the latest first.
pub fn in_use(conn: &mut Conn, id: i64) -> Result<Vec<String>, Error> {
    Ok(authority_addresses::table
        .filter(authority_addresses::authority_id.eq(id))
        .filter(authority_addresses::purpose.eq("requests"))
        .filter(authority_addresses::state.eq("in_use"))
        .order(authority_addresses::since.desc())
        .select(authority_addresses::email)
        .load(conn)?)
}

/// The number of the latest record of an address that requests to an authority go to, or went to.
pub fn address_record(conn: &mut Conn, id: i64, email: &str) -> Result<Option<i64>, Error> {
    Ok(authority_addresses::table
        .filter(authority_addresses::authority_id.eq(id))
        .filter(authority_addresses::purpose.eq("requests"))
        .filter(authority_addresses::email.eq(email))
        .order(authority_addresses::id.desc())
        .select(authority_addresses::id)
        .first(conn)
        .optional()?)
}

/// The address that requests go to.
pub fn address(conn: &mut Conn, id: i64) -> Result<Option<String>, Error> {
    Ok(in_use(conn, id)?.into_iter().next())
}

/// Some authorities, in the order of their names, with the address in use.
pub fn load(conn: &mut Conn, ids: &[i64]) -> Result<Vec<(Authority, Option<String>)>, Error> {
    let found: Vec<Authority> = authorities::table
        .filter(authorities::id.eq_any(ids.to_vec()))
        .order((authorities::name.asc(), authorities::id.asc()))
        .select(Authority::as_select())
        .load(conn)?;
    let in_use: Vec<(i64, String, NaiveDateTime)> = authority_addresses::table
        .filter(authority_addresses::authority_id.eq_any(ids.to_vec()))
        .filter(authority_addresses::purpose.eq("requests"))
        .filter(authority_addresses::state.eq("in_use"))
        .order(authority_addresses::since.desc())
        .select((authority_addresses::authority_id, authority_addresses::email, authority_addresses::since))
        .load(conn)?;
    Ok(found
        .into_iter()
        .map(|authority| {
            let email = in_use.iter().find(|(id, ..)| *id == authority.id).map(|(_, email, _)| email.clone());
            (authority, email)
        })
        .collect())
}
