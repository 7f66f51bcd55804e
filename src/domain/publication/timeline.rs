//! Events and messages of a request as the entries that the public reads.

use crate::domain::law::citation::Index;
use crate::domain::law::deadline::Deadline;
use crate::domain::law::regime::Regime;
use crate::domain::law::rules::Starts;
use crate::domain::publication::clock_words;
use crate::domain::publication::counting::Days;
use crate::domain::publication::grounds::{self, Cites};
use crate::domain::publication::limits::limits;
use crate::domain::publication::prose::{capital, long};
use crate::domain::publication::redaction::{Private, redact};
use crate::domain::request::event::{Event, ExtensionVerdict, Ground};
use crate::domain::request::in_force;
use crate::domain::request::state::{Outcome, State};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// An event with its place and time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// What happened.
    pub event: Event,
}

/// What a timeline is made from.
#[derive(Debug, Clone, Copy)]
pub struct Story<'a> {
    /// The events in their order.
    pub events: &'a [Happened],
    /// What they fold to.
    pub state: &'a State,
    /// The law in the version under which the request was filed.
    pub regime: &'a Regime,
    /// What the provisions that a reply cites mean.
    pub citations: &'a Index,
    /// Days in the unit of that law.
    pub days: Days<'a>,
    /// The first due day and how it came about; none before the letter arrived.
    pub deadline: Option<&'a Deadline>,
    /// Ids of the messages that are published.
    pub published: &'a BTreeSet<i64>,
    /// How many more mails say the same as the automatic one that an event names.
    pub alike: &'a BTreeMap<i64, i64>,
    /// Today in the zone of the law.
    pub today: NaiveDate,
}

/// A glyph with its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tag {
    /// Name of the glyph.
    pub glyph: &'static str,
    /// What it says.
    pub words: String,
}

/// One entry of the timeline.
#[expect(clippy::struct_excessive_bools, reason = "independent marks of an entry, each drawn in its own way")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its number, the same in the drawing.
    pub number: usize,
    /// Whether its number stands in the drawing; always, where nothing is drawn.
    pub numbered: bool,
    /// Its day in the zone of the law.
    pub on: NaiveDate,
    /// `day 20`, `in 10 days`; nothing before the clock started.
    pub count: Option<String>,
    /// The event's kind, or `due`, `due_extended`, `expected`.
    pub kind: &'static str,
    /// What happened, in a few words.
    pub heading: String,
    /// The rest, in sentences.
    pub text: String,
    /// What it means, where it means something.
    pub tag: Option<Tag>,
    /// Whether it is a limit and not an event.
    pub limit: bool,
    /// Whether it is still to come.
    pub ahead: bool,
    /// Whether the request was past its line when the next entry came.
    pub past_line: bool,
    /// Whether the derivation of the due day hangs here.
    pub explained: bool,
    /// The published letter that proves it.
    pub message: Option<i64>,
}

impl Entry {
    /// An entry about a day, without what the story adds to it.
    pub fn event(on: NaiveDate, kind: &'static str, heading: &str, text: String) -> Self {
        Self {
            number: 0,
            numbered: true,
            on,
            count: None,
            kind,
            heading: heading.to_owned(),
            text,
            tag: None,
            limit: false,
            ahead: false,
            past_line: false,
            explained: false,
            message: None,
        }
    }

    /// The same, with what it means.
    #[must_use]
    pub fn tagged(mut self, glyph: &'static str, words: impl Into<String>) -> Self {
        self.tag = Some(Tag { glyph, words: words.into() });
        self
    }
}

/// The entries in the order of their days, numbered.
pub fn entries(story: &Story<'_>) -> Vec<Entry> {
    let counts = in_force(&story.events.iter().map(|happened| &happened.event).collect::<Vec<_>>());
    let counted = story.events.iter().zip(counts).filter(|(_, counts)| *counts);
    let mut entries: Vec<Entry> = counted.filter_map(|(happened, _)| entry(story, happened)).collect();
    entries.extend(limits(story));
    // The sort is stable: events of a day keep their order, a limit ends its day, and silence is a refusal after it.
    let refusal = |entry: &Entry| entry.tag.as_ref().is_some_and(|tag| tag.glyph == "silent");
    entries.sort_by_key(|entry| (entry.on, entry.limit || refusal(entry), refusal(entry)));
    let over = over_span(story);
    for (place, entry) in entries.iter_mut().enumerate() {
        entry.number = place + 1;
        entry.past_line = over.is_some_and(|(from, to)| {
            (entry.limit && entry.on == from || entry.on > from)
                && to.is_none_or(|to| entry.on < to)
                && !entry.ahead
        });
        entry.count = count(story, entry);
    }
    entries
}

/// From the due day to the answer, where it was late; to no end while none came.
fn over_span(story: &Story<'_>) -> Option<(NaiveDate, Option<NaiveDate>)> {
    let due = story.state.due_on?;
    match story.state.answered_on {
        Some(answered) if answered > due => Some((due, Some(answered))),
        None if story.state.status.is_open() && story.today > due => Some((due, None)),
        _ => None,
    }
}

fn count(story: &Story<'_>, entry: &Entry) -> Option<String> {
    if entry.ahead {
        let left = (entry.on - story.today).num_days();
        return Some(match left {
            0 => "today".to_owned(),
            1 => "tomorrow".to_owned(),
            n => format!("in {n} days"),
        });
    }
    let start = story.deadline.map(|deadline| deadline.start).or(story.state.received_on)?;
    (entry.on >= start).then(|| format!("day {}", story.days.between(start, entry.on)))
}

fn entry(story: &Story<'_>, happened: &Happened) -> Option<Entry> {
    let on = happened.event.on().unwrap_or_else(|| story.regime.day_of(happened.at));
    let mut entry = match &happened.event {
        // The limit's own entry says it; the event only keeps the books.
        Event::Overdue { .. } | Event::TakenBack => return None,
        Event::Answered { message, outcome, on, grounds } => {
            answered(story, (*outcome, *on), grounds, story.published.contains(message))
        }
        Event::ExtensionClaimed { until, verdict, due_on, .. } => {
            extension(story, on, (*until, *due_on), verdict)
        }
        event => plain(story, on, event),
    };
    entry.message = happened.event.message().filter(|id| story.published.contains(id));
    Some(entry)
}

fn plain(story: &Story<'_>, on: NaiveDate, event: &Event) -> Entry {
    let it = |heading: &str, text: String| Entry::event(on, event.kind(), heading, text);
    match event {
        Event::Filed { .. } if story.state.received_on.is_some() => it("Filed", "The letter was written.".to_owned()),
        Event::Filed { .. } => it("Filed", "The letter was written and waits to leave.".to_owned()),
        Event::Sent { received_on, .. } => {
            // One that came back and was sent again started no clock.
            let (heading, text) = if story.state.received_on == Some(*received_on) {
                ("Sent and delivered", "The authority’s mail server took the letter: day 0 of the clock.")
            } else {
                ("Sent", "A mail server took the letter, but it did not arrive; the clock did not start.")
            };
            Entry::event(*received_on, "sent", heading, text.to_owned())
        }
        Event::QueuedAgain { .. } => it("Sent again", "The letter had not arrived. The clock starts when it does.".to_owned()),
        Event::SendingFailed { .. } => {
            it("Could not be delivered", "The mail server in charge refused the letter. The clock has not started.".to_owned())
                .tagged("off", "Not delivered")
        }
        Event::SendingUnknown { .. } => it(
            "Sent, receipt unknown",
            "Handing the letter over was cut short, so nobody knows whether it arrived. It is not sent again by itself, so that nobody gets it twice.".to_owned(),
        ),
        Event::Bounced { permanent, message, .. } => bounced(on, *permanent, &times(story, *message)),
        Event::AutoReplied { message } => {
            let times = times(story, *message);
            it("Automatic reply", format!("A machine answered{times}. It changes neither the due day nor where the request stands."))
        }
        Event::Acknowledged { message, reference } => {
            let number = quoted(story, *message, reference.as_deref()).map(|r| format!(" under the file number {r}")).unwrap_or_default();
            it("Acknowledged", format!("The authority says that it has the request{number}. This does not change the due day."))
        }
        Event::Registered { on: registered, .. } => {
            let counts = if story.regime.response.starts == Starts::DayAfterReceipt { "receipt" } else { "that day" };
            it("Registered", format!("Registered on {}; this law counts from {counts}.", long(*registered)))
        }
        Event::ClarificationAsked { message, asks_for, .. } => {
            let words = quoted(story, *message, asks_for.as_deref());
            let what = words.map(|text| format!(" It asks: “{text}”")).unwrap_or_default();
            it("Clarification asked", format!("The authority wants to know more before it answers.{what}"))
        }
        Event::FeeAsked { amount, currency, .. } => {
            let sum = amount.as_ref().map(|sum| format!("{sum} {}", currency.as_deref().unwrap_or_default()));
            let sum = sum.map(|sum| sum.trim().to_owned()).filter(|sum| !sum.is_empty());
            it("Fee asked", sum.map_or_else(|| "The authority asks for money.".to_owned(), |sum| format!("The authority asks for {sum}.")))
        }
        Event::Transferred { message, to, .. } => {
            let whom = quoted(story, *message, to.as_deref()).map(|to| format!(" to {to}")).unwrap_or_default();
            it("Forwarded", format!("The authority passed the request on{whom}."))
        }
        Event::Retracted { reason, .. } => {
            let text = "What was recorded of that letter before counts no more.".to_owned();
            Entry::event(on, event.kind(), &format!("Corrected: {reason}"), text)
        }
        Event::Withdrawn { reason } => it("Withdrawn", sentence(&without_contacts(reason))).tagged("off", "Withdrawn"),
        event => match clock_words::told(event, story.regime) {
            Some((heading, text, tag)) => Entry { tag, ..it(&heading, text) },
            None => it("A letter came", transferless(story)),
        },
    }
}

/// How often a machine said the same within a day: a storm is one entry.
fn times(story: &Story<'_>, message: i64) -> String {
    match story.alike.get(&message) {
        Some(more) if *more > 0 => format!(" {} times", more + 1),
        _ => String::new(),
    }
}

/// The words of a letter are public only with the letter, and without contacts.
fn quoted(story: &Story<'_>, message: i64, words: Option<&str>) -> Option<String> {
    words.filter(|_| story.published.contains(&message)).map(without_contacts)
}

/// What was settled is redacted already; what a rule recorded by itself is not.
fn without_contacts(text: &str) -> String {
    redact(text, Private { names: &[], reply_address: "" })
}

/// What a letter without a step of its own means for the clock.
fn transferless(story: &Story<'_>) -> String {
    if story.state.answered_on.is_some() {
        "It changes nothing.".to_owned()
    } else {
        "It is no answer; the clock runs on.".to_owned()
    }
}

fn bounced(on: NaiveDate, permanent: bool, times: &str) -> Entry {
    let text = if permanent {
        format!("The letter came back as undeliverable{times}. The desk looks for another address.")
    } else {
        format!("The mail server reports a delay{times}. Nothing is to be done yet.")
    };
    let entry = Entry::event(on, "bounced", "Came back", text);
    if permanent { entry.tagged("off", "Not delivered") } else { entry }
}

fn answered(
    story: &Story<'_>,
    (outcome, on): (Outcome, NaiveDate),
    grounds: &[Ground],
    published: bool,
) -> Entry {
    let words = outcome.in_words();
    let refuses =
        matches!(outcome, Outcome::PartlyDisclosed | Outcome::Refused | Outcome::NeitherConfirmedNorDenied);
    let cites = Cites { index: story.citations, law: story.regime };
    let text = grounds::sentence(&cites, grounds, (refuses, published));
    let entry = Entry::event(on, "answered", &format!("Reply: {words}"), text);
    match story.state.due_on {
        Some(due) if on > due => entry.tagged("late", format!("Late by {}", story.days.in_words(due, on))),
        Some(_) => entry.tagged("given", "On time"),
        None => entry,
    }
}

fn extension(
    story: &Story<'_>,
    on: NaiveDate,
    (until, due): (Option<NaiveDate>, Option<NaiveDate>),
    verdict: &ExtensionVerdict,
) -> Entry {
    let claim = until.map_or_else(
        || {
            "The authority takes more time. No day by which it wants to answer was read in its letter."
                .to_owned()
        },
        |until| format!("The authority wants to answer by {}.", long(until)),
    );
    let cite = &story.regime.extension.src;
    let (heading, why) = match verdict {
        ExtensionVerdict::Lawful => ("Extension claimed: lawful", format!("The law allows it ({cite}).")),
        ExtensionVerdict::BeyondMaximum { latest_on } => (
            "Extension claimed: longer than lawful",
            format!("The law allows it until {} at the latest ({cite}).", long(*latest_on)),
        ),
        ExtensionVerdict::NotLawful { why } => ("Extension claimed: not lawful", sentence(why)),
        ExtensionVerdict::Unmeasured => {
            ("Extension claimed", format!("The law gives no figure to measure it by ({cite})."))
        }
    };
    let then = match due {
        Some(due) if Some(due) != story.state.first_due_on => format!("The due day is now {}.", long(due)),
        Some(_) => "The due day stands.".to_owned(),
        None => String::new(),
    };
    let text = [claim, why, then].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    Entry::event(on, "extension_claimed", heading, text)
}

/// Prose as a sentence: capital first, full stop last.
fn sentence(text: &str) -> String {
    let mut out = capital(text.trim());
    if !out.is_empty() && !out.ends_with(['.', '!', '?', '…']) {
        out.push('.');
    }
    out
}
