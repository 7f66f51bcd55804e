//! Mails as honest servers send them, with the accidents that happen to such mail.

use crate::authenticity::signing::{How, ed25519, own, sealed, signed, signed_by};
use crate::authenticity::{CITY, Case, POSTSTELLE, STRANGER, mail};
use crate::support::dns::NameServer;
use askance::domain::incoming::authenticity::Verdict::{Unknown, Unverified, Verified};
use mail_auth::dkim::Canonicalization::{Relaxed, Simple};

const SENDER: &str = "poststelle@brandau.example";

/// The labelled table.
pub fn cases(dns: &NameServer) -> Vec<Case> {
    let city = mail(POSTSTELLE);
    let city = city.as_bytes();
    let by = |how: &How| signed_by(own(), city, ("brandau.example", how));
    let way = |head, body| How { head, body, ..How::default() };
    let ed = || ed25519(dns, "ed", "brandau.example");
    let ed_signed = signed_by(ed(), city, ("brandau.example", &How { selector: "ed", ..How::default() }));
    let plain = |from: &str, domain: &str| signed(mail(from).as_bytes(), domain);
    let mut cases = vec![
        Case::new("rsa relaxed/relaxed", by(&way(Relaxed, Relaxed)), Verified).says("Signed by brandau.example, which is the domain in the From line."),
        Case::new("rsa relaxed/simple", by(&way(Relaxed, Simple)), Verified),
        Case::new("rsa simple/relaxed", by(&way(Simple, Relaxed)), Verified),
        Case::new("rsa simple/simple", by(&way(Simple, Simple)), Verified),
        Case::new("ed25519", ed_signed, Verified),
        Case::new("by a pipe, line feeds alone", String::from_utf8(by(&How::default())).unwrap().replace("\r\n", "\n"), Verified),
        Case::new("by a pipe, with the line of a mailbox", format!("From x@y Mon Sep 14 09:00:00 2026\n{}", String::from_utf8(by(&How::default())).unwrap().replace("\r\n", "\n")), Verified),
        Case::new("blanks folded on the way", String::from_utf8(by(&How::default())).unwrap().replace("Subject: Ihr Antrag", "Subject:  Ihr\r\n Antrag"), Verified),
        Case::new("a trace added on the way", [b"Received: from a by b; Mon, 14 Sep 2026 09:00:00 +0200\r\nX-Spam: no\r\n", by(&How::default()).as_slice()].concat(), Verified),
        Case::new("signed below the From domain", plain(POSTSTELLE, "post.brandau.example"), Verified).says("which belongs with brandau.example"),
        Case::new("signed above the From domain", plain("a@amt.brandau.example", "brandau.example"), Verified).of("amt.brandau.example"),
        Case::new("exactly signed under a strict policy", plain("a@strict.example", "strict.example"), Verified).of("strict.example"),
        Case::new("no policy at all", plain("a@plain.example", "plain.example"), Verified).of("plain.example"),
        Case::new("a domain that is not in ASCII", plain("a@städte.example", "xn--stdte-hra.example"), Verified).of("xn--stdte-hra.example"),
        Case::new("a ministry", plain("a@bmi.bund.de", "bmi.bund.de"), Verified).of("bmi.bund.de"),
        Case::new("the server of the city", city, Verified).came(CITY, SENDER).says("a server that brandau.example names as its own"),
        Case::new("its service provider", city, Verified).came("198.51.100.20", SENDER),
        Case::new("bounces go to a host below", city, Verified).came(CITY, "b@post.brandau.example"),
        Case::new("a mail exchanger sends", mail("a@mx.plain.example"), Verified).came("198.51.100.30", "a@mx.plain.example").of("mx.plain.example"),
        Case::new("a named host sends", mail("a@mx.plain.example"), Verified).came("198.51.100.31", "a@mx.plain.example").of("mx.plain.example"),
        Case::new("a bounce greets as the city", mail(POSTSTELLE), Verified).came(CITY, "").greets("brandau.example"),
        Case::new("our own server saw whence it came", format!("Authentication-Results: mx.askance.example; spf=pass smtp.mailfrom={SENDER}\r\nReceived: from a by mx.askance.example; now\r\n{}", mail(POSTSTELLE)), Verified).behind_ours().says("Our own mail server"),
        Case::new("a list we believe", sealed(&by(&How::default()), "lists.example"), Verified),
    ];
    cases.extend(by_a_list(&by(&How::default())));
    cases.extend(accidents(&by));
    cases.extend(not_known(dns, city));
    cases
}

/// A mailing list writes into the text, so that the signature is broken.
fn by_a_list(signed: &[u8]) -> Vec<Case> {
    let changed = |sealed: Vec<u8>| sealed;
    let received = String::from_utf8(signed.to_vec()).unwrap();
    let once = changed(sealed(signed, "lists.example"));
    // The list wrote its footer before it sealed; what it found stands in its seal.
    let footer = [received.as_bytes(), b"-- \r\nA list\r\n"].concat();
    let by = |sealers: &[&str]| sealers.iter().fold(footer.clone(), |mail, sealer| sealed(&mail, sealer));
    let late = [once.as_slice(), b"one more line\r\n"].concat();
    vec![
        Case::new("a list with a footer that we believe", by(&["lists.example"]), Verified)
            .says("It came by way of lists.example"),
        Case::new(
            "a list behind another that we believe",
            by(&["other-lists.example", "lists.example"]),
            Verified,
        ),
        Case::new("a list that we do not believe", by(&["other-lists.example"]), Unverified),
        Case::new("the last list is not believed", by(&["lists.example", "other-lists.example"]), Unverified),
        Case::new("changed behind the list", late, Unverified),
    ]
}

/// Signatures that do not hold.
fn accidents(by: &dyn Fn(&How) -> Vec<u8>) -> Vec<Case> {
    let text = |how: &How| String::from_utf8(by(how)).unwrap();
    let usual = How::default();
    let simple = How { head: Simple, ..How::default() };
    let from_left_out = How { named: vec!["To", "Subject", "Date"], ..How::default() };
    vec![
        Case::new("text changed", text(&usual).replace("eingegangen", "abgelehnt"), Unverified)
            .says("The text was changed"),
        Case::new("subject changed", text(&usual).replace("Subject: Ihr", "Subject: Kein"), Unverified)
            .says("does not hold"),
        Case::new(
            "blank added under simple",
            text(&simple).replace("Subject: Ihr", "Subject:  Ihr"),
            Unverified,
        ),
        Case::new("a second subject", format!("Subject: Ablehnung\r\n{}", text(&usual)), Unverified)
            .says("twice"),
        Case::new("a second type", format!("Content-Type: text/html\r\n{}", text(&usual)), Unverified)
            .says("twice"),
        Case::new("expired", by(&How { expires: 1, ..How::default() }), Unverified).says("expired"),
        Case::new("revoked", by(&How { selector: "revoked", ..How::default() }), Unverified).says("revoked"),
        Case::new("no such key", by(&How { selector: "never", ..How::default() }), Unverified)
            .says("no such key"),
        Case::new("a key that is none", by(&How { selector: "rubbish", ..How::default() }), Unverified),
        Case::new("only tried out", by(&How { selector: "tried", ..How::default() }), Unverified)
            .says("only tries it out"),
        Case::new("a part only", text(&How { length: true, ..How::default() }), Unverified),
        Case::new("not the From line", by(&from_left_out), Unverified).says("does not cover the From line"),
        Case::new("nothing at all", mail("a@plain.example"), Unverified)
            .of("plain.example")
            .says("Nothing proves"),
        Case::new("forwarded, nothing asked for", mail("a@quiet.example"), Unverified)
            .came(STRANGER, "f@evil.example")
            .of("quiet.example"),
        Case::new("not signed, whence it came is not known", mail(POSTSTELLE), Unverified)
            .says("is not known"),
        Case::new("only tries its policy out", mail("a@trying.example"), Unverified)
            .came(STRANGER, "a@trying.example")
            .of("trying.example"),
        Case::new("unsure of its provider", mail("a@unsure.example"), Unverified)
            .came("198.51.100.20", "a@unsure.example")
            .of("unsure.example"),
        Case::new("an endless record", mail("a@endless.example"), Unverified)
            .came(CITY, "a@endless.example")
            .of("endless.example"),
        Case::new("from our own network", mail(POSTSTELLE), Unverified).came("10.0.0.7", SENDER),
        Case::new("several senders", mail("a@brandau.example, b@brandau.example"), Unverified)
            .of_nobody()
            .says("more than one sender"),
        Case::new("no sender", mail("").replace("From: \r\n", ""), Unverified)
            .of_nobody()
            .says("no From line"),
        Case::new("no address", mail("Stadt Brandau"), Unverified).of_nobody(),
    ]
}

/// Name servers that fail or say nothing.
fn not_known(dns: &NameServer, city: &[u8]) -> Vec<Case> {
    let _ = (dns, city);
    vec![
        Case::new("the policy fails", mail("a@broken.example"), Unknown)
            .of("broken.example")
            .says("could not be looked up"),
        Case::new("the key fails", signed(mail("a@shaky.example").as_bytes(), "shaky.example"), Unknown)
            .of("shaky.example"),
        Case::new("the SPF record fails", mail("a@shaky.example"), Unknown)
            .came(CITY, "a@shaky.example")
            .of("shaky.example"),
        Case::new("the policy is silent", mail("a@silent.example"), Unknown).of("silent.example"),
        Case::new("the key is silent", signed(mail("a@mute.example").as_bytes(), "mute.example"), Unknown)
            .of("mute.example"),
        // The policy cannot be read, but no policy asks for more than this.
        Case::new("proved though the policy is silent", mail("a@plain.example"), Unverified)
            .of("plain.example"),
    ]
}

impl Case {
    fn greets(mut self, name: &str) -> Self {
        self.came.greeted_as = Some(name.to_owned());
        self
    }

    fn behind_ours(mut self) -> Self {
        self.came.behind_own_server = true;
        self
    }
}
