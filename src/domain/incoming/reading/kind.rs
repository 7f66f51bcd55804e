//! The kinds of replies.

use crate::domain::words::words;

words! {
    /// Kind of a reply.
    pub enum Kind {
        /// The request came in.
        Acknowledgement = "acknowledgement",
        /// More time is taken.
        Extension = "extension",
        /// The requester must say more.
        Clarification = "clarification",
        /// Passed on to another authority.
        Transfer = "transfer",
        /// Money is asked for.
        Fee = "fee",
        /// Refused.
        Refusal = "refusal",
        /// Some is given, some refused.
        Partial = "partial",
        /// All is given.
        Full = "full",
        /// Nothing of the kind is held.
        NotHeld = "not_held",
        /// Neither confirmed nor denied.
        Ncnd = "ncnd",
        /// An appeal or review was decided.
        DecisionReview = "decision_review",
        /// A machine answered.
        Automatic = "automatic",
        /// Our letter was not delivered.
        Bounce = "bounce",
        /// Something else, or not clear.
        Other = "other",
    }
    expected "a kind of reply"
}
