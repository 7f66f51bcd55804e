//! What matching learns: hosts from which authorities write, and their file numbers.

use crate::domain::incoming::matching::domains::{Source, host_of, registrable};
use crate::domain::incoming::matching::numbers::folded;
use crate::store::schema::{authority_domains, file_numbers};
use crate::store::{Conn, Error, at, each};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// Notes that an authority writes from a host.
pub fn know_domain(
    conn: &mut Conn,
    authority: i64,
    (host, source): (&str, Source),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let host = host_of(host);
    let Some(domain) = registrable(&host) else { return Ok(()) };
    let row = (
        authority_domains::authority_id.eq(authority),
        authority_domains::host.eq(host),
        authority_domains::registrable.eq(domain),
        authority_domains::source.eq(match source {
            Source::Register => "register",
            Source::Reply => "reply",
        }),
        authority_domains::since.eq(at(now)),
    );
    each!(conn, |c| diesel::insert_into(authority_domains::table)
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
    for number in numbers {
        let Some(folded) = folded(number) else { continue };
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
    Ok(())
}
