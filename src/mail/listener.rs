//! The door for mail: an LMTP (RFC 2033) or SMTP (RFC 5321) server on blocking threads. A message is handed to a
//! callback, and only what the callback calls safe is answered with 250.

mod crowd;
mod door;
mod forwarded;
mod input;
mod quota;
mod room;
mod session;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::mail::listener::crowd::Crowd;
pub use crate::mail::listener::crowd::network;
use crate::mail::listener::door::{Door, Socket};
pub use crate::mail::listener::door::{open_in_words, open_to_all};
pub use crate::mail::listener::forwarded::Forwarded;
use crate::mail::listener::quota::Quota;
use crate::mail::listener::room::Room;

/// Why the door cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Neither `address:port` nor a path.
    #[error("expected `127.0.0.1:2424` or the path of a socket, found `{0}`")]
    Address(String),
    /// The system refused.
    #[error("expected to listen on `{address}`: {source}")]
    Bind {
        /// Where.
        address: String,
        /// Why not.
        source: io::Error,
    },
}

impl Error {
    /// Whether the address may be had in a moment: somebody holds it, or the network is not up yet.
    pub fn may_pass(&self) -> bool {
        use io::ErrorKind::{AddrInUse, AddrNotAvailable};
        matches!(self, Self::Bind { source, .. } if matches!(source.kind(), AddrInUse | AddrNotAvailable))
    }
}

/// Which dialogue is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// LHLO, and one reply per recipient after the message.
    Lmtp,
    /// EHLO, and one reply after the message.
    Smtp,
}

/// What one peer may take of us.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Sessions at the same time; the next is told 421.
    pub connections: usize,
    /// Sessions at the same time with one network address (of IPv6, one /64); the next is told 421.
    pub per_peer: usize,
    /// Octets of one message; more is drained and told 552.
    pub message: usize,
    /// The same of one that is only for addresses to which everybody may write.
    pub short: usize,
    /// Octets of all messages in memory at one time. Where they are used up the network that holds most gives way; what
    /// has no room is drained and told 452.
    pub memory: usize,
    /// Octets that one network may bring in an hour; then its next message is told 452, so that it comes later.
    pub hourly: u64,
    /// Recipients of one message; the next is told 452.
    pub recipients: usize,
    /// Commands of one session.
    pub commands: usize,
    /// Commands of one session that were wrong.
    pub errors: usize,
    /// Silence before the session ends; in so much time a message has to come by a kilobyte for each second.
    pub idle: Duration,
    /// A whole session.
    pub session: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 50,
            per_peer: usize::MAX,
            message: 64 << 20,
            short: 64 << 20,
            memory: 192 << 20,
            hourly: u64::MAX,
            recipients: 100,
            commands: 1_000,
            errors: 20,
            idle: Duration::from_secs(60),
            session: Duration::from_secs(1_800),
        }
    }
}

impl Limits {
    /// For a door on the open net: more peers, each of which may take less. Silence may last five minutes, as RFC 5321
    /// §4.5.3.2 asks of a receiver.
    pub fn of_the_open_net() -> Self {
        Self {
            connections: 200,
            per_peer: 10,
            short: 1 << 20,
            // More than any authority sends in an hour, and less than a small disk has.
            hourly: 1 << 30,
            commands: 500,
            errors: 10,
            idle: Duration::from_secs(300),
            ..Self::default()
        }
    }
}

/// What the peer said around the message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Envelope {
    /// The peer's address; none behind a local socket.
    pub peer: Option<SocketAddr>,
    /// The name in LHLO, EHLO or HELO.
    pub greeted_as: String,
    /// Envelope sender; none is the null sender `<>` of bounces.
    pub sender: Option<String>,
    /// Recipients as they were written, in order.
    pub recipients: Vec<String>,
    /// Who handed the message to the mail server before us, where that server says so.
    pub forwarded: Option<Forwarded>,
}

/// What a recipient is told before the message comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// 250: a message for it will be taken.
    Welcome,
    /// 250: a short message for it will be taken, since everybody may write to it.
    Briefly,
    /// 550 5.1.1: nobody has this address here.
    Nobody,
    /// 550 5.7.1: an address of another house; nothing is passed on.
    Elsewhere,
    /// 451: it cannot be said now.
    Later,
}

/// What became of the message for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Stored and synced: 250.
    Safe,
    /// Not now, because the disk is full: 452.
    NoRoom,
    /// Not now: 451, with a reason without personal data.
    TryLater(String),
    /// Never: 550, with a reason without personal data.
    Refuse(String),
}

/// Takes a message and says one verdict per recipient, in order; a missing one counts as "try later".
pub type Handler = dyn Fn(&Envelope, &[u8]) -> Vec<Verdict> + Send + Sync;

/// Says at RCPT whether a recipient is taken; the address of the peer and the recipient as it was written.
pub type Gate = dyn Fn(Option<IpAddr>, &str) -> Admission + Send + Sync;

/// The open door.
pub struct Listener {
    door: Door,
    gate: Option<Box<Gate>>,
    name: String,
    protocol: Protocol,
    limits: Limits,
    stopping: Arc<AtomicBool>,
}

/// Ends `serve` from another thread.
#[derive(Clone)]
pub struct Stopper {
    stopping: Arc<AtomicBool>,
    knock: door::Knock,
}

impl Stopper {
    /// No new session; those that wait for a command end at once, a message under way gets no reply and comes again.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.knock.knock();
    }
}

impl Listener {
    /// Listens on `address:port` or on a socket (`/run/askance/lmtp` or `unix:/run/askance/lmtp`).
    pub fn bind(address: &str, protocol: Protocol, limits: Limits) -> Result<Self, Error> {
        let door = Door::open(address)?;
        Ok(Self { door, gate: None, name: "askance".to_owned(), protocol, limits, stopping: Arc::default() })
    }

    /// With somebody at the gate who is asked for each recipient; without, every recipient is taken.
    #[must_use]
    pub fn guarded(mut self, gate: Box<Gate>) -> Self {
        self.gate = Some(gate);
        self
    }

    /// With the name it greets by (RFC 5321 §4.2: the domain of the server).
    #[must_use]
    pub fn called(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// The TCP address with its real port; none for a socket in the file system.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.door.local_addr()
    }

    /// A handle that ends `serve`.
    pub fn stopper(&self) -> Stopper {
        Stopper { stopping: Arc::clone(&self.stopping), knock: self.door.knock() }
    }

    /// Takes mail until stopped, and returns when the last session has ended.
    pub fn serve(&self, handler: &Handler) {
        let (crowd, room) = (Crowd::default(), Room::new(self.limits.memory));
        let quota = Quota::new(self.limits.hourly);
        std::thread::scope(|scope| {
            while !self.stopping.load(Ordering::SeqCst) {
                let Some((socket, peer)) = self.accept() else { continue };
                let (crowd, room, quota) = (&crowd, &room, &quota);
                let Some(place) = crowd.enter(peer.map(|peer| peer.ip()), &self.limits) else {
                    session::turn_away(socket);
                    continue;
                };
                let talk = move || {
                    let house = session::House {
                        protocol: self.protocol,
                        name: &self.name,
                        limits: &self.limits,
                        stopping: &self.stopping,
                        room,
                        quota,
                        gate: self.gate.as_deref(),
                        handler,
                    };
                    session::run(&house, socket, peer);
                    drop(place);
                };
                // Where the system has no thread left the socket is dropped, and the peer comes again.
                if let Err(error) = std::thread::Builder::new().spawn_scoped(scope, talk) {
                    tracing::warn!(%error, "a mail connection could not be served");
                }
            }
        });
    }

    fn accept(&self) -> Option<(Socket, Option<SocketAddr>)> {
        match self.door.accept() {
            Ok(_) if self.stopping.load(Ordering::SeqCst) => None,
            Ok(visitor) => Some(visitor),
            Err(error) => {
                tracing::warn!(%error, "a mail connection could not be taken");
                // Out of file descriptors: trying again at once would only burn a core.
                std::thread::sleep(Duration::from_millis(50));
                None
            }
        }
    }
}
