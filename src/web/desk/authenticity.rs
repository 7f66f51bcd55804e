//! Who wrote a message, with its reason and what each check said, as the desk shows it.

use crate::domain::incoming::authenticity::{Checks, Outcome, Policy, Told, Verdict};
use crate::store::authenticity::{self, Found};
use crate::store::{Conn, Error};
use crate::web::desk::words::Tag;
use chrono::NaiveDateTime;
use serde::Serialize;

/// How many signatures are listed.
const MOST: usize = 8;

/// Who wrote a message.
#[derive(Debug, Clone, Serialize)]
pub struct Shown {
    /// The verdict.
    pub tag: Tag,
    /// Why, in a sentence.
    pub reason: String,
    /// Whether its own domain disowns it.
    pub forged: bool,
    /// What each check said.
    pub checks: Vec<Check>,
    /// When it was looked at.
    pub checked_at: Option<NaiveDateTime>,
    /// When it is looked at again.
    pub again_at: Option<NaiveDateTime>,
}

/// What one check said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Which.
    pub name: &'static str,
    /// What it said, one line each.
    pub said: Vec<String>,
}

/// Who wrote a message, as far as it was found out.
pub fn shown(conn: &mut Conn, message: i64) -> Result<Shown, Error> {
    Ok(authenticity::of_message(conn, message)?.map_or_else(not_checked, of))
}

fn not_checked() -> Shown {
    Shown {
        tag: Tag::new("off", "Not checked"),
        reason: "Nobody has looked up whether the domain in the From line wrote it.".to_owned(),
        forged: false,
        checks: Vec::new(),
        checked_at: None,
        again_at: None,
    }
}

fn of(found: Found) -> Shown {
    let domain = found.domain.as_deref().unwrap_or_default();
    let tag = match found.verdict {
        Verdict::Verified => Tag::new("check", format!("Proved: {domain}")),
        Verdict::Unverified => Tag::new("off", "Not proved"),
        Verdict::Forged => forged(),
        Verdict::Unknown => Tag::new("silent", "Not known"),
    };
    let checks = serde_json::from_str::<Checks>(&found.checks).map(|checks| each(&checks));
    Shown {
        tag,
        reason: found.reason,
        forged: found.verdict == Verdict::Forged,
        checks: checks.unwrap_or_default(),
        checked_at: Some(found.checked_at),
        again_at: found.again_at,
    }
}

/// The mark of a message that its own domain disowns.
pub fn forged() -> Tag {
    Tag::new("late", "Seems forged")
}

/// Which of these messages their own domains disown.
pub fn forged_among(conn: &mut Conn, ids: &[i64]) -> Result<Vec<i64>, Error> {
    let verdicts = authenticity::verdicts(conn, ids)?;
    Ok(verdicts.into_iter().filter(|(_, verdict)| *verdict == Verdict::Forged).map(|(id, _)| id).collect())
}

fn each(checks: &Checks) -> Vec<Check> {
    let one = |name, said: String| Check { name, said: vec![said] };
    let mut found = vec![one("From", from(checks))];
    if checks.asked && checks.author.is_some() {
        found.push(Check { name: "DKIM", said: dkim(checks) });
        found.push(one("SPF", checks.spf.why.clone()));
        found.push(one("DMARC", dmarc(checks)));
        found.push(one("ARC", arc(checks)));
    }
    found.push(Check { name: "Authentication-Results", said: reported(checks) });
    found
}

fn from(checks: &Checks) -> String {
    match (&checks.author, checks.doubt) {
        (_, Some(doubt)) => doubt.in_words().to_owned(),
        (Some(author), None) if author.poses => {
            format!("The domain is {}. The name beside it shows an address elsewhere.", author.domain)
        }
        (Some(author), None) => format!("The domain is {}.", author.domain),
        (None, None) => "It was not looked at.".to_owned(),
    }
}

fn dkim(checks: &Checks) -> Vec<String> {
    let mut said: Vec<String> = checks
        .dkim
        .iter()
        .take(MOST)
        .map(|one| match one.domain.as_str() {
            "" => one.why.clone(),
            domain => format!("Signature of {domain} (key {}): {}", one.selector, one.why),
        })
        .collect();
    if said.is_empty() {
        said.push("It is not signed.".to_owned());
    }
    match checks.unseen {
        0 => {}
        1 => said.push("1 more signature was not looked at.".to_owned()),
        more => said.push(format!("{more} more signatures were not looked at.")),
    }
    said
}

fn dmarc(checks: &Checks) -> String {
    let dmarc = &checks.dmarc;
    let asks = match dmarc.policy {
        Policy::None => "does not ask to refuse mail that is not from it",
        Policy::Quarantine => "asks to put aside mail that is not from it",
        Policy::Reject => "asks to refuse mail that is not from it",
    };
    match dmarc.outcome {
        Outcome::Pass => format!("{} {asks}.", dmarc.domain),
        Outcome::Temporary => "What the domain asks for could not be looked up.".to_owned(),
        Outcome::None | Outcome::Fail | Outcome::NotAsked => "The domain asks for nothing.".to_owned(),
    }
}

fn arc(checks: &Checks) -> String {
    let arc = &checks.arc;
    let said = arc.said.as_ref().map(passed).unwrap_or_default();
    match &arc.sealer {
        Some(sealer) => format!("Last sealed by {sealer}. {}{said}", arc.why),
        None => "It bears no seal.".to_owned(),
    }
}

fn passed(told: &Told) -> String {
    let mut parts: Vec<String> =
        told.dkim.iter().take(MOST).map(|domain| format!("signed by {domain}")).collect();
    parts.extend(told.spf.iter().map(|domain| format!("sent by a server of {domain}")));
    parts.extend(told.dmarc.iter().map(|domain| format!("from {domain} by DMARC")));
    match parts.as_slice() {
        [] => format!(" {} found nothing that passed.", told.server),
        parts => format!(" {} found it {}.", told.server, parts.join(", ")),
    }
}

fn reported(checks: &Checks) -> Vec<String> {
    let reported = &checks.reported;
    let mut said: Vec<String> =
        reported.own.iter().map(|told| format!("Our own server:{}", passed(told))).collect();
    let claims = if reported.claimed { ", though it says that something passed" } else { "" };
    match reported.ignored {
        0 => {}
        1 => said.push(format!("1 field is ignored{claims}: no server of ours is known to have written it.")),
        more => said.push(format!(
            "{more} fields are ignored{claims}: no server of ours is known to have written them."
        )),
    }
    if said.is_empty() {
        said.push("There is none.".to_owned());
    }
    said
}

/// How the reason begins where the sender is not the authority's.
const STRANGER: &str = "It was not sent from the authority’s domain.";

/// Why a person is asked; that the sender is a stranger stands above it already.
pub fn asked_of_sender(ask: String, foreign: Option<bool>) -> String {
    match ask.strip_prefix(STRANGER).filter(|_| foreign == Some(true)) {
        Some(rest) => rest.trim_start().to_owned(),
        None => ask,
    }
}
