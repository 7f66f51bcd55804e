//! How mail comes in and goes out beyond one door and one server, and whom we ask who wrote it.

use crate::config::{Error, Raw, Secret, door, known, wrong};
use crate::domain::authority::EmailAddress;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The settings of mail. The default is a house that fetches nothing and verifies nothing.
#[derive(Debug, Clone, Default)]
pub struct MailSettings {
    /// Address where other mail servers hand mail over by SMTP.
    pub smtp_listen: Option<String>,
    /// Whether a recipient that no request has is refused at RCPT; else the mail is kept as unmatched.
    pub refuses_unknown: bool,
    /// A mailbox from which mail is fetched; holds a password.
    pub imap_url: Option<Secret>,
    /// The folder of that mailbox to which fetched mail is moved; empty = it stays where it is, marked as read.
    pub imap_moved_to: String,
    /// Who is told when something is wrong.
    pub admin_email: Option<EmailAddress>,
    /// The mail server by which the administrator is told; may hold a password.
    pub alert_smtp_url: Option<Secret>,
    /// Whom we ask for names.
    pub names: Names,
    /// The name under which our own mail server writes `Authentication-Results` (RFC 8601 §2.5).
    pub authserv_id: Option<String>,
    /// Domains whose ARC seals are believed, lower case.
    pub arc_sealers: Vec<String>,
    /// The key that signs what leaves; none = nothing is signed.
    pub dkim: Option<Dkim>,
    /// Letters a minute to one domain; 0 = as many as there are.
    pub letters_per_minute: u32,
    /// After how long a letter of which nobody knows is repeated by itself, once; none = never.
    pub repeat_unknown: Option<Duration>,
}

/// The key that signs what leaves (RFC 6376).
#[derive(Debug, Clone)]
pub struct Dkim {
    /// The name under which its public half is published.
    pub selector: String,
    /// Where it is kept.
    pub file: PathBuf,
    /// What stood there at the start, or why it could not be read: who only takes mail in need not be able to.
    pub pem: Result<Secret, String>,
}

/// Whom we ask for names when we verify who wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Names {
    /// Nobody: nothing is verified by us.
    #[default]
    Nobody,
    /// The name servers of this machine.
    System,
    /// One name server.
    Server(SocketAddr),
}

/// The settings as written, checked.
pub(crate) fn of(raw: &Raw) -> Result<MailSettings, Error> {
    let secret = |text: &Option<String>| text.as_ref().map(|text| Secret::new(text.clone().into_bytes()));
    let schemes = ["imaps://", "imap+starttls://", "imap://"];
    if raw.imap_url.as_ref().is_some_and(|url| !schemes.iter().any(|scheme| url.trim().starts_with(scheme))) {
        return Err(Error::of("imap_url", None, expected("imap_url")));
    }
    Ok(MailSettings {
        smtp_listen: raw.smtp_listen.clone().map(|address| door("smtp_listen", address)).transpose()?,
        refuses_unknown: match raw.unknown_recipients.as_str() {
            "keep" => false,
            "refuse" => true,
            other => return Err(wrong("unknown_recipients", other)),
        },
        imap_url: secret(&raw.imap_url),
        imap_moved_to: raw.imap_moved_to.clone(),
        admin_email: raw.admin_email.as_deref().map(|text| address("admin_email", text)).transpose()?,
        alert_smtp_url: secret(&raw.alert_smtp_url),
        names: names(&raw.dns)?,
        authserv_id: raw.authserv_id.as_ref().map(|id| id.to_ascii_lowercase()),
        arc_sealers: raw.arc_sealers.split_whitespace().map(str::to_ascii_lowercase).collect(),
        dkim: dkim(raw)?,
        letters_per_minute: raw.letters_per_minute,
        repeat_unknown: (raw.repeat_unknown_hours > 0)
            .then(|| Duration::from_secs(u64::from(raw.repeat_unknown_hours) * 3600)),
    })
}

/// Key and selector, or neither: a signature names both.
fn dkim(raw: &Raw) -> Result<Option<Dkim>, Error> {
    let (selector, file) = match (&raw.dkim_selector, &raw.dkim_key) {
        (None, None) => return Ok(None),
        (Some(selector), Some(file)) => (selector.to_ascii_lowercase(), file.clone()),
        (Some(_), None) => {
            let problem =
                format!("needs `dkim_key` too, {}", known::expected("dkim_key").unwrap_or_default());
            return Err(Error::of("dkim_selector", raw.dkim_selector.as_deref(), problem));
        }
        (None, Some(file)) => {
            let problem = format!(
                "needs `dkim_selector` too, {}",
                known::expected("dkim_selector").unwrap_or_default()
            );
            return Err(Error::of("dkim_key", Some(&file.display().to_string()), problem));
        }
    };
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if selector.len() > 100 || !selector.split('.').all(label) {
        return Err(wrong("dkim_selector", &selector));
    }
    let pem = std::fs::read(&file).map(Secret::new).map_err(|error| error.to_string());
    Ok(Some(Dkim { selector, file, pem }))
}

fn expected(key: &str) -> String {
    format!("expected {}", known::expected(key).unwrap_or_default())
}

fn address(key: &str, text: &str) -> Result<EmailAddress, Error> {
    text.parse().map_err(|_| wrong(key, text))
}

fn names(text: &str) -> Result<Names, Error> {
    match text {
        "off" => Ok(Names::Nobody),
        "system" => Ok(Names::System),
        server => server.parse().map(Names::Server).map_err(|_| wrong("dns", server)),
    }
}
