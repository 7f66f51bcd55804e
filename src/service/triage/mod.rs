//! What a mail is and whose: read in the cage, matched, recorded where a rule allows, else put before a person.

mod again;
mod authenticity;
mod candidates;
mod learning;
mod own_words;
mod place;
mod plan;
mod reported;
mod settle;
mod storms;

pub use again::rank_next;
pub use authenticity::verify_next;
pub use place::{PlaceError, read_next, recognise_next};
pub use settle::{Outlook, Settlement, assign, outlook, proposed_as, proposed_settlement, set_aside, settle};
pub use storms::set_aside_alike;

use crate::domain::request::state::NotAllowed;
use crate::service::LawError;

/// Why a message could not be settled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// The law of the request cannot be applied.
    #[error(transparent)]
    Law(#[from] LawError),
    /// There is no such message.
    #[error("there is no message with the number `{0}`")]
    NoSuchMessage(i64),
    /// There is no such request.
    #[error("there is no request `{0}`")]
    NoSuchRequest(String),
    /// Nothing is folded into the message, or it does not wait any more.
    #[error("expected a message that waits and stands for others, found `{0}`, which does not")]
    NotAStorm(i64),
    /// The message is not filed under that request.
    #[error("expected a message that is filed under this request; file it there first")]
    NotFiledHere,
    /// A refusal without a ground.
    #[error("expected the ground as the authority cites it, or `none given`, found nothing")]
    NoGround,
    /// A decision without an outcome.
    #[error("expected how the request ended, found nothing")]
    NoOutcome,
    /// An extension that ends before it begins.
    #[error("expected a day after the message came ({received}), found `{until}`")]
    UntilBeforeMessage {
        /// The day of the message.
        received: chrono::NaiveDate,
        /// The day given.
        until: chrono::NaiveDate,
    },
    /// A day that lies before the request came or after the letter that names it.
    #[error(
        "expected a day from the receipt of the request to the day of the letter ({letter}), found `{day}`"
    )]
    DayOutside {
        /// Which day, in the name of the form.
        field: &'static str,
        /// The day of receipt.
        received: Option<chrono::NaiveDate>,
        /// The day of the letter.
        letter: chrono::NaiveDate,
        /// The day given.
        day: chrono::NaiveDate,
    },
    /// The same message is filed under that request already.
    #[error("the same message is filed under `{0}` already")]
    ThereAlready(String),
    /// Nobody looked at what hides in its files.
    #[error("expected a look at what hides in its files ({0}) before it is shown to everyone, found none")]
    NotLooked(usize),
    /// Somebody else said what it is in between.
    #[error("it was already settled by {by}")]
    AlreadySettled {
        /// Who.
        by: String,
        /// The version that a correction must have seen.
        at: Option<chrono::NaiveDateTime>,
    },
    /// The event cannot happen.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
}
