//! A mail server that takes its time, counts every whole letter by its Message-ID, and strikes at a chosen instant.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Numbers that look random and are the same for the same seed (xorshift64*).
#[derive(Debug)]
pub struct Dice(AtomicU64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed | 1))
    }

    /// From 0 to `most`.
    pub fn up_to(&self, most: u64) -> u64 {
        let mut x = self.0.load(Ordering::SeqCst);
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.0.store(x, Ordering::SeqCst);
        (x.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % (most + 1)
    }
}

/// A point between the mark and its end, where a client that dies leaves a letter in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// The first octets of the body were read.
    FirstOctets,
    /// Half of the body was read.
    MidBody,
    /// All of it was read, and the reply is not yet said.
    BeforeReply,
    /// The reply was said, and the client may not have read it.
    AfterReply,
}

impl Doubt {
    pub const ALL: [Self; 4] = [Self::FirstOctets, Self::MidBody, Self::BeforeReply, Self::AfterReply];
}

type Strike = Box<dyn FnOnce() + Send>;

struct Shared {
    dice: Dice,
    /// Longest pause at each stage.
    slow: u64,
    whole: Mutex<BTreeMap<String, usize>>,
    strike: Mutex<Option<(Doubt, Strike)>>,
    connections: AtomicUsize,
    stopping: AtomicBool,
}

/// The running server; it ends when it is dropped.
pub struct BusySink {
    pub addr: SocketAddr,
    shared: Arc<Shared>,
}

impl BusySink {
    /// `slow`: the longest pause at each stage, in milliseconds.
    pub fn start(seed: u64, slow: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            dice: Dice::new(seed),
            slow,
            whole: Mutex::default(),
            strike: Mutex::default(),
            connections: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
        });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                if serving.stopping.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(client) = client else { continue };
                serving.connections.fetch_add(1, Ordering::SeqCst);
                let shared = Arc::clone(&serving);
                std::thread::spawn(move || {
                    // That a client dies is what this server is for.
                    let _ = shared.talk(&client);
                });
            }
        });
        Self { addr, shared }
    }

    /// How often each Message-ID was seen in a whole letter, whatever was answered.
    pub fn whole(&self) -> BTreeMap<String, usize> {
        self.shared.whole.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Does this when the next letter comes to that point.
    pub fn strike_at(&self, doubt: Doubt, strike: impl FnOnce() + Send + 'static) {
        *self.shared.strike.lock().unwrap() = Some((doubt, Box::new(strike)));
    }

    /// Whether the strike still waits for its letter; it waits no more then.
    pub fn forget_strike(&self) -> bool {
        self.shared.strike.lock().unwrap().take().is_some()
    }
}

impl Drop for BusySink {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.addr));
    }
}

impl Shared {
    fn talk(&self, client: &TcpStream) -> io::Result<()> {
        client.set_read_timeout(Some(Duration::from_secs(300)))?;
        let (mut lines, mut out) = (BufReader::new(client.try_clone()?), client);
        self.says(&mut out, "220 sink.example ESMTP")?;
        let mut line = Vec::new();
        loop {
            line.clear();
            if lines.by_ref().take(4096).read_until(b'\n', &mut line)? == 0 {
                return Ok(());
            }
            let verb: String = line.iter().take(4).map(|b| char::from(b.to_ascii_uppercase())).collect();
            match verb.as_str() {
                "EHLO" => self.says(&mut out, "250-sink.example\r\n250-SIZE 10000000\r\n250 8BITMIME")?,
                "DATA" => {
                    self.says(&mut out, "354 go on")?;
                    self.body(&mut lines, &mut out)?;
                }
                "QUIT" => return self.says(&mut out, "221 bye"),
                _ => self.says(&mut out, "250 ok")?,
            }
        }
    }

    fn says(&self, out: &mut &TcpStream, line: &str) -> io::Result<()> {
        self.dawdles();
        out.write_all(format!("{line}\r\n").as_bytes())
    }

    fn dawdles(&self) {
        std::thread::sleep(Duration::from_millis(self.dice.up_to(self.slow)));
    }

    fn strikes(&self, at: Doubt) {
        let mut strike = self.strike.lock().unwrap();
        if strike.as_ref().is_some_and(|(wanted, _)| *wanted == at) {
            let (_, act) = strike.take().unwrap();
            drop(strike);
            act();
        }
    }

    fn body(&self, lines: &mut BufReader<TcpStream>, out: &mut &TcpStream) -> io::Result<()> {
        let (mut body, mut line) = (Vec::new(), Vec::new());
        for count in 0_usize.. {
            line.clear();
            if lines.read_until(b'\n', &mut line)? == 0 || !line.ends_with(b"\n") {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match count {
                0 => self.strikes(Doubt::FirstOctets),
                20 => {
                    self.dawdles();
                    self.strikes(Doubt::MidBody);
                }
                _ => {}
            }
            if line == b".\r\n" {
                break;
            }
            body.extend_from_slice(&line);
        }
        let fields = mailparse::parse_headers(&body).unwrap().0;
        let id = mailparse::MailHeaderMap::get_first_value(&fields[..], "Message-ID").unwrap();
        // Counted whether or not anybody hears the reply: it is in this server's hands.
        *self.whole.lock().unwrap().entry(id.trim_matches(['<', '>', ' ']).to_owned()).or_default() += 1;
        self.strikes(Doubt::BeforeReply);
        self.says(out, "250 2.0.0 taken")?;
        self.strikes(Doubt::AfterReply);
        Ok(())
    }
}
