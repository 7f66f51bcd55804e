//! Where a mail is to be filed and all that is written of it, worked out before anything is written.

use crate::domain::incoming::authenticity::{Judged, Verdict};
use crate::domain::incoming::delivery::Automatic;
use crate::domain::incoming::matching::{Match, Reason, Warning, clues, keys};
use crate::domain::incoming::mime::html::cut;
use crate::domain::incoming::proposal::{Proposal, propose};
use crate::domain::incoming::{Incoming, loops};
use crate::service::Context;
use crate::service::triage::candidates::{self, Ranked};
use crate::service::triage::own_words;
use crate::store::matching::{self, again};
use crate::store::messages::{NewAttachment, Reading, Unread};
use crate::store::requests::former::Former;
use crate::store::types::MessageState;
use crate::store::{Conn, Error, at};

/// How many bytes of a passage are kept for the queue; it shows one line.
const MOST_EVIDENCE: usize = 1_000;

/// A message with what was understood of it.
#[derive(Clone)]
pub(super) struct Understood {
    pub unread: Unread,
    pub incoming: Incoming,
    /// What went wrong, where the reading failed.
    pub failure: Option<String>,
    /// Who wrote it, where that was looked at.
    pub judged: Option<Judged>,
    /// What a rule goes by until then.
    pub awaited: Option<Judged>,
    /// Why it is a mail that runs in circles, where it is one.
    pub circles: Option<&'static str>,
    /// That it came to an address that was given up, in words.
    pub given_up: Option<String>,
}

impl Understood {
    /// By what a rule goes in who wrote it.
    fn author(&self) -> Option<&Judged> {
        self.judged.as_ref().or(self.awaited.as_ref())
    }
}

/// What is to be written of a mail. It holds no lock: whoever writes looks again at what may have changed.
pub(super) struct Plan {
    /// The mail, without copies of our letters where it is known whose it is.
    pub read: Understood,
    /// The requests that it may belong to.
    pub matches: Vec<Match>,
    /// The first is the message itself, the others are its copies; there is always a first.
    pub filings: Vec<Filing>,
    /// What is left of it where it matches no request.
    pub traces: Traces,
}

/// How a mail that matches no request is found again, once something was learnt that may say whose it is.
pub(super) struct Traces {
    /// By what.
    pub keys: Vec<String>,
    /// The turn of the lessons that its ranking knew.
    pub turn: i64,
}

/// One mail to several requests is one message in each.
pub(super) struct Filing {
    /// Where it goes.
    pub place: Place,
    /// What is written there.
    pub columns: Columns,
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// To a request.
    Filed(i64),
    /// To a request whose address was mistyped beside others that were right: a person says whether it is meant.
    Meant(i64),
    /// The same from a stranger: it is proposed there and filed nowhere; the address as it was written.
    Proposed(i64, String),
    /// To what matches no request.
    Unmatched,
}

impl Place {
    /// The request that has to be there for it.
    pub(super) fn request(&self) -> Option<i64> {
        match self {
            Self::Filed(request) | Self::Meant(request) | Self::Proposed(request, _) => Some(*request),
            Self::Unmatched => None,
        }
    }

    /// The request that it is filed under.
    pub(super) fn filed(&self) -> Option<i64> {
        match self {
            Self::Filed(request) | Self::Meant(request) => Some(*request),
            Self::Proposed(..) | Self::Unmatched => None,
        }
    }
}

/// What is written for one place.
pub(super) struct Columns {
    pub reading: Reading,
    pub files: Vec<NewAttachment>,
    pub proposal: Proposal,
}

/// Ranks and decides where the mail goes; reads only.
pub(super) fn of(ctx: &Context, conn: &mut Conn, read: &Understood) -> Result<Plan, Error> {
    let clues = clues(&read.incoming, &read.unread.recipient, &ctx.config.reply_domain);
    let turn = again::turn(conn)?;
    let mut ranked = candidates::ranked(conn, &clues)?;
    prove(&mut ranked.matches, read.judged.as_ref());
    if answers_notice(&read.unread.recipient, &ranked, &ctx.config.reply_domain) {
        // A notice names its request; whoever answers it writes to us about anything.
        ranked.matches.clear();
    }
    let places = places(&ranked, &ctx.config.reply_domain);
    let filed: Vec<i64> = places.iter().filter_map(Place::filed).collect();
    // Only now is it known with which letters of ours its text is to be compared.
    let own = if filed.is_empty() { None } else { own_words::of(ctx, conn, (&read.incoming, &filed))? };
    let mut read = read.clone();
    read.circles = circles(conn, &read.incoming, &ctx.config.reply_domain)?;
    read.given_up = ranked.former.first().map(given_up);
    if let Some(incoming) = own {
        read.incoming = incoming;
    }
    let matches = ranked.matches;
    let filings = places
        .into_iter()
        .enumerate()
        .map(|(nth, place)| {
            // A copy has no number yet.
            let message = if nth == 0 { read.unread.id } else { 0 };
            Ok(Filing { columns: columns(&read, &matches, &place, message)?, place })
        })
        .collect::<Result<Vec<Filing>, Error>>()?;
    let traces = Traces { keys: keys::of_mail(&clues), turn };
    Ok(Plan { read, matches, filings, traces })
}

/// Whether it was sent to the address of our notices, and to no request beside it.
fn answers_notice(recipient: &str, ranked: &Ranked, reply_domain: &str) -> bool {
    loops::is_no_reply(recipient, reply_domain) && !ranked.matches.iter().any(Match::is_addressed)
}

/// Why a mail is one that runs in circles (R17).
fn circles(conn: &mut Conn, incoming: &Incoming, reply_domain: &str) -> Result<Option<&'static str>, Error> {
    if let Some(id) = &incoming.message_id
        && matching::is_our_letter(conn, id)?
    {
        return Ok(Some("It is our own letter, and it came back to us: nobody has answered."));
    }
    Ok(loops::runs(incoming, reply_domain))
}

/// Where the message is filed: at every request whose reply address it was sent to, the envelope's recipient first, so
/// that each delivery counts where it came, and put before a person at those whose address was mistyped beside them;
/// else at the clear winner, for a person to look at; else nowhere.
fn places(ranked: &Ranked, reply_domain: &str) -> Vec<Place> {
    let matches = || ranked.matches.iter();
    let addressed: Vec<Place> =
        matches().filter(|found| found.is_addressed()).map(|found| Place::Filed(found.request_id)).collect();
    if addressed.is_empty() && !ranked.former.is_empty() {
        // Whoever has an address that was given up may be anybody: no other clue routes it either.
        return vec![Place::Unmatched];
    }
    if addressed.is_empty() {
        let winner = matches().find(|found| found.certain);
        return vec![winner.map_or(Place::Unmatched, |found| Place::Filed(found.request_id))];
    }
    let meant = matches().filter(|found| !found.is_addressed()).filter_map(|found| {
        let (request, local) = ranked.mistyped.iter().find(|(request, _)| *request == found.request_id)?;
        // A slip in a secret is within reach of anybody who guesses; only from the authority is it a slip.
        Some(if found.foreign_sender {
            Place::Proposed(*request, format!("{local}@{reply_domain}"))
        } else {
            Place::Meant(*request)
        })
    });
    let former = ranked.former.iter().filter(|former| !addressed.contains(&Place::Filed(former.request_id)));
    let former: Vec<Place> =
        former.map(|former| Place::Proposed(former.request_id, former.address.clone())).collect();
    let former: Vec<Place> = former.into_iter().chain(meant).collect();
    addressed.into_iter().chain(former).collect()
}

/// What a person is told of a mail to an address that was given up.
pub(super) fn given_up(former: &Former) -> String {
    let (reference, day) = (&former.reference, former.given_up_at.format("%-d %B %Y"));
    format!(
        "It came to an address of request {reference} that was given up on {day}: whoever has that address may be anybody. \
         Find out who wrote it, and file it there if it belongs there."
    )
}

/// The matches as one of the places sees them.
pub(super) fn seen_from(matches: &[Match], place: &Place) -> Vec<Match> {
    let mut own: Vec<Match> = matches.to_vec();
    let Some(request) = place.request() else { return own };
    if matches!(place, Place::Proposed(..)) {
        // Where it was sent to, it is.
        own.retain(|found| !found.is_addressed());
    }
    own.sort_by_key(|found| found.request_id != request);
    if let Some(first) = own.first_mut() {
        // Its own address was written to.
        first.certain |= first.is_addressed();
    }
    own
}

/// Adds to the matches that the authority's own domain vouches for the mail, where it does.
pub(super) fn prove(matches: &mut [Match], judged: Option<&Judged>) {
    let proved = judged.filter(|judged| judged.verdict == Verdict::Verified);
    let Some(domain) = proved.and_then(|judged| judged.domain.as_deref()) else { return };
    let own = |reason: &Reason| {
        matches!(reason, Reason::SenderAddress | Reason::SenderDomain { .. } | Reason::SenderSibling { .. })
    };
    for found in matches.iter_mut().filter(|found| !found.foreign_sender) {
        if let Some(at) = found.reasons.iter().position(own) {
            found.reasons.insert(at + 1, Reason::SenderProved { domain: domain.to_owned() });
        }
    }
}

/// What may be recorded of it there, or why a person is asked.
pub(super) fn proposal(message: i64, read: &Understood, (matches, place): (&[Match], &Place)) -> Proposal {
    let matches = seen_from(matches, place);
    match place {
        Place::Filed(_) => propose(message, &read.incoming, &matches, read.author()),
        Place::Meant(_) | Place::Proposed(..) => {
            let why = "It was sent to other requests, and to this one with a slip in the address: check that it belongs here.";
            Proposal { matches, event: None, ask: Some(why.to_owned()) }
        }
        Place::Unmatched => {
            let ask = Some(unmatched(&matches));
            Proposal { matches, event: None, ask }
        }
    }
}

fn columns(read: &Understood, matches: &[Match], place: &Place, message: i64) -> Result<Columns, Error> {
    let incoming = &read.incoming;
    let mut proposal = proposal(message, read, (matches, place));
    if let Some(why) = read.circles {
        (proposal.event, proposal.ask) = (None, Some(why.to_owned()));
    }
    if let (Some(why), Place::Unmatched | Place::Proposed(..)) = (&read.given_up, place) {
        (proposal.event, proposal.ask) = (None, Some(why.clone()));
    }
    let filed = place.filed();
    let state = match (&read.failure, filed, &proposal.event) {
        (Some(why), ..) => {
            proposal.event = None;
            proposal.ask = Some(format!("It could not be read ({why}); read it as it came."));
            MessageState::Unreadable
        }
        (None, None, _) => MessageState::Unmatched,
        (None, Some(_), Some(_)) => MessageState::Read,
        (None, Some(_), None) => MessageState::Held,
    };
    let scope = match place {
        Place::Filed(request) | Place::Meant(request) => scope_of(*request),
        Place::Proposed(_, address) => scope_of_nobody(address),
        Place::Unmatched => scope_of_nobody(&read.unread.recipient),
    };
    let reading = Reading {
        request_id: filed,
        state,
        content_key: incoming.content_key.clone(),
        scope,
        dated_at: incoming.date.map(at),
        from_name: incoming.from.as_ref().and_then(|from| from.name.as_deref().map(storable)),
        from_address: incoming.from.as_ref().map(|from| storable(&from.address)),
        to_addresses: serde_json::to_string(&incoming.delivered_to)?,
        subject: storable(&incoming.subject),
        mail_message_id: incoming.message_id.as_deref().map(indexable),
        automatic: automatic(read).as_str().to_owned(),
        language: incoming.language.clone(),
        kind: read.failure.is_none().then(|| incoming.reading.kind.as_str().to_owned()),
        confidence: Some(incoming.reading.confidence),
        own_text: storable(&incoming.text),
        quoted_text: incoming.quoted.as_deref().map(storable),
        reading: serde_json::to_string(incoming)?,
        proposal: serde_json::to_string(&proposal)?,
        held_reason: proposal.ask.clone(),
        told: filed.is_some() && read.circles.is_none() && may_be_told(&proposal.matches, read.author()),
        evidence: Some(evidence(incoming)),
    };
    Ok(Columns { reading, files: files(incoming)?, proposal })
}

/// What runs in circles was sent by a machine, whoever wrote it once.
fn automatic(read: &Understood) -> Automatic {
    match read.incoming.automatic {
        Automatic::None if read.circles.is_some() => Automatic::AutoReply,
        automatic => automatic,
    }
}

/// What a person is asked of a message that is filed nowhere.
pub(super) fn unmatched(matches: &[Match]) -> String {
    match matches.first() {
        None => "It matches no request: say to which it belongs.",
        // It came before what makes it clear was known.
        Some(first) if first.certain => {
            "By what was learnt since it came it belongs to one request: check that, and file it there."
        }
        Some(_) => "It is not sure to which request it belongs: choose one of these, or another.",
    }
    .to_owned()
}

/// Whether the public may learn that it came before a person looked at it: only where it surely belongs there and the
/// authority seems to have sent it (R14, R36).
fn may_be_told(matches: &[Match], judged: Option<&Judged>) -> bool {
    if judged.is_some_and(|judged| judged.verdict == Verdict::Forged || judged.wary) {
        return false;
    }
    matches.first().is_some_and(|first| {
        let warned = first.warnings.iter().any(|warning| *warning != Warning::Closed);
        first.certain && first.is_proved() && !first.foreign_sender && !warned
    })
}

/// The scope of a request's messages, within which the same content is the same message.
pub(super) fn scope_of(request: i64) -> String {
    format!("request:{request}")
}

/// The same for what was sent to an address and matches no request.
pub(super) fn scope_of_nobody(recipient: &str) -> String {
    format!("unmatched:{}", recipient.to_lowercase())
}

/// An index of PostgreSQL holds no entry of several kilobytes; a Message-ID that long is known by its hash.
fn indexable(id: &str) -> String {
    let id = storable(id);
    if id.len() <= 500 { id } else { format!("sha256:{}", crate::store::blobs::sha256(id.as_bytes())) }
}

/// The beginning of the first passage that shows the kind, as the queue shows it; empty where none does.
pub(super) fn evidence(incoming: &Incoming) -> String {
    let first = incoming.reading.evidence.first();
    first.map(|passage| storable(cut(&passage.text, MOST_EVIDENCE))).unwrap_or_default()
}

/// PostgreSQL's text holds no NUL; the raw mail keeps it.
pub(super) fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// What is kept of the files of a mail.
pub(super) fn files(incoming: &Incoming) -> Result<Vec<NewAttachment>, Error> {
    incoming
        .attachments
        .iter()
        .map(|file| {
            Ok(NewAttachment {
                name: storable(&file.name),
                content_type: storable(&file.content_type),
                size: i64::try_from(file.size).unwrap_or(i64::MAX),
                sha256: file.sha256.clone(),
                content: file.text.as_deref().map(storable),
                notes: serde_json::to_string(&file.notes)?,
            })
        })
        .collect()
}
