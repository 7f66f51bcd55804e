//! Mails of people who are not the city and want to look like it.

use crate::authenticity::signing::{How, other, own, sealed, signed, signed_by};
use crate::authenticity::{CITY, Case, POSTSTELLE, STRANGER, mail};
use askance::domain::incoming::authenticity::Verdict::{Forged, Unverified, Verified};

const EVIL: &str = "x@evil.example";
const PASSES: &str = "dkim=pass header.d=brandau.example; spf=pass smtp.mailfrom=a@brandau.example; dmarc=pass header.from=brandau.example";

/// Names that a forger brings because nobody answers for them.
pub const UNANSWERED: [&str; 3] =
    ["lame.brandau.example", "rsa._domainkey.lame.bund.de", "rsa._domainkey.lame.strict.example"];

/// The labelled table.
pub fn cases() -> Vec<Case> {
    let mut cases = in_the_name_of_the_city();
    cases.extend(by_names_without_an_answer());
    cases.extend(under_other_words());
    cases.extend(nearly_in_the_name_of_the_city());
    cases.extend(by_their_heads());
    cases.extend(by_badly_written_senders());
    cases.extend(by_their_senders());
    cases
}

fn text(raw: Vec<u8>) -> String {
    String::from_utf8(raw).unwrap()
}

/// Signed and sent by somebody else.
fn in_the_name_of_the_city() -> Vec<Case> {
    let city = mail(POSTSTELLE);
    let with = |domain: &str| signed(city.as_bytes(), domain);
    let genuine = text(with("brandau.example"));
    let by_other_key = signed_by(other(), city.as_bytes(), ("brandau.example", &How::default()));
    let length =
        text(signed_by(own(), city.as_bytes(), ("brandau.example", &How { length: true, ..How::default() })));
    let with_files = genuine.replace("text/plain; charset=utf-8", "text/html");
    vec![
        Case::new("not signed", mail(POSTSTELLE), Forged)
            .came(STRANGER, EVIL)
            .says("says that mail like this is not from it (DMARC reject)"),
        Case::new("not signed, quarantine", mail("a@quarantine.example"), Forged)
            .came(STRANGER, EVIL)
            .of("quarantine.example")
            .says("DMARC quarantine"),
        Case::new("a host below, by its own rule", mail("a@new.sub.example"), Forged)
            .came(STRANGER, EVIL)
            .of("new.sub.example"),
        Case::new("a host below that is none", mail("a@vize.brandau.example"), Forged)
            .came(STRANGER, EVIL)
            .of("vize.brandau.example"),
        Case::new("signed by himself", with("evil.example"), Forged).came(STRANGER, EVIL),
        Case::new("signed by himself, whence it came is not known", with("evil.example"), Unverified)
            .says("Signed by evil.example, which is not brandau.example"),
        Case::new("signed by a service of many", with("esp.example"), Unverified),
        Case::new("another key", by_other_key.clone(), Forged).came(STRANGER, EVIL),
        Case::new("another key, whence it came is not known", by_other_key, Unverified),
        Case::new("his own server passes for himself", mail(POSTSTELLE), Forged)
            .came(STRANGER, "x@any.evil.example"),
        Case::new("the envelope of the city from elsewhere", mail(POSTSTELLE), Forged)
            .came(STRANGER, "a@brandau.example"),
        Case::new("text exchanged", genuine.replace("eingegangen", "abgelehnt"), Forged).came(STRANGER, EVIL),
        Case::new("text added behind the signed part", format!("{length}Zahlen Sie sofort.\r\n"), Forged)
            .came(STRANGER, EVIL),
        Case::new("type exchanged, which is not signed by all", with_files.clone(), Verified)
            .says("It does not cover Content-Type"),
    ]
}

/// A name that cannot be looked up, which proves nothing if it can: the verdict does not wait for it.
fn by_names_without_an_answer() -> Vec<Case> {
    let signed_as = |from: &str, domain: &str| signed(mail(from).as_bytes(), domain);
    vec![
        Case::new("a host below the city in the envelope", mail(POSTSTELLE), Forged)
            .came(STRANGER, "x@lame.brandau.example"),
        Case::new("a neighbour under the same roof", signed_as("a@bmi.bund.de", "lame.bund.de"), Forged)
            .came(STRANGER, EVIL)
            .of("bmi.bund.de"),
        Case::new("strict, a key below", signed_as("a@strict.example", "lame.strict.example"), Forged)
            .came(STRANGER, EVIL)
            .of("strict.example"),
    ]
}

/// What a signature does not cover is not proved by it.
fn under_other_words() -> Vec<Case> {
    let without = |named: &[&'static str]| {
        let how = How { named: named.to_vec(), ..How::default() };
        text(signed_by(own(), mail(POSTSTELLE).as_bytes(), ("brandau.example", &how)))
    };
    let bare = without(&["From", "To", "Date"]).replace("Ihr Antrag\r\n", "Letzte Mahnung\r\n");
    let told = without(&["From", "Subject"]);
    vec![
        Case::new("another subject above a letter", bare.clone(), Unverified).says("without the subject"),
        Case::new("the same from elsewhere, which is no forgery by its policy", bare, Unverified)
            .came(STRANGER, EVIL)
            .says("without the subject"),
        Case::new("another day above a letter", told, Verified)
            .says("It does not cover Date, To, Content-Type: that may have been written by anybody."),
    ]
}

/// Signed by others of the same house, or sealed.
fn nearly_in_the_name_of_the_city() -> Vec<Case> {
    let city = mail(POSTSTELLE);
    let with = |domain: &str| signed(city.as_bytes(), domain);
    let genuine = text(with("brandau.example"));
    vec![
        Case::new(
            "strict, signed from below",
            signed(mail("a@strict.example").as_bytes(), "mail.strict.example"),
            Unverified,
        )
        .of("strict.example")
        .says("accepts no signature except its own"),
        Case::new("strict, sent from below", mail("a@strict.example"), Forged)
            .came(CITY, "b@mail.strict.example")
            .of("strict.example"),
        Case::new(
            "another body under the same roof",
            signed(mail("a@bmi.bund.de").as_bytes(), "bka.bund.de"),
            Unverified,
        )
        .of("bmi.bund.de")
        .says("another body"),
        Case::new(
            "a domain that ends like it",
            signed(mail("a@notbrandau.example").as_bytes(), "brandau.example"),
            Unverified,
        )
        .of("notbrandau.example"),
        Case::new("a seal of nobody we know", sealed(&with("evil.example"), "evil.example"), Forged)
            .came(STRANGER, EVIL),
        Case::new(
            "a seal in the name of one we believe",
            text(sealed(genuine.replace("eingegangen", "abgelehnt").as_bytes(), "other-lists.example"))
                .replace("d=other-lists.example", "d=lists.example"),
            Forged,
        )
        .came(STRANGER, EVIL),
        Case::new(
            "a broken chain",
            text(sealed(genuine.replace("eingegangen", "abgelehnt").as_bytes(), "lists.example"))
                .replace("Sehr geehrte", "Liebe"),
            Forged,
        )
        .came(STRANGER, EVIL),
        Case::new(
            "a chain without its first seal",
            text(sealed(city.as_bytes(), "lists.example")).replace("i=1", "i=2"),
            Forged,
        )
        .came(STRANGER, EVIL),
    ]
}

/// Heads that say what they like.
fn by_their_heads() -> Vec<Case> {
    let results =
        |head: &str| Case::new("", format!("{head}{}", mail(POSTSTELLE)), Unverified).came(STRANGER, EVIL);
    let received = "Received: from evil by mx.askance.example; Mon, 14 Sep 2026 09:00:00 +0200\r\n";
    let named = |name, case: Case, verdict| Case { name, verdict, ..case };
    let own = format!("Authentication-Results: mx.askance.example; {PASSES}\r\n");
    let theirs = format!("Authentication-Results: mx.evil.example; {PASSES}\r\n");
    let spf =
        "Received-SPF: Pass (mx.askance.example: domain of a@brandau.example) client-ip=198.51.100.10\r\n";
    let sealed = format!("ARC-Authentication-Results: i=1; lists.example; {PASSES}\r\n");
    let cut = format!("Authentication-Results: mx.askance.example (no end; {PASSES}\r\n{received}");
    let quoted = format!(
        "Authentication-Results: mx.evil.example; spf=fail smtp.mailfrom=\"\r\n mx.askance.example; {PASSES}\"\r\n"
    );
    let direct = |name| {
        let mut case =
            Case::new(name, format!("{own}{received}{}", mail(POSTSTELLE)), Forged).came(STRANGER, EVIL);
        case.came.behind_own_server = false;
        case
    };
    let unseen = |name, head: &str| {
        let mut case = Case::new(name, format!("{head}{}", mail(POSTSTELLE)), Unverified);
        case.came.behind_own_server = true;
        case
    };
    vec![
        named("results of his own server", results(&format!("{received}{theirs}")), Forged),
        named("results in the name of ours", results(&format!("{received}{own}")), Forged),
        named("results of his own on top", results(&format!("{theirs}{received}")), Forged),
        named("results in a comment without end", results(&cut), Forged),
        named("results within quotes", results(&format!("{quoted}{received}")), Forged),
        named("Received-SPF", results(&format!("{received}{spf}")), Forged),
        named("what a sealer says, without a seal", results(&format!("{received}{sealed}")), Forged),
        direct("results in the name of ours, straight from him"),
        unseen("results below our line, whence it came is not known", &format!("{received}{own}"))
            .says("is not ours and was ignored"),
        unseen("results without any line of ours", &own).says("is not ours and was ignored"),
        unseen(
            "results of a server called almost like ours",
            &format!("{}{received}", own.replace("mx.askance", "mx2.askance")),
        ),
    ]
}

/// From lines that are read in one way here and in another there.
fn by_their_senders() -> Vec<Case> {
    let signed_as = |from: &str| signed(mail(from).as_bytes(), "evil.example");
    let of_nobody = |name, raw: Vec<u8>| Case::new(name, raw, Unverified).of_nobody().came(STRANGER, EVIL);
    let of_himself = |name, from: &str| Case::new(name, signed_as(from), Verified).of("evil.example");
    let genuine = text(signed(mail(POSTSTELLE).as_bytes(), "brandau.example"));
    let evil = text(signed_as(EVIL));
    vec![
        of_himself("the city in the name", "\"poststelle@brandau.example\" <x@evil.example>")
            .says("shows another address"),
        of_himself(
            "the city in an encoded name",
            "=?utf-8?q?poststelle=40brandau=2Eexample?= <x@evil.example>",
        )
        .says("shows another address"),
        of_himself("the city as a name", "Stadt Brandau <x@evil.example>"),
        Case::new(
            "a letter that looks alike",
            signed(mail("a@brand\u{430}u.example").as_bytes(), "evil.example"),
            Unverified,
        )
        .of("xn--brandu-7nf.example"),
        of_nobody("two From lines, his first", format!("From: {EVIL}\r\n{genuine}").into())
            .says("more than one From line"),
        of_nobody("two From lines, the city's first", format!("From: {POSTSTELLE}\r\n{evil}").into()),
        of_nobody(
            "two From lines, one below",
            evil.replace("Subject:", &format!("from: {POSTSTELLE}\r\nSubject:")).into(),
        ),
        of_nobody(
            "a From line with a blank before the colon",
            format!("From : {POSTSTELLE}\r\n{evil}").into(),
        ),
        of_nobody(
            "a From line behind a lone return",
            evil.replace("From: ", &format!("X: y\rFrom: {POSTSTELLE}\r\nFrom: ")).into(),
        ),
        of_nobody(
            "a From line behind a line feed",
            evil.replacen("Subject:", &format!("X: y\nFrom: {POSTSTELLE}\nSubject:"), 1).into(),
        ),
        of_nobody("a NUL in the From line", evil.replace(EVIL, "x@evil.example\0@brandau.example").into()),
        of_nobody("a NUL before the From line", format!("X\0From: {POSTSTELLE}\r\n{evil}").into()),
        of_nobody(
            "a blank line that ends the head for some",
            format!("From: {POSTSTELLE}\r\n \r\n{evil}").into(),
        ),
        of_nobody("a byte order mark", format!("\u{feff}{evil}").into()),
        of_nobody(
            "a byte order mark and a From line below",
            format!("X-Y: z\r\n\u{feff}From: {POSTSTELLE}\r\n{evil}").into(),
        ),
    ]
}

/// From lines that are no From line of one sender.
fn by_badly_written_senders() -> Vec<Case> {
    let signed_as = |from: &str| signed(mail(from).as_bytes(), "evil.example");
    let of_nobody = |name, raw: Vec<u8>| Case::new(name, raw, Unverified).of_nobody().came(STRANGER, EVIL);
    vec![
        of_nobody("a group", signed_as("Stadt: poststelle@brandau.example;")).says("group"),
        of_nobody("an empty group", signed_as("poststelle@brandau.example:;")),
        of_nobody("two senders, the city first", signed_as("poststelle@brandau.example, x@evil.example")),
        of_nobody("two senders, he first", signed_as("x@evil.example, poststelle@brandau.example")),
        of_nobody("two senders without a comma", signed_as("<poststelle@brandau.example> <x@evil.example>")),
        of_nobody("a comment", signed_as("poststelle@brandau.example (x@evil.example)")),
        of_nobody("a comment within", signed_as("poststelle@brandau.example(@evil.example")),
        of_nobody("a route", signed_as("<@evil.example:poststelle@brandau.example>")),
        of_nobody("a quoted local part", signed_as("\"poststelle@brandau.example\"@evil.example")),
        of_nobody("a name that is an address", signed_as("poststelle@brandau.example <x@evil.example>")),
        of_nobody(
            "an encoded address",
            signed_as("=?utf-8?q?poststelle=40brandau.example=3Cx?=@evil.example"),
        ),
        of_nobody("two signs", signed_as("poststelle@brandau.example@evil.example")),
        of_nobody("an address of numbers", signed_as("poststelle@[203.0.113.66]")),
        of_nobody("a percent sign", signed_as("poststelle@brandau%2eexample")),
    ]
}
