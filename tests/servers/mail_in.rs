//! Mail at the door: the dialogue, and that 250 is said only after the handler.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use askance::mail::listener::{Admission, Envelope, Limits, Listener, Protocol, Stopper, Verdict};
use askance::mail::lmtp;

type Taken = Arc<Mutex<Vec<(Envelope, Vec<u8>)>>>;

/// A listener on its own thread that keeps what it gets; it ends when it is dropped.
pub struct Letterbox {
    pub addr: SocketAddr,
    pub taken: Taken,
    stopper: Stopper,
    thread: Option<JoinHandle<()>>,
}

impl Letterbox {
    pub fn open(protocol: Protocol, limits: Limits) -> Self {
        Self::judging(protocol, limits, |envelope, _| vec![Verdict::Safe; envelope.recipients.len()])
    }

    pub fn judging(
        protocol: Protocol,
        limits: Limits,
        judge: impl Fn(&Envelope, &[u8]) -> Vec<Verdict> + Send + Sync + 'static,
    ) -> Self {
        Self::of(Listener::bind("127.0.0.1:0", protocol, limits).unwrap(), judge)
    }

    pub fn guarded(
        protocol: Protocol,
        limits: Limits,
        gate: impl Fn(Option<IpAddr>, &str) -> Admission + Send + Sync + 'static,
    ) -> Self {
        let listener = Listener::bind("127.0.0.1:0", protocol, limits).unwrap().guarded(Box::new(gate));
        Self::of(listener, |envelope, _| vec![Verdict::Safe; envelope.recipients.len()])
    }

    fn of(
        listener: Listener,
        judge: impl Fn(&Envelope, &[u8]) -> Vec<Verdict> + Send + Sync + 'static,
    ) -> Self {
        let (addr, stopper) = (listener.local_addr().unwrap(), listener.stopper());
        let taken = Taken::default();
        let keep = Arc::clone(&taken);
        let thread = std::thread::spawn(move || {
            listener.serve(&move |envelope: &Envelope, bytes: &[u8]| {
                keep.lock().unwrap().push((envelope.clone(), bytes.to_vec()));
                judge(envelope, bytes)
            });
        });
        Self { addr, taken, stopper, thread: Some(thread) }
    }

    pub fn mails(&self) -> Vec<Vec<u8>> {
        self.taken.lock().unwrap().iter().map(|(_, bytes)| bytes.clone()).collect()
    }
}

impl Drop for Letterbox {
    fn drop(&mut self) {
        self.stopper.stop();
        self.thread.take().unwrap().join().unwrap();
    }
}

pub fn quick() -> Limits {
    Limits { idle: Duration::from_secs(5), ..Limits::default() }
}

pub struct Peer {
    pub wire: BufReader<TcpStream>,
}

impl Peer {
    pub fn meet(addr: SocketAddr) -> Self {
        let mut peer = Self::knock(addr);
        assert!(peer.hear().starts_with("220 "));
        peer
    }

    pub fn knock(addr: SocketAddr) -> Self {
        Self::over(TcpStream::connect(addr).unwrap())
    }

    pub fn over(tcp: TcpStream) -> Self {
        tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self { wire: BufReader::new(tcp) }
    }

    pub fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.wire.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    /// One line of a reply.
    pub fn hear(&mut self) -> String {
        let mut line = String::new();
        self.wire.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    pub fn ask(&mut self, line: &str) -> String {
        self.say(format!("{line}\r\n"));
        self.hear()
    }

    /// Greets in LMTP and hears all that is offered.
    pub fn greet(&mut self) -> Vec<String> {
        let mut offers = vec![self.ask("LHLO peer.example")];
        while offers.last().unwrap().starts_with("250-") {
            offers.push(self.hear());
        }
        offers
    }

    pub fn begin(addr: SocketAddr, recipients: &[&str]) -> Self {
        let mut peer = Self::meet(addr);
        peer.greet();
        assert!(peer.ask("MAIL FROM:<amt@stadt.example>").starts_with("250 "));
        for recipient in recipients {
            assert!(peer.ask(&format!("RCPT TO:<{recipient}>")).starts_with("250 "));
        }
        peer
    }

    pub fn data(&mut self, stuffed: impl AsRef<[u8]>) {
        assert!(self.ask("DATA").starts_with("354 "));
        self.say(stuffed);
    }

    pub fn hung_up(&mut self) -> bool {
        matches!(self.wire.read(&mut [0; 1]), Ok(0) | Err(_))
    }
}

#[test]
fn offers_what_it_can_do() {
    let letterbox = Letterbox::open(Protocol::Lmtp, quick());
    let offers = Peer::meet(letterbox.addr).greet();
    for wanted in ["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "SIZE 67108864"] {
        assert!(offers.iter().any(|offer| offer.get(4..) == Some(wanted)), "{wanted} in {offers:?}");
    }
}

#[test]
fn each_recipient_gets_an_answer_of_its_own() {
    let letterbox = Letterbox::judging(Protocol::Lmtp, quick(), |envelope, _| {
        let judge = |recipient: &String| match recipient.split('@').next().unwrap() {
            "safe" => Verdict::Safe,
            "later" => Verdict::TryLater("the disk is full\r\n250 forged".to_owned()),
            _ => Verdict::Refuse("nobody here".to_owned()),
        };
        envelope.recipients.iter().map(judge).collect()
    });
    let mut peer = Peer::begin(letterbox.addr, &["safe@a.example", "later@a.example", "never@a.example"]);
    peer.data("Subject: x\r\n\r\ny\r\n.\r\n");
    assert_eq!(peer.hear(), "250 2.0.0 safe");
    assert_eq!(peer.hear(), "451 4.3.0 the disk is full  250 forged");
    assert_eq!(peer.hear(), "550 5.7.1 nobody here");
    assert_eq!(peer.ask("QUIT"), "221 2.0.0 bye");
    let (envelope, bytes) = letterbox.taken.lock().unwrap()[0].clone();
    assert_eq!(envelope.sender.as_deref(), Some("amt@stadt.example"));
    assert_eq!(envelope.recipients, ["safe@a.example", "later@a.example", "never@a.example"]);
    assert_eq!(envelope.greeted_as, "peer.example");
    assert_eq!(bytes, b"Subject: x\r\n\r\ny\r\n");
}

#[test]
fn a_whole_dialogue_may_come_in_one_packet() {
    let letterbox = Letterbox::open(Protocol::Lmtp, quick());
    let mut peer = Peer::meet(letterbox.addr);
    peer.say(
        "LHLO p\r\nMAIL FROM:<> SIZE=20 BODY=8BITMIME SMTPUTF8\r\nRCPT TO:<a@x.example>\r\nRCPT TO:<\"b>c\"@x.example>\r\nDATA\r\n\
         one\r\n.\r\nMAIL FROM:<@relay.example:m@x.example>\r\nRCPT TO:<\u{fc}@x.example>\r\nDATA\r\ntwo\r\n.\r\nQUIT\r\n",
    );
    let mut said = String::new();
    peer.wire.read_to_string(&mut said).unwrap();
    let codes: Vec<&str> =
        said.lines().filter(|line| line.get(3..4) == Some(" ")).map(|line| &line[..3]).collect();
    assert_eq!(codes.join(" "), "250 250 250 250 354 250 250 250 250 354 250 221");
    let taken = letterbox.taken.lock().unwrap();
    assert_eq!(taken[0].0.sender, None, "the null sender of a bounce");
    assert_eq!(taken[0].0.recipients, ["a@x.example", "\"b>c\"@x.example"]);
    assert_eq!(taken[1].0.sender.as_deref(), Some("m@x.example"), "a source route is cut off");
    assert_eq!((&taken[0].1[..], &taken[1].1[..]), (&b"one\r\n"[..], &b"two\r\n"[..]));
}

#[test]
fn nothing_is_answered_before_the_handler_is_done() {
    let (release, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let letterbox = Letterbox::judging(Protocol::Lmtp, quick(), move |_, _| {
        // Bounded, so that a failure of this test ends it.
        wait.lock().unwrap().recv_timeout(Duration::from_secs(10)).unwrap();
        vec![Verdict::Safe]
    });
    let mut peer = Peer::begin(letterbox.addr, &["a@x.example"]);
    peer.data("x\r\n.\r\n");
    while letterbox.taken.lock().unwrap().is_empty() {
        std::thread::yield_now();
    }
    peer.wire.get_ref().set_read_timeout(Some(Duration::from_millis(150))).unwrap();
    assert!(peer.wire.get_mut().peek(&mut [0; 1]).is_err(), "a reply while the handler works");
    release.send(()).unwrap();
    peer.wire.get_ref().set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert_eq!(peer.hear(), "250 2.0.0 safe");
}

#[test]
fn handler_that_fails_means_later_for_all() {
    for verdicts in [0, 1, 9] {
        let letterbox = Letterbox::judging(Protocol::Lmtp, quick(), move |_, bytes| {
            assert!(!bytes.starts_with(b"boom"), "the handler panics");
            vec![Verdict::Safe; verdicts]
        });
        let mut peer = Peer::begin(letterbox.addr, &["a@x.example", "b@x.example"]);
        peer.data("boom\r\n.\r\n");
        assert_eq!((peer.hear(), peer.hear()), ("451 4.3.0 not taken".into(), "451 4.3.0 not taken".into()));
        // The session, and the house, go on; verdicts that are missing are no consent.
        assert!(peer.ask("MAIL FROM:<>").starts_with("250 "));
        peer.ask("RCPT TO:<a@x.example>");
        peer.ask("RCPT TO:<b@x.example>");
        peer.data("fine\r\n.\r\n");
        let codes = [&peer.hear()[..3], &peer.hear()[..3]].map(|code| code == "250");
        assert_eq!(codes, [verdicts > 0, verdicts > 1]);
    }
}

#[test]
fn only_crlf_dot_crlf_ends_a_mail() {
    let letterbox = Letterbox::open(Protocol::Lmtp, quick());
    let smuggled = "MAIL FROM:<evil@evil.example>\r\nRCPT TO:<victim@x.example>\r\nDATA\r\nevil\r\n";
    for false_end in [
        "\n.\n",
        "\n.\r\n",
        "\r.\r",
        "\r\n.\n",
        "\r\n.\r",
        "\r.\r\n",
        "\n\n.\r\n",
        "\r\n.\r\r\n",
        "\r\n.\0\r\n",
        "\r\n.\n.\n",
    ] {
        let mut peer = Peer::begin(letterbox.addr, &["a@x.example"]);
        peer.data(format!("before{false_end}{smuggled}.\r\n"));
        assert_eq!(peer.hear(), "250 2.0.0 safe", "{false_end:?}");
        assert_eq!(peer.ask("NOOP"), "250 2.0.0 fine", "{false_end:?}: nothing was smuggled");
        let kept = letterbox.mails().pop().unwrap();
        // Just a dot after a CRLF is taken off.
        let unstuffed = false_end.replace("\r\n.", "\r\n");
        assert_eq!(String::from_utf8(kept).unwrap(), format!("before{unstuffed}{smuggled}"), "{false_end:?}");
    }
    assert_eq!(letterbox.mails().len(), 10);
}

#[test]
fn any_octets_arrive_as_they_were_sent_however_they_are_cut() {
    let letterbox = Letterbox::open(Protocol::Lmtp, quick());
    let mut message: Vec<u8> = (0..=255).cycle().take(3_000).collect();
    message.extend_from_slice(b"\r\n.\r\n..\r\n.x\r\n\r\n.\r\r\n\n.\n\r.\r\n\r\n");
    for lines in [&b""[..], b".\r\n", b"\r\n", b"\r\n.\r\n", &message] {
        for size in [1, 2, 3, 7, 100_000] {
            let mut stuffed = Vec::new();
            for line in lines.split_inclusive(|b| *b == b'\n') {
                if line[0] == b'.' && (stuffed.is_empty() || stuffed.ends_with(b"\r\n")) {
                    stuffed.push(b'.');
                }
                stuffed.extend_from_slice(line);
            }
            stuffed.extend_from_slice(b".\r\n");
            let mut peer = Peer::begin(letterbox.addr, &["a@x.example"]);
            peer.wire.get_ref().set_nodelay(true).unwrap();
            peer.data("");
            stuffed.chunks(size).for_each(|chunk| peer.say(chunk));
            assert_eq!(peer.hear(), "250 2.0.0 safe");
            assert_eq!(letterbox.mails().pop().unwrap(), lines);
        }
    }
    let sent: Vec<_> = letterbox.mails();
    let replies = lmtp::deliver(letterbox.addr, "", &["a@x.example", "b@x.example"], &message).unwrap();
    assert_eq!(replies, ["250 2.0.0 safe", "250 2.0.0 safe"]);
    assert_eq!(letterbox.mails()[sent.len()], message);
}

#[test]
fn order_of_commands_is_kept() {
    let letterbox = Letterbox::open(Protocol::Lmtp, quick());
    let mut peer = Peer::meet(letterbox.addr);
    for (line, code) in [
        ("MAIL FROM:<a@x.example>", "503"),
        ("EHLO p", "500"),
        ("HELO p", "500"),
        ("LHLO", "501"),
        ("STARTTLS", "502"),
        ("VRFY a", "252"),
        ("DATA", "503"),
        ("RCPT TO:<a@x.example>", "503"),
    ] {
        assert_eq!(&peer.ask(line)[..3], code, "{line}");
    }
    peer.greet();
    for (line, code) in [
        ("MAIL FROM:a@x.example", "501"),
        ("MAIL FROM:<a@x.example> SIZE=many", "501"),
        ("MAIL FROM:<a@x.example> EVIL=1", "555"),
        ("MAIL FROM:<a\u{7}@x.example>", "501"),
        ("mail from:<a@x.example>", "250"),
        ("MAIL FROM:<b@x.example>", "503"),
        ("DATA", "503"),
        ("RCPT TO:<>", "501"),
        ("RCPT TO:<a", "501"),
        ("rcpt to: <a@x.example>", "250"),
        ("DATA now", "501"),
        ("RSET", "250"),
        ("DATA", "503"),
    ] {
        assert_eq!(&peer.ask(line)[..3], code, "{line}");
    }
    assert!(letterbox.mails().is_empty());
}

#[test]
fn mail_cut_off_is_no_mail() {
    let letterbox = Letterbox::open(Protocol::Lmtp, quick());
    for part in ["", "Subject: x\r\n\r\nhalf", "x\r\n.", "x\r\n.\r"] {
        let mut peer = Peer::begin(letterbox.addr, &["a@x.example"]);
        peer.data(part);
        peer.wire.get_ref().shutdown(std::net::Shutdown::Write).unwrap();
        assert!(peer.hung_up());
    }
    assert!(letterbox.mails().is_empty());
}

#[test]
fn in_smtp_one_reply_speaks_for_all() {
    let letterbox = Letterbox::judging(Protocol::Smtp, quick(), |envelope, _| {
        let judge = |recipient: &String| match &recipient[..1] {
            "s" => Verdict::Safe,
            "l" => Verdict::TryLater("later".to_owned()),
            _ => Verdict::Refuse("never".to_owned()),
        };
        envelope.recipients.iter().map(judge).collect()
    });
    let mut peer = Peer::meet(letterbox.addr);
    assert!(peer.ask("LHLO p").starts_with("500 "));
    assert!(peer.ask("HELO p").starts_with("250 "));
    for (recipients, code) in [("s", "250"), ("n", "550"), ("sn", "250"), ("snl", "451"), ("nn", "550")] {
        assert!(peer.ask("MAIL FROM:<a@x.example>").starts_with("250 "));
        for recipient in recipients.chars() {
            peer.ask(&format!("RCPT TO:<{recipient}@x.example>"));
        }
        peer.data("x\r\n.\r\n");
        assert_eq!(&peer.hear()[..3], code, "{recipients}");
        assert_eq!(peer.ask("NOOP"), "250 2.0.0 fine", "one reply only");
    }
}

#[test]
fn socket_in_the_file_system_takes_mail_and_is_taken_over_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lmtp");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "a socket left behind");
    let count = Arc::new(AtomicUsize::new(0));
    let listener = Listener::bind(path.to_str().unwrap(), Protocol::Lmtp, quick()).unwrap();
    assert!(
        Listener::bind(path.to_str().unwrap(), Protocol::Lmtp, quick()).is_err(),
        "a living one is left alone"
    );
    let stopper = listener.stopper();
    let seen = Arc::clone(&count);
    let thread = std::thread::spawn(move || {
        listener.serve(&move |_: &Envelope, _: &[u8]| {
            seen.fetch_add(1, Ordering::SeqCst);
            vec![Verdict::Safe]
        });
    });
    let mut wire = UnixStream::connect(&path).unwrap();
    wire.write_all(b"LHLO p\r\nMAIL FROM:<>\r\nRCPT TO:<a@x.example>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n").unwrap();
    let mut said = String::new();
    wire.read_to_string(&mut said).unwrap();
    assert!(said.contains("250 2.0.0 safe\r\n221"), "{said}");
    assert_eq!(count.load(Ordering::SeqCst), 1);
    stopper.stop();
    thread.join().unwrap();
    assert!(!path.exists());
}

#[test]
fn closing_lets_nobody_wait() {
    let letterbox = Letterbox::open(Protocol::Lmtp, Limits::default());
    let mut waiting = Peer::meet(letterbox.addr);
    let started = Instant::now();
    let addr = letterbox.addr;
    drop(letterbox);
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(waiting.hear().starts_with("421 4.3.2"));
    assert!(TcpStream::connect(addr).is_err());
}

#[test]
fn wrong_address_to_listen_on_is_named() {
    for address in ["localhost", "2424", "127.0.0.1:99999", ""] {
        let error = Listener::bind(address, Protocol::Lmtp, Limits::default()).err().unwrap();
        assert_eq!(
            error.to_string(),
            format!("expected `127.0.0.1:2424` or the path of a socket, found `{address}`")
        );
    }
}
