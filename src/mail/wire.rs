//! The client's end of an LMTP connection in the clear: commands out, replies in, all within a deadline.
//!
//! lettre speaks no LMTP, so the demonstration's client has this; letters leave by `smtp.rs`.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::mail::reply::{Error, Replies, Reply};

/// One connection, whose every read and write ends at the deadline: the timeout of a single call would let a server
/// that sends a byte a second hold us for ever.
pub(crate) struct Wire {
    tcp: TcpStream,
    deadline: Instant,
    replies: Replies,
}

impl Wire {
    /// Connects to one address; the first phase has this time in all.
    pub fn connect(address: SocketAddr, time: Duration) -> Result<Self, Error> {
        let deadline = Instant::now() + time;
        let tcp = TcpStream::connect_timeout(&address, time).map_err(Error::from_io)?;
        tcp.set_nodelay(true)?;
        Ok(Self { tcp, deadline, replies: Replies::default() })
    }

    /// Gives the next phase its time.
    pub fn allow(&mut self, time: Duration) {
        self.deadline = Instant::now() + time;
    }

    fn left(&self) -> Result<Duration, Error> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(Error::TimedOut) } else { Ok(left) }
    }

    /// Writes bytes as they are.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while !bytes.is_empty() {
            self.tcp.set_write_timeout(Some(self.left()?))?;
            match self.tcp.write(bytes) {
                Ok(0) => return Err(Error::Closed),
                Ok(n) => bytes = bytes.get(n..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::from_io(error)),
            }
        }
        Ok(())
    }

    /// Sends a command line and reads its reply. The caller answers for there being no line break in it.
    pub fn command(&mut self, line: &str) -> Result<Reply, Error> {
        self.write(format!("{line}\r\n").as_bytes())?;
        let reply = self.reply()?;
        // Nothing is pipelined here, so what is left over answers nothing that was asked.
        if self.replies.is_quiet() { Ok(reply) } else { Err(Error::OutOfTurn) }
    }

    /// Reads one reply.
    pub fn reply(&mut self) -> Result<Reply, Error> {
        loop {
            match self.replies.line()? {
                Some((_, Some(reply))) => return Ok(reply),
                Some((_, None)) => continue,
                None => {}
            }
            let mut buffer = [0; 1_024];
            self.tcp.set_read_timeout(Some(self.left()?))?;
            match self.tcp.read(&mut buffer) {
                Ok(0) => return Err(Error::Closed),
                Ok(n) => self.replies.feed(buffer.get(..n).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::from_io(error)),
            }
        }
    }
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
