//! Answers coded per question: written here, read by the pages.

use crate::store::schema::answers;
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

/// Records an answer; the same person's earlier coding of the question is replaced.
pub fn code(conn: &mut Conn, new: &NewAnswer) -> Result<(), Error> {
    diesel::delete(
        answers::table
            .filter(answers::request_id.eq(new.request_id))
            .filter(answers::question_key.eq(&new.question_key))
            .filter(answers::coded_by.eq(new.coded_by)),
    )
    .execute(conn)?;
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
