//! The desk as its people meet it: a desk over a temporary place, and its stories.

mod choosing;
mod erasing;
mod evidence;
mod guiding;
mod network;
mod new_address;
pub mod outgoing;
mod parts;
mod placing;
mod publishing;
mod queueing;
mod reading;
mod register;
mod resending;
mod same_letter;
mod secrets;
mod session;

use crate::support::{Backend, postgres};
use askance::config::{Config, Secret};
use askance::service::cage::Cage;
use askance::service::filing::{self, Filing};
use askance::service::sign_in::{self, Newcomer};
use askance::service::{Context, intake, triage};
use askance::store::authorities::NewAuthority;
use askance::store::desk::letters;
use askance::store::types::Role;
use askance::store::{Db, blobs::Blobs};
use chrono::{DateTime, TimeDelta, Utc};
use rocket::http::{ContentType, Status};
use rocket::local::blocking::{Client, LocalResponse};
use std::sync::Arc;

/// A desk over a database in a temporary place, at noon of 21 November 2026, with two people.
pub struct Desk {
    /// A browser.
    pub client: Client,
    /// Settings, clock, data, blobs.
    pub ctx: Arc<Context>,
    /// The database.
    pub db: Db,
    /// Password of the volunteer.
    pub volunteer: String,
    /// Password of the activist.
    pub activist: String,
    _folder: tempfile::TempDir,
}

pub const VOLUNTEER: &str = "m.varga@klarblick.example";
pub const ACTIVIST: &str = "t.okafor@klarblick.example";

impl Desk {
    pub fn new() -> Self {
        Self::on(Backend::Sqlite)
    }

    /// On one of the two databases.
    pub fn on(backend: Backend) -> Self {
        Self::set_up("http://127.0.0.1:8000", backend)
    }

    pub fn at(public_url: &str) -> Self {
        Self::set_up(public_url, Backend::Sqlite)
    }

    fn set_up(public_url: &str, backend: Backend) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("askance.db");
        let settings = figment::Figment::from(figment::providers::Serialized::defaults(serde_json::json!({
            "port": 8000,
            "askance": {
                "database_url": format!("sqlite://{}", file.display()),
                "blob_url": format!("file://{}", folder.path().join("blobs").display()),
                "public_url": public_url,
                "reply_domain": "post.askance.example",
                "clock": "fixed:2026-11-21T12:00:00Z",
                "dns": "off",
            },
        })));
        let mut config = Config::from_figment(&settings).unwrap();
        config.secret = Secret::new(vec![7; 32]);
        if backend == Backend::Postgres {
            config.database_url = postgres::fresh_database();
        }
        let db = Db::open(&config.database_url, 3).unwrap();
        db.migrate().unwrap();
        let blobs = Blobs::open(&config.blob_dir).unwrap();
        let library = Arc::clone(&crate::support::LIBRARY);
        let ctx = Arc::new(Context {
            clock: config.clock.clone(),
            config,
            blobs,
            library,
            days_off: askance::service::days_off::Calendars::default(),
            pulse: askance::service::health::Pulse::default(),
        });
        let mut conn = db.conn().unwrap();
        let mut add = |email, name, role| {
            sign_in::add_person(&ctx, &mut conn, &Newcomer { email, name, role }).unwrap()
        };
        let volunteer = add(VOLUNTEER, "M. Varga", Role::Volunteer);
        let activist = add(ACTIVIST, "T. Okafor", Role::Activist);
        let rocket = rocket::figment::Figment::from(rocket::Config {
            log_level: rocket::log::LogLevel::Off,
            ..rocket::Config::default()
        });
        let site = askance::web::build(&rocket, ctx.clone(), db.clone(), crate::support::real_cage());
        let client = Client::tracked(site).unwrap();
        Self { client, ctx, db, volunteer, activist, _folder: folder }
    }

    pub fn get(&self, path: &str) -> LocalResponse<'_> {
        self.client.get(path.to_owned()).dispatch()
    }

    pub fn page(&self, path: &str) -> String {
        let answer = self.get(path);
        assert_eq!(answer.status(), Status::Ok, "{path}");
        answer.into_string().unwrap()
    }

    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> LocalResponse<'_> {
        let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.client.post(path.to_owned()).header(ContentType::Form).body(body).dispatch()
    }

    /// The token of the forms on a page.
    pub fn token(&self, path: &str) -> String {
        between(&self.page(path), "name=\"csrf\" value=\"", "\"").to_owned()
    }

    pub fn try_to_sign_in(&self, email: &str, password: &str) -> LocalResponse<'_> {
        // Whoever is signed in signs out first.
        let before = self.get("/desk/sign-in");
        let is_in = before.status() == Status::SeeOther;
        drop(before);
        if is_in {
            let token = self.token("/desk/requests");
            drop(self.post("/desk/sign-out", &[("csrf", &token)]));
        }
        let token = self.token("/desk/sign-in");
        self.post("/desk/sign-in", &[("csrf", &token), ("email", email), ("password", password)])
    }

    pub fn volunteer_signs_in(&self) -> String {
        let answer = self.try_to_sign_in(VOLUNTEER, &self.volunteer);
        assert_eq!(answer.status(), Status::SeeOther);
        self.token("/desk")
    }

    pub fn authority(&self, name: &str) -> i64 {
        let new = NewAuthority {
            slug: askance::domain::authority::slug(name),
            name: name.to_owned(),
            name_en: None,
            language: "de".to_owned(),
            kind: askance::domain::authority::AuthorityKind::Police,
            country: "DE".to_owned(),
            place: "Brandau".to_owned(),
            regime: Some("de-ifg".to_owned()),
            subdivision: None,
            regime_reason: None,
            website: None,
            source: "test".to_owned(),
            email: Some("poststelle@brandau.example".parse().unwrap()),
            identifiers: Vec::new(),
        };
        let mut conn = self.db.conn().unwrap();
        askance::store::authorities::insert(&mut conn, &new, self.ctx.clock.now()).unwrap()
    }

    /// A request of the volunteer's whose letter the authority's server took; its reference.
    pub fn asks(&self, name: &str) -> String {
        let authority = self.authority(name);
        let filing = Filing {
            authorities: vec![authority],
            bundle: self.bundle(),
            language: None,
            signed_as: "Mira Varga".to_owned(),
            form_key: format!("test-{authority}"),
            ..Filing::default()
        };
        let mut conn = self.db.conn().unwrap();
        let filed = filing::file(&self.ctx, &mut conn, 1, &filing).unwrap();
        filed[0].reference.clone()
    }

    pub fn bundle(&self) -> String {
        self.ctx.library.catalogue.bundles[0].key.clone()
    }

    pub fn letter(&self, reference: &str) -> letters::Letter {
        let mut conn = self.db.conn().unwrap();
        letters::of_references(&mut conn, &[reference.to_owned()]).unwrap().remove(0)
    }

    /// A mail comes in and is read.
    pub fn receives(&self, from: &str, recipient: &str, (subject, body): (&str, &str)) {
        let raw = format!(
            "From: {from}\r\nTo: <{recipient}>\r\nSubject: {subject}\r\nDate: Sat, 21 Nov 2026 11:00:00 +0000\r\n\
             Message-ID: <{}@brandau.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: 8bit\r\n\r\n{body}",
            body.len() + subject.len()
        );
        self.receives_raw(raw.as_bytes(), recipient);
    }

    /// A mail comes in as it is and is read.
    pub fn receives_raw(&self, raw: &[u8], recipient: &str) {
        let recipients = [recipient.to_owned()];
        let mail = intake::Mail { raw, recipients: &recipients, via: "test", handed: None };
        intake::accept(self.ctx.door(), Some(&self.db), mail).unwrap();
        let cage = Cage::here(self.ctx.library.knowledge.clone());
        triage::read_next(&self.ctx, &self.db, &cage, 10).unwrap();
    }

    pub fn reply_address(&self, reference: &str) -> String {
        let mut conn = self.db.conn().unwrap();
        askance::store::desk::requests::whole(&mut conn, reference).unwrap().unwrap().reply_address
    }

    pub fn later(&self, by: TimeDelta) -> DateTime<Utc> {
        self.ctx.clock.set(self.ctx.clock.now() + by);
        self.ctx.clock.now()
    }
}

pub fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    text.split_once(from).and_then(|(_, rest)| rest.split_once(to)).map_or("", |(found, _)| found)
}

pub const REFUSAL: &str = "Sehr geehrte Frau Varga,\r\n\r\nIhr Antrag wird abgelehnt. Nach § 3 Nr. 2 IFG besteht der \
                       Anspruch nicht.\r\n\r\nMit freundlichen Grüßen\r\nIm Auftrag\r\nMüller\r\n";
