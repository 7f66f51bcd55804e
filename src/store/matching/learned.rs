//! What matching learns: hosts from which authorities write, and their file numbers; each from messages, and unlearnt
//! with them.

use crate::domain::incoming::matching::domains::{Source, host_of, registrable};
use crate::domain::incoming::matching::keys;
use crate::domain::incoming::matching::numbers::folded;
use crate::store::matching::again::touch;
use crate::store::schema::{authority_domains, domain_lessons, file_numbers};
use crate::store::{Conn, Error, at, each};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// Notes that an authority writes from a host; what only a reply shows counts as long as one such reply stands
/// (`learn_domain`).
pub fn know_domain(
    conn: &mut Conn,
    authority: i64,
    (host, source): (&str, Source),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let host = host_of(host);
    let Some(domain) = registrable(&host) else { return Ok(()) };
    let key = keys::of_host(&host);
    let row = (
        authority_domains::authority_id.eq(authority),
        authority_domains::host.eq(host),
        authority_domains::registrable.eq(domain),
        authority_domains::source.eq(named(source)),
        authority_domains::since.eq(at(now)),
    );
    each!(conn, |c| diesel::insert_into(authority_domains::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    touch(conn, key.as_slice())
}

fn named(source: Source) -> &'static str {
    match source {
        Source::Register => "register",
        Source::Reply => "reply",
    }
}

/// Notes that a message shows that an authority writes from a host.
pub fn learn_domain(
    conn: &mut Conn,
    authority: i64,
    (host, message): (&str, i64),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    know_domain(conn, authority, (host, Source::Reply), now)?;
    let known: Option<i64> = authority_domains::table
        .filter(authority_domains::authority_id.eq(authority))
        .filter(authority_domains::host.eq(host_of(host)))
        .filter(authority_domains::source.eq(named(Source::Reply)))
        .select(authority_domains::id)
        .first(conn)
        .optional()?;
    let Some(domain) = known else { return Ok(()) };
    let row = (domain_lessons::domain_id.eq(domain), domain_lessons::message_id.eq(message));
    each!(conn, |c| diesel::insert_into(domain_lessons::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

/// Notes which file numbers a message gives its request; they take the place of those noted of it before.
pub fn know_file_numbers(
    conn: &mut Conn,
    (request, message): (i64, i64),
    numbers: &[String],
) -> Result<(), Error> {
    diesel::delete(file_numbers::table.filter(file_numbers::message_id.eq(message))).execute(conn)?;
    let mut touched = Vec::new();
    for number in numbers {
        let Some(folded) = folded(number) else { continue };
        touched.push(keys::of_number(&folded));
        let row = (
            file_numbers::request_id.eq(request),
            file_numbers::message_id.eq(message),
            file_numbers::folded.eq(folded),
            file_numbers::written.eq(number),
        );
        each!(conn, |c| diesel::insert_into(file_numbers::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    touch(conn, &touched)
}

/// Unlearns what a message taught: it is filed elsewhere, is nobody's, or is something else than was said. What other
/// messages taught as well stays known.
pub fn unlearn(conn: &mut Conn, message: i64) -> Result<(), Error> {
    let numbers: Vec<String> = file_numbers::table
        .filter(file_numbers::message_id.eq(message))
        .select(file_numbers::folded)
        .load(conn)?;
    let hosts: Vec<String> = domain_lessons::table
        .inner_join(authority_domains::table)
        .filter(domain_lessons::message_id.eq(message))
        .select(authority_domains::host)
        .load(conn)?;
    diesel::delete(file_numbers::table.filter(file_numbers::message_id.eq(message))).execute(conn)?;
    diesel::delete(domain_lessons::table.filter(domain_lessons::message_id.eq(message))).execute(conn)?;
    let numbers = numbers.iter().map(|number| keys::of_number(number));
    let touched: Vec<String> = numbers.chain(hosts.iter().filter_map(|host| keys::of_host(host))).collect();
    touch(conn, &touched)
}
