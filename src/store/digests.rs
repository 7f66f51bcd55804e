//! One digest a day of both chains, chained itself: whoever kept one can tell whether what it stands for was changed.

use crate::store::audit::{chained, stamp};
use crate::store::schema::{audit, digests, events};
use crate::store::{AnyConn, Conn, Error, at, each};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rows read at once.
const PAGE: i64 = 2000;

/// Where both chains stood.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Serialize, Deserialize)]
#[diesel(table_name = digests)]
pub struct Digest {
    /// The day that had ended.
    pub day: NaiveDate,
    /// How many events there were.
    pub events: i64,
    /// Over the last hash of each request, in the order of their numbers.
    pub events_hash: String,
    /// How many entries the audit log had.
    pub entries: i64,
    /// Hash of the last of them.
    pub audit_hash: String,
    /// Over all of this and the hash of the digest before.
    pub hash: String,
    /// When it was made.
    pub made_at: NaiveDateTime,
}

impl Digest {
    fn right_hash(&self, previous: &str) -> String {
        chained(&[
            previous,
            &self.day.to_string(),
            &self.events.to_string(),
            &self.events_hash,
            &self.entries.to_string(),
            &self.audit_hash,
            &stamp(self.made_at),
        ])
    }
}

/// Why a digest does not fit what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Of which day.
    pub day: NaiveDate,
    /// What is wrong, in words.
    pub why: String,
}

/// Makes the digest of a day that has ended, within the caller's transaction, unless it is there; true = it was made.
/// Nobody writes to either chain meanwhile, so that the rows it counts are the first by their numbers for ever.
pub fn make(conn: &mut Conn, day: NaiveDate, now: DateTime<Utc>) -> Result<bool, Error> {
    let there: i64 = digests::table.filter(digests::day.ge(day)).count().get_result(conn)?;
    if there > 0 {
        return Ok(false);
    }
    if let AnyConn::Postgres(c) = conn {
        c.batch_execute("LOCK TABLE events, audit, digests IN SHARE ROW EXCLUSIVE MODE")?;
    }
    let there: i64 = digests::table.filter(digests::day.ge(day)).count().get_result(conn)?;
    if there > 0 {
        return Ok(false);
    }
    let events = events::table.count().get_result(conn)?;
    let entries = audit::table.count().get_result(conn)?;
    let mut heads = Heads::default();
    heads.go_to(conn, (events, entries))?;
    let mut digest = Digest {
        day,
        events,
        events_hash: heads.events_hash(),
        entries,
        audit_hash: heads.audit,
        hash: String::new(),
        made_at: at(now),
    };
    let previous: Option<String> =
        digests::table.order(digests::day.desc()).select(digests::hash).first(conn).optional()?;
    digest.hash = digest.right_hash(&previous.unwrap_or_default());
    let row = (
        digests::day.eq(digest.day),
        digests::events.eq(digest.events),
        digests::events_hash.eq(&digest.events_hash),
        digests::entries.eq(digest.entries),
        digests::audit_hash.eq(&digest.audit_hash),
        digests::hash.eq(&digest.hash),
        digests::made_at.eq(digest.made_at),
    );
    let made =
        each!(conn, |c| diesel::insert_into(digests::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(made == 1)
}

/// All digests, oldest first.
pub fn all(conn: &mut Conn) -> Result<Vec<Digest>, Error> {
    Ok(digests::table.order(digests::day.asc()).select(Digest::as_select()).load(conn)?)
}

/// Looks whether each digest fits those before it and the chains as they are now; how many there are, and the first
/// that does not.
pub fn verify(conn: &mut Conn) -> Result<(usize, Option<Misfit>), Error> {
    let (all, mut previous, mut heads) = (all(conn)?, String::new(), Heads::default());
    for digest in &all {
        let misfit = |why: &str| Some(Misfit { day: digest.day, why: why.to_owned() });
        if digest.hash != digest.right_hash(&previous) {
            return Ok((all.len(), misfit("it, or the digest before it, was changed")));
        }
        if let Some(why) = heads.misfit(conn, digest)? {
            return Ok((all.len(), misfit(&why)));
        }
        previous.clone_from(&digest.hash);
    }
    Ok((all.len(), None))
}

/// Looks whether a digest that somebody kept fits the chains as they are now.
pub fn verify_kept(conn: &mut Conn, kept: &Digest) -> Result<Option<Misfit>, Error> {
    let misfit = |why: String| Some(Misfit { day: kept.day, why });
    if let Some(why) = Heads::default().misfit(conn, kept)? {
        return Ok(misfit(why));
    }
    let ours = all(conn)?.into_iter().find(|ours| ours.day == kept.day);
    Ok(match ours {
        None => misfit("we have no digest of this day".to_owned()),
        Some(ours) if ours != *kept => misfit("ours of this day is another one".to_owned()),
        Some(_) => None,
    })
}

/// Where both chains stood after so many events and entries.
#[derive(Default)]
struct Heads {
    requests: BTreeMap<i64, String>,
    events: (i64, i64),
    audit: String,
    entries: (i64, i64),
}

impl Heads {
    fn events_hash(&self) -> String {
        let parts: Vec<String> =
            self.requests.iter().map(|(request, hash)| format!("{request}:{hash}")).collect();
        chained(&parts.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Reads on until so many events and entries.
    fn go_to(&mut self, conn: &mut Conn, (events, entries): (i64, i64)) -> Result<(), Error> {
        while self.events.0 < events {
            let rows: Vec<(i64, i64, String)> = events::table
                .filter(events::id.gt(self.events.1))
                .order(events::id.asc())
                .limit(PAGE.min(events - self.events.0))
                .select((events::id, events::request_id, events::hash))
                .load(conn)?;
            if rows.is_empty() {
                break;
            }
            for (id, request, hash) in rows {
                self.events = (self.events.0 + 1, id);
                self.requests.insert(request, hash);
            }
        }
        while self.entries.0 < entries {
            let rows: Vec<(i64, String)> = audit::table
                .filter(audit::id.gt(self.entries.1))
                .order(audit::id.asc())
                .limit(PAGE.min(entries - self.entries.0))
                .select((audit::id, audit::hash))
                .load(conn)?;
            if rows.is_empty() {
                break;
            }
            for (id, hash) in rows {
                self.entries = (self.entries.0 + 1, id);
                self.audit = hash;
            }
        }
        Ok(())
    }

    fn misfit(&mut self, conn: &mut Conn, digest: &Digest) -> Result<Option<String>, Error> {
        self.go_to(conn, (digest.events, digest.entries))?;
        Ok(if self.events.0 != digest.events {
            Some(format!("it counts {} events, and there are {}", digest.events, self.events.0))
        } else if self.entries.0 != digest.entries {
            Some(format!("it counts {} audit entries, and there are {}", digest.entries, self.entries.0))
        } else if self.events_hash() != digest.events_hash {
            Some("events that it stands for are others now".to_owned())
        } else if self.audit != digest.audit_hash {
            Some("audit entries that it stands for are others now".to_owned())
        } else {
            None
        })
    }
}
