//! Automatic mails that say the same: one stands for them in lists, and each is kept.

use crate::store::locks::About;
use crate::store::schema::{folds, messages};
use crate::store::types::MessageState;
use crate::store::{Conn, Error, at, each};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::dsl::{min, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

/// Whether a message has a line of its own in lists.
pub fn listed() -> SqlLiteral<Bool> {
    sql("NOT EXISTS (SELECT 1 FROM folds WHERE folds.message_id = messages.id AND folds.fold_key IS NULL)")
}

/// How many messages are folded into one.
pub fn behind() -> SqlLiteral<BigInt> {
    sql("(SELECT count(*) FROM folds WHERE folds.head_id = messages.id AND folds.fold_key IS NULL)")
}

/// The message that stands for those with this key from an instant to another. Whoever asks is alone with the key until the
/// caller's transaction ends, so that two who read at once do not make two lines.
pub fn head(
    conn: &mut Conn,
    key: &str,
    (since, until): (NaiveDateTime, NaiveDateTime),
) -> Result<Option<i64>, Error> {
    About::Fold.hold(conn, key)?;
    Ok(folds::table
        .filter(folds::fold_key.eq(key))
        .filter(folds::at.ge(since))
        .filter(folds::at.le(until))
        .order(folds::id.desc())
        .select(folds::head_id)
        .first(conn)
        .optional()?)
}

/// Has a message stand for those with its key that come after it.
pub fn lead(conn: &mut Conn, message: i64, (key, came): (&str, NaiveDateTime)) -> Result<(), Error> {
    let row = (
        folds::message_id.eq(message),
        folds::head_id.eq(message),
        folds::fold_key.eq(key),
        folds::at.eq(came),
    );
    each!(conn, |c| diesel::insert_into(folds::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

/// Folds a message into the one that stands for it.
pub fn fold(conn: &mut Conn, message: i64, (head, came): (i64, NaiveDateTime)) -> Result<(), Error> {
    let row = (folds::message_id.eq(message), folds::head_id.eq(head), folds::at.eq(came));
    each!(conn, |c| diesel::insert_into(folds::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

/// A message is dealt with by itself: it is folded no more, and what it stood for is stood for by the next.
pub fn leave(conn: &mut Conn, message: i64) -> Result<(), Error> {
    let own = folds::table.filter(folds::message_id.eq(message));
    let Some(key) = own.select(folds::fold_key).first::<Option<String>>(conn).optional()? else {
        return Ok(());
    };
    diesel::delete(folds::table.filter(folds::message_id.eq(message))).execute(conn)?;
    let Some(key) = key else { return Ok(()) };
    let followers = folds::table.filter(folds::head_id.eq(message));
    if let Some(next) = followers.select(min(folds::message_id)).first::<Option<i64>>(conn)? {
        diesel::update(folds::table.filter(folds::head_id.eq(message)))
            .set(folds::head_id.eq(next))
            .execute(conn)?;
        diesel::update(folds::table.filter(folds::message_id.eq(next)))
            .set(folds::fold_key.eq(key))
            .execute(conn)?;
    }
    Ok(())
}

/// The message that stands for one, which may be itself; none = nothing is folded there.
pub fn head_of(conn: &mut Conn, message: i64) -> Result<Option<i64>, Error> {
    let own = folds::table.filter(folds::message_id.eq(message)).select(folds::head_id);
    Ok(own.first(conn).optional()?)
}

/// How many messages a line stands for, itself included.
pub fn count(conn: &mut Conn, head: i64) -> Result<i64, Error> {
    Ok(folds::table.filter(folds::head_id.eq(head)).count().get_result(conn)?)
}

/// A message of a fold.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Alike {
    /// Its number.
    pub id: i64,
    /// As the sender wrote it.
    pub subject: String,
    /// BCP 47.
    pub language: Option<String>,
    /// Name the sender gave.
    pub from_name: Option<String>,
    /// Address the sender gave.
    pub from_address: Option<String>,
    /// Our clock.
    pub received_at: NaiveDateTime,
    /// How far its triage is.
    pub state: MessageState,
}

/// A page of the messages for which one stands, itself first.
pub fn alike(conn: &mut Conn, head: i64, (from, most): (i64, i64)) -> Result<Vec<Alike>, Error> {
    Ok(folds::table
        .inner_join(messages::table)
        .filter(folds::head_id.eq(head))
        .order(folds::message_id.asc())
        .offset(from)
        .limit(most)
        .select((
            messages::id,
            messages::subject,
            messages::language,
            messages::from_name,
            messages::from_address,
            messages::received_at,
            messages::state,
        ))
        .load(conn)?)
}

/// Puts all messages of a fold out of the way at once, within the caller's transaction; their numbers. They stay one
/// line, and what comes after them is another.
pub fn set_aside(
    conn: &mut Conn,
    head: i64,
    (reason, now): (&str, DateTime<Utc>),
) -> Result<Vec<i64>, Error> {
    let ids: Vec<i64> = folds::table
        .filter(folds::head_id.eq(head))
        .order(folds::message_id.asc())
        .select(folds::message_id)
        .load(conn)?;
    let of_it = folds::table.filter(folds::head_id.eq(head)).select(folds::message_id);
    diesel::update(messages::table.filter(messages::id.eq_any(of_it)))
        .set((
            messages::state.eq(MessageState::SetAside),
            messages::held_reason.eq(reason),
            messages::told.eq(false),
        ))
        .execute(conn)?;
    let done = format!("aside:{head}");
    diesel::update(folds::table.filter(folds::message_id.eq(head)))
        .set((folds::fold_key.eq(done), folds::at.eq(at(now))))
        .execute(conn)?;
    Ok(ids)
}
