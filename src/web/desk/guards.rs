//! Who may come to the desk, and forms that only our own pages can send (R40, R42, R43).

use crate::service::sign_in;
use crate::store::people::Person;
use crate::web::guards::Site;
use crate::web::page::{self, Chrome};
use hmac::{Hmac, KeyInit, Mac};
use rocket::data::{Data, FromData, Outcome as DataOutcome, ToByteUnit};
use rocket::form::{Form, FromForm};
use rocket::http::{ContentType, Cookie, RawStr, SameSite, Status};
use rocket::request::{FlashMessage, FromRequest, Outcome, Request};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// A published reply may be long; more than this is no form of ours.
const FORM_LIMIT: u64 = 4;

/// Who is signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub person: Person,
    /// The token of their forms.
    pub csrf: String,
    /// The session's own token, as the cookie holds it.
    pub token: String,
}

impl SignedIn {
    /// What stands around a page of the desk.
    pub fn chrome(&self, said: Said, title: impl Into<String>, nav: &'static str) -> Chrome {
        let mut chrome = Chrome::desk(title, nav);
        if !self.person.role.may_triage() {
            chrome.menu.retain(|item| !matches!(item.key, "queue" | "authorities"));
        }
        if self.person.role.may_administer() {
            chrome.menu.push(page::MenuItem {
                key: "days-off",
                href: "/desk/days-off",
                name: "Days off".into(),
            });
        }
        chrome.signed_in =
            Some(page::SignedIn { name: self.person.name.clone(), role: self.person.role.to_string() });
        chrome.csrf = Some(self.csrf.clone());
        chrome.flash = said.0;
        chrome
    }
}

/// Who is signed in and may triage replies. Others are told that there is no such page (R40).
#[derive(Debug, Clone)]
pub struct Triage(pub SignedIn);

/// Who is signed in and may manage people and settings.
#[derive(Debug, Clone)]
pub struct Admin(pub SignedIn);

/// What the last press of a button did; shown once.
#[derive(Debug, Clone, Default)]
pub struct Said(pub Option<page::Flash>);

/// The name of the session's cookie. With `__Host-` a browser takes it only over HTTPS, for this host alone.
pub fn session_cookie(site: &Site) -> &'static str {
    if https(site) { "__Host-askance_session" } else { "askance_session" }
}

/// The name of the cookie that ties the sign-in form to this browser.
pub fn visit_cookie(site: &Site) -> &'static str {
    if https(site) { "__Host-askance_visit" } else { "askance_visit" }
}

/// A cookie as all of ours are set; it goes when the browser closes.
pub fn cookie(site: &Site, name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(https(site))
        .build()
}

fn https(site: &Site) -> bool {
    site.context.config.public_url.starts_with("https://")
}

/// The token of the forms of a session, or of the sign-in form for one visit.
pub fn form_token(site: &Site, purpose: &str, secret: &str) -> String {
    // A key of any length will do for HMAC; were it ever refused, no token would fit.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(site.context.config.secret.bytes()) else {
        return String::new();
    };
    for part in ["askance form", purpose, secret] {
        mac.update(part.as_bytes());
        mac.update(&[0]);
    }
    data_encoding::BASE64URL_NOPAD.encode(&mac.finalize().into_bytes())
}

async fn who(request: &Request<'_>) -> Result<Option<SignedIn>, Status> {
    let site = request.rocket().state::<Site>().ok_or(Status::InternalServerError)?;
    let Some(token) = request.cookies().get(session_cookie(site)).map(|c| c.value().to_owned()) else {
        return Ok(None);
    };
    let (context, asked) = (site.context.clone(), token.clone());
    let person = site
        .store
        .run(move |conn| match sign_in::signed_in(&context, conn, &asked) {
            Ok(person) => Ok(person),
            Err(sign_in::Error::Store(error)) => Err(crate::web::error::Error::from(error)),
            Err(error) => Err(crate::web::error::Error::internal(&error)),
        })
        .await
        .map_err(|error| error.status())?;
    let csrf = form_token(site, "session", &token);
    Ok(person.map(|person| SignedIn { person, csrf, token }))
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SignedIn {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match request.local_cache_async(who(request)).await {
            Ok(Some(signed_in)) => Outcome::Success(signed_in.clone()),
            Ok(None) => Outcome::Error((Status::Unauthorized, ())),
            Err(status) => Outcome::Error((*status, ())),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Triage {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let me = rocket::outcome::try_outcome!(request.guard::<SignedIn>().await);
        if me.person.role.may_triage() {
            Outcome::Success(Self(me))
        } else {
            Outcome::Error((Status::NotFound, ()))
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Admin {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let me = rocket::outcome::try_outcome!(request.guard::<SignedIn>().await);
        if me.person.role.may_administer() {
            Outcome::Success(Self(me))
        } else {
            Outcome::Error((Status::NotFound, ()))
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Said {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let Some(flash) = request.guard::<FlashMessage<'_>>().await.succeeded() else {
            return Outcome::Success(Self(None));
        };
        let (kind, message) = flash.into_inner();
        let kind = if matches!(kind.as_str(), "warn" | "act") { kind } else { String::new() };
        // The first line is what was done, each other a link: `desk::done_with`.
        let mut parts = message.lines();
        let said = parts.next().unwrap_or_default();
        let (lead, text) = said.split_once('|').unwrap_or((said, ""));
        let links = parts
            .filter_map(|line| line.split_once('\t'))
            // The cookie is the browser's: it leads nowhere but to our own pages.
            .filter(|(href, _)| href.starts_with('/') && !href.starts_with("//") && !href.contains('\\'))
            .map(|(href, words)| page::Link::new(href, words))
            .collect();
        let flash = page::Flash { kind, lead: lead.to_owned(), text: text.to_owned(), links };
        Outcome::Success(Self(Some(flash)))
    }
}

/// A form that one of our pages sent: from this site, with the token of this session.
#[derive(Debug)]
pub struct CsrfForm<T>(pub T);

/// A form that holds nothing but the token.
#[derive(Debug, FromForm)]
pub struct Nothing {
    #[field(name = "csrf")]
    _csrf: String,
}

#[rocket::async_trait]
impl<'r, T> FromData<'r> for CsrfForm<T>
where
    T: for<'a> FromForm<'a> + Send + Sync + 'static,
{
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> DataOutcome<'r, Self> {
        let refuse = |status: Status| DataOutcome::Error((status, ()));
        let Some(site) = request.rocket().state::<Site>() else { return refuse(Status::InternalServerError) };
        if !comes_from_here(request, &site.context.config.public_url) {
            return refuse(Status::Forbidden);
        }
        if request.content_type() != Some(&ContentType::Form) {
            return refuse(Status::Forbidden);
        }
        let Some(expected) = expected_token(request, site).await else { return refuse(Status::Forbidden) };
        let body = match data.open(FORM_LIMIT.mebibytes()).into_string().await {
            Ok(body) if body.is_complete() => body.into_inner(),
            Ok(_) => return refuse(Status::PayloadTooLarge),
            Err(_) => return refuse(Status::BadRequest),
        };
        let given = url::form_urlencoded::parse(body.as_bytes())
            .find(|(name, _)| name == "csrf")
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default();
        if expected.is_empty() || !bool::from(given.as_bytes().ct_eq(expected.as_bytes())) {
            return refuse(Status::Forbidden);
        }
        match Form::<T>::parse_encoded(RawStr::new(&body)) {
            Ok(form) => DataOutcome::Success(Self(form)),
            Err(_) => refuse(Status::UnprocessableEntity),
        }
    }
}

async fn expected_token(request: &Request<'_>, site: &Site) -> Option<String> {
    if let Outcome::Success(me) = request.guard::<SignedIn>().await {
        return Some(me.csrf);
    }
    let visit = request.cookies().get(visit_cookie(site))?.value().to_owned();
    Some(form_token(site, "visit", &visit))
}

/// Whether the browser says that the form stood on this site. A client that says nothing must still
/// know the token.
fn comes_from_here(request: &Request<'_>, public_url: &str) -> bool {
    if let Some(site) = request.headers().get_one("Sec-Fetch-Site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = request.headers().get_one("Origin") else { return true };
    let host = request.host().map(ToString::to_string);
    let same_host = origin.split_once("://").map(|(_, host)| host.to_owned()) == host && host.is_some();
    same_host || url::Url::parse(public_url).is_ok_and(|url| url.origin().ascii_serialization() == origin)
}
