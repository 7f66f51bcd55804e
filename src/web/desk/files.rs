//! A mail as it came and its attachments, never shown, only saved: `/desk/messages/<id>/raw`, `…/attachments/<pos>`.

use crate::domain::incoming::parse_attachment;
use crate::store::desk::message;
use crate::web::desk::guards::Triage;
use crate::web::error::{Error, What};
use crate::web::guards::Site;
use rocket::http::{ContentType, Header};
use rocket::{Responder, Route, State, get, routes};

/// Bytes for the disk of the asker. Whatever they are, no browser runs or shows them here (R30, R31).
#[derive(Responder)]
struct Saved {
    bytes: Vec<u8>,
    kind: ContentType,
    policy: Header<'static>,
    name: Header<'static>,
}

impl Saved {
    fn new(bytes: Vec<u8>, name: &str) -> Self {
        Self {
            bytes,
            kind: ContentType::Binary,
            policy: Header::new(
                "Content-Security-Policy",
                "sandbox; default-src 'none'; frame-ancestors 'none'",
            ),
            name: Header::new("Content-Disposition", disposition(name)),
        }
    }
}

/// `attachment` with a safe name (RFC 6266): no path, no control or direction marks, at most 120 characters.
fn disposition(name: &str) -> String {
    let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let clean: String = base.chars().filter(|c| !hidden(*c)).collect();
    let clean = clean.trim_matches(|c: char| c == '.' || c.is_whitespace());
    let count = clean.chars().count();
    // The end of a long name is its type.
    let cut: String = if count <= 120 {
        clean.to_owned()
    } else {
        clean.chars().take(100).chain(['…']).chain(clean.chars().skip(count - 19)).collect()
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

/// The raw bytes of a message.
async fn raw_bytes(site: &Site, id: i64) -> Result<Vec<u8>, Error> {
    let context = site.context.clone();
    site.store
        .run(move |conn| {
            let message = message::load(conn, id)?.ok_or(Error::NotFound(What::Message))?;
            Ok::<_, Error>(context.blobs.get(&message.blob_sha256)?)
        })
        .await
}

#[get("/desk/messages/<id>/raw")]
async fn raw(site: &State<Site>, _me: Triage, id: i64) -> Result<Saved, Error> {
    Ok(Saved::new(raw_bytes(site, id).await?, &format!("message-{id}.eml")))
}

#[get("/desk/messages/<id>/attachments/<position>")]
async fn attachment(site: &State<Site>, _me: Triage, id: i64, position: usize) -> Result<Saved, Error> {
    let raw = raw_bytes(site, id).await?;
    let parsed = rocket::tokio::task::spawn_blocking(move || parse_attachment(&raw, position));
    let (name, _, bytes) =
        parsed.await.map_err(|e| Error::internal(&e))?.ok_or(Error::NotFound(What::File))?;
    Ok(Saved::new(bytes, &name))
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![raw, attachment]
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
            "attachment; filename=\"a_X_ y.pdf\"; filename*=UTF-8''a%22X%3A%20y.pdf"
        );
        assert!(!disposition("invoice\u{202e}fdp.exe").contains("%E2%80%AE"));
        assert_eq!(disposition(".."), "attachment; filename=\"file\"; filename*=UTF-8''file");
        assert!(disposition(&"ä".repeat(500)).len() < 1000);
    }
}
