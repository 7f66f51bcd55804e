//! What can happen to a request; each event names the message or letter that proves it.

use crate::domain::law::remedy::RemedyStep;
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

/// Why a due day is another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "snake_case")]
pub enum Moved {
    /// It stands still: the authority waits for something.
    StandsStill {
        /// For what, in words after "because".
        why: String,
    },
    /// What happened before it was recorded moved it: it runs on, began again, or was corrected.
    Counted,
    /// The days off of the place changed, as by a day of mourning.
    DaysOff {
        /// Which and who says so, in words.
        what: String,
    },
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
        /// The day it came.
        on: NaiveDate,
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
        /// The day it came.
        on: NaiveDate,
        /// What it asks.
        asks_for: Option<String>,
    },
    /// We said what is meant.
    ClarificationGiven {
        /// The day our answer reached the authority.
        on: NaiveDate,
    },
    /// The authority asks for money.
    FeeAsked {
        /// The demand.
        message: i64,
        /// The day it came.
        on: NaiveDate,
        /// Decimal amount as text, for example `12.50`.
        amount: Option<String>,
        /// ISO 4217.
        currency: Option<String>,
    },
    /// The money was paid, or the demand was dropped.
    FeePaid {
        /// The day the authority had it.
        on: NaiveDate,
    },
    /// The authority hears somebody whose affairs the answer touches.
    ThirdPartyAsked {
        /// The letter that says so.
        message: i64,
        /// The day it came.
        on: NaiveDate,
    },
    /// That hearing ended.
    ThirdPartyAnswered {
        /// The day it ended.
        on: NaiveDate,
    },
    /// Passed on to another body.
    Transferred {
        /// The letter that says so.
        message: i64,
        /// The day the other body had it; the day of the letter where it names none.
        on: NaiveDate,
        /// To whom.
        to: Option<String>,
    },
    /// A part was answered; the rest is still owed.
    AnsweredInPart {
        /// The letter.
        message: i64,
        /// The day it came.
        on: NaiveDate,
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
    /// A step that a person recorded did not happen so: that one event counts no more.
    StepRetracted {
        /// The place of the event among those of the request: 1, 2, 3 …
        seq: i64,
        /// Why, in words for everyone.
        reason: String,
    },
    /// The due day passed without an answer.
    Overdue {
        /// The due day that passed.
        due_on: NaiveDate,
    },
    /// The law makes a refusal of the silence: the time for the remedy runs by itself.
    RefusedBySilence {
        /// The last day for the answer.
        on: NaiveDate,
    },
    /// The requester used a remedy.
    RemedyUsed {
        /// Which.
        step: RemedyStep,
        /// The day it reached the body that hears it.
        on: NaiveDate,
    },
    /// The body that hears a remedy registered it.
    RemedyRegistered {
        /// Which.
        step: RemedyStep,
        /// The day of registration.
        on: NaiveDate,
    },
    /// A remedy was decided.
    RemedyDecided {
        /// Which.
        step: RemedyStep,
        /// The decision, where it came by mail.
        message: Option<i64>,
        /// The day it came.
        on: NaiveDate,
        /// How the request stands after it; none: as before.
        outcome: Option<Outcome>,
    },
    /// Silence on a remedy counts as a refusal, as the second implied one in France.
    RemedySilent {
        /// Which.
        step: RemedyStep,
        /// The day on which it counts as one.
        on: NaiveDate,
    },
    /// The last day of a right passed and it was not used.
    RightLapsed {
        /// Which.
        step: RemedyStep,
        /// The last day it could be used.
        on: NaiveDate,
    },
    /// The day in force is another one than before, or stands still.
    ClockMoved {
        /// The message whose event moved it, where one did.
        message: Option<i64>,
        /// The due day in force; none: the clock stands still.
        due_on: Option<NaiveDate>,
        /// Why.
        why: Moved,
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
            Self::ClarificationGiven { .. } => "clarification_given",
            Self::FeePaid { .. } => "fee_paid",
            Self::ThirdPartyAsked { .. } => "third_party_asked",
            Self::ThirdPartyAnswered { .. } => "third_party_answered",
            Self::Transferred { .. } => "transferred",
            Self::AnsweredInPart { .. } => "answered_in_part",
            Self::Answered { .. } => "answered",
            Self::Noted { .. } => "noted",
            Self::Retracted { .. } => "retracted",
            Self::StepRetracted { .. } => "step_retracted",
            Self::Overdue { .. } => "overdue",
            Self::RefusedBySilence { .. } => "refused_by_silence",
            Self::RemedyUsed { .. } => "remedy_used",
            Self::RemedyRegistered { .. } => "remedy_registered",
            Self::RemedyDecided { .. } => "remedy_decided",
            Self::RemedySilent { .. } => "remedy_silent",
            Self::RightLapsed { .. } => "right_lapsed",
            Self::ClockMoved { .. } => "clock_moved",
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
            | Self::ThirdPartyAsked { message, .. }
            | Self::Transferred { message, .. }
            | Self::AnsweredInPart { message, .. }
            | Self::Answered { message, .. }
            | Self::Retracted { message, .. }
            | Self::Noted { message } => Some(*message),
            Self::RemedyDecided { message, .. } | Self::ClockMoved { message, .. } => *message,
            _ => None,
        }
    }

    /// Whether a person recorded it without a message that proves it: only such a step can be taken back by itself.
    pub const fn is_told_step(&self) -> bool {
        matches!(
            self,
            Self::ClarificationGiven { .. }
                | Self::FeePaid { .. }
                | Self::ThirdPartyAnswered { .. }
                | Self::RemedyUsed { .. }
                | Self::RemedyRegistered { .. }
                | Self::RemedyDecided { message: None, .. }
        )
    }

    /// The day in the zone of the law on which it happened, where the event says so itself.
    pub fn on(&self) -> Option<NaiveDate> {
        match self {
            Self::Sent { received_on: on, .. }
            | Self::ExtensionClaimed { on, .. }
            | Self::ClarificationAsked { on, .. }
            | Self::ClarificationGiven { on }
            | Self::FeeAsked { on, .. }
            | Self::FeePaid { on }
            | Self::ThirdPartyAsked { on, .. }
            | Self::ThirdPartyAnswered { on }
            | Self::Transferred { on, .. }
            | Self::AnsweredInPart { on, .. }
            | Self::Answered { on, .. }
            | Self::RefusedBySilence { on }
            | Self::RemedyUsed { on, .. }
            | Self::RemedyRegistered { on, .. }
            | Self::RemedyDecided { on, .. }
            | Self::RemedySilent { on, .. }
            | Self::RightLapsed { on, .. } => Some(*on),
            _ => None,
        }
    }
}
