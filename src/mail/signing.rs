//! DKIM signatures of our own (RFC 6376, RFC 8463), put on top of a mail when its final bytes are made: what is stored
//! is what leaves.

use data_encoding::BASE64;
use mail_auth::common::crypto::{Algorithm, DkimKey, Ed25519Key, RsaKey, Sha256, SigningKey};
use mail_auth::common::headers::{HeaderWriter, Writable};
use mail_auth::dkim::{Canonicalization, DkimSigner};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

/// Named once more than they are there, so that nobody can add another one that a reader might show instead
/// (RFC 6376 §5.4.2, §8.15). An answer goes to From, so that there is no Reply-To is signed as well.
const TWICE: [&str; 4] = ["From", "To", "Subject", "Date"];
const ABSENT: &str = "Reply-To";
/// Signed where they are there.
const ONCE: [&str; 6] =
    ["Message-ID", "MIME-Version", "Content-Type", "In-Reply-To", "References", "Auto-Submitted"];

/// `rsaEncryption` with its parameters (RFC 3279 §2.3.1), in DER.
const RSA_ENCRYPTION: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// Why a mail cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file of the key could not be read.
    #[error("expected a private key, found a file that cannot be read: {0}")]
    NoFile(String),
    /// The file holds no private key.
    #[error(
        "expected a private key in PEM without a password, found none; make one with `openssl genrsa -out \
         dkim.pem 2048`"
    )]
    NoKey,
    /// A key that is too short, of another kind, or broken.
    #[error(
        "expected an RSA key of 2048 to 4096 bits or an Ed25519 key, found another or a broken one ({0}); make one \
         with `openssl genrsa -out dkim.pem 2048`"
    )]
    Unfit(String),
    /// The mail could not be signed.
    #[error("the mail could not be signed: {0}")]
    Mail(String),
}

/// Signs what is sent from our mail domain.
pub struct Signer {
    key: DkimKey,
    selector: String,
    domain: String,
}

/// What the name system says of our key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// It is the one that we sign with.
    Ours,
    /// It is another one.
    Another,
    /// It says that no signature holds any more (`p=` without a key, RFC 6376 §3.6.1).
    Revoked,
    /// It is no record of a key.
    NoKey,
}

impl Signer {
    /// With a private key in PEM: PKCS #8, or PKCS #1 for RSA.
    pub fn new(pem: &[u8], selector: &str, domain: &str) -> Result<Self, Error> {
        let key = match PrivateKeyDer::from_pem_slice(pem).map_err(|_| Error::NoKey)? {
            PrivateKeyDer::Pkcs8(der) => {
                match Ed25519Key::from_pkcs8_maybe_unchecked_der(der.secret_pkcs8_der()) {
                    Ok(key) => DkimKey::Ed25519(key),
                    Err(_) => DkimKey::Rsa(rsa(PrivateKeyDer::Pkcs8(der))?),
                }
            }
            other => DkimKey::Rsa(rsa(other)?),
        };
        Ok(Self { key, selector: selector.to_owned(), domain: domain.to_ascii_lowercase() })
    }

    /// The mail with our signature on top, if it is from our domain: for another we have no key that anybody finds.
    pub fn sign(&self, mail: Vec<u8>) -> Result<Vec<u8>, Error> {
        let head = head(&mail);
        let ours = format!("@{}", self.domain);
        let from_us = field(&head, "From").is_some_and(|from| from.trim_end_matches('>').ends_with(&ours));
        if !from_us {
            return Ok(mail);
        }
        let there = ONCE.into_iter().filter(|name| field(&head, name).is_some());
        let named: Vec<&str> = TWICE.into_iter().chain(TWICE).chain([ABSENT]).chain(there).collect();
        // Relaxed for both parts, because servers on the way fold lines and trim blanks; the whole body, without `l=`.
        let signature = DkimSigner::from_key(Borrowed(&self.key))
            .domain(&self.domain)
            .selector(&self.selector)
            .headers(named)
            .header_canonicalization(Canonicalization::Relaxed)
            .body_canonicalization(Canonicalization::Relaxed)
            .sign(&mail);
        let mut signed = signature.map_err(|error| Error::Mail(error.to_string()))?.to_header().into_bytes();
        signed.extend(mail);
        Ok(signed)
    }

    /// The name under which the public key is looked for.
    pub fn name(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }

    /// The text that must be published under that name.
    pub fn record(&self) -> String {
        let (kind, public) = match &self.key {
            DkimKey::Rsa(key) => ("rsa", public_info(&key.public_key())),
            DkimKey::Ed25519(key) => ("ed25519", key.public_key()),
        };
        format!("v=DKIM1; k={kind}; p={}", BASE64.encode(&public))
    }

    /// Whether a published text is that of our key.
    pub fn compare(&self, text: &str) -> Published {
        let tags = text.split(';').filter_map(|tag| tag.split_once('='));
        let tags: Vec<(&str, &str)> = tags.map(|(name, value)| (name.trim(), value.trim())).collect();
        let tag = |wanted: &str| tags.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
        let Some(public) = tag("p") else { return Published::NoKey };
        let public: String = public.split_whitespace().collect();
        if public.is_empty() {
            return Published::Revoked;
        }
        let Ok(public) = BASE64.decode(public.as_bytes()) else { return Published::NoKey };
        let kind = tag("k").unwrap_or("rsa");
        let same = match &self.key {
            // Both forms of an RSA key are read by who verifies.
            DkimKey::Rsa(key) => {
                let bare = key.public_key();
                kind == "rsa" && (public == bare || public == public_info(&bare))
            }
            DkimKey::Ed25519(key) => kind == "ed25519" && public == key.public_key(),
        };
        if same { Published::Ours } else { Published::Another }
    }
}

/// Never the key.
impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.name())
    }
}

/// The key on loan, for one signature.
struct Borrowed<'a>(&'a DkimKey);

impl SigningKey for Borrowed<'_> {
    type Hasher = Sha256;

    fn sign(&self, input: impl Writable) -> mail_auth::Result<Vec<u8>> {
        self.0.sign(input)
    }

    fn algorithm(&self) -> Algorithm {
        self.0.algorithm()
    }
}

/// The library takes no RSA key under 2048 bits to sign with.
fn rsa(key: PrivateKeyDer<'_>) -> Result<RsaKey<Sha256>, Error> {
    RsaKey::from_key_der(key).map_err(|error| Error::Unfit(error.to_string()))
}

/// An RSA public key as what most publish: `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7).
fn public_info(key: &[u8]) -> Vec<u8> {
    let mut bits = vec![0];
    bits.extend_from_slice(key);
    let mut inner = RSA_ENCRYPTION.to_vec();
    inner.extend(der(0x03, &bits));
    der(0x30, &inner)
}

/// One value in DER: tag, length, content.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length = length.get(length.iter().take_while(|byte| **byte == 0).count()..).unwrap_or_default();
    let mut out = vec![tag];
    match (content.len(), u8::try_from(length.len())) {
        (0..128, _) => out.push(u8::try_from(content.len()).unwrap_or_default()),
        (_, count) => {
            out.push(0x80 | count.unwrap_or_default());
            out.extend_from_slice(length);
        }
    }
    out.extend_from_slice(content);
    out
}

/// The head of a mail of ours, unfolded.
fn head(mail: &[u8]) -> Vec<String> {
    let mut fields: Vec<String> = Vec::new();
    for line in String::from_utf8_lossy(mail).split("\r\n").take_while(|line| !line.is_empty()) {
        match fields.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => last.push_str(line),
            _ => fields.push(line.to_owned()),
        }
    }
    fields
}

fn field<'a>(head: &'a [String], name: &str) -> Option<&'a str> {
    head.iter().find_map(|field| {
        let (found, value) = field.split_once(':')?;
        found.eq_ignore_ascii_case(name).then_some(value)
    })
}
