//! What the pages of the desk have in common: tags, ages, what lapses, events and letters in words.

use crate::domain::law::remedy::RemedyStep;
use crate::domain::publication::clock_words::step_word;
use crate::domain::request::Position;
use crate::domain::request::event::{Event, ExtensionVerdict, Moved};
use crate::domain::request::state::{Outcome, Status};
use crate::service::Context;
use crate::store::outbox::{
    DISPROVED_BY_A_REPORT, PROVED_BY_A_REPLY, PROVED_BY_A_REPORT, REFUSED_LATER, SAID_BY_A_PERSON,
};
use crate::store::types::{MessageState, OutboxState};
pub use crate::web::choice::Choice;
use crate::web::filters;
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde::Serialize;

/// A word with its shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tag {
    /// Name of the glyph.
    pub glyph: &'static str,
    /// The word.
    pub words: String,
}

impl Tag {
    /// A tag of a glyph and words.
    pub fn new(glyph: &'static str, words: impl Into<String>) -> Self {
        Self { glyph, words: words.into() }
    }
}

/// One of a few lists side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tab {
    /// What it holds.
    pub name: &'static str,
    /// Where it is.
    pub href: String,
    /// How many it holds.
    pub count: i64,
    /// Whether it is the present one.
    pub current: bool,
}

/// The kinds of reply, each with its shape, in the order a volunteer looks for them.
pub const KINDS: &[(&str, &str, &str)] = &[
    ("full", "given", "Disclosed"),
    ("partial", "part", "Partly disclosed"),
    ("refusal", "refused", "Refusal"),
    ("ncnd", "refused", "Neither confirmed nor denied"),
    ("not_held", "notheld", "Not held"),
    ("acknowledgement", "wait", "Acknowledgement"),
    ("extension", "wait", "Extension claimed"),
    ("clarification", "wait", "Clarification asked"),
    ("fee", "wait", "Fee asked"),
    ("transfer", "wait", "Forwarded"),
    ("decision_review", "review", "Review decided"),
    ("automatic", "off", "Automatic reply"),
    ("bounce", "silent", "Bounce: not delivered"),
    ("other", "off", "Something else"),
];

/// A kind of reply as a tag; an unknown word is shown as it is.
pub fn kind(word: &str) -> Tag {
    KINDS
        .iter()
        .find(|(key, ..)| *key == word)
        .map_or_else(|| Tag::new("off", word), |(_, glyph, words)| Tag::new(glyph, *words))
}

/// A note of the reader as a sentence, and what to do where something was not read.
pub fn note(note: &str) -> String {
    let note = note.trim().trim_end_matches('.').replace('`', "");
    let mut letters = note.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let sentence = format!("{first}{}.", letters.as_str());
    let unread = ["not read", "no text in", "part of the text could not be read"];
    let cure = if unread.iter().any(|words| note.contains(words)) {
        " Save the file and read it yourself."
    } else {
        ""
    };
    sentence + cure
}

/// An outcome as a tag.
pub fn outcome(outcome: Outcome) -> Tag {
    match outcome {
        Outcome::Disclosed => Tag::new("given", "Disclosed"),
        Outcome::PartlyDisclosed => Tag::new("part", "Partly disclosed"),
        Outcome::Refused => Tag::new("refused", "Refused"),
        Outcome::NotHeld => Tag::new("notheld", "Not held"),
        Outcome::NeitherConfirmedNorDenied => Tag::new("refused", "Neither confirmed nor denied"),
    }
}

/// How far the triage of a message is, in words.
pub fn message_state(state: MessageState) -> &'static str {
    match state {
        MessageState::Received => "Not read yet",
        MessageState::Read => "Read by rule",
        MessageState::Held => "Waits for you",
        MessageState::Settled => "Settled",
        MessageState::Unmatched => "Matches no request",
        MessageState::Unreadable => "Could not be read",
        MessageState::SetAside => "Set aside",
    }
}

/// Where a letter stands, in words.
pub fn outbox_state(state: OutboxState) -> Tag {
    match state {
        OutboxState::Queued => Tag::new("wait", "Waits to leave"),
        OutboxState::Claimed => Tag::new("wait", "On its way"),
        OutboxState::InDoubt => Tag::new("wait", "Being handed over"),
        OutboxState::Accepted => Tag::new("check", "Sent"),
        OutboxState::Deferred => Tag::new("soon", "Will be tried again"),
        OutboxState::Refused => Tag::new("late", "Refused by the mail server"),
        OutboxState::Unknown => Tag::new("silent", "Unknown whether it arrived"),
        OutboxState::TakenBack => Tag::new("off", "Taken back"),
    }
}

/// Today where a law is in force: its days end at its own midnight.
pub fn today(ctx: &Context, regime: &str) -> NaiveDate {
    let zone = regime.parse().ok().and_then(|id| ctx.library.laws.regime(&id)).map(|law| law.zone);
    ctx.clock.today(zone.unwrap_or(chrono_tz::UTC))
}

/// The law of an id, as it is cited.
pub fn law(ctx: &Context, regime: &str) -> String {
    let found = regime.parse().ok().and_then(|id| ctx.library.laws.regime(&id));
    found.map_or_else(|| regime.to_owned(), |law| law.citation.clone())
}

/// How long ago, in one unit.
pub fn age(now: DateTime<Utc>, then: NaiveDateTime) -> String {
    let minutes = (now.naive_utc() - then).num_minutes().max(0);
    match minutes {
        0 => "now".to_owned(),
        1..=59 => format!("{minutes} min"),
        60..=2879 => format!("{} h", minutes / 60),
        _ => format!("{} d", minutes / 1440),
    }
}

/// What will lapse for a request, or has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lapse {
    /// `late`, `soon`, or none for plain words.
    pub glyph: Option<&'static str>,
    /// `in 6 days`, `Overdue by 2 days`.
    pub words: String,
    /// What it is that lapses.
    pub sub: Option<String>,
}

/// The due day of an open request as seen from `today`.
pub fn lapse(status: Status, due_on: Option<NaiveDate>, today: NaiveDate) -> Lapse {
    let Some(due) = due_on.filter(|_| status.is_open()) else {
        return Lapse { glyph: None, words: "No answer is due".to_owned(), sub: None };
    };
    let sub = Some(format!("Answer due, {}", filters::short(due)));
    let days = (due - today).num_days();
    let (glyph, words) = match days {
        i64::MIN..=-2 => (Some("late"), format!("overdue by {} days", -days)),
        -1 => (Some("late"), "overdue by 1 day".to_owned()),
        0 => (Some("soon"), "today".to_owned()),
        1 => (Some("soon"), "tomorrow".to_owned()),
        2..=3 => (Some("soon"), format!("in {days} days")),
        _ => (None, format!("in {days} days")),
    };
    Lapse { glyph, words, sub }
}

/// Where a request stands, as a tag.
pub fn standing(
    status: Status,
    outcome: Option<Outcome>,
    (due_on, today): (Option<NaiveDate>, NaiveDate),
) -> Tag {
    let standing = Position { status, outcome, due_on }.standing(today);
    Tag::new(standing.glyph, standing.words)
}

/// What proves an arrival where it is not a line of the mail server.
pub fn proof(said: &str) -> Option<&'static str> {
    match said {
        SAID_BY_A_PERSON => Some("A person said that it arrived."),
        PROVED_BY_A_REPORT => Some("A delivery report proves that it arrived."),
        DISPROVED_BY_A_REPORT => Some("A delivery report proves that it did not arrive."),
        PROVED_BY_A_REPLY => Some("The authority’s reply proves that it arrived."),
        _ => None,
    }
}

/// Why nobody knows whether a letter arrived, in one sentence.
pub fn cut_short(reason: &str) -> String {
    // Letters of before this wording keep what was recorded then.
    let reason =
        reason.replace("the worker stopped while the letter was", "the service stopped while it was");
    if let Some(said) = reason.strip_prefix(REFUSED_LATER) {
        return format!(
            "Handing it over was cut short, and when it was sent once more it was refused: {}.",
            said.trim().trim_end_matches('.')
        );
    }
    match reason.trim().trim_end_matches('.') {
        "" => "Handing it over was cut short.".to_owned(),
        reason => format!("Handing it over was cut short: {reason}."),
    }
}

/// An event as its heading and what there is to say of it.
pub fn event(event: &Event) -> (String, Vec<String>) {
    let due = |due: &Option<NaiveDate>| match due {
        Some(day) => format!("Answer due by {}.", filters::long(*day)),
        None => "The law gives no figure for the answer.".to_owned(),
    };
    let (heading, more): (&str, Vec<String>) = match event {
        Event::Filed { .. } => ("Filed", Vec::new()),
        Event::TakenBack => ("Taken back before it left", Vec::new()),
        Event::Sent { received_on, due_on, server_reply, .. } => (
            "Delivered",
            vec![
                format!("Day 0 of the clock is {}.", filters::long(*received_on)),
                due(due_on),
                proof(server_reply)
                    .map_or_else(|| format!("The mail server said: {server_reply}"), str::to_owned),
            ],
        ),
        Event::SendingFailed { reply, .. } => {
            ("Could not be sent", vec![format!("The mail server said: {reply}")])
        }
        Event::SendingUnknown { reason, .. } => ("Unknown whether it arrived", vec![cut_short(reason)]),
        Event::QueuedAgain { to, .. } => ("Sent again, as it had not arrived", vec![format!("To {to}.")]),
        Event::Bounced { permanent, recipients, .. } => (
            if *permanent { "Came back for good" } else { "Delayed on its way" },
            vec![recipients.join(", ")],
        ),
        Event::AutoReplied { .. } => ("A machine answered", vec!["This stops no clock.".to_owned()]),
        Event::Acknowledged { reference, .. } => {
            ("Acknowledged", reference.iter().map(|r| format!("File number {r}.")).collect())
        }
        Event::Registered { on, due_on, .. } => {
            ("Registered", vec![format!("On {}.", filters::long(*on)), due(due_on)])
        }
        Event::ExtensionClaimed { until, verdict, due_on, .. } => {
            ("Extension claimed", extension(*until, verdict).into_iter().chain([due(due_on)]).collect())
        }
        Event::ClarificationAsked { asks_for, .. } => {
            ("Clarification asked", asks_for.iter().cloned().collect())
        }
        Event::FeeAsked { amount, currency, .. } => {
            let currency = currency.clone().unwrap_or_default();
            ("Fee asked", amount.iter().map(|a| format!("{a} {currency}")).collect())
        }
        Event::Transferred { to, .. } => ("Forwarded", to.iter().map(|to| format!("To {to}.")).collect()),
        Event::Answered { outcome, grounds, .. } => {
            let words = self::outcome(*outcome).words;
            let cites: Vec<String> = grounds.iter().map(|g| g.cite.clone()).collect();
            return (words, if cites.is_empty() { Vec::new() } else { vec![cites.join(", ")] });
        }
        Event::Retracted { reason, .. } => {
            ("Corrected", vec![format!("{reason}: what was recorded of it before counts no more.")])
        }
        Event::StepRetracted { seq, reason } => {
            ("Taken back", vec![format!("{reason}: number {seq} counts no more.")])
        }
        Event::Noted { .. } => ("A letter of the authority", Vec::new()),
        Event::Overdue { due_on } => ("Due day passed, no answer", vec![filters::long(*due_on)]),
        Event::Withdrawn { reason } => ("Withdrawn", vec![reason.clone()]),
        event => return moved(event),
    };
    (heading.to_owned(), more)
}

/// What moves a clock, or was done about a refusal.
fn moved(event: &Event) -> (String, Vec<String>) {
    let step = |step: &RemedyStep, what: &str| format!("{what}: {}", step_word(*step));
    let (heading, more) = match event {
        Event::ClarificationGiven { .. } => ("Question answered".to_owned(), None),
        Event::FeePaid { .. } => ("Fee settled".to_owned(), None),
        Event::ThirdPartyAsked { .. } => ("A third party is heard".to_owned(), None),
        Event::ThirdPartyAnswered { .. } => ("The hearing ended".to_owned(), None),
        Event::AnsweredInPart { .. } => {
            ("Answered in part".to_owned(), Some("The rest is still owed.".to_owned()))
        }
        Event::RefusedBySilence { .. } => ("Silence counts as a refusal".to_owned(), None),
        Event::RemedyUsed { step: it, .. } => (step(it, "Used"), None),
        Event::RemedyRegistered { step: it, .. } => (step(it, "Registered"), None),
        Event::RemedyDecided { step: it, outcome, .. } => {
            (step(it, "Decided"), outcome.map(|outcome| self::outcome(outcome).words))
        }
        Event::RemedySilent { step: it, .. } => (step(it, "Silence counts as a refusal"), None),
        Event::RightLapsed { step: it, .. } => (step(it, "Time is over"), None),
        Event::ClockMoved { due_on, why, .. } => {
            let heading = match why {
                Moved::StandsStill { why } => format!("The clock stands still: {why}"),
                Moved::Counted => "The due day moved".to_owned(),
                Moved::DaysOff { what } => format!("The due day moved: {what}"),
            };
            (heading, due_on.map(|day| format!("Answer due by {}.", filters::long(day))))
        }
        _ => ("Something else".to_owned(), None),
    };
    let on = event.on().map(|on| format!("On {}.", filters::long(on)));
    (heading, on.into_iter().chain(more).collect())
}

fn extension(until: Option<NaiveDate>, verdict: &ExtensionVerdict) -> Vec<String> {
    let claimed = until.map(|day| format!("Claimed until {}.", filters::long(day)));
    let judged = match verdict {
        ExtensionVerdict::Lawful => "Lawful: within what the law allows.".to_owned(),
        ExtensionVerdict::BeyondMaximum { latest_on } => {
            format!("Not lawful in full: the law allows it until {} only.", filters::long(*latest_on))
        }
        ExtensionVerdict::NotLawful { why } => format!("Not lawful: {why}"),
        ExtensionVerdict::Unmeasured => "The law gives no figure to measure it by.".to_owned(),
    };
    claimed.into_iter().chain([judged]).collect()
}

/// Previous and next page of a list as addresses that keep its filter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Pager {
    /// What is shown of how many.
    pub shown: String,
    /// Address of the page before.
    pub previous: Option<String>,
    /// Address of the page after.
    pub next: Option<String>,
}

/// The pager of a list at `path` whose filter is `query`.
pub fn pager(path: &str, query: &[(&str, &str)], (page, shown, total): (i64, usize, i64)) -> Pager {
    let size = crate::store::desk::PAGE;
    let from = page * size;
    let to = from + i64::try_from(shown).unwrap_or(size);
    let words = match shown {
        0 => "None shown.".to_owned(),
        _ => {
            format!("{}–{} of {}", filters::grouped(from + 1), filters::grouped(to), filters::grouped(total))
        }
    };
    let at = |page: i64| {
        let number = page.to_string();
        link(path, &query.iter().copied().chain([("page", number.as_str())]).collect::<Vec<_>>())
    };
    Pager {
        shown: words,
        previous: (page > 0).then(|| at(page - 1)),
        next: (to < total).then(|| at(page + 1)),
    }
}

/// An address with those parts of a query that say something.
pub fn link(path: &str, query: &[(&str, &str)]) -> String {
    let mut parts = url::form_urlencoded::Serializer::new(String::new());
    parts.extend_pairs(
        query.iter().filter(|(name, value)| !(value.is_empty() || *name == "page" && *value == "0")),
    );
    let parts = parts.finish();
    if parts.is_empty() { path.to_owned() } else { format!("{path}?{parts}") }
}

#[cfg(test)]
mod tests {
    use super::note;

    #[test]
    fn notes_are_sentences_and_say_what_to_do() {
        assert_eq!(note("the mail has no date that can be read"), "The mail has no date that can be read.");
        let unread = "Not read: no reader for application/x-wpd. Save the file and read it yourself.";
        assert_eq!(note("not read: no reader for `application/x-wpd`"), unread);
        assert_eq!(note("éteint."), "Éteint.");
    }
}
