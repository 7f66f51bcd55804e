//! What a mail may belong to: look-ups by index, each bounded, whatever the mail holds and however many requests there are.

pub mod again;
mod learned;
pub mod tables;

pub use learned::{know_domain, know_file_numbers, learn_domain, unlearn};

use crate::domain::incoming::matching::domains::{
    Known, Source, above, host_of, is_freemail, is_roof, registrable,
};
use crate::domain::request::state::Status;
use crate::store::schema::{
    authority_addresses, authority_domains, domain_lessons, file_numbers, messages, outbox, requests,
};
use crate::store::types::MessageState;
use crate::store::{AnyConn, Conn, Error};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use std::collections::BTreeSet;

/// How many requests one clue may bring.
const MOST: i64 = 50;
/// How many requests may have one file number before it tells nothing.
const MOST_OF_NUMBER: i64 = 10;
/// How many authorities of a domain are looked at, and how many of the latest requests of each.
const MOST_AUTHORITIES: i64 = 8;
const LATEST: i64 = 25;
/// How many values stand in one list of a query.
const CHUNK: usize = 500;

/// A request as matching sees it.
#[derive(Clone, PartialEq, Eq, Queryable)]
pub struct Found {
    /// The request.
    pub id: i64,
    /// Public reference.
    pub reference: String,
    /// Who was asked.
    pub authority_id: i64,
    /// SHA-256 of its reply token.
    pub token_hash: String,
    /// Private: a bearer secret.
    pub reply_address: String,
    /// Where it stands.
    pub status: Status,
    /// When its first letter left.
    pub sent_at: Option<NaiveDateTime>,
}

impl std::fmt::Debug for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Found")
            .field("id", &self.id)
            .field("reference", &self.reference)
            .finish_non_exhaustive()
    }
}

/// A letter of ours.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Letter {
    /// Its request.
    pub request_id: i64,
    /// Without angle brackets.
    pub message_id: String,
    /// Where it went.
    pub address: String,
    /// Subject.
    pub subject: String,
    /// Text as sent.
    pub body: String,
}

/// What stands in a mail, in lists that a query may hold; PostgreSQL's text has no NUL, so that nothing with one is known.
fn chunks(values: &[String]) -> impl Iterator<Item = Vec<String>> + '_ {
    let known = |values: &[String]| values.iter().filter(|value| !value.contains('\0')).cloned().collect();
    values.chunks(CHUNK).map(known)
}

/// Requests with one of these reply tokens.
pub fn by_tokens(conn: &mut Conn, hashes: &[String]) -> Result<Vec<i64>, Error> {
    let mut found = Vec::new();
    for hashes in chunks(hashes) {
        let some: Vec<i64> = requests::table
            .filter(requests::reply_token_hash.eq_any(hashes))
            .limit(MOST)
            .select(requests::id)
            .load(conn)?;
        found.extend(some);
    }
    Ok(found)
}

/// Requests with one of these public references.
pub fn by_references(conn: &mut Conn, references: &[String]) -> Result<Vec<i64>, Error> {
    let mut found = Vec::new();
    for references in chunks(references) {
        let some: Vec<i64> = requests::table
            .filter(requests::reference.eq_any(references))
            .order(requests::id.asc())
            .limit(MOST)
            .select(requests::id)
            .load(conn)?;
        found.extend(some);
    }
    Ok(found)
}

/// Requests to which we wrote a letter with one of these Message-IDs.
pub fn by_letters(conn: &mut Conn, message_ids: &[String]) -> Result<Vec<i64>, Error> {
    let mut found = Vec::new();
    for ids in chunks(message_ids) {
        let some: Vec<i64> = outbox::table
            .filter(outbox::mail_message_id.eq_any(ids))
            .limit(MOST)
            .select(outbox::request_id)
            .load(conn)?;
        found.extend(some);
    }
    Ok(found)
}

/// Replies with one of these Message-IDs, with the request to which they are filed; what was set aside is nobody's
/// reply.
pub fn by_replies(conn: &mut Conn, message_ids: &[String]) -> Result<Vec<(i64, String)>, Error> {
    let mut found = Vec::new();
    for ids in chunks(message_ids) {
        let rows: Vec<(Option<i64>, Option<String>)> = messages::table
            .filter(messages::mail_message_id.eq_any(ids))
            .filter(messages::request_id.is_not_null())
            .filter(messages::state.ne(MessageState::SetAside))
            .order(messages::id.desc())
            .limit(MOST)
            .select((messages::request_id, messages::mail_message_id))
            .load(conn)?;
        found.extend(rows.into_iter().filter_map(|(request, id)| Some((request?, id?))));
    }
    Ok(found)
}

/// Requests to which the authority gave one of these file numbers, as (request, folded, written), by messages that are
/// filed there and not set aside; a number that many requests have is that of an office and tells nothing.
pub fn by_file_numbers(conn: &mut Conn, numbers: &[String]) -> Result<Vec<(i64, String, String)>, Error> {
    let mut found = Vec::new();
    for numbers in chunks(numbers) {
        let telling: Vec<String> = file_numbers::table
            .inner_join(messages::table)
            .filter(file_numbers::folded.eq_any(numbers))
            .filter(messages::request_id.eq(file_numbers::request_id.nullable()))
            .filter(messages::state.ne(MessageState::SetAside))
            .group_by(file_numbers::folded)
            .having(diesel::dsl::count(file_numbers::request_id).aggregate_distinct().le(MOST_OF_NUMBER))
            .select(file_numbers::folded)
            .limit(MOST)
            .load(conn)?;
        let some: Vec<(i64, String, String)> = file_numbers::table
            .inner_join(messages::table)
            .filter(file_numbers::folded.eq_any(telling))
            .filter(messages::request_id.eq(file_numbers::request_id.nullable()))
            .filter(messages::state.ne(MessageState::SetAside))
            .select((file_numbers::request_id, file_numbers::folded, file_numbers::written))
            .distinct()
            .order((file_numbers::request_id.desc(), file_numbers::folded.asc(), file_numbers::written.asc()))
            .limit(4 * MOST)
            .load(conn)?;
        found.extend(some);
    }
    Ok(found)
}

/// Authorities that are known to write from the host of an address, or from its registrable domain where that is
/// no roof over many.
pub fn authorities_at(conn: &mut Conn, address: &str) -> Result<Vec<i64>, Error> {
    let Some((_, host)) = address.rsplit_once('@') else { return Ok(Vec::new()) };
    let host = host_of(host);
    if address.contains('\0') {
        return Ok(Vec::new());
    }
    if is_freemail(&host) {
        return with_mailbox(conn, &host, address);
    }
    let mut found: Vec<i64> = authority_domains::table
        .filter(authority_domains::host.eq_any(above(&host)))
        .filter(authority_domains::source.eq("register").or(is_taught()))
        .order(authority_domains::authority_id.asc())
        .limit(MOST_AUTHORITIES)
        .select(authority_domains::authority_id)
        .load(conn)?;
    if let Some(domain) = registrable(&host).filter(|domain| !is_roof(domain)) {
        let more: Vec<i64> = authority_domains::table
            .filter(authority_domains::registrable.eq(domain))
            .filter(authority_domains::source.eq("register").or(is_taught()))
            .order(authority_domains::authority_id.asc())
            .limit(MOST_AUTHORITIES)
            .select(authority_domains::authority_id)
            .load(conn)?;
        found.extend(more);
    }
    let mut seen = BTreeSet::new();
    found.retain(|id| seen.insert(*id));
    Ok(found)
}

/// Whether a reply that teaches a host stands: with the last of them it is unlearnt.
#[diesel::dsl::auto_type(no_type_alias)]
fn is_taught() -> _ {
    let lessons = domain_lessons::table.filter(domain_lessons::domain_id.eq(authority_domains::id));
    diesel::dsl::exists(lessons)
}

/// Of the authorities with a free mailbox the one with this very address.
fn with_mailbox(conn: &mut Conn, host: &str, address: &str) -> Result<Vec<i64>, Error> {
    Ok(authority_addresses::table
        .inner_join(
            authority_domains::table
                .on(authority_domains::authority_id.eq(authority_addresses::authority_id)),
        )
        .filter(authority_domains::host.eq(host.to_owned()))
        .filter(authority_addresses::email.eq(address.to_owned()))
        .limit(MOST_AUTHORITIES)
        .select(authority_addresses::authority_id)
        .load(conn)?)
}

/// The latest requests to an authority.
pub fn latest_of(conn: &mut Conn, authority: i64) -> Result<Vec<i64>, Error> {
    Ok(requests::table
        .filter(requests::authority_id.eq(authority))
        .order(requests::last_event_at.desc())
        .limit(LATEST)
        .select(requests::id)
        .load(conn)?)
}

/// Some requests.
pub fn found(conn: &mut Conn, ids: &[i64]) -> Result<Vec<Found>, Error> {
    Ok(requests::table
        .filter(requests::id.eq_any(ids.to_vec()))
        .order(requests::id.asc())
        .select((
            requests::id,
            requests::reference,
            requests::authority_id,
            requests::reply_token_hash,
            requests::reply_address,
            requests::status,
            requests::sent_at,
        ))
        .load(conn)?)
}

/// Which of some requests are there, until the caller's transaction ends.
pub fn standing(conn: &mut Conn, ids: &[i64]) -> Result<Vec<i64>, Error> {
    let some = requests::table.filter(requests::id.eq_any(ids.to_vec())).select(requests::id);
    Ok(match conn {
        // SQLite has one writer at a time (`store::transaction`).
        AnyConn::Sqlite(c) => some.load(c)?,
        AnyConn::Postgres(c) => some.order(requests::id.asc()).for_key_share().load(c)?,
    })
}

/// Whether a Message-ID is that of a letter of ours.
pub fn is_our_letter(conn: &mut Conn, message_id: &str) -> Result<bool, Error> {
    let ours = outbox::table.filter(outbox::mail_message_id.eq(message_id));
    Ok(ours.select(outbox::id).first::<i64>(conn).optional()?.is_some())
}

/// Our letters in some requests.
pub fn letters(conn: &mut Conn, ids: &[i64]) -> Result<Vec<Letter>, Error> {
    Ok(outbox::table
        .filter(outbox::request_id.eq_any(ids.to_vec()))
        .order(outbox::id.asc())
        .select((
            outbox::request_id,
            outbox::mail_message_id,
            outbox::envelope_to,
            outbox::subject,
            outbox::body,
        ))
        .load(conn)?)
}

/// Where some authorities write from, as (authority, host).
pub fn known_of(conn: &mut Conn, authorities: &[i64]) -> Result<Vec<(i64, Known)>, Error> {
    let rows: Vec<(i64, String, String, String)> = authority_domains::table
        .filter(authority_domains::authority_id.eq_any(authorities.to_vec()))
        .filter(authority_domains::source.eq("register").or(is_taught()))
        .order(authority_domains::id.asc())
        .select((
            authority_domains::authority_id,
            authority_domains::host,
            authority_domains::registrable,
            authority_domains::source,
        ))
        .load(conn)?;
    let domains: BTreeSet<String> = rows.iter().map(|row| row.2.clone()).collect();
    // Where several bodies of the register live under one registered name, only the host tells them apart.
    let shared: Vec<String> = authority_domains::table
        .filter(authority_domains::registrable.eq_any(domains))
        .filter(authority_domains::source.eq("register"))
        .group_by(authority_domains::registrable)
        .having(diesel::dsl::count(authority_domains::authority_id).aggregate_distinct().gt(1))
        .select(authority_domains::registrable)
        .load(conn)?;
    let addresses: Vec<(i64, String)> = authority_addresses::table
        .filter(authority_addresses::authority_id.eq_any(authorities.to_vec()))
        .select((authority_addresses::authority_id, authority_addresses::email))
        .load(conn)?;
    let is_shared = |host: &str| registrable(host).is_some_and(|domain| shared.contains(&domain));
    let by_address = addresses.iter().filter_map(|(id, address)| {
        let host = address.rsplit_once('@').map(|(_, host)| host).unwrap_or_default();
        Some((*id, Known::of_address(address, is_shared(host))?))
    });
    let by_host = rows.into_iter().map(|(id, host, domain, source)| {
        let source = if source == "reply" { Source::Reply } else { Source::Register };
        (id, Known { shared: shared.contains(&domain), host, address: None, source })
    });
    Ok(by_address.chain(by_host).collect())
}
