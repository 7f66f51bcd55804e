//! The headers that every answer carries, catchers and files included.

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Header;
use rocket::{Request, Response};

/// What a page may load: files of our own; no inline script or style, no frame, no foreign form target.
pub const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                               font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
                               frame-ancestors 'none'; object-src 'none'";

const FIXED: &[(&str, &str)] = &[
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), browsing-topics=()"),
    ("X-Frame-Options", "DENY"),
];

/// Sets the header profile. What a route set itself (an attachment's stricter policy) stays.
#[derive(Debug, Clone, Copy)]
pub struct Headers {
    /// Whether the site is reached by HTTPS: only then is a browser told to insist on it.
    pub https: bool,
}

#[rocket::async_trait]
impl Fairing for Headers {
    fn info(&self) -> Info {
        Info { name: "header profile", kind: Kind::Response }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        for (name, value) in FIXED {
            response.set_header(Header::new(*name, *value));
        }
        if !response.headers().contains("Content-Security-Policy") {
            response.set_header(Header::new("Content-Security-Policy", PAGE_POLICY));
        }
        if self.https {
            let forever = "max-age=63072000; includeSubDomains";
            response.set_header(Header::new("Strict-Transport-Security", forever));
        }
        let desk = is_desk(request.uri().path().as_str());
        // The desk checks where a form came from, for which the browser must say it to ourselves.
        let referrer = if desk { "same-origin" } else { "no-referrer" };
        response.set_header(Header::new("Referrer-Policy", referrer));
        if desk {
            response.set_header(Header::new("Cache-Control", "no-store"));
        } else if !response.headers().contains("Cache-Control") {
            response.set_header(Header::new("Cache-Control", "no-cache"));
        }
    }
}

fn is_desk(path: &str) -> bool {
    path == "/desk" || path.starts_with("/desk/")
}
