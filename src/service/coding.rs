//! What a decision says to each question, coded by one person; a second person may code it too.

use crate::domain::findings::{Answer, Evidence, Fault};
use crate::domain::request::event::{Event, Ground};
use crate::service::Context;
use crate::store::audit::{self, Act};
use crate::store::desk::message as reads;
use crate::store::findings::{self, NewAnswer};
use crate::store::{self, Conn, requests, transaction};

/// Why nothing was coded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// There is no such message, or it is not settled as a decision.
    #[error("expected a message that is settled as a decision, found the number `{0}`")]
    NoDecision(i64),
    /// The request does not ask this.
    #[error("expected a question of the request, found `{0}`")]
    NotAsked(String),
    /// Some answers are not taken, by question.
    #[error("expected answers that rest on the reply, found {} that do not", .0.len())]
    Faults(Vec<(String, Fault)>),
}

/// What a person says of one question; no answer = not coded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Key of the question.
    pub question: String,
    /// The answer.
    pub answer: Option<Answer>,
}

/// What was kept of a coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Answers that this person coded of the message now.
    pub answers: usize,
    /// Those of before.
    pub before: usize,
    /// Whether the reply is public, and the answers with it.
    pub public: bool,
}

/// Codes all of `said` or nothing; an earlier coding by the same person is replaced.
pub fn code(
    ctx: &Context,
    conn: &mut Conn,
    person: i64,
    (message, said): (i64, &[Said]),
) -> Result<Kept, Error> {
    let now = ctx.clock.now();
    transaction(conn, |conn| {
        let row = reads::load(conn, message)?.filter(reads::Message::is_settled_decision);
        let row = row.ok_or(Error::NoDecision(message))?;
        let request = row.request_id.ok_or(Error::NoDecision(message))?;
        let asked = findings::asked(conn, request)?;
        if let Some(other) = said.iter().find(|said| !asked.iter().any(|(key, _)| *key == said.question)) {
            return Err(Error::NotAsked(other.question.clone()));
        }
        let files = reads::attachments(conn, message)?;
        let texts: Vec<&str> = files.iter().filter_map(|file| file.content.as_deref()).collect();
        let grounds = settled_grounds(conn, request, message)?;
        let cites: Vec<String> = grounds.iter().map(|ground| ground.cite.clone()).collect();
        let evidence = Evidence {
            own_text: &row.own_text,
            attachments: &texts,
            published: row.published_at.is_some(),
            grounds: &cites,
        };
        let (mut coded, mut faults) = (Vec::new(), Vec::new());
        for said in said {
            match said.answer.clone().map(|answer| answer.check(&evidence)).transpose() {
                Ok(finding) => coded.push((said.question.clone(), finding)),
                Err(fault) => faults.push((said.question.clone(), fault)),
            }
        }
        if !faults.is_empty() {
            return Err(Error::Faults(faults));
        }
        let before = findings::coded(conn, message, person)?.len();
        for (question, finding) in &coded {
            findings::uncode(conn, (request, person), question)?;
            let Some(finding) = finding else { continue };
            let kept: Vec<Ground> =
                finding.grounds.iter().map(|cite| with_category(&grounds, cite)).collect();
            let new = NewAnswer {
                request_id: request,
                question_key: finding.question.clone(),
                disposition: finding.disposition.as_str().to_owned(),
                grounds: serde_json::to_string(&kept).map_err(store::Error::from)?,
                message_id: Some(message),
                passage: finding.passage.clone(),
                coded_by: person,
                coded_at: now,
            };
            findings::code(conn, &new)?;
        }
        let act = Act {
            at: now,
            person: Some(person),
            action: "code_answers",
            subject: format!("message:{message}"),
            body: serde_json::json!({ "coded": coded.iter().filter(|(_, f)| f.is_some()).count() }),
        };
        audit::append(conn, &act)?;
        let answers = findings::coded(conn, message, person)?.len();
        Ok(Kept { answers, before, public: row.published_at.is_some() })
    })
}

/// The grounds of the last settlement of this message.
fn settled_grounds(conn: &mut Conn, request: i64, message: i64) -> Result<Vec<Ground>, store::Error> {
    let events = requests::events_of(conn, request)?;
    let last = events.into_iter().rev().find_map(|event| match event {
        Event::Answered { message: of, grounds, .. } if of == message => Some(grounds),
        _ => None,
    });
    Ok(last.unwrap_or_default())
}

fn with_category(grounds: &[Ground], cite: &str) -> Ground {
    let known = grounds.iter().find(|ground| ground.cite == cite).cloned();
    known.unwrap_or_else(|| Ground { cite: cite.to_owned(), category: None })
}
