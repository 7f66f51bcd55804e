//! What the peer sends: command lines and message bodies, bounded in size and time.

use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::mail::listener::Limits;
use crate::mail::listener::door::Socket;
use crate::mail::listener::room::Part;

/// Longest command line with its CRLF; RFC 5321 §4.5.3.1.4 says 512, extensions add to it.
const COMMAND: usize = 2_048;
/// How often a silent session looks whether the house closes.
const GLANCE: Duration = Duration::from_millis(200);

/// Slowest rate at which a message may come, in octets a second: whoever drips holds memory for nothing.
const SLOWEST: u64 = 1 << 10;
/// Octets by which a message grows in memory at most, so that it counts little more than it has.
const STEP: usize = 4 << 20;

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
    fn fill(&mut self, glance: &mut dyn FnMut()) -> Result<(), End> {
        let silent_until = Instant::now() + self.limits.idle;
        self.unread.resize(64 << 10, 0);
        self.at = 0;
        loop {
            if self.stopping.load(Ordering::SeqCst) {
                self.unread.clear();
                return Err(End::Closing);
            }
            glance();
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

    fn pending(&mut self, glance: &mut dyn FnMut()) -> Result<&[u8], End> {
        if self.at >= self.unread.len() {
            self.fill(glance)?;
        }
        Ok(self.unread.get(self.at..).unwrap_or_default())
    }

    /// One command line; only CRLF ends it, and a line with a bare LF is read to its end and refused.
    pub fn line(&mut self) -> Result<Line, End> {
        let mut line: Vec<u8> = Vec::new();
        let mut too_long = false;
        loop {
            let pending = self.pending(&mut || ())?;
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

    /// The message up to `<CRLF>.<CRLF>` and nothing else (RFC 5321 §4.1.1.4), dots taken off, of at most so many
    /// octets, in its part of the room of all sessions.
    pub fn body(&mut self, part: Part<'a>, most: usize) -> Result<Body<'a>, End> {
        let mut sieve = Sieve::new(part, most);
        let (mut since, mut came) = (Instant::now(), 0_u64);
        loop {
            let pending = self.pending(&mut || sieve.glance())?;
            let used = sieve.take(pending);
            self.at += used.octets;
            if used.ended {
                return Ok(sieve.into_body());
            }
            came += u64::try_from(used.octets).unwrap_or(u64::MAX);
            if since.elapsed() >= self.limits.idle {
                if came < SLOWEST.saturating_mul(self.limits.idle.as_secs()) {
                    return Err(End::Late);
                }
                (since, came) = (Instant::now(), 0);
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

/// A message in memory, counted in the room of the house for as long as it lives.
pub(crate) struct Held<'a> {
    pub bytes: Vec<u8>,
    counted: usize,
    part: Part<'a>,
}

impl Held<'_> {
    /// Counts what the vector will hold before it grows, in large steps, so that the shared count is touched seldom;
    /// false when there is no room.
    fn reserve(&mut self, len: usize, most: usize) -> bool {
        if len <= self.counted {
            return true;
        }
        let wanted = (self.counted + self.counted.clamp(64 << 10, STEP)).min(most).max(len);
        if !self.part.grow(wanted - self.counted) {
            return false;
        }
        self.counted = wanted;
        self.bytes.reserve_exact(wanted - self.bytes.len());
        true
    }
}

struct Sieve<'a> {
    place: Place,
    held: Held<'a>,
    /// What it is if it is not taken.
    full: Option<Full>,
    most: usize,
}

/// Why a message is not taken.
#[derive(Clone, Copy)]
enum Full {
    TooLarge,
    NoRoom,
}

impl<'a> Sieve<'a> {
    fn new(part: Part<'a>, most: usize) -> Self {
        let held = Held { bytes: Vec::new(), counted: 0, part };
        Self { place: Place::LineStart, held, full: None, most }
    }

    /// While nothing comes: what had to give way to others is let go of at once.
    fn glance(&mut self) {
        if self.full.is_none() && self.held.part.gave_way() {
            self.let_go(Full::NoRoom);
        }
    }

    fn let_go(&mut self, why: Full) {
        self.full = Some(why);
        self.held.bytes = Vec::new();
        self.held.part.leave();
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
        if len > self.most {
            self.let_go(Full::TooLarge);
        } else if !self.held.reserve(len, self.most) {
            self.let_go(Full::NoRoom);
        } else {
            self.held.bytes.extend_from_slice(bytes);
        }
    }

    fn into_body(self) -> Body<'a> {
        match self.full {
            Some(Full::TooLarge) => Body::TooLarge,
            Some(Full::NoRoom) => Body::NoRoom,
            None if !self.held.part.is_whole() => Body::NoRoom,
            None => Body::Whole(self.held),
        }
    }
}
