//! Where the passages that show something stand in a reply: its text cut at them, each numbered.

use crate::domain::incoming::reading::{PeriodUnit, Reading};
use crate::domain::publication::flow::flow;
use crate::domain::publication::grounds::Cites;
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
    pub row: Option<String>,
}

/// One thing that the reader understood.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fact {
    /// Its row in the proposal.
    pub row: String,
    /// What it is.
    pub field: &'static str,
    /// What was read, as a tag.
    pub tag: Option<Tag>,
    /// What was read, as text.
    pub text: Option<String>,
    /// More of it.
    pub sub: Option<String>,
    /// That it cannot be right, and what to check.
    pub warning: Option<String>,
    /// How sure, for the kind.
    pub confidence: Option<f64>,
    /// Numbers of the passages that say so.
    pub passages: Vec<usize>,
    /// Passages that stand elsewhere: where, and what they say.
    pub elsewhere: Vec<(String, String)>,
}

/// The field of a provision on which the reply rests.
const GROUND: &str = "Ground";

/// A place in the text with the row that rests on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    from: usize,
    to: usize,
    fact: usize,
}

/// The facts of a reading, and the text cut at the passages they rest on, numbered as they are read.
pub fn read(reading: &Reading, text: &str, law: Option<Cites<'_>>) -> (Vec<Fact>, Vec<Segment>) {
    let (kind, marks) = kind(reading, text);
    let mut facts = vec![(kind, marks)];
    for (index, (field, value, sub)) in stated(reading, law).into_iter().enumerate() {
        let marks = place(index + 1, &value, text).into_iter().collect();
        let warning = law.filter(|_| field == GROUND).and_then(|law| law.warning(&value));
        let fact = Fact {
            row: row(index + 1),
            warning,
            field,
            tag: None,
            text: Some(value),
            sub,
            confidence: None,
            passages: Vec::new(),
            elsewhere: Vec::new(),
        };
        facts.push((fact, marks));
    }
    let merged = merged(facts.iter().flat_map(|(_, marks)| marks.iter().copied()).collect());
    let facts =
        facts.into_iter().map(|(fact, marks)| Fact { passages: numbers(&merged, &marks), ..fact }).collect();
    // Marks were found in the text as it came; flowed it has the same offsets.
    (facts, cut(&flow(text), &merged))
}

fn kind(reading: &Reading, text: &str) -> (Fact, Vec<Mark>) {
    let mut fact = Fact {
        row: row(0),
        field: "Kind",
        tag: Some(words::kind(reading.kind.as_str())),
        text: None,
        sub: also(reading),
        warning: None,
        confidence: Some(reading.confidence),
        passages: Vec::new(),
        elsewhere: Vec::new(),
    };
    let mut marks = Vec::new();
    for evidence in &reading.evidence {
        let placed = if evidence.place == "body" { place(0, &evidence.text, text) } else { None };
        if let Some(mark) = placed {
            marks.push(mark);
        } else {
            let place = evidence.place.strip_prefix("attachment:").unwrap_or(&evidence.place);
            fact.elsewhere.push((place.to_owned(), evidence.text.clone()));
        }
    }
    (fact, marks)
}

fn also(reading: &Reading) -> Option<String> {
    let more: Vec<String> = reading.also.iter().map(|kind| words::kind(kind.as_str()).words).collect();
    (!more.is_empty()).then(|| format!("also: {}", more.join(", ")))
}

/// The id of a fact's row.
fn row(fact: usize) -> String {
    format!("pr{}", fact + 1)
}

/// What is stated beside the kind: field, as written, and what it means.
fn stated(reading: &Reading, law: Option<Cites<'_>>) -> Vec<(&'static str, String, Option<String>)> {
    let mut facts = Vec::new();
    if let Some(reference) = &reading.reference {
        facts.push(("File number", reference.clone(), None));
    }
    if let Some(day) = reading.new_due_on {
        facts.push(("Answer promised by", filters::long(day), None));
    }
    if let Some(period) = &reading.extension {
        let unit = match period.unit {
            PeriodUnit::Days => "days",
            PeriodUnit::Weeks => "weeks",
            PeriodUnit::Months => "months",
            PeriodUnit::WorkingDays => "working days",
        };
        facts.push(("More time", format!("{} {unit}", period.amount), None));
    }
    if let Some(fee) = &reading.fee {
        facts.push(("Fee", format!("{} {}", fee.amount, fee.currency), None));
    }
    for ground in &reading.grounds {
        facts.push((GROUND, ground.cite.clone(), law.and_then(|law| law.meaning(&ground.cite))));
    }
    if let Some(to) = &reading.transferred_to {
        facts.push(("Passed on to", to.clone(), None));
    }
    if let Some(asks) = &reading.asks_for {
        facts.push(("Asks", asks.clone(), None));
    }
    facts
}

/// The first place of `passage` in the text.
fn place(fact: usize, passage: &str, text: &str) -> Option<Mark> {
    let passage = passage.trim();
    if passage.is_empty() {
        return None;
    }
    text.find(passage).map(|from| Mark { from, to: from + passage.len(), fact })
}

/// Marks in the order of the text; those that overlap become one.
fn merged(mut marks: Vec<Mark>) -> Vec<Mark> {
    marks.sort_unstable();
    let mut out: Vec<Mark> = Vec::new();
    for mark in marks {
        match out.last_mut() {
            Some(last) if mark.from < last.to => last.to = last.to.max(mark.to),
            _ => out.push(mark),
        }
    }
    out
}

/// The numbers of the merged marks that hold some marks.
fn numbers(merged: &[Mark], marks: &[Mark]) -> Vec<usize> {
    let holds = |whole: &Mark| marks.iter().any(|mark| whole.from <= mark.from && mark.to <= whole.to);
    merged.iter().enumerate().filter(|(_, whole)| holds(whole)).map(|(index, _)| index + 1).collect()
}

/// The text cut at its marks.
fn cut(text: &str, marks: &[Mark]) -> Vec<Segment> {
    let (mut out, mut done) = (Vec::new(), 0);
    let mut push = |range: std::ops::Range<usize>, number, row| {
        if let Some(part) = text.get(range).filter(|part| !part.is_empty()) {
            out.push(Segment { text: part.to_owned(), number, row });
        }
    };
    for (index, mark) in marks.iter().enumerate() {
        push(done..mark.from, None, None);
        push(mark.from..mark.to, Some(index + 1), Some(row(mark.fact)));
        done = mark.to;
    }
    push(done..text.len(), None, None);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Der Antrag wird abgelehnt. § 3 Nr. 2 IFG steht entgegen.";

    fn mark(passage: &str) -> Mark {
        place(0, passage, TEXT).unwrap()
    }

    #[test]
    fn text_is_whole_after_it_was_cut() {
        let marks = merged(vec![mark("§ 3 Nr. 2 IFG"), mark("wird abgelehnt"), mark("Antrag wird")]);
        let segments = cut(TEXT, &marks);
        let joined: String = segments.iter().map(|s| s.text.as_str()).collect();
        assert_eq!(joined, TEXT);
        let marked: Vec<&str> =
            segments.iter().filter(|s| s.number.is_some()).map(|s| s.text.as_str()).collect();
        assert_eq!(marked, ["Antrag wird abgelehnt", "§ 3 Nr. 2 IFG"], "numbered as read, overlaps made one");
        assert_eq!(numbers(&marks, &[mark("wird abgelehnt")]), [1]);
    }

    #[test]
    fn passage_that_is_not_in_the_text_marks_nothing() {
        assert_eq!(place(0, "refused", "granted"), None);
        assert_eq!(cut("granted", &[]).len(), 1);
        assert!(cut("", &[]).is_empty());
    }
}
