//! The stream under lettre's SMTP connection: it holds the deadline, the bounds, the turns and the TLS.
//!
//! lettre speaks; what it could not answer for is answered for here. Every read and write ends at the deadline of its
//! phase. A reply is bounded and handed on a line at a time, so that nothing waits in lettre's buffer unseen. Nothing
//! is written while something unasked has been said. And TLS is below this guard, not above it: what holds in the
//! clear holds in the encrypted part as well.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use lettre::transport::smtp::client::AsyncTokioStream;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::mail::reply::{Error, Replies, Reply};

/// Longest line that is handed on to lettre, which fails at 1,000 octets; the whole line stays here.
const HANDED: usize = 510;

/// One connection; a copy is a second handle on the same.
#[derive(Clone)]
pub(crate) struct Guard(Arc<Mutex<Line>>);

struct Line {
    stream: Stream,
    deadline: Pin<Box<Sleep>>,
    /// The time for the last reply, until the wait for it begins.
    last_wait: Option<Duration>,
    replies: Replies,
    /// What lettre has not yet fetched of the line that is handed on.
    handed: Vec<u8>,
    reply: Reply,
    over: bool,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    /// In the midst of the handshake.
    Gone,
}

trait Socket: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Socket for T {}

impl Stream {
    fn socket(&mut self) -> io::Result<Pin<&mut dyn Socket>> {
        match self {
            Self::Plain(tcp) => Ok(Pin::new(tcp)),
            Self::Tls(tls) => Ok(Pin::new(tls.as_mut())),
            Self::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl Guard {
    /// Connects to the first address of the host that answers; the first phase has this time in all.
    pub async fn connect(host: &str, port: u16, time: Duration) -> Result<Self, Error> {
        let deadline = Instant::now() + time;
        let mut last = Error::Io(io::Error::new(io::ErrorKind::NotFound, "the host has no address"));
        // Asked here, not in a thread of the runtime's, which would outlive the letter.
        for address in (host, port).to_socket_addrs()? {
            match timeout_at(deadline, TcpStream::connect(address)).await {
                Ok(Ok(tcp)) => {
                    tcp.set_nodelay(true)?;
                    return Ok(Self::over(tcp, deadline));
                }
                Ok(Err(error)) => last = Error::from_io(error),
                Err(_) => last = Error::TimedOut,
            }
        }
        Err(last)
    }

    fn over(tcp: TcpStream, deadline: Instant) -> Self {
        Self(Arc::new(Mutex::new(Line {
            stream: Stream::Plain(tcp),
            deadline: Box::pin(sleep_until(deadline)),
            last_wait: None,
            replies: Replies::default(),
            handed: Vec::new(),
            reply: Reply::default(),
            over: false,
        })))
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes over to TLS. Bytes that came before the handshake are a sign of injection (CVE-2011-0411).
    pub async fn encrypt(&self, host: &str, roots: Option<Arc<RootCertStore>>) -> Result<(), Error> {
        self.quiet().await?;
        let name = ServerName::try_from(host.to_owned()).map_err(|error| Error::Tls(error.to_string()))?;
        let connector = TlsConnector::from(Arc::new(config(roots)?));
        let (stream, deadline) = {
            let mut line = self.line();
            (std::mem::replace(&mut line.stream, Stream::Gone), line.deadline.deadline())
        };
        let Stream::Plain(tcp) = stream else { return Err(Error::Over) };
        let handshake = timeout_at(deadline, connector.connect(name, tcp)).await;
        let tls = handshake.map_err(|_| Error::TimedOut)?.map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => Error::Tls(error.to_string()),
            _ => Error::from_io(error),
        })?;
        self.line().stream = Stream::Tls(Box::new(tls));
        Ok(())
    }

    /// Hands on the 220 to STARTTLS once more, as the greeting with which a connection of lettre's begins: after the
    /// handshake the server is in the state after its 220 (RFC 3207 §4.2), and says none.
    pub fn greet_again(&self) {
        let mut line = self.line();
        line.handed = for_lettre(line.reply.text.lines().last().unwrap_or_default());
    }

    /// Whether all that the server said was asked for, as far as it has arrived.
    pub async fn quiet(&self) -> Result<(), Error> {
        // Between two steps the runtime looks what has arrived.
        tokio::task::yield_now().await;
        poll_fn(|cx| Poll::Ready(self.line().nothing_said(cx))).await
    }

    /// What arrived and was not asked for.
    pub fn unasked(&self) -> String {
        String::from_utf8_lossy(self.line().replies.unread()).into_owned()
    }

    /// The last whole reply, as it came. After the first refusal nothing more is read, so it stays.
    pub fn reply(&self) -> Reply {
        self.line().reply.clone()
    }

    /// From now on the body is written, within this time; the last reply has twice as much.
    pub fn begin_body(&self, time: Duration) {
        let mut line = self.line();
        line.last_wait = Some(time.saturating_mul(2));
        line.deadline.as_mut().reset(Instant::now() + time);
    }

    /// From now on nothing is read any more.
    pub fn listen_no_more(&self) {
        self.line().over = true;
    }
}

impl Line {
    fn in_time(&mut self, cx: &mut Context<'_>) -> Result<(), Error> {
        let late = self.deadline.is_elapsed() || self.deadline.as_mut().poll(cx).is_ready();
        if late { Err(Error::TimedOut) } else { Ok(()) }
    }

    /// Takes in what has arrived.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let mut buffer = [0; 1_024];
        let mut read = ReadBuf::new(&mut buffer);
        ready!(self.stream.socket()?.poll_read(cx, &mut read)).map_err(Error::from_io)?;
        if read.filled().is_empty() {
            return Poll::Ready(Err(Error::Closed));
        }
        self.replies.feed(read.filled());
        Poll::Ready(Ok(()))
    }

    /// It is our turn: the server has no more to say before we have spoken.
    fn nothing_said(&mut self, cx: &mut Context<'_>) -> Result<(), Error> {
        if self.replies.is_quiet()
            && let Poll::Ready(Err(error)) = self.poll_fill(cx)
        {
            return Err(error);
        }
        if self.replies.is_quiet() { Ok(()) } else { Err(Error::OutOfTurn) }
    }

    /// The next line for lettre.
    fn poll_line(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.over {
            return Poll::Ready(Err(Error::Over));
        }
        if let Some(time) = self.last_wait.take() {
            self.deadline.as_mut().reset(Instant::now() + time);
        }
        loop {
            self.in_time(cx)?;
            if let Some((line, reply)) = self.replies.line()? {
                self.handed = for_lettre(&line);
                if let Some(reply) = reply {
                    self.over = reply.code >= 400;
                    self.reply = reply;
                }
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_fill(cx))?;
        }
    }
}

impl AsyncRead for Guard {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut line = self.line();
        if line.handed.is_empty()
            && let Err(error) = ready!(line.poll_line(cx))
        {
            line.over = true;
            return Poll::Ready(Err(error.into()));
        }
        let room = buffer.remaining().min(line.handed.len());
        let rest = line.handed.split_off(room);
        buffer.put_slice(&std::mem::replace(&mut line.handed, rest));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Guard {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut line = self.line();
        line.in_time(cx)?;
        // Also in the midst of the body: a server that refuses it need not hear the rest.
        line.nothing_said(cx)?;
        line.stream.socket()?.poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut line = self.line();
        line.in_time(cx)?;
        line.stream.socket()?.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut line = self.line();
        line.in_time(cx)?;
        line.stream.socket()?.poll_shutdown(cx)
    }
}

impl AsyncTokioStream for Guard {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.line().stream {
            Stream::Plain(tcp) => tcp.peer_addr(),
            Stream::Tls(tls) => tls.get_ref().0.peer_addr(),
            Stream::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").finish_non_exhaustive()
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => error,
            Error::TimedOut => Self::new(io::ErrorKind::TimedOut, error),
            error => Self::other(error),
        }
    }
}

/// The line as lettre can read it: a text after the code, if only a space, and no more than it takes.
fn for_lettre(line: &str) -> Vec<u8> {
    let mut handed = String::with_capacity(line.len().min(HANDED) + 3);
    for c in line.chars() {
        if handed.len() + c.len_utf8() > HANDED {
            break;
        }
        handed.push(c);
    }
    if handed.len() == 3 {
        handed.push(' ');
    }
    handed += "\r\n";
    handed.into_bytes()
}

/// How we speak TLS: certificate and name checked, by these roots or the system's.
pub(crate) fn config(roots: Option<Arc<RootCertStore>>) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Tls(error.to_string()))?
        .with_root_certificates(roots.unwrap_or_else(|| Arc::new(system_roots())))
        .with_no_client_auth())
}

fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}
