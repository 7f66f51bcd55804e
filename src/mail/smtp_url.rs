//! The outgoing mail server as `smtp_url` names it: `smtp://`, `smtps://`, `smtp+starttls://`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use url::Url;

use crate::mail::server_url::{Encryption, Parts, Wrong, is_this_machine};

/// What is wrong with the URL; the password never appears.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not a URL at all.
    #[error("expected a URL such as `smtp://127.0.0.1:25`, found one that cannot be read: {0}")]
    Url(url::ParseError),
    /// Another scheme.
    #[error("expected `smtp://`, `smtps://` or `smtp+starttls://`, found `{0}://`")]
    Scheme(String),
    /// No host between `//` and the path.
    #[error("expected a host, as in `smtp://127.0.0.1:25`, found none")]
    Host,
    /// A path, query or fragment, which has no meaning here.
    #[error("expected nothing after the port, found `{0}`")]
    Rest(String),
    /// User without password or the reverse.
    #[error("expected both user and password, as in `smtps://user:password@host`, found only one of them")]
    Credentials,
    /// Percent-encoding that is not UTF-8, or a control character in user or password.
    #[error("expected user and password as percent-encoded UTF-8 without control characters")]
    Encoding,
}

impl From<Wrong> for Error {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Host => Self::Host,
            Wrong::Encoding => Self::Encoding,
        }
    }
}

/// Where and how letters are handed over.
#[derive(Clone)]
pub struct SmtpServer {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) encryption: Encryption,
    pub(crate) credentials: Option<(String, String)>,
    pub(crate) timeout: Duration,
    pub(crate) roots: Option<Arc<RootCertStore>>,
}

impl fmt::Debug for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpServer")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("encryption", &self.encryption)
            .field("user", &self.credentials.as_ref().map(|(user, _)| user))
            .finish_non_exhaustive()
    }
}

impl fmt::Display for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.encryption {
            Encryption::None => "smtp",
            Encryption::Implicit => "smtps",
            Encryption::StartTls => "smtp+starttls",
        };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

impl SmtpServer {
    /// As whom we sign in, if we do.
    pub fn user(&self) -> Option<&str> {
        self.credentials.as_ref().map(|(user, _)| user.as_str())
    }

    /// Reads `smtp://user:password@host:port`; user and password are percent-decoded, the port has the scheme's
    /// usual value (25, 465, 587).
    pub fn from_url(url: &str) -> Result<Self, Error> {
        let url = Url::parse(url.trim()).map_err(Error::Url)?;
        let (encryption, port) = match url.scheme() {
            "smtp" => (Encryption::None, 25),
            "smtps" => (Encryption::Implicit, 465),
            "smtp+starttls" => (Encryption::StartTls, 587),
            other => return Err(Error::Scheme(other.to_owned())),
        };
        let parts = Parts::of(&url)?;
        let rest = parts.path.trim_start_matches('/').to_owned() + &parts.rest;
        if !rest.is_empty() {
            return Err(Error::Rest(rest));
        }
        let credentials = match (parts.user.as_str(), parts.password) {
            ("", None) => None,
            ("", Some(_)) | (_, None) => return Err(Error::Credentials),
            (_, Some(password)) => Some((parts.user, password)),
        };
        let timeout = Duration::from_secs(300);
        let (host, port) = (parts.host, parts.port.unwrap_or(port));
        Ok(Self { host, port, encryption, credentials, timeout, roots: None })
    }

    /// How long each of three phases may take in all: up to the reply to DATA, the body, and half of the wait for
    /// the last reply (RFC 5321 §4.5.3.2 asks for 5 and 10 minutes, which is the default).
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Trusts these certificate authorities instead of the system's.
    #[must_use]
    pub fn trusting(mut self, roots: RootCertStore) -> Self {
        self.roots = Some(Arc::new(roots));
        self
    }

    /// Whether user and password would cross a network in the clear; `askance check` says so.
    pub fn exposes_password(&self) -> bool {
        let in_the_clear = self.encryption == Encryption::None && !is_this_machine(&self.host);
        self.credentials.is_some() && in_the_clear
    }
}
