//! Addresses that do not work and wait for somebody to find another: `/desk/contacts`.

use crate::service::Context;
use crate::store::audit::{self, Act};
use crate::store::contact_tasks::{self, Task};
use crate::store::{Conn, transaction};
use crate::web::desk::guards::{CsrfForm, Nothing, Said, Triage};
use crate::web::desk::{done, show};
use crate::web::error::Error;
use crate::web::guards::Site;
use crate::web::rendered::Rendered;
use chrono::NaiveDateTime;
use rocket::response::{Flash, Redirect};
use rocket::{Route, State, get, post, routes};
use serde::Serialize;

/// The template of this file.
pub const TEMPLATE: &str = "desk/contacts.html";

/// The most that are shown at once; the oldest come first.
const MOST: i64 = 200;

/// All that waits.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    rows: Vec<Row>,
    count: i64,
}

/// One address.
#[derive(Debug, Clone, Serialize)]
struct Row {
    id: i64,
    authority_id: i64,
    authority: String,
    authority_language: String,
    address: String,
    cause: String,
    opened_at: NaiveDateTime,
    reference: Option<String>,
}

impl Row {
    fn of(task: Task) -> Self {
        Self {
            id: task.id,
            authority_id: task.authority_id,
            authority: task.authority,
            authority_language: task.authority_language,
            address: task.address,
            cause: task.cause,
            opened_at: task.opened_at,
            reference: task.reference,
        }
    }
}

fn load(conn: &mut Conn) -> Result<Page, Error> {
    let rows = contact_tasks::open_ones(conn, MOST)?.into_iter().map(Row::of).collect();
    Ok(Page { rows, count: contact_tasks::count(conn)? })
}

#[get("/desk/contacts")]
async fn get(site: &State<Site>, me: Triage, said: Said) -> Result<Rendered, Error> {
    let chrome = me.0.chrome(said, "Addresses that do not work", "contacts");
    show(site, TEMPLATE, chrome, |_: &Context, conn| load(conn)).await
}

#[post("/desk/contacts/<id>/close", data = "<_form>")]
async fn close(
    site: &State<Site>,
    me: Triage,
    id: i64,
    _form: CsrfForm<Nothing>,
) -> Result<Flash<Redirect>, Error> {
    let (now, person) = (site.context.clock.now(), me.0.person.id);
    let closed = site
        .store
        .run(move |conn| {
            transaction(conn, |conn| {
                let closed = contact_tasks::close(conn, id, person, now)?;
                if closed {
                    let (subject, body) = (format!("contact_task:{id}"), serde_json::json!({}));
                    let person = Some(person);
                    let action = "contact_task_closed";
                    audit::append(conn, &Act { at: now, person, action, subject, body })?;
                }
                Ok::<_, crate::store::Error>(closed)
            })
            .map_err(Error::from)
        })
        .await?;
    let words = if closed {
        "Closed.|The address stays as it is in the register."
    } else {
        "Nothing was changed.|It was closed already, or there is no such task."
    };
    Ok(done(if closed { "note" } else { "warn" }, "/desk/contacts", words))
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get, close]
}
