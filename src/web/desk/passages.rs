//! Where the passages that show something stand in a reply: its text cut at them, each numbered.

use crate::domain::incoming::reading::Reading;
use crate::web::desk::words::{self, Tag};
use crate::web::filters;
use serde::Serialize;

/// A piece of a text; a numbered one is evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Segment {
    /// The text, exactly as it stands there.
    pub text: String,
    /// Number of the passage.
    pub number: Option<usize>,
    /// The row of the proposal that rests on it.
    pub row: Option<&'static str>,
}

/// One thing that the reader understood.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fact {
    /// Its row in the proposal.
    pub row: &'static str,
    /// What it is.
    pub field: &'static str,
    /// What was read, as a tag.
    pub tag: Option<Tag>,
    /// What was read, as text.
    pub text: Option<String>,
    /// More of it.
    pub sub: Option<String>,
    /// How sure, for the kind.
    pub confidence: Option<f64>,
    /// Numbers of the passages that say so.
    pub passages: Vec<usize>,
    /// Passages that stand elsewhere: where, and what they say.
    pub elsewhere: Vec<(String, String)>,
}

/// A passage with the row that rests on it.
struct Mark {
    row: &'static str,
    text: String,
}

/// The facts of a reading, and the text cut at the passages they rest on.
pub fn read(reading: &Reading, text: &str) -> (Vec<Fact>, Vec<Segment>) {
    let mut marks: Vec<Mark> = Vec::new();
    let mut facts = vec![kind(reading, text, &mut marks)];
    for (row, field, value, sub) in stated(reading) {
        let passages = place(row, &value, text, &mut marks);
        facts.push(Fact {
            row,
            field,
            tag: None,
            text: Some(value),
            sub,
            confidence: None,
            passages,
            elsewhere: Vec::new(),
        });
    }
    (facts, cut(text, &marks))
}

fn kind(reading: &Reading, text: &str, marks: &mut Vec<Mark>) -> Fact {
    let mut fact = Fact {
        row: "pr-kind",
        field: "Kind",
        tag: Some(words::kind(reading.kind.as_str())),
        text: None,
        sub: also(reading),
        confidence: Some(reading.confidence),
        passages: Vec::new(),
        elsewhere: Vec::new(),
    };
    for evidence in &reading.evidence {
        let placed =
            if evidence.place == "body" { place(fact.row, &evidence.text, text, marks) } else { Vec::new() };
        if placed.is_empty() {
            let place = evidence.place.strip_prefix("attachment:").unwrap_or(&evidence.place);
            fact.elsewhere.push((place.to_owned(), evidence.text.clone()));
        }
        fact.passages.extend(placed);
    }
    fact.passages.dedup();
    fact
}

fn also(reading: &Reading) -> Option<String> {
    let more: Vec<String> = reading.also.iter().map(|kind| words::kind(kind.as_str()).words).collect();
    (!more.is_empty()).then(|| format!("also: {}", more.join(", ")))
}

/// What is stated beside the kind: row, field, as written, and what it means.
fn stated(reading: &Reading) -> Vec<(&'static str, &'static str, String, Option<String>)> {
    let mut facts = Vec::new();
    if let Some(reference) = &reading.reference {
        facts.push(("pr-reference", "File number", reference.clone(), None));
    }
    if let Some(day) = reading.new_due_on {
        facts.push(("pr-until", "Answer promised by", filters::long(day), None));
    }
    if let Some(period) = &reading.extension {
        let unit = match period.unit {
            crate::domain::incoming::reading::PeriodUnit::Days => "days",
            crate::domain::incoming::reading::PeriodUnit::Weeks => "weeks",
            crate::domain::incoming::reading::PeriodUnit::Months => "months",
            crate::domain::incoming::reading::PeriodUnit::WorkingDays => "working days",
        };
        facts.push(("pr-period", "More time", format!("{} {unit}", period.amount), None));
    }
    if let Some(fee) = &reading.fee {
        facts.push(("pr-fee", "Fee", format!("{} {}", fee.amount, fee.currency), None));
    }
    for ground in &reading.grounds {
        let sub = ground.category.as_deref().map(|category| category.replace('_', " "));
        facts.push(("pr-ground", "Ground", ground.cite.clone(), sub));
    }
    if let Some(to) = &reading.transferred_to {
        facts.push(("pr-transfer", "Passed on to", to.clone(), None));
    }
    if let Some(asks) = &reading.asks_for {
        facts.push(("pr-asks", "Asks", asks.clone(), None));
    }
    facts
}

/// The numbers of the marks that hold `passage`; a new one where the text has it and no mark does.
fn place(row: &'static str, passage: &str, text: &str, marks: &mut Vec<Mark>) -> Vec<usize> {
    let passage = passage.trim();
    if passage.is_empty() {
        return Vec::new();
    }
    if let Some(index) = marks.iter().position(|mark| mark.text.contains(passage)) {
        return vec![index + 1];
    }
    if !text.contains(passage) {
        return Vec::new();
    }
    marks.push(Mark { row, text: passage.to_owned() });
    vec![marks.len()]
}

/// The text cut at the first place of each mark. Where two overlap, the earlier one is shown.
fn cut(text: &str, marks: &[Mark]) -> Vec<Segment> {
    let mut places: Vec<(usize, usize, usize)> = marks
        .iter()
        .enumerate()
        .filter_map(|(index, mark)| text.find(&mark.text).map(|at| (at, at + mark.text.len(), index)))
        .collect();
    places.sort_unstable();
    let plain = |text: &str| Segment { text: text.to_owned(), number: None, row: None };
    let (mut out, mut done) = (Vec::new(), 0);
    for (from, to, index) in places {
        if from < done {
            continue;
        }
        if let Some(before) = text.get(done..from).filter(|before| !before.is_empty()) {
            out.push(plain(before));
        }
        if let (Some(passage), Some(mark)) = (text.get(from..to), marks.get(index)) {
            out.push(Segment { text: passage.to_owned(), number: Some(index + 1), row: Some(mark.row) });
        }
        done = to;
    }
    if let Some(rest) = text.get(done..).filter(|rest| !rest.is_empty()) {
        out.push(plain(rest));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(text: &str) -> Mark {
        Mark { row: "pr-kind", text: text.to_owned() }
    }

    #[test]
    fn text_is_whole_after_it_was_cut() {
        let text = "Der Antrag wird abgelehnt. § 3 Nr. 2 IFG steht entgegen.";
        let segments = cut(text, &[mark("§ 3 Nr. 2 IFG"), mark("wird abgelehnt"), mark("abgelehnt. § 3")]);
        let joined: String = segments.iter().map(|s| s.text.as_str()).collect();
        assert_eq!(joined, text);
        let numbers: Vec<usize> = segments.iter().filter_map(|s| s.number).collect();
        assert_eq!(numbers, [2, 1], "in the order of the text; the overlapping third is left out");
    }

    #[test]
    fn passage_that_is_not_in_the_text_marks_nothing() {
        let mut marks = Vec::new();
        assert!(place("pr-kind", "refused", "granted", &mut marks).is_empty());
        assert_eq!(cut("granted", &marks).len(), 1);
    }
}
