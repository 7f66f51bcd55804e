//! Taking a person out of messages that stay: out of who wrote them and to whom, and of what their files are called.

use crate::store::schema::{arrivals, attachments, authenticity, messages};
use crate::store::{Conn, Error};
use diesel::prelude::*;

/// Takes a person's own addresses and name out of who wrote messages, and to whom.
pub fn forget_addresses(
    conn: &mut Conn,
    ids: &[i64],
    are_theirs: impl Fn(&str) -> bool,
) -> Result<(), Error> {
    type Line = (i64, Option<String>, Option<String>, String);
    let lines: Vec<Line> = messages::table
        .filter(messages::id.eq_any(ids.to_vec()))
        .select((messages::id, messages::from_name, messages::from_address, messages::to_addresses))
        .load(conn)?;
    for (id, name, address, to) in lines {
        let to: Vec<String> = serde_json::from_str::<Vec<String>>(&to).unwrap_or_default();
        let to: Vec<String> = to.into_iter().filter(|address| !are_theirs(address)).collect();
        let to = serde_json::to_string(&to)?;
        diesel::update(messages::table.find(id)).set(messages::to_addresses.eq(to)).execute(conn)?;
        if name.iter().chain(&address).any(|text| are_theirs(text)) {
            diesel::update(messages::table.find(id))
                .set((messages::from_name.eq(None::<String>), messages::from_address.eq(None::<String>)))
                .execute(conn)?;
            // How it was found out who wrote it names them, too.
            diesel::delete(authenticity::table.filter(authenticity::message_id.eq(id))).execute(conn)?;
        }
    }
    let senders: Vec<(i64, Option<String>)> = arrivals::table
        .filter(arrivals::message_id.eq_any(ids.to_vec()))
        .select((arrivals::id, arrivals::sender))
        .load(conn)?;
    for (id, sender) in senders {
        if sender.is_some_and(|sender| are_theirs(&sender)) {
            diesel::update(arrivals::table.find(id))
                .set(arrivals::sender.eq(None::<String>))
                .execute(conn)?;
        }
    }
    Ok(())
}

/// Changes what the attachments of messages are called, here and for everyone, and what was noted of them.
pub fn rename_attachments(
    conn: &mut Conn,
    ids: &[i64],
    change: impl Fn(&str) -> String,
) -> Result<(), Error> {
    let named: Vec<(i64, String, Option<String>, String)> = attachments::table
        .filter(attachments::message_id.eq_any(ids.to_vec()))
        .select((attachments::id, attachments::name, attachments::published_name, attachments::notes))
        .load(conn)?;
    for (id, name, published, notes) in named {
        diesel::update(attachments::table.find(id))
            .set((
                attachments::name.eq(change(&name)),
                attachments::published_name.eq(published.map(|name| change(&name))),
                attachments::notes.eq(change(&notes)),
            ))
            .execute(conn)?;
    }
    Ok(())
}
