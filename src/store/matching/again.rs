//! Mail that matches no request, by what it may be known later, and which of it is to be ranked again.
//!
//! Whoever learns notes what was learnt, within the same transaction, and touches nothing of anybody else's: two who
//! learn never wait for each other. Only when that is committed, mail is marked by it, in a transaction that does
//! nothing else. So no mail is missed, at whatever instant it is placed: mail that is there when it is marked by a
//! lesson is marked; mail that is placed later is marked by whoever places it, and at its turn, which comes later still,
//! the lesson is there to be seen.

use crate::domain::incoming::matching::keys;
use crate::store::locks::Lock;
use crate::store::matching::{CHUNK, chunks};
use crate::store::schema::{
    authority_addresses, authority_domains, lessons, messages, rank_again, unmatched_keys,
};
use crate::store::types::MessageState;
use crate::store::{Conn, Error, each, transaction};
use diesel::dsl::{exists, max, min};
use diesel::prelude::*;
use diesel::select;
use std::collections::BTreeSet;

/// How many mails one thing that was learnt can touch, the latest first.
const MOST_TOUCHED: i64 = 200;
/// How many keys one event has at most.
const MOST_KEYS: usize = 50;
/// By how many keys mail is marked in one transaction.
const KEYS_A_TURN: i64 = 50;
/// The turn of a mail that is to be ranked again whatever was learnt.
pub const ANYWAY: i64 = -1;

/// A mail that is to be ranked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touched {
    /// The message.
    pub message_id: i64,
    /// The last of its marks: what is marked meanwhile is ranked once more.
    pub last: i64,
    /// The turn of the lessons that its ranking knew.
    pub turn: i64,
}

/// Keeps by what an unmatched mail is found again, instead of what was kept of it before.
pub fn keep(conn: &mut Conn, message: i64, keys: &[String]) -> Result<(), Error> {
    diesel::delete(unmatched_keys::table.filter(unmatched_keys::message_id.eq(message))).execute(conn)?;
    for keys in chunks(keys) {
        let row =
            |key: &String| (unmatched_keys::message_id.eq(message), unmatched_keys::key.eq(key.clone()));
        let rows: Vec<_> = keys.iter().map(row).collect();
        each!(conn, |c| diesel::insert_into(unmatched_keys::table).values(rows).execute(c))?;
    }
    Ok(())
}

/// Whether it is kept by what an unmatched mail is found again.
pub fn is_kept(conn: &mut Conn, message: i64) -> Result<bool, Error> {
    let some = unmatched_keys::table.filter(unmatched_keys::message_id.eq(message));
    Ok(some.select(unmatched_keys::id).first::<i64>(conn).optional()?.is_some())
}

/// A mail that has its request now is not found again.
pub fn drop_keys(conn: &mut Conn, message: i64) -> Result<(), Error> {
    diesel::delete(unmatched_keys::table.filter(unmatched_keys::message_id.eq(message))).execute(conn)?;
    diesel::delete(rank_again::table.filter(rank_again::message_id.eq(message))).execute(conn)?;
    Ok(())
}

/// Notes what was learnt, as keys of unmatched mail, within the caller's transaction.
pub fn touch(conn: &mut Conn, keys: &[String]) -> Result<(), Error> {
    for keys in chunks(keys.get(..MOST_KEYS).unwrap_or(keys)) {
        let rows: Vec<_> = keys.iter().map(|key| lessons::key.eq(key.clone())).collect();
        each!(conn, |c| diesel::insert_into(lessons::table).values(rows).execute(c))?;
    }
    Ok(())
}

/// Marks unmatched mail by what was learnt and is committed, in transactions of its own: looked up and written by
/// index, however long the texts are.
pub fn tell(conn: &mut Conn) -> Result<(), Error> {
    while select(exists(lessons::table.filter(lessons::turn.is_null()))).get_result::<bool>(conn)? {
        transaction(conn, tell_some)?;
    }
    Ok(())
}

fn tell_some(conn: &mut Conn) -> Result<(), Error> {
    // One at a time, so that a turn that is over is not counted again.
    Lock::Lessons.hold(conn)?;
    let learnt: Vec<(i64, String)> = lessons::table
        .filter(lessons::turn.is_null())
        .order(lessons::id.asc())
        .limit(KEYS_A_TURN)
        .select((lessons::id, lessons::key))
        .load(conn)?;
    let (ids, keys): (Vec<i64>, BTreeSet<String>) = learnt.into_iter().unzip();
    let mut found = BTreeSet::new();
    for key in keys {
        let some: Vec<i64> = unmatched_keys::table
            .inner_join(messages::table)
            .filter(unmatched_keys::key.eq(key))
            .filter(messages::state.eq(MessageState::Unmatched))
            .order(unmatched_keys::message_id.desc())
            .limit(MOST_TOUCHED)
            .select(unmatched_keys::message_id)
            .load(conn)?;
        found.extend(some);
    }
    let found: Vec<i64> = found.into_iter().collect();
    for some in found.chunks(CHUNK) {
        let mark = |message: &i64| (rank_again::message_id.eq(*message), rank_again::turn.eq(ANYWAY));
        let rows: Vec<_> = some.iter().map(mark).collect();
        each!(conn, |c| diesel::insert_into(rank_again::table).values(rows).execute(c))?;
    }
    let next = turn(conn)? + 1;
    let over = lessons::table.filter(lessons::turn.is_not_null().or(lessons::id.eq_any(ids)));
    diesel::delete(over).execute(conn)?;
    diesel::insert_into(lessons::table)
        .values((lessons::key.eq(""), lessons::turn.eq(next)))
        .execute(conn)?;
    Ok(())
}

/// How often mail was marked by what was learnt. Whoever ranks asks before: what is learnt while it ranks is not in it.
pub fn turn(conn: &mut Conn) -> Result<i64, Error> {
    Ok(lessons::table.select(max(lessons::turn)).first::<Option<i64>>(conn)?.unwrap_or_default())
}

/// Marks a mail within the caller's transaction, to be ranked again if anything was learnt since a turn.
pub fn mark(conn: &mut Conn, message: i64, turn: i64) -> Result<(), Error> {
    let row = (rank_again::message_id.eq(message), rank_again::turn.eq(turn));
    diesel::insert_into(rank_again::table).values(row).execute(conn)?;
    Ok(())
}

/// Whether anything was learnt that the ranking of a mail did not know.
pub fn is_news(conn: &mut Conn, touched: Touched) -> Result<bool, Error> {
    if touched.turn == ANYWAY {
        return Ok(true);
    }
    let since = lessons::table.filter(lessons::turn.is_null().or(lessons::turn.gt(touched.turn)));
    Ok(select(exists(since)).get_result(conn)?)
}

/// Notes that a request was filed now: mail from its authority, or that names its reference.
pub fn touch_for_request(conn: &mut Conn, reference: &str, authority: i64) -> Result<(), Error> {
    let hosts: Vec<String> = authority_domains::table
        .filter(authority_domains::authority_id.eq(authority))
        .select(authority_domains::host)
        .load(conn)?;
    let addresses: Vec<String> = authority_addresses::table
        .filter(authority_addresses::authority_id.eq(authority))
        .select(authority_addresses::email)
        .load(conn)?;
    let mut touched = vec![keys::of_reference(reference)];
    touched.extend(hosts.iter().filter_map(|host| keys::of_host(host)));
    touched.extend(addresses.iter().filter_map(|address| keys::of_address(address)));
    touch(conn, &touched)
}

/// Notes that a message has its request now, or has it no more: what goes on from it.
pub fn touch_for_thread(conn: &mut Conn, message: i64) -> Result<(), Error> {
    let id: Option<String> =
        messages::table.find(message).select(messages::mail_message_id).first(conn).optional()?.flatten();
    let key = id.map(|id| keys::of_letter(&id));
    touch(conn, key.as_slice())
}

/// Mails that are to be ranked again, the latest first: what was touched last is what somebody is at.
pub fn touched(conn: &mut Conn, most: i64) -> Result<Vec<Touched>, Error> {
    let rows: Vec<(i64, Option<i64>, Option<i64>)> = rank_again::table
        .group_by(rank_again::message_id)
        .order(max(rank_again::id).desc())
        .limit(most)
        .select((rank_again::message_id, max(rank_again::id), min(rank_again::turn)))
        .load(conn)?;
    let of = |(message_id, last, turn): (i64, Option<i64>, Option<i64>)| {
        Some(Touched { message_id, last: last?, turn: turn? })
    };
    Ok(rows.into_iter().filter_map(of).collect())
}

/// A mail was ranked again; one that was marked meanwhile stays marked.
pub fn ranked(conn: &mut Conn, ranked: Touched) -> Result<(), Error> {
    let marks = rank_again::table
        .filter(rank_again::message_id.eq(ranked.message_id))
        .filter(rank_again::id.le(ranked.last));
    diesel::delete(marks).execute(conn)?;
    Ok(())
}

/// Gives an unmatched mail its new guesses, within the caller's transaction; nothing else of it changes, and nothing at
/// all where a person filed it meanwhile.
pub fn propose(conn: &mut Conn, message: i64, (proposal, why): (&str, &str)) -> Result<bool, Error> {
    let row = messages::table.find(message).filter(messages::state.eq(MessageState::Unmatched));
    let changed = diesel::update(row)
        .set((messages::proposal.eq(proposal), messages::held_reason.eq(why)))
        .execute(conn)?;
    Ok(changed > 0)
}
