//! The web floor as a whole: headers on every answer, errors with a way back, files that never change.

use askance::config::{Config, Secret};
use askance::service::Context;
use askance::store::{Db, blobs::Blobs};
use rocket::http::{Header, Status};
use rocket::local::blocking::{Client, LocalResponse};
use std::sync::Arc;

/// A site over an empty database in a temporary place, at noon of 21 November 2026.
struct Place {
    client: Client,
    _folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self::at("http://127.0.0.1:8000")
    }

    fn at(public_url: &str) -> Self {
        Self::set(public_url, |_| {})
    }

    fn set(public_url: &str, change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("askance.db");
        let settings = figment::Figment::from(figment::providers::Serialized::defaults(serde_json::json!({
            "port": 8000,
            "askance": {
                "database_url": format!("sqlite://{}", file.display()),
                "blob_url": format!("file://{}", folder.path().join("blobs").display()),
                "public_url": public_url,
                "clock": "fixed:2026-11-21T12:00:00Z",
            },
        })));
        let mut config = Config::from_figment(&settings).unwrap();
        config.secret = Secret::new(vec![7; 32]);
        change(&mut config);
        let db = Db::open(&config.database_url, 2).unwrap();
        db.migrate().unwrap();
        let blobs = Blobs::open(&config.blob_dir).unwrap();
        let library = std::sync::Arc::clone(&crate::support::LIBRARY);
        let context = Context {
            clock: config.clock.clone(),
            config,
            library,
            blobs,
            days_off: askance::service::days_off::Calendars::default(),
            pulse: askance::service::health::Pulse::default(),
        };
        let rocket = rocket::figment::Figment::from(rocket::Config {
            log_level: rocket::log::LogLevel::Off,
            ..rocket::Config::default()
        });
        let site = askance::web::build(&rocket, Arc::new(context), db, crate::support::real_cage());
        Self { client: Client::tracked(site).unwrap(), _folder: folder }
    }

    fn get(&self, path: &str) -> LocalResponse<'_> {
        self.client.get(path.to_owned()).dispatch()
    }
}

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'";

#[test]
fn every_answer_carries_the_header_profile() {
    let place = Place::new();
    for path in
        ["/", "/requests", "/robots.txt", "/nowhere", "/requests/2026-9999", "/favicon.ico", "/desk/nowhere"]
    {
        let answer = place.get(path);
        let header = |name: &str| answer.headers().get_one(name).unwrap_or("absent").to_owned();
        assert_eq!(header("Content-Security-Policy"), POLICY, "{path}");
        assert_eq!(header("X-Content-Type-Options"), "nosniff", "{path}");
        assert_eq!(header("X-Frame-Options"), "DENY", "{path}");
        assert_eq!(header("Cross-Origin-Opener-Policy"), "same-origin", "{path}");
        assert_eq!(header("Cross-Origin-Resource-Policy"), "same-origin", "{path}");
        assert_eq!(
            header("Permissions-Policy"),
            "camera=(), microphone=(), geolocation=(), browsing-topics=()",
            "{path}"
        );
        let desk = path.starts_with("/desk");
        assert_eq!(header("Referrer-Policy"), if desk { "same-origin" } else { "no-referrer" }, "{path}");
        assert_eq!(
            header("Cache-Control") == "no-store",
            desk || answer.status() == Status::NotFound,
            "{path}"
        );
        assert_eq!(header("Strict-Transport-Security"), "absent", "{path}: no promise of HTTPS over HTTP");
        assert_eq!(header("Server"), "absent", "{path}");
    }
}

#[test]
fn https_is_insisted_on_where_there_is_https() {
    let place = Place::at("https://askance.example");
    let answer = place.get("/nowhere");
    let header = answer.headers().get_one("Strict-Transport-Security");
    assert_eq!(header, Some("max-age=63072000; includeSubDomains"));
}

#[test]
fn a_missing_page_offers_a_way_back() {
    let place = Place::new();
    let answer = place.get("/nowhere/%3Cscript%3E");
    assert_eq!(answer.status(), Status::NotFound);
    let text = answer.into_string().unwrap();
    assert!(text.contains("There is no such page") && text.contains(r#"<a href="/requests">"#), "{text}");
    assert!(!text.contains("<script>"), "what was asked for is escaped");
}

#[test]
fn a_page_asked_in_the_wrong_way_says_so() {
    let place = Place::new();
    let answer = place.client.post("/robots.txt").dispatch();
    assert_eq!(answer.status(), Status::MethodNotAllowed);
    assert_eq!(answer.headers().get_one("Allow"), Some("GET, HEAD"));
}

#[test]
fn a_machine_is_told_of_errors_in_its_own_form() {
    let place = Place::new();
    let answer = place.get("/requests/2026-9999.json");
    assert_eq!(answer.status(), Status::NotFound);
    assert_eq!(answer.headers().get_one("Content-Type"), Some("application/problem+json"));
    let problem: serde_json::Value = serde_json::from_str(&answer.into_string().unwrap()).unwrap();
    assert_eq!(problem["status"], 404);
}

#[test]
fn about_says_how_long_a_letter_can_be_taken_back() {
    for (seconds, told) in [
        (0, "The letter leaves by e-mail at once. When"),
        (
            1,
            "The letter waits 1 second, in which it can be taken back and is not public, and leaves by e-mail.",
        ),
        (20, "The letter waits 20 seconds, in which"),
        (60, "The letter waits 1 minute, in which"),
        (600, "The letter waits 10 minutes, in which"),
    ] {
        let place = Place::set("http://127.0.0.1:8000", |config| {
            config.undo = std::time::Duration::from_secs(seconds);
        });
        let text = place.get("/about").into_string().unwrap();
        assert!(text.contains(told), "expected `{told}` in {text}");
    }
}

#[test]
fn the_stylesheet_is_kept_forever_under_its_hash() {
    let place = Place::new();
    let page = place.get("/nowhere").into_string().unwrap();
    let from = page.find("/assets/style.").unwrap();
    let href = page[from..].split('"').next().unwrap();
    let answer = place.get(href);
    assert_eq!(answer.status(), Status::Ok);
    assert_eq!(answer.headers().get_one("Cache-Control"), Some("public, max-age=31536000, immutable"));
    let tag = answer.headers().get_one("ETag").unwrap().to_owned();
    let again = place.client.get(href.to_owned()).header(Header::new("If-None-Match", tag)).dispatch();
    assert_eq!(again.status(), Status::NotModified);
    assert_eq!(again.into_string(), None);
    let stale = place.get("/assets/style.000000000000.css");
    assert_eq!((stale.status(), stale.headers().get_one("Cache-Control")), (Status::Ok, Some("no-cache")));
    assert_eq!(place.get("/assets/nothing.css").status(), Status::NotFound);
}

#[test]
fn public_pages_go_out_packed_to_who_takes_it_and_private_ones_never() {
    let place = Place::new();
    let ask = |path: &str, coding: &'static str, held: Option<&str>| {
        let mut asked = place.client.get(path.to_owned()).header(Header::new("Accept-Encoding", coding));
        if let Some(tag) = held {
            asked = asked.header(Header::new("If-None-Match", tag.to_owned()));
        }
        let answer = asked.dispatch();
        let header = |name| answer.headers().get_one(name).unwrap_or_default().to_owned();
        let said = (answer.status(), header("Content-Encoding"), header("ETag"), header("Vary"));
        (said, answer.into_bytes().unwrap_or_default())
    };
    let style = place.get("/").into_string().unwrap();
    let style = style.split("href=\"").find(|rest| rest.starts_with("/assets/style")).unwrap();
    for path in ["/", "/requests", style.split('"').next().unwrap()] {
        let ((status, coding, plain_tag, vary), plain) = ask(path, "", None);
        assert_eq!((status, coding.as_str(), vary.as_str()), (Status::Ok, "", "Accept-Encoding"), "{path}");
        let ((_, coding, tag, vary), packed) = ask(path, "br, gzip;q=0.8", None);
        assert_eq!((coding.as_str(), vary.as_str()), ("gzip", "Accept-Encoding"), "{path}");
        let mut unpacked = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed[..]), &mut unpacked).unwrap();
        assert_eq!(unpacked, plain, "{path}");
        assert!(packed.len() * 3 < plain.len() * 2, "{path}: {} of {} bytes", packed.len(), plain.len());
        assert_ne!(tag, plain_tag, "two representations, two tags");
        for held in [&tag, &plain_tag] {
            assert_eq!(ask(path, "gzip", Some(held)).0.0, Status::NotModified, "{path}");
        }
        assert_eq!(ask(path, "gzip;q=0", None).0.1, "", "refused outright");
    }
    let ((_, coding, tag, _), _) = ask("/desk/sign-in", "gzip", None);
    assert_eq!((coding.as_str(), tag.as_str()), ("", ""), "a page with a token is not packed");
}
