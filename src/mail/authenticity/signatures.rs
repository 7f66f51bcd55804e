//! Signatures and seals: which of them are looked at, and which of those that hold are worth anything.

use crate::domain::incoming::authenticity::head::ascii;
use crate::domain::incoming::authenticity::{Arc, Checks, Outcome, Signed, results};
use crate::domain::incoming::matching::domains::registrable;
use crate::mail::authenticity::Trusted;
use crate::mail::authenticity::names::{Asking, Names};
use futures_util::future::join_all;
use mail_auth::common::crypto::{Algorithm, CryptoError};
use mail_auth::common::verify::VerifySignature;
use mail_auth::dkim::{DkimError, Signature};
use mail_auth::{AuthenticatedMessage, DkimResult, DnsError, Error, Parameters};

/// How many signatures are looked at; mail has one or two.
const MOST_SIGNATURES: usize = 8;
/// How many fields a signature may name.
const MOST_NAMED: usize = 200;
/// How many seals a chain may have; RFC 8617 §4.2.1 allows 50, real ones have up to five.
const MOST_SEALS: usize = 10;
/// `t=y`: the owner tries it out, and it counts as no signature (RFC 6376 §3.6.1).
const TRIED_OUT: u64 = 0x10;

/// Leaves the signatures that can prove something, those of the author's own domain first; how many were left out.
pub(super) fn bound(message: &mut AuthenticatedMessage<'_>, author: &str) -> usize {
    let all = message.dkim_headers.len();
    message.dkim_headers.retain(|one| one.header.h.len() <= MOST_NAMED);
    let own = registrable(author);
    message.dkim_headers.sort_by_key(|one| {
        let domain = one.header.d.to_lowercase();
        (domain != author, own.is_none() || registrable(&domain) != own)
    });
    message.dkim_headers.truncate(MOST_SIGNATURES);
    for one in &mut message.dkim_headers {
        // Reports to the signer and signatures by proxy: more names to ask for, and nothing to learn.
        (one.header.r, one.header.atps) = (false, None);
    }
    // Signatures that cannot be read are not listed, a thousand of them least of all.
    message.errors.retain(|error| !matches!(error.header, Error::Dkim(DkimError::SignatureLength)));
    all - message.dkim_headers.len()
}

/// Checks the signatures, each by itself: one whose name server is silent must not take the time of the others.
pub(super) async fn dkim(asking: &Asking, message: &AuthenticatedMessage<'_>) -> Vec<Signed> {
    let mut found: Vec<Signed> =
        join_all((0..message.dkim_headers.len()).map(|nth| one(asking, message, nth))).await;
    if message.has_dkim_errors && found.len() < MOST_SIGNATURES {
        let why = "It cannot be read, or covers only a part of the mail.";
        found.push(Signed {
            domain: String::new(),
            selector: String::new(),
            outcome: Outcome::Fail,
            why: why.to_owned(),
            unsigned: Vec::new(),
        });
    }
    found
}

async fn one(asking: &Asking, message: &AuthenticatedMessage<'_>, nth: usize) -> Signed {
    let mut alone = AuthenticatedMessage {
        headers: message.headers.clone(),
        from: message.from.clone(),
        raw_message: message.raw_message,
        body_offset: message.body_offset,
        body_hashes: message.body_hashes.clone(),
        ..AuthenticatedMessage::default()
    };
    alone.dkim_headers.extend(message.dkim_headers.get(nth).cloned());
    let Some(header) = message.dkim_headers.get(nth) else {
        return of(&Signature::default(), Outcome::None, "");
    };
    let signature = &header.header;
    if let Some(why) = worthless(signature) {
        return of(signature, Outcome::Fail, why);
    }
    let known = Names::new();
    let asked = asking.authenticator.verify_dkim(known.with(Parameters::new(&alone)));
    let result = match asking.within(asked).await {
        Some(outputs) => outputs.first().map_or(DkimResult::None, |output| output.result().clone()),
        None => return of(signature, Outcome::Temporary, "Its key could not be looked up in time."),
    };
    if result == DkimResult::Pass
        && known.key_flags(&signature.domain_key()).is_none_or(|f| f & TRIED_OUT != 0)
    {
        return of(signature, Outcome::Fail, "Its owner only tries it out, so that it counts as none.");
    }
    let (outcome, why) = in_words(&result);
    Signed { unsigned: unsigned(message, signature), ..of(signature, outcome, why) }
}

fn of(signature: &Signature, outcome: Outcome, why: &str) -> Signed {
    Signed {
        domain: ascii(&signature.d).unwrap_or_default(),
        selector: signature.s.chars().take(100).collect(),
        outcome,
        why: why.to_owned(),
        unsigned: Vec::new(),
    }
}

/// Fields that are shown, or say how the mail is shown. One that is there and is not signed may be anybody's.
const SHOWN: &[&str] =
    &["Subject", "Date", "To", "Cc", "Reply-To", "Content-Type", "Content-Transfer-Encoding"];

/// Which of the fields that are shown a signature leaves out.
fn unsigned(message: &AuthenticatedMessage<'_>, signature: &Signature) -> Vec<String> {
    let is_there = |name: &&&str| {
        message.headers.iter().any(|(field, _)| field.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
    };
    let is_signed = |name: &str| signature.h.iter().any(|named| named.trim().eq_ignore_ascii_case(name));
    SHOWN.iter().filter(is_there).filter(|name| !is_signed(name)).map(|name| (*name).to_owned()).collect()
}

/// Why a signature proves nothing even where it holds.
fn worthless(signature: &Signature) -> Option<&'static str> {
    if !signature.d.is_ascii() || ascii(&signature.d).is_none() {
        return Some("It names no domain.");
    }
    if signature.a == Algorithm::RsaSha1 {
        return Some("It rests on SHA-1, which anybody can get around (RFC 8301).");
    }
    // RFC 6376 §5.4: without the From line it says nothing of who wrote.
    if !covers_from(&signature.h) {
        return Some("It does not cover the From line.");
    }
    None
}

fn covers_from(named: &[String]) -> bool {
    named.iter().any(|name| name.trim().eq_ignore_ascii_case("from"))
}

fn in_words(result: &DkimResult) -> (Outcome, &'static str) {
    let error = match result {
        DkimResult::Pass => return (Outcome::Pass, "It holds."),
        DkimResult::None => return (Outcome::None, "There is nothing to check."),
        DkimResult::TempError(_) => return (Outcome::Temporary, "Its key could not be looked up."),
        DkimResult::Fail(error) | DkimResult::Neutral(error) | DkimResult::PermError(error) => error,
    };
    let why = match error {
        Error::Dkim(DkimError::FailedBodyHashMatch) => "The text was changed after it was signed.",
        Error::Dkim(DkimError::SignatureExpired) => "It has expired.",
        Error::Dkim(DkimError::RevokedPublicKey) => "Its key was revoked.",
        Error::Dkim(DkimError::FailedAuidMatch) => {
            "It is in the name of somebody whom the key does not allow."
        }
        Error::Dns(DnsError::RecordNotFound(_)) => "There is no such key.",
        Error::Crypto(CryptoError::FailedVerification | CryptoError::Library(_)) => {
            "The head was changed after it was signed, or somebody else signed it."
        }
        _ => "It, or its key, cannot be used.",
    };
    (Outcome::Fail, why)
}

/// Checks the seals, where the last of them is of somebody whom we believe (RFC 8617 §5.2). Nobody else's are looked up.
pub(super) async fn arc(asking: &Asking, message: &AuthenticatedMessage<'_>, trusted: &Trusted) -> Arc {
    let none = Checks::default().arc;
    let Some(seal) = message.as_headers.iter().max_by_key(|seal| seal.header.i) else { return none };
    let sealer = ascii(&seal.header.d).unwrap_or_default();
    let told =
        |outcome, why: &str| Arc { sealer: Some(sealer.clone()), outcome, why: why.to_owned(), said: None };
    if !trusted.arc_sealers.contains(&sealer) {
        return told(Outcome::NotAsked, "Its last sealer is none of those whom this service believes.");
    }
    let signature = message.ams_headers.iter().max_by_key(|signature| signature.header.i);
    let own = signature.is_some_and(|signature| {
        covers_from(&signature.header.h)
            && signature.header.h.len() <= MOST_NAMED
            && signature.header.a != Algorithm::RsaSha1
            && ascii(&signature.header.d).as_deref() == Some(&sealer)
    });
    if !own || message.as_headers.len() > MOST_SEALS || message.ams_headers.len() > MOST_SEALS {
        return told(Outcome::Fail, "The chain of seals is not as it must be.");
    }
    let known = Names::new();
    let asked = asking.authenticator.verify_arc(known.with(Parameters::new(message)));
    let result = asking.within(asked).await.map(|answer| answer.result().clone());
    match result {
        None | Some(DkimResult::TempError(_)) => told(Outcome::Temporary, "Its key could not be looked up."),
        Some(DkimResult::Pass) => {
            let results = message.aar_headers.iter().max_by_key(|results| results.header.i);
            let said = results.and_then(|results| results::read_sealed(results.value));
            Arc { said, ..told(Outcome::Pass, "The chain of seals holds.") }
        }
        Some(_) => told(Outcome::Fail, "The chain of seals does not hold: the mail was changed on its way."),
    }
}
