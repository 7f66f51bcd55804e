//! Our letters and the published replies of one request, in the order of their times.

use crate::domain::publication::flow::flow;
use crate::domain::publication::letter_text::{Piece, pieces};
use crate::store::published::request::{File, OutboxState, Published};

use chrono::NaiveDateTime;
use serde::Serialize;

/// A letter of either side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Letter {
    /// Whether it is ours.
    pub ours: bool,
    /// Its address on the page.
    pub anchor: String,
    /// What it is, in a word or two.
    pub name: String,
    /// When it left or came in, UTC.
    pub at: NaiveDateTime,
    /// Of ours: where it stands on its way.
    pub fate: Option<&'static str>,
    /// Its language, where it is known.
    pub language: Option<String>,
    /// The subject, parted at its bars.
    pub subject: Vec<Piece>,
    /// The text, parted at its bars.
    pub text: Vec<Piece>,
    /// Files that are published.
    pub files: Vec<Attached>,
    /// How many more files there are.
    pub withheld: i64,
}

/// A file with its address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attached {
    /// The file.
    #[serde(flatten)]
    pub file: File,
    /// Where its bytes are, below the host of files.
    pub path: String,
    /// Its address on the page.
    pub anchor: String,
}

/// All letters of a request.
pub fn thread(published: &Published) -> Vec<Letter> {
    let mut letters: Vec<Letter> = ours(published).chain(theirs(published)).collect();
    letters.sort_by_key(|letter| letter.at);
    letters
}

fn ours(published: &Published) -> impl Iterator<Item = Letter> + '_ {
    published.letters.iter().map(|letter| Letter {
        ours: true,
        anchor: format!("letter-{}", letter.letter),
        name: match letter.letter.as_str() {
            "request" => "The request".to_owned(),
            "reminder" => "Reminder".to_owned(),
            other => other.replace('_', " "),
        },
        at: letter.accepted_at.unwrap_or(letter.created_at),
        fate: Some(match letter.state {
            OutboxState::Accepted => "taken by the authority’s mail server",
            OutboxState::Refused => "refused by the authority’s mail server",
            OutboxState::Unknown | OutboxState::InDoubt => "handed over, receipt unknown",
            OutboxState::Queued | OutboxState::Claimed | OutboxState::Deferred | OutboxState::TakenBack => {
                "written, waits to leave"
            }
        }),
        language: Some(published.facts.language.clone()),
        subject: pieces(&letter.subject),
        text: pieces(&flow(&letter.body)),
        files: Vec::new(),
        withheld: 0,
    })
}

fn theirs(published: &Published) -> impl Iterator<Item = Letter> + '_ {
    published.replies.iter().map(|reply| Letter {
        ours: false,
        anchor: format!("reply-{}", reply.id),
        name: kind_words(reply.kind.as_deref()).to_owned(),
        at: reply.received_at,
        fate: None,
        language: reply.language.clone(),
        subject: pieces(reply.subject.as_deref().unwrap_or_default()),
        text: pieces(&flow(reply.text.as_deref().unwrap_or_default())),
        files: published.files.iter().filter(|file| file.message_id == reply.id).map(Attached::of).collect(),
        withheld: published.withheld.iter().find(|(id, _)| *id == reply.id).map_or(0, |(_, n)| *n),
    })
}

impl Attached {
    fn of(file: &File) -> Self {
        Self {
            path: path(file),
            anchor: format!("file-{}-{}", file.message_id, file.position),
            file: file.clone(),
        }
    }
}

/// The address of a file's bytes, below the host of files.
pub fn path(file: &File) -> String {
    rocket::uri!(crate::web::public::attachment::get(
        message = file.message_id,
        position = file.position,
        name = file.name.as_str()
    ))
    .to_string()
}

pub(crate) fn kind_words(kind: Option<&str>) -> &'static str {
    match kind.unwrap_or_default() {
        "acknowledgement" => "Acknowledgement",
        "extension" => "Notice of extension",
        "clarification" => "Question back",
        "transfer" => "Notice of transfer",
        "fee" => "Demand of a fee",
        "refusal" => "Refusal",
        "partial" => "Partial disclosure",
        "full" => "Disclosure",
        "not_held" => "“Not held”",
        "ncnd" => "“Neither confirm nor deny”",
        "decision_review" => "Decision on review",
        "automatic" => "Automatic reply",
        "bounce" => "Delivery report",
        _ => "Letter of the authority",
    }
}
