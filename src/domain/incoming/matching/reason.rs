//! Why a mail is thought to belong to a request, what each reason weighs, and what speaks against it.

use crate::domain::incoming::matching::clues::Named;
use crate::domain::incoming::matching::domains::{Kin, Known, Source, host_of, is_freemail};
use crate::domain::incoming::matching::reply::Slip;
use serde::{Deserialize, Serialize};

/// Why a mail is thought to belong to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum Reason {
    /// It was sent to the request's own reply address.
    ReplyAddress,
    /// The reply address stands in its text or files: it brings our letter along.
    ReplyAddressInText,
    /// It answers a letter of this request.
    AnswersLetter {
        /// The letter's message id.
        message_id: String,
    },
    /// It quotes our letter.
    QuotesLetter {
        /// How much of it, in hundredths.
        percent: usize,
    },
    /// It was sent to the reply address with one slip of the pen.
    ReplyAddressSlip {
        /// Which slip.
        slip: Slip,
    },
    /// Its subject names the public reference.
    ReferenceInSubject {
        /// The reference as it is published.
        reference: String,
    },
    /// It goes on from a reply that is filed here.
    AnswersReply {
        /// That reply's message id.
        message_id: String,
    },
    /// It has a file number that the authority gave this request.
    FileNumber {
        /// As the authority wrote it.
        number: String,
    },
    /// Its text names the public reference.
    ReferenceInText {
        /// The reference as it is published.
        reference: String,
    },
    /// The name or the text of a file names the public reference.
    ReferenceInFile {
        /// The reference as it is published.
        reference: String,
        /// The file.
        file: String,
    },
    /// An address it was sent to names the reference, but its secret part is another one.
    ReferenceInAddress {
        /// The reference as it is published.
        reference: String,
    },
    /// It was sent by the very address that is in the register.
    SenderAddress,
    /// It was sent from a domain of the authority.
    SenderDomain {
        /// The sender's.
        domain: String,
    },
    /// It was sent from another host of the authority's own domain.
    SenderSibling {
        /// The sender's.
        domain: String,
    },
    /// A reply from that domain was settled before.
    SenderSeen {
        /// The sender's.
        domain: String,
    },
    /// The domain of its sender, which is of the authority, vouches for it.
    SenderProved {
        /// The sender's.
        domain: String,
    },
    /// Its subject, or the name of a file, has the words of our subject.
    SimilarSubject,
    /// It reports on the address to which a letter of this request went; says nothing of whose it is by itself.
    ReportsOnAddress {
        /// The address.
        address: String,
    },
    /// An answer is awaited.
    Awaited,
    /// It is dated before our letter left.
    BeforeLetter,
}

impl Reason {
    /// What it weighs. A sum of 50 can be a clear winner (`rank`); no single public fact reaches it.
    pub fn points(&self) -> i32 {
        match self {
            Self::ReplyAddress => 100,
            Self::ReplyAddressInText => 70,
            Self::AnswersLetter { .. } => 60,
            Self::QuotesLetter { percent } => i32::try_from((percent / 2).clamp(10, 50)).unwrap_or(50),
            Self::ReplyAddressSlip { .. } => 45,
            Self::ReferenceInSubject { .. } | Self::AnswersReply { .. } => 40,
            Self::FileNumber { .. } => 35,
            Self::ReferenceInText { .. } => 30,
            Self::ReferenceInFile { .. } | Self::SenderAddress => 25,
            Self::ReferenceInAddress { .. } | Self::SenderDomain { .. } => 20,
            Self::SenderSibling { .. } | Self::SenderSeen { .. } | Self::SimilarSubject => 15,
            Self::ReportsOnAddress { .. } => 10,
            Self::Awaited => 5,
            // It proves the sender, who has his points already.
            Self::SenderProved { .. } => 0,
            Self::BeforeLetter => -30,
        }
    }

    /// The reason as the desk shows it.
    pub fn in_words(&self) -> String {
        match self {
            Self::ReplyAddress => "It was sent to the reply address of this request.".to_owned(),
            Self::ReplyAddressInText => "The reply address of this request stands in its text.".to_owned(),
            Self::AnswersLetter { .. } => "It says that it answers a letter of this request.".to_owned(),
            Self::QuotesLetter { percent: 100.. } => "It quotes all of our letter.".to_owned(),
            Self::QuotesLetter { percent } => format!("It quotes our letter ({percent}% of it)."),
            Self::ReplyAddressSlip { slip } => {
                format!("It was sent to the reply address of this request, {}.", slip.in_words())
            }
            Self::ReferenceInSubject { reference } => format!("Its subject names the reference {reference}."),
            Self::AnswersReply { .. } => "It goes on from a reply that is filed here.".to_owned(),
            Self::FileNumber { number } => {
                format!("It has the file number {number}, which is of this request.")
            }
            Self::ReferenceInText { reference } => format!("Its text names the reference {reference}."),
            Self::ReferenceInFile { reference, file } => {
                format!("The file {file} names the reference {reference}.")
            }
            Self::ReferenceInAddress { reference } => format!(
                "The address it was sent to names the reference {reference}, but its secret part is another one."
            ),
            Self::SenderAddress => "Its sender is the authority’s address in the register.".to_owned(),
            Self::SenderDomain { domain } => {
                format!("Its sender is at {domain}, where the authority writes from.")
            }
            Self::SenderSibling { domain } => {
                format!("Its sender is at {domain}, another part of the authority’s own domain.")
            }
            Self::SenderSeen { domain } => {
                format!("Its sender is at {domain}; a reply from there was settled before.")
            }
            Self::SenderProved { domain } => format!("That {domain} wrote it is proved."),
            Self::SimilarSubject => "Its subject, or a file’s name, has the words of our subject.".to_owned(),
            Self::ReportsOnAddress { .. } => "It reports on the address to which the letter went.".to_owned(),
            Self::Awaited => "An answer to this request is awaited.".to_owned(),
            Self::BeforeLetter => "But it is dated before our letter left.".to_owned(),
        }
    }

    /// The reason that a reference is, by where it stands.
    pub(super) fn of_reference(reference: &str, place: &Named) -> Self {
        let reference = reference.to_owned();
        match place {
            Named::Address => Self::ReferenceInAddress { reference },
            Named::Subject => Self::ReferenceInSubject { reference },
            Named::Text => Self::ReferenceInText { reference },
            Named::Attachment(file) => Self::ReferenceInFile { reference, file: file.clone() },
        }
    }

    /// The reason that a sender is.
    pub(super) fn of_sender(kin: Kin, domain: &str) -> Option<Self> {
        let domain = domain.to_owned();
        match kin {
            Kin::Address => Some(Self::SenderAddress),
            Kin::Host => Some(Self::SenderDomain { domain }),
            Kin::Sibling => Some(Self::SenderSibling { domain }),
            Kin::Seen => Some(Self::SenderSeen { domain }),
            Kin::Stranger => None,
        }
    }
}

/// What a person should look at before believing that an authority wrote a mail about a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "warning")]
pub enum Warning {
    /// The sender is not at a domain of the authority.
    ForeignSender {
        /// Where it is; none = it names no sender.
        domain: Option<String>,
        /// Where the authority writes from, by the register.
        known: Vec<String>,
    },
    /// The head names several senders.
    SeveralSenders,
    /// The head names a sender of the authority, but bounces go elsewhere.
    BouncesElsewhere {
        /// Where.
        domain: String,
    },
    /// The request is closed.
    Closed,
    /// It also points to another request, and strongly.
    AlsoPointsTo {
        /// That request's reference.
        reference: String,
    },
}

impl Warning {
    /// That a sender is none of the authority's, beside where the authority writes from.
    pub fn foreign(from: Option<&str>, known: &[Known]) -> Self {
        let domain = from.and_then(|from| from.rsplit_once('@')).map(|(_, domain)| host_of(domain));
        let register = known.iter().filter(|known| known.source == Source::Register);
        // Of a free mailbox only the whole address is the authority's.
        let mut known: Vec<String> = register
            .filter_map(|known| {
                if is_freemail(&known.host) { known.address.clone() } else { Some(known.host.clone()) }
            })
            .collect();
        known.sort_unstable();
        known.dedup();
        known.truncate(4);
        Self::ForeignSender { domain, known }
    }

    /// The warning as the desk shows it.
    pub fn in_words(&self) -> String {
        match self {
            Self::ForeignSender { domain, known } => {
                let from = domain
                    .as_deref()
                    .map_or_else(|| "It names no sender".to_owned(), |d| format!("From {d}"));
                match known.as_slice() {
                    [] => format!("{from}; no domain of the authority is known."),
                    known => format!("{from}; the authority writes from {}.", known.join(", ")),
                }
            }
            Self::SeveralSenders => "Its head names more than one sender.".to_owned(),
            Self::BouncesElsewhere { domain } => {
                format!("Its head names the authority, but what cannot be delivered goes back to {domain}.")
            }
            Self::Closed => "The request is closed.".to_owned(),
            Self::AlsoPointsTo { reference } => format!("It also points to {reference}."),
        }
    }
}
