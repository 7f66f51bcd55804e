//! The mailbox as `imap_url` names it: `imaps://`, `imap+starttls://`, and `imap://` on this machine only.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use url::Url;

use crate::mail::server_url::{Encryption, Parts, Wrong};

/// What is wrong with the URL; the password never appears.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not a URL at all.
    #[error("expected a URL such as `imaps://user:password@host/INBOX`, found one that cannot be read: {0}")]
    Url(url::ParseError),
    /// Another scheme.
    #[error("expected `imaps://`, `imap+starttls://` or, on this machine only, `imap://`, found `{0}://`")]
    Scheme(String),
    /// No host between `//` and the path.
    #[error("expected a host, as in `imaps://user:password@host/INBOX`, found none")]
    Host,
    /// A query or fragment, which has no meaning here.
    #[error("expected nothing after the folder, found `{0}`")]
    Rest(String),
    /// No user or no password.
    #[error("expected user and password, as in `imaps://user:password@host/INBOX`, found only one or none")]
    Credentials,
    /// Percent-encoding that is not UTF-8, or a control character.
    #[error("expected user, password and folder as percent-encoded UTF-8 without control characters")]
    Encoding,
    /// The password would cross a network in the clear.
    #[error(
        "expected `imaps://` or `imap+starttls://`, because `imap://` would send the password to `{0}` unencrypted; it \
         is for a server on this machine only"
    )]
    InTheClear(String),
}

impl From<Wrong> for Error {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Host => Self::Host,
            Wrong::Encoding => Self::Encoding,
        }
    }
}

/// Where mail is fetched from, and how.
#[derive(Clone)]
pub struct ImapServer {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) encryption: Encryption,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) folder: String,
    pub(crate) timeout: Duration,
    pub(crate) roots: Option<Arc<RootCertStore>>,
}

impl fmt::Debug for ImapServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ImapServer({self})")
    }
}

impl fmt::Display for ImapServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.encryption {
            Encryption::None => "imap",
            Encryption::Implicit => "imaps",
            Encryption::StartTls => "imap+starttls",
        };
        write!(f, "{scheme}://{}:{}/{}", self.host, self.port, self.folder)
    }
}

impl ImapServer {
    /// Reads `imaps://user:password@host:port/FOLDER`; user, password and folder are percent-decoded, the port has the
    /// scheme's usual value (993 or 143), the folder is `INBOX` if none is named.
    pub fn from_url(url: &str) -> Result<Self, Error> {
        let url = Url::parse(url.trim()).map_err(Error::Url)?;
        let (encryption, port) = match url.scheme() {
            "imaps" => (Encryption::Implicit, 993),
            "imap" => (Encryption::None, 143),
            "imap+starttls" => (Encryption::StartTls, 143),
            other => return Err(Error::Scheme(other.to_owned())),
        };
        let parts = Parts::of(&url)?;
        if !parts.rest.is_empty() {
            return Err(Error::Rest(parts.rest));
        }
        if encryption == Encryption::None && !parts.is_this_machine() {
            return Err(Error::InTheClear(parts.host));
        }
        let Parts { host, user, path, .. } = parts;
        let password = parts.password.filter(|password| !password.is_empty() && !user.is_empty());
        let password = password.ok_or(Error::Credentials)?;
        let folder = if path.is_empty() { "INBOX".to_owned() } else { path };
        let (port, timeout) = (parts.port.unwrap_or(port), Duration::from_secs(60));
        Ok(Self { host, port, encryption, user, password, folder, timeout, roots: None })
    }

    /// How long the server may take over a command, and how long it may be silent in the midst of a mail.
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

    /// What tells this mailbox from all others, without the password: host, user and folder.
    pub fn mailbox(&self) -> String {
        // INBOX is the one name whose case does not matter (RFC 3501 §5.1).
        let inbox = self.folder.eq_ignore_ascii_case("INBOX");
        let folder = if inbox { "INBOX" } else { &self.folder };
        format!("{}:{}/{}/{folder}", self.host.to_ascii_lowercase(), self.port, self.user)
    }

    /// The folder that is fetched from.
    pub fn folder(&self) -> &str {
        &self.folder
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_without_its_password_being_said() {
        let url = "imaps://foi%40post.example:s%3Ac%2Fr%20et@imap.example/Antr%C3%A4ge/2026";
        let server = ImapServer::from_url(url).unwrap();
        assert_eq!((server.user.as_str(), server.password.as_str()), ("foi@post.example", "s:c/r et"));
        assert_eq!((server.port, server.folder()), (993, "Anträge/2026"));
        assert_eq!(server.mailbox(), "imap.example:993/foi@post.example/Anträge/2026");
        let shown = format!("{server} {server:?} {}", server.mailbox());
        assert!(!shown.contains("s:c/r et"), "{shown}");
        let inbox = ImapServer::from_url("imap+starttls://u:p@imap.example/inbox").unwrap();
        assert_eq!((inbox.port, inbox.mailbox().as_str()), (143, "imap.example:143/u/INBOX"));
        assert_eq!(ImapServer::from_url("imaps://u:p@imap.example").unwrap().folder(), "INBOX");
    }

    #[test]
    fn a_password_never_crosses_a_network_in_the_clear() {
        for here in ["imap://u:p@127.0.0.1:1143/INBOX", "imap://u:p@localhost", "imap://u:p@[::1]"] {
            assert!(ImapServer::from_url(here).is_ok(), "{here}");
        }
        let error = ImapServer::from_url("imap://u:topsecret@imap.example/INBOX").unwrap_err();
        assert_eq!(error, Error::InTheClear("imap.example".to_owned()));
        assert!(!error.to_string().contains("topsecret"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong = |url: &str| ImapServer::from_url(url).unwrap_err();
        assert_eq!(wrong("imaps://imap.example"), Error::Credentials);
        assert_eq!(wrong("imaps://u@imap.example"), Error::Credentials);
        assert_eq!(wrong("imaps://u:p@imap.example/a?b"), Error::Rest("?b".to_owned()));
        assert_eq!(wrong("imaps://u:%0d%0a@imap.example"), Error::Encoding);
        assert_eq!(wrong("pop3://u:p@imap.example"), Error::Scheme("pop3".to_owned()));
    }
}
