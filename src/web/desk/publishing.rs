//! Changing or withdrawing what is public of a settled message: `/desk/messages/<id>/{publish,withdraw}`.

use crate::service::publishing::{self, Shown};
use crate::store::Conn;
use crate::store::desk::message::{Attachment, Message};
use crate::store::types::MessageState;
use crate::web::desk::done;
use crate::web::desk::guards::{CsrfForm, Nothing, Triage};
use crate::web::desk::message::{self, Back, Public};
use crate::web::desk::settle::look_first;
use crate::web::error::{Error, What};
use crate::web::guards::Site;
use crate::web::rendered::Rendered;
use rocket::response::{Flash, Redirect};
use rocket::{FromForm, Route, State, post, routes};

/// What stands in the form that changes what is public; none before the message is settled. Where nothing is public
/// the rules propose it anew.
pub(crate) fn offered(
    conn: &mut Conn,
    (message, files): (&Message, &[Attachment]),
    back: Option<Public>,
) -> Result<Option<Public>, Error> {
    if message.state != MessageState::Settled {
        return Ok(None);
    }
    if back.is_some() {
        return Ok(back);
    }
    if message.published_at.is_none() {
        let fresh = publishing::fresh(conn, message.id).map_err(|e| Error::internal(&e))?;
        let [subject, text] = [fresh.subject, fresh.text].map(Option::unwrap_or_default);
        return Ok(Some(Public { subject, text, ..Public::default() }));
    }
    let shown = files.iter().filter(|file| file.published_at.is_some()).map(|file| file.position);
    Ok(Some(Public {
        subject: message.published_subject.clone().unwrap_or_default(),
        text: message.published_text.clone().unwrap_or_default(),
        files: shown.collect(),
        looked: false,
    }))
}

/// What is public from now on.
#[derive(Debug, FromForm)]
struct Typed {
    #[field(default = String::new())]
    subject: String,
    #[field(default = String::new())]
    text: String,
    files: Vec<i64>,
    looked: bool,
}

/// A broken store is an error page, the rest is said beside the form.
fn told(error: publishing::Error) -> Result<String, Error> {
    match error {
        publishing::Error::Store(error) => Err(error.into()),
        publishing::Error::NotLooked(hidden) => Ok(look_first(hidden)),
        publishing::Error::NoSuchMessage(_) => Err(Error::NotFound(What::Message)),
        publishing::Error::NoText => {
            Ok("There is no text to show. Write it, or withdraw the message from the public.".to_owned())
        }
        error @ publishing::Error::NotSettled(_) => Ok(format!("{error}.")),
    }
}

#[post("/desk/messages/<id>/publish", data = "<form>")]
async fn publish(
    site: &State<Site>,
    me: Triage,
    id: i64,
    form: CsrfForm<Typed>,
) -> Result<Result<Flash<Redirect>, Rendered>, Error> {
    let CsrfForm(Typed { subject, text, files, looked }) = form;
    let text = text.replace("\r\n", "\n").trim().to_owned();
    let back = Public { subject: subject.clone(), text: text.clone(), files: files.clone(), looked };
    let subject = Some(subject.trim().to_owned()).filter(|subject| !subject.is_empty());
    let public = Shown { subject, text: Some(text), files, looked };
    let (context, person) = (site.context.clone(), me.0.person.id);
    let outcome = site
        .store
        .run(move |conn| match publishing::change(&context, conn, person, (id, &public)) {
            Ok(()) => Ok(Ok(())),
            Err(error @ publishing::Error::NotLooked(_)) => {
                told(error).map(|why| Err(("public_looked", why)))
            }
            Err(error) => told(error).map(|why| Err(("public", why))),
        })
        .await?;
    match outcome {
        Ok(()) => {
            let to = format!("/desk/messages/{id}");
            Ok(Ok(done(
                "note",
                to,
                "Changed.|Everyone reads this text now. The history of the request stays.",
            )))
        }
        Err(fault) => {
            let faults = [fault].into();
            let back = Back { faults, public: Some(back), ..Back::default() };
            message::again(site, &me, (id, back)).await.map(Err)
        }
    }
}

#[post("/desk/messages/<id>/withdraw", data = "<_form>")]
async fn withdraw(
    site: &State<Site>,
    me: Triage,
    id: i64,
    _form: CsrfForm<Nothing>,
) -> Result<Flash<Redirect>, Error> {
    let (context, person) = (site.context.clone(), me.0.person.id);
    let outcome = site
        .store
        .run(move |conn| match publishing::withdraw(&context, conn, person, id) {
            Ok(()) => Ok(Ok(())),
            Err(error) => told(error).map(Err),
        })
        .await?;
    let to = format!("/desk/messages/{id}");
    Ok(match outcome {
        Ok(()) => done("note", to, "Withdrawn.|Nothing of its text or its files is public any more."),
        Err(why) => done("warn", to, &format!("Nothing was changed.|{why}")),
    })
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![publish, withdraw]
}
