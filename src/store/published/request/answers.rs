//! What became of each question, as far as it rests on something that is public.

use crate::store::published::request::{Answer, Reply};
use crate::store::schema::{answers, attachments};
use crate::store::{Conn, Error};
use chrono::NaiveDateTime;
use diesel::prelude::*;

#[derive(Queryable)]
struct Coded {
    key: String,
    disposition: String,
    grounds: String,
    message: Option<i64>,
    passage: Option<String>,
    checked_at: Option<NaiveDateTime>,
}

/// The answers of published replies, one a question. Where people read a reply differently and nobody has
/// checked it, nothing is told.
pub fn of(conn: &mut Conn, request: i64, replies: &[Reply]) -> Result<Vec<Answer>, Error> {
    // A reply that was corrected to something else than a decision answers nothing any more.
    let decides = |reply: &&Reply| {
        matches!(reply.kind.as_deref(), Some("full" | "partial" | "refusal" | "not_held" | "ncnd"))
    };
    let shown: Vec<i64> = replies.iter().filter(decides).map(|reply| reply.id).collect();
    let rows: Vec<Coded> = answers::table
        .filter(answers::request_id.eq(request))
        .filter(answers::message_id.eq_any(shown.clone()))
        .order(answers::id.asc())
        .select((
            answers::question_key,
            answers::disposition,
            answers::grounds,
            answers::message_id,
            answers::passage,
            answers::checked_at,
        ))
        .load(conn)?;
    let texts: Vec<(i64, Option<String>)> = attachments::table
        .filter(attachments::message_id.eq_any(shown))
        .filter(attachments::published_at.is_not_null())
        .select((attachments::message_id, attachments::content))
        .load(conn)?;
    let public = |row: &Coded| {
        let own = replies.iter().filter(|reply| Some(reply.id) == row.message);
        let files = texts.iter().filter(|(message, _)| Some(*message) == row.message);
        let texts = own.filter_map(|reply| reply.text.as_deref());
        let mut texts = texts.chain(files.filter_map(|(_, text)| text.as_deref()));
        // The passage was taken from the text before redaction: what was struck out there stays hidden here.
        row.passage.clone().filter(|passage| texts.any(|text| text.replace("\r\n", "\n").contains(passage)))
    };
    let mut told: Vec<Answer> = Vec::new();
    for row in &rows {
        if told.iter().any(|answer| answer.key == row.key) {
            continue;
        }
        let same: Vec<&Coded> = rows.iter().filter(|other| other.key == row.key).collect();
        let checked = same.iter().rev().find(|other| other.checked_at.is_some());
        if checked.is_none() && same.iter().any(|other| other.disposition != row.disposition) {
            continue;
        }
        let chosen = checked.copied().unwrap_or(row);
        told.push(Answer {
            key: chosen.key.clone(),
            disposition: chosen.disposition.clone(),
            grounds: chosen.grounds.clone(),
            passage: public(chosen),
            readers: same.iter().filter(|other| other.disposition == chosen.disposition).count(),
            checked: checked.is_some(),
        });
    }
    Ok(told)
}
