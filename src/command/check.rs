//! `askance check`: configuration, data, migrations, storage, mail; each finding one line.

use crate::command::{Closed, exit, places, published, serve};
use crate::config::{self, Config};
use crate::data::{Library, register};
use crate::domain::numbers::counted;
use crate::mail::listener::{self, Limits, Listener, Protocol};
use crate::mail::smtp_url::SmtpServer;
use crate::mail::transport;
use crate::service::cage::Cage;
use crate::service::fetching::{self, Source};
use crate::service::health::Route as Alarm;
use crate::store::blobs::Bucket;
use crate::store::health::clock;
use crate::store::health::disk::Room;
use crate::web::page::{Pages, Setup};
use std::io::{ErrorKind, Write};
use std::time::Duration;

/// A mail server gets no more time to show that it is there.
const PATIENCE: Duration = Duration::from_secs(5);

/// Check the set-up.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  askance check")]
pub struct CheckArgs {
    /// Only what is shipped: data files and templates
    #[arg(long)]
    pub data: bool,
}

/// One finding a line: `ok` or `WRONG`, what it is about, what was found.
pub(crate) struct Findings<'a> {
    out: &'a mut dyn Write,
    worst: u8,
}

impl Findings<'_> {
    /// What works and should be known.
    pub(crate) fn remark(&mut self, about: &str, what: &str) {
        if writeln!(self.out, "note   {about}: {what}").is_err() {
            self.worst = self.worst.max(exit::IO);
        }
    }

    pub(crate) fn note<E: std::fmt::Display>(&mut self, about: &str, found: Result<String, E>, code: u8) {
        let line = match found {
            Ok(fine) => format!("ok     {about}: {fine}"),
            Err(error) => {
                self.worst = self.worst.max(code);
                format!("WRONG  {about}: {error}")
            }
        };
        if writeln!(self.out, "{line}").is_err() {
            self.worst = self.worst.max(exit::IO);
        }
    }
}

/// Checks and prints; 0 only if nothing is wrong.
pub fn run(args: &CheckArgs, out: &mut dyn Write, _err: &mut dyn Write) -> u8 {
    let mut findings = Findings { out, worst: exit::OK };
    shipped(&mut findings);
    if !args.data {
        let file = config::file::used().map(|file| config::file::in_words(file.as_deref()));
        findings.note("settings", file, exit::CONFIG);
        match Config::load() {
            Err(error) => findings.note::<_>("configuration", Err::<String, _>(error), exit::CONFIG),
            Ok(config) => set_up(&config, &mut findings),
        }
        cage(&mut findings);
    }
    findings.worst
}

fn shipped(findings: &mut Findings<'_>) {
    findings.note(
        "laws, questions, phrases",
        Library::load().map(|library| {
            format!("{} laws, {} bundles", library.laws.regimes().count(), library.catalogue.bundles.len())
        }),
        exit::DATA,
    );
    findings.note(
        "register",
        register::deployments().and_then(|deployments| {
            let organisations = register::organisations()?.len();
            Ok(format!("{} deployments, {organisations} organisations", deployments.len()))
        }),
        exit::DATA,
    );
    let setup = Setup { public_url: String::new(), demonstration: false, templates_dir: None };
    findings.note("templates", Pages::new(&setup).parse_all().map(|n| format!("{n} parsed")), exit::DATA);
}

fn set_up(config: &Config, findings: &mut Findings<'_>) {
    findings.note::<String>("configuration", Ok(format!("pages at {}", config.public_url)), exit::CONFIG);
    let database = places::database(config, 1).and_then(|db| Ok(db.migrate()?));
    let code = database.as_ref().err().map_or(exit::OK, Closed::exit_code);
    findings.note("database", database.map(|()| "reached, schema up to date".to_owned()), code);
    blobs(config, findings);
    let files = if config.files_url == config.public_url {
        "their links lead to the same address as the pages".to_owned()
    } else {
        format!("their links lead to {}", config.files_url)
    };
    findings.note::<String>("attachments", Ok(files), exit::CONFIG);
    if let Some(folder) = &config.templates_dir {
        let parsed = serve::templates_of(config).map(|n| format!("{n} parsed, with {}", folder.display()));
        findings.note("own templates", parsed, exit::CONFIG);
    }
    mail_out(config, findings);
    mail_server("mail server", serve::server_of(config).ok().flatten(), config, findings);
    findings.note("mail in", mail_in(config), exit::CONFIG);
    if let Some(folder) = config.lmtp_listen.as_deref().and_then(listener::open_to_all) {
        findings.remark("mail in", &listener::open_in_words(&folder));
    }
    if let Some(address) = &config.mail.smtp_listen {
        findings.note("mail from strangers", free(address, Protocol::Smtp, "smtp_listen"), exit::CONFIG);
    }
    published::check(config, findings);
    mailbox(config, findings);
    watching(config, findings);
    safety(config, findings);
    machine(config, findings);
}

/// Where letters go.
fn mail_out(config: &Config, findings: &mut Findings<'_>) {
    let to = |server: &SmtpServer| match server.user() {
        Some(user) => format!("letters go to {server}, signed in as `{user}`"),
        None => format!("letters go to {server}, without signing in"),
    };
    match serve::server_of(config) {
        Ok(Some(server)) => findings.note::<String>("mail out", Ok(to(&server)), exit::OK),
        Ok(None) => findings.remark("mail out", "`smtp_url` is not set: letters wait"),
        Err(error) => findings.note::<_>("mail out", Err::<String, _>(error), exit::CONFIG),
    }
}

/// Writes and reads a blob: in the folder, or in the bucket, beside which there is the folder of what is under way to it.
fn blobs(config: &Config, findings: &mut Findings<'_>) {
    let written = places::blobs(config).and_then(|blobs| {
        if config.bucket.is_none() {
            blobs.get(&blobs.put(b"askance check")?)?;
        }
        Ok(())
    });
    let code = written.as_ref().err().map_or(exit::OK, Closed::exit_code);
    let folder = config.blob_dir.display();
    let (about, what) = match &config.bucket {
        None => ("blobs", format!("written and read in {folder}")),
        Some(_) => ("spool", format!("written in {folder}")),
    };
    findings.note(about, written.map(|()| what), code);
    let Some(bucket) = &config.bucket else { return };
    let bucket = Bucket::new(places::address(bucket));
    let tried = bucket.try_all().map(|()| format!("written, read, listed and removed in {bucket}"));
    findings.note("blobs", tried.map_err(|error| format!("{bucket}: {error}")), exit::IO);
}

/// Signs in where mail is fetched from, and counts what waits; changes nothing there.
fn mailbox(config: &Config, findings: &mut Findings<'_>) {
    let source = match Source::of(config) {
        Ok(Some(source)) => source,
        Ok(None) => return,
        Err(error) => return findings.note::<_>("mailbox", Err::<String, _>(error), exit::CONFIG),
    };
    let seen = places::database(config, 1)
        .map_err(|error| error.to_string())
        .and_then(|db| fetching::waiting(&db, &source).map_err(|error| error.to_string()));
    let said = seen.map(|waiting| {
        let left = match waiting.too_large {
            0 => String::new(),
            1 => ", one of them too large to be fetched".to_owned(),
            n => format!(", {n} of them too large to be fetched"),
        };
        let wait = counted(waiting.new, "mail waits", "mails wait");
        format!("signed in to {}, {wait}{left}", source.server)
    });
    findings.note("mailbox", said.map_err(|error| format!("{}: {error}", source.server)), exit::IO);
}

/// Whether a mail server would take letters: connection, greeting, TLS, sign-in; no letter is sent. One that is away
/// now is no wrong setting: letters wait for it.
fn mail_server(about: &str, server: Option<SmtpServer>, config: &Config, findings: &mut Findings<'_>) {
    let Some(server) = server else { return };
    let server = server.with_timeout(PATIENCE);
    // Alerts have a sender.
    let notices = about == "mail server";
    match transport::try_out(&server, &format!("check@{}", config.reply_domain), notices) {
        Ok(()) => findings.note::<String>(about, Ok(format!("{server} answers and lets us in")), exit::OK),
        Err((why, false)) if !why.starts_with("starting TLS") => {
            findings.remark(about, &format!("{server} cannot be reached now, so letters wait: {why}"));
        }
        Err((why, _)) => {
            findings.note::<_>(about, Err::<String, _>(format!("{server}: {why}")), exit::CONFIG);
        }
    }
}

/// Who is told when something is wrong.
fn watching(config: &Config, findings: &mut Findings<'_>) {
    match Alarm::of(config) {
        Ok(Some(_)) => {
            let second = config.mail.alert_smtp_url.is_some();
            let by = if second { "`alert_smtp_url`" } else { "`smtp_url`, which may be what is wrong" };
            findings.note::<String>("alerts", Ok(format!("`admin_email` is told by {by}")), exit::OK);
        }
        Ok(None) => findings.remark("alerts", "nobody is told by mail: set `admin_email` and a mail server"),
        Err(error) => {
            let error = config::Error::of("alert_smtp_url", None, error.to_string());
            findings.note::<_>("alerts", Err::<String, _>(error), exit::CONFIG);
        }
    }
    let second = config.mail.alert_smtp_url.as_ref();
    let second = second.and_then(|url| SmtpServer::from_url(&String::from_utf8_lossy(url.bytes())).ok());
    mail_server(
        "mail server of alerts",
        second.filter(|server| !server.exposes_password()),
        config,
        findings,
    );
}

/// What `serve` would refuse to start with.
fn safety(config: &Config, findings: &mut Findings<'_>) {
    match config::safety::refusals(config) {
        Ok(refusals) if refusals.is_empty() => {
            findings.note::<String>("safety", Ok("nothing that `serve` refuses".to_owned()), exit::OK);
        }
        Ok(refusals) => {
            for refusal in refusals {
                findings.note::<_>("safety", Err::<String, _>(refusal), exit::CONFIG);
            }
        }
        Err(error) => findings.note::<_>("safety", Err::<String, _>(error), exit::CONFIG),
    }
}

/// Room on the disks, and the clock beside that of the database.
fn machine(config: &Config, findings: &mut Findings<'_>) {
    match Room::on(&config.blob_dir) {
        Ok(room) if room.is_short() => {
            let wrong = format!("only {} MiB are free where mail is kept; make room", room.free >> 20);
            findings.note::<_>("disk", Err::<String, _>(wrong), exit::IO);
        }
        Ok(room) => {
            findings.note::<String>("disk", Ok(format!("{} MiB are free", room.free >> 20)), exit::OK);
        }
        Err(error) => findings.note::<_>("disk", Err::<String, _>(error), exit::IO),
    }
    if !config.clock.is_system() {
        findings.remark("clock", "it stands still, as `clock` says: for demonstrations and tests only");
        return;
    }
    // A database that is away was told above.
    let there =
        places::database(config, 1).ok().and_then(|db| db.conn().ok().map(|mut conn| clock(&mut conn)));
    let Some(Ok(Some(there))) = there else { return };
    let apart = (there - config.clock.now()).num_seconds().abs();
    let away = counted(apart, "second from the database's", "seconds from the database's");
    let told = if apart <= 10 { Ok(away) } else { Err(format!("{away}; let NTP keep both")) };
    findings.note("clock", told, exit::CONFIG);
}

/// What holds the processes that read mail; a layer that this kernel does not have is told, and nothing is wrong.
fn cage(findings: &mut Findings<'_>) {
    let cage = Cage::of_this_program().map(Cage::recognising).map_err(|error| error.to_string());
    let layers =
        cage.as_ref().map_err(Clone::clone).and_then(|cage| cage.layers().map_err(|e| e.to_string()));
    let said = layers.map(|layers| layers.map(|layers| layers.to_string()).unwrap_or_default());
    findings.note("reading of mail", said, exit::IO);
    if let Ok(cage) = cage {
        findings.note::<String>("pictures of text", Ok(cage.recognises().unwrap_or_default()), exit::IO);
    }
}

/// Opens the door for mail for a moment; one that is open already stays as it is.
fn mail_in(config: &Config) -> Result<String, config::Error> {
    let Some(address) = &config.lmtp_listen else {
        return Ok("`lmtp_listen` is not set: only `askance receive`".to_owned());
    };
    free(address, Protocol::Lmtp, "lmtp_listen")
}

fn free(address: &str, protocol: Protocol, setting: &str) -> Result<String, config::Error> {
    match Listener::bind(address, protocol, Limits::default()) {
        Ok(_) => Ok(format!("{address} is free")),
        Err(listener::Error::Bind { source, .. }) if source.kind() == ErrorKind::AddrInUse => {
            Ok(format!("{address} is in use, by Askance itself?"))
        }
        Err(error) => Err(config::Error::of(setting, None, error.to_string())),
    }
}
