//! A name server of ours on loopback, over UDP and TCP, with real packets (RFC 1035): what a story plants, else NXDOMAIN.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const A: u16 = 1;
const MX: u16 = 15;
const TXT: u16 = 16;
/// An answer longer than this is given over TCP only (RFC 1035 §4.2.1).
const MOST_UDP: usize = 512;

#[derive(Default)]
struct Zone {
    records: BTreeMap<(String, u16), Vec<Vec<u8>>>,
    /// Names of which another type is known: no error, but nothing either.
    names: BTreeSet<String>,
    failing: BTreeSet<String>,
    silent: BTreeSet<String>,
    asked: Vec<String>,
}

/// The name server; it ends with the story.
#[derive(Clone)]
pub struct NameServer {
    at: SocketAddr,
    zone: Arc<Mutex<Zone>>,
    ended: Arc<AtomicBool>,
}

impl NameServer {
    /// Begins to answer.
    pub fn start() -> Self {
        let (udp, tcp) = loop {
            let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
            // The same number over UDP may be somebody else's.
            if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()) {
                break (udp, tcp);
            }
        };
        let server = Self { at: tcp.local_addr().unwrap(), zone: Arc::default(), ended: Arc::default() };
        udp.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let (own, other) = (server.clone(), server.clone());
        std::thread::spawn(move || own.serve_udp(&udp));
        std::thread::spawn(move || other.serve_tcp(&tcp));
        server
    }

    /// Where it listens.
    pub fn at(&self) -> SocketAddr {
        self.at
    }

    fn plant(&self, name: &str, kind: u16, data: Vec<u8>) {
        let mut zone = self.zone.lock().unwrap();
        zone.names.insert(name.to_lowercase());
        zone.records.entry((name.to_lowercase(), kind)).or_default().push(data);
    }

    /// A text, in pieces of 255 bytes.
    pub fn txt(&self, name: &str, text: &str) {
        let data = text.as_bytes().chunks(255).flat_map(|piece| {
            std::iter::once(u8::try_from(piece.len()).unwrap()).chain(piece.iter().copied())
        });
        self.plant(name, TXT, data.collect());
    }

    /// An address.
    pub fn a(&self, name: &str, address: Ipv4Addr) {
        self.plant(name, A, address.octets().to_vec());
    }

    /// A mail server.
    pub fn mx(&self, name: &str, host: &str) {
        let mut data = vec![0, 10];
        data.extend(labels(host));
        self.plant(name, MX, data);
    }

    /// Questions about this name end in SERVFAIL.
    pub fn fails(&self, name: &str) {
        self.zone.lock().unwrap().failing.insert(name.to_lowercase());
    }

    /// Questions about this name get no answer.
    pub fn is_silent(&self, name: &str) {
        self.zone.lock().unwrap().silent.insert(name.to_lowercase());
    }

    /// It answers again what it knows of this name.
    pub fn heals(&self, name: &str) {
        let mut zone = self.zone.lock().unwrap();
        zone.failing.remove(name);
        zone.silent.remove(name);
    }

    /// What it was asked, in order.
    pub fn asked(&self) -> Vec<String> {
        self.zone.lock().unwrap().asked.clone()
    }

    fn serve_udp(&self, socket: &UdpSocket) {
        let mut packet = [0; 4096];
        while !self.ended.load(Ordering::Relaxed) {
            let Ok((size, peer)) = socket.recv_from(&mut packet) else { continue };
            if let Some(mut answer) = self.answer(&packet[..size]) {
                if answer.len() > MOST_UDP {
                    let question = question(&packet[..size]).unwrap().2;
                    answer.truncate(question);
                    answer[2] |= 0x02;
                    answer[6..8].copy_from_slice(&[0, 0]);
                }
                let _ = socket.send_to(&answer, peer);
            }
        }
    }

    fn serve_tcp(&self, listener: &TcpListener) {
        for stream in listener.incoming() {
            if self.ended.load(Ordering::Relaxed) {
                return;
            }
            let own = self.clone();
            std::thread::spawn(move || own.talk(stream.unwrap()));
        }
    }

    fn talk(&self, mut stream: TcpStream) {
        let mut length = [0; 2];
        while stream.read_exact(&mut length).is_ok() {
            let mut packet = vec![0; usize::from(u16::from_be_bytes(length))];
            if stream.read_exact(&mut packet).is_err() {
                return;
            }
            let Some(answer) = self.answer(&packet) else { return };
            let mut framed = u16::try_from(answer.len()).unwrap().to_be_bytes().to_vec();
            framed.extend(answer);
            if stream.write_all(&framed).is_err() {
                return;
            }
        }
    }

    fn answer(&self, packet: &[u8]) -> Option<Vec<u8>> {
        let (name, kind, end) = question(packet)?;
        let mut zone = self.zone.lock().unwrap();
        zone.asked.push(name.clone());
        if zone.silent.contains(&name) {
            return None;
        }
        let records = zone.records.get(&(name.clone(), kind)).cloned().unwrap_or_default();
        let code = if zone.failing.contains(&name) {
            2
        } else if zone.names.contains(&name) {
            0
        } else {
            3
        };
        let records = if code == 0 { records } else { Vec::new() };
        let mut answer = packet[..2].to_vec();
        answer.extend([0x81, 0x80 | code, 0, 1]);
        answer.extend(u16::try_from(records.len()).unwrap().to_be_bytes());
        answer.extend([0, 0, 0, 0]);
        answer.extend(&packet[12..end]);
        for data in records {
            answer.extend([0xc0, 12]);
            answer.extend(kind.to_be_bytes());
            answer.extend([0, 1, 0, 0, 0, 60]);
            answer.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
            answer.extend(data);
        }
        Some(answer)
    }

    /// It says nothing more; called by whoever started it.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
        // The listener looks up when somebody comes.
        drop(TcpStream::connect(self.at));
    }
}

/// Name, type, and where the question ends.
fn question(packet: &[u8]) -> Option<(String, u16, usize)> {
    let (mut at, mut name) = (12, Vec::new());
    loop {
        let length = usize::from(*packet.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        name.push(String::from_utf8_lossy(packet.get(at..at + length)?).to_lowercase());
        at += length;
    }
    let kind = u16::from_be_bytes([*packet.get(at)?, *packet.get(at + 1)?]);
    Some((name.join("."), kind, at + 4))
}

fn labels(name: &str) -> Vec<u8> {
    let mut data: Vec<u8> = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        data.push(u8::try_from(label.len()).unwrap());
        data.extend(label.as_bytes());
    }
    data.push(0);
    data
}
