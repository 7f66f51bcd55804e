//! A service as its operator has it: a folder, a database, the program itself, and a hand in its database.

use crate::support::operator::{Operator, Run};
use crate::support::{Backend, LIBRARY, filing_of, postgres};
use askance::config::{Config, Secret};
use askance::domain::authority::AuthorityKind;
use askance::service::filing::Filed;
use askance::service::{Context, days_off, filing};
use askance::store::authorities::{self, NewAuthority};
use askance::store::blobs::Blobs;
use askance::store::people::{self, NewPerson};
use askance::store::requests::{self, RequestRow};
use askance::store::types::Role;
use askance::store::{Conn, Db, dump};
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A number from the environment, for a full run; else a small one.
pub fn many(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Waits for something to be there, a minute at most; longer in a full run.
pub fn until<T>(what: &str, mut there: impl FnMut() -> Option<T>) -> T {
    let more = many("ASKANCE_MAILS", 0) / 10;
    let patience = Instant::now() + Duration::from_secs(60 + more as u64);
    loop {
        if let Some(found) = there() {
            return found;
        }
        assert!(Instant::now() < patience, "waited too long for: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// An installation.
pub struct House {
    pub operator: Operator,
    pub url: String,
    door: SocketAddr,
}

impl House {
    /// With nothing in it yet, not even tables.
    pub fn new(backend: Backend) -> Self {
        let operator = Operator::new();
        let url = match backend {
            Backend::Sqlite => format!("sqlite://{}", operator.path("askance.db").display()),
            Backend::Postgres => postgres::fresh_database(),
        };
        let door = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let mut operator = operator
            .with("ASKANCE_DATABASE_URL", &url)
            .with("ASKANCE_REPLY_DOMAIN", "post.askance.example")
            .with("ASKANCE_LMTP_LISTEN", &door.to_string());
        if backend == Backend::Postgres {
            operator = operator.with("ASKANCE_SECRET_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=");
        }
        Self { operator, url, door }
    }

    /// Runs the program, which must go well; what it printed.
    pub fn does(&self, words: &[&str]) -> String {
        let run = self.runs(words);
        assert_eq!(run.code, Some(0), "{words:?}: {}{}", run.out, run.err);
        run.out
    }

    pub fn runs(&self, words: &[&str]) -> Run {
        self.operator.runs(words, b"")
    }

    pub fn db(&self) -> Db {
        Db::open(&self.url, 2).unwrap()
    }

    pub fn blobs(&self) -> Blobs {
        Blobs::open(&self.operator.path("blobs")).unwrap()
    }

    /// What use cases need, with the same settings as the program.
    pub fn context(&self) -> Context {
        // Not as the program reads it: variables such as ASKANCE_KILLS are for the tests.
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            blob_dir: self.operator.path("blobs"),
            clock: askance::clock::Clock::System,
            secret: Secret::new(b"01234567890123456789012345678901".to_vec()),
            ..crate::support::config(&folder, &self.url)
        };
        Context {
            clock: config.clock.clone(),
            config,
            library: Arc::clone(&LIBRARY),
            blobs: self.blobs(),
            days_off: days_off::Calendars::default(),
            pulse: askance::service::health::Pulse::default(),
        }
    }

    /// The service, running, with its door for mail open.
    pub fn serves(&self) -> Service {
        let mut command = self.operator.command(&["serve"]);
        command.env("ROCKET_PORT", free_port().to_string()).env("RUST_LOG", "warn");
        let service = Service {
            child: command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap(),
            door: self.door,
        };
        until("the door for mail", || TcpStream::connect(self.door).ok());
        service
    }
}

/// The running service; it is killed when it is dropped.
pub struct Service {
    child: Child,
    pub door: SocketAddr,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody who may file.
pub fn person(conn: &mut Conn, email: &str, name: &str) -> i64 {
    let new = NewPerson { email, name, role: Role::Volunteer, password_hash: "" };
    people::add(conn, &new, askance::clock::Clock::System.now()).unwrap()
}

/// A German city that can be asked.
pub fn city(conn: &mut Conn, name: &str) -> i64 {
    let new = NewAuthority {
        slug: askance::domain::authority::slug(name),
        name: name.to_owned(),
        name_en: None,
        language: "de".to_owned(),
        kind: AuthorityKind::Municipality,
        country: "DE".to_owned(),
        place: name.to_owned(),
        regime: Some("de-nw-ifg".to_owned()),
        subdivision: None,
        regime_reason: None,
        website: None,
        source: "test".to_owned(),
        email: Some("poststelle@brandau.example".parse().unwrap()),
        identifiers: Vec::new(),
    };
    authorities::insert(conn, &new, askance::clock::Clock::System.now()).unwrap()
}

/// One letter to one authority.
pub fn files(ctx: &Context, conn: &mut Conn, (person, authority): (i64, i64), form: &str) -> Filed {
    // Each form is signed otherwise: the same letter again would be asked about.
    let mut filing = filing_of(&[authority], form);
    filing.signed_as = format!("Mara Varga\nKlarblick {form}");
    filing::file(ctx, conn, person, &filing).unwrap().remove(0)
}

pub fn request(conn: &mut Conn, reference: &str) -> RequestRow {
    requests::by_reference(conn, reference).unwrap().unwrap()
}

/// All rows of all tables as lines, the heads left out: they name the highest number too.
pub fn rows(conn: &mut Conn) -> BTreeMap<&'static str, Vec<String>> {
    let tables = dump::tables(conn).unwrap();
    tables
        .into_iter()
        .map(|table| {
            let mut bytes = Vec::new();
            dump::write(conn, table, &mut bytes).unwrap();
            let text = String::from_utf8(bytes).unwrap();
            (table, text.lines().skip(1).map(str::to_owned).collect())
        })
        .collect()
}
