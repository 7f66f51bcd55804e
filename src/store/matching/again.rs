//! Mail that matches no request, by what it may be known later, and which of it is to be ranked again.

use crate::domain::incoming::matching::keys;
use crate::store::matching::chunks;
use crate::store::schema::{authority_addresses, authority_domains, messages, rank_again, unmatched_keys};
use crate::store::types::MessageState;
use crate::store::{Conn, Error, each};
use diesel::prelude::*;
use std::collections::BTreeSet;

/// How many mails one thing that was learnt can touch, the latest first.
const MOST_TOUCHED: i64 = 200;
/// How many keys one event has at most.
const MOST_KEYS: usize = 50;

/// A mail that is to be ranked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub struct Touched {
    /// The message.
    pub message_id: i64,
    /// How often it was touched: what is touched meanwhile is ranked once more.
    pub times: i64,
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

/// Marks the unmatched mails with one of these keys, within the caller's transaction: looked up and written by index,
/// however long their texts are. They are ranked at the next turn of the reader.
pub fn touch(conn: &mut Conn, keys: &[String]) -> Result<(), Error> {
    let mut found = BTreeSet::new();
    for key in keys.iter().take(MOST_KEYS) {
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
    if found.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = found.iter().map(i64::to_string).collect();
    // In their order, so that two who touch the same mails never wait each for the other.
    let sql = format!(
        "INSERT INTO rank_again (message_id, times) SELECT id, 1 FROM messages WHERE id IN ({}) ORDER BY id \
         ON CONFLICT (message_id) DO UPDATE SET times = rank_again.times + 1",
        ids.join(",")
    );
    each!(conn, |c| diesel::sql_query(sql).execute(c))?;
    Ok(())
}

/// Marks what may belong to a request that was filed now: mail from its authority, or that names its reference.
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

/// Marks what goes on from a message that has its request now.
pub fn touch_for_thread(conn: &mut Conn, message: i64) -> Result<(), Error> {
    let id: Option<String> =
        messages::table.find(message).select(messages::mail_message_id).first(conn).optional()?.flatten();
    let key = id.map(|id| keys::of_letter(&id));
    touch(conn, key.as_slice())
}

/// Mails that are to be ranked again, the latest first: what was touched last is what somebody is at.
pub fn touched(conn: &mut Conn, most: i64) -> Result<Vec<Touched>, Error> {
    Ok(rank_again::table
        .order(rank_again::id.desc())
        .limit(most)
        .select((rank_again::message_id, rank_again::times))
        .load(conn)?)
}

/// A mail was ranked again; one that was touched meanwhile stays marked.
pub fn ranked(conn: &mut Conn, ranked: Touched) -> Result<(), Error> {
    let row = rank_again::table
        .filter(rank_again::message_id.eq(ranked.message_id))
        .filter(rank_again::times.eq(ranked.times));
    diesel::delete(row).execute(conn)?;
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
