//! Record this event by itself, or ask the desk, and why.

use crate::domain::incoming::authenticity::{Judged, Verdict};
use crate::domain::incoming::delivery::{Automatic, Reported};
use crate::domain::incoming::matching::{Match, Reason, Warning};
use crate::domain::incoming::reading::Kind;
use crate::domain::incoming::{Attachment, Incoming};
use crate::domain::request::event::Event;
use serde::{Deserialize, Serialize};

/// From this likelihood on a decision may hide in what a machine sent.
const PERHAPS: f64 = 0.1;
/// A picture of at most so many bytes is a logo.
const SMALL_PICTURE: usize = 60_000;
/// A quote of fewer words holds no answer.
const QUOTED: usize = 12;
/// How sure an acknowledgement must be to be recorded without a person.
const SURE: f64 = 0.8;

/// What the service would do with a message, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// To which requests it may belong, best first.
    pub matches: Vec<Match>,
    /// What is recorded without a person; none = a person is asked.
    pub event: Option<Event>,
    /// Why a person is asked, in plain words.
    pub ask: Option<String>,
}

/// What a rule may record by itself: bounces, automatic replies and plain acknowledgements, where whose they are
/// is certain. Everything else asks: it may start or stop a right. So does whatever its own domain says it did not write,
/// or may say so once it can be asked.
pub fn propose(message: i64, incoming: &Incoming, matches: &[Match], judged: Option<&Judged>) -> Proposal {
    let forged = judged.filter(|judged| judged.verdict == Verdict::Forged);
    let decided = match matches.first() {
        _ if forged.is_some() => Err(forged.map(suspect).unwrap_or_default()),
        None => Err("It matches no request: say to which it belongs.".to_owned()),
        Some(first) => decide(message, incoming, first).and_then(|event| {
            judged.filter(|judged| judged.wary).map_or(Ok(event), |judged| Err(open(judged)))
        }),
    };
    let (event, ask) = match decided {
        Ok(event) => (Some(event), None),
        Err(why) => (None, Some(why)),
    };
    Proposal { matches: matches.to_vec(), event, ask }
}

/// Why a person is asked about a mail that its own domain disowns.
pub fn suspect(judged: &Judged) -> String {
    format!(
        "It seems to be forged. {} Ask the authority by another way before you believe it.",
        judged.reason
    )
}

/// Why a person is asked about a mail of which it may turn out that its domain disowns it.
fn open(judged: &Judged) -> String {
    format!("{} Look at it before you believe it.", judged.reason)
}

fn decide(message: i64, incoming: &Incoming, found: &Match) -> Result<Event, String> {
    if !found.certain {
        return Err("It may belong to more than one request: choose.".to_owned());
    }
    if !found.is_proved() {
        let why = "Whose it is was worked out from what it says: check that it belongs here.";
        return Err(odd(found).map_or_else(|| why.to_owned(), |odd| format!("{why} {odd}")));
    }
    let reading = &incoming.reading;
    if reports_success(found, incoming) {
        // Whichever server wrote it: it names what only those know who got the letter.
        return Ok(Event::AutoReplied { message });
    }
    if let Some(why) = odd(found).filter(|_| incoming.automatic != Automatic::Bounce) {
        return Err(why);
    }
    match incoming.automatic {
        Automatic::Bounce if !is_ours(found) => {
            return Err(
                "It says that a letter was not delivered, but names neither our letter nor the address it went to."
                    .to_owned(),
            );
        }
        Automatic::Bounce => {
            let bounce = incoming.bounce.as_ref();
            return Ok(Event::Bounced {
                message,
                permanent: bounce.is_some_and(|bounce| bounce.permanent),
                recipients: bounce.map(|bounce| bounce.recipients.clone()).unwrap_or_default(),
            });
        }
        Automatic::AutoReply | Automatic::Receipt if incoming.automatic_by_words => {
            return Err(
                "It reads as if a machine wrote it, but nothing in its head says so: look at it.".to_owned()
            );
        }
        Automatic::AutoReply | Automatic::Receipt if says_more(incoming) => {
            return Err("A machine sent it, but it may hold a decision: look at it.".to_owned());
        }
        Automatic::AutoReply | Automatic::Receipt => {
            return kept_back(incoming).map_or(Ok(Event::AutoReplied { message }), Err);
        }
        Automatic::List => return Err("It came through a mailing list.".to_owned()),
        Automatic::None => {}
    }
    match reading.kind {
        Kind::Acknowledgement if brings_document(incoming) => {
            Err("It looks like an acknowledgement, but brings a file that may say more: look at it."
                .to_owned())
        }
        Kind::Acknowledgement if reading.confidence >= SURE && reading.also.is_empty() => {
            let recorded = Event::Acknowledged { message, reference: reading.reference.clone() };
            kept_back(incoming).map_or(Ok(recorded), Err)
        }
        kind => Err(question(kind)),
    }
}

/// What about its sender a person must judge: whoever is not of the authority never speaks for it by himself (R14), not
/// even to say that nobody is in.
fn odd(found: &Match) -> Option<String> {
    let odd = found.warnings.iter().find(|warning| **warning != Warning::Closed);
    match odd {
        Some(warning @ Warning::AlsoPointsTo { .. }) => {
            Some(format!("{} Say to which it belongs.", warning.in_words()))
        }
        Some(warning @ Warning::ForeignSender { .. }) => Some(format!(
            "It was not sent from the authority’s domain. {} Check who wrote it.",
            warning.in_words()
        )),
        Some(warning) => Some(format!("{} Check who wrote it.", warning.in_words())),
        None => found
            .foreign_sender
            .then(|| "It was not sent from the authority’s domain: check who wrote it.".to_owned()),
    }
}

/// Whether a bounce is of a letter of the request: it names its Message-ID, or the address it went to (RFC 3464
/// §2.3). Anybody may write a report to the reply address, which the authority has.
fn is_ours(found: &Match) -> bool {
    let ours =
        |reason: &Reason| matches!(reason, Reason::AnswersLetter { .. } | Reason::ReportsOnAddress { .. });
    found.reasons.iter().any(ours)
}

/// Whether a machine's mail says nothing beyond what it is.
pub(crate) fn is_plain(incoming: &Incoming) -> bool {
    !says_more(incoming) && kept_back(incoming).is_none()
}

/// Whether it is a delivery report, with nothing else in it, by which our letter arrived.
fn reports_success(found: &Match, incoming: &Incoming) -> bool {
    let ours = found.reasons.iter().any(|reason| matches!(reason, Reason::AnswersLetter { .. }));
    let arrived = matches!(incoming.reported, Some(Reported::Delivered | Reported::Relayed));
    ours && arrived && !brings_document(incoming) && incoming.hidden.is_empty()
}

/// Case management systems send decisions with `Auto-Submitted: auto-generated` (RFC 3834 §5): what reads like more
/// than a receipt, or brings a document, is put before a person.
fn says_more(incoming: &Incoming) -> bool {
    let beyond_receipt = |kind: &Kind| !matches!(kind, Kind::Acknowledgement | Kind::Automatic | Kind::Other);
    let also = incoming.reading.also.iter().any(beyond_receipt);
    let perhaps =
        incoming.reading.others.iter().any(|(kind, likely)| *likely >= PERHAPS && beyond_receipt(kind));
    also || perhaps || brings_document(incoming)
}

/// Why what was read may not be all that it says: a decision may stand where nobody looks for it.
fn kept_back(incoming: &Incoming) -> Option<String> {
    let beyond = &incoming.beyond;
    if !incoming.hidden.is_empty() {
        return Some(
            "Its HTML holds text that it does not show: look at it under “Text that the mail does not show”."
                .to_owned(),
        );
    }
    if beyond.unread {
        return Some("It is longer than what is read of it: read the rest.".to_owned());
    }
    if beyond.below_mark {
        return Some("What stands below the signature mark reads like a letter: read it.".to_owned());
    }
    let quoted = incoming.quoted.as_deref()?;
    if let Some(passage) = &beyond.quoted {
        let passage: Vec<&str> = passage.split_whitespace().collect();
        return Some(format!(
            "It quotes what stands in no letter of ours, and may answer there: “{}”.",
            passage.join(" ")
        ));
    }
    let long = quoted.split_whitespace().nth(QUOTED).is_some();
    (long && !beyond.compared).then(|| {
        "It quotes a text that could not be compared with a letter of ours: read what it quotes.".to_owned()
    })
}

/// Whether a file came with it that may be a letter, read or not: a scan has no text, and a locked file none we see.
fn brings_document(incoming: &Incoming) -> bool {
    let harmless = |file: &Attachment| {
        let small_picture =
            file.content_type.starts_with("image/") && file.size <= SMALL_PICTURE && file.scanned_pages == 0;
        let of_the_mail = matches!(
            file.content_type.as_str(),
            "text/calendar"
                | "text/vcard"
                | "text/x-vcard"
                | "text/rfc822-headers"
                | "message/delivery-status"
        );
        small_picture
            || of_the_mail
            || file.content_type.contains("signature")
            || file.content_type.contains("disposition-notification")
    };
    !incoming.attachments.iter().all(harmless)
}

/// What the desk is asked, by what the message seems to be.
fn question(kind: Kind) -> String {
    match kind {
        Kind::Acknowledgement => "It looks like an acknowledgement, but not surely.",
        Kind::Extension => "It claims more time: check until when.",
        Kind::Clarification => "It asks us something; the clock may depend on it.",
        Kind::Transfer => "It seems to be passed on to another body.",
        Kind::Fee => "It asks for money.",
        Kind::Refusal | Kind::Partial | Kind::Full | Kind::NotHeld | Kind::Ncnd => {
            "It seems to be a decision: check outcome and grounds."
        }
        Kind::DecisionReview => "It seems to be a decision on a complaint or review.",
        Kind::Automatic | Kind::Bounce | Kind::Other => "What it is could not be told.",
    }
    .to_owned()
}
