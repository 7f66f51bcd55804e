//! Pages for volunteers and activists; all but the sign-in ask who is there.

pub mod address;
pub mod alike;
pub mod answers;
pub mod asked;
pub mod authenticity;
pub mod authorities;
pub mod authority;
pub mod calendar;
mod candidates;
pub mod clocks;
pub mod consequence;
pub mod contacts;
pub mod correction;
pub mod days_off;
pub mod enclosures;
pub mod erase;
pub mod erased;
pub mod facts;
pub mod file_request;
pub mod filed;
pub mod files;
mod folding;
pub mod guards;
pub mod hidings;
pub mod law;
pub mod letters;
pub mod message;
pub mod new_authority;
pub mod own;
pub mod passages;
pub mod preview;
pub mod publishing;
pub mod queue;
pub mod reading;
pub mod request;
pub mod requests;
pub mod secrets;
pub mod session;
pub mod settle;
pub mod steps;
pub mod words;

use crate::service::Context;
use crate::store::{Conn, contact_tasks};
use crate::web::error::{Error, What};
use crate::web::guards::Site;
use crate::web::page::{Chrome, Link};
use crate::web::rendered::Rendered;
use rocket::http::Method;
use rocket::response::{Flash, Redirect};
use rocket::{Catcher, Request, Route, catch, catchers};
use serde::Serialize;

/// The routes of all pages of the desk.
pub fn routes() -> Vec<Route> {
    [
        session::routes(),
        queue::routes(),
        message::routes(),
        alike::routes(),
        settle::routes(),
        publishing::routes(),
        answers::routes(),
        files::routes(),
        requests::routes(),
        request::routes(),
        address::routes(),
        steps::routes(),
        file_request::routes(),
        preview::routes(),
        filed::routes(),
        letters::routes(),
        contacts::routes(),
        authorities::routes(),
        new_authority::routes(),
        authority::routes(),
        calendar::routes(),
        days_off::routes(),
        erase::routes(),
    ]
    .concat()
}

/// What a volunteer is told when a page of the desk cannot be had.
pub fn catchers() -> Vec<Catcher> {
    catchers![sign_in_first, not_from_here, missing]
}

/// Asks for a sign-in, and remembers where to go then. A form that was sent meanwhile is not repeated.
#[catch(401)]
fn sign_in_first(request: &Request<'_>) -> Redirect {
    let asked = request.uri().to_string();
    let next = if request.method() == Method::Get { asked.as_str() } else { "/desk" };
    Redirect::to(session::address(next))
}

#[catch(403)]
fn not_from_here() -> Error {
    Error::Forbidden(
        "The form was too old, or it did not come from one of our pages. Nothing was done. Load the page anew \
         and send it again."
            .to_owned(),
    )
}

#[catch(404)]
fn missing() -> Error {
    Error::NotFound(What::Page)
}

/// Loads what a page shows and renders it, in one blocking call.
pub(crate) async fn show<P, L>(
    site: &Site,
    template: &'static str,
    chrome: Chrome,
    load: L,
) -> Result<Rendered, Error>
where
    P: Serialize,
    L: FnOnce(&Context, &mut Conn) -> Result<P, Error> + Send + 'static,
{
    show_wrong(site, (template, chrome), load, |_| Vec::new()).await
}

/// The same for a form that comes back: what is wrong with it stands at the top, in links to its fields.
pub(crate) async fn show_wrong<P, L>(
    site: &Site,
    (template, mut chrome): (&'static str, Chrome),
    load: L,
    errors: impl FnOnce(&P) -> Vec<Link> + Send + 'static,
) -> Result<Rendered, Error>
where
    P: Serialize,
    L: FnOnce(&Context, &mut Conn) -> Result<P, Error> + Send + 'static,
{
    let (context, pages) = (site.context.clone(), site.pages.clone());
    site.store
        .run(move |conn| {
            let page = load(&context, conn)?;
            chrome.errors = errors(&page);
            chrome.tell_contacts(contact_tasks::count(conn)?);
            pages.render(template, &chrome.as_of(context.clock.now()), &page)
        })
        .await
}

/// After a form, with links to where the work goes on.
pub(crate) fn done_with(
    kind: &'static str,
    to: impl Into<String>,
    words: &str,
    links: &[Link],
) -> Flash<Redirect> {
    let plain = |text: &str| text.replace(char::is_control, " ");
    let mut said = plain(words);
    for link in links {
        said.extend(["\n", &plain(&link.href), "\t", &plain(&link.words)]);
    }
    Flash::new(Redirect::to(to.into()), kind, said)
}

/// After a form: where to go and what to say there. The part before `|` is bold.
pub(crate) fn done(kind: &'static str, to: impl Into<String>, words: &str) -> Flash<Redirect> {
    done_with(kind, to, words, &[])
}
