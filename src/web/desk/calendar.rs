//! What a person is told of their own requests, by calendar feed and by mail: `/desk/calendar`.

use crate::service::{notices, sign_in};
use crate::web::desk::guards::{CsrfForm, Nothing, Said, SignedIn};
use crate::web::desk::{done, show};
use crate::web::error::Error;
use crate::web::guards::Site;
use crate::web::rendered::Rendered;
use rocket::response::{Flash, Redirect};
use rocket::{FromForm, Route, State, get, post, routes};
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
    /// Whether they are told by mail what happened.
    notices: bool,
    /// Where that mail goes.
    email: String,
}

impl Page {
    /// A page as it looks when the address was just made.
    pub fn sample() -> Self {
        Self {
            exists: true,
            address: Some("https://askance.example/calendar/k3v9…Qw.ics".to_owned()),
            notices: true,
            email: "m.varga@klarblick.example".to_owned(),
        }
    }
}

#[get("/desk/calendar")]
async fn get(me: SignedIn, said: Said, site: &State<Site>) -> Result<Rendered, Error> {
    let (person, email) = (me.person.id, me.person.email.clone());
    show(site, TEMPLATE, me.chrome(said, TITLE, "calendar"), move |_, conn| {
        let notices = notices::wanted(conn, person)?;
        Ok(Page { exists: sign_in::has_calendar(conn, person)?, address: None, notices, email })
    })
    .await
}

/// Answers with the page itself and not with a redirect: the address is kept nowhere from where a second page could
/// show it. Sent twice, it makes a second address, and the first is worth nothing.
#[post("/desk/calendar", data = "<_form>")]
async fn renew(me: SignedIn, _form: CsrfForm<Nothing>, site: &State<Site>) -> Result<Rendered, Error> {
    let (person, email) = (me.person.id, me.person.email.clone());
    show(site, TEMPLATE, me.chrome(Said::default(), TITLE, "calendar"), move |ctx, conn| {
        let token = sign_in::renew_calendar(conn, person).map_err(|error| match error {
            sign_in::Error::Store(error) => Error::from(error),
            error => Error::internal(&error),
        })?;
        let address = format!("{}/calendar/{token}.ics", ctx.config.public_url);
        let notices = notices::wanted(conn, person)?;
        Ok(Page { exists: true, address: Some(address), notices, email })
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

/// Whether to be told by mail.
#[derive(Debug, FromForm)]
struct Told {
    on: bool,
}

#[post("/desk/calendar/notices", data = "<form>")]
async fn tell(me: SignedIn, form: CsrfForm<Told>, site: &State<Site>) -> Result<Flash<Redirect>, Error> {
    let (CsrfForm(Told { on }), person) = (form, me.person.id);
    site.page(move |_, conn| Ok(notices::want(conn, person, on)?)).await?;
    let said = if on {
        "Switched on.|You are told by mail what happens to your requests."
    } else {
        "Switched off.|You get no mail about your requests any more; their pages say what happened."
    };
    Ok(done("note", "/desk/calendar", said))
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get, renew, end, tell]
}
