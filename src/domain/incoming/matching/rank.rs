//! Weighs the clues for every candidate, ranks them and says whether one wins clearly.

use crate::domain::incoming::matching::clues::{Clues, Named};
use crate::domain::incoming::matching::domains::{Kin, host_of, kin, registrable};
use crate::domain::incoming::matching::quoted::{Runs, is_similar, shares};
use crate::domain::incoming::matching::{Addressed, Candidate, MOST_MATCHES, Match, Reason, Warning};
use chrono::TimeDelta;
use std::cmp::Reverse;

/// What a clear winner has at least.
const ENOUGH: i32 = 50;
/// How far a clear winner is ahead of the next.
const AHEAD: i32 = 15;
/// What the strongest reason of a guess weighs at least; what speaks against a request ranks it lower and hides nothing.
const LEAST: i32 = 15;

/// Ranks requests by their clues. Whoever writes to a reply address means its request, whatever else the mail says;
/// otherwise the sum of the weights decides, and only a clear winner is certain.
pub fn rank(clues: &Clues, candidates: &[Candidate]) -> Vec<Match> {
    let quoted = quoted(clues, candidates);
    let mut matches: Vec<(&Candidate, Match)> = candidates
        .iter()
        .zip(quoted)
        .map(|(candidate, percent)| (candidate, judge(clues, candidate, percent)))
        .filter(|(_, found)| found.reasons.first().is_some_and(|reason| reason.points() >= LEAST))
        .collect();
    matches.sort_by_key(|(candidate, found)| {
        let place = if let Addressed::Exactly(place) = candidate.addressed { place } else { usize::MAX };
        (place, Reverse(found.points), candidate.request_id)
    });
    if is_clear(&matches)
        && let Some((_, first)) = matches.first_mut()
    {
        first.certain = true;
    }
    contest(&mut matches);
    // Every request whose reply address was used has the mail, however many they are (R12), and none that was nearly
    // written to is lost behind them.
    let kept = matches.into_iter().enumerate();
    kept.filter(|(place, (candidate, _))| *place < MOST_MATCHES || candidate.addressed != Addressed::Not)
        .map(|(_, (_, found))| found)
        .collect()
}

/// Whether the first is alone and strong enough. Public facts do not win without a sender of the authority: a slip in
/// a secret address and a reference are within reach of anybody who read the public page.
fn is_clear(matches: &[(&Candidate, Match)]) -> bool {
    let Some((_, first)) = matches.first() else { return false };
    let second = matches.get(1).map(|(_, second)| second);
    if first.is_addressed() {
        return second.is_none_or(|second| !second.is_addressed());
    }
    let ours = |reason: &Reason| {
        matches!(
            reason,
            Reason::AnswersLetter { .. }
                | Reason::ReplyAddressInText
                | Reason::QuotesLetter { percent: 20.. }
        )
    };
    first.points >= ENOUGH
        && second.is_none_or(|second| first.points - second.points >= AHEAD)
        && (!first.foreign_sender || first.reasons.iter().any(ours))
}

/// A mail to one reply address that answers the letter of another request is put before a person.
fn contest(matches: &mut [(&Candidate, Match)]) {
    let rival = matches
        .iter()
        .skip(1)
        .find(|(_, found)| !found.is_addressed() && (found.is_proved() || found.points >= ENOUGH + AHEAD));
    let Some(reference) = rival.map(|(candidate, _)| candidate.reference.clone()) else { return };
    if let Some((_, first)) = matches.first_mut()
        && first.certain
    {
        first.warnings.push(Warning::AlsoPointsTo { reference });
    }
}

/// How much of our letters each candidate finds in the mail, the best quoted letter of each.
fn quoted(clues: &Clues, candidates: &[Candidate]) -> Vec<usize> {
    let mail = Runs::of(&clues.text);
    if mail.is_empty() {
        return vec![0; candidates.len()];
    }
    let best: Vec<_> = candidates
        .iter()
        .map(|candidate| {
            let letters = candidate.letters.iter().map(|letter| Runs::of(&letter.body));
            letters.max_by_key(|letter| letter.common(&mail)).unwrap_or_default()
        })
        .collect();
    shares(&mail, &best)
}

fn judge(clues: &Clues, candidate: &Candidate, percent: usize) -> Match {
    let kin = if clues.several_senders {
        Kin::Stranger
    } else {
        kin(clues.from_address.as_deref(), &candidate.known)
    };
    let mut reasons = pointing(clues, candidate);
    if percent > 0 {
        reasons.push(Reason::QuotesLetter { percent });
    }
    // Whether a letter was not delivered, its recipient's server says and not its recipient.
    let reported =
        clues.undelivered.iter().find(|at| candidate.letters.iter().any(|ours| ours.address == **at));
    reasons.extend(reported.map(|address| Reason::ReportsOnAddress { address: address.clone() }));
    reasons.extend(Reason::of_sender(kin, &sender_domain(clues).unwrap_or_default()));
    let similar = |line: &String| candidate.letters.iter().any(|ours| is_similar(line, &ours.subject));
    if std::iter::once(&clues.subject).chain(&clues.files).any(similar) {
        reasons.push(Reason::SimilarSubject);
    }
    if reasons.is_empty() {
        return Match::default();
    }
    reasons.extend(in_time(clues, candidate));
    reasons.sort_by_key(|reason| Reverse(reason.points()));
    Match {
        request_id: candidate.request_id,
        points: reasons.iter().map(Reason::points).sum(),
        reasons,
        certain: false,
        foreign_sender: !kin.is_own(),
        warnings: warnings(clues, candidate, kin),
    }
}

/// What points to the request by itself: addresses, ids, references, file numbers.
fn pointing(clues: &Clues, candidate: &Candidate) -> Vec<Reason> {
    let mut reasons = Vec::new();
    match candidate.addressed {
        Addressed::Exactly(_) => reasons.push(Reason::ReplyAddress),
        Addressed::Nearly(slip) => reasons.push(Reason::ReplyAddressSlip { slip }),
        Addressed::Not => {}
    }
    if candidate.in_text {
        reasons.push(Reason::ReplyAddressInText);
    }
    let mut ids = clues.message_ids.iter();
    let answered = |id: &&String| candidate.letters.iter().any(|ours| ours.message_id == **id);
    if let Some(id) = ids.clone().find(answered) {
        reasons.push(Reason::AnswersLetter { message_id: id.clone() });
    }
    if let Some(id) = ids.find(|id| candidate.reply_ids.contains(id)) {
        reasons.push(Reason::AnswersReply { message_id: id.clone() });
    }
    let mut named: Vec<Reason> = clues
        .named
        .iter()
        .filter(|(reference, place)| {
            // Of an address that is right, or nearly, the reference in it says nothing more.
            *reference == candidate.reference
                && (*place != Named::Address || candidate.addressed == Addressed::Not)
        })
        .map(|(reference, place)| Reason::of_reference(reference, place))
        .collect();
    // A reference that is named in five places is one clue, the strongest of them.
    named.sort_by_key(|reason| Reverse(reason.points()));
    reasons.extend(named.into_iter().take(1));
    let number = candidate.file_numbers.iter().find(|(folded, _)| clues.numbers.contains(folded));
    reasons.extend(number.map(|(_, number)| Reason::FileNumber { number: number.clone() }));
    reasons
}

/// Whether its date fits.
fn in_time(clues: &Clues, candidate: &Candidate) -> Option<Reason> {
    let early = match (clues.dated, candidate.sent_at) {
        (_, None) => true,
        // Clocks of other people go wrong by hours, seldom by a day.
        (Some(dated), Some(sent)) => dated < sent - TimeDelta::days(1),
        (None, Some(_)) => false,
    };
    if early { Some(Reason::BeforeLetter) } else { candidate.open.then_some(Reason::Awaited) }
}

fn sender_domain(clues: &Clues) -> Option<String> {
    clues.from_address.as_deref().and_then(|from| from.rsplit_once('@')).map(|(_, domain)| host_of(domain))
}

fn warnings(clues: &Clues, candidate: &Candidate, kin: Kin) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if clues.several_senders {
        warnings.push(Warning::SeveralSenders);
    }
    if !kin.is_own() {
        warnings.push(Warning::foreign(clues.from_address.as_deref(), &candidate.known));
    } else if let Some(domain) = bounces_elsewhere(clues) {
        warnings.push(Warning::BouncesElsewhere { domain });
    }
    if !candidate.open && candidate.sent_at.is_some() {
        warnings.push(Warning::Closed);
    }
    warnings
}

/// Where bounces go, if that is under another registrable domain than the sender.
fn bounces_elsewhere(clues: &Clues) -> Option<String> {
    let back = clues
        .return_path
        .as_deref()
        .and_then(|path| path.rsplit_once('@'))
        .map(|(_, domain)| host_of(domain))?;
    let (theirs, named) = (registrable(&back)?, registrable(&sender_domain(clues)?)?);
    (theirs != named).then_some(back)
}
