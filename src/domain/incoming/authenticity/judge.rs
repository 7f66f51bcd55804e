//! From what the checks found to one verdict, with one sentence for people.

use crate::domain::incoming::authenticity::{Author, Checks, Outcome, Policy, Signed, Verdict};
use crate::domain::incoming::matching::domains::{is_roof, registrable};

/// The verdict on a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Whether the domain in the From line wrote it.
    pub verdict: Verdict,
    /// The domain that is proved, or that was claimed in vain; in ASCII.
    pub domain: Option<String>,
    /// One sentence or two for people.
    pub reason: String,
    /// Whether it may be another one when names can be looked up again.
    pub passing: bool,
    /// Whether it is not known, and its domain may disown it: until then no rule goes by what it says.
    pub wary: bool,
}

impl Judged {
    /// Before anybody has looked.
    pub fn not_yet() -> Self {
        let reason = "Who wrote it has not been found out yet.".to_owned();
        Self { verdict: Verdict::Unknown, domain: None, reason, passing: true, wary: true }
    }
}

/// How a domain stands to that of the From line (RFC 7489 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Alignment {
    /// Of another owner.
    Foreign,
    /// Both stand under a roof that many share, as those of a state do: DMARC calls that aligned, we do not.
    Neighbour,
    /// Of the same owner.
    Same,
    /// The very domain.
    Equal,
}

/// What is signed without it may be shown under words that somebody else put there.
const SUBJECT: &str = "Subject";

/// Judges what the checks found.
pub fn judge(checks: &Checks) -> Judged {
    judged(checks, false)
}

/// The same once nothing is tried again: what the domain says of its mail counts, though a name that the mail brings
/// could not be looked up. Whoever wrote it chose that name, and may have chosen one that nobody answers for.
pub fn judge_at_last(checks: &Checks) -> Judged {
    Judged { passing: false, ..judged(checks, true) }
}

fn judged(checks: &Checks, at_last: bool) -> Judged {
    let domain = checks.author.as_ref().map(|author| author.domain.clone());
    let (verdict, reason, passing) = match (&checks.author, checks.doubt) {
        (Some(author), None) => weigh(checks, author, at_last),
        (Some(author), Some(doubt)) => match weigh(checks, author, at_last) {
            (Verdict::Verified, ..) => (Verdict::Unverified, doubt.in_words().to_owned(), false),
            other => other,
        },
        (None, doubt) => {
            let why = doubt.map_or("It was not looked at.", |doubt| doubt.in_words());
            (Verdict::Unverified, format!("{why} Nobody can be proved to have written it."), false)
        }
    };
    let wary = verdict == Verdict::Unknown && checks.may_be_disowned();
    Judged { verdict, domain, reason, passing, wary }
}

fn weigh(checks: &Checks, author: &Author, at_last: bool) -> (Verdict, String, bool) {
    if let Some(how) = proof(checks, author) {
        let poses =
            if author.poses { " The name beside it shows another address: do not be misled." } else { "" };
        return (Verdict::Verified, format!("{how}{poses}"), false);
    }
    let domain = &author.domain;
    if at_last && let Some(why) = disproof(checks, author) {
        return (Verdict::Forged, why, false);
    }
    if may_change(checks, author) {
        let why = "The names that would prove or disprove it could not be looked up.";
        return (Verdict::Unknown, format!("{why} Whether {domain} wrote it is not known."), true);
    }
    if !checks.asked {
        let why = "Nothing was looked up: this service is set to ask nobody for names.";
        return (Verdict::Unknown, why.to_owned(), false);
    }
    if let Some(why) = disproof(checks, author) {
        return (Verdict::Forged, why, false);
    }
    (Verdict::Unverified, doubtful(checks, author), false)
}

/// What proves that the domain of the From line wrote it.
fn proof(checks: &Checks, author: &Author) -> Option<String> {
    let domain = &author.domain;
    let dmarc = &checks.dmarc;
    // Without its record it is not known whether the domain asks for more than the same owner.
    let unread = dmarc.outcome == Outcome::Temporary;
    let enough = |other: &str, strict: bool| match alignment(other, domain) {
        Alignment::Equal => true,
        Alignment::Same => !strict && !unread,
        Alignment::Neighbour | Alignment::Foreign => false,
    };
    let is_in = |other: &str| {
        if other == domain {
            "which is the domain in the From line".to_owned()
        } else {
            format!("which belongs with {domain} in the From line")
        }
    };
    let signed = |other: &&str| enough(other, dmarc.strict_dkim);
    let sent = |other: &&str| enough(other, dmarc.strict_spf);
    let own = checks.dkim.iter().filter(|one| one.outcome == Outcome::Pass && !one.leaves_out(SUBJECT));
    if let Some(one) = own.filter(|one| signed(&one.domain.as_str())).min_by_key(|one| one.unsigned.len()) {
        return Some(format!("Signed by {}, {}.{}", one.domain, is_in(&one.domain), left_out(one)));
    }
    if checks.spf.outcome == Outcome::Pass
        && let Some(by) = Some(checks.spf.domain.as_str()).filter(sent)
    {
        return Some(format!("Sent by a server that {by} names as its own, {}.", is_in(by)));
    }
    let told = checks.reported.own.as_ref().map(|told| ("Our own mail server", told));
    if let Some((who, told)) = told {
        // What we looked up ourselves we do not believe from hearsay.
        let dkim = if checks.asked { &[][..] } else { told.dkim.as_slice() };
        if let Some(by) = dkim.iter().map(String::as_str).find(signed) {
            return Some(format!("{who} found it signed by {by}, {}.", is_in(by)));
        }
        if let Some(by) = told.spf.as_deref().filter(sent) {
            return Some(format!("{who} got it from a server that {by} names as its own, {}.", is_in(by)));
        }
        if !checks.asked && told.dmarc.as_deref() == Some(domain) {
            return Some(format!("{who} found it to be from {domain} (DMARC)."));
        }
    }
    let said = checks.arc.said.as_ref()?;
    let found = said.dkim.iter().map(String::as_str).find(signed);
    let by = found
        .or_else(|| said.spf.as_deref().filter(sent))
        .or_else(|| said.dmarc.as_deref().filter(|from| from == domain))?;
    let sealer = checks.arc.sealer.as_deref().unwrap_or_default();
    Some(format!("It came by way of {sealer}, which this service believes, and which got it from {by}."))
}

/// What a signature says nothing of, though it is shown.
fn left_out(one: &Signed) -> String {
    if one.unsigned.is_empty() {
        return String::new();
    }
    format!(" It does not cover {}: that may have been written by anybody.", one.unsigned.join(", "))
}

/// Whether it may be proved, or disproved, once names can be looked up: only names that would prove it count, or who
/// wrote it could name one that nobody answers for. Below most domains there are such, and anybody may write one into an
/// envelope, so there it must be the domain itself or one above.
fn may_change(checks: &Checks, author: &Author) -> bool {
    let dmarc = &checks.dmarc;
    let enough = |other: &str, strict: bool| match alignment(other, &author.domain) {
        Alignment::Equal => true,
        Alignment::Same => !strict,
        Alignment::Neighbour | Alignment::Foreign => false,
    };
    let is_above = |other: &str| {
        author.domain.strip_suffix(other).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    let temporary = |outcome: Outcome| outcome == Outcome::Temporary;
    let spf = &checks.spf;
    temporary(dmarc.outcome)
        || checks.dkim.iter().any(|one| temporary(one.outcome) && enough(&one.domain, dmarc.strict_dkim))
        || (temporary(spf.outcome) && enough(&spf.domain, dmarc.strict_spf) && is_above(&spf.domain))
        || (temporary(checks.arc.outcome) && checks.arc.sealer.is_some())
}

/// Why the domain itself says that it did not write it (RFC 7489 §6.6.2). A mail whose sending server nobody knows may
/// have passed by that server alone: of that nothing is said.
fn disproof(checks: &Checks, author: &Author) -> Option<String> {
    let dmarc = &checks.dmarc;
    let reported = checks.reported.own.as_ref().is_some_and(|told| told.spf_known);
    let sender_known = checks.spf.outcome != Outcome::NotAsked || reported;
    if dmarc.outcome != Outcome::Pass || dmarc.policy == Policy::None || !sender_known {
        return None;
    }
    let fits = |other: &str, strict: bool| match alignment(other, &author.domain) {
        Alignment::Equal => true,
        Alignment::Same | Alignment::Neighbour => !strict,
        Alignment::Foreign => false,
    };
    let passes = |outcome: Outcome| outcome == Outcome::Pass;
    let signed = checks.dkim.iter().any(|one| passes(one.outcome) && fits(&one.domain, dmarc.strict_dkim));
    let sent = passes(checks.spf.outcome) && fits(&checks.spf.domain, dmarc.strict_spf);
    if signed || sent {
        return None;
    }
    Some(format!(
        "The domain in the From line, {}, says that mail like this is not from it (DMARC {}).",
        author.domain, dmarc.policy
    ))
}

/// Why nothing proves it.
fn doubtful(checks: &Checks, author: &Author) -> String {
    let domain = &author.domain;
    let good = |wanted: Alignment| {
        let mut signed = checks.dkim.iter().filter(|one| one.outcome == Outcome::Pass);
        signed.find(|one| alignment(&one.domain, domain) == wanted).map(|one| one.domain.as_str())
    };
    let broken = checks
        .dkim
        .iter()
        .find(|one| one.outcome == Outcome::Fail && alignment(&one.domain, domain) >= Alignment::Same);
    let bare = checks.dkim.iter().find(|one| {
        one.outcome == Outcome::Pass
            && one.leaves_out(SUBJECT)
            && alignment(&one.domain, domain) >= Alignment::Same
    });
    let why = if let Some(bare) = bare {
        format!(
            "Signed by {}, but without the subject, so that anybody may have put another one there.",
            bare.domain
        )
    } else if let Some(by) = good(Alignment::Same) {
        format!("Signed by {by}, but {domain} in the From line accepts no signature except its own.")
    } else if let Some(by) = good(Alignment::Neighbour) {
        format!("Signed by {by}, which is another body than {domain} in the From line.")
    } else if let Some(broken) = broken {
        format!("Its signature of {} does not hold. {}", broken.domain, broken.why)
    } else if let Some(by) = good(Alignment::Foreign) {
        format!("Signed by {by}, which is not {domain} in the From line.")
    } else if checks.spf.outcome == Outcome::Pass {
        format!("Sent for {}, which is not {domain} in the From line, and not signed.", checks.spf.domain)
    } else {
        format!("Nothing proves that {domain} wrote it.")
    };
    let asks = checks.dmarc.outcome == Outcome::Pass && checks.dmarc.policy != Policy::None;
    let policy = if asks && checks.spf.outcome == Outcome::NotAsked {
        " The domain asks that mail which is not from it be refused, but from which server this one came is not known."
    } else {
        ""
    };
    let claimed = if checks.reported.claimed {
        " What its head says of checks that passed is not ours and was ignored."
    } else {
        ""
    };
    format!("{why}{policy}{claimed}")
}

/// How a domain stands to that of the From line, by the public-suffix list.
fn alignment(other: &str, author: &str) -> Alignment {
    if other.is_empty() || author.is_empty() {
        return Alignment::Foreign;
    }
    if other == author {
        return Alignment::Equal;
    }
    let (Some(ours), Some(theirs)) = (registrable(author), registrable(other)) else {
        return Alignment::Foreign;
    };
    if ours != theirs {
        return Alignment::Foreign;
    }
    let below = |low: &str, high: &str| low.strip_suffix(high).is_some_and(|rest| rest.ends_with('.'));
    if !is_roof(&ours) || other == ours || below(author, other) || (below(other, author) && author != ours) {
        Alignment::Same
    } else {
        Alignment::Neighbour
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_of_one_owner_are_aligned_and_neighbours_under_one_roof_are_not() {
        let cases = [
            ("city.example", "city.example", Alignment::Equal),
            ("mail.city.example", "city.example", Alignment::Same),
            ("city.example", "office.city.example", Alignment::Same),
            ("a.co.uk", "b.co.uk", Alignment::Foreign),
            ("city.example.evil.example", "city.example", Alignment::Foreign),
            ("xcity.example", "city.example", Alignment::Foreign),
            ("bka.bund.de", "bmi.bund.de", Alignment::Neighbour),
            ("bund.de", "bmi.bund.de", Alignment::Same),
            ("mail.bmi.bund.de", "bmi.bund.de", Alignment::Same),
            ("bmi.bund.de", "bund.de", Alignment::Neighbour),
            ("example", "city.example", Alignment::Foreign),
            ("co.uk", "a.co.uk", Alignment::Foreign),
        ];
        for (other, author, expected) in cases {
            assert_eq!(alignment(other, author), expected, "{other} for {author}");
        }
    }
}
