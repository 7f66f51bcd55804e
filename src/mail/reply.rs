//! What a mail server says: replies of one or more lines, read within bounds.

use std::io;

/// Longest line of a reply that is read; RFC 5321 §4.5.3.1.5 says 512.
const LINE: usize = 2_048;
/// Most lines of one reply.
const LINES: usize = 128;

/// Why the other side could not be understood.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the connection failed: {0}")]
    Io(#[from] io::Error),
    #[error("the server closed the connection without a whole reply")]
    Closed,
    #[error("the server did not answer in time")]
    TimedOut,
    #[error("expected an SMTP reply, found `{0}`")]
    NotAReply(String),
    #[error("expected a reply of at most {LINES} lines of {LINE} octets, found a longer one")]
    TooLong,
    #[error("the server talked out of turn")]
    OutOfTurn,
    #[error("the server's certificate was not accepted: {0}")]
    Tls(String),
    #[error("nothing more is read on this connection")]
    Over,
}

impl Error {
    /// The word for it where a deadline is held and an end of the connection is expected.
    pub fn from_io(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::TimedOut,
            io::ErrorKind::UnexpectedEof => Self::Closed,
            _ => Self::Io(error),
        }
    }
}

/// A server's reply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reply {
    pub code: u16,
    /// Its lines, each with the code, as the server wrote them.
    pub text: String,
}

impl Reply {
    /// The keyword lines of a greeting to EHLO or LHLO: `(keyword, rest)`.
    pub fn extension(&self, keyword: &str) -> Option<&str> {
        self.text.lines().skip(1).filter_map(|line| line.get(4..)).find_map(|line| {
            let (name, rest) = line.split_once([' ', '=']).unwrap_or((line, ""));
            name.eq_ignore_ascii_case(keyword).then_some(rest)
        })
    }
}

/// The replies in a stream of bytes, line by line.
#[derive(Debug, Default)]
pub(crate) struct Replies {
    unread: Vec<u8>,
    /// The lines of the reply that is being read.
    lines: Vec<String>,
}

impl Replies {
    /// Takes in what was read.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
    }

    /// Whether nothing was taken in beyond the last whole reply.
    pub fn is_quiet(&self) -> bool {
        self.unread.is_empty() && self.lines.is_empty()
    }

    /// What was taken in and not read.
    pub fn unread(&self) -> &[u8] {
        &self.unread
    }

    /// The next line (RFC 5321 §4.2.1), if it is there, and the whole reply when this is its last line.
    pub fn line(&mut self) -> Result<Option<(String, Option<Reply>)>, Error> {
        let end = self.unread.iter().position(|b| *b == b'\n');
        if end.unwrap_or(self.unread.len()) >= LINE || self.lines.len() >= LINES {
            return Err(Error::TooLong);
        }
        let Some(end) = end else { return Ok(None) };
        let line: Vec<u8> = self.unread.drain(..=end).collect();
        let text = String::from_utf8_lossy(&line);
        let line: String = text.trim_end().chars().filter(|c| !c.is_control()).collect();
        let Some((code, more)) = begun(&line).filter(|(code, _)| self.fits(*code)) else {
            return Err(Error::NotAReply(line));
        };
        self.lines.push(line.clone());
        let reply = (!more).then(|| Reply { code, text: std::mem::take(&mut self.lines).join("\n") });
        Ok(Some((line, reply)))
    }

    /// Each line of a reply has the same code.
    fn fits(&self, code: u16) -> bool {
        self.lines.first().is_none_or(|first| first.get(..3) == Some(code.to_string().as_str()))
    }
}

/// The code at the beginning of a line, and whether another line follows (RFC 5321 §4.2).
fn begun(line: &str) -> Option<(u16, bool)> {
    let code = match line.as_bytes() {
        [b'2'..=b'5', b'0'..=b'5', b'0'..=b'9', ..] => line.get(..3)?.parse().ok()?,
        _ => return None,
    };
    match line.as_bytes().get(3) {
        Some(b'-') => Some((code, true)),
        Some(b' ') | None => Some((code, false)),
        Some(_) => None,
    }
}
