//! One-off days off, and holidays that are working days this once: kept for good, because due days were counted by them.

use crate::store::schema::days_off;
use crate::store::{Conn, Error, at};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use diesel::dsl::{count, count_star, max};
use diesel::prelude::*;

/// One such day as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Kept {
    /// Its number.
    pub id: i64,
    /// The calendar, as `SK`, `GB-SCT`.
    pub place: String,
    /// The day.
    pub day: NaiveDate,
    /// Its name.
    pub name: String,
    /// Who says so.
    pub source: String,
    /// Whether the holiday of that day is a working day this once.
    pub works: bool,
    /// When it was added.
    pub added_at: NaiveDateTime,
    /// By whom; none = from the console.
    pub person_id: Option<i64>,
    /// When it was withdrawn, if it was.
    pub withdrawn_at: Option<NaiveDateTime>,
    /// By whom.
    pub withdrawn_by: Option<i64>,
}

/// A day to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    /// The calendar.
    pub place: String,
    /// The day.
    pub day: NaiveDate,
    /// Its name.
    pub name: String,
    /// Who says so.
    pub source: String,
    /// Whether the holiday of that day is a working day this once.
    pub works: bool,
}

/// A state of the table: two equal ones hold the same days.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Revision {
    rows: i64,
    withdrawn: i64,
    last: Option<i64>,
    last_added: Option<NaiveDateTime>,
    last_withdrawn: Option<NaiveDateTime>,
}

/// The present state of the table; one row, whatever the table holds.
pub fn revision(conn: &mut Conn) -> Result<Revision, Error> {
    Ok(days_off::table
        .select((
            count_star(),
            count(days_off::withdrawn_at),
            max(days_off::id),
            max(days_off::added_at),
            max(days_off::withdrawn_at),
        ))
        .first(conn)?)
}

/// All days, withdrawn ones too, in the order in which they were added.
pub fn all(conn: &mut Conn) -> Result<Vec<Kept>, Error> {
    Ok(days_off::table.order(days_off::id.asc()).load(conn)?)
}

/// One day.
pub fn find(conn: &mut Conn, id: i64) -> Result<Option<Kept>, Error> {
    Ok(days_off::table.find(id).first(conn).optional()?)
}

/// Adds a day; its number. A duplicate where the place has a word on that day already.
pub fn add(conn: &mut Conn, new: &New, (now, person): (DateTime<Utc>, Option<i64>)) -> Result<i64, Error> {
    Ok(diesel::insert_into(days_off::table)
        .values((
            days_off::place.eq(&new.place),
            days_off::day.eq(new.day),
            days_off::name.eq(&new.name),
            days_off::source.eq(&new.source),
            days_off::works.eq(new.works),
            days_off::added_at.eq(at(now)),
            days_off::person_id.eq(person),
        ))
        .returning(days_off::id)
        .get_result(conn)?)
}

/// Withdraws a day that is in force; whether one was.
pub fn withdraw(
    conn: &mut Conn,
    id: i64,
    (now, person): (DateTime<Utc>, Option<i64>),
) -> Result<bool, Error> {
    let in_force = days_off::table.filter(days_off::id.eq(id)).filter(days_off::withdrawn_at.is_null());
    let changed = diesel::update(in_force)
        .set((days_off::withdrawn_at.eq(Some(at(now))), days_off::withdrawn_by.eq(person)))
        .execute(conn)?;
    Ok(changed > 0)
}
