//! The last days of a clock as entries of the timeline: they are no events, and stand among them on their day.

use crate::domain::publication::timeline::{Entry, Story};
use crate::domain::request::event::Event;
use chrono::NaiveDate;

/// The due days, first and extended, as entries of their own.
pub fn limits(story: &Story<'_>) -> Vec<Entry> {
    let mut limits = Vec::new();
    let first = story.state.first_due_on;
    let in_force = story.state.due_on;
    let extended = story.events.iter().any(|happened| {
        matches!(&happened.event, Event::ExtensionClaimed { due_on, .. } if due_on.is_some() && *due_on == in_force)
    });
    if let Some(first) = first {
        let mut entry = limit(story, first, "due", "Due day");
        if in_force.is_some_and(|due| due != first) {
            entry.tag = None;
            "First due day".clone_into(&mut entry.heading);
            let why = if extended {
                "Replaced by the extension."
            } else {
                "Replaced: the clock stood still, began again or was counted anew."
            };
            why.clone_into(&mut entry.text);
        }
        if in_force.is_none() && story.state.status.is_open() {
            entry.tag = None;
            "First due day".clone_into(&mut entry.heading);
            "Not in force: the clock stands still.".clone_into(&mut entry.text);
        }
        entry.explained = story.deadline.is_some_and(|deadline| deadline.due_on == Some(first));
        limits.push(entry);
    }
    if let Some(due) = in_force.filter(|due| Some(*due) != first) {
        limits.push(limit(
            story,
            due,
            "due_extended",
            if extended { "Extended due day" } else { "Due day in force" },
        ));
    }
    let expected = story.deadline.filter(|_| first.is_none()).and_then(|deadline| deadline.expected_on);
    if let Some(expected) = expected.filter(|_| story.state.answered_on.is_none()) {
        let mut entry = Entry::event(
            expected,
            "expected",
            "An answer is to be expected",
            "The law says “promptly” and gives no figure. This is what practice expects, no legal limit."
                .to_owned(),
        );
        entry.limit = true;
        entry.ahead = expected >= story.today;
        entry.explained = true;
        limits.push(entry);
    }
    // A limit that nobody waits for any more is no news.
    let gone = |on: NaiveDate| {
        !story.state.status.is_open() && story.state.answered_on.is_none() && on >= story.today
    };
    limits.retain(|entry| !gone(entry.on));
    limits
}

fn limit(story: &Story<'_>, on: NaiveDate, kind: &'static str, name: &str) -> Entry {
    let mut entry = Entry::event(on, kind, name, String::new());
    entry.limit = true;
    match story.state.answered_on {
        Some(answered) if answered <= on => "The answer had come.".clone_into(&mut entry.text),
        Some(_) => entry.heading = format!("{name}, no reply"),
        None if on < story.today && story.state.status.is_open() => {
            entry.heading = format!("{name}, no reply");
            let words = format!("Overdue by {}", story.days.in_words(on, story.today));
            return entry.tagged("late", words);
        }
        None if on < story.today => {}
        None => {
            entry.ahead = true;
            let left = (on - story.today).num_days();
            let glyph = if left <= 3 { "soon" } else { "wait" };
            let words = match left {
                0 => "Running: last day".to_owned(),
                1 => "Running: 1 day left".to_owned(),
                n => format!("Running: {n} days left"),
            };
            return entry.tagged(glyph, words);
        }
    }
    entry
}
