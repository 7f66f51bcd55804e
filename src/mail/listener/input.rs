//! What the peer sends: command lines and message bodies, bounded in size and time.

use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::mail::listener::Limits;
use crate::mail::listener::door::Socket;

/// Longest command line with its CRLF; RFC 5321 §4.5.3.1.4 says 512, extensions add to it.
const COMMAND: usize = 2_048;
/// How often a silent session looks whether the house closes.
const GLANCE: Duration = Duration::from_millis(200);

/// Why a session ends.
#[derive(Debug)]
pub(crate) enum End {
    /// The peer is gone.
    Gone,
    /// Silent or slow for too long.
    Late,
    /// The house closes.
    Closing,
}

/// A line from the peer.
pub(crate) enum Line {
    Command(String),
    TooLong,
    /// Not ended by CRLF, or not UTF-8.
    Malformed,
}

/// What came after DATA.
pub(crate) enum Body<'a> {
    Whole(Held<'a>),
    /// Longer than one message may be.
    TooLarge,
    /// No room at the moment.
    NoRoom,
}

pub(crate) struct Input<'a> {
    socket: Socket,
    unread: Vec<u8>,
    at: usize,
    ends: Instant,
    limits: &'a Limits,
    stopping: &'a AtomicBool,
}

impl<'a> Input<'a> {
    pub fn new(socket: Socket, limits: &'a Limits, stopping: &'a AtomicBool) -> io::Result<Self> {
        socket.set_timeouts(GLANCE.min(limits.idle), limits.idle)?;
        let ends = Instant::now() + limits.session;
        Ok(Self { socket, unread: Vec::new(), at: 0, ends, limits, stopping })
    }

    pub fn reply(&mut self, lines: &str) -> Result<(), End> {
        self.socket.write_all(lines.as_bytes()).map_err(|_| End::Gone)
    }

    /// Waits for the next octets, in glances, so that the house can close and a silent peer is left.
    fn fill(&mut self) -> Result<(), End> {
        let silent_until = Instant::now() + self.limits.idle;
        self.unread.resize(64 << 10, 0);
        self.at = 0;
        loop {
            if self.stopping.load(Ordering::SeqCst) {
                self.unread.clear();
                return Err(End::Closing);
            }
            let now = Instant::now();
            if now >= silent_until || now >= self.ends {
                self.unread.clear();
                return Err(End::Late);
            }
            match self.socket.read(&mut self.unread) {
                Ok(0) => return Err(End::Gone),
                Ok(n) => {
                    self.unread.truncate(n);
                    return Ok(());
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted => {}
                    _ => return Err(End::Gone),
                },
            }
        }
    }

    fn pending(&mut self) -> Result<&[u8], End> {
        if self.at >= self.unread.len() {
            self.fill()?;
        }
        Ok(self.unread.get(self.at..).unwrap_or_default())
    }

    /// One command line; only CRLF ends it, and a line with a bare LF is read to its end and refused.
    pub fn line(&mut self) -> Result<Line, End> {
        let mut line: Vec<u8> = Vec::new();
        let mut too_long = false;
        loop {
            let pending = self.pending()?;
            let end = pending.iter().position(|b| *b == b'\n').map(|end| end + 1);
            let part = pending.get(..end.unwrap_or(pending.len())).unwrap_or_default();
            too_long |= line.len() + part.len() > COMMAND;
            if !too_long {
                line.extend_from_slice(part);
            }
            self.at += part.len();
            if end.is_some() {
                break;
            }
        }
        if too_long {
            return Ok(Line::TooLong);
        }
        let text = line.strip_suffix(b"\r\n").and_then(|line| std::str::from_utf8(line).ok());
        Ok(match text.filter(|text| !text.contains('\r')) {
            Some(text) => Line::Command(text.to_owned()),
            None => Line::Malformed,
        })
    }

    /// The message up to `<CRLF>.<CRLF>` and nothing else (RFC 5321 §4.1.1.4), dots taken off. `memory` counts the
    /// octets held by all sessions.
    pub fn body(&mut self, memory: &'a AtomicUsize) -> Result<Body<'a>, End> {
        let mut sieve = Sieve::new(self.limits, memory);
        loop {
            let pending = self.pending()?;
            let used = sieve.take(pending);
            self.at += used.octets;
            if used.ended {
                return Ok(sieve.into_body());
            }
        }
    }
}

/// Where in a line the sieve stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    LineStart,
    Dot,
    DotCr,
    Middle,
    Cr,
}

struct Used {
    octets: usize,
    ended: bool,
}

/// A message in memory, counted in the house's total for as long as it lives.
pub(crate) struct Held<'a> {
    pub bytes: Vec<u8>,
    counted: usize,
    memory: &'a AtomicUsize,
}

impl Held<'_> {
    /// Counts what the vector will hold before it grows, in large steps, so that the shared counter is touched
    /// seldom; false when the total is used up.
    fn reserve(&mut self, len: usize, most: usize, room: usize) -> bool {
        if len <= self.counted {
            return true;
        }
        let wanted = (self.counted * 2).max(64 << 10).min(most).max(len);
        let more = wanted - self.counted;
        let before = self.memory.fetch_add(more, Ordering::SeqCst);
        self.counted = wanted;
        if before + more > room {
            return false;
        }
        self.bytes.reserve_exact(wanted - self.bytes.len());
        true
    }

    fn let_go(&mut self) {
        self.bytes = Vec::new();
        self.memory.fetch_sub(std::mem::take(&mut self.counted), Ordering::SeqCst);
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.let_go();
    }
}

struct Sieve<'a> {
    place: Place,
    held: Held<'a>,
    full: Option<Body<'a>>,
    limits: &'a Limits,
}

impl<'a> Sieve<'a> {
    fn new(limits: &'a Limits, memory: &'a AtomicUsize) -> Self {
        let held = Held { bytes: Vec::new(), counted: 0, memory };
        Self { place: Place::LineStart, held, full: None, limits }
    }

    fn take(&mut self, bytes: &[u8]) -> Used {
        let mut octets = 0;
        while let Some(&byte) = bytes.get(octets) {
            if self.place == Place::Middle {
                // The bulk of a message: all up to the next CR at once.
                let rest = bytes.get(octets..).unwrap_or_default();
                let run = rest.iter().position(|b| *b == b'\r').unwrap_or(rest.len());
                if run > 0 {
                    self.keep(rest.get(..run).unwrap_or_default());
                    octets += run;
                    continue;
                }
            }
            octets += 1;
            if self.step(byte) {
                return Used { octets, ended: true };
            }
        }
        Used { octets, ended: false }
    }

    /// One octet; true when it ends the message.
    fn step(&mut self, byte: u8) -> bool {
        self.place = match (self.place, byte) {
            (Place::LineStart, b'.') => Place::Dot,
            (Place::Dot, b'\r') => Place::DotCr,
            (Place::DotCr, b'\n') => return true,
            (Place::DotCr, b'\r') => {
                self.keep(b"\r\r");
                Place::Cr
            }
            (Place::DotCr, _) => {
                self.keep(&[b'\r', byte]);
                Place::Middle
            }
            (Place::Cr, b'\n') => {
                self.keep(b"\n");
                Place::LineStart
            }
            (_, b'\r') => {
                self.keep(b"\r");
                Place::Cr
            }
            (_, _) => {
                self.keep(&[byte]);
                Place::Middle
            }
        };
        false
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.full.is_some() {
            return;
        }
        let len = self.held.bytes.len() + bytes.len();
        self.full = if len > self.limits.message {
            Some(Body::TooLarge)
        } else if !self.held.reserve(len, self.limits.message, self.limits.memory) {
            Some(Body::NoRoom)
        } else {
            self.held.bytes.extend_from_slice(bytes);
            return;
        };
        self.held.let_go();
    }

    fn into_body(self) -> Body<'a> {
        self.full.unwrap_or(Body::Whole(self.held))
    }
}
