//! Signing in and out: `/desk/sign-in`, `/desk/sign-out`.

use crate::service::sign_in;
use crate::web::desk::guards::{self, CsrfForm, Nothing, Said, SignedIn};
use crate::web::error::{Error, wait_words};
use crate::web::guards::Site;
use crate::web::network::Network;
use crate::web::page::Chrome;
use crate::web::rendered::Rendered;
use rocket::http::{Cookie, CookieJar, Header, Status};
use rocket::response::{Flash, Redirect};
use rocket::{FromForm, Responder, Route, State, get, post, routes};
use serde::Serialize;

/// The template of this file.
pub const TEMPLATE: &str = "desk/session.html";

/// The sign-in form.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Page {
    next: String,
    email: String,
    error: Option<String>,
}

impl Page {
    /// A form that came back, for the golden files.
    pub fn sample() -> Self {
        Self {
            next: "/desk/requests".to_owned(),
            email: "m.varga@klarblick.example".to_owned(),
            error: Some(WRONG.to_owned()),
        }
    }
}

const WRONG: &str = "This address and this password do not belong together. Check both and try again.";

/// The address of the sign-in form that leads on to `next`.
pub(crate) fn address(next: &str) -> String {
    if next == "/desk" {
        return "/desk/sign-in".to_owned();
    }
    let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
    format!("/desk/sign-in?next={next}")
}

/// Where to go after signing in: a place of the desk, never another host (R44).
fn local(next: &str) -> String {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '\\' | '"' | '<' | '>' | '@');
    let desk = next == "/desk" || next.starts_with("/desk/") || next.starts_with("/desk?");
    if desk && next.len() <= 500 && next.chars().all(plain) && !next.contains("//") && !next.contains("..") {
        next.to_owned()
    } else {
        "/desk".to_owned()
    }
}

/// The page with the token of this visit; sets the visit's cookie where there is none.
async fn form(site: &Site, jar: &CookieJar<'_>, (said, page): (Said, Page)) -> Result<Rendered, Error> {
    let name = guards::visit_cookie(site);
    let visit = match jar.get(name) {
        Some(cookie) => cookie.value().to_owned(),
        None => sign_in::random_text().map_err(|e| Error::internal(&e))?,
    };
    jar.add(guards::cookie(site, name, visit.clone()));
    let mut chrome = Chrome::desk("Sign in", "");
    chrome.flash = said.0;
    chrome.csrf = Some(guards::form_token(site, "visit", &visit));
    crate::web::desk::show(site, TEMPLATE, chrome, move |_, _| Ok(page)).await
}

#[get("/desk/sign-in?<next>")]
async fn get(
    site: &State<Site>,
    jar: &CookieJar<'_>,
    me: Option<SignedIn>,
    said: Said,
    next: Option<String>,
) -> Result<Result<Rendered, Redirect>, Error> {
    let next = local(&next.unwrap_or_default());
    if me.is_some() {
        return Ok(Err(Redirect::to(next)));
    }
    let page = Page { next, ..Page::default() };
    form(site, jar, (said, page)).await.map(Ok)
}

/// What is typed into the form.
#[derive(FromForm)]
struct Typed {
    #[field(default = String::new())]
    email: String,
    #[field(default = String::new())]
    password: String,
    #[field(default = String::new())]
    next: String,
}

/// What a try to sign in leads to.
#[derive(Responder)]
enum Answer {
    /// The desk.
    In(Redirect),
    /// The form, with what was wrong.
    Again(Rendered),
    /// The form, with when to try again.
    Later(Rendered, Header<'static>),
}

#[post("/desk/sign-in", data = "<typed>")]
async fn post(
    site: &State<Site>,
    jar: &CookieJar<'_>,
    network: Network,
    typed: CsrfForm<Typed>,
) -> Result<Answer, Error> {
    let CsrfForm(Typed { email, password, next }) = typed;
    let context = site.context.clone();
    let asking = sign_in::Asking { email: email.clone(), password, address: network.0 };
    let outcome =
        site.store.run(move |conn| Ok::<_, Error>(sign_in::sign_in(&context, conn, &asking))).await?;
    let again = |error: String| {
        let page = Page { next: local(&next), email, error: Some(error) };
        form(site, jar, (Said::default(), page))
    };
    match outcome {
        Ok(token) => {
            jar.add(guards::cookie(site, guards::session_cookie(site), token));
            jar.remove(Cookie::build(guards::visit_cookie(site)).path("/"));
            Ok(Answer::In(Redirect::to(local(&next))))
        }
        Err(sign_in::Error::Wrong) => {
            let page = again(WRONG.to_owned()).await?;
            Ok(Answer::Again(page.with_status(Status::UnprocessableEntity)))
        }
        Err(sign_in::Error::TooManyTries(seconds)) => {
            let wait = wait_words(seconds);
            let page = again(format!(
                "There were too many tries to sign in. Try again in {wait}. Who is signed in stays so."
            ));
            let page = page.await?.with_status(Status::TooManyRequests);
            Ok(Answer::Later(page, Header::new("Retry-After", seconds.to_string())))
        }
        Err(sign_in::Error::Store(error)) => Err(Error::from(error)),
        Err(error) => Err(Error::internal(&error)),
    }
}

/// The way out: the browser forgets all that it kept of this site.
#[derive(Responder)]
struct Out {
    to: Flash<Redirect>,
    clear: Header<'static>,
}

#[post("/desk/sign-out", data = "<_form>")]
async fn sign_out(
    site: &State<Site>,
    jar: &CookieJar<'_>,
    me: SignedIn,
    _form: CsrfForm<Nothing>,
) -> Result<Out, Error> {
    let context = site.context.clone();
    site.store
        .run(move |conn| {
            sign_in::sign_out(&context, conn, me.person.id, &me.token).map_err(|e| Error::internal(&e))
        })
        .await?;
    jar.remove(Cookie::build(guards::session_cookie(site)).path("/"));
    let to =
        crate::web::desk::done("note", "/desk/sign-in", "Signed out.|The session is over on this machine.");
    Ok(Out { to, clear: Header::new("Clear-Site-Data", "\"cache\", \"storage\"") })
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get, post, sign_out]
}
