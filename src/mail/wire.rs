//! The client's end of an SMTP or LMTP connection: commands out, replies in, all within a deadline.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// Longest line of a reply that is read; RFC 5321 §4.5.3.1.5 says 512.
const REPLY_LINE: usize = 2_048;
/// Most lines of one reply.
const REPLY_LINES: usize = 128;

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
    #[error("the server talked out of turn")]
    OutOfTurn,
    #[error("the server's certificate was not accepted: {0}")]
    Tls(String),
}

/// A server's reply.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// A socket whose every read and write ends at the deadline: the timeout of a single call would let a server that
/// sends a byte a second hold us for ever.
struct Timed {
    tcp: TcpStream,
    deadline: Instant,
}

impl Timed {
    fn left(&self) -> io::Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.tcp.set_read_timeout(Some(self.left()?))?;
        self.tcp.read(buffer)
    }
}

impl Write for Timed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.tcp.set_write_timeout(Some(self.left()?))?;
        self.tcp.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}

enum Stream {
    Plain(Timed),
    Tls(Box<StreamOwned<ClientConnection, Timed>>),
}

/// One connection.
pub(crate) struct Wire {
    stream: Stream,
    unread: Vec<u8>,
}

impl Wire {
    /// Connects to the first address of the host that answers.
    pub fn connect(host: &str, port: u16, time: Duration) -> Result<Self, Error> {
        let deadline = Instant::now() + time;
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        for address in (host, port).to_socket_addrs()? {
            match Self::connect_to(address, deadline) {
                Ok(wire) => return Ok(wire),
                Err(error) => last = error,
            }
        }
        Err(Error::from_io(last))
    }

    /// Connects to one address.
    pub fn connect_to(address: SocketAddr, deadline: Instant) -> io::Result<Self> {
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let tcp = TcpStream::connect_timeout(&address, left)?;
        tcp.set_nodelay(true)?;
        Ok(Self { stream: Stream::Plain(Timed { tcp, deadline }), unread: Vec::new() })
    }

    fn timed(&mut self) -> &mut Timed {
        match &mut self.stream {
            Stream::Plain(timed) => timed,
            Stream::Tls(tls) => &mut tls.sock,
        }
    }

    /// Gives the next phase its time.
    pub fn allow(&mut self, time: Duration) {
        self.timed().deadline = Instant::now() + time;
    }

    /// Goes over to TLS. Bytes that came before the handshake are a sign of injection (CVE-2011-0411).
    pub fn encrypt(self, host: &str, roots: Option<Arc<RootCertStore>>) -> Result<Self, Error> {
        let Stream::Plain(mut timed) = self.stream else { return Ok(self) };
        if !self.unread.is_empty() {
            return Err(Error::OutOfTurn);
        }
        let tls = |error: &dyn std::fmt::Display| Error::Tls(error.to_string());
        let name = ServerName::try_from(host.to_owned()).map_err(|error| tls(&error))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| tls(&error))?
            .with_root_certificates(roots.unwrap_or_else(|| Arc::new(system_roots())))
            .with_no_client_auth();
        let mut connection = ClientConnection::new(Arc::new(config), name).map_err(|error| tls(&error))?;
        while connection.is_handshaking() {
            connection.complete_io(&mut timed).map_err(|error| match error.kind() {
                io::ErrorKind::InvalidData => tls(&error),
                _ => Error::from_io(error),
            })?;
        }
        let stream = Stream::Tls(Box::new(StreamOwned::new(connection, timed)));
        Ok(Self { stream, unread: Vec::new() })
    }

    /// Writes bytes as they are.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let write = |stream: &mut dyn Write| stream.write_all(bytes).and_then(|()| stream.flush());
        match &mut self.stream {
            Stream::Plain(timed) => write(timed),
            Stream::Tls(tls) => write(tls.as_mut()),
        }
        .map_err(Error::from_io)
    }

    /// Sends a command line and reads its reply. The caller answers for there being no line break in it.
    pub fn command(&mut self, line: &str) -> Result<Reply, Error> {
        self.write(format!("{line}\r\n").as_bytes())?;
        let reply = self.reply()?;
        // Nothing is pipelined here, so what is left over answers nothing that was asked.
        if self.unread.is_empty() { Ok(reply) } else { Err(Error::OutOfTurn) }
    }

    /// Reads one reply of one or more lines (RFC 5321 §4.2.1).
    pub fn reply(&mut self) -> Result<Reply, Error> {
        let mut lines: Vec<String> = Vec::new();
        loop {
            let line = self.line()?;
            let digits = line.get(..3).filter(|code| code.bytes().all(|b| b.is_ascii_digit()));
            let code = digits.and_then(|code| code.parse::<u16>().ok()).filter(|code| *code >= 200);
            let (Some(code), true) = (code, lines.len() < REPLY_LINES) else {
                return Err(Error::NotAReply(line));
            };
            let more = match line.as_bytes().get(3) {
                Some(b'-') => true,
                Some(b' ') | None => false,
                Some(_) => return Err(Error::NotAReply(line)),
            };
            lines.push(line);
            if !more {
                return Ok(Reply { code, text: lines.join("\n") });
            }
        }
    }

    fn line(&mut self) -> Result<String, Error> {
        loop {
            if let Some(end) = self.unread.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.unread.drain(..=end).collect();
                let text = String::from_utf8_lossy(&line);
                return Ok(text.trim_end().chars().filter(|c| !c.is_control()).collect());
            }
            if self.unread.len() > REPLY_LINE {
                return Err(Error::NotAReply("a line without an end".to_owned()));
            }
            let mut buffer = [0; 1_024];
            let read = match &mut self.stream {
                Stream::Plain(timed) => timed.read(&mut buffer),
                Stream::Tls(tls) => tls.read(&mut buffer),
            };
            match read {
                Ok(0) => return Err(Error::Closed),
                Ok(n) => self.unread.extend_from_slice(buffer.get(..n).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::from_io(error)),
            }
        }
    }

    /// Breaks the connection off, so that what was begun is void (RFC 5321 §4.1.1.4: no end of data, no mail).
    pub fn abort(mut self) {
        // Nothing is left to be told when even this fails.
        let _ = self.timed().tcp.shutdown(std::net::Shutdown::Both);
    }
}

impl Error {
    fn from_io(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::TimedOut,
            io::ErrorKind::UnexpectedEof => Self::Closed,
            _ => Self::Io(error),
        }
    }
}

fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// The body with a dot put before each line that begins with one, ended by CRLF (RFC 5321 §4.5.2), without the
/// final dot.
pub(crate) fn dot_stuffed(bytes: &[u8]) -> Vec<u8> {
    let mut stuffed = Vec::with_capacity(bytes.len() + bytes.len() / 64 + 2);
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        // A line begins only after CRLF.
        if line.first() == Some(&b'.') && (stuffed.is_empty() || stuffed.ends_with(b"\r\n")) {
            stuffed.push(b'.');
        }
        stuffed.extend_from_slice(line);
    }
    if !stuffed.is_empty() && !stuffed.ends_with(b"\r\n") {
        stuffed.extend_from_slice(b"\r\n");
    }
    stuffed
}
