//! What can happen to a request; each event names the message or letter that proves it.

use crate::domain::request::state::Outcome;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// A provision on which an authority refuses, as it cites it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ground {
    /// As written in the reply, for example `§ 3 Nr. 2 IFG`; `none given` where it cites nothing.
    pub cite: String,
    /// The exemption's kind in the data of the law, where the citation is known there.
    pub category: Option<String>,
}

/// What the law says of an extension that an authority claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum ExtensionVerdict {
    /// Within what the law allows.
    Lawful,
    /// The law allows an extension, but only until `latest_on`.
    BeyondMaximum {
        /// The last day the law allows.
        latest_on: NaiveDate,
    },
    /// The law knows no extension, or it was told after the first term had passed.
    NotLawful {
        /// Why, in one sentence.
        why: String,
    },
    /// The law gives no figure that the date could be measured by.
    Unmeasured,
}

/// One thing that happened. Events are only ever appended; a request is their fold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// The letter was written and queued.
    Filed {
        /// Message-ID of the letter, without angle brackets.
        letter: String,
    },
    /// Taken back before it left.
    TakenBack,
    /// The mail server in charge took the letter: day 0 of the clock.
    Sent {
        /// Message-ID of the letter.
        letter: String,
        /// Day of receipt in the zone of the law.
        received_on: NaiveDate,
        /// Last day on which an answer is in time; none where the law gives no figure.
        due_on: Option<NaiveDate>,
        /// The line with which the server took it.
        server_reply: String,
    },
    /// The mail server refused the letter for good, or it was tried for five days.
    SendingFailed {
        /// Message-ID of the letter.
        letter: String,
        /// What the server said.
        reply: String,
    },
    /// The connection broke after the letter was handed over: nobody knows whether it arrived.
    SendingUnknown {
        /// Message-ID of the letter.
        letter: String,
        /// What broke.
        reason: String,
    },
    /// A letter that is known not to have arrived waits to leave again; its clock has not started.
    QueuedAgain {
        /// Message-ID of the letter as it leaves now.
        letter: String,
        /// The address it goes to now.
        to: String,
    },
    /// The letter came back.
    Bounced {
        /// The report.
        message: i64,
        /// Whether trying again is hopeless.
        permanent: bool,
        /// The addresses that failed.
        recipients: Vec<String>,
    },
    /// A machine answered. Says nothing about the request and stops no clock.
    AutoReplied {
        /// The automatic reply.
        message: i64,
    },
    /// The authority says that the request arrived. Stops no clock.
    Acknowledged {
        /// The acknowledgement.
        message: i64,
        /// The authority's own file number.
        reference: Option<String>,
    },
    /// The authority registered the request: day 0 where the law counts from registration.
    Registered {
        /// The message that says so.
        message: i64,
        /// The day of registration.
        on: NaiveDate,
        /// The due day that follows.
        due_on: Option<NaiveDate>,
    },
    /// The authority takes more time.
    ExtensionClaimed {
        /// The notice.
        message: i64,
        /// Until when it says it needs.
        until: Option<NaiveDate>,
        /// What the law says of that.
        verdict: ExtensionVerdict,
        /// The due day in force from now on.
        due_on: Option<NaiveDate>,
    },
    /// The authority asks what is meant.
    ClarificationAsked {
        /// The letter that asks.
        message: i64,
        /// What it asks.
        asks_for: Option<String>,
    },
    /// The authority asks for money.
    FeeAsked {
        /// The demand.
        message: i64,
        /// Decimal amount as text, for example `12.50`.
        amount: Option<String>,
        /// ISO 4217.
        currency: Option<String>,
    },
    /// Passed on to another body.
    Transferred {
        /// The letter that says so.
        message: i64,
        /// To whom.
        to: Option<String>,
    },
    /// The authority decided.
    Answered {
        /// The decision.
        message: i64,
        /// How it ended.
        outcome: Outcome,
        /// Day of the answer in the zone of the law.
        on: NaiveDate,
        /// On what it refuses, if it does.
        grounds: Vec<Ground>,
    },
    /// Some other letter of the authority.
    Noted {
        /// The message.
        message: i64,
    },
    /// What was recorded of a message is not so: all earlier events that it proves count no more.
    Retracted {
        /// The message.
        message: i64,
        /// Why, in words that everyone reads after "Corrected:".
        reason: String,
    },
    /// The due day passed without an answer.
    Overdue {
        /// The due day that passed.
        due_on: NaiveDate,
    },
    /// The requester gave it up.
    Withdrawn {
        /// Why, in words.
        reason: String,
    },
}

impl Event {
    /// The kind as stored and as published.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Filed { .. } => "filed",
            Self::TakenBack => "taken_back",
            Self::Sent { .. } => "sent",
            Self::SendingFailed { .. } => "sending_failed",
            Self::QueuedAgain { .. } => "queued_again",
            Self::SendingUnknown { .. } => "sending_unknown",
            Self::Bounced { .. } => "bounced",
            Self::AutoReplied { .. } => "auto_replied",
            Self::Acknowledged { .. } => "acknowledged",
            Self::Registered { .. } => "registered",
            Self::ExtensionClaimed { .. } => "extension_claimed",
            Self::ClarificationAsked { .. } => "clarification_asked",
            Self::FeeAsked { .. } => "fee_asked",
            Self::Transferred { .. } => "transferred",
            Self::Answered { .. } => "answered",
            Self::Noted { .. } => "noted",
            Self::Retracted { .. } => "retracted",
            Self::Overdue { .. } => "overdue",
            Self::Withdrawn { .. } => "withdrawn",
        }
    }

    /// The message that proves it, where one does.
    pub fn message(&self) -> Option<i64> {
        match self {
            Self::Bounced { message, .. }
            | Self::AutoReplied { message }
            | Self::Acknowledged { message, .. }
            | Self::Registered { message, .. }
            | Self::ExtensionClaimed { message, .. }
            | Self::ClarificationAsked { message, .. }
            | Self::FeeAsked { message, .. }
            | Self::Transferred { message, .. }
            | Self::Answered { message, .. }
            | Self::Retracted { message, .. }
            | Self::Noted { message } => Some(*message),
            _ => None,
        }
    }
}
