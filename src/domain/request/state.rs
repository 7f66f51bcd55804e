//! Which event is allowed when; where a request stands and how it ended.

use crate::domain::law::remedy::RemedyStep;
use crate::domain::request::event::{Event, Moved};
use crate::domain::words::words;
use chrono::NaiveDate;

words! {
    /// Where a request stands. How it ended is `Outcome`; how a *message* is triaged is neither.
    pub enum Status {
        /// Written, waits to leave.
        Filed = "filed",
        /// Taken back before it left.
        TakenBack = "taken_back",
        /// The authority's mail server has it.
        Sent = "sent",
        /// The authority says it has it.
        Acknowledged = "acknowledged",
        /// More time was claimed.
        Extended = "extended",
        /// The authority waits for us to say what is meant.
        ClarificationAsked = "clarification_asked",
        /// The authority waits for money.
        FeeAsked = "fee_asked",
        /// Passed on to another body.
        Transferred = "transferred",
        /// Could not be delivered.
        Undelivered = "undelivered",
        /// Nobody knows whether it was delivered.
        Unknown = "unknown",
        /// The authority decided.
        Answered = "answered",
        /// The requester gave it up.
        Withdrawn = "withdrawn",
    }
    expected "a status"
}

words! {
    /// How a request ended.
    pub enum Outcome {
        /// All that was asked was given.
        Disclosed = "disclosed",
        /// A part was given.
        PartlyDisclosed = "partly_disclosed",
        /// Nothing was given.
        Refused = "refused",
        /// The authority says it holds nothing.
        NotHeld = "not_held",
        /// The authority will neither confirm nor deny that it holds anything.
        NeitherConfirmedNorDenied = "neither_confirmed_nor_denied",
    }
    expected "an outcome"
}

impl Outcome {
    /// In plain English, in the middle of a sentence.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Disclosed => "disclosed",
            Self::PartlyDisclosed => "partly disclosed",
            Self::Refused => "refused",
            Self::NotHeld => "not held",
            Self::NeitherConfirmedNorDenied => "neither confirmed nor denied",
        }
    }
}

impl Status {
    /// Whether an answer is still owed.
    pub fn is_open(self) -> bool {
        matches!(
            self,
            Self::Sent
                | Self::Acknowledged
                | Self::Extended
                | Self::ClarificationAsked
                | Self::FeeAsked
                | Self::Transferred
                | Self::Unknown
        )
    }

    /// Whether its clocks mean anything: not those of a letter that did not arrive or was given up.
    pub fn has_clocks(self) -> bool {
        self.is_open() || self == Self::Answered
    }

    /// Whether the authority wrote of it, so that its letter arrived.
    pub fn is_known_to_the_authority(self) -> bool {
        let written = self.is_open() && !matches!(self, Self::Sent | Self::Unknown);
        written || self == Self::Answered
    }
}

/// An event that cannot happen to a request that stands there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{event}` cannot happen to a request that is `{status}`")]
pub struct NotAllowed {
    /// Kind of the event.
    pub event: &'static str,
    /// Where the request stands.
    pub status: String,
}

/// A request as its events made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Where it stands.
    pub status: Status,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Day 0 of the clock.
    pub received_on: Option<NaiveDate>,
    /// Day of registration, where the law counts from it.
    pub registered_on: Option<NaiveDate>,
    /// The due day before any extension.
    pub first_due_on: Option<NaiveDate>,
    /// The due day in force.
    pub due_on: Option<NaiveDate>,
    /// Day of the decision.
    pub answered_on: Option<NaiveDate>,
    /// The due day that passed without an answer; stays when the answer comes.
    pub overdue_since: Option<NaiveDate>,
    /// The authority's own file number.
    pub authority_reference: Option<String>,
    /// Why it was withdrawn.
    pub withdrawn_reason: Option<String>,
    /// Since when silence counts as a refusal, where it does.
    pub silence_refused_on: Option<NaiveDate>,
    /// The remedy that was used last and is not decided.
    pub stage: Option<RemedyStep>,
    /// Remedies whose silence was recorded as a refusal, with the day.
    pub silent: Vec<(RemedyStep, NaiveDate)>,
    /// Rights that were recorded as lapsed, with their last day.
    pub lapsed: Vec<(RemedyStep, NaiveDate)>,
}

impl State {
    /// Whether its clocks mean anything: not those of a letter that did not arrive or was given up.
    pub fn has_clocks(&self) -> bool {
        self.status.has_clocks()
    }

    /// Whether the authority wrote of it, so that its letter arrived.
    pub fn is_known_to_the_authority(&self) -> bool {
        self.status.is_known_to_the_authority()
    }

    /// The state after the first event, which files the request.
    pub fn first(event: &Event) -> Result<Self, NotAllowed> {
        let Event::Filed { .. } = event else {
            return Err(NotAllowed { event: event.kind(), status: "not filed".to_owned() });
        };
        Ok(Self {
            status: Status::Filed,
            outcome: None,
            received_on: None,
            registered_on: None,
            first_due_on: None,
            due_on: None,
            answered_on: None,
            overdue_since: None,
            authority_reference: None,
            withdrawn_reason: None,
            silence_refused_on: None,
            stage: None,
            silent: Vec::new(),
            lapsed: Vec::new(),
        })
    }

    /// The state after `event`, or why it cannot happen.
    pub fn apply(mut self, event: &Event) -> Result<Self, NotAllowed> {
        let refused = NotAllowed { event: event.kind(), status: self.status.as_str().to_owned() };
        if !self.allows(event) {
            return Err(refused);
        }
        self.record(event);
        Ok(self)
    }

    /// Whether `event` may happen now. Mail may come at any time, so what a message proves is
    /// refused only where it would contradict what is settled (a second decision replaces the first).
    fn allows(&self, event: &Event) -> bool {
        let gone = matches!(self.status, Status::TakenBack);
        match event {
            Event::Filed { .. } => false,
            Event::TakenBack => self.status == Status::Filed,
            // A reply may be read before the server's answer is recorded; the clock must start all the same.
            Event::Sent { .. } => !gone && (self.received_on.is_none() || self.status == Status::Undelivered),
            Event::SendingFailed { .. } | Event::SendingUnknown { .. } => {
                matches!(self.status, Status::Filed | Status::Unknown)
            }
            Event::QueuedAgain { .. } => self.status == Status::Undelivered,
            Event::Overdue { due_on } => {
                self.status.is_open() && self.due_on == Some(*due_on) && self.overdue_since != Some(*due_on)
            }
            Event::RefusedBySilence { on } => !gone && self.silence_refused_on != Some(*on),
            Event::RemedySilent { step, on } => !gone && !self.silent.contains(&(*step, *on)),
            Event::RightLapsed { step, on } => !gone && !self.lapsed.contains(&(*step, *on)),
            Event::ClockMoved { due_on, .. } => !gone && self.due_on != *due_on,
            // A correction is always possible; what it takes back is left out by the fold.
            Event::Retracted { .. } | Event::StepRetracted { .. } => true,
            Event::Withdrawn { .. } => !gone && self.status != Status::Withdrawn,
            _ => !gone,
        }
    }

    fn record(&mut self, event: &Event) {
        match event {
            Event::Filed { .. }
            | Event::AutoReplied { .. }
            | Event::Noted { .. }
            | Event::ThirdPartyAsked { .. }
            | Event::ThirdPartyAnswered { .. }
            | Event::AnsweredInPart { .. }
            | Event::RemedyRegistered { .. }
            | Event::Retracted { .. }
            | Event::StepRetracted { .. } => {}
            Event::TakenBack => self.status = Status::TakenBack,
            Event::Sent { received_on, due_on, .. } => self.sent(*received_on, *due_on),
            Event::SendingFailed { .. } => self.status = Status::Undelivered,
            Event::SendingUnknown { .. } => self.status = Status::Unknown,
            Event::QueuedAgain { .. } => self.queued_again(),
            Event::Bounced { permanent, .. } => {
                if *permanent && matches!(self.status, Status::Sent | Status::Unknown) {
                    self.status = Status::Undelivered;
                }
            }
            Event::Acknowledged { reference, .. } => {
                self.authority_reference = reference.clone().or(self.authority_reference.take());
                self.step(Status::Acknowledged);
            }
            Event::Registered { on, due_on, .. } => {
                self.registered_on = Some(*on);
                self.first_due_on = *due_on;
                self.due_on = *due_on;
                self.step(Status::Acknowledged);
            }
            Event::ExtensionClaimed { due_on, .. } => {
                self.due_on = due_on.or(self.due_on);
                self.step(Status::Extended);
            }
            Event::ClarificationAsked { .. } => self.step(Status::ClarificationAsked),
            Event::FeeAsked { .. } => self.step(Status::FeeAsked),
            Event::ClarificationGiven { .. } => self.no_longer(Status::ClarificationAsked),
            Event::FeePaid { .. } => self.no_longer(Status::FeeAsked),
            Event::Transferred { .. } => self.step(Status::Transferred),
            Event::RefusedBySilence { on } => self.silence_refused_on = Some(*on),
            Event::RemedyUsed { step, .. } => self.stage = Some(*step),
            Event::RemedyDecided { step, outcome, .. } => self.decided(*step, *outcome),
            Event::RemedySilent { step, on } => self.silent.push((*step, *on)),
            Event::RightLapsed { step, on } => self.lapsed.push((*step, *on)),
            Event::ClockMoved { due_on, why, .. } => self.moved(*due_on, why),
            Event::Answered { outcome, on, .. } => {
                self.status = Status::Answered;
                self.outcome = Some(*outcome);
                self.answered_on = Some(*on);
            }
            Event::Overdue { due_on } => self.overdue_since = Some(*due_on),
            Event::Withdrawn { reason } => {
                self.status = Status::Withdrawn;
                self.withdrawn_reason = Some(reason.clone());
            }
        }
    }

    /// Another due day. What was recorded of the one before counts no more: `in_force` leaves it out.
    fn moved(&mut self, due_on: Option<NaiveDate>, why: &Moved) {
        // Without an extension the first due day is the one that moved.
        if matches!(why, Moved::DaysOff { .. }) && due_on.is_some() && self.first_due_on == self.due_on {
            self.first_due_on = due_on;
        }
        self.due_on = due_on;
    }

    /// The authority has what it waited for.
    fn no_longer(&mut self, waiting: Status) {
        if self.status == waiting {
            self.status = Status::Acknowledged;
        }
    }

    /// A decision on a remedy says how the request stands now; one that says nothing of it leaves that as it was.
    fn decided(&mut self, step: RemedyStep, outcome: Option<Outcome>) {
        if self.stage == Some(step) {
            self.stage = None;
        }
        if let Some(outcome) = outcome {
            self.outcome = Some(outcome);
            if self.status.is_open() {
                self.status = Status::Answered;
            }
        }
    }

    /// A letter that never arrived started no clock, whatever a server took before it came back.
    fn queued_again(&mut self) {
        self.status = Status::Filed;
        (self.received_on, self.first_due_on, self.due_on, self.overdue_since) = (None, None, None, None);
    }

    /// The clock starts. What was recorded before it stays: a reply is proof enough that the letter arrived.
    fn sent(&mut self, received_on: NaiveDate, due_on: Option<NaiveDate>) {
        let again = self.received_on.is_some();
        if matches!(self.status, Status::Filed | Status::Undelivered | Status::Unknown) {
            self.status = Status::Sent;
        }
        self.received_on = Some(received_on);
        self.first_due_on = due_on;
        self.due_on = if again { due_on } else { self.due_on.or(due_on) };
    }

    /// An interim step moves an open request only: a late acknowledgement does not reopen a decided one.
    fn step(&mut self, to: Status) {
        let undelivered = self.status == Status::Undelivered;
        let weaker = to == Status::Acknowledged
            && matches!(self.status, Status::Extended | Status::ClarificationAsked | Status::FeeAsked);
        // A letter that was answered has left, whatever is recorded of its sending.
        let unsent = self.status == Status::Filed;
        if (self.status.is_open() || undelivered || unsent) && !weaker {
            self.status = to;
        }
    }
}
