//! All messages of a storm, which are one line elsewhere: `/desk/messages/<id>/alike`.

use crate::service::triage;
use crate::store::Conn;
use crate::store::messages::{self, folds};
use crate::store::types::MessageState;
use crate::web::desk::guards::{CsrfForm, Said, Triage};
use crate::web::desk::words::Pager;
use crate::web::desk::{done, show};
use crate::web::error::{Error, What};
use crate::web::filters;
use crate::web::guards::Site;
use crate::web::rendered::Rendered;
use chrono::NaiveDateTime;
use rocket::response::{Flash, Redirect};
use rocket::{FromForm, Route, State, get, post, routes};
use serde::Serialize;

/// The template of this file.
pub const TEMPLATE: &str = "desk/alike.html";
const PER_PAGE: i64 = 50;

/// What it shows.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    /// The one that is listed elsewhere.
    id: i64,
    count: i64,
    /// They wait, and may be set aside together.
    waits: bool,
    rows: Vec<Row>,
    pager: Option<Pager>,
}

#[derive(Debug, Clone, Serialize)]
struct Row {
    id: i64,
    subject: String,
    language: Option<String>,
    from: String,
    received_at: NaiveDateTime,
}

fn load(conn: &mut Conn, id: i64, page: i64) -> Result<Page, Error> {
    let message = messages::find(conn, id)?.ok_or(Error::NotFound(What::Message))?;
    let head = folds::head_of(conn, id)?.unwrap_or(id);
    let count = folds::count(conn, head)?;
    let at = page.clamp(0, (count - 1).max(0) / PER_PAGE);
    let rows: Vec<Row> = folds::alike(conn, head, (at * PER_PAGE, PER_PAGE))?.into_iter().map(row).collect();
    let (from, shown) = (at * PER_PAGE, i64::try_from(rows.len()).unwrap_or(PER_PAGE));
    let link = |page: i64| format!("/desk/messages/{head}/alike?page={page}");
    Ok(Page {
        id: head,
        count,
        waits: matches!(message.state, MessageState::Held | MessageState::Unmatched),
        rows,
        pager: (count > PER_PAGE).then(|| Pager {
            shown: format!("{}–{} of {count}", from + 1, from + shown),
            previous: (at > 0).then(|| link(at - 1)),
            next: (from + shown < count).then(|| link(at + 1)),
        }),
    })
}

fn row(message: folds::Alike) -> Row {
    Row {
        id: message.id,
        subject: if message.subject.trim().is_empty() { "(no subject)".to_owned() } else { message.subject },
        language: message.language,
        from: message.from_name.or(message.from_address).unwrap_or_else(|| "No sender".to_owned()),
        received_at: message.received_at,
    }
}

#[get("/desk/messages/<id>/alike?<page>")]
async fn get(
    site: &State<Site>,
    me: Triage,
    said: Said,
    id: i64,
    page: Option<i64>,
) -> Result<Rendered, Error> {
    let chrome = me.0.chrome(said, format!("Messages like {id}"), "queue");
    show(site, TEMPLATE, chrome, move |_, conn| load(conn, id, page.unwrap_or(0))).await
}

/// Why they are set aside.
#[derive(Debug, FromForm)]
struct Aside {
    #[field(default = String::new())]
    reason: String,
}

#[post("/desk/messages/<id>/alike/set-aside", data = "<form>")]
async fn set_aside(
    site: &State<Site>,
    me: Triage,
    id: i64,
    form: CsrfForm<Aside>,
) -> Result<Flash<Redirect>, Error> {
    let CsrfForm(Aside { reason }) = form;
    let person = me.0.person.id;
    let reason: String = reason.trim().chars().take(300).collect();
    let reason = if reason.is_empty() { "a storm of automatic messages".to_owned() } else { reason };
    let outcome = site
        .page(move |site, conn| Ok(triage::set_aside_alike(&site.context, conn, person, (id, &reason))))
        .await?;
    Ok(match outcome {
        Ok(count) => {
            let count = filters::counted(count, "message", "messages");
            done("note", "/desk", &format!("{count} set aside.|None is deleted; they stay one line."))
        }
        Err(triage::Error::NoSuchMessage(_)) => return Err(Error::NotFound(What::Message)),
        Err(triage::Error::Store(error)) => return Err(error.into()),
        Err(error) => {
            done("warn", format!("/desk/messages/{id}/alike"), &format!("Nothing was changed.|{error}."))
        }
    })
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get, set_aside]
}
