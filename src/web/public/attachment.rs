//! A published file of a reply, `/files/<message>/<position>/<name>`: the bytes as they came, never shown in place.

use crate::domain::incoming::parse_attachment;
use crate::store::Conn;
use crate::store::blobs::sha256;
use crate::store::published::request::{self, File};
use crate::web::error::{Error, What};
use crate::web::guards::Site;
use crate::web::page::matches_tag;
use rocket::http::{Header, Status};
use rocket::response::{self, Responder, Response};
use rocket::{Request, Route, State, get, routes};

/// The bytes of a file, to be saved.
pub struct Download {
    file: File,
    bytes: Vec<u8>,
}

fn load(site: &Site, conn: &mut Conn, message: i64, position: i64) -> Result<Download, Error> {
    let found = request::file(conn, message, position)?;
    let (file, blob) = found.ok_or(Error::NotFound(What::File))?;
    let raw = site.context.blobs.get(&blob)?;
    let place = usize::try_from(position).unwrap_or(usize::MAX);
    let bytes = parse_attachment(&raw, place).map(|(_, _, bytes)| bytes);
    match bytes {
        Some(bytes) if sha256(&bytes) == file.sha256 => Ok(Download { file, bytes }),
        // What was published are these very bytes; a parser that reads others now must not replace them.
        Some(bytes) => {
            Err(crate::store::Error::Corrupt { expected: file.sha256, found: sha256(&bytes) }.into())
        }
        None => Err(Error::NotFound(What::File)),
    }
}

/// Types that do nothing by themselves; all others are bare bytes to a browser.
fn harmless(content_type: &str) -> &str {
    match content_type {
        "application/pdf" | "image/png" | "image/jpeg" | "image/gif" | "image/webp" | "application/zip" => {
            content_type
        }
        "text/plain" | "text/csv" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// The name for saving (RFC 6266): printable ASCII, and beside it the true one, percent-encoded. No control,
/// no separator, no mark that turns the direction of writing gets through.
fn disposition(name: &str) -> String {
    let turns =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let safe: String = name
        .chars()
        .filter(|c| !c.is_control() && !turns(*c))
        .map(|c| if matches!(c, '/' | '\\' | ':') { '_' } else { c })
        .take(120)
        .collect();
    let safe = safe.trim_matches(['.', ' ']);
    let safe = if safe.is_empty() { "file" } else { safe };
    let plain: String = safe
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || " ._-()+".contains(c) { c } else { '_' })
        .collect();
    let mut encoded = String::new();
    for byte in safe.bytes() {
        if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&data_encoding::HEXUPPER.encode(&[byte]));
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

impl<'r> Responder<'r, 'static> for Download {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let tag = format!("\"{}\"", self.file.sha256);
        let mut out = Response::build();
        out.header(Header::new(
            "Content-Security-Policy",
            "sandbox; default-src 'none'; frame-ancestors 'none'",
        ))
        .header(Header::new("Cache-Control", "no-cache"))
        .header(Header::new("ETag", tag.clone()))
        .header(Header::new("Content-Type", harmless(&self.file.content_type).to_owned()))
        .header(Header::new("Content-Disposition", disposition(&self.file.name)));
        if matches_tag(request, &tag) {
            return out.status(Status::NotModified).ok();
        }
        out.sized_body(self.bytes.len(), std::io::Cursor::new(self.bytes)).ok()
    }
}

/// The name in the address is for people; place and number find the file.
#[get("/files/<message>/<position>/<name>")]
pub async fn get(message: i64, position: i64, name: &str, site: &State<Site>) -> Result<Download, Error> {
    let _ = name;
    site.page(move |site, conn| load(site, conn, message, position)).await
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![get]
}

#[cfg(test)]
mod tests {
    use super::disposition;

    #[test]
    fn no_name_breaks_out_of_its_header() {
        let name = "Bescheid\r\nSet-Cookie: a=b\u{202e}fdp\".exe";
        let header = disposition(name);
        assert!(!header.contains(['\r', '\n', '\u{202e}']), "{header}");
        assert_eq!(header.matches('"').count(), 2, "{header}");
        assert!(!disposition("../../etc/passwd").contains('/'));
        assert!(disposition("Έγγραφο.pdf").contains("filename*=UTF-8''%CE%88"));
        assert!(disposition("…").contains("filename"));
    }
}
