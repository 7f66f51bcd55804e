//! `askance demo`: the whole service with demonstration data and simulated authorities, on this machine only.

pub mod past;

use crate::clock::Clock;
use crate::command::demo_authorities::{self, Pace, SimulatedAuthorities};
use crate::command::serve::{self, House};
use crate::command::{exit, say};
use crate::config::{Config, MailSettings, Secret, figment};
use crate::mail::listener::{Limits, Listener, Protocol};
use crate::mail::smtp_url::SmtpServer;
use crate::mail::transport::Transport;
use crate::service::{Context, sign_in};
use crate::store::people;
use crate::store::types::Role;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Long enough to try taking a letter back, short enough to wait for its answer.
const UNDO: Duration = Duration::from_secs(20);

/// The file that marks a folder as a demonstration whose past is told; it holds its key.
const MARK: &str = "demonstration.key";

/// The whole service with demonstration data, on this machine only.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Example:\n  askance demo\n  ROCKET_PORT=8080 askance demo --dir /tmp/askance-demo")]
pub struct DemoArgs {
    /// Keep database and mail in this folder instead of a temporary one that is removed at the end; a demonstration
    /// that is there already goes on
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Why the demonstration does not run.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// A part of the service.
    #[error(transparent)]
    Serve(#[from] serve::Error),
    /// The simulated authorities.
    #[error(transparent)]
    Authorities(#[from] demo_authorities::Error),
    /// The past could not be told.
    #[error("the demonstration's past cannot be told: {0}")]
    Past(#[from] past::Error),
    /// Files or ports.
    #[error("the demonstration cannot start: {0}")]
    Start(#[from] std::io::Error),
    /// The folder holds a database, but no demonstration that was told to its end.
    #[error(
        "`{0}` holds a database that is no demonstration, or one whose making was cut short: choose another folder"
    )]
    Foreign(PathBuf),
    /// The demonstration in the folder cannot go on.
    #[error(
        "the demonstration in `{folder}` cannot go on: {source}; choose another folder, or remove this one"
    )]
    Kept {
        /// Where.
        folder: PathBuf,
        /// Why.
        source: Box<serve::Error>,
    },
    /// Nobody to sign in as.
    #[error("the demonstration's people cannot be had: {0}")]
    People(#[from] sign_in::Error),
    /// Where pages are served.
    #[error("setting `{key}`: {problem}")]
    Setting {
        /// The key.
        key: &'static str,
        /// What is wrong.
        problem: String,
    },
}

/// Runs until it is asked to stop.
pub fn run(args: &DemoArgs, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    serve::log("error", crate::config::run::LogFormat::Text);
    match demonstrate(args, out) {
        Ok(()) => exit::OK,
        Err(error) => {
            say(err, &error);
            match error {
                Error::Serve(error) => error.exit_code(),
                Error::Kept { source, .. } => source.exit_code(),
                Error::Foreign(_) => exit::USAGE,
                Error::Setting { .. } => exit::CONFIG,
                _ => exit::IO,
            }
        }
    }
}

fn demonstrate(args: &DemoArgs, out: &mut dyn Write) -> Result<(), Error> {
    let temporary = if args.dir.is_none() {
        Some(tempfile::Builder::new().prefix("askance-demo-").tempdir()?)
    } else {
        None
    };
    let folder =
        args.dir.clone().or_else(|| temporary.as_ref().map(|t| t.path().to_owned())).unwrap_or_default();
    let kept = Kept::of(&folder)?;
    std::fs::create_dir_all(&folder)?;
    let url = public_url()?;
    // Both doors stand on loopback, at ports of the system's choice: nothing here can reach another machine.
    let listener =
        Listener::bind("127.0.0.1:0", Protocol::Lmtp, Limits::default()).map_err(serve::Error::from)?;
    let door = listener.local_addr().ok_or_else(|| std::io::Error::other("the listener has no port"))?;
    let system = Clock::System;
    let told = system.clone();
    let authorities = SimulatedAuthorities::start(door, Pace::quick(), Arc::new(move || told.now()))?;

    let (mut house, cast) = match kept {
        Some(kept) => kept.goes_on(&folder, &url)?,
        None => begins(&folder, &url)?,
    };
    let mut config = house.context.config.clone();
    config.clock = system.clone();
    config.smtp_url = Some(authorities.smtp_url());
    house.context = Arc::new(Context { config, clock: system, ..(*house.context).clone() });
    let server = SmtpServer::from_url(&authorities.smtp_url())
        .map_err(|e| Error::Setting { key: "smtp_url", problem: e.to_string() })?;
    house.transport = Some(Transport::Smtp(server));
    house.listener = Some(listener);
    welcome(out, &url, &cast, &folder, args.dir.is_some())?;
    house.serve(figment().map_err(serve::Error::from)?, None)?;
    drop(authorities);
    Ok(())
}

/// A new demonstration with its past told.
fn begins(folder: &Path, url: &str) -> Result<(House, past::Cast), Error> {
    let mut secret = vec![0_u8; 32];
    getrandom::fill(&mut secret).map_err(|e| std::io::Error::other(e.to_string()))?;
    let now = Clock::System.now();
    let house = House::open(config((folder, url), Clock::fixed(now), secret.clone()))?;
    let cast = past::tell(&house.context, &house.db, now)?;
    // Last, so that a folder in which the telling was cut short is not taken for a demonstration.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&secret)?;
    file.persist(folder.join(MARK)).map_err(|e| e.error)?;
    Ok((house, cast))
}

/// A demonstration that was kept; its key marks it as one.
struct Kept {
    secret: Vec<u8>,
}

impl Kept {
    /// The one in this folder, if there is one. A database without the mark may be somebody's real one.
    fn of(folder: &Path) -> Result<Option<Self>, Error> {
        let there = folder.join("askance.db").exists();
        match std::fs::read(folder.join(MARK)) {
            Ok(secret) if there && secret.len() >= 32 => Ok(Some(Self { secret })),
            _ if there => Err(Error::Foreign(folder.to_owned())),
            _ => Ok(None),
        }
    }

    /// Its house, and a new password for its administrator: of the old one only the hash is kept.
    fn goes_on(self, folder: &Path, url: &str) -> Result<(House, past::Cast), Error> {
        let house = House::open(config((folder, url), Clock::System, self.secret))
            .map_err(|source| Error::Kept { folder: folder.to_owned(), source: Box::new(source) })?;
        let mut conn = house.db.conn().map_err(sign_in::Error::from)?;
        let everybody = people::all(&mut conn).map_err(sign_in::Error::from)?;
        let email = everybody
            .into_iter()
            .find(|person| person.role == Role::Admin)
            .map(|person| person.email)
            .ok_or_else(|| Error::Foreign(folder.to_owned()))?;
        let password = sign_in::new_password(&house.context, &mut conn, &email)?;
        drop(conn);
        Ok((house, past::Cast { email, password }))
    }
}

/// Where the pages will be, from Rocket's own settings; a demonstration is served on loopback unless told otherwise.
fn public_url() -> Result<String, Error> {
    let figment = figment().map_err(serve::Error::from)?;
    let port: u16 =
        figment.extract_inner("port").map_err(|e| Error::Setting { key: "port", problem: e.to_string() })?;
    let address: std::net::IpAddr = figment
        .extract_inner("address")
        .map_err(|e| Error::Setting { key: "address", problem: e.to_string() })?;
    // Said here in words; Rocket would only say so after the past has been told.
    std::net::TcpListener::bind((address, port)).map_err(|e| Error::Setting {
        key: "port",
        problem: format!(
            "`{address}:{port}` cannot be used ({e}); choose another one: ROCKET_PORT=8001 askance demo"
        ),
    })?;
    let host = if address.is_unspecified() { "127.0.0.1".to_owned() } else { address.to_string() };
    Ok(format!("http://{host}:{port}"))
}

fn config((folder, url): (&Path, &str), clock: Clock, secret: Vec<u8>) -> Config {
    Config {
        database_url: format!("sqlite://{}", folder.join("askance.db").display()),
        blob_dir: folder.join("blobs"),
        bucket: None,
        public_url: url.to_owned(),
        files_url: url.to_owned(),
        reply_domain: "post.askance.example".to_owned(),
        smtp_url: None,
        lmtp_listen: None,
        clock,
        secret: Secret::new(secret),
        undo: UNDO,
        templates_dir: None,
        demonstration: true,
        mail: MailSettings::default(),
        keep_set_aside_days: 180,
        run: crate::config::RunSettings::default(),
    }
}

fn welcome(
    out: &mut dyn Write,
    url: &str,
    cast: &past::Cast,
    folder: &Path,
    kept: bool,
) -> std::io::Result<()> {
    let what = if kept {
        format!("is kept: askance demo --dir {} goes on with it, with a new password", folder.display())
    } else {
        "is removed at the end".to_owned()
    };
    writeln!(
        out,
        "\nAskance, a demonstration. Every authority, person and letter in it is invented,\n\
         and nothing leaves this machine.\n\n\
         \x20 Pages     {url}/\n\
         \x20 Desk      {url}/desk/sign-in\n\
         \x20           e-mail    {}\n\
         \x20           password  {}\n\n\
         Try it: sign in, choose “File a request”, ask “Préfecture du Val-d’Ombre” and send.\n\
         For {} seconds it can be taken back; then it leaves, and the authority answers within\n\
         seconds. Its reply waits in the queue, you settle it, and the public page shows the\n\
         timeline.\n\n\
         Data in {}: it {what}.\nStop with Ctrl-C.\n",
        cast.email,
        cast.password,
        UNDO.as_secs(),
        folder.display(),
    )?;
    out.flush()
}
