//! What a decision says to each question of its request, coded at the desk: `/desk/messages/<id>/answers`.

use crate::domain::findings::{Answer, Fault};
use crate::domain::request::event::Ground;
use crate::service::Context;
use crate::service::coding::{self, Said as Coding};
use crate::store::desk::message::Message;
use crate::store::{Conn, findings};
use crate::web::desk::done;
use crate::web::desk::guards::{CsrfForm, Triage};
use crate::web::desk::message::{self, Back};
use crate::web::desk::words::Choice;
use crate::web::error::{Error, What};
use crate::web::filters;
use crate::web::guards::Site;
use crate::web::rendered::Rendered;
use rocket::response::{Flash, Redirect};
use rocket::{FromForm, Route, State, post, routes};
use serde::Serialize;
use std::collections::BTreeMap;

/// A question with what was coded or typed.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    body: String,
    typed: Typed,
    error: Option<&'static str>,
}

/// What is typed of one question.
#[derive(Debug, Clone, Default, Serialize, FromForm)]
pub(crate) struct Typed {
    #[field(default = String::new())]
    question: String,
    #[field(default = String::new())]
    disposition: String,
    #[field(default = String::new())]
    passage: String,
    #[field(default = String::new())]
    none_given: String,
}

/// The whole form.
#[derive(Debug, FromForm)]
struct Sheet {
    answers: Vec<Typed>,
}

/// What came back: rows as typed, and what is wrong by question.
#[derive(Debug, Clone, Default)]
pub(crate) struct Returned {
    typed: Vec<Typed>,
    wrong: BTreeMap<String, &'static str>,
}

/// The questions of a decision with what this person coded; nothing for other messages.
pub(crate) fn rows(
    conn: &mut Conn,
    (message, person): (&Message, i64),
    returned: Option<Returned>,
) -> Result<Vec<Row>, Error> {
    let Some(request) = message.request_id.filter(|_| message.is_settled_decision()) else {
        return Ok(Vec::new());
    };
    let coded = findings::coded(conn, message.id, person)?;
    let mut rows = Vec::new();
    for (key, body) in findings::asked(conn, request)? {
        let back = returned.as_ref().and_then(|r| r.typed.iter().find(|typed| typed.question == key));
        let before = coded.iter().find(|coded| coded.question_key == key);
        let typed = match (back, before) {
            (Some(back), _) => back.clone(),
            (None, Some(before)) => Typed::of(before),
            (None, None) => Typed { question: key.clone(), ..Typed::default() },
        };
        let error = returned.as_ref().and_then(|r| r.wrong.get(&key).copied());
        rows.push(Row { body, typed, error });
    }
    Ok(rows)
}

impl Row {
    /// What is wrong with it, if anything.
    pub(crate) fn error(&self) -> Option<&'static str> {
        self.error
    }
}

/// What a question can have become, as the catalogue words it.
pub(crate) fn dispositions(ctx: &Context) -> Vec<Choice> {
    let rules = ctx.library.catalogue.dispositions.iter();
    rules.map(|rule| Choice::new(rule.key.as_str(), rule.label.clone())).collect()
}

impl Typed {
    fn of(coded: &findings::Coded) -> Self {
        let grounds: Vec<Ground> = serde_json::from_str(&coded.grounds).unwrap_or_default();
        let none_given = grounds.iter().any(|ground| ground.cite == "none given");
        Self {
            question: coded.question_key.clone(),
            disposition: coded.disposition.clone(),
            passage: coded.passage.clone().unwrap_or_default(),
            none_given: if none_given { "1".to_owned() } else { String::new() },
        }
    }

    /// What is said of the question; a disposition of no list is told beside it.
    fn said(&self) -> Result<Coding, &'static str> {
        let question = self.question.clone();
        if self.disposition.is_empty() {
            return Ok(Coding { question, answer: None });
        }
        let disposition = self.disposition.parse().map_err(|_| "Choose one of the list.")?;
        let passage = Some(self.passage.clone()).filter(|passage| !passage.trim().is_empty());
        let none_given = !self.none_given.is_empty();
        let answer = Answer { question: question.clone(), disposition, passage, none_given };
        Ok(Coding { question, answer: Some(answer) })
    }
}

fn cure(fault: Fault) -> &'static str {
    match fault {
        Fault::NoGround => {
            "The settlement has no ground: tick that none was given, or settle it anew with one."
        }
        Fault::NothingShown => "Nothing of the reply is public: copy the passage that answers the question.",
        Fault::NotInTheReply => {
            "These words do not stand in the reply or its files. Copy them from there, letter by letter."
        }
    }
}

/// What was kept, truthfully: nothing where no answer was chosen.
fn kept_words(kept: coding::Kept) -> (&'static str, String) {
    let answers = |n: usize| filters::counted(n, "answer", "answers");
    match (kept.answers, kept.before) {
        (0, 0) => (
            "warn",
            "Nothing was kept.|No answer is chosen: say of at least one question what it is.".to_owned(),
        ),
        (0, before) => {
            ("note", format!("{} taken away.|Nothing of this reply is coded by you now.", answers(before)))
        }
        (n, _) if kept.public => {
            ("note", format!("{} kept.|The public page shows them beside the questions.", answers(n)))
        }
        (n, _) => {
            ("note", format!("{} kept.|The public page shows them once the reply is public.", answers(n)))
        }
    }
}

#[post("/desk/messages/<id>/answers", data = "<form>")]
async fn post(
    site: &State<Site>,
    me: Triage,
    id: i64,
    form: CsrfForm<Sheet>,
) -> Result<Result<Flash<Redirect>, Rendered>, Error> {
    let typed = form.0.answers;
    let (mut said, mut wrong) = (Vec::new(), BTreeMap::new());
    for row in &typed {
        match row.said() {
            Ok(coding) => said.push(coding),
            Err(why) => drop(wrong.insert(row.question.clone(), why)),
        }
    }
    if wrong.is_empty() {
        let (context, person) = (site.context.clone(), me.0.person.id);
        let outcome = site
            .store
            .run(move |conn| Ok::<_, Error>(coding::code(&context, conn, person, (id, &said))))
            .await?;
        match outcome {
            Ok(kept) => {
                let to = format!("/desk/messages/{id}#answers");
                let (kind, words) = kept_words(kept);
                return Ok(Ok(done(kind, to, &words)));
            }
            Err(coding::Error::Store(error)) => return Err(error.into()),
            Err(coding::Error::NoDecision(_) | coding::Error::NotAsked(_)) => {
                return Err(Error::NotFound(What::Message));
            }
            Err(coding::Error::Faults(faults)) => {
                wrong.extend(faults.into_iter().map(|(question, fault)| (question, cure(fault))));
            }
        }
    }
    let back = Back { answers: Some(Returned { typed, wrong }), ..Back::default() };
    message::again(site, &me, (id, back)).await.map(Err)
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![post]
}
