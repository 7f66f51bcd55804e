//! A published file of a reply, `/files/<message>/<position>/<name>`: the bytes as they came, never shown in place.

use crate::store::published::erased::{self, Erased};
use crate::store::published::request;
use crate::web::download::{self, BYTES, Download, Held};
use crate::web::error::{Error, What};
use crate::web::guards::Site;
use crate::web::page::Chrome;
use crate::web::public::thread::kind_words;
use crate::web::rendered::Rendered;
use rocket::http::Status;
use rocket::{Route, State, get, routes};
use serde::Serialize;

/// The template of the page that stands where an erased file stood.
pub const TEMPLATE: &str = "public/attachment.html";

/// What was public and is erased, in words.
#[derive(Debug, Clone, Serialize)]
pub struct Gone {
    /// The facts that stay.
    #[serde(flatten)]
    pub(crate) erased: Erased,
    /// Why, as a sentence.
    pub(crate) reason_words: &'static str,
    /// What kind of reply it was.
    pub(crate) kind_words: &'static str,
}

impl Gone {
    /// In words.
    pub(crate) fn of(erased: Erased) -> Self {
        Self {
            reason_words: erased.reason.in_words(),
            kind_words: kind_words(erased.kind.as_deref()),
            erased,
        }
    }

    /// As it may look.
    pub fn sample() -> Self {
        let at = |text: &str| text.parse().unwrap_or_default();
        Self::of(Erased {
            message_id: 4,
            position: Some(0),
            reference: "2026-0417".to_owned(),
            authority: "Polizeipräsidium Ostheim".to_owned(),
            authority_language: "de".to_owned(),
            received_at: at("2026-11-03T09:12:00"),
            kind: Some("partial".to_owned()),
            reason: crate::domain::publication::erasing::Reason::PersonalData,
            erased_at: at("2026-11-20T16:40:00"),
        })
    }
}

/// What stands around that page.
pub fn chrome() -> Chrome {
    Chrome::public("This file was erased", "requests")
}

/// Types that do nothing by themselves; all others are bare bytes to a browser.
fn harmless(content_type: &str) -> &'static str {
    match content_type {
        "application/pdf" => "application/pdf",
        "application/zip" => "application/zip",
        "image/png" => "image/png",
        "image/jpeg" => "image/jpeg",
        "image/gif" => "image/gif",
        "image/webp" => "image/webp",
        "text/plain" | "text/csv" => "text/plain; charset=utf-8",
        _ => BYTES,
    }
}

/// The name in the address is for people; message and position find the file. What was published are the very bytes
/// with this hash, so nothing else can come in their place.
#[get("/files/<message>/<position>/<name>")]
pub async fn get(
    message: i64,
    position: i64,
    name: &str,
    site: &State<Site>,
    held: Held,
) -> Result<Result<Download, Rendered>, Error> {
    let _ = name;
    let found = site.store.run(move |conn| request::file(conn, message, position)).await?;
    let Some(file) = found else { return gone(site, (message, position)).await.map(Err) };
    let tag = format!("\"{}\"", file.sha256);
    let bytes = if held.has(&tag) {
        None
    } else {
        Some(download::bytes(site, &file.sha256).await?.ok_or(Error::NotFound(What::Bytes))?)
    };
    Ok(Ok(Download { name: file.name, content_type: harmless(&file.content_type), tag: Some(tag), bytes }))
}

/// What stands where a public file was erased (RFC 9110 §15.5.11); of what was never public nobody learns anything.
/// Neither its name nor the address that was asked is repeated: a file name may be what had to go.
async fn gone(site: &Site, (message, position): (i64, i64)) -> Result<Rendered, Error> {
    site.page(move |site, conn| {
        let erased = erased::file(conn, message, position)?.ok_or(Error::NotFound(What::File))?;
        let page = site.pages.render(TEMPLATE, &chrome(), &Gone::of(erased))?;
        Ok(page.with_status(Status::Gone))
    })
    .await
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get]
}
