//! Signs and seals mails as the servers of a story do, with keys that are planted in its name server.

use crate::support::dns::NameServer;
use data_encoding::BASE64;
use mail_auth::arc::{ArcSealer, Set};
use mail_auth::common::crypto::{Ed25519Key, RsaKey, Sha256, SigningKey};
use mail_auth::common::headers::{Header, HeaderWriter};
use mail_auth::dkim::{Canonicalization, DkimSigner};
use mail_auth::{ArcOutput, AuthenticatedMessage, AuthenticationResults, DkimOutput, DkimResult};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

const OWN: &str = include_str!("../corpus/signed/key-of-the-tests.pem");
const OTHER: &str = include_str!("../corpus/signed/other-key-of-the-tests.pem");

fn read(pem: &str) -> RsaKey<Sha256> {
    let key = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).unwrap();
    RsaKey::from_key_der(PrivateKeyDer::Pkcs8(key)).unwrap()
}

/// The key that the domains of the story own.
pub fn own() -> RsaKey<Sha256> {
    read(OWN)
}

/// Somebody else's.
pub fn other() -> RsaKey<Sha256> {
    read(OTHER)
}

/// Plants the public half of `own` under a selector.
pub fn plant(dns: &NameServer, selector: &str, domain: &str) {
    plant_as(dns, selector, domain, "v=DKIM1; k=rsa;");
}

/// The same with other words before it.
pub fn plant_as(dns: &NameServer, selector: &str, domain: &str, words: &str) {
    let key = BASE64.encode(&own().public_key());
    dns.txt(&format!("{selector}._domainkey.{domain}"), &format!("{words} p={key}"));
}

/// A fresh Ed25519 key, planted.
pub fn ed25519(dns: &NameServer, selector: &str, domain: &str) -> Ed25519Key {
    let key = Ed25519Key::from_pkcs8_der(&Ed25519Key::generate_pkcs8().unwrap()).unwrap();
    let public = BASE64.encode(&key.public_key());
    dns.txt(&format!("{selector}._domainkey.{domain}"), &format!("v=DKIM1; k=ed25519; p={public}"));
    key
}

/// How a mail is signed.
#[derive(Clone)]
pub struct How {
    pub selector: &'static str,
    pub named: Vec<&'static str>,
    pub head: Canonicalization,
    pub body: Canonicalization,
    /// Seconds from now.
    pub expires: u64,
    pub length: bool,
}

impl Default for How {
    fn default() -> Self {
        Self {
            selector: "rsa",
            named: vec!["From", "To", "Subject", "Date", "Message-ID"],
            head: Canonicalization::Relaxed,
            body: Canonicalization::Relaxed,
            expires: 0,
            length: false,
        }
    }
}

/// The mail with a signature of `domain` on top.
pub fn signed(raw: &[u8], domain: &str) -> Vec<u8> {
    signed_by(own(), raw, (domain, &How::default()))
}

/// The same by this key, and in this way.
pub fn signed_by(key: impl SigningKey, raw: &[u8], (domain, how): (&str, &How)) -> Vec<u8> {
    let mut signer = DkimSigner::from_key(key)
        .domain(domain)
        .selector(how.selector)
        .headers(how.named.clone())
        .header_canonicalization(how.head)
        .body_canonicalization(how.body)
        .body_length(how.length);
    if how.expires > 0 {
        signer = signer.expiration(how.expires);
    }
    let mut mail = signer.sign(raw).unwrap().to_header().into_bytes();
    mail.extend(raw);
    mail
}

/// The mail with one more seal on top, of somebody who found the signature that is on it to hold.
pub fn sealed(raw: &[u8], sealer: &str) -> Vec<u8> {
    let message = AuthenticatedMessage::parse(raw).unwrap();
    let before = message.as_headers.iter().zip(&message.ams_headers).zip(&message.aar_headers);
    let chain = before.fold(ArcOutput::default(), |chain, ((seal, signature), results)| {
        chain.with_result(DkimResult::Pass).with_set(Set {
            signature: Header::new(signature.name, signature.value, &signature.header),
            seal: Header::new(seal.name, seal.value, &seal.header),
            results: Header::new(results.name, results.value, &results.header),
        })
    });
    let held: Vec<DkimOutput<'_>> =
        message.dkim_headers.iter().map(|one| DkimOutput::pass().with_signature(&one.header)).collect();
    let results = AuthenticationResults::new(sealer).with_dkim_results(&held, "poststelle@brandau.example");
    let seal = ArcSealer::from_key(own())
        .domain(sealer)
        .selector("seal")
        .headers(["From", "To", "Subject", "Date", "Message-ID"])
        .seal(&message, &results, &chain)
        .unwrap();
    let mut mail = seal.to_header().into_bytes();
    mail.extend(raw);
    mail
}
