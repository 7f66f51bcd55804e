//! A service with a past of many requests, made by the real use cases in a temporary folder.

use askance::clock::Clock;
use askance::config::{Config, Secret};
use askance::data::Library;
use askance::domain::authority::AuthorityKind;
use askance::mail::transport::Transport;
use askance::service::cage::Cage;
use askance::service::filing::{self, Filing};
use askance::service::intake::{self, Mail};
use askance::service::{Context, deadlines, delivery, triage};
use askance::store::authorities::{self, NewAuthority};
use askance::store::blobs::Blobs;
use askance::store::types::Role;
use askance::store::{AnyConn, Db, people, requests};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

type Done<T> = Result<T, Box<dyn Error>>;

/// Authorities among which the requests are spread.
const AUTHORITIES: u32 = 50;

/// Mails that come in at once.
const CONNECTIONS: usize = 4;

/// What each request is answered with, in this order: text, and days after it was sent.
const REPLIES: [(&str, &str, i64); 3] = [
    (
        "Eingangsbestätigung",
        "Sehr geehrte Damen und Herren,\n\nIhr Antrag ist bei uns eingegangen und wird unter dem Aktenzeichen 10.2-{n}/2026 bearbeitet. Sie erhalten unaufgefordert Nachricht.\n\nMit freundlichen Grüßen\nIm Auftrag\nK. Lindner",
        2,
    ),
    (
        "Zwischennachricht",
        "Sehr geehrte Damen und Herren,\n\nzu Ihrem Antrag, Aktenzeichen 10.2-{n}/2026, bitten wir um etwas Geduld, weil Dritte zu beteiligen sind. Wir werden bis zum 30. Oktober 2026 über Ihren Antrag entscheiden.\n\nMit freundlichen Grüßen\nIm Auftrag\nK. Lindner",
        9,
    ),
    (
        "Bescheid",
        "Sehr geehrte Damen und Herren,\n\nIhr Antrag vom 7. September 2026 wird abgelehnt. Der Zugang ist nach § 6 Satz 1 Buchstabe a IFG NRW abzulehnen, weil das Bekanntwerden der Information die öffentliche Sicherheit beeinträchtigen würde.\n\nRechtsbehelfsbelehrung: Gegen diesen Bescheid kann innerhalb eines Monats Klage erhoben werden.\n\nMit freundlichen Grüßen\nIm Auftrag\nK. Lindner",
        20,
    ),
];

/// The service and its folder.
pub struct Past {
    ctx: Context,
    db: Db,
    cage: Cage,
    person: i64,
    /// Number, reference and reply address of each request.
    requests: Vec<(i64, String, String)>,
    sent_at: DateTime<Utc>,
    folder: tempfile::TempDir,
}

impl Past {
    /// Files and sends this many letters.
    pub fn begin(count: u32) -> Done<Self> {
        let folder = tempfile::tempdir()?;
        let config = config(folder.path())?;
        let db = Db::open(&config.database_url, 4)?;
        db.migrate()?;
        let blobs = Blobs::open(&config.blob_dir)?;
        let (clock, library) = (config.clock.clone(), Arc::new(Library::load()?));
        let ctx = Context {
            config,
            clock,
            library,
            blobs,
            days_off: askance::service::days_off::Calendars::default(),
            pulse: askance::service::health::Pulse::default(),
        };
        let email = "m.varga@klarblick.example";
        let new = people::NewPerson { email, name: "Mara Varga", role: Role::Admin, password_hash: "" };
        let person = people::add(&mut *db.conn()?, &new, ctx.clock.now())?;
        let cage = Cage::of(PathBuf::from(env!("CARGO_BIN_EXE_askance")));
        let sent_at = ctx.clock.now();
        let mut past = Self { ctx, db, cage, person, requests: Vec::new(), sent_at, folder };
        past.file(count)?;
        Ok(past)
    }

    fn file(&mut self, count: u32) -> Done<()> {
        let mut conn = self.db.conn()?;
        let mut everyone = Vec::new();
        for n in 0..AUTHORITIES {
            everyone.push(authorities::insert(&mut conn, &authority(n)?, self.ctx.clock.now())?);
        }
        let mut left = usize::try_from(count)?;
        for round in 0.. {
            let asked: Vec<i64> = everyone.iter().copied().take(left).collect();
            if asked.is_empty() {
                break;
            }
            left -= asked.len();
            let filing = Filing {
                authorities: asked,
                bundle: "contract_and_dpia".to_owned(),
                language: None,
                // The same letter again would be asked about.
                signed_as: format!("Mara Varga\nKlarblick {round}"),
                form_key: format!("round-{round}"),
                ..Filing::default()
            };
            for filed in filing::file(&self.ctx, &mut conn, self.person, &filing)? {
                let row =
                    requests::by_reference(&mut conn, &filed.reference)?.ok_or("a request is missing")?;
                self.requests.push((row.id, row.reference, row.reply_address));
            }
        }
        self.ctx.clock.set(self.sent_at + TimeDelta::minutes(11));
        let transport = Transport::Memory(Arc::new(Mutex::new(Vec::new())));
        while delivery::send_next(&self.ctx, &self.db, &transport, "figures")? {}
        Ok(())
    }

    /// Copies every request with its events so many times.
    pub fn multiply(&self, times: u32) -> Done<()> {
        let copies = format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})",
            times.saturating_sub(1)
        );
        let columns = "authority_id, person_id, bundle, language, title, signed_as, regime, regime_version, \
                       reply_address, status, filed_at, sent_at, received_on, first_due_on, due_on, \
                       last_event_at, events_count, folded";
        let sql = format!(
            "CREATE TEMP TABLE made AS {copies} SELECT r.id AS old, r.reference || '-' || i AS new FROM requests r, n;
             INSERT INTO requests (reference, form_key, reply_token_hash, {columns})
               SELECT made.new, made.new, made.new, {columns} FROM made JOIN requests ON id = made.old;
             INSERT INTO events (request_id, seq, kind, at, person_id, body, previous_hash, hash)
               SELECT r.id, e.seq, e.kind, e.at, e.person_id, e.body, e.previous_hash, e.hash || r.id
               FROM made JOIN requests r ON r.reference = made.new JOIN events e ON e.request_id = made.old;
             DROP TABLE made;"
        );
        match &mut *self.db.conn()? {
            AnyConn::Sqlite(c) => Ok(c.batch_execute(&sql)?),
            AnyConn::Postgres(_) => Err("the figures are those of SQLite".into()),
        }
    }

    /// Looks at the clocks of all requests anew; how many there are.
    pub fn look_again(&self) -> Done<usize> {
        let regimes: Vec<String> = self.ctx.library.laws.regimes().map(|law| law.id.to_string()).collect();
        let count = requests::look_again(&mut *self.db.conn()?, &regimes)?;
        deadlines::tick(&self.ctx, &self.db)?;
        Ok(count)
    }

    /// Starts the reading process, which is running in a service that has been up for a while.
    pub fn wake_the_reader(&self) -> Done<()> {
        self.cage.read(b"Subject: good morning\r\n\r\n")?;
        Ok(())
    }

    /// Takes in one reply to each request.
    pub fn receive(&self, which: usize) -> Done<()> {
        let (subject, text, days) = REPLIES.get(which).ok_or("there are three replies")?;
        let at = self.sent_at + TimeDelta::days(*days);
        self.ctx.clock.set(at);
        // As from several connections of a mail server.
        let share = self.requests.len().div_ceil(CONNECTIONS).max(1);
        std::thread::scope(|scope| {
            let doors: Vec<_> = self
                .requests
                .chunks(share)
                .map(|some| scope.spawn(move || self.take((which, subject, text), some, at)))
                .collect();
            doors
                .into_iter()
                .try_for_each(|door| door.join().unwrap_or_else(|_| Err("a door broke".to_owned())))
        })?;
        Ok(())
    }

    fn take(
        &self,
        (which, subject, text): (usize, &str, &str),
        requests: &[(i64, String, String)],
        at: DateTime<Utc>,
    ) -> Result<(), String> {
        for (id, reference, address) in requests {
            let body = text.replace("{n}", &id.to_string()).replace('\n', "\r\n");
            let raw = format!(
                "From: Poststelle <poststelle@stadt-{id}.example>\r\nTo: {address}\r\nSubject: {subject} [{reference}]\r\n\
                 Message-ID: <{which}-{id}@stadt.example>\r\nDate: {}\r\nMIME-Version: 1.0\r\n\
                 Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}\r\n",
                at.to_rfc2822()
            );
            let recipients = [address.clone()];
            let mail = Mail { raw: raw.as_bytes(), recipients: &recipients, via: "lmtp", handed: None };
            intake::accept(self.ctx.door(), Some(&self.db), mail).map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    /// Reads all that waits, in the cage, and places it.
    pub fn read(&self) -> Done<usize> {
        let mut count = 0;
        loop {
            match triage::read_next(&self.ctx, &self.db, &self.cage, 20)? {
                0 => return Ok(count),
                read => count += read,
            }
        }
    }

    /// A volunteer settles what was put before her, as it was proposed.
    pub fn settle(&self) -> Done<usize> {
        let (mut conn, mut settled) = (self.db.conn()?, 0);
        let messages = i64::try_from(self.requests.len() * REPLIES.len())?;
        for message in 1..=messages {
            let Some(mut settlement) = triage::proposed_settlement(&self.ctx, &mut conn, message)? else {
                continue;
            };
            if settlement.kind == askance::domain::incoming::reading::Kind::Refusal {
                settlement.outcome = Some(askance::domain::request::state::Outcome::Refused);
            }
            // What needs more than a click is left waiting, as at a real desk.
            settled += usize::from(triage::settle(&self.ctx, &mut conn, self.person, &settlement).is_ok());
        }
        Ok(settled)
    }

    /// The folder of all files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The database.
    pub fn database_url(&self) -> &str {
        &self.ctx.config.database_url
    }

    /// Now, on the service's clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.ctx.clock.now()
    }
}

fn authority(n: u32) -> Done<NewAuthority> {
    Ok(NewAuthority {
        slug: format!("stadt-{n}"),
        name: format!("Stadt Brandau {n}"),
        name_en: None,
        language: "de".to_owned(),
        kind: AuthorityKind::Municipality,
        country: "DE".to_owned(),
        place: format!("Brandau {n}"),
        regime: Some("de-nw-ifg".to_owned()),
        subdivision: None,
        regime_reason: None,
        website: None,
        source: "figures".to_owned(),
        email: Some(format!("foi@stadt-{n}.example").parse()?),
        identifiers: Vec::new(),
    })
}

fn config(folder: &Path) -> Done<Config> {
    Ok(Config {
        database_url: format!("sqlite://{}", folder.join("askance.db").display()),
        blob_dir: folder.join("blobs"),
        bucket: None,
        public_url: "http://127.0.0.1:8000".to_owned(),
        files_url: "http://127.0.0.1:8000".to_owned(),
        reply_domain: "post.askance.example".to_owned(),
        smtp_url: None,
        lmtp_listen: None,
        clock: Clock::fixed("2026-09-07T10:00:00Z".parse()?),
        secret: Secret::new(vec![7; 32]),
        undo: std::time::Duration::from_secs(600),
        templates_dir: None,
        demonstration: false,
        mail: askance::config::MailSettings::default(),
        keep_set_aside_days: 180,
        run: askance::config::RunSettings::default(),
    })
}
