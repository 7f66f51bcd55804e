//! Letters and notices that we sign (DKIM): they hold as they come out of a real connection, and stay what was stored.

use crate::servers::smtp_sink::{Script, SmtpSink};
use crate::support::dns::NameServer;
use crate::support::mail::Reply;
use crate::support::operator::Operator;
use crate::support::{Site, filing_of, stories};
use askance::config::Secret;
use askance::config::mail::Dkim;
use askance::domain::authority::AuthorityKind;
use askance::domain::incoming::authenticity::{Outcome, Signed};
use askance::mail::authenticity::{Came, Names, Trusted, verify};
use askance::mail::signing::{Published, Signer};
use askance::mail::smtp_url::SmtpServer;
use askance::mail::transport::Transport;
use askance::service::{Context, delivery, filing, notices};
use askance::store::outbox;
use askance::store::types::Role;
use chrono::TimeDelta;
use data_encoding::BASE64;

const DOMAIN: &str = "post.askance.example";
const RSA: &str = include_str!("../corpus/signed/key-of-the-tests.pem");
const OTHER: &str = include_str!("../corpus/signed/other-key-of-the-tests.pem");

/// An Ed25519 key as `openssl genpkey -algorithm ed25519` writes one: PKCS #8 without its public half (RFC 8410 §7).
fn ed25519() -> String {
    let mut der =
        vec![0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    der.extend([7; 32]);
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", BASE64.encode(&der))
}

fn signer(pem: &str, selector: &str) -> Signer {
    Signer::new(pem.as_bytes(), selector, DOMAIN).unwrap()
}

/// The service with this key.
fn with_key(site: &Site, pem: &str, selector: &str) -> Context {
    let mut ctx = (*site.ctx).clone();
    let pem = Ok(Secret::new(pem.as_bytes().to_vec()));
    ctx.config.mail.dkim = Some(Dkim { selector: selector.to_owned(), file: "dkim.pem".into(), pem });
    ctx
}

fn signatures(dns: &NameServer, mail: &[u8]) -> Vec<Signed> {
    let trusted = Trusted { names: Names::Server(dns.at()), ..Trusted::default() };
    verify(mail, &Came::default(), &trusted).dkim
}

fn holds(dns: &NameServer, mail: &[u8], selector: &str) {
    let found = signatures(dns, mail);
    let [one] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(
        (one.domain.as_str(), one.selector.as_str(), one.outcome),
        (DOMAIN, selector, Outcome::Pass),
        "{one:?}"
    );
}

/// Keeps what was sent, and the public keys, in the folder that `ASKANCE_SIGNED_TO` names: another implementation can
/// verify it there (docs/decisions/0030).
fn kept_for_others(letters: &[Vec<u8>], keys: &[(&str, &str)]) {
    let Some(folder) = std::env::var_os("ASKANCE_SIGNED_TO").map(std::path::PathBuf::from) else { return };
    for (n, letter) in letters.iter().enumerate() {
        std::fs::write(folder.join(format!("{n}.eml")), letter).unwrap();
    }
    let names: Vec<String> = keys
        .iter()
        .map(|(pem, selector)| signer(pem, selector))
        .map(|signer| format!("{}\t{}\n", signer.name(), signer.record()))
        .collect();
    std::fs::write(folder.join("names.txt"), names.concat()).unwrap();
}

stories! {
    fn letters_and_notices_that_we_sign_hold_and_stay_what_was_stored(site: &mut Site) {
        let dns = NameServer::start();
        for (pem, selector) in [(RSA, "one"), (OTHER, "later"), (&ed25519(), "small")] {
            let signer = signer(pem, selector);
            dns.txt(&signer.name(), &signer.record());
        }
        let (bare, rsa, small) = (&*site.ctx, &with_key(site, RSA, "one"), &with_key(site, &ed25519(), "small"));
        let mara = site.person("Mara Varga", Role::Activist);
        let mut stored = Vec::new();
        for (n, ctx) in [bare, rsa, small].into_iter().enumerate() {
            let name = format!("Straßenamt {n} Köln");
            let to = site.authority(&name, (AuthorityKind::Municipality, "de-nw-ifg", "de"), &format!("n{n}.example"));
            let conn = &mut site.conn();
            let filed = filing::file(ctx, conn, mara, &filing_of(&[to], &format!("form-{n}"))).unwrap().remove(0);
            let request = site.request(&filed.reference);
            let letter = outbox::of_request(conn, request.id, "request").unwrap().unwrap();
            stored.push(site.ctx.blobs.get(&letter.blob_sha256).unwrap());
        }
        assert!(!String::from_utf8_lossy(&stored[0]).contains("DKIM"), "without a key nothing changes");

        // Another key is set before they leave: they leave as they were stored.
        let later = with_key(site, OTHER, "later");
        site.ctx.clock.set(site.now() + TimeDelta::minutes(11));
        let sink = SmtpSink::start(Script::friendly());
        let transport = Transport::Smtp(SmtpServer::from_url(&sink.url()).unwrap());
        while delivery::send_next(&later, &site.db, &transport, "worker").unwrap() {}
        let letters: Vec<Vec<u8>> = sink.letters().into_iter().map(|letter| letter.bytes).collect();
        assert_eq!(letters, stored);
        assert_eq!(signatures(&dns, &letters[0]), []);
        holds(&dns, &letters[1], "one");
        holds(&dns, &letters[2], "small");

        // Nothing that a reader shows can be added or changed, and no more of the text.
        let text = String::from_utf8(letters[1].clone()).unwrap();
        assert!(!text.contains("; l=") && text.contains("c=relaxed/relaxed"), "{text}");
        for added in ["Subject: Erledigt", "To: other@brandau.example", "Date: Mon, 7 Sep 2026 10:00:00 +0000", "Reply-To: x@brandau.example"] {
            let found = signatures(&dns, format!("{added}\r\n{text}").as_bytes());
            assert!(found.iter().all(|one| one.outcome != Outcome::Pass), "{added}: {found:?}");
        }
        for changed in [format!("{text}P.S.\r\n"), text.replacen("\r\nSubject: ", "\r\nSubject: Re: ", 1), text.replacen("\r\nMessage-ID: <", "\r\nMessage-ID: <x", 1)] {
            assert!(changed != text && signatures(&dns, changed.as_bytes())[0].outcome == Outcome::Fail);
        }
        // What servers on the way do is no change.
        let on_its_way = format!("Received: from a.example by b.example\r\n{}\r\n", text.replacen("\r\nSubject: ", "\r\nSubject:   ", 1));
        holds(&dns, on_its_way.as_bytes(), "one");

        // A letter to another address is another mail, signed with the key of now; a notice is signed too.
        delivery::tell_requests(&later, &site.db).unwrap();
        let asked = site.request("2026-0002");
        site.receives(&Reply::to(&asked, "n1.example").saying("Herr Kunze hat Ihre Akte 4711 gelesen.").raw(), &asked.reply_address);
        site.ctx.clock.set(site.now() + TimeDelta::minutes(2));
        notices::gather(&later, &site.db).unwrap();
        while notices::send_next(&later, &site.db, &transport).unwrap() {}
        let notices: Vec<_> = sink.letters().into_iter().skip(3).collect();
        assert!(!notices.is_empty(), "somebody is told of the reply");
        for notice in notices {
            assert!(String::from_utf8_lossy(&notice.bytes).contains("Auto-Submitted: auto-generated"));
            holds(&dns, &notice.bytes, "later");
        }
        let all: Vec<Vec<u8>> = sink.letters().into_iter().map(|letter| letter.bytes).collect();
        kept_for_others(&all, &[(RSA, "one"), (OTHER, "later"), (&ed25519(), "small")]);
    }
}

#[test]
fn a_published_key_is_compared_with_ours() {
    for pem in [RSA, &ed25519()] {
        let ours = signer(pem, "one");
        let record = ours.record();
        let (_, key) = record.split_once("p=").unwrap();
        let spaced =
            format!("v=DKIM1;{} ; p={} {} ; t=s", record.split(';').nth(1).unwrap(), &key[..20], &key[20..]);
        assert_eq!(
            (ours.compare(&record), ours.compare(&spaced)),
            (Published::Ours, Published::Ours),
            "{spaced}"
        );
        assert_eq!(ours.compare(&signer(OTHER, "one").record()), Published::Another);
        assert_eq!(ours.compare("v=DKIM1; p="), Published::Revoked);
        assert_eq!(ours.compare("v=spf1 mx -all"), Published::NoKey);
        assert_eq!(ours.compare("v=DKIM1; p=???"), Published::NoKey);
    }
}

#[test]
fn check_tells_what_is_published_for_our_mail_domain_and_what_must_be() {
    let dns = NameServer::start();
    let signed = |selector: &str| {
        let operator = Operator::new()
            .with("ASKANCE_REPLY_DOMAIN", DOMAIN)
            .with("ASKANCE_DNS", &dns.at().to_string())
            .with("ASKANCE_DKIM_SELECTOR", selector)
            .with("ASKANCE_DKIM_KEY", "dkim.pem");
        crate::config::unsafe_settings::key_file(&operator, "dkim.pem", (RSA, 0o640));
        operator.runs(&["check"], b"")
    };
    let ours = signer(RSA, "one");
    let nothing = signed("one");
    let publish = format!("publish this text under one._domainkey.{DOMAIN}: {}", ours.record());
    for told in [
        &format!("WRONG  DKIM: no key is published, so no signature of ours holds; {publish}"),
        "note   SPF: post.askance.example has no SPF record",
        "note   DMARC: neither post.askance.example nor its organisation has a DMARC record",
        "note   MX: post.askance.example names no mail server",
    ] {
        assert!(nothing.out.contains(told), "`{told}`: {}", nothing.out);
    }
    assert_eq!(nothing.code, Some(78));

    dns.txt(DOMAIN, "v=spf1 mx -all");
    dns.txt(DOMAIN, "some-other-service=1");
    dns.txt("_dmarc.askance.example", "v=DMARC1; p=reject");
    dns.mx(DOMAIN, "mx.askance.example");
    dns.txt(&ours.name(), &ours.record());
    dns.txt(&format!("two._domainkey.{DOMAIN}"), &signer(OTHER, "two").record());
    let all = signed("one");
    for told in [
        "ok     signatures: letters are signed for one._domainkey.post.askance.example",
        "ok     DKIM: one._domainkey.post.askance.example has the public key of `dkim_key`",
        "ok     SPF: post.askance.example: v=spf1 mx -all",
        "ok     DMARC: post.askance.example: v=DMARC1; p=reject",
        "ok     MX: mail for post.askance.example goes to mx.askance.example",
    ] {
        assert!(all.out.contains(told), "`{told}`: {}", all.out);
    }
    assert_eq!(all.code, Some(0), "{}", all.out);
    let another = signed("two");
    assert!(another.out.contains("WRONG  DKIM: the key under two._domainkey."), "{}", another.out);

    let off =
        Operator::new().with("ASKANCE_REPLY_DOMAIN", DOMAIN).with("ASKANCE_DNS", "off").runs(&["check"], b"");
    for told in
        ["nobody looked what is published of it, because `dns` is `off`", "letters are not signed by us"]
    {
        assert!(off.out.contains(told), "`{told}`: {}", off.out);
    }
    assert_eq!(off.code, Some(0));
}
