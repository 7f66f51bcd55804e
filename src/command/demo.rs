//! `askance demo`: the whole service with demonstration data and simulated authorities, on this machine only.

mod past;

use crate::clock::Clock;
use crate::command::demo_authorities::{self, Pace, SimulatedAuthorities};
use crate::command::serve::{self, House};
use crate::command::{exit, say};
use crate::config::{Config, Secret, figment};
use crate::mail::listener::{Limits, Listener, Protocol};
use crate::mail::smtp_url::SmtpServer;
use crate::mail::transport::Transport;
use crate::service::Context;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Long enough to try taking a letter back, short enough to wait for its answer.
const UNDO: Duration = Duration::from_secs(20);

/// The whole service with demonstration data, on this machine only.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Example:\n  askance demo\n  ROCKET_PORT=8080 askance demo --dir /tmp/askance-demo")]
pub struct DemoArgs {
    /// Keep database and mail in this folder instead of a temporary one that is removed at the end
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
    /// The folder holds a demonstration already.
    #[error("`{0}` holds a demonstration already: remove the folder or choose another one")]
    Used(PathBuf),
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
    serve::log("error");
    match demonstrate(args, out) {
        Ok(()) => exit::OK,
        Err(error) => {
            say(err, &error);
            match error {
                Error::Serve(error) => error.exit_code(),
                Error::Used(_) => exit::USAGE,
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
    if folder.join("askance.db").exists() {
        return Err(Error::Used(folder));
    }
    std::fs::create_dir_all(&folder)?;
    let url = public_url()?;
    // Both doors stand on loopback, at ports of the system's choice: nothing here can reach another machine.
    let listener =
        Listener::bind("127.0.0.1:0", Protocol::Lmtp, Limits::default()).map_err(serve::Error::from)?;
    let door = listener.local_addr().ok_or_else(|| std::io::Error::other("the listener has no port"))?;
    let system = Clock::System;
    let told = system.clone();
    let authorities = SimulatedAuthorities::start(door, Pace::quick(), Arc::new(move || told.now()))?;

    let past_clock = Clock::fixed(system.now());
    let mut house = House::open(config(&folder, &url, past_clock)?)?;
    let cast = past::tell(&house.context, &house.db, system.now())?;
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

fn config(folder: &Path, url: &str, clock: Clock) -> Result<Config, Error> {
    let mut secret = vec![0_u8; 32];
    getrandom::fill(&mut secret).map_err(|e| std::io::Error::other(e.to_string()))?;
    Ok(Config {
        database_url: format!("sqlite://{}", folder.join("askance.db").display()),
        blob_dir: folder.join("blobs"),
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
    })
}

fn welcome(
    out: &mut dyn Write,
    url: &str,
    cast: &past::Cast,
    folder: &Path,
    kept: bool,
) -> std::io::Result<()> {
    let what = if kept { "is kept" } else { "is removed at the end" };
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
         Data in {} ({what}). Stop with Ctrl-C.\n",
        cast.email,
        cast.password,
        UNDO.as_secs(),
        folder.display(),
    )?;
    out.flush()
}
