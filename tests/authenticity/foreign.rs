//! Mails that another implementation signed, with its keys in our name server.

use crate::authenticity::{Case, STRANGER, judged, right, trusted};
use crate::support::dns::NameServer;
use askance::domain::incoming::authenticity::Verdict;
use std::path::Path;

#[test]
fn r13_what_another_implementation_signed_is_judged_alike() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/signed");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let dns = NameServer::start();
    for line in read("names.txt").lines() {
        let (name, text) = line.split_once(' ').unwrap();
        dns.txt(name, text);
    }
    let mut cases = Vec::new();
    for line in read("labels.txt").lines() {
        let (name, label) = line.split_once(' ').unwrap();
        let verdict: Verdict = label.split(' ').next().unwrap().parse().unwrap();
        let raw = std::fs::read(folder.join(format!("{name}.mail"))).unwrap();
        let name: &'static str = name.to_owned().leak();
        cases.push(Case::new(name, raw.clone(), verdict));
        // The same from a server that the city does not name: what does not hold is disowned by its policy.
        let strict = if verdict == Verdict::Unverified { Verdict::Forged } else { verdict };
        cases.push(Case::new(name, raw, strict).came(STRANGER, "x@evil.example"));
    }
    let found = judged(&cases, &trusted(&dns));
    let good = right(&cases, &found);
    dns.end();
    println!("{} mails signed by another implementation, {good} verdicts right", cases.len());
    assert!(cases.len() >= 48 && good == cases.len(), "{good} of {}", cases.len());
}
