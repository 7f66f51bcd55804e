//! Whether a machine wrote a mail: bounces (RFC 3464), automatic replies (RFC 3834), receipts (RFC 8098), lists.

mod addresses;
mod bounce;
mod reply;
mod report;

use crate::domain::incoming::Incoming;
use crate::domain::incoming::mime::Mail;
use crate::domain::incoming::phrases::{Hit, List, Phrasebook};
use crate::domain::incoming::reading::Prepared;
use crate::domain::incoming::text::{Word, words};
use crate::domain::words::words as vocabulary;
use serde::{Deserialize, Serialize};

vocabulary! {
    /// Whether and how a machine wrote a mail.
    #[derive(Default)]
    pub enum Automatic {
        /// A person wrote it.
        #[default]
        None = "none",
        /// An out-of-office notice, a ticket number.
        AutoReply = "auto_reply",
        /// A letter could not be delivered.
        Bounce = "bounce",
        /// Delivered, displayed or deleted.
        Receipt = "receipt",
        /// Sent to a list.
        List = "list",
    }
    expected "whether a machine wrote it"
}

vocabulary! {
    /// What a mail server reports of a letter (RFC 3464 §2.3.3).
    pub enum Reported {
        /// It is in the mailbox.
        Delivered = "delivered",
        /// It was passed on to a server that does not report.
        Relayed = "relayed",
        /// It is still tried.
        Delayed = "delayed",
        /// It was given up.
        Failed = "failed",
    }
    expected "what a delivery report says"
}

/// What a bounce says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Bounce {
    /// Addresses that were not reached.
    pub recipients: Vec<String>,
    /// Enhanced status code (RFC 3463), `5.1.1`.
    pub status: Option<String>,
    /// Whether trying again is useless; `false` for a delay.
    pub permanent: bool,
}

/// What the delivery side of a mail says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delivery {
    /// Who wrote it.
    pub automatic: Automatic,
    /// Details if it is a bounce.
    pub bounce: Option<Bounce>,
    /// Message ids in the returned letter.
    pub returned_ids: Vec<String>,
    /// Whether only the words say so, and nothing in the head.
    pub by_words: bool,
    /// What a report in the form of RFC 3464 says.
    pub reported: Option<Reported>,
}

/// Judges by report parts, by the header and, where a machine does not say what it is, by its words.
pub fn judge(mail: &Mail, incoming: &Incoming, said: &Said<'_, '_>) -> Delivery {
    if let Some(report) = report::read(mail, incoming, said) {
        return report;
    }
    if bounce::is_one(mail, incoming, said) {
        return bounce::read(mail, incoming);
    }
    let automatic = if reply::is_receipt(mail) {
        Automatic::Receipt
    } else if reply::is_automatic(mail, incoming, said) {
        Automatic::AutoReply
    } else if reply::is_list(mail) {
        Automatic::List
    } else {
        Automatic::None
    };
    // The subject of a receipt is words too: only a report (RFC 8098) says it in its form.
    let by_words = match automatic {
        Automatic::Receipt => true,
        Automatic::AutoReply => !reply::says_so(mail),
        _ => false,
    };
    Delivery { automatic, by_words, ..Delivery::default() }
}

fn sender(incoming: &Incoming) -> String {
    incoming.from.as_ref().map(|f| f.address.to_lowercase()).unwrap_or_default()
}

/// What the phrases of a mail say: those of its subject and own text are found already.
#[derive(Debug)]
pub struct Said<'p, 'b> {
    prepared: &'p Prepared<'b>,
    book: &'b Phrasebook,
}

impl<'p, 'b> Said<'p, 'b> {
    /// Of a mail that was cut into words.
    pub fn new(prepared: &'p Prepared<'b>, book: &'b Phrasebook) -> Self {
        Said { prepared, book }
    }

    /// How much the phrases of a list weigh in a text; `part` says how much a hit counts by its first word.
    fn weigh(&self, list: List, text: &str, part: impl Fn(&Hit<'_>, &Word, bool) -> f32) -> f32 {
        if let Some(section) = self.prepared.sections.iter().take(2).find(|section| section.text == text) {
            return weigh(list, &section.words, &section.hits, part);
        }
        let words = words(text);
        weigh(list, &words, &self.book.find(&words), part)
    }

    fn says(&self, list: List, text: &str) -> f32 {
        self.weigh(list, text, |_, _, _| 1.0)
    }
}

fn weigh(list: List, words: &[Word], hits: &[Hit<'_>], part: impl Fn(&Hit<'_>, &Word, bool) -> f32) -> f32 {
    let mut seen: Vec<usize> = Vec::new();
    let (mut sum, mut decided) = (0.0, false);
    for hit in hits {
        decided |= DECISIONS.contains(&hit.phrase.list) && hit.phrase.weight >= 0.8;
        if hit.phrase.list == list
            && !seen.contains(&hit.first)
            && let Some(word) = words.get(hit.first)
        {
            seen.push(hit.first);
            sum += hit.phrase.weight * part(hit, word, decided);
        }
    }
    sum
}

/// Lists by which somebody decides; who has done so before speaking of an absence is no machine.
const DECISIONS: [List; 6] =
    [List::Refusal, List::Partial, List::Full, List::NotHeld, List::Transfer, List::Extension];
