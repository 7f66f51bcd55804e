//! An SMTP server that takes letters and misbehaves as a script says.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

/// Where in the dialogue the server stands when it has to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Connect,
    Ehlo,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    EndOfData,
}

impl Stage {
    pub const ALL: [Self; 8] = [
        Self::Connect,
        Self::Ehlo,
        Self::StartTls,
        Self::Auth,
        Self::Mail,
        Self::Rcpt,
        Self::Data,
        Self::EndOfData,
    ];
}

/// What it does there instead of the usual reply.
#[derive(Debug, Clone)]
pub enum Act {
    /// Says this line; CRLF is added.
    Say(String),
    /// Hangs up without a word.
    Drop,
    /// Says this without CRLF and hangs up.
    Half(String),
    /// Hangs up with a TCP reset.
    Reset,
    /// Says nothing until the client leaves.
    Stall,
    /// Says this line one octet at a time.
    Drip(String, Duration),
    /// Says this again and again until the client leaves.
    Endless(&'static str),
    /// Says this line, then after a while another, and goes on as if nothing had been.
    Twice(&'static str, Duration, &'static str),
}

impl Act {
    pub fn say(line: &str) -> Self {
        Self::Say(line.to_owned())
    }
}

/// What the server offers and where it misbehaves.
#[derive(Debug, Clone, Default)]
pub struct Script {
    offers: Vec<String>,
    acts: Vec<(Stage, Act, bool)>,
    tls: bool,
    tls_at_once: bool,
}

impl Script {
    /// A friendly server.
    pub fn friendly() -> Self {
        Self::default().offering("SIZE 10000000").offering("8BITMIME").offering("AUTH PLAIN LOGIN")
    }

    pub fn offering(mut self, line: &str) -> Self {
        self.offers.push(line.to_owned());
        self
    }

    /// Offers STARTTLS with the certificate for `localhost`; its authority is in `trusted`.
    pub fn with_tls(mut self) -> Self {
        self.tls = true;
        self.offering("STARTTLS")
    }

    /// Speaks TLS from the first octet.
    pub fn with_tls_at_once(mut self) -> Self {
        self.tls_at_once = true;
        self
    }

    /// Every time.
    pub fn at(mut self, stage: Stage, act: Act) -> Self {
        self.acts.push((stage, act, false));
        self
    }

    /// The next time only.
    pub fn once(mut self, stage: Stage, act: Act) -> Self {
        self.acts.push((stage, act, true));
        self
    }
}

/// A letter whose end of data was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SunkLetter {
    pub mail: String,
    pub recipients: Vec<String>,
    /// As the client meant it: dots taken off.
    pub bytes: Vec<u8>,
}

impl SunkLetter {
    /// The Message-ID without brackets.
    pub fn message_id(&self) -> String {
        let mail = mailparse::parse_headers(&self.bytes).unwrap().0;
        let id = mailparse::MailHeaderMap::get_first_value(&mail[..], "Message-ID").unwrap_or_default();
        id.trim().trim_matches(['<', '>']).to_owned()
    }
}

#[derive(Default)]
struct Heard {
    letters: Vec<SunkLetter>,
    commands: Vec<String>,
    body_octets: usize,
}

/// The running server; it ends when it is dropped.
pub struct SmtpSink {
    pub addr: SocketAddr,
    heard: Arc<Mutex<Heard>>,
    script: Arc<Mutex<Script>>,
    stopping: Arc<AtomicBool>,
}

impl SmtpSink {
    pub fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let (heard, stopping) = (Arc::<Mutex<Heard>>::default(), Arc::<AtomicBool>::default());
        let script = Arc::new(Mutex::new(script));
        let sink = Self { addr, heard, script, stopping };
        let (heard, script, stopping) =
            (Arc::clone(&sink.heard), Arc::clone(&sink.script), Arc::clone(&sink.stopping));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                if stopping.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(client) = client else { continue };
                let (heard, script) = (Arc::clone(&heard), Arc::clone(&script));
                std::thread::spawn(move || {
                    client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                    let mut session = Session { wire: Wire::Plain(client), unread: vec![], heard, script };
                    // The client's leaving is a part of many a test.
                    let _ = session.talk();
                });
            }
        });
        sink
    }

    /// From now on.
    pub fn follow(&self, script: Script) {
        *self.script.lock().unwrap() = script;
    }

    /// `smtp://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.addr)
    }

    /// All letters whose end of data was read, whatever was answered.
    pub fn letters(&self) -> Vec<SunkLetter> {
        self.heard.lock().unwrap().letters.clone()
    }

    /// All command lines of all sessions.
    pub fn commands(&self) -> Vec<String> {
        self.heard.lock().unwrap().commands.clone()
    }

    /// Octets that came after a 354, whether or not the letter was ended.
    pub fn body_octets(&self) -> usize {
        self.heard.lock().unwrap().body_octets
    }

    /// The authority that vouches for the server's certificate.
    pub fn trusted() -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(include_bytes!("tls/authority.pem")).unwrap()).unwrap();
        roots
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.addr));
    }
}

enum Wire {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
    Gone,
}

impl Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.read(buffer),
            Self::Tls(tls) => tls.read(buffer),
            Self::Gone => Ok(0),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(tcp) => tcp.write_all(bytes),
            Self::Tls(tls) => tls.write_all(bytes).and_then(|()| tls.flush()),
            Self::Gone => Ok(()),
        }
    }

    fn tcp(&self) -> Option<&TcpStream> {
        match self {
            Self::Plain(tcp) => Some(tcp),
            Self::Tls(tls) => Some(&tls.sock),
            Self::Gone => None,
        }
    }
}

struct Session {
    wire: Wire,
    unread: Vec<u8>,
    heard: Arc<Mutex<Heard>>,
    script: Arc<Mutex<Script>>,
}

fn hung_up() -> io::Error {
    io::ErrorKind::ConnectionAborted.into()
}

impl Session {
    fn talk(&mut self) -> io::Result<()> {
        if self.script.lock().unwrap().tls_at_once {
            self.encrypt()?;
        }
        self.answer(Stage::Connect, "220 sink.example ESMTP")?;
        let (mut mail, mut recipients) = (String::new(), Vec::new());
        loop {
            let line = self.line()?;
            self.heard.lock().unwrap().commands.push(line.clone());
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => {
                    let mut offers = self.script.lock().unwrap().offers.clone();
                    offers.retain(|offer| offer != "STARTTLS" || matches!(self.wire, Wire::Plain(_)));
                    let mut reply = vec!["250-sink.example".to_owned()];
                    reply.extend(offers.iter().map(|offer| format!("250-{offer}")));
                    reply.push("250 ENHANCEDSTATUSCODES".to_owned());
                    self.answer(Stage::Ehlo, &reply.join("\r\n"))?;
                }
                "STARTTLS" => self.start_tls()?,
                "AUTH" => {
                    self.answer(Stage::Auth, "235 2.7.0 welcome")?;
                }
                "MAIL" => {
                    mail = line;
                    self.answer(Stage::Mail, "250 2.1.0 ok")?;
                }
                "RCPT" => {
                    recipients.push(line);
                    self.answer(Stage::Rcpt, "250 2.1.5 ok")?;
                }
                "DATA" => {
                    if self.answer(Stage::Data, "354 go on")? {
                        self.letter(&mail, &recipients)?;
                        recipients.clear();
                    }
                }
                "RSET" => self.wire.write(b"250 ok\r\n")?,
                "QUIT" => return self.wire.write(b"221 bye\r\n"),
                _ => self.wire.write(b"502 what?\r\n")?,
            }
        }
    }

    fn letter(&mut self, mail: &str, recipients: &[String]) -> io::Result<()> {
        let bytes = self.body()?;
        let letter = SunkLetter { mail: mail.to_owned(), recipients: recipients.to_vec(), bytes };
        let count = {
            let mut heard = self.heard.lock().unwrap();
            heard.letters.push(letter);
            heard.letters.len()
        };
        self.answer(Stage::EndOfData, &format!("250 2.0.0 taken as {count}")).map(drop)
    }

    fn next_act(&self, stage: Stage) -> Option<Act> {
        let mut script = self.script.lock().unwrap();
        let at = script.acts.iter().position(|(wanted, ..)| *wanted == stage)?;
        let (_, act, once) = script.acts[at].clone();
        if once {
            script.acts.remove(at);
        }
        Some(act)
    }

    /// True when the usual reply was given.
    fn answer(&mut self, stage: Stage, usual: &str) -> io::Result<bool> {
        let Some(act) = self.next_act(stage) else {
            self.wire.write(format!("{usual}\r\n").as_bytes())?;
            return Ok(true);
        };
        match act {
            Act::Say(line) => {
                self.wire.write(format!("{line}\r\n").as_bytes())?;
                return Ok(false);
            }
            Act::Drop => {}
            Act::Half(text) => self.wire.write(text.as_bytes())?,
            Act::Reset => {
                if let Some(tcp) = self.wire.tcp() {
                    socket2::SockRef::from(tcp).set_linger(Some(Duration::ZERO))?;
                }
            }
            Act::Stall => while self.wire.read(&mut [0; 1024])? > 0 {},
            Act::Drip(line, pause) => {
                for byte in format!("{line}\r\n").bytes() {
                    self.wire.write(&[byte])?;
                    std::thread::sleep(pause);
                }
                return Ok(false);
            }
            Act::Endless(text) => loop {
                self.wire.write(text.as_bytes())?;
            },
            Act::Twice(first, pause, second) => {
                self.wire.write(format!("{first}\r\n").as_bytes())?;
                std::thread::sleep(pause);
                self.wire.write(format!("{second}\r\n").as_bytes())?;
                return Ok(true);
            }
        }
        Err(hung_up())
    }

    fn start_tls(&mut self) -> io::Result<()> {
        if !self.answer(Stage::StartTls, "220 ready")? || !self.script.lock().unwrap().tls {
            return Ok(());
        }
        self.encrypt()
    }

    fn encrypt(&mut self) -> io::Result<()> {
        let Wire::Plain(tcp) = std::mem::replace(&mut self.wire, Wire::Gone) else { return Err(hung_up()) };
        let certificate = CertificateDer::from_pem_slice(include_bytes!("tls/server.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/server-key.pem")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let connection = ServerConnection::new(Arc::new(config)).unwrap();
        self.wire = Wire::Tls(Box::new(StreamOwned::new(connection, tcp)));
        Ok(())
    }

    fn fill(&mut self) -> io::Result<usize> {
        let mut buffer = [0; 16_384];
        let n = self.wire.read(&mut buffer)?;
        if n == 0 {
            return Err(hung_up());
        }
        self.unread.extend_from_slice(&buffer[..n]);
        Ok(n)
    }

    fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|pair| pair == b"\r\n") {
                let line: Vec<u8> = self.unread.drain(..end + 2).collect();
                return Ok(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            self.fill()?;
        }
    }

    /// Line by line, dots taken off; the terminator is found in another way than the service's own listener does.
    fn body(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        let mut seen = self.unread.len();
        self.heard.lock().unwrap().body_octets += seen;
        loop {
            while let Some(end) = self.unread.windows(2).position(|pair| pair == b"\r\n") {
                let line: Vec<u8> = self.unread.drain(..end + 2).collect();
                if line == b".\r\n" {
                    return Ok(body);
                }
                body.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            }
            seen = self.fill()?;
            self.heard.lock().unwrap().body_octets += seen;
        }
    }
}
