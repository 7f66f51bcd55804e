//! A published file of a reply, `/files/<message>/<position>/<name>`: the bytes as they came, never shown in place.

use crate::store::published::request;
use crate::web::download::{self, BYTES, Download, Held};
use crate::web::error::{Error, What};
use crate::web::guards::Site;
use rocket::{Route, State, get, routes};

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
) -> Result<Download, Error> {
    let _ = name;
    let found = site.store.run(move |conn| request::file(conn, message, position)).await?;
    let file = found.ok_or(Error::NotFound(What::File))?;
    let tag = format!("\"{}\"", file.sha256);
    let bytes = if held.has(&tag) {
        None
    } else {
        Some(download::bytes(site, &file.sha256).await?.ok_or(Error::NotFound(What::Bytes))?)
    };
    Ok(Download { name: file.name, content_type: harmless(&file.content_type), tag: Some(tag), bytes })
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get]
}
