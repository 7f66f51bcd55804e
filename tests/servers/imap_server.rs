//! An IMAP server of our own on loopback, which fails at a chosen command in a chosen way.

use data_encoding::BASE64;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// At which command the server fails.
pub const STAGES: [&str; 10] = [
    "GREETING",
    "CAPABILITY",
    "AUTHENTICATE",
    "SELECT",
    "STATUS",
    "UID SEARCH",
    "LIST",
    "BODY",
    "UID STORE",
    "UID MOVE",
];

/// How it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Hangs up before it does anything.
    DropBefore,
    /// Does what it was told, and hangs up before it says so.
    DropAfter,
    No,
    Bad,
    Bye,
    /// Says nothing any more, and keeps the line open.
    Stall,
    /// Says what is no IMAP.
    Garbage,
    /// Says half of a mail and hangs up.
    Truncate,
    /// Says half of a mail and calls it the whole.
    Half,
    /// A byte now and then.
    Drip,
    /// Answers for another mail.
    OtherUid,
    /// Says everything twice.
    Twice,
    /// OK, and nothing else.
    Nothing,
    /// Announces a mail of gigabytes.
    Huge,
    /// Another client takes a mail away meanwhile, and puts it back under another number.
    Expunge,
    /// All numbers are new.
    NewValidity,
    /// A new mail gets the number of one that was here before.
    SameUid,
}

pub const FAULTS: [Fault; 17] = [
    Fault::DropBefore,
    Fault::DropAfter,
    Fault::No,
    Fault::Bad,
    Fault::Bye,
    Fault::Stall,
    Fault::Garbage,
    Fault::Truncate,
    Fault::Half,
    Fault::Drip,
    Fault::OtherUid,
    Fault::Twice,
    Fault::Nothing,
    Fault::Huge,
    Fault::Expunge,
    Fault::NewValidity,
    Fault::SameUid,
];

#[derive(Debug, Clone)]
pub struct Kept {
    pub uid: u32,
    pub raw: Vec<u8>,
    pub seen: bool,
    pub deleted: bool,
}

/// Asked of each mail before it leaves the folder.
pub type Watcher = Arc<dyn Fn(&[u8]) + Send + Sync>;

/// What the server holds.
pub struct House {
    pub inbox: Vec<Kept>,
    pub away: Vec<Kept>,
    pub has_away: bool,
    pub validity: u32,
    pub next_uid: u32,
    pub can: &'static str,
    pub fault: Option<(&'static str, Fault)>,
    /// All command lines, without tags.
    pub heard: Vec<String>,
    /// Asked of each mail before it leaves the folder.
    pub before_removal: Watcher,
    /// Announced size that is not the real one, for all mails.
    pub claims: Option<usize>,
    /// The UID of a mail of which it says what is no IMAP.
    pub babbles_of: Option<u32>,
}

#[derive(Clone)]
pub struct ImapServer {
    pub addr: SocketAddr,
    pub house: Arc<Mutex<House>>,
}

pub const ALL: &str = "IMAP4rev1 SASL-IR AUTH=PLAIN IDLE MOVE UIDPLUS";

impl ImapServer {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let house = House {
            inbox: Vec::new(),
            away: Vec::new(),
            has_away: false,
            validity: 7,
            next_uid: 1,
            can: ALL,
            fault: None,
            heard: Vec::new(),
            before_removal: Arc::new(|_| ()),
            claims: None,
            babbles_of: None,
        };
        let server = Self { addr: listener.local_addr().unwrap(), house: Arc::new(Mutex::new(house)) };
        let house = Arc::clone(&server.house);
        std::thread::spawn(move || {
            for tcp in listener.incoming() {
                let (tcp, house) = (tcp.unwrap(), Arc::clone(&house));
                // A client that hangs up ends its session only.
                std::thread::spawn(move || drop(Session::of(tcp, house).speak()));
            }
        });
        server
    }

    pub fn url(&self) -> String {
        format!("imap://foi:s3cret%2Fword@{}/INBOX", self.addr)
    }

    pub fn append(&self, raw: &[u8]) -> u32 {
        self.house.lock().unwrap().append(raw.to_vec())
    }

    pub fn with<T>(&self, look: impl FnOnce(&mut House) -> T) -> T {
        look(&mut self.house.lock().unwrap())
    }
}

impl House {
    pub fn append(&mut self, raw: Vec<u8>) -> u32 {
        let uid = self.next_uid;
        self.next_uid += 1;
        self.inbox.push(Kept { uid, raw, seen: false, deleted: false });
        uid
    }

    /// What a fault does to the mails themselves.
    fn disturb(&mut self, fault: Fault) {
        match fault {
            Fault::Expunge if !self.inbox.is_empty() => {
                let taken = self.inbox.remove(0);
                self.append(taken.raw);
            }
            Fault::NewValidity => {
                self.validity += 1;
                // The other way round, so that numbers mean other mails.
                self.inbox.reverse();
                for (uid, mail) in (1..).zip(&mut self.inbox) {
                    mail.uid = uid;
                }
                self.next_uid = u32::try_from(self.inbox.len()).unwrap() + 1;
            }
            Fault::SameUid if self.inbox.is_empty() => self.next_uid = 1.max(self.next_uid.saturating_sub(2)),
            _ => {}
        }
    }

    fn chosen(&self, set: &str) -> Vec<usize> {
        let uids: Vec<u32> = set.split(',').map(|uid| uid.parse().unwrap()).collect();
        (0..self.inbox.len()).filter(|at| uids.contains(&self.inbox[*at].uid)).collect()
    }

    fn remove(&mut self, at: &[usize], to_away: bool) {
        for at in at.iter().rev() {
            let mail = self.inbox.remove(*at);
            (Arc::clone(&self.before_removal))(&mail.raw);
            if to_away {
                self.away.push(mail);
            }
        }
    }
}

struct Session {
    /// How many mails the client knows of.
    told: usize,
    lines: BufReader<TcpStream>,
    tcp: TcpStream,
    house: Arc<Mutex<House>>,
}

/// The session is over.
struct Over;

impl From<std::io::Error> for Over {
    fn from(_: std::io::Error) -> Self {
        Self
    }
}

impl Session {
    fn of(tcp: TcpStream, house: Arc<Mutex<House>>) -> Self {
        tcp.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self { told: 0, lines: BufReader::new(tcp.try_clone().unwrap()), tcp, house }
    }

    fn say(&mut self, text: &str) -> Result<(), Over> {
        Ok(self.tcp.write_all(text.as_bytes())?)
    }

    fn line(&mut self) -> Result<String, Over> {
        let mut line = String::new();
        self.lines.read_line(&mut line)?;
        if !line.ends_with("\r\n") {
            return Err(Over);
        }
        Ok(line.trim_end().to_owned())
    }

    /// The fault that waits at this stage, once.
    fn fault(&self, stage: &str) -> Option<Fault> {
        let mut house = self.house.lock().unwrap();
        let here = house.fault.is_some_and(|(at, _)| at == stage);
        let fault = if here { house.fault.take().map(|(_, fault)| fault) } else { None };
        if let Some(fault) = fault {
            house.disturb(fault);
        }
        fault
    }

    fn speak(mut self) -> Result<(), Over> {
        if let Some(fault) = self.fault("GREETING") {
            self.fail("*", fault)?;
        }
        self.say("* OK ready\r\n")?;
        loop {
            let line = self.line()?;
            let (tag, rest) = line.split_once(' ').ok_or(Over)?;
            let (tag, rest) = (tag.to_owned(), rest.to_owned());
            self.house.lock().unwrap().heard.push(rest.clone());
            let stage = stage_of(&rest);
            let fault = self.fault(stage);
            if let Some(fault) = fault
                && self.fail(&tag, fault)?
            {
                continue;
            }
            self.obey(&tag, stage, &rest, fault)?;
            if fault == Some(Fault::DropAfter) || rest == "LOGOUT" {
                return Ok(());
            }
        }
    }

    /// Fails instead of answering; false = the answer follows, bent or not.
    fn fail(&mut self, tag: &str, fault: Fault) -> Result<bool, Over> {
        match fault {
            Fault::DropBefore => return Err(Over),
            Fault::No => self.say(&format!("{tag} NO not now\r\n"))?,
            Fault::Bad => self.say(&format!("{tag} BAD what do you mean\r\n"))?,
            Fault::Bye => {
                self.say("* BYE going down\r\n")?;
                return Err(Over);
            }
            Fault::Stall => {
                std::thread::sleep(Duration::from_secs(3));
                return Err(Over);
            }
            Fault::Garbage => self.say("220 mail.example ESMTP \0\u{fffd}((((((\r\n")?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn obey(&mut self, tag: &str, stage: &str, rest: &str, fault: Option<Fault>) -> Result<(), Over> {
        let words: Vec<&str> = rest.split(' ').collect();
        let house = Arc::clone(&self.house);
        let mut untagged = String::new();
        let mut code = "";
        match stage {
            "BODY" => return self.body(tag, words[2], fault),
            "IDLE" => return self.idle(tag),
            "CAPABILITY" => untagged = format!("* CAPABILITY {}\r\n", house.lock().unwrap().can),
            "AUTHENTICATE" => {
                let plain = BASE64.decode(words[2].as_bytes()).unwrap();
                assert_eq!(plain, b"\0foi\0s3cret/word");
            }
            "LOGIN" => assert_eq!(rest, "LOGIN \"foi\" \"s3cret/word\""),
            "SELECT" => {
                let house = house.lock().unwrap();
                self.told = house.inbox.len();
                untagged = format!(
                    "* {} EXISTS\r\n* FLAGS (\\Seen \\Deleted)\r\n* OK [UIDVALIDITY {}] valid\r\n* OK [UIDNEXT {}] next\r\n",
                    house.inbox.len(),
                    house.validity,
                    house.next_uid
                );
                code = "[READ-WRITE] ";
            }
            "STATUS" if !house.lock().unwrap().has_away => {
                return self.say(&format!("{tag} NO [NONEXISTENT] no such folder\r\n"));
            }
            "CREATE" => house.lock().unwrap().has_away = true,
            "UID SEARCH" => untagged = search(&house.lock().unwrap(), &words[2..], fault),
            "LIST" => untagged = list(&house.lock().unwrap(), words[2], fault),
            _ => {
                let mut house = house.lock().unwrap();
                let removed = change(&mut house, stage, &words);
                self.told = self.told.saturating_sub(removed.len());
                for at in removed.iter().rev() {
                    writeln!(untagged, "* {} EXPUNGE\r", at + 1).unwrap();
                }
            }
        }
        if fault == Some(Fault::DropAfter) {
            return Ok(());
        }
        if fault == Some(Fault::Twice) {
            untagged += &untagged.clone();
        }
        if fault == Some(Fault::Nothing) {
            untagged.clear();
        }
        let now = house.lock().unwrap().inbox.len();
        if now > self.told && stage.starts_with("UID ") {
            writeln!(untagged, "* {now} EXISTS\r").unwrap();
        }
        self.told = now;
        self.say(&format!("{untagged}{tag} OK {code}done\r\n"))
    }

    fn body(&mut self, tag: &str, set: &str, fault: Option<Fault>) -> Result<(), Over> {
        let mails: Vec<(usize, Kept)> = {
            let house = self.house.lock().unwrap();
            house.chosen(set).into_iter().map(|at| (at, house.inbox[at].clone())).collect()
        };
        for (at, mail) in mails {
            let times = if fault == Some(Fault::Twice) { 2 } else { 1 };
            for _ in 0..times {
                let uid = if fault == Some(Fault::OtherUid) { mail.uid + 1_000 } else { mail.uid };
                let length = match fault {
                    Some(Fault::Nothing) => break,
                    Some(Fault::Huge) => 4_000_000_000,
                    Some(Fault::Half) => mail.raw.len() / 2,
                    _ => mail.raw.len(),
                };
                self.say(&format!("* {} FETCH (UID {uid} BODY[] {{{length}}}\r\n", at + 1))?;
                match fault {
                    Some(Fault::Truncate) => {
                        self.tcp.write_all(&mail.raw[..mail.raw.len() / 2])?;
                        return Err(Over);
                    }
                    Some(Fault::Drip) => {
                        for piece in mail.raw.chunks(mail.raw.len().div_ceil(20)) {
                            self.tcp.write_all(piece)?;
                            std::thread::sleep(Duration::from_millis(20));
                        }
                    }
                    _ => self.tcp.write_all(&mail.raw[..length.min(mail.raw.len())])?,
                }
                self.say(")\r\n")?;
            }
        }
        if fault == Some(Fault::DropAfter) {
            return Ok(());
        }
        self.say(&format!("{tag} OK fetched\r\n"))
    }

    fn idle(&mut self, tag: &str) -> Result<(), Over> {
        self.say("+ idling\r\n")?;
        self.tcp.set_read_timeout(Some(Duration::from_millis(20)))?;
        let ended = loop {
            match self.lines.fill_buf() {
                Ok([]) => break Err(Over),
                Ok(_) => break self.line().map(|_| ()),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => break Err(Over),
            }
            let now = self.house.lock().unwrap().inbox.len();
            if now > std::mem::replace(&mut self.told, now) {
                self.say(&format!("* {now} EXISTS\r\n"))?;
            }
        };
        self.tcp.set_read_timeout(Some(Duration::from_secs(60)))?;
        ended?;
        self.say(&format!("{tag} OK idled\r\n"))
    }
}

fn stage_of(rest: &str) -> &'static str {
    let stages = [
        ("CAPABILITY", "CAPABILITY"),
        ("AUTHENTICATE", "AUTHENTICATE"),
        ("LOGIN", "LOGIN"),
        ("SELECT", "SELECT"),
        ("STATUS", "STATUS"),
        ("CREATE", "CREATE"),
        ("UID SEARCH", "UID SEARCH"),
        ("UID STORE", "UID STORE"),
        ("UID MOVE", "UID MOVE"),
        ("UID COPY", "UID COPY"),
        ("UID EXPUNGE", "UID EXPUNGE"),
        ("IDLE", "IDLE"),
        ("NOOP", "NOOP"),
        ("LOGOUT", "LOGOUT"),
    ];
    if rest.starts_with("UID FETCH") {
        return if rest.contains("BODY.PEEK[]") { "BODY" } else { "LIST" };
    }
    stages.iter().find(|(begin, _)| rest.starts_with(begin)).map(|(_, stage)| *stage).expect(rest)
}

fn search(house: &House, words: &[&str], fault: Option<Fault>) -> String {
    let uids: Vec<u32> = if words[0] == "UID" {
        let from: u32 = words[1].trim_end_matches(":*").parse().unwrap();
        let last = house.inbox.iter().map(|mail| mail.uid).max();
        house.inbox.iter().map(|mail| mail.uid).filter(|uid| *uid >= from || Some(*uid) == last).collect()
    } else {
        let (first, last) = words[0].split_once(':').unwrap();
        let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
        let unread = words.contains(&"UNSEEN");
        let all = house.inbox.iter().take(last).skip(first - 1);
        all.filter(|mail| !unread || !mail.seen).map(|mail| mail.uid).collect()
    };
    let mut uids: Vec<String> = uids.iter().map(u32::to_string).collect();
    if fault == Some(Fault::OtherUid) {
        uids.push("99999".to_owned());
    }
    if fault == Some(Fault::Twice) {
        uids.extend(uids.clone());
    }
    format!("* SEARCH {}", uids.join(" ")).trim_end().to_owned() + "\r\n"
}

fn list(house: &House, set: &str, fault: Option<Fault>) -> String {
    let mut said = String::new();
    for at in house.chosen(set) {
        let mail = &house.inbox[at];
        let uid = if fault == Some(Fault::OtherUid) { mail.uid + 1_000 } else { mail.uid };
        let size = house.claims.unwrap_or(mail.raw.len());
        let number = at + 1;
        if house.babbles_of == Some(uid) {
            writeln!(said, "* {number} FETCH UID {uid} RFC822.SIZE {size}\r").unwrap();
            continue;
        }
        writeln!(
            said,
            "* {number} FETCH (UID {uid} RFC822.SIZE {size} INTERNALDATE \"01-Sep-2026 08:00:00 +0000\")\r"
        )
        .unwrap();
    }
    said
}

/// Changes what a command changes; the places of what is gone.
fn change(house: &mut House, stage: &str, words: &[&str]) -> Vec<usize> {
    let at = if stage.starts_with("UID ") { house.chosen(words[2]) } else { Vec::new() };
    match stage {
        "UID STORE" => {
            for at in at {
                let flags = words[4];
                house.inbox[at].seen |= flags.contains("\\Seen");
                house.inbox[at].deleted |= flags.contains("\\Deleted");
            }
            Vec::new()
        }
        "UID COPY" => {
            let copies: Vec<Kept> = at.iter().map(|at| house.inbox[*at].clone()).collect();
            house.away.extend(copies);
            Vec::new()
        }
        "UID MOVE" => {
            house.remove(&at, true);
            at
        }
        "UID EXPUNGE" => {
            let at: Vec<usize> = at.into_iter().filter(|at| house.inbox[*at].deleted).collect();
            house.remove(&at, false);
            at
        }
        _ => Vec::new(),
    }
}
