//! Erasing a mail or a file for good, for administrators: `/desk/erase`. First what goes and what stays, then the press.

use crate::domain::publication::erasing::Reason;
use crate::service::Context;
use crate::service::erasure::{self, Extent, Target, Wish};
use crate::store::Conn;
use crate::store::desk::message;
use crate::web::desk::guards::{Admin, CsrfForm, Said};
use crate::web::desk::words::Choice;
use crate::web::desk::{done, show_wrong};
use crate::web::error::{Error, What};
use crate::web::guards::Site;
use crate::web::page::{Chrome, Link};
use crate::web::rendered::Rendered;
use chrono::NaiveDateTime;
use rocket::http::Status;
use rocket::response::{Flash, Redirect};
use rocket::tokio::task::spawn_blocking;
use rocket::{FromForm, Route, State, get, post, routes};
use serde::Serialize;

/// The template of this file.
pub const TEMPLATE: &str = "desk/erase.html";

/// What it shows.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    id: i64,
    /// Position of the file; none = the whole message.
    file: Option<i64>,
    file_name: Option<String>,
    received_at: NaiveDateTime,
    /// Whether everyone can read it now.
    public: bool,
    reference: Option<String>,
    reasons: Vec<Choice>,
    typed: Typed,
    /// What would go, once a reason was given.
    goes: Option<Goes>,
    reason_words: &'static str,
    error: Option<String>,
}

/// How much would go.
#[derive(Debug, Clone, Serialize)]
struct Goes {
    messages: usize,
    attachments: usize,
    events: usize,
    blobs: usize,
}

/// What the forms carry.
#[derive(Debug, Clone, Default, Serialize, FromForm)]
pub struct Typed {
    message: i64,
    file: Option<i64>,
    #[field(default = String::new())]
    reason: String,
}

impl Typed {
    fn reason(&self) -> Option<Reason> {
        self.reason.parse().ok().filter(|reason| Reason::CHOICES.contains(reason))
    }

    fn wish(&self, reason: Reason, person: i64) -> Wish {
        let target = match self.file {
            Some(position) => Target::Attachment(self.message, position),
            None => Target::Message(self.message),
        };
        // From the list alone: what a person types might be what has to go.
        Wish { target, reason: reason.in_words().to_owned(), class: reason, person: Some(person) }
    }
}

fn chrome(me: &Admin) -> Chrome {
    me.0.chrome(Said::default(), "Erase for good", "queue")
}

fn load(conn: &mut Conn, typed: Typed) -> Result<Page, Error> {
    let message = message::load(conn, typed.message)?.ok_or(Error::NotFound(What::Message))?;
    let file = match typed.file {
        Some(position) => {
            let files = message::attachments(conn, message.id)?;
            let file = files.into_iter().find(|file| file.position == position);
            Some(file.ok_or(Error::NotFound(What::File))?)
        }
        None => None,
    };
    let asked = message::asked(conn, &message.request_id.into_iter().collect::<Vec<_>>())?;
    Ok(Page {
        id: message.id,
        file: typed.file,
        public: file.as_ref().map_or(message.published_at.is_some(), |file| file.published_at.is_some()),
        file_name: file.map(|file| file.name),
        received_at: message.received_at,
        reference: asked.into_iter().next().map(|asked| asked.reference),
        reasons: Reason::CHOICES.iter().map(|it| Choice::new(it.as_str(), it.in_words())).collect(),
        reason_words: typed.reason().map(Reason::in_words).unwrap_or_default(),
        typed,
        goes: None,
        error: None,
    })
}

/// What is wrong, in words; what is not there, and a broken store, are pages of their own.
fn told(error: erasure::Error) -> Result<String, Error> {
    match error {
        erasure::Error::Store(error) => Err(error.into()),
        erasure::Error::NoSuchMessage(_) => Err(Error::NotFound(What::Message)),
        erasure::Error::NoSuchAttachment(..) => Err(Error::NotFound(What::File)),
        erasure::Error::Erased(_) => Ok("It was erased before; there is nothing left to erase.".to_owned()),
        error => Ok(format!("Nothing was erased: {error}.")),
    }
}

#[get("/desk/erase?<message>&<file>")]
async fn get(site: &State<Site>, me: Admin, message: i64, file: Option<i64>) -> Result<Rendered, Error> {
    let typed = Typed { message, file, reason: String::new() };
    show_wrong(site, (TEMPLATE, chrome(&me)), move |_, conn| load(conn, typed), |_| Vec::new()).await
}

/// What would go, told before anything does.
#[post("/desk/erase/preview", data = "<form>")]
async fn preview(site: &State<Site>, me: Admin, form: CsrfForm<Typed>) -> Result<Rendered, Error> {
    let (typed, person, db) = (form.0, me.0.person.id, site.store.db());
    ask(site, (me, typed, None), move |ctx, typed| {
        let reason = typed.reason().ok_or("Choose why it is to be erased.")?;
        Ok(erasure::extent(ctx, &db, &typed.wish(reason, person)))
    })
    .await
}

/// The page with what would go, or with what is wrong.
async fn ask(
    site: &Site,
    (me, typed, error): (Admin, Typed, Option<String>),
    extent: impl FnOnce(&Context, &Typed) -> Result<Result<Extent, erasure::Error>, &'static str> + Send + 'static,
) -> Result<Rendered, Error> {
    let (context, asked) = (site.context.clone(), typed.clone());
    // A connection of its own: it must not wait for the one that makes the page.
    let found = spawn_blocking(move || extent(&context, &asked)).await.map_err(|e| Error::internal(&e))?;
    let (goes, error) = match found {
        Err(why) => (None, Some(why.to_owned())),
        Ok(Err(why)) => (None, Some(told(why)?)),
        Ok(Ok(Extent { messages, attachments, events, blobs, .. })) => {
            (Some(Goes { messages, attachments, events, blobs }), error)
        }
    };
    let status = if error.is_some() { Status::UnprocessableEntity } else { Status::Ok };
    let load = move |_: &Context, conn: &mut Conn| Ok(Page { goes, error, ..load(conn, typed)? });
    let page = show_wrong(site, (TEMPLATE, chrome(&me)), load, |page: &Page| {
        page.error.iter().map(|words| Link::new("#f-reason", words)).collect()
    });
    Ok(page.await?.with_status(status))
}

#[post("/desk/erase", data = "<form>")]
async fn post(
    site: &State<Site>,
    me: Admin,
    form: CsrfForm<Typed>,
) -> Result<Result<Flash<Redirect>, Rendered>, Error> {
    let typed = form.0;
    let Some(reason) = typed.reason() else {
        let none = |_: &Context, _: &Typed| Err("Choose why it is to be erased.");
        return ask(site, (me, typed, None), none).await.map(Err);
    };
    let (context, db, wish) = (site.context.clone(), site.store.db(), typed.wish(reason, me.0.person.id));
    let erased = spawn_blocking(move || erasure::erase(&context, &db, &wish));
    let back = format!("/desk/messages/{}", typed.message);
    match erased.await.map_err(|e| Error::internal(&e))? {
        Ok(Extent { scrubbed: true, .. }) => {
            Ok(Ok(done("note", back, "Erased for good.|Where it was public its address says so.")))
        }
        Ok(_) => {
            let words = "Erased.|Somebody reads the database at this moment: its files still hold old pages until they are written anew.";
            Ok(Ok(done("note", back, words)))
        }
        Err(error @ erasure::Error::Begun(_)) => {
            tracing::error!(%error, "an erasure was begun and waits to be finished");
            let words = "Not all of it is erased yet.|It was begun, and the service finishes it by itself within the hour. \
                         Look again then; if it still stands there, the log says why.";
            Ok(Ok(done("warn", back, words)))
        }
        Err(error) => Ok(Ok(done("warn", back, &format!("Nothing was changed.|{}", told(error)?)))),
    }
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get, preview, post]
}
