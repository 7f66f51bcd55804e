//! What an operator can set: `Rocket.toml`, section `[default.askance]`, and `ASKANCE_*` variables, checked at start.

pub mod blobs;
pub mod file;
mod known;
pub mod mail;
pub mod owner;
mod raw;
pub mod run;
pub mod safety;
mod secret;

use crate::clock::Clock;
pub use crate::config::mail::MailSettings;
use crate::config::raw::Raw;
pub use crate::config::run::RunSettings;
pub use crate::config::secret::Secret;
use crate::domain::authority::EmailAddress;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use figment::value::{Dict, Value};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A key, or a variable.
    #[error("setting `{key}`{}: {problem}", .value.as_ref().map(|v| format!(" = `{v}`")).unwrap_or_default())]
    Setting {
        /// The key, as in `Rocket.toml`.
        key: String,
        /// What was found; left out where it may hold a secret.
        value: Option<String>,
        /// What would be right.
        problem: String,
    },
    /// The settings file as a whole.
    #[error("settings file `{file}`{place}: {problem}")]
    File {
        /// Its path.
        file: String,
        /// Line and column, if it is known where.
        place: String,
        /// What is wrong there.
        problem: String,
    },
}

impl Error {
    /// Of one key; `value` is left out where it may hold a secret.
    pub fn of(key: &str, value: Option<&str>, problem: impl Into<String>) -> Self {
        Self::Setting { key: key.to_owned(), value: value.map(str::to_owned), problem: problem.into() }
    }
}

/// The service as it is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// `sqlite://path` or `postgres://…`; may hold a password.
    pub database_url: String,
    /// The folder of blobs and spool; with a bucket, of spool and of what is not carried there yet.
    pub blob_dir: PathBuf,
    /// The bucket in which blobs are kept; none: in `blob_dir`.
    pub bucket: Option<blobs::BucketSettings>,
    /// Base of every link that leaves the service, without a slash at the end.
    pub public_url: String,
    /// Base of links to attachments; the same as `public_url` unless set.
    pub files_url: String,
    /// Domain of reply addresses, lower case.
    pub reply_domain: String,
    /// Where letters go out; unset: they wait and the desk says why. May hold a password.
    pub smtp_url: Option<String>,
    /// Address or socket where mail comes in.
    pub lmtp_listen: Option<String>,
    /// Where "now" comes from.
    pub clock: Clock,
    /// Signs form tokens; the same on all nodes.
    pub secret: Secret,
    /// How long a letter can be taken back; whole seconds.
    pub undo: Duration,
    /// Templates read from here instead of those embedded.
    pub templates_dir: Option<PathBuf>,
    /// Whether this is a demonstration: every page says so.
    pub demonstration: bool,
    /// More ways of mail in and out, and who wrote it.
    pub mail: MailSettings,
    /// Days that mail is kept after somebody set it aside; 0 = for ever.
    pub keep_set_aside_days: u32,
    /// How the service is watched.
    pub run: RunSettings,
}

/// The address and port that the pages are served at, as Rocket will choose them.
#[derive(Deserialize)]
struct Served {
    #[serde(default = "usual_port")]
    port: u16,
}

fn usual_port() -> u16 {
    8000
}

impl Config {
    /// Reads `Rocket.toml` (or `ROCKET_CONFIG`) and the environment. Relative paths are those of this folder.
    pub fn load() -> Result<Self, Error> {
        Self::from_figment(&figment()?)
    }

    /// From any source of settings; tests use it.
    pub fn from_figment(rocket: &Figment) -> Result<Self, Error> {
        let nested: Figment = rocket.clone().focus("askance");
        let raw: Raw = Figment::from(Serialized::defaults(Raw::default()))
            .merge(nested)
            .merge(Serialized::globals(variables()))
            .extract()
            .map_err(|e| unreadable(&e))?;
        let served: Served = rocket.extract().map_err(|e| unreadable(&e))?;
        from_raw(with_secret_files(raw)?, served.port)
    }
}

/// Rocket's own settings, from which `rocket` is built too.
pub fn figment() -> Result<Figment, Error> {
    let profile = std::env::var("ROCKET_PROFILE").unwrap_or_else(|_| "default".to_owned());
    // Rocket would believe whatever stands in X-Real-IP, and most web servers pass on what a visitor wrote there. Its
    // own log lines hold what visitors typed.
    let usual =
        serde_json::json!({ "port": 8000, "address": "127.0.0.1", "ip_header": false, "log_level": "off" });
    let mut settings = Figment::new().merge(Serialized::defaults(usual));
    if let Some(file) = file::used()? {
        settings = settings.merge(Toml::file_exact(file).nested());
    }
    Ok(settings.merge(Env::prefixed("ROCKET_").ignore(&["profile", "config"]).global()).select(profile))
}

/// What `ASKANCE_*` variables say. All but a number is text as it stands: `2424` or `true` may be a name or a password.
fn variables() -> Dict {
    let said = std::env::vars_os().filter_map(|(name, value)| {
        let key = name.to_str()?.strip_prefix("ASKANCE_")?.to_ascii_lowercase();
        let text = value.to_string_lossy().into_owned();
        let number = NUMBERS.contains(&key.as_str()).then(|| text.parse::<Value>().ok()).flatten();
        (!names_a_file(&key)).then(|| (key, number.unwrap_or_else(|| Value::from(text))))
    });
    said.collect()
}

fn unreadable(error: &figment::Error) -> Error {
    use figment::error::Kind;
    let key = error.path.last().cloned().unwrap_or_default();
    match &error.kind {
        Kind::UnknownField(found, _) => Error::of(found, None, known::no_setting(found)),
        Kind::InvalidType(found, expected) | Kind::InvalidValue(found, expected) => {
            let number = expected.starts_with(['u', 'i']);
            let expected = match known::expected(&key) {
                _ if number => "a whole number from 0".to_owned(),
                Some(expected) => format!("{expected}, in quotation marks"),
                None => expected.clone(),
            };
            let found =
                if SECRETS.contains(&key.as_str()) { "something else".to_owned() } else { found.to_string() };
            Error::of(&key, None, format!("expected {expected}, found {found}"))
        }
        kind => Error::of(&key, None, kind.to_string().trim().replace('\n', ", ")),
    }
}

/// Secrets, which can be given as `ASKANCE_<KEY>_FILE` too.
const SECRETS: [&str; 7] = [
    "database_url",
    "smtp_url",
    "secret_key",
    "imap_url",
    "alert_smtp_url",
    "metrics_token",
    "s3_secret_key",
];

/// Keys that take a number.
const NUMBERS: [&str; 4] =
    ["undo_minutes", "letters_per_minute", "repeat_unknown_hours", "keep_set_aside_days"];

fn names_a_file(key: &str) -> bool {
    key.to_ascii_lowercase().strip_suffix("_file").is_some_and(|key| SECRETS.contains(&key))
}

fn with_secret_files(mut raw: Raw) -> Result<Raw, Error> {
    let from_file = |key: &str| -> Result<Option<String>, Error> {
        let name = format!("ASKANCE_{}_FILE", key.to_uppercase());
        let Some(path) = std::env::var_os(&name) else { return Ok(None) };
        let wrong = |found: String| {
            let path = path.to_string_lossy();
            Error::of(&name, Some(&path), format!("expected a file that holds `{key}`, found: {found}"))
        };
        let text = std::fs::read_to_string(&path).map_err(|e| wrong(e.to_string()))?;
        if text.trim().is_empty() {
            return Err(wrong("an empty one".to_owned()));
        }
        Ok(Some(text.trim().to_owned()))
    };
    if let Some(url) = from_file("database_url")? {
        raw.database_url = url;
    }
    raw.smtp_url = from_file("smtp_url")?.or(raw.smtp_url);
    raw.secret_key = from_file("secret_key")?.or(raw.secret_key);
    raw.imap_url = from_file("imap_url")?.or(raw.imap_url);
    raw.alert_smtp_url = from_file("alert_smtp_url")?.or(raw.alert_smtp_url);
    raw.metrics_token = from_file("metrics_token")?.or(raw.metrics_token);
    raw.s3_secret_key = from_file("s3_secret_key")?.or(raw.s3_secret_key);
    Ok(raw)
}

/// A value that is not what its key takes.
fn wrong(key: &str, value: &str) -> Error {
    Error::of(key, Some(value), format!("expected {}", known::expected(key).unwrap_or_default()))
}

fn from_raw(raw: Raw, port: u16) -> Result<Config, Error> {
    let mail = mail::of(&raw)?;
    let run = run::of(&raw)?;
    database_place(&raw.database_url)?;
    let (blob_dir, bucket) = blobs::of(&raw)?;
    let clock = clock_of(&raw.clock)?;
    let public_url = raw.public_url.unwrap_or_else(|| format!("http://127.0.0.1:{port}"));
    let public_url = web_address("public_url", &public_url)?;
    let files_url =
        raw.files_url.map_or_else(|| Ok(public_url.clone()), |url| web_address("files_url", &url))?;
    let reply_domain = reply_domain(raw.reply_domain.as_deref(), raw.smtp_url.is_some())?;
    let lmtp_listen = raw.lmtp_listen.map(|address| door("lmtp_listen", address)).transpose()?;
    let templates_dir = raw.templates_dir.map(templates_dir).transpose()?;
    let secret = secret::secret_of(raw.secret_key.as_deref(), &raw.database_url)?;
    Ok(Config {
        database_url: raw.database_url,
        blob_dir,
        bucket,
        public_url,
        files_url,
        reply_domain,
        smtp_url: raw.smtp_url,
        lmtp_listen,
        clock,
        secret,
        undo: Duration::from_secs(u64::from(raw.undo_minutes) * 60),
        templates_dir,
        demonstration: false,
        mail,
        keep_set_aside_days: raw.keep_set_aside_days,
        run,
    })
}

/// A database that we speak to; the file of one is in a folder that is there.
fn database_place(url: &str) -> Result<(), Error> {
    let Some(path) = url.strip_prefix("sqlite://") else {
        let postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
        // What comes after the scheme may hold a password.
        return if postgres {
            Ok(())
        } else {
            Err(wrong("database_url", url.split("://").next().unwrap_or_default()))
        };
    };
    let folder = folder_of(Path::new(path));
    if path.is_empty() {
        return Err(wrong("database_url", url));
    }
    if !folder.is_dir() {
        let problem =
            format!("expected a file in a folder that is there, found no folder `{}`", folder.display());
        return Err(Error::of("database_url", Some(url), problem));
    }
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Where mail comes in: an address with its port, or the path of a socket.
fn door(key: &str, address: String) -> Result<String, Error> {
    let socket = address.strip_prefix("unix:").unwrap_or(&address).starts_with('/');
    if socket || address.parse::<std::net::SocketAddr>().is_ok() {
        return Ok(address);
    }
    Err(wrong(key, &address))
}

/// The domain of reply addresses, lower case. Letters that leave must name one that was chosen: with the usual one
/// no authority could ever answer.
fn reply_domain(given: Option<&str>, letters_leave: bool) -> Result<String, Error> {
    if given.is_none() && letters_leave {
        let problem = "with `smtp_url` letters leave, and nobody could answer to `localhost`; expected a domain whose \
                       mail comes here, such as `post.askance.example`";
        return Err(Error::of("reply_domain", None, problem));
    }
    let domain = given.unwrap_or("localhost").to_ascii_lowercase();
    if format!("r@{domain}").parse::<EmailAddress>().is_err() {
        return Err(wrong("reply_domain", given.unwrap_or_default()));
    }
    Ok(domain)
}

/// `system`, or `fixed:` and an instant.
fn clock_of(text: &str) -> Result<Clock, Error> {
    if text == "system" {
        return Ok(Clock::System);
    }
    text.strip_prefix("fixed:")
        .and_then(|instant| chrono::DateTime::parse_from_rfc3339(instant).ok())
        .map(|at| Clock::fixed(at.to_utc()))
        .ok_or_else(|| wrong("clock", text))
}

fn web_address(key: &str, text: &str) -> Result<String, Error> {
    let good = url::Url::parse(text).is_ok_and(|url| {
        let bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        matches!(url.scheme(), "http" | "https") && url.host().is_some() && bare
    });
    if good {
        return Ok(text.trim_end_matches('/').to_owned());
    }
    Err(wrong(key, text))
}

/// A folder that is there: in any other, every template would silently be the program's own.
fn templates_dir(folder: PathBuf) -> Result<PathBuf, Error> {
    if folder.is_dir() {
        return Ok(folder);
    }
    let problem = "expected a folder such as `templates`, found none there";
    Err(Error::of("templates_dir", Some(&folder.display().to_string()), problem))
}
