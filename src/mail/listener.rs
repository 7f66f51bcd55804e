//! The door for mail: an LMTP (RFC 2033) or SMTP (RFC 5321) server on blocking threads. A message is handed to a
//! callback, and only what the callback calls safe is answered with 250.

mod door;
mod input;
mod session;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crate::mail::listener::door::{Door, Socket};

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
    /// Octets of one message; more is drained and told 552.
    pub message: usize,
    /// Octets of all messages in memory at one time; more is drained and told 452.
    pub memory: usize,
    /// Recipients of one message; the next is told 452.
    pub recipients: usize,
    /// Commands of one session.
    pub commands: usize,
    /// Commands of one session that were wrong.
    pub errors: usize,
    /// Silence before the session ends.
    pub idle: Duration,
    /// A whole session.
    pub session: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 50,
            message: 64 << 20,
            memory: 192 << 20,
            recipients: 100,
            commands: 1_000,
            errors: 20,
            idle: Duration::from_secs(60),
            session: Duration::from_secs(1_800),
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
}

/// What became of the message for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Stored and synced: 250.
    Safe,
    /// Not now: 451, with a reason without personal data.
    TryLater(String),
    /// Never: 550, with a reason without personal data.
    Refuse(String),
}

/// Takes a message and says one verdict per recipient, in order; a missing one counts as "try later".
pub type Handler = dyn Fn(&Envelope, &[u8]) -> Vec<Verdict> + Send + Sync;

/// The open door.
pub struct Listener {
    door: Door,
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
        Ok(Self { door, protocol, limits, stopping: Arc::default() })
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
        let (sessions, memory) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            while !self.stopping.load(Ordering::SeqCst) {
                let Some((socket, peer)) = self.accept() else { continue };
                if sessions.fetch_add(1, Ordering::SeqCst) >= self.limits.connections {
                    sessions.fetch_sub(1, Ordering::SeqCst);
                    session::turn_away(socket);
                    continue;
                }
                let (sessions, memory) = (&sessions, &memory);
                scope.spawn(move || {
                    let house = session::House {
                        protocol: self.protocol,
                        limits: &self.limits,
                        stopping: &self.stopping,
                        memory,
                        handler,
                    };
                    session::run(&house, socket, peer);
                    sessions.fetch_sub(1, Ordering::SeqCst);
                });
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
