//! What the addresses of mail servers have in common, whatever is spoken there: host, port, user, password.

use url::{Host, Url};

/// When the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// Never: for a server on the same machine.
    None,
    /// From the first byte (RFC 8314).
    Implicit,
    /// After STARTTLS (RFC 3207, RFC 2595), which must be offered.
    StartTls,
}

/// What is wrong with any of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// No host between `//` and the path.
    Host,
    /// Percent-encoding that is not UTF-8, or a control character.
    Encoding,
}

/// The parts of an address, percent-decoded.
pub(crate) struct Parts {
    pub host: String,
    pub port: Option<u16>,
    pub user: String,
    pub password: Option<String>,
    /// Without the slash before it.
    pub path: String,
    /// Query and fragment, as they stand there.
    pub rest: String,
}

impl Parts {
    pub fn of(url: &Url) -> Result<Self, Wrong> {
        let host = match url.host() {
            Some(Host::Ipv6(address)) => address.to_string(),
            Some(host) => host.to_string(),
            None => return Err(Wrong::Host),
        };
        if host.is_empty() {
            return Err(Wrong::Host);
        }
        Ok(Self {
            host,
            port: url.port(),
            user: decoded(url.username())?,
            password: url.password().map(decoded).transpose()?,
            path: decoded(url.path().strip_prefix('/').unwrap_or(url.path()))?,
            rest: url.query().map(|query| format!("?{query}")).unwrap_or_default()
                + &url.fragment().map(|fragment| format!("#{fragment}")).unwrap_or_default(),
        })
    }

    /// Whether the server is on this machine, so that nobody in between hears what is said.
    pub fn is_this_machine(&self) -> bool {
        is_this_machine(&self.host)
    }
}

/// Whether a host is this machine by its name or number.
pub(crate) fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Percent-decoded, as UTF-8 without control characters.
fn decoded(text: &str) -> Result<String, Wrong> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        bytes.push(match (first, tail) {
            (b'%', [high, low, after @ ..]) => {
                rest = after;
                hex(*high).zip(hex(*low)).map(|(high, low)| high << 4 | low).ok_or(Wrong::Encoding)?
            }
            (b'%', _) => return Err(Wrong::Encoding),
            _ => *first,
        });
    }
    let text = String::from_utf8(bytes).map_err(|_| Wrong::Encoding)?;
    if text.chars().any(char::is_control) { Err(Wrong::Encoding) } else { Ok(text) }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
