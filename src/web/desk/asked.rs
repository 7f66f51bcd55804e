//! Which passage of a reply seems to answer which question of our letter, for the desk alone.

use crate::domain::incoming::Incoming;
use crate::domain::incoming::delivery::Automatic;
use crate::domain::incoming::reading::answers::{self, Answer};
use crate::domain::incoming::reading::{Letter, prepare};
use crate::service::Context;
use crate::store::desk::message::{Attachment, Message};
use crate::store::{Conn, findings};
use crate::web::desk::enclosures;
use crate::web::desk::passages::{self, Claim, Marked};
use crate::web::desk::reading::gist;
use crate::web::error::Error;
use serde::Serialize;

/// A question with the passage that seems to answer it.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// As the mark is named.
    name: String,
    /// As it was asked.
    question: String,
    answer: Answer,
}

/// The same as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Where the mark leads.
    pub row: String,
    /// `Question 3`.
    pub name: String,
    /// As it was asked.
    pub question: String,
    /// The passage in one line.
    pub passage: String,
    /// The number of its mark.
    pub mark: Option<usize>,
}

/// The answers that a reply seems to give; none where the request has one question or a machine wrote the reply.
pub fn answered(
    ctx: &Context,
    conn: &mut Conn,
    (message, files): (&Message, &[Attachment]),
    incoming: Option<&Incoming>,
) -> Result<Vec<Answered>, Error> {
    let by_a_person = |mail: &&Incoming| matches!(mail.automatic, Automatic::None | Automatic::List);
    let (Some(request), Some(incoming)) = (message.request_id, incoming.filter(by_a_person)) else {
        return Ok(Vec::new());
    };
    let questions: Vec<String> = findings::asked(conn, request)?.into_iter().map(|(_, body)| body).collect();
    if questions.len() < 2 {
        return Ok(Vec::new());
    }
    // Names of files as the mail has them: so evidence names its place.
    let names = incoming.attachments.iter().map(|file| file.name.as_str());
    let texts = enclosures::texts(files);
    let attached: Vec<(&str, &str)> = names.zip(texts).filter(|(_, text)| !text.is_empty()).collect();
    let letter = Letter { subject: "", body: &message.own_text, attachments: &attached, sent_on: None };
    // Our own bounded code over text that the cage took out: each part is cut, and so are questions and passages.
    let mut prepared = prepare(&letter, &ctx.library.knowledge.phrasebook);
    prepared.settle(message.language.as_deref());
    let with_question = |answer: Answer| {
        let question = questions.get(answer.question)?.clone();
        Some(Answered { name: format!("Question {}", answer.question + 1), question, answer })
    };
    Ok(answers::passages(&questions, &prepared).into_iter().filter_map(with_question).collect())
}

/// What they claim of passages; their rows follow those of the proposal.
pub fn claims(answered: &[Answered], facts: usize) -> impl Iterator<Item = Claim<'_>> {
    answered.iter().enumerate().map(move |(at, said)| Claim {
        fact: facts + at,
        label: &said.name,
        passage: &said.answer.passage.text,
        place: Some(&said.answer.passage.place),
    })
}

/// The rows with the numbers of their marks; a passage that stands nowhere on the page is not shown.
pub fn rows(answered: &[Answered], facts: usize, (claims, marked): (&[Claim<'_>], &Marked)) -> Vec<Row> {
    let row = |(at, said): (usize, &Answered)| Row {
        row: passages::row(facts + at),
        name: said.name.clone(),
        question: said.question.clone(),
        passage: gist(&said.answer.passage.text),
        mark: marked.of_fact(claims, facts + at).first().copied(),
    };
    answered.iter().enumerate().map(row).filter(|row| row.mark.is_some()).collect()
}
