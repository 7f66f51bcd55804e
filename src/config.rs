//! What an operator can set: `Rocket.toml`, section `[default.askance]`, and `ASKANCE_*` variables, checked at start.

use crate::clock::Clock;
use crate::domain::authority::EmailAddress;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("setting `{key}`{}: {problem}", .value.as_ref().map(|v| format!(" = `{v}`")).unwrap_or_default())]
pub struct Error {
    /// The key, as in `Rocket.toml`.
    pub key: String,
    /// What was found; left out where it may hold a secret.
    pub value: Option<String>,
    /// What would be right.
    pub problem: String,
}

/// The keys as written; `Config` is what became of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    database_url: String,
    blob_url: String,
    public_url: Option<String>,
    files_url: Option<String>,
    reply_domain: Option<String>,
    smtp_url: Option<String>,
    lmtp_listen: Option<String>,
    imap_url: Option<String>,
    clock: String,
    secret_key: Option<String>,
    undo_minutes: u32,
    templates_dir: Option<PathBuf>,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            database_url: "sqlite://askance.db".to_owned(),
            blob_url: "file://blobs".to_owned(),
            public_url: None,
            files_url: None,
            reply_domain: None,
            smtp_url: None,
            lmtp_listen: None,
            imap_url: None,
            clock: "system".to_owned(),
            secret_key: None,
            undo_minutes: 10,
            templates_dir: None,
        }
    }
}

/// The service as it is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// `sqlite://path` or `postgres://…`; may hold a password.
    pub database_url: String,
    /// The folder of blobs and spool.
    pub blob_dir: PathBuf,
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
    /// Minutes in which a letter can be taken back.
    pub undo_minutes: u32,
    /// Templates read from here instead of those embedded.
    pub templates_dir: Option<PathBuf>,
    /// Whether this is a demonstration: every page says so.
    pub demonstration: bool,
}

/// Key material that never shows in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// From raw bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes, for a keyed hash.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
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
        Self::from_figment(&figment())
    }

    /// From any source of settings; tests use it.
    pub fn from_figment(rocket: &Figment) -> Result<Self, Error> {
        let nested: Figment = rocket.clone().focus("askance");
        let raw: Raw = Figment::from(Serialized::defaults(Raw::default()))
            .merge(nested)
            .merge(Env::prefixed("ASKANCE_").filter(|key| !names_a_file(key.as_str())).split("__"))
            .extract()
            .map_err(|e| unreadable(&e))?;
        let served: Served = rocket.extract().map_err(|e| unreadable(&e))?;
        from_raw(with_secret_files(raw)?, served.port)
    }
}

/// Rocket's own settings, from which `rocket` is built too.
pub fn figment() -> Figment {
    let file = std::env::var("ROCKET_CONFIG").unwrap_or_else(|_| "Rocket.toml".to_owned());
    let profile = std::env::var("ROCKET_PROFILE").unwrap_or_else(|_| "default".to_owned());
    // Rocket would believe whatever stands in X-Real-IP, and most web servers pass on what a visitor wrote there.
    let usual = serde_json::json!({ "port": 8000, "address": "127.0.0.1", "ip_header": false });
    Figment::new()
        .merge(Serialized::defaults(usual))
        .merge(Toml::file(file).nested())
        .merge(Env::prefixed("ROCKET_").ignore(&["profile", "config"]).global())
        .select(profile)
}

fn unreadable(error: &figment::Error) -> Error {
    use figment::error::Kind;
    // Where a file cannot be parsed at all, no key is to blame but the file.
    let file = || error.metadata.as_ref().and_then(|data| data.source.as_ref()).map(ToString::to_string);
    let key = error.path.last().cloned().or_else(file).unwrap_or_default();
    let problem = match &error.kind {
        Kind::UnknownField(found, known) => {
            format!("`{found}` is no setting; there are {}", known.join(", "))
        }
        Kind::InvalidType(found, expected) | Kind::InvalidValue(found, expected) => {
            let expected = if expected.starts_with(['u', 'i']) { "a whole number from 0" } else { expected };
            format!("expected {expected}, found {found}")
        }
        kind => kind.to_string(),
    };
    Error { key, value: None, problem }
}

/// Secrets, which can be given as `ASKANCE_<KEY>_FILE` too.
const SECRETS: [&str; 3] = ["database_url", "smtp_url", "secret_key"];

fn names_a_file(key: &str) -> bool {
    key.to_ascii_lowercase().strip_suffix("_file").is_some_and(|key| SECRETS.contains(&key))
}

fn with_secret_files(mut raw: Raw) -> Result<Raw, Error> {
    let from_file = |key: &str| -> Result<Option<String>, Error> {
        let Ok(path) = std::env::var(format!("ASKANCE_{}_FILE", key.to_uppercase())) else { return Ok(None) };
        std::fs::read_to_string(&path).map(|text| Some(text.trim().to_owned())).map_err(|e| Error {
            key: format!("{key}_file"),
            value: Some(path),
            problem: format!("the file cannot be read: {e}"),
        })
    };
    if let Some(url) = from_file("database_url")? {
        raw.database_url = url;
    }
    raw.smtp_url = from_file("smtp_url")?.or(raw.smtp_url);
    raw.secret_key = from_file("secret_key")?.or(raw.secret_key);
    Ok(raw)
}

fn from_raw(raw: Raw, port: u16) -> Result<Config, Error> {
    let wrong = |key: &str, value: &str, problem: &str| Error {
        key: key.to_owned(),
        value: Some(value.to_owned()),
        problem: problem.to_owned(),
    };
    let known = ["sqlite://", "postgres://", "postgresql://"];
    if !known.iter().any(|scheme| raw.database_url.starts_with(scheme)) {
        let shown = raw.database_url.split("://").next().unwrap_or_default();
        return Err(wrong("database_url", shown, "expected `sqlite://path` or `postgres://user@host/name`"));
    }
    let blob_dir = raw.blob_url.strip_prefix("file://").map(PathBuf::from).ok_or_else(|| {
        wrong(
            "blob_url",
            &raw.blob_url,
            "expected `file://folder`; object storage comes with a later version",
        )
    })?;
    if raw.imap_url.is_some() {
        return Err(Error {
            key: "imap_url".to_owned(),
            value: None,
            problem: "a watched mailbox comes with a later version; use `lmtp_listen` or `askance receive`"
                .to_owned(),
        });
    }
    let clock = clock_of(&raw.clock)?;
    let public_url = raw.public_url.unwrap_or_else(|| format!("http://127.0.0.1:{port}"));
    let public_url = web_address("public_url", &public_url)?;
    let files_url =
        raw.files_url.map_or_else(|| Ok(public_url.clone()), |url| web_address("files_url", &url))?;
    let reply_domain = reply_domain(raw.reply_domain.as_deref(), raw.smtp_url.is_some())?;
    let templates_dir = raw.templates_dir.map(templates_dir).transpose()?;
    let secret = secret_of(raw.secret_key.as_deref(), &raw.database_url)?;
    Ok(Config {
        database_url: raw.database_url,
        blob_dir,
        public_url,
        files_url,
        reply_domain,
        smtp_url: raw.smtp_url,
        lmtp_listen: raw.lmtp_listen,
        clock,
        secret,
        undo_minutes: raw.undo_minutes,
        templates_dir,
        demonstration: false,
    })
}

/// The domain of reply addresses, lower case. Letters that leave must name one that was chosen: with the usual one
/// no authority could ever answer.
fn reply_domain(given: Option<&str>, letters_leave: bool) -> Result<String, Error> {
    let wrong = |problem: &str| Error {
        key: "reply_domain".to_owned(),
        value: given.map(str::to_owned),
        problem: problem.to_owned(),
    };
    if given.is_none() && letters_leave {
        return Err(wrong(
            "with `smtp_url` letters leave, and nobody could answer to `localhost`; expected a domain whose mail \
             comes here, such as `post.askance.example`",
        ));
    }
    let domain = given.unwrap_or("localhost").to_ascii_lowercase();
    if format!("r@{domain}").parse::<EmailAddress>().is_err() {
        return Err(wrong("expected a domain such as `post.askance.example`"));
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
        .ok_or_else(|| Error {
            key: "clock".to_owned(),
            value: Some(text.to_owned()),
            problem: "expected `system` or `fixed:2026-11-21T12:00:00Z`".to_owned(),
        })
}

fn web_address(key: &str, text: &str) -> Result<String, Error> {
    let good = url::Url::parse(text).is_ok_and(|url| {
        let bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        matches!(url.scheme(), "http" | "https") && url.host().is_some() && bare
    });
    if good {
        return Ok(text.trim_end_matches('/').to_owned());
    }
    Err(Error {
        key: key.to_owned(),
        value: Some(text.to_owned()),
        problem: "expected a web address such as `https://askance.example`".to_owned(),
    })
}

/// A folder that is there: in any other, every template would silently be the program's own.
fn templates_dir(folder: PathBuf) -> Result<PathBuf, Error> {
    if folder.is_dir() {
        return Ok(folder);
    }
    Err(Error {
        key: "templates_dir".to_owned(),
        value: Some(folder.display().to_string()),
        problem: "expected a folder such as `templates`, found none there".to_owned(),
    })
}

/// The key as given, or the one kept beside the SQLite file, made at the first start with mode 0600.
fn secret_of(given: Option<&str>, database_url: &str) -> Result<Secret, Error> {
    let wrong = |problem: String| Error { key: "secret_key".to_owned(), value: None, problem };
    if let Some(text) = given {
        let bytes = data_encoding::BASE64.decode(text.as_bytes()).unwrap_or_default();
        if bytes.len() < 32 {
            return Err(wrong(
                "expected at least 32 random bytes in base64 (`openssl rand -base64 32`)".to_owned(),
            ));
        }
        return Ok(Secret(bytes));
    }
    let Some(path) = database_url.strip_prefix("sqlite://") else {
        return Err(wrong(
            "several nodes may share a PostgreSQL, so give them all one key: `openssl rand -base64 32`"
                .to_owned(),
        ));
    };
    kept_secret(&PathBuf::from(format!("{path}.key"))).map_err(wrong)
}

fn kept_secret(path: &Path) -> Result<Secret, String> {
    use std::io::Write;
    let cannot = |e: &dyn std::fmt::Display| format!("the key file `{}` cannot be used: {e}", path.display());
    if let Ok(bytes) = std::fs::read(path) {
        return if bytes.len() >= 32 {
            Ok(Secret(bytes))
        } else {
            Err(cannot(&"it is shorter than 32 bytes"))
        };
    }
    let mut bytes = vec![0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|e| cannot(&e))?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|e| cannot(&e))?;
    // It appears with all its bytes and mode 0600, so that a process that starts at the same time never reads half.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|e| cannot(&e))?;
    file.write_all(&bytes).and_then(|()| file.as_file().sync_all()).map_err(|e| cannot(&e))?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(Secret(bytes)),
        // Another process was quicker: its key counts.
        Err(e) if e.error.kind() == std::io::ErrorKind::AlreadyExists => {
            std::fs::read(path).map(Secret).map_err(|e| cannot(&e))
        }
        Err(e) => Err(cannot(&e.error)),
    }
}
