//! The running service behind a real Postfix: its letters are relayed, replies come in by LMTP, on both databases.

use crate::servers::postfix::{OUR_DOMAIN, Postfix};
use crate::servers::smtp_sink::{Script, SmtpSink};
use crate::support::mail::Reply;
use crate::support::{LIBRARY, filing_of, postgres};
use askance::config::Config;
use askance::domain::authority::AuthorityKind;
use askance::service::{Context, filing};
use askance::store::authorities::{self, NewAuthority};
use askance::store::blobs::Blobs;
use askance::store::people::{self, NewPerson};
use askance::store::types::{MessageState, OutboxState, Role};
use askance::store::{Db, messages, outbox, requests};
use figment::Figment;
use figment::providers::Serialized;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// `askance serve`; it ends with the test.
struct Served {
    child: Child,
    context: Context,
    db: Db,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn until<T>(what: &str, mut there: impl FnMut() -> Option<T>) -> T {
    let patience = Instant::now() + Duration::from_secs(60);
    while Instant::now() < patience {
        if let Some(found) = there() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("waited a minute for: {what}");
}

impl Served {
    fn start(folder: &std::path::Path, database_url: &str, (lmtp, smtp_url): (u16, &str)) -> Self {
        let settings = [
            ("database_url", database_url.to_owned()),
            ("blob_url", format!("file://{}", folder.join("blobs").display())),
            ("reply_domain", OUR_DOMAIN.to_owned()),
            ("smtp_url", smtp_url.to_owned()),
            ("lmtp_listen", format!("127.0.0.1:{lmtp}")),
            ("undo_minutes", "0".to_owned()),
            ("dns", "off".to_owned()),
            ("secret_key", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=".to_owned()),
        ];
        let port = free_port();
        let mut command = Command::new(env!("CARGO_BIN_EXE_askance"));
        command.arg("serve").current_dir(folder).env("ROCKET_PORT", port.to_string()).stdout(Stdio::null());
        for (key, value) in &settings {
            command.env(format!("ASKANCE_{}", key.to_uppercase()), value);
        }
        let child = command.spawn().unwrap();
        until("the pages", || ureq::get(format!("http://127.0.0.1:{port}/robots.txt")).call().ok());
        let mut section: serde_json::Map<String, serde_json::Value> =
            settings.iter().map(|(key, value)| ((*key).to_owned(), value.clone().into())).collect();
        section.insert("undo_minutes".to_owned(), 0.into());
        let figment =
            Figment::from(Serialized::defaults(serde_json::json!({ "port": port, "askance": section })));
        let config = Config::from_figment(&figment).unwrap();
        let db = Db::open(&config.database_url, 2).unwrap();
        let blobs = Blobs::open(&config.blob_dir).unwrap();
        let context = Context {
            clock: config.clock.clone(),
            config,
            library: Arc::clone(&LIBRARY),
            blobs,
            days_off: askance::service::days_off::Calendars::default(),
            pulse: askance::service::health::Pulse::default(),
        };
        Self { child, context, db }
    }
}

#[expect(clippy::too_many_lines, reason = "one story, out and in")]
fn goes_out_and_comes_in(database_url: impl Fn(&std::path::Path) -> String) {
    let folder = tempfile::tempdir().unwrap();
    let lmtp = free_port();
    let sink = SmtpSink::start(Script::friendly());
    let postfix = Postfix::start(lmtp, sink.addr.port());
    let served = Served::start(folder.path(), &database_url(folder.path()), (lmtp, &postfix.url()));
    let (ctx, db) = (&served.context, &served.db);
    let now = ctx.clock.now();
    let new = NewPerson {
        email: "mara@askance.example",
        name: "Mara Varga",
        role: Role::Volunteer,
        password_hash: "",
    };
    let mara = people::add(&mut db.conn().unwrap(), &new, now).unwrap();
    let city = NewAuthority {
        slug: "stadt-brandau".to_owned(),
        name: "Stadt Brandau".to_owned(),
        name_en: None,
        language: "de".to_owned(),
        kind: AuthorityKind::Municipality,
        country: "DE".to_owned(),
        place: "Brandau".to_owned(),
        regime: Some("de-nw-ifg".to_owned()),
        subdivision: None,
        regime_reason: None,
        website: None,
        source: "test".to_owned(),
        email: Some("poststelle@brandau.example".parse().unwrap()),
        identifiers: Vec::new(),
    };
    let city = authorities::insert(&mut db.conn().unwrap(), &city, now).unwrap();
    let filed =
        filing::file(ctx, &mut db.conn().unwrap(), mara, &filing_of(&[city], "one")).unwrap().remove(0);

    // Out: through Postfix to the relay, with Postfix's word as proof of dispatch.
    until("the letter at the relay", || (!sink.letters().is_empty()).then_some(()));
    let request = requests::by_reference(&mut db.conn().unwrap(), &filed.reference).unwrap().unwrap();
    let letter = until("the proof of dispatch", || {
        outbox::of_request(&mut db.conn().unwrap(), request.id, "request")
            .unwrap()
            .filter(|letter| letter.state == OutboxState::Accepted)
    });
    assert_eq!(sink.letters()[0].message_id(), letter.mail_message_id);
    let state = until("the clock", || {
        requests::state(&mut db.conn().unwrap(), request.id).unwrap().filter(|state| state.due_on.is_some())
    });
    assert!(state.received_on.is_some());

    // In: a stranger's mail server hands the reply to Postfix, Postfix to us by LMTP.
    let reply = Reply::to(&request, "brandau.example").saying("Ihr Antrag wird abgelehnt.");
    let taken = postfix.submit("poststelle@brandau.example", &request.reply_address, &reply.raw());
    assert!(taken.starts_with("250 "), "{taken}");
    let all = || {
        let conn = &mut *db.conn().unwrap();
        (1..=2).filter_map(|id| messages::find(conn, id).unwrap()).collect::<Vec<_>>()
    };
    let message = until("the reply at the desk", || {
        all().into_iter().find(|message| message.state == MessageState::Held)
    });
    assert_eq!(message.request_id, Some(request.id));
    // Besides, Postfix reports that it handed the letter on to a server that sends no reports (RFC 3461 §5.2.7).
    let report =
        until("Postfix's report", || all().into_iter().find(|message| message.state == MessageState::Read));
    assert_eq!((report.request_id, report.kind.as_deref()), (Some(request.id), Some("automatic")));
    let letter = outbox::of_request(&mut db.conn().unwrap(), request.id, "request").unwrap().unwrap();
    assert_eq!(letter.state, OutboxState::Accepted);
}

#[test]
fn letter_goes_out_and_reply_comes_in_through_postfix_on_sqlite() {
    goes_out_and_comes_in(|folder| format!("sqlite://{}", folder.join("askance.db").display()));
}

#[test]
fn letter_goes_out_and_reply_comes_in_through_postfix_on_postgres() {
    goes_out_and_comes_in(|_| postgres::fresh_database());
}
