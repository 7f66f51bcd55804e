//! Settings that work and are not safe: with any of these `askance serve` does not start (reliability: R58).

use crate::config::{Config, Error, figment, file};
use figment::Figment;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Everything that is not safe about a set-up on this machine; the value of a secret is never told.
pub fn refusals(config: &Config) -> Result<Vec<Error>, Error> {
    let (rocket, file) = (figment()?, file::used()?);
    let mut found = Vec::new();
    found.extend(weak_key(config));
    found.extend(file.as_deref().and_then(|file| settings_file(config, &rocket, file)));
    found.extend(kept_files(config));
    found.extend(pages(config, &rocket));
    found.extend(doors(config));
    found.extend(clear_passwords(config));
    Ok(found)
}

/// A key that was typed and not drawn: of 32 random bytes some thirty differ, and fewer than nine never do by chance.
fn weak_key(config: &Config) -> Option<Error> {
    let key = config.secret.bytes();
    let mut seen = key.to_vec();
    seen.sort_unstable();
    seen.dedup();
    let repeats = (1..=8).any(|period| key.iter().zip(key.iter().skip(period)).all(|(a, b)| a == b));
    let counts_up = key.windows(2).all(|pair| matches!(pair, [a, b] if a.wrapping_add(1) == *b));
    if seen.len() >= 9 && !repeats && !counts_up {
        return None;
    }
    let problem = "expected random bytes, found a pattern that can be guessed; make one with `openssl rand -base64 32` \
                   (or remove the file beside the SQLite database, and a new one is made)";
    Some(Error::of("secret_key", None, problem))
}

/// Who may write the settings decides where letters go; who may read a password in them may send as us.
fn settings_file(config: &Config, rocket: &Figment, path: &Path) -> Option<Error> {
    let mode = mode(path)?;
    let unsafe_file = |problem: &str| {
        Some(Error::File {
            file: path.display().to_string(),
            place: String::new(),
            problem: problem.to_owned(),
        })
    };
    if mode & 0o002 != 0 {
        return unsafe_file("everybody may write it; `chmod o-w` it");
    }
    let written = |key: &str| rocket.focus("askance").extract_inner::<String>(key).ok();
    let password = |key: &str| {
        let with_one = |url: url::Url| {
            // libpq takes it as a parameter, too (PostgreSQL 18, §32.1.1.2).
            url.password().is_some() || url.query_pairs().any(|(name, _)| name == "password")
        };
        written(key).is_some_and(|text| url::Url::parse(&text).is_ok_and(with_one))
    };
    let secret =
        ["secret_key", "metrics_token", "s3_secret_key"].into_iter().find(|key| written(key).is_some());
    let secret = secret.or_else(|| {
        ["database_url", "smtp_url", "imap_url", "alert_smtp_url"].into_iter().find(|key| password(key))
    });
    let key = secret.filter(|_| !config.demonstration && mode & 0o004 != 0)?;
    unsafe_file(&format!("everybody may read it, and `{key}` in it is a secret; `chmod o-r` it"))
}

/// What holds private mail, or the key to it, is for the service and its group at most.
fn kept_files(config: &Config) -> Vec<Error> {
    let open = |key: &str, place: &Path, bits: u32, what: &str| {
        let mode = mode(place).filter(|mode| mode & bits != 0)?;
        let problem = format!(
            "expected {what} that others cannot read or write, found mode {:o}; `chmod {}` it",
            mode & 0o777,
            if bits & 0o070 == 0 { "o-rwx" } else { "go-rwx" },
        );
        Some(Error::of(key, Some(&place.display().to_string()), problem))
    };
    let mut found = Vec::new();
    if let Some(path) = config.database_url.strip_prefix("sqlite://") {
        let key = format!("{path}.key");
        // What is none is told by whoever opens it.
        if Path::new(path).is_file() {
            found.extend(open("database_url", Path::new(path), 0o007, "a database"));
        }
        found.extend(open("secret_key", Path::new(&key), 0o077, "a key file"));
    }
    if config.blob_dir.is_dir() {
        found.extend(open("blob_url", &config.blob_dir, 0o007, "a folder of mail"));
    }
    if let Some(dkim) = &config.mail.dkim {
        found.extend(open("dkim_key", &dkim.file, 0o007, "a private key"));
    }
    if let Some(folder) = &config.templates_dir {
        let writable = mode(folder).is_some_and(|mode| mode & 0o002 != 0);
        let problem = "everybody may write pages there; `chmod o-w` it";
        found.extend(
            writable.then(|| Error::of("templates_dir", Some(&folder.display().to_string()), problem)),
        );
    }
    found
}

fn mode(path: &Path) -> Option<u32> {
    std::fs::metadata(path).ok().map(|found| found.mode())
}

/// Pages for others than who sits at this machine: over HTTPS only, by the real clock, with a quiet log.
fn pages(config: &Config, rocket: &Figment) -> Vec<Error> {
    let mut found = Vec::new();
    for (key, address) in [("public_url", &config.public_url), ("files_url", &config.files_url)] {
        if address.starts_with("http://") && !stays_here(address) {
            let problem = "passwords and sessions would cross a network in the clear; expected `https://`, with a web \
                           server before Askance (docs/operating.md), or an address of this machine";
            found.push(Error::of(key, Some(address), problem));
        }
    }
    let address = rocket.extract_inner::<IpAddr>("address").ok().filter(|at| !at.is_loopback());
    if let Some(address) = address.filter(|_| !config.demonstration && is_of_here(&config.public_url)) {
        let problem = "whoever reaches this machine could sign in over a network in the clear, while `public_url` names \
                       this machine alone; expected `127.0.0.1` behind a web server, or the `public_url` that people use";
        found.push(Error::of("address", Some(&address.to_string()), problem));
    }
    if config.public_url.starts_with("https://") {
        if !config.clock.is_system() {
            let problem =
                "a public service whose clock stands still would miss every last day; expected `system`";
            found.push(Error::of("clock", None, problem));
        }
        let level = rocket.extract_inner::<String>("log_level").unwrap_or_default();
        if level == "debug" {
            let problem = "its lines hold what visitors ask for and type; expected `off` or `critical`";
            found.push(Error::of("log_level", Some(&level), problem));
        }
        let chosen = std::env::var("RUST_LOG").unwrap_or_default();
        if chosen.split(',').any(tells_too_much) {
            let problem = "the lines of libraries may hold addresses and text of mails; name Askance alone: \
                           `RUST_LOG=info,askance=debug`";
            found.push(Error::of("RUST_LOG", Some(&chosen), problem));
        }
    }
    found
}

/// Whether one directive of `RUST_LOG` asks libraries for all they have to say.
fn tells_too_much(directive: &str) -> bool {
    let (target, level) = directive.split_once('=').unwrap_or(("", directive));
    let level = level.trim().to_ascii_lowercase();
    !target.trim().starts_with("askance") && (level == "debug" || level == "trace")
}

/// An address in the clear that only this machine can ask for.
fn is_of_here(address: &str) -> bool {
    address.starts_with("http://") && stays_here(address) && !address.contains(".onion")
}

/// An address of this machine, or an onion service, whose way is encrypted from end to end.
fn stays_here(address: &str) -> bool {
    let Ok(url) = url::Url::parse(address) else { return false };
    match url.host() {
        Some(url::Host::Domain(name)) => {
            let name = name.to_ascii_lowercase();
            matches!(name.rsplit('.').next(), Some("localhost" | "onion"))
        }
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// LMTP has no sign-in (RFC 2033 §4), so its door is for this machine or a network that does not reach the internet;
/// and mail from outside needs a domain of its own.
fn doors(config: &Config) -> Vec<Error> {
    let ip = |address: &str| address.parse::<std::net::SocketAddr>().ok().map(|at| at.ip().to_canonical());
    let mut found = Vec::new();
    if let Some(address) = &config.lmtp_listen
        && ip(address).is_some_and(|at| !is_private(at))
    {
        let problem = "everybody who reaches it could hand in mail under any name, because LMTP has no sign-in; \
                       expected an address of this machine or of a private network, or a socket such as \
                       `unix:/run/askance/lmtp`";
        found.push(Error::of("lmtp_listen", Some(address), problem));
    }
    let from_outside = config.mail.smtp_listen.as_deref().and_then(ip).is_some_and(|at| !at.is_loopback());
    if config.reply_domain == "localhost" && (from_outside || config.mail.imap_url.is_some()) {
        let problem = "mail comes in from outside, and nobody out there can write to `localhost`; expected a domain \
                       whose mail comes here, such as `post.askance.example`";
        found.push(Error::of("reply_domain", Some("localhost"), problem));
    }
    found
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

/// Passwords that would cross a network as they are; that of `smtp_url` is looked at where it is read.
fn clear_passwords(config: &Config) -> Vec<Error> {
    let settings = [
        ("imap_url", &config.mail.imap_url, "imap://", "`imaps://`"),
        ("alert_smtp_url", &config.mail.alert_smtp_url, "smtp://", "`smtps://` or `smtp+starttls://`"),
    ];
    let mut found = Vec::new();
    for (key, url, clear, right) in settings {
        let Some(url) = url else { continue };
        let text = String::from_utf8_lossy(url.bytes());
        let exposed = url::Url::parse(&text).is_ok_and(|url| {
            let here = match url.host_str().unwrap_or_default().trim_matches(['[', ']']).parse::<IpAddr>() {
                Ok(address) => address.is_loopback(),
                Err(_) => url.host_str() == Some("localhost"),
            };
            url.password().is_some() && !here
        });
        if text.starts_with(clear) && exposed {
            found.push(Error::of(key, None, format!("would send a password in the clear; use {right}")));
        }
    }
    found
}
