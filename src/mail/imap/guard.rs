//! The stream under the IMAP connection: it holds the deadlines, the bounds and the TLS.
//!
//! async-imap takes responses apart; what it could not answer for is answered for here. It would make room for half a
//! gigabyte if a server announced as much, and its parser follows parentheses by recursion: both are bounded before it
//! sees a byte.

use std::fmt;
use std::io;
use std::net::ToSocketAddrs;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::mail::guard::config;
use crate::mail::imap::Error;

/// Longest response without its literals: 5,000 numbers of a search take 55,000 bytes.
const LONGEST_LINE: usize = 256 << 10;
/// Most open parentheses of a response: what we ask for has three.
const MOST_PARENTHESES: usize = 100;
/// What literals a command may get that asks for none.
const SMALL: usize = 64 << 10;
/// Slowest rate at which a mail may come, in bytes a second.
const SLOWEST: u64 = 16 << 10;

/// One connection.
pub(crate) struct Guard {
    stream: Stream,
    timeout: Duration,
    /// When the command must be over.
    deadline: Pin<Box<Sleep>>,
    /// When the next byte must have come.
    silence: Pin<Box<Sleep>>,
    scan: Scan,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

trait Socket: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Socket for T {}

impl Stream {
    fn socket(&mut self) -> Pin<&mut dyn Socket> {
        match self {
            Self::Plain(tcp) => Pin::new(tcp),
            Self::Tls(tls) => Pin::new(tls.as_mut()),
        }
    }
}

impl Guard {
    /// Connects to the first address of the host that answers, all within this time, which each command then has.
    pub async fn connect(host: &str, port: u16, timeout: Duration) -> Result<Self, Error> {
        let deadline = Instant::now() + timeout;
        let mut last = Error::Io(io::Error::new(io::ErrorKind::NotFound, "the host has no address"));
        for address in (host, port).to_socket_addrs()? {
            match timeout_at(deadline, TcpStream::connect(address)).await {
                Ok(Ok(tcp)) => {
                    tcp.set_nodelay(true)?;
                    return Ok(Self {
                        stream: Stream::Plain(tcp),
                        timeout,
                        deadline: Box::pin(sleep_until(deadline)),
                        silence: Box::pin(sleep_until(deadline)),
                        scan: Scan::new(SMALL),
                    });
                }
                Ok(Err(error)) => last = Error::Io(error),
                Err(_) => last = Error::TimedOut,
            }
        }
        Err(last)
    }

    /// Goes over to TLS; what was said before is forgotten (RFC 3501 §6.2.1).
    pub async fn encrypt(self, host: &str, roots: Option<Arc<RootCertStore>>) -> Result<Self, Error> {
        let name = ServerName::try_from(host.to_owned()).map_err(|error| Error::Tls(error.to_string()))?;
        let tls = config(roots).map_err(|error| Error::Tls(error.to_string()))?;
        let Stream::Plain(tcp) = self.stream else { return Err(Error::NotImap) };
        let deadline = Instant::now() + self.timeout;
        let handshake = timeout_at(deadline, TlsConnector::from(Arc::new(tls)).connect(name, tcp)).await;
        let tls = handshake.map_err(|_| Error::TimedOut)?.map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => Error::Tls(error.to_string()),
            _ => Error::Io(error),
        })?;
        Ok(Self { stream: Stream::Tls(Box::new(tls)), scan: Scan::new(SMALL), ..self })
    }

    /// A command begins: it has the usual time, and for literals of this size so much more as they may take.
    pub fn begin(&mut self, literals: usize) {
        let more = Duration::from_secs(u64::try_from(literals).unwrap_or(u64::MAX) / SLOWEST);
        self.scan.left = literals.max(SMALL);
        self.deadline.as_mut().reset(Instant::now() + self.timeout + more);
        self.listen();
    }

    /// From now on the server may be silent for so long.
    pub fn allow_silence(&mut self, time: Duration) {
        self.scan.left = SMALL;
        self.deadline.as_mut().reset(Instant::now() + time + self.timeout);
        self.silence.as_mut().reset(Instant::now() + time + self.timeout);
    }

    fn listen(&mut self) {
        self.silence.as_mut().reset(Instant::now() + self.timeout);
    }

    fn in_time(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let late = self.deadline.as_mut().poll(cx).is_ready() || self.silence.as_mut().poll(cx).is_ready();
        if late { Err(io::Error::other(Error::TimedOut)) } else { Ok(()) }
    }
}

impl AsyncRead for Guard {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.in_time(cx)?;
        let before = buffer.filled().len();
        ready!(self.stream.socket().poll_read(cx, buffer))?;
        let read = buffer.filled().get(before..).unwrap_or_default();
        self.scan.look_at(read).map_err(io::Error::other)?;
        self.listen_again(read.is_empty());
        Poll::Ready(Ok(()))
    }
}

impl Guard {
    /// A byte came, so the wait for the next begins; a longer silence that was allowed stays.
    fn listen_again(&mut self, ended: bool) {
        let next = Instant::now() + self.timeout;
        if !ended && self.silence.deadline() < next {
            self.silence.as_mut().reset(next);
        }
    }
}

impl AsyncWrite for Guard {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.in_time(cx)?;
        self.stream.socket().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.in_time(cx)?;
        self.stream.socket().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.in_time(cx)?;
        self.stream.socket().poll_shutdown(cx)
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").finish_non_exhaustive()
    }
}

/// Follows lines and literals, without understanding either.
struct Scan {
    /// Bytes of literals that the command may still get.
    left: usize,
    /// Of the literal that is coming.
    literal: usize,
    line: usize,
    parentheses: usize,
    /// The number within braces at the end of the line, as far as it has come.
    number: Number,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Number {
    None,
    Open(usize),
    Closed(usize),
}

impl Scan {
    fn new(left: usize) -> Self {
        Self { left, literal: 0, line: 0, parentheses: 0, number: Number::None }
    }

    fn look_at(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while let Some((first, rest)) = bytes.split_first() {
            if self.literal > 0 {
                let skipped = self.literal.min(bytes.len());
                self.literal -= skipped;
                bytes = bytes.get(skipped..).unwrap_or_default();
                continue;
            }
            bytes = rest;
            self.line += 1;
            self.parentheses += usize::from(*first == b'(');
            if self.line > LONGEST_LINE || self.parentheses > MOST_PARENTHESES {
                return Err(Error::TooLong);
            }
            self.take(*first)?;
        }
        Ok(())
    }

    fn take(&mut self, byte: u8) -> Result<(), Error> {
        self.number = match (self.number, byte) {
            (_, b'{') => Number::Open(0),
            (Number::Open(n), b'0'..=b'9') => {
                Number::Open(n.saturating_mul(10).saturating_add(usize::from(byte - b'0')))
            }
            (Number::Open(n), b'+') => Number::Open(n),
            (Number::Open(n), b'}') | (Number::Closed(n), b'\r') => Number::Closed(n),
            (Number::Closed(n), b'\n') => {
                self.left = self.left.checked_sub(n).ok_or(Error::TooLarge)?;
                self.literal = n;
                Number::None
            }
            (_, b'\n') => {
                (self.line, self.parentheses) = (0, 0);
                Number::None
            }
            _ => Number::None,
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_that_is_too_large_is_refused_before_room_is_made_for_it() {
        let mut scan = Scan::new(100);
        scan.look_at(b"* 1 FETCH (UID 1 BODY[] {90}\r\n").unwrap();
        scan.look_at(&[b'('; 90]).unwrap();
        scan.look_at(b")\r\n* OK\r\n").unwrap();
        assert!(matches!(scan.look_at(b"* 2 FETCH (BODY[] {11}\r\n"), Err(Error::TooLarge)));
        let mut scan = Scan::new(100);
        let announced = b"* 1 FETCH (BODY[] {99999999999999999999999999}\r\n";
        assert!(matches!(scan.look_at(announced), Err(Error::TooLarge)));
    }

    #[test]
    fn a_line_without_end_and_a_pit_of_parentheses_are_left() {
        let mut scan = Scan::new(100);
        let endless = vec![b'x'; LONGEST_LINE + 1];
        assert!(matches!(scan.look_at(&endless), Err(Error::TooLong)));
        let mut scan = Scan::new(100);
        let mut look = |bytes: &[u8]| scan.look_at(bytes);
        assert!(look(&b"* LIST (\\HasNoChildren) \"/\" x\r\n".repeat(1_000)).is_ok());
        assert!(matches!(look(&[b'('; 101]), Err(Error::TooLong)));
    }
}
