//! What may hide in a file, in plain words: what it is and what to do before the file is shown to everyone.

use crate::domain::incoming::documents::{Hidden, Hiding};
use serde::Serialize;

/// Something that hides in a file, as a volunteer reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// What it is.
    pub what: &'static str,
    /// Where and what.
    pub detail: String,
    /// What to do.
    pub cure: &'static str,
}

/// A hidden thing in words.
pub fn warning(hidden: &Hidden) -> Warning {
    let (what, cure) = words(hidden.what);
    Warning { what, detail: hidden.detail.clone(), cure }
}

fn words(what: Hiding) -> (&'static str, &'static str) {
    match what {
        Hiding::HiddenSheet => (
            "Hidden sheet, row, column or slide",
            "Show everything in the program (Unhide) and read it: it may hold names behind the figures.",
        ),
        Hiding::PivotCache => (
            "All data behind a pivot table",
            "Whoever opens the file can bring back each single row. Show the table as text instead.",
        ),
        Hiding::ExternalLink => (
            "Values kept from another workbook",
            "The file remembers cells of a file that was not sent. Look at Edit links; show the text instead.",
        ),
        Hiding::NamedRange => {
            ("Hidden name for cells", "Open the list of names in the program and see what each one holds.")
        }
        Hiding::TrackedChanges => (
            "Text that was deleted or inserted, with the changes kept",
            "Show all changes in the program: the struck text may be what the authority decided not to send.",
        ),
        Hiding::Comments => {
            ("Comments", "Read each: clerks name people and opinions there that the letter does not.")
        }
        Hiding::Notes => ("Notes of the speaker", "Read the notes below each slide."),
        Hiding::HiddenText => (
            "Text that cannot be seen",
            "Select all and copy it into an empty text: what appears is read by everyone who does the same.",
        ),
        Hiding::Location => (
            "The place where a photograph was taken",
            "Does it tell where a private person lives or works? Then keep the picture back.",
        ),
        Hiding::CoveredText => (
            "Text under a black box, still there",
            "A redaction that failed: everyone can copy the text out. Do not show the file; tell the authority.",
        ),
        Hiding::EmbeddedFile => ("A file within the file", "Take it out and read it as a file of its own."),
        Hiding::InnerMail => {
            ("A mail within the mail", "Read it: it names people, and may be of somebody else’s affair.")
        }
        Hiding::Author => (
            "Who wrote or changed the file",
            "Is it the name of a clerk who signs nothing? Then keep the file back, or show its text.",
        ),
        Hiding::EarlierVersion => (
            "An earlier version, still in the file",
            "What was changed can be read by everyone. Do not show the file; show its text instead.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_kind_has_words_of_its_own_and_a_cure() {
        let said: BTreeSet<_> = Hiding::ALL.iter().map(|what| words(*what)).collect();
        assert_eq!(said.len(), Hiding::ALL.len());
        assert!(said.iter().all(|(what, cure)| !what.ends_with('.') && cure.ends_with('.')));
    }
}
