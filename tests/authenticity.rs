//! Who wrote a mail: signed and forged mails against a name server of ours; no forged one is ever shown as proved.

mod foreign;
mod forged;
mod honest;
mod order;
mod signing;
mod stories;

use crate::support::dns::NameServer;
use askance::domain::incoming::authenticity::{Checks, Judged, Verdict, judge};
use askance::mail::authenticity::{Came, Names, Trusted, verify};
use std::net::Ipv4Addr;

/// The server of the city, which its SPF record names.
const CITY: &str = "198.51.100.10";
/// Anybody's.
const STRANGER: &str = "203.0.113.66";

/// A mail with what is true of it.
struct Case {
    name: &'static str,
    raw: Vec<u8>,
    came: Came,
    verdict: Verdict,
    /// The domain that is shown with it.
    domain: Option<&'static str>,
    /// Words that people must read.
    says: &'static str,
}

impl Case {
    fn new(name: &'static str, raw: impl Into<Vec<u8>>, verdict: Verdict) -> Self {
        let domain = Some("brandau.example");
        Self { name, raw: raw.into(), came: Came::default(), verdict, domain, says: "" }
    }

    fn came(self, peer: &str, sender: &str) -> Self {
        let came = Came {
            sender: Some(sender.to_owned()),
            peer: Some(peer.parse().unwrap()),
            greeted_as: Some(sender.rsplit('@').next().unwrap().to_owned()),
            behind_own_server: true,
        };
        Self { came, ..self }
    }

    fn of(self, domain: &'static str) -> Self {
        Self { domain: Some(domain), ..self }
    }

    fn of_nobody(self) -> Self {
        Self { domain: None, ..self }
    }

    fn says(self, says: &'static str) -> Self {
        Self { says, ..self }
    }
}

/// A mail of the city, or of whoever the From line names.
fn mail(from: &str) -> String {
    format!(
        "From: {from}\r\nTo: r-1@post.askance.example\r\nSubject: Ihr Antrag\r\n\
         Date: Mon, 14 Sep 2026 09:00:00 +0200\r\nMessage-ID: <m-1@brandau.example>\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         Sehr geehrte Frau Varga,\r\n\r\nIhr Antrag ist eingegangen.\r\n"
    )
}

const POSTSTELLE: &str = "Stadt Brandau <poststelle@brandau.example>";

/// A name server with the records of all domains of the tables.
fn world() -> NameServer {
    let dns = NameServer::start();
    let policies = [
        ("brandau.example", "v=DMARC1; p=reject; rua=mailto:d@brandau.example"),
        ("strict.example", "v=DMARC1; p=reject; adkim=s; aspf=s"),
        ("quarantine.example", "v=DMARC1; p=quarantine"),
        ("quiet.example", "v=DMARC1; p=none"),
        ("sub.example", "v=DMARC1; p=none; sp=reject"),
        ("trying.example", "v=DMARC1; p=quarantine; t=y"),
        ("evil.example", "v=DMARC1; p=reject"),
        ("bund.de", "v=DMARC1; p=reject"),
    ];
    for (domain, policy) in policies {
        dns.txt(&format!("_dmarc.{domain}"), policy);
    }
    let domains = [
        "brandau.example",
        "post.brandau.example",
        "strict.example",
        "mail.strict.example",
        "quarantine.example",
        "quiet.example",
        "sub.example",
        "plain.example",
        "evil.example",
        "esp.example",
        "xn--stdte-hra.example",
        "bmi.bund.de",
        "bka.bund.de",
    ];
    for domain in domains {
        signing::plant(&dns, "rsa", domain);
        dns.txt(domain, "v=spf1 ip4:198.51.100.10 include:_spf.esp.example -all");
    }
    dns.txt("_spf.esp.example", "v=spf1 ip4:198.51.100.20 -all");
    dns.txt("mx.plain.example", "v=spf1 mx a:out.plain.example -all");
    dns.mx("mx.plain.example", "in.plain.example");
    dns.a("in.plain.example", Ipv4Addr::new(198, 51, 100, 30));
    dns.a("out.plain.example", Ipv4Addr::new(198, 51, 100, 31));
    dns.txt("any.evil.example", "v=spf1 +all");
    dns.txt("unsure.example", "v=spf1 ?include:nested.example -all");
    dns.txt("nested.example", "v=spf1 include:_spf.esp.example -all");
    dns.txt("endless.example", "v=spf1 include:endless.example -all");
    for domain in ["lists.example", "other-lists.example"] {
        signing::plant(&dns, "seal", domain);
    }
    signing::plant_as(&dns, "tried", "brandau.example", "v=DKIM1; t=y; k=rsa;");
    dns.txt("revoked._domainkey.brandau.example", "v=DKIM1; k=rsa; p=");
    dns.txt("rubbish._domainkey.brandau.example", "v=DKIM1; k=rsa; p=not a key");
    for name in ["_dmarc.broken.example", "rsa._domainkey.shaky.example", "shaky.example"]
        .into_iter()
        .chain(forged::UNANSWERED)
    {
        dns.fails(name);
    }
    for name in ["_dmarc.silent.example", "rsa._domainkey.mute.example"] {
        dns.is_silent(name);
    }
    dns
}

fn trusted(dns: &NameServer) -> Trusted {
    Trusted {
        names: Names::Server(dns.at()),
        authserv_id: Some("mx.askance.example".to_owned()),
        arc_sealers: vec!["lists.example".to_owned()],
    }
}

/// Judges all mails of a table, several at once; those of silent name servers take ten seconds each.
fn judged(cases: &[Case], trusted: &Trusted) -> Vec<(Judged, Checks)> {
    let mut found = Vec::with_capacity(cases.len());
    for some in cases.chunks(16) {
        std::thread::scope(|scope| {
            let begun: Vec<_> =
                some.iter().map(|case| scope.spawn(move || verify(&case.raw, &case.came, trusted))).collect();
            found.extend(begun.into_iter().map(|one| {
                let checks = one.join().unwrap();
                (judge(&checks), checks)
            }));
        });
    }
    found
}

/// How many verdicts of a table are right; prints those that are not. `forged`: none of these may be shown as proved
/// for the domain that it claims.
fn right(cases: &[Case], found: &[(Judged, Checks)]) -> usize {
    let mut right = 0;
    for (case, (judged, checks)) in cases.iter().zip(found) {
        let domain = judged.domain.as_deref();
        let is_right =
            judged.verdict == case.verdict && domain == case.domain && judged.reason.contains(case.says);
        if is_right {
            right += 1;
        } else {
            println!(
                "{}: expected {} of {:?} with `{}`, found {} of {domain:?}: {}\n  {checks:?}",
                case.name, case.verdict, case.domain, case.says, judged.verdict, judged.reason
            );
        }
        assert!(!judged.reason.is_empty(), "{}: people are told why", case.name);
    }
    right
}

#[test]
fn r13_no_forged_mail_is_shown_as_proved_and_the_verdict_is_right() {
    let dns = world();
    let trusted = trusted(&dns);
    let (honest, forged) = (honest::cases(&dns), forged::cases());
    // A signature that expires after a second has expired.
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    let found = judged(&honest, &trusted);
    let mut good = right(&honest, &found);
    let found = judged(&forged, &trusted);
    good += right(&forged, &found);
    let proved = forged
        .iter()
        .zip(&found)
        .filter(|(case, (judged, _))| {
            judged.verdict == Verdict::Verified && case.verdict != Verdict::Verified
        })
        .count();
    dns.end();
    let all = honest.len() + forged.len();
    println!(
        "{all} mails, {} of them forged: {proved} forged shown as proved, {good} verdicts right",
        forged.len()
    );
    assert_eq!(proved, 0);
    assert!(good * 100 >= all * 98, "{good} of {all} verdicts are right");
    assert_eq!(good, all, "these are of our own making: each must be right");
}

/// R33: whoever sends a mail chooses for what is asked, but only as the checks need it.
#[test]
fn r13_only_what_the_checks_need_is_looked_up_and_not_without_end() {
    let dns = world();
    let trusted = trusted(&dns);
    let links = mail(POSTSTELLE)
        .replace("eingegangen.", "eingegangen: https://canary.example/x <img src=\"http://pixel.example/\">");
    let line = |n: usize| {
        format!(
            "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=d{n}.canary-{n}.example; s=s; h=From; \
             bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\r\n"
        )
    };
    // Within the fields that are looked at, and beyond.
    for count in [200, 3_000] {
        let some = (0..count).map(line).collect::<Vec<_>>().concat();
        let came = Case::new("", "", Verdict::Forged).came(STRANGER, "x@endless.example").came;
        verify(format!("{some}{links}").as_bytes(), &came, &trusted);
    }
    verify(signing::signed(links.as_bytes(), "brandau.example").as_slice(), &Came::default(), &trusted);
    let asked = dns.asked();
    dns.end();
    assert!(asked.len() < 100, "{} questions: {asked:?}", asked.len());
    let expected = ["_domainkey.", "_dmarc.", "endless.example"];
    for name in &asked {
        assert!(expected.iter().any(|part| name.contains(part)), "asked for {name}");
    }
    assert!(!asked.iter().any(|name| name.contains("pixel")), "{asked:?}");
}

#[test]
fn r13_who_asks_nobody_knows_nothing() {
    let raw = signing::signed(mail(POSTSTELLE).as_bytes(), "brandau.example");
    let judged = judge(&verify(&raw, &Came::default(), &Trusted::default()));
    assert_eq!(judged.verdict, Verdict::Unknown);
    assert!(judged.reason.contains("Nothing was looked up") && !judged.passing, "{judged:?}");
}
