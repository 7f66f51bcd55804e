//! Files for the disk of the asker: whatever they hold, no browser runs or shows them here (R30, R31).

use crate::store;
use crate::web::error::Error;
use crate::web::guards::Site;
use crate::web::rendered::tag_is_among;
use rocket::Request;
use rocket::http::{Header, Status};
use rocket::request::{FromRequest, Outcome};
use rocket::response::{self, Responder, Response};
use rocket::tokio::sync::OwnedSemaphorePermit;
use rocket::tokio::task::spawn_blocking;

/// What a file may do if it is opened where it came from: nothing.
pub const POLICY: &str = "sandbox; default-src 'none'; frame-ancestors 'none'";

/// The type of bytes that are nothing else to a browser.
pub const BYTES: &str = "application/octet-stream";

/// How many characters of a name are kept.
const LONGEST: usize = 120;

/// Bytes of a file, and the room in memory that is theirs until they are sent.
#[derive(Debug)]
pub struct Bytes {
    bytes: Vec<u8>,
    _room: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// A file to be saved.
#[derive(Debug)]
pub struct Download {
    /// Its name, as it came.
    pub name: String,
    /// What the browser is told it is.
    pub content_type: &'static str,
    /// What its bytes are known by, where caches may keep it.
    pub tag: Option<String>,
    /// Its bytes; none = the asker has them.
    pub bytes: Option<Bytes>,
}

impl<'r> Responder<'r, 'static> for Download {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let mut out = Response::build();
        out.header(Header::new("Content-Security-Policy", POLICY))
            .header(Header::new("Content-Type", self.content_type))
            .header(Header::new("Content-Disposition", disposition(&self.name)));
        if let Some(tag) = self.tag {
            out.header(Header::new("Cache-Control", "no-cache")).header(Header::new("ETag", tag));
        } else {
            out.header(Header::new("Cache-Control", "no-store"));
        }
        match self.bytes {
            Some(bytes) => out.sized_body(bytes.bytes.len(), std::io::Cursor::new(bytes)).ok(),
            None => out.status(Status::NotModified).ok(),
        }
    }
}

/// What the asker has already (RFC 9110 §13.1.2): known before the file is looked for.
#[derive(Debug, Clone)]
pub struct Held(Vec<String>);

impl Held {
    /// Whether these very bytes are among it.
    pub fn has(&self, tag: &str) -> bool {
        tag_is_among(self.0.iter().map(String::as_str), tag)
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Held {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        Outcome::Success(Self(request.headers().get("If-None-Match").map(str::to_owned).collect()))
    }
}

/// The bytes under a key, read and checked off the threads that serve the network; none = they are not there, or are
/// no longer those that were stored, which the log says.
pub async fn bytes(site: &Site, key: &str) -> Result<Option<Bytes>, Error> {
    let (blobs, asked) = (site.context.blobs.clone(), key.to_owned());
    let length = spawn_blocking(move || blobs.size(&asked)).await.map_err(|e| Error::internal(&e))?;
    let Some(octets) = length? else {
        tracing::warn!(blob = key, "a blob is not there");
        return Ok(None);
    };
    let room = site.store.room(octets).await?;
    let (blobs, asked) = (site.context.blobs.clone(), key.to_owned());
    let read = spawn_blocking(move || blobs.get(&asked));
    match read.await.map_err(|e| Error::internal(&e))? {
        Ok(bytes) => Ok(Some(Bytes { bytes, _room: room })),
        Err(store::Error::Blobs(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            tracing::warn!(blob = key, "a blob is not there");
            Ok(None)
        }
        Err(error @ store::Error::Corrupt { .. }) => {
            tracing::error!(%error, "a blob is damaged");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// `attachment` with a name for saving (RFC 6266): printable ASCII, and beside it the true one, percent-encoded. No
/// path, no control, no mark that hides or turns what is read gets through.
pub fn disposition(name: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
    // A colon parts drive or stream from the name on some systems.
    let clean: String =
        base.chars().filter(|c| !hidden(*c)).map(|c| if c == ':' { '_' } else { c }).collect();
    let clean = clean.trim_matches(|c: char| c == '.' || c.is_whitespace());
    let count = clean.chars().count();
    // The end of a long name is its type.
    let cut: String = if count <= LONGEST {
        clean.to_owned()
    } else {
        clean.chars().take(LONGEST - 20).chain(['…']).chain(clean.chars().skip(count - 19)).collect()
    };
    let name = if cut.is_empty() { "file" } else { cut.as_str() };
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ') { c } else { '_' })
        .collect();
    let coded: String = name
        .bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_') {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{coded}")
}

#[cfg(test)]
mod tests {
    use super::disposition;

    #[test]
    fn hostile_names_become_harmless() {
        assert_eq!(
            disposition("../../etc/passwd"),
            "attachment; filename=\"passwd\"; filename*=UTF-8''passwd"
        );
        assert_eq!(
            disposition("a\"\r\nX: y.pdf"),
            "attachment; filename=\"a_X_ y.pdf\"; filename*=UTF-8''a%22X_%20y.pdf"
        );
        for turned in ["invoice\u{202e}fdp.exe", "a\u{feff}b", "a\u{61c}b"] {
            assert!(!disposition(turned).contains("%E2") && !disposition(turned).contains("%D8"), "{turned}");
        }
        assert!(!disposition("a\u{feff}b").contains("%EF"));
        for nameless in ["..", "", " . ", "a/", "\u{202e}"] {
            assert_eq!(
                disposition(nameless),
                "attachment; filename=\"file\"; filename*=UTF-8''file",
                "{nameless}"
            );
        }
    }

    #[test]
    fn no_name_breaks_out_of_its_header() {
        let header = disposition("Bescheid\r\nSet-Cookie: a=b\u{202e}fdp\".exe");
        assert!(!header.contains(['\r', '\n', '\u{202e}']), "{header}");
        assert_eq!(header.matches('"').count(), 2, "{header}");
        assert!(disposition("Έγγραφο.pdf").contains("filename*=UTF-8''%CE%88"));
        assert!(disposition("…").contains("filename"));
    }

    #[test]
    fn a_long_name_keeps_its_type() {
        let header = disposition(&format!("{}.pdf", "ä".repeat(500)));
        assert!(
            header.len() < 1000 && header.rsplit_once('.').is_some_and(|(_, kind)| kind == "pdf"),
            "{header}"
        );
    }
}
