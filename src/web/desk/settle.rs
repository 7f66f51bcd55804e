//! What a person decides of a message: accept, correct, file elsewhere, set aside: `/desk/messages/<id>/…`.

use crate::service::{bringing_back, triage};
use crate::store::Conn;
use crate::store::desk::{message as reads, queue};
use crate::web::desk::correction::{Faults, Typed, seen};
use crate::web::desk::guards::{CsrfForm, Nothing, Triage};
use crate::web::desk::message::{self, Back};
use crate::web::desk::{done, done_with};
use crate::web::error::{Error, What};
use crate::web::filters;
use crate::web::guards::Site;
use crate::web::page::Link;
use crate::web::rendered::Rendered;
use rocket::response::{Flash, Redirect};
use rocket::{FromForm, Route, State, post, routes};

type Answer = Result<Result<Flash<Redirect>, Rendered>, Error>;

/// A triage error as what to tell: a broken store is an error page, the rest is said beside the form.
fn told(error: triage::Error) -> Result<String, Error> {
    match error {
        triage::Error::Store(error) => Err(error.into()),
        triage::Error::NoSuchMessage(_) => Err(Error::NotFound(What::Message)),
        triage::Error::NotLooked(hidden) => Ok(look_first(hidden)),
        error => Ok(format!("{error}.")),
    }
}

/// What is told to whoever would publish a message without a look at what hides in it and its files.
pub(crate) fn look_first(hidden: usize) -> String {
    let count = i64::try_from(hidden).unwrap_or(i64::MAX);
    let things = filters::counted(count, "thing hides", "things hide");
    format!(
        "{things} in it. Look at them in its text and under “Attachments”, then tick that you have. Nothing was published."
    )
}

/// The proposal as it was seen.
#[derive(Debug, FromForm)]
struct Accepted {
    #[field(default = String::new())]
    seal: String,
    /// Whether what hides in its files was looked at.
    looked: bool,
}

#[post("/desk/messages/<id>/accept", data = "<form>")]
async fn accept(
    site: &State<Site>,
    me: Triage,
    id: i64,
    form: CsrfForm<Accepted>,
) -> Result<Flash<Redirect>, Error> {
    let (context, person, Accepted { seal: seen, looked }) = (site.context.clone(), me.0.person.id, form.0);
    let outcome = site
        .store
        .run(move |conn| {
            let proposed = match triage::proposed_settlement(&context, conn, id) {
                Ok(proposed) => proposed.filter(|proposed| message::seal(proposed) == seen),
                Err(error) => return told(error).map(Err),
            };
            let settled = reads::load(conn, id)?.is_some_and(|message| message.settled_at.is_some());
            if settled {
                let by = reads::settled_by(conn, id)?.unwrap_or_else(|| "somebody".to_owned());
                return Ok(Err(format!("It was already settled by {by}.")));
            }
            let Some(mut settlement) = proposed else {
                return Ok(Err("It changed since you looked: read it again.".to_owned()));
            };
            settlement.looked = looked;
            match triage::settle(&context, conn, person, &settlement) {
                Ok(()) => onward(conn, id).map(Ok),
                Err(error) => told(error).map(Err),
            }
        })
        .await?;
    Ok(match outcome {
        Ok(links) => {
            done_with("note", "/desk", "Accepted.|The request and its public page show it now.", &links)
        }
        Err(why) => done("warn", format!("/desk/messages/{id}"), &format!("Not accepted.|{why}")),
    })
}

#[post("/desk/messages/<id>/settle", data = "<form>")]
async fn settle(site: &State<Site>, me: Triage, id: i64, form: CsrfForm<Typed>) -> Answer {
    let mut typed = form.0;
    let (context, person, tried) = (site.context.clone(), me.0.person.id, typed.clone());
    let outcome = site
        .store
        .run(move |conn| {
            let Some(request) = filed_to(conn, id)? else {
                return Ok(Err(fault("kind", "It is filed to no request yet. File it to one first.").into()));
            };
            let settlement = match tried.settlement(id, request) {
                Ok(settlement) => settlement,
                Err(faults) => return Ok(Err(faults.into())),
            };
            match triage::settle(&context, conn, person, &settlement) {
                Ok(()) => onward(conn, id).map(Ok),
                Err(error) => not_settled(error).map(Err),
            }
        })
        .await?;
    match outcome {
        Ok(links) => {
            let words = "Settled.|The request and its public page show it now.";
            Ok(Ok(done_with("note", "/desk", words, &links)))
        }
        Err(Unsettled { faults, version }) => {
            // Who reads that somebody was quicker, and saves again, corrects.
            typed.seen = version.unwrap_or(typed.seen);
            let back = Back { typed: Some(typed), faults, ..Back::default() };
            message::again(site, &me, (id, back)).await.map(Err)
        }
    }
}

/// How the link to the next message begins; the layout gives it a key by these words.
const NEXT: &str = "Next message that waits";

/// Where the work goes on after a message was settled: the next that waits, its request, the public page.
fn onward(conn: &mut Conn, id: i64) -> Result<Vec<Link>, Error> {
    let mut links = Vec::new();
    if let Some((next, subject)) = queue::next_waiting(conn, id)? {
        let subject: String = subject.trim().chars().take(60).collect();
        let subject = if subject.is_empty() { "(no subject)".to_owned() } else { subject };
        links.push(Link::new(format!("/desk/messages/{next}"), format!("{NEXT}: {subject}")));
    }
    let request = reads::load(conn, id)?.and_then(|message| message.request_id);
    if let Some(asked) = reads::asked(conn, &request.into_iter().collect::<Vec<_>>())?.pop() {
        let reference = &asked.reference;
        links.push(Link::new(
            format!("/desk/requests/{reference}"),
            format!("Request {reference} at the desk, {}", asked.authority),
        ));
        links.push(Link::new(format!("/requests/{reference}"), "Its public page"));
    }
    Ok(links)
}

/// What is wrong with a correction, and the version of the message where somebody else was quicker.
struct Unsettled {
    faults: Faults,
    version: Option<String>,
}

impl From<Faults> for Unsettled {
    fn from(faults: Faults) -> Self {
        Self { faults, version: None }
    }
}

/// A triage error beside the field that it is about.
fn not_settled(error: triage::Error) -> Result<Unsettled, Error> {
    if let triage::Error::AlreadySettled { by, at } = &error {
        let why = format!(
            "It was already settled by {by}. What you typed is kept here: save it again only to correct that."
        );
        return Ok(Unsettled { faults: fault("kind", &why), version: Some(seen(*at)) });
    }
    let field = match &error {
        triage::Error::NoGround => "grounds",
        triage::Error::NotLooked(_) => "looked",
        triage::Error::UntilBeforeMessage { .. } => "until",
        triage::Error::DayOutside { field, .. } => field,
        _ => "kind",
    };
    told(error).map(|why| fault(field, &why).into())
}

fn fault(field: &'static str, words: &str) -> Faults {
    Faults::from([(field, words.to_owned())])
}

/// The request a message is filed to.
fn filed_to(conn: &mut Conn, id: i64) -> Result<Option<i64>, Error> {
    Ok(reads::load(conn, id)?.ok_or(Error::NotFound(What::Message))?.request_id)
}

/// The request a message belongs to.
#[derive(Debug, FromForm)]
struct Elsewhere {
    #[field(default = String::new())]
    reference: String,
}

#[post("/desk/messages/<id>/assign", data = "<form>")]
async fn assign(site: &State<Site>, me: Triage, id: i64, form: CsrfForm<Elsewhere>) -> Answer {
    let reference = form.0.reference.trim().to_owned();
    let (context, person, to) = (site.context.clone(), me.0.person.id, reference.clone());
    let outcome = site
        .store
        .run(move |conn| match triage::assign(&context, conn, person, id, &to) {
            Ok(()) => Ok(Ok(())),
            Err(triage::Error::NoSuchRequest(found)) => {
                Ok(Err(format!("There is no request “{found}”. A reference looks like 2026-0417.")))
            }
            Err(error) => told(error).map(Err),
        })
        .await?;
    match outcome {
        Ok(()) => {
            let words = format!("Filed to {reference}.|Now say what it is.");
            Ok(Ok(done("note", format!("/desk/messages/{id}"), &words)))
        }
        Err(why) => {
            let back = Back { faults: fault("reference", &why), reference, ..Back::default() };
            message::again(site, &me, (id, back)).await.map(Err)
        }
    }
}

/// Why a message is no reply.
#[derive(Debug, FromForm)]
struct Aside {
    #[field(default = String::new())]
    reason: String,
}

#[post("/desk/messages/<id>/set-aside", data = "<form>")]
async fn set_aside(site: &State<Site>, me: Triage, id: i64, form: CsrfForm<Aside>) -> Answer {
    let reason: String = form.0.reason.trim().chars().take(500).collect();
    if reason.is_empty() {
        let words = "Say why, in a few words: the next volunteer reads it.";
        let back = Back { faults: fault("reason", words), ..Back::default() };
        return message::again(site, &me, (id, back)).await.map(Err);
    }
    let (context, person, why) = (site.context.clone(), me.0.person.id, reason.clone());
    let outcome = site
        .store
        .run(move |conn| match triage::set_aside(&context, conn, person, id, &why) {
            Ok(()) => Ok(Ok(())),
            Err(error) => told(error).map(Err),
        })
        .await?;
    match outcome {
        Ok(()) => Ok(Ok(done("note", "/desk", "Set aside.|It is kept, under “Set aside”."))),
        Err(why) => {
            let back = Back { faults: fault("reason", &why), reason, ..Back::default() };
            message::again(site, &me, (id, back)).await.map(Err)
        }
    }
}

#[post("/desk/messages/<id>/bring-back", data = "<_form>")]
async fn bring_back(
    site: &State<Site>,
    me: Triage,
    id: i64,
    _form: CsrfForm<Nothing>,
) -> Result<Flash<Redirect>, Error> {
    let (context, person) = (site.context.clone(), me.0.person.id);
    let outcome = site
        .store
        .run(move |conn| Ok::<_, Error>(bringing_back::bring_back(&context, conn, person, id)))
        .await?;
    let to = format!("/desk/messages/{id}");
    Ok(match outcome {
        Ok(()) => done("note", to, "Brought back.|It waits in the queue again: say what it is."),
        Err(bringing_back::Error::Store(error)) => return Err(error.into()),
        Err(bringing_back::Error::NoSuchMessage(_)) => return Err(Error::NotFound(What::Message)),
        Err(error) => done("warn", to, &format!("Nothing was changed.|{error}.")),
    })
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![accept, settle, assign, set_aside, bring_back]
}
