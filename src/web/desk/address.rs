//! Giving a request another reply address: `/desk/requests/<reference>/address`.

use crate::service::addresses;
use crate::store::desk::requests;
use crate::store::requests::former;
use crate::web::desk::guards::{CsrfForm, Said, SignedIn};
use crate::web::desk::request::may_act;
use crate::web::desk::{done, show};
use crate::web::error::{Error, What};
use crate::web::guards::Site;
use crate::web::rendered::Rendered;
use chrono::NaiveDateTime;
use rocket::response::{Flash, Redirect};
use rocket::{FromForm, Route, State, get, post, routes};
use serde::Serialize;

/// The template of this file.
pub const TEMPLATE: &str = "desk/address.html";

/// What it shows before anything changes.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    reference: String,
    address: String,
    /// Stands for the address that is given up.
    seen: String,
    former: Vec<NaiveDateTime>,
}

/// Which address the person saw.
#[derive(Debug, FromForm)]
struct Seen {
    #[field(default = String::new())]
    seen: String,
}

#[get("/desk/requests/<reference>/address")]
async fn get(site: &State<Site>, me: SignedIn, said: Said, reference: &str) -> Result<Rendered, Error> {
    let chrome = me.chrome(said, format!("Reply address of {reference}"), "requests");
    let reference = reference.to_owned();
    show(site, TEMPLATE, chrome, move |_, conn| {
        may_act(conn, &me, &reference)?;
        let whole = requests::whole(conn, &reference)?.ok_or(Error::NotFound(What::Request))?;
        Ok(Page {
            seen: former::current_hash(conn, whole.id)?,
            former: former::of_request(conn, whole.id)?,
            address: whole.reply_address,
            reference: whole.reference,
        })
    })
    .await
}

#[post("/desk/requests/<reference>/address", data = "<form>")]
async fn post(
    site: &State<Site>,
    me: SignedIn,
    reference: &str,
    form: CsrfForm<Seen>,
) -> Result<Flash<Redirect>, Error> {
    let (context, reference, seen) = (site.context.clone(), reference.to_owned(), form.0.seen);
    let to = format!("/desk/requests/{reference}");
    let outcome = site
        .store
        .run(move |conn| {
            may_act(conn, &me, &reference)?;
            Ok::<_, Error>(addresses::change(&context, conn, me.person.id, (&reference, &seen)))
        })
        .await?;
    match outcome {
        Ok(()) => {
            let words =
                "The reply address is another one now.|Mail to the old one is kept and waits for a person.";
            Ok(done("note", to, words))
        }
        Err(addresses::Error::NoSuchRequest(_)) => Err(Error::NotFound(What::Request)),
        Err(addresses::Error::Changed) => {
            Ok(done("warn", to, "Nothing was changed.|The address was changed meanwhile: look at it first."))
        }
        Err(error) => Err(Error::internal(&error)),
    }
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get, post]
}
