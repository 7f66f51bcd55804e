//! `askance serve`: web pages, mail in and out, background work, in one process.

mod parts;

pub use parts::{server_of, signer_of, templates_of};

use crate::command::{self, exit, say};
use crate::config::run::LogFormat;
use crate::config::{self, Config};
use crate::mail::listener::{self, Envelope, Limits, Listener, Protocol, Verdict};
use crate::mail::transport::Transport;
use crate::service::admission::Gatekeeper;
use crate::service::cage::Cage;
use crate::service::intake::{Mail, accept};
use crate::service::{self, Context, fetching, seed};
use crate::store::Db;
use crate::store::messages::Handed;
use crate::web;
use crate::worker::{self, Parts, Workers};
use figment::Figment;
use rocket::error::ErrorKind;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What mail in and background work may take to end; Rocket's five seconds for open pages come before.
const FAREWELL: Duration = Duration::from_secs(4);

/// Serve web pages, mail in and out, and background work.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_help = "Example:\n  ASKANCE_SMTP_URL=smtp://127.0.0.1:25 ASKANCE_LMTP_LISTEN=127.0.0.1:2424 \\\n  \
                  ASKANCE_REPLY_DOMAIN=post.askance.example askance serve"
)]
pub struct ServeArgs {
    /// Only a part of the work, where several machines share one PostgreSQL
    #[arg(long, value_enum)]
    pub only: Option<Only>,
}

/// A part of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Only {
    /// Pages only.
    Web,
    /// Mail and background work only.
    Worker,
}

/// Why the service did not start or did not end well; the exit code goes with it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting is wrong.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// Data, database or blobs.
    #[error(transparent)]
    Closed(#[from] command::Closed),
    /// The register could not be filled.
    #[error(transparent)]
    Seed(#[from] seed::Error),
    /// Mail in.
    #[error("setting `lmtp_listen`: {0}")]
    Listener(#[from] crate::mail::listener::Error),
    /// Mail in from strangers.
    #[error("setting `smtp_listen`: {0}")]
    Strangers(#[source] crate::mail::listener::Error),
    /// Threads or the program's own path.
    #[error("the service cannot start: {0}")]
    Start(#[from] std::io::Error),
    /// The address of the pages is in use, or not of this machine (yet).
    #[error(
        "setting `{key}`: `{address}` cannot be used ({cause}); end what holds it, or choose another one"
    )]
    Address {
        /// The key.
        key: &'static str,
        /// Where.
        address: String,
        /// Why not.
        cause: String,
    },
    /// The web server.
    #[error("the web server: {0}")]
    Web(String),
}

impl Error {
    /// The exit code of `sysexits.h`.
    pub fn exit_code(&self) -> u8 {
        match self {
            // Who holds it may end, and the network may come up: it is tried again.
            Self::Listener(error) | Self::Strangers(error) if error.may_pass() => exit::IO,
            Self::Config(_) | Self::Listener(_) | Self::Strangers(_) => exit::CONFIG,
            Self::Closed(error) => error.exit_code(),
            _ => exit::IO,
        }
    }
}

/// Serves until it is asked to stop (SIGTERM, SIGINT).
pub fn run(args: &ServeArgs, err: &mut dyn Write) -> u8 {
    match serve(args.only) {
        Ok(()) => exit::OK,
        Err(error) => {
            say(err, &error);
            error.exit_code()
        }
    }
}

fn serve(only: Option<Only>) -> Result<(), Error> {
    let loaded = Config::load();
    log("info", loaded.as_ref().map(|config| config.run.log_format).unwrap_or_default());
    let (config, figment) = (loaded?, config::figment()?);
    let file = config::file::used()?;
    tracing::info!("settings: {}", config::file::in_words(file.as_deref()));
    let before = config::safety::refusals(&config)?;
    if let Some(refusal) = before.into_iter().next() {
        return Err(refusal.into());
    }
    House::open(config)?.serve(figment, only)
}

/// Log lines on stderr, from `usual` on; `RUST_LOG` chooses otherwise. Rocket's own lines hold what visitors type, so
/// they are left out unless `RUST_LOG` names Rocket; what fails on our pages we log ourselves, under a number.
pub fn log(usual: &str, format: LogFormat) {
    use std::io::IsTerminal;
    let chosen = std::env::var("RUST_LOG").unwrap_or_default();
    let filter = match chosen.as_str() {
        "" => format!("{usual},rocket=off"),
        chosen if chosen.contains("rocket") => chosen.to_owned(),
        chosen => format!("{chosen},rocket=off"),
    };
    // At its finest level it writes down every mail that it fetches.
    let filter = format!("{filter},async_imap=off");
    let filter = tracing_subscriber::EnvFilter::new(filter);
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second call (tests) keeps the first subscriber.
    let _ = match format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => {
            lines.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
        }
    };
}

/// The joined parts.
pub struct House {
    /// Settings, clock, data, blobs.
    pub context: Arc<Context>,
    /// The database, migrated and with the register in it.
    pub db: Db,
    /// Where letters go.
    pub transport: Option<Transport>,
    /// Where mail comes in, if that door is open already.
    pub listener: Option<Listener>,
}

impl House {
    /// Opens database and blobs, brings the schema up to date and fills the register.
    pub fn open(config: Config) -> Result<Self, Error> {
        let transport = server_of(&config)?.map(Transport::Smtp);
        fetching::Source::of(&config)?;
        signer_of(&config)?;
        templates_of(&config)?;
        let (context, db) = command::open(config, 10)?;
        let context = Arc::new(context);
        service::health::doubt_clock(&context, &db).map_err(command::Closed::from)?;
        seed::register(&context, &db)?;
        Ok(Self { context, db, transport, listener: None })
    }

    /// Serves until asked to stop; then mail in, background work and pages end within ten seconds, whatever a mail
    /// server or a visitor still wants.
    pub fn serve(mut self, figment: Figment, only: Option<Only>) -> Result<(), Error> {
        let works = only != Some(Only::Web);
        let mail_in = self.doors(works)?;
        let cage = cage_for_pages()?;
        let parts = Parts {
            context: Arc::clone(&self.context),
            db: self.db.clone(),
            // Pages only take files out of mails again: no picture is looked at for them.
            cage: Arc::new(Cage::of_this_program()?.recognising()),
            transport: self.transport.clone(),
        };
        let workers = if works {
            Some(worker::start(&parts)?)
        } else if self.context.blobs.are_in_a_bucket() {
            Some(worker::start_carrying(&parts)?)
        } else {
            None
        };
        tracing::info!(url = self.context.config.public_url, "serving");
        if self.context.config.public_url.starts_with("https://") && !names_a_header(&figment) {
            tracing::warn!(
                "`ip_header` is not set: tries to sign in through the web server before this one count as one visitor's"
            );
        }
        let mail_stoppers: Vec<_> = mail_in.iter().map(|door| door.stopper.clone()).collect();
        let work_stopper = workers.as_ref().map(Workers::stopper);
        let stop = move || {
            for stopper in &mail_stoppers {
                stopper.stop();
            }
            if let Some(stopper) = &work_stopper {
                stopper.stop();
            }
        };
        let (asked, address) = (stop.clone(), self.address_of_pages(&figment, only));
        let served = match self.web(figment, only, cage) {
            None => rocket::execute(async { Signals::listen()?.come().await }).map_err(Error::from),
            // The signal that Rocket ends by stops all else at the same time.
            Some(rocket) => rocket::execute(async {
                let signals = Signals::listen()?;
                rocket::tokio::spawn(async move { signals.come().await.map(|()| asked()) });
                rocket.launch().await.map(|_| ()).map_err(|error| match error.kind() {
                    ErrorKind::Bind(cause) => {
                        let (key, address) = address;
                        Error::Address { key, address, cause: cause.to_string() }
                    }
                    _ => Error::Web(error.to_string()),
                })
            }),
        };
        stop();
        let until = Instant::now() + FAREWELL;
        for door in mail_in {
            if !worker::ended_by(&door.thread, until) {
                tracing::warn!("mail sessions did not end in time and are left; their senders keep the mail");
            }
        }
        if let Some(workers) = workers {
            workers.stop(until.saturating_duration_since(Instant::now()));
        }
        served
    }

    /// Where the web server listens, and which key says so.
    fn address_of_pages(&self, figment: &Figment, only: Option<Only>) -> (&'static str, String) {
        if let (Some(Only::Worker), Some(at)) = (only, &self.context.config.run.health_listen) {
            return ("health_listen", at.to_string());
        }
        let rocket = Figment::from(rocket::Config::default()).merge(figment);
        let address = rocket.extract_inner::<std::net::IpAddr>(rocket::Config::ADDRESS);
        let port = rocket.extract_inner::<u16>(rocket::Config::PORT).unwrap_or_default();
        (
            "port",
            address.map(|address| std::net::SocketAddr::new(address, port).to_string()).unwrap_or_default(),
        )
    }

    /// The web server; a process without pages has one only where it shall tell how it is.
    fn web(
        &self,
        figment: Figment,
        only: Option<Only>,
        cage: Arc<Cage>,
    ) -> Option<rocket::Rocket<rocket::Build>> {
        // Rocket's own defaults lie below what Rocket.toml and ROCKET_* say.
        let figment = Figment::from(rocket::Config::default()).merge(figment);
        let (context, db) = (Arc::clone(&self.context), self.db.clone());
        if only != Some(Only::Worker) {
            return Some(web::build(&figment, context, db, cage));
        }
        let at = self.context.config.run.health_listen;
        if at.is_none() {
            tracing::info!("this process has no /healthz: `health_listen` is not set");
        }
        Some(web::build_health(&figment, at?, context, db))
    }

    /// Opens the doors for mail and serves them.
    fn doors(&mut self, works: bool) -> Result<Vec<MailIn>, Error> {
        let listener = match (self.listener.take(), &self.context.config.lmtp_listen) {
            (Some(open), _) => Some(open),
            (None, Some(address)) if works => {
                if let Some(folder) = listener::open_to_all(address) {
                    tracing::warn!("{}", listener::open_in_words(&folder));
                }
                Some(Listener::bind(address, Protocol::Lmtp, Limits::default())?)
            }
            _ => None,
        };
        let strangers = if works { self.door_for_strangers()? } else { None };
        let doors = [(listener, "lmtp"), (strangers, "smtp")];
        let doors = doors.into_iter().filter_map(|(listener, via)| Some(self.mail_in(listener?, via)));
        doors.collect()
    }

    /// The door on the open net, if there shall be one.
    fn door_for_strangers(&self) -> Result<Option<Listener>, Error> {
        let config = &self.context.config;
        let Some(address) = &config.mail.smtp_listen else { return Ok(None) };
        let listener = Listener::bind(address, Protocol::Smtp, Limits::of_the_open_net());
        let gatekeeper = Gatekeeper::new(&self.context, &self.db);
        let gate = Box::new(move |peer, recipient: &str| gatekeeper.admits(peer, recipient));
        Ok(Some(listener.map_err(Error::Strangers)?.called(&config.reply_domain).guarded(gate)))
    }

    fn mail_in(&self, listener: Listener, via: &'static str) -> Result<MailIn, Error> {
        let stopper = listener.stopper();
        let (context, db) = (Arc::clone(&self.context), self.db.clone());
        let thread = std::thread::Builder::new().name(format!("{via}-in")).spawn(move || {
            listener.serve(&move |envelope, raw| {
                let handed = handed(envelope, via);
                let mail = Mail { raw, recipients: &envelope.recipients, via, handed: Some(&handed) };
                let verdict = match accept(context.door(), Some(&db), mail) {
                    Ok(()) => Verdict::Safe,
                    Err(error) => {
                        tracing::error!(%error, "mail could not be made safe; its sender keeps it");
                        if error.is_full() {
                            Verdict::NoRoom
                        } else {
                            Verdict::TryLater("it cannot be stored now".to_owned())
                        }
                    }
                };
                vec![verdict; envelope.recipients.len()]
            });
        })?;
        Ok(MailIn { stopper, thread })
    }
}

/// A door for mail that is served.
struct MailIn {
    stopper: crate::mail::listener::Stopper,
    thread: std::thread::JoinHandle<()>,
}

/// Who handed the mail to us; behind a mail server of our own it is that server's word that counts, if it says one.
fn handed(envelope: &Envelope, via: &str) -> Handed {
    let (peer, greeted_as) = match &envelope.forwarded {
        Some(forwarded) => (forwarded.address, forwarded.greeted_as.clone()),
        None if via == "smtp" => {
            (envelope.peer.map(|peer| peer.ip().to_canonical()), Some(envelope.greeted_as.clone()))
        }
        None => (None, None),
    };
    Handed {
        sender: Some(envelope.sender.clone().unwrap_or_default()),
        peer: peer.map(|peer| peer.to_string()),
        greeted_as,
    }
}

/// The cage in which files are taken out of mails; says what holds those who read mail on this machine.
fn cage_for_pages() -> std::io::Result<Arc<Cage>> {
    let cage = Cage::of_this_program()?;
    match cage.layers() {
        Ok(Some(layers)) if layers.are_whole() => tracing::info!("reading of mail: {layers}"),
        Ok(Some(layers)) => tracing::warn!("reading of mail: {layers}"),
        Ok(None) => {}
        Err(error) => tracing::error!(%error, "reading of mail: nobody knows what holds it"),
    }
    Ok(Arc::new(cage))
}

/// Whether the operator says in which header the web server before us tells who asks.
fn names_a_header(rocket: &Figment) -> bool {
    rocket.extract_inner::<String>(rocket::Config::IP_HEADER).is_ok()
}

/// The two signals that ask the service to end.
struct Signals {
    terminate: rocket::tokio::signal::unix::Signal,
    interrupt: rocket::tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        use rocket::tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Returns when one of them comes.
    async fn come(mut self) -> std::io::Result<()> {
        rocket::tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        Ok(())
    }
}
