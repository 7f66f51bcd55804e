//! `askance check`: configuration, data, migrations, storage, mail; each finding one line.

use crate::command::{Closed, exit, places, serve};
use crate::config::{self, Config};
use crate::data::{Library, register};
use crate::mail::listener::{self, Limits, Listener, Protocol};
use crate::service::cage::Cage;
use crate::web::page::{Pages, Setup};
use std::io::{ErrorKind, Write};

/// Check the set-up.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  askance check")]
pub struct CheckArgs {
    /// Only what is shipped: data files and templates
    #[arg(long)]
    pub data: bool,
}

/// One finding a line: `ok` or `WRONG`, what it is about, what was found.
struct Findings<'a> {
    out: &'a mut dyn Write,
    worst: u8,
}

impl Findings<'_> {
    fn note<E: std::fmt::Display>(&mut self, about: &str, found: Result<String, E>, code: u8) {
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
    let written = places::blobs(config).map_err(Closed::from).and_then(|blobs| {
        let key = blobs.put(b"askance check")?;
        Ok(blobs.get(&key)?)
    });
    let code = written.as_ref().err().map_or(exit::OK, Closed::exit_code);
    findings.note(
        "blobs",
        written.map(|_| format!("written and read in {}", config.blob_dir.display())),
        code,
    );
    let files = if config.files_url == config.public_url { "where the pages are" } else { &config.files_url };
    findings.note::<String>("attachments", Ok(format!("linked at {files}")), exit::CONFIG);
    if let Some(folder) = &config.templates_dir {
        let parsed = serve::templates_of(config).map(|n| format!("{n} parsed, with {}", folder.display()));
        findings.note("own templates", parsed, exit::CONFIG);
    }
    findings.note(
        "mail out",
        serve::server_of(config).map(|server| match server {
            Some(server) => format!("{server:?}"),
            None => "`smtp_url` is not set: letters wait".to_owned(),
        }),
        exit::CONFIG,
    );
    findings.note("mail in", mail_in(config), exit::CONFIG);
    if let Some(address) = &config.mail.smtp_listen {
        findings.note("mail from strangers", free(address, Protocol::Smtp, "smtp_listen"), exit::CONFIG);
    }
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
