//! Answers coded per question: written here, read by the pages.

use crate::store::schema::{answers, request_questions};
use crate::store::{Conn, Error, at};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// One answer as a person coded it.
#[derive(Debug, Clone)]
pub struct NewAnswer {
    /// Of which request.
    pub request_id: i64,
    /// To which question.
    pub question_key: String,
    /// Key of the disposition.
    pub disposition: String,
    /// JSON list of grounds.
    pub grounds: String,
    /// The message it rests on.
    pub message_id: Option<i64>,
    /// The passage that says so.
    pub passage: Option<String>,
    /// Who coded it.
    pub coded_by: i64,
    /// When.
    pub coded_at: DateTime<Utc>,
}

/// An answer as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Coded {
    /// To which question.
    pub question_key: String,
    /// Key of the disposition.
    pub disposition: String,
    /// The passage that says so.
    pub passage: Option<String>,
    /// JSON list of grounds.
    pub grounds: String,
}

/// What a person coded of a message.
pub fn coded(conn: &mut Conn, message: i64, person: i64) -> Result<Vec<Coded>, Error> {
    Ok(answers::table
        .filter(answers::message_id.eq(message))
        .filter(answers::coded_by.eq(person))
        .order(answers::id.asc())
        .select((answers::question_key, answers::disposition, answers::passage, answers::grounds))
        .load(conn)?)
}

/// The questions of a request: key and words.
pub fn asked(conn: &mut Conn, request: i64) -> Result<Vec<(String, String)>, Error> {
    Ok(request_questions::table
        .filter(request_questions::request_id.eq(request))
        .order(request_questions::position.asc())
        .select((request_questions::question_key, request_questions::body))
        .load(conn)?)
}

/// Takes back what a person coded of a question.
pub fn uncode(conn: &mut Conn, (request, person): (i64, i64), question: &str) -> Result<(), Error> {
    diesel::delete(
        answers::table
            .filter(answers::request_id.eq(request))
            .filter(answers::question_key.eq(question))
            .filter(answers::coded_by.eq(person)),
    )
    .execute(conn)?;
    Ok(())
}

/// Records an answer; the same person's earlier coding of the question is replaced.
pub fn code(conn: &mut Conn, new: &NewAnswer) -> Result<(), Error> {
    uncode(conn, (new.request_id, new.coded_by), &new.question_key)?;
    diesel::insert_into(answers::table)
        .values((
            answers::request_id.eq(new.request_id),
            answers::question_key.eq(&new.question_key),
            answers::disposition.eq(&new.disposition),
            answers::grounds.eq(&new.grounds),
            answers::message_id.eq(new.message_id),
            answers::passage.eq(&new.passage),
            answers::certainty.eq("stated"),
            answers::coded_by.eq(new.coded_by),
            answers::coded_at.eq(at(new.coded_at)),
        ))
        .execute(conn)?;
    Ok(())
}
