//! The address of one's own calendar feed, made anew or ended: `/desk/calendar`.

use crate::service::sign_in;
use crate::web::desk::guards::{CsrfForm, Nothing, Said, SignedIn};
use crate::web::desk::{done, show};
use crate::web::error::Error;
use crate::web::guards::Site;
use crate::web::rendered::Rendered;
use rocket::response::{Flash, Redirect};
use rocket::{Route, State, get, post, routes};
use serde::Serialize;

/// The template of this file.
pub const TEMPLATE: &str = "desk/calendar.html";

const TITLE: &str = "My calendar";

/// What it shows.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    /// Whether there is an address.
    exists: bool,
    /// The address, this once.
    address: Option<String>,
}

impl Page {
    /// A page as it looks when the address was just made.
    pub fn sample() -> Self {
        Self { exists: true, address: Some("https://askance.example/calendar/k3v9…Qw.ics".to_owned()) }
    }
}

#[get("/desk/calendar")]
async fn get(me: SignedIn, said: Said, site: &State<Site>) -> Result<Rendered, Error> {
    let person = me.person.id;
    show(site, TEMPLATE, me.chrome(said, TITLE, "calendar"), move |_, conn| {
        Ok(Page { exists: sign_in::has_calendar(conn, person)?, address: None })
    })
    .await
}

/// Answers with the page itself and not with a redirect: the address is kept nowhere from where a second page could
/// show it. Sent twice, it makes a second address, and the first is worth nothing.
#[post("/desk/calendar", data = "<_form>")]
async fn renew(me: SignedIn, _form: CsrfForm<Nothing>, site: &State<Site>) -> Result<Rendered, Error> {
    let person = me.person.id;
    show(site, TEMPLATE, me.chrome(Said::default(), TITLE, "calendar"), move |ctx, conn| {
        let token = sign_in::renew_calendar(conn, person).map_err(|error| match error {
            sign_in::Error::Store(error) => Error::from(error),
            error => Error::internal(&error),
        })?;
        let address = format!("{}/calendar/{token}.ics", ctx.config.public_url);
        Ok(Page { exists: true, address: Some(address) })
    })
    .await
}

#[post("/desk/calendar/end", data = "<_form>")]
async fn end(me: SignedIn, _form: CsrfForm<Nothing>, site: &State<Site>) -> Result<Flash<Redirect>, Error> {
    let person = me.person.id;
    site.page(move |_, conn| match sign_in::end_calendar(conn, person) {
        Ok(()) => Ok(()),
        Err(sign_in::Error::Store(error)) => Err(Error::from(error)),
        Err(error) => Err(Error::internal(&error)),
    })
    .await?;
    Ok(done("act", "/desk/calendar", "Ended.|The address leads nowhere from now on."))
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get, renew, end]
}
