//! One session at the door: commands in, replies out, the message to the handler before any 250.

use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use crate::mail::listener::door::Socket;
use crate::mail::listener::input::{Body, End, Input, Line};
use crate::mail::listener::quota::Quota;
use crate::mail::listener::room::Room;
use crate::mail::listener::{Admission, Envelope, Forwarded, Gate, Handler, Limits, Protocol, Verdict};

/// What all sessions share.
pub(crate) struct House<'a> {
    pub protocol: Protocol,
    pub name: &'a str,
    pub limits: &'a Limits,
    pub stopping: &'a AtomicBool,
    pub room: &'a Room,
    pub quota: &'a Quota,
    pub gate: Option<&'a Gate>,
    pub handler: &'a Handler,
}

/// What is said last to a peer that tried too much.
const ENOUGH: &str = "421 4.7.0 too many commands or errors";

/// What the peer hears when all places are taken.
pub(crate) fn turn_away(mut socket: Socket) {
    let second = std::time::Duration::from_secs(1);
    let told = socket.set_timeouts(second, second).and_then(|()| {
        std::io::Write::write_all(&mut socket, b"421 4.3.2 too many connections, come back later\r\n")
    });
    if let Err(error) = told {
        tracing::debug!(%error, "a visitor too many left before it was told so");
    }
}

/// Speaks with one peer until either ends it.
pub(crate) fn run(house: &House<'_>, socket: Socket, peer: Option<SocketAddr>) {
    let Ok(input) = Input::new(socket, house.limits, house.stopping) else { return };
    let (greeted_as, mail, forwarded) = (None, None, None);
    let (short, commands, errors) = (true, 0, 0);
    let mut session = Session { house, input, greeted_as, mail, short, forwarded, commands, errors, peer };
    let farewell = match session.talk() {
        Err(End::Gone) | Ok(()) => return,
        Err(End::Late) => "421 4.4.2 too slow\r\n",
        Err(End::Closing) => "421 4.3.2 closing, come back later\r\n",
    };
    // The peer may be gone; then there is nobody to be told.
    let _ = session.input.reply(farewell);
}

struct Session<'h> {
    house: &'h House<'h>,
    input: Input<'h>,
    greeted_as: Option<String>,
    mail: Option<Envelope>,
    /// Whether the mail is only for addresses to which everybody may write.
    short: bool,
    forwarded: Option<Forwarded>,
    commands: usize,
    errors: usize,
    peer: Option<SocketAddr>,
}

impl Session<'_> {
    fn talk(&mut self) -> Result<(), End> {
        let spoken = match self.house.protocol {
            Protocol::Lmtp => "LMTP",
            Protocol::Smtp => "ESMTP",
        };
        self.input.reply(&format!("220 {} {spoken} ready\r\n", self.house.name))?;
        loop {
            let reply = match self.input.line()? {
                Line::TooLong => "500 5.5.2 line too long".to_owned(),
                Line::Malformed => "500 5.5.2 a command is UTF-8 and ends with CRLF".to_owned(),
                Line::Command(line) => {
                    let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
                    match (verb.to_ascii_uppercase().as_str(), rest.trim()) {
                        ("QUIT", "") => return self.input.reply("221 2.0.0 bye\r\n"),
                        ("DATA", "") if self.may_send() => {
                            self.data()?;
                            continue;
                        }
                        (verb, rest) => self.command(verb, rest),
                    }
                }
            };
            self.commands += 1;
            self.errors += usize::from(reply.starts_with('5'));
            let limits = self.house.limits;
            if self.errors > limits.errors || self.commands > limits.commands {
                return self.input.reply(&format!("{ENOUGH}\r\n"));
            }
            self.input.reply(&format!("{reply}\r\n"))?;
        }
    }

    fn command(&mut self, verb: &str, rest: &str) -> String {
        let said = match (verb, self.house.protocol) {
            ("LHLO", Protocol::Lmtp) | ("EHLO", Protocol::Smtp) => return self.greet(rest, true),
            ("HELO", Protocol::Smtp) => return self.greet(rest, false),
            // RFC 2033 §4.1: the wrong greeting must be refused, so that the protocols are not mixed up.
            ("EHLO" | "HELO" | "LHLO", _) => "500 5.5.1 the other protocol is spoken here",
            ("MAIL", _) => return self.mail_from(rest),
            ("RCPT", _) => return self.rcpt_to(rest),
            ("XFORWARD", _) if self.is_believed() => return self.xforward(rest),
            ("DATA", _) if !rest.is_empty() => "501 5.5.4 DATA takes nothing",
            ("DATA", _) => "503 5.5.1 first MAIL and RCPT",
            ("RSET", _) => {
                (self.mail, self.forwarded) = (None, None);
                "250 2.0.0 forgotten"
            }
            ("NOOP", _) => "250 2.0.0 fine",
            ("VRFY", _) => "252 2.5.0 send the mail and see",
            ("QUIT", _) => "501 5.5.4 QUIT takes nothing",
            _ => "502 5.5.1 not known here",
        };
        said.to_owned()
    }

    fn greet(&mut self, name: &str, extended: bool) -> String {
        if name.is_empty() {
            return "501 5.5.4 who is there?".to_owned();
        }
        self.greeted_as = Some(name.chars().filter(|c| !c.is_control()).take(255).collect());
        (self.mail, self.forwarded) = (None, None);
        let name = self.house.name;
        if !extended {
            return format!("250 {name}");
        }
        let size = format!("SIZE {}", self.house.limits.message);
        let mut offers = vec![name, "PIPELINING", &size, "8BITMIME", "SMTPUTF8"];
        offers.extend(self.is_believed().then_some(Forwarded::OFFER));
        let offers: Vec<String> = offers.iter().map(|line| format!("250-{line}\r\n")).collect();
        offers.concat() + "250 ENHANCEDSTATUSCODES"
    }

    /// Whether this peer is a mail server of our own, whose word on its own peers counts: in LMTP, on this machine.
    fn is_believed(&self) -> bool {
        let near = self.peer.is_none_or(|peer| peer.ip().to_canonical().is_loopback());
        near && self.house.protocol == Protocol::Lmtp
    }

    /// Outside of a message only, for the next one only, as Postfix does it.
    fn xforward(&mut self, rest: &str) -> String {
        if self.mail.is_some() || self.greeted_as.is_none() {
            return "503 5.5.1 not now".to_owned();
        }
        let mut forwarded = self.forwarded.take().unwrap_or_default();
        if forwarded.learn(rest).is_none() {
            return "501 5.5.4 expected NAME=, ADDR= or HELO=".to_owned();
        }
        self.forwarded = Some(forwarded);
        "250 2.0.0 noted".to_owned()
    }

    fn mail_from(&mut self, rest: &str) -> String {
        let (None, Some(name)) = (&self.mail, &self.greeted_as) else {
            return "503 5.5.1 first a greeting, then one MAIL".to_owned();
        };
        let Some((path, parameters)) = after(rest, "FROM:").and_then(path) else {
            return "501 5.1.7 expected MAIL FROM:<address>".to_owned();
        };
        for parameter in parameters.split_whitespace() {
            let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match key.to_ascii_uppercase().as_str() {
                "SIZE" => match value.parse::<usize>() {
                    Ok(size) if size <= self.house.limits.message => {}
                    Ok(_) => return "552 5.3.4 larger than is taken here".to_owned(),
                    Err(_) => return "501 5.5.4 expected SIZE=octets".to_owned(),
                },
                "BODY" if matches!(value.to_ascii_uppercase().as_str(), "7BIT" | "8BITMIME") => {}
                "SMTPUTF8" if value.is_empty() => {}
                _ => return "555 5.5.4 parameter not known".to_owned(),
            }
        }
        if !self.house.quota.has_room(self.peer.map(|peer| peer.ip()), Instant::now()) {
            return "452 4.3.1 so much came from your network in the last hour that no more is taken; try again later"
                .to_owned();
        }
        self.short = true;
        self.mail = Some(Envelope {
            peer: self.peer,
            greeted_as: name.clone(),
            sender: (!path.is_empty()).then_some(path),
            recipients: Vec::new(),
            forwarded: self.forwarded.take(),
        });
        "250 2.1.0 go on".to_owned()
    }

    fn rcpt_to(&mut self, rest: &str) -> String {
        let Some(mail) = &mut self.mail else { return "503 5.5.1 first MAIL".to_owned() };
        match after(rest, "TO:").and_then(path) {
            Some((path, "")) if !path.is_empty() => {
                if mail.recipients.len() >= self.house.limits.recipients {
                    return "452 4.5.3 too many recipients".to_owned();
                }
                let peer: Option<IpAddr> = self.peer.map(|peer| peer.ip());
                let admission = self.house.gate.map_or(Admission::Welcome, |gate| gate(peer, &path));
                if matches!(admission, Admission::Welcome | Admission::Briefly) {
                    mail.recipients.push(path);
                    self.short &= admission == Admission::Briefly;
                }
                at_the_gate(admission).to_owned()
            }
            Some((path, _)) if !path.is_empty() => "555 5.5.4 parameter not known".to_owned(),
            _ => "501 5.1.3 expected RCPT TO:<address>".to_owned(),
        }
    }

    fn may_send(&self) -> bool {
        self.mail.as_ref().is_some_and(|mail| !mail.recipients.is_empty())
    }

    /// The message, the handler, and only then the replies.
    fn data(&mut self) -> Result<(), End> {
        let Some(envelope) = self.mail.take() else { return Ok(()) };
        self.input.reply("354 end with <CRLF>.<CRLF>\r\n")?;
        let recipients = envelope.recipients.len();
        let same = |reply: &str| vec![reply.to_owned(); recipients];
        let limits = self.house.limits;
        let most = if self.short { limits.short.min(limits.message) } else { limits.message };
        let part = self.house.room.part(self.peer.map(|peer| peer.ip()));
        let replies = match self.input.body(part, most)? {
            Body::TooLarge => same("552 5.3.4 larger than is taken here"),
            Body::NoRoom => same("452 4.3.1 no room at the moment"),
            Body::Whole(message) => {
                let peer = self.peer.map(|peer| peer.ip());
                // Each recipient has a row of its own, with all that is read of the mail.
                let octets = message.bytes.len().saturating_mul(recipients);
                self.house.quota.count(peer, octets, Instant::now());
                let handler = AssertUnwindSafe(|| (self.house.handler)(&envelope, &message.bytes));
                let mut verdicts = catch_unwind(handler).unwrap_or_default();
                verdicts.resize(recipients, Verdict::TryLater("not taken".to_owned()));
                self.replies(&verdicts)
            }
        };
        let replies = match self.house.protocol {
            Protocol::Lmtp => replies,
            Protocol::Smtp => replies.into_iter().take(1).collect(),
        };
        self.commands += 1;
        self.input.reply(&(replies.join("\r\n") + "\r\n"))
    }

    /// One reply per verdict; in SMTP one for all, where "later" wins because what comes again is not shown twice.
    fn replies(&self, verdicts: &[Verdict]) -> Vec<String> {
        let later = verdicts.iter().find(|verdict| matches!(verdict, Verdict::TryLater(_) | Verdict::NoRoom));
        let safe = verdicts.iter().find(|verdict| matches!(verdict, Verdict::Safe));
        match self.house.protocol {
            Protocol::Lmtp => verdicts.iter().map(reply).collect(),
            Protocol::Smtp => later.or(safe).or(verdicts.first()).map(reply).into_iter().collect(),
        }
    }
}

/// What a recipient hears before the message comes.
fn at_the_gate(admission: Admission) -> &'static str {
    match admission {
        Admission::Welcome | Admission::Briefly => "250 2.1.5 go on",
        Admission::Nobody => "550 5.1.1 nobody has this address here",
        Admission::Elsewhere => "550 5.7.1 no mail for other houses is taken here",
        Admission::Later => "451 4.3.0 it cannot be said now; try again later",
    }
}

fn reply(verdict: &Verdict) -> String {
    let plain = |reason: &str| -> String {
        let one_line = reason.chars().map(|c| if c.is_ascii_graphic() { c } else { ' ' });
        one_line.take(200).collect()
    };
    match verdict {
        Verdict::Safe => "250 2.0.0 safe".to_owned(),
        Verdict::NoRoom => "452 4.3.1 no room at the moment".to_owned(),
        Verdict::TryLater(reason) => format!("451 4.3.0 {}", plain(reason)),
        Verdict::Refuse(reason) => format!("550 5.7.1 {}", plain(reason)),
    }
}

fn after<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let head = text.get(..prefix.len())?;
    if head.eq_ignore_ascii_case(prefix) { text.get(prefix.len()..) } else { None }
}

/// `<path>` and what follows. A quoted local part may hold `>`; a source route is cut off (RFC 5321 §4.1.1.3).
fn path(text: &str) -> Option<(String, &str)> {
    let inside = text.trim_start().strip_prefix('<')?;
    let (mut quoted, mut escaped) = (false, false);
    let end = inside.char_indices().find_map(|(at, c)| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '>' if !quoted => return Some(at),
            _ => {}
        }
        None
    })?;
    let (path, rest) = (inside.get(..end)?, inside.get(end + 1..)?);
    let path = if path.starts_with('@') { path.split_once(':').map_or(path, |(_, path)| path) } else { path };
    let sound = path.len() <= 512 && !path.chars().any(char::is_control);
    sound.then(|| (path.to_owned(), rest.trim()))
}
