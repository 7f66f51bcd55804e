//! Answers coded per question, with the passage they rest on.

use crate::domain::questions::Disposition;

/// What the message of a decision brings that an answer can rest on.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// What the authority wrote itself.
    pub own_text: &'a str,
    /// The texts of its attachments.
    pub attachments: &'a [&'a str],
    /// Whether its text or one of its files is public.
    pub published: bool,
    /// What the settlement says it refuses on, as cited.
    pub grounds: &'a [String],
}

/// How one question was dealt with, as a person reads the reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Key of the question.
    pub question: String,
    /// How it was dealt with.
    pub disposition: Disposition,
    /// The words of the reply that say so.
    pub passage: Option<String>,
    /// Whether the person says that this question was refused without a ground.
    pub none_given: bool,
}

/// An answer that passed the checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Key of the question.
    pub question: String,
    /// How it was dealt with.
    pub disposition: Disposition,
    /// The words of the reply that say so.
    pub passage: Option<String>,
    /// On what it was refused, as cited; `none given` where it cites nothing.
    pub grounds: Vec<String>,
}

/// Why an answer is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A refusal without a ground.
    #[error("expected a ground in the settlement, or that none was given, found neither")]
    NoGround,
    /// An answer that rests on nothing.
    #[error("expected the passage that answers it, or a published text or file, found neither")]
    NothingShown,
    /// Words that the authority did not write.
    #[error("expected words exactly as they stand in the reply or in one of its files, found others")]
    NotInTheReply,
}

impl Answer {
    /// Checks the answer against what the message brings.
    pub fn check(self, evidence: &Evidence<'_>) -> Result<Finding, Fault> {
        let passage = self.passage.as_deref().map(plain).filter(|passage| !passage.is_empty());
        let passage = match passage {
            Some(passage) => Some(evidence.as_written(&passage).ok_or(Fault::NotInTheReply)?),
            None => None,
        };
        let shows = matches!(self.disposition, Disposition::Disclosed | Disposition::DisclosedPartly);
        if shows && passage.is_none() && !evidence.published {
            return Err(Fault::NothingShown);
        }
        let refuses = self.disposition == Disposition::Refused;
        let grounds = match (refuses, self.none_given) {
            (false, _) => Vec::new(),
            (true, true) => vec!["none given".to_owned()],
            (true, false) if evidence.grounds.is_empty() => return Err(Fault::NoGround),
            (true, false) => evidence.grounds.to_vec(),
        };
        Ok(Finding { question: self.question, disposition: self.disposition, passage, grounds })
    }
}

impl Evidence<'_> {
    /// The words as they stand in the message, letter by letter; only a line end may have become a blank, as a
    /// page shows it (`domain::publication::flow`).
    fn as_written(&self, passage: &str) -> Option<String> {
        let flat = |text: &str| text.replace('\n', " ");
        let wanted = flat(passage);
        std::iter::once(&self.own_text).chain(self.attachments).find_map(|text| {
            let text = plain(text);
            let from = flat(&text).find(&wanted)?;
            text.get(from..from + wanted.len()).map(str::to_owned)
        })
    }
}

/// A browser sends CR LF where the text has LF.
fn plain(text: &str) -> String {
    text.replace("\r\n", "\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Answer, Evidence, Fault};
    use crate::domain::questions::Disposition;

    const TEXT: &str = "Wir besitzen drei Kameras.\nDie Kosten nennen wir nicht.";

    fn answer(disposition: Disposition, passage: &str) -> Answer {
        let passage = Some(passage.to_owned());
        Answer { question: "use_any".to_owned(), disposition, passage, none_given: false }
    }

    #[test]
    fn refusal_needs_a_ground_or_the_words_that_none_was_given() {
        let grounds = ["§ 3 Nr. 2 IFG".to_owned()];
        let bare = Evidence { own_text: TEXT, attachments: &[], published: true, grounds: &[] };
        let refused = answer(Disposition::Refused, "");
        assert_eq!(refused.clone().check(&bare), Err(Fault::NoGround));
        let silent = Answer { none_given: true, ..refused.clone() };
        assert_eq!(silent.check(&bare).unwrap().grounds, ["none given"]);
        let cited = refused.check(&Evidence { grounds: &grounds, ..bare }).unwrap();
        assert_eq!(cited.grounds, grounds);
        assert_eq!(cited.passage, None, "an empty field is no passage");
        let not_held = answer(Disposition::NotHeld, "").check(&Evidence { grounds: &grounds, ..bare });
        assert!(not_held.unwrap().grounds.is_empty(), "only a refusal has a ground");
    }

    #[test]
    fn disclosure_needs_words_or_something_that_is_public() {
        let hidden = Evidence { own_text: TEXT, attachments: &[], published: false, grounds: &[] };
        for disposition in [Disposition::Disclosed, Disposition::DisclosedPartly] {
            assert_eq!(answer(disposition, " ").check(&hidden), Err(Fault::NothingShown));
            assert!(answer(disposition, "").check(&Evidence { published: true, ..hidden }).is_ok());
            assert!(answer(disposition, "drei Kameras").check(&hidden).is_ok());
        }
    }

    #[test]
    fn passage_stands_in_the_reply_word_for_word() {
        let files = ["Vertrag vom 3. Mai"];
        let evidence = Evidence { own_text: TEXT, attachments: &files, published: true, grounds: &[] };
        let check = |passage: &str| answer(Disposition::Disclosed, passage).check(&evidence);
        assert_eq!(check("vier Kameras"), Err(Fault::NotInTheReply));
        let flowed = check("drei Kameras. Die Kosten").unwrap();
        assert_eq!(flowed.passage.as_deref(), Some("drei Kameras.\nDie Kosten"), "kept as it was written");
        assert_eq!(check("drei  Kameras"), Err(Fault::NotInTheReply));
        assert!(check("Kameras.\r\nDie Kosten").is_ok(), "a browser sends other line ends");
        assert!(check("Vertrag vom").is_ok(), "in a file");
    }
}
