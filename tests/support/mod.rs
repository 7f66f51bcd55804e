//! A whole service in a temporary place, with verbs in the words of the field; on SQLite and on PostgreSQL.

pub mod bucket;
pub mod dns;
pub mod figures;
pub mod house;
pub mod labelled;
pub mod mail;
pub mod operator;
pub mod postgres;
pub mod teaching;

use askance::clock::Clock;
use askance::config::{Config, Secret};
use askance::data::Library;
use askance::domain::authority::{AuthorityKind, slug};
use askance::domain::request::Position;
use askance::domain::request::event::Event;
use askance::domain::request::state::State;
use askance::mail::transport::{SentLetter, Transport};
use askance::service::cage::Cage;
use askance::service::filing::{self, Filed, Filing};
use askance::service::intake::{self, Mail};
use askance::service::sign_in;
use askance::service::{Context, deadlines, delivery, triage};
use askance::store::authorities::{self, NewAuthority};
use askance::store::blobs::Blobs;
use askance::store::messages::{self, MessageRow};
use askance::store::requests::{self, RequestRow};
use askance::store::types::Role;
use askance::store::{Db, Loan, people};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use std::sync::{Arc, LazyLock, Mutex};

/// Which database a story runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// One file.
    Sqlite,
    /// A server of its own, started by the tests.
    Postgres,
}

/// Declares a story that is told twice: on SQLite and on PostgreSQL.
macro_rules! stories {
    ($($(#[$meta:meta])* fn $name:ident($site:ident: &mut $kind:ident) $body:block)+) => { $(
        $(#[$meta])*
        mod $name {
            use super::*;

            fn tell($site: &mut $kind) $body

            #[test]
            fn on_sqlite() {
                tell(&mut $kind::on($crate::support::Backend::Sqlite));
            }

            #[test]
            fn on_postgres() {
                tell(&mut $kind::on($crate::support::Backend::Postgres));
            }
        }
    )+ };
}
pub(crate) use stories;

/// The data we ship, read once for all tests.
pub static LIBRARY: LazyLock<Arc<Library>> = LazyLock::new(|| Arc::new(Library::load().unwrap()));

/// The password of everyone in a story; hashed once, because Argon2id is meant to be slow.
pub const PASSWORD: &str = "correct horse battery";
static PASSWORD_HASH: LazyLock<String> = LazyLock::new(|| sign_in::hash(PASSWORD).unwrap());

/// A service without network: letters go to memory, mail is read in this process.
pub struct Site {
    /// Settings, clock, data, blobs.
    pub ctx: Arc<Context>,
    /// The database.
    pub db: Db,
    /// Who reads mail.
    pub cage: Cage,
    /// What was sent.
    pub sent: Arc<Mutex<Vec<SentLetter>>>,
    _folder: tempfile::TempDir,
}

/// Monday, noon in Brussels, before every holiday that the stories use.
pub fn start() -> DateTime<Utc> {
    "2026-09-07T10:00:00Z".parse().unwrap()
}

/// A day as stories write it.
pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

impl Site {
    /// The same, as the macro of stories calls it.
    pub fn on(backend: Backend) -> Self {
        Self::new(backend)
    }

    /// A fresh service with an empty register.
    pub fn new(backend: Backend) -> Self {
        Self::within(tempfile::tempdir().unwrap(), backend)
    }

    /// The same in a folder of the caller's choice.
    pub fn within(folder: tempfile::TempDir, backend: Backend) -> Self {
        let database_url = match backend {
            Backend::Sqlite => format!("sqlite://{}", folder.path().join("askance.db").display()),
            Backend::Postgres => postgres::fresh_database(),
        };
        let config = config(&folder, &database_url);
        let db = Db::open(&config.database_url, 4).unwrap();
        db.migrate().unwrap();
        let blobs = Blobs::open(&config.blob_dir).unwrap();
        let library = Arc::clone(&LIBRARY);
        let knowledge = library.knowledge.clone();
        let ctx = Arc::new(Context {
            clock: config.clock.clone(),
            config,
            library,
            blobs,
            days_off: askance::service::days_off::Calendars::default(),
            pulse: askance::service::health::Pulse::default(),
        });
        Self { ctx, db, cage: Cage::here(knowledge), sent: Arc::default(), _folder: folder }
    }

    /// A connection.
    pub fn conn(&self) -> Loan {
        self.db.conn().unwrap()
    }

    /// Now, on the service's clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.ctx.clock.now()
    }

    /// Days pass; the background work does what it does then.
    pub fn days_pass(&self, days: i64) {
        self.ctx.clock.set(self.now() + TimeDelta::days(days));
        self.works();
    }

    /// The background loop takes one turn.
    pub fn works(&self) {
        intake::sweep(self.ctx.door(), &self.db).unwrap();
        while triage::read_next(&self.ctx, &self.db, &self.cage, 1000).unwrap() > 0 {}
        triage::rank_next(&self.ctx, &self.db, 1000).unwrap();
        let transport = Transport::Memory(Arc::clone(&self.sent));
        while delivery::send_next(&self.ctx, &self.db, &transport, "worker").unwrap() {}
        delivery::expire_leases(&self.ctx, &self.db).unwrap();
        delivery::watch(&self.ctx, &self.db).unwrap();
        delivery::repeat_unknown(&self.ctx, &self.db).unwrap();
        delivery::tell_requests(&self.ctx, &self.db).unwrap();
        deadlines::tick(&self.ctx, &self.db).unwrap();
    }

    /// Somebody who may sign in with `PASSWORD`.
    pub fn person(&self, name: &str, role: Role) -> i64 {
        let email = format!("{}@askance.example", slug(name));
        let new = people::NewPerson { email: &email, name, role, password_hash: &PASSWORD_HASH };
        people::add(&mut self.conn(), &new, self.now()).unwrap()
    }

    /// An authority that answers under `regime` and has an address at `domain`.
    pub fn authority(
        &self,
        name: &str,
        (kind, regime, language): (AuthorityKind, &str, &str),
        domain: &str,
    ) -> i64 {
        let new = NewAuthority {
            slug: slug(name),
            name: name.to_owned(),
            name_en: None,
            language: language.to_owned(),
            kind,
            country: regime.chars().take(2).collect::<String>().to_uppercase(),
            place: name.to_owned(),
            regime: Some(regime.to_owned()),
            subdivision: None,
            regime_reason: None,
            website: None,
            source: "story".to_owned(),
            email: Some(format!("foi@{domain}").parse().unwrap()),
            identifiers: Vec::new(),
        };
        authorities::insert(&mut self.conn(), &new, self.now()).unwrap()
    }

    /// A German city, the usual addressee of a story.
    pub fn city(&self) -> i64 {
        self.authority("Stadt Brandau", (AuthorityKind::Municipality, "de-nw-ifg", "de"), "brandau.example")
    }

    /// Files one letter to one authority.
    pub fn files(&self, person: i64, authority: i64) -> Filed {
        let filing = filing_of(&[authority], &format!("form-{authority}"));
        filing::file(&self.ctx, &mut self.conn(), person, &filing).unwrap().remove(0)
    }

    /// Files a letter and lets it leave.
    pub fn sends(&self, person: i64, authority: i64) -> RequestRow {
        let filed = self.files(person, authority);
        self.ctx.clock.set(filed.leaves_at + TimeDelta::seconds(1));
        self.works();
        self.request(&filed.reference)
    }

    /// A request as it is now.
    pub fn request(&self, reference: &str) -> RequestRow {
        requests::by_reference(&mut self.conn(), reference).unwrap().unwrap()
    }

    /// The fold of a request's events.
    pub fn state(&self, request: i64) -> State {
        requests::state(&mut self.conn(), request).unwrap().unwrap()
    }

    /// A message as triage sees it.
    pub fn message(&self, id: i64) -> MessageRow {
        messages::find(&mut self.conn(), id).unwrap().unwrap()
    }

    /// The kinds of a request's events, in their order.
    pub fn kinds(&self, request: i64) -> Vec<&'static str> {
        requests::events_of(&mut self.conn(), request).unwrap().iter().map(Event::kind).collect()
    }

    /// Where a request stands, in the words of its page.
    pub fn standing(&self, reference: &str) -> String {
        let row = self.request(reference);
        let position = Position { status: row.status, outcome: row.outcome, due_on: row.due_on };
        position.standing(self.now().date_naive()).words
    }

    /// A mail arrives for `recipient` and is read.
    pub fn receives(&self, raw: &[u8], recipient: &str) {
        let recipients = [recipient.to_owned()];
        let mail = Mail { raw, recipients: &recipients, via: "lmtp", handed: None };
        intake::accept(self.ctx.door(), Some(&self.db), mail).unwrap();
        self.works();
    }

    /// The service over its pages, as a browser without JavaScript sees it.
    pub fn browser(&self) -> rocket::local::blocking::Client {
        let figment = rocket::figment::Figment::from(rocket::Config {
            log_level: rocket::log::LogLevel::Off,
            ..rocket::Config::default()
        });
        let site = askance::web::build(&figment, Arc::clone(&self.ctx), self.db.clone(), real_cage());
        rocket::local::blocking::Client::tracked(site).unwrap()
    }
}

/// A cage whose child is the program itself.
pub fn real_cage() -> Arc<Cage> {
    Arc::new(Cage::of(std::path::PathBuf::from(env!("CARGO_BIN_EXE_askance"))))
}

/// What a form says that asks some authorities about live face recognition.
pub fn filing_of(authorities: &[i64], form_key: &str) -> Filing {
    Filing {
        authorities: authorities.to_vec(),
        bundle: "contract_and_dpia".to_owned(),
        language: None,
        signed_as: "Mara Varga\nKlarblick e. V.".to_owned(),
        form_key: form_key.to_owned(),
        ..Filing::default()
    }
}

/// The settings of a service in this folder.
pub fn config(folder: &tempfile::TempDir, database_url: &str) -> Config {
    Config {
        database_url: database_url.to_owned(),
        blob_dir: folder.path().join("blobs"),
        bucket: None,
        public_url: "http://127.0.0.1:8000".to_owned(),
        files_url: "http://127.0.0.1:8000".to_owned(),
        reply_domain: "post.askance.example".to_owned(),
        smtp_url: None,
        lmtp_listen: None,
        clock: Clock::fixed(start()),
        secret: Secret::new(vec![7; 32]),
        undo: std::time::Duration::from_secs(600),
        templates_dir: None,
        demonstration: false,
        mail: askance::config::MailSettings::default(),
        keep_set_aside_days: 180,
        run: askance::config::RunSettings::default(),
    }
}
