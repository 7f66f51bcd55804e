//! The clocks of an access law as its data file states them: answer, extension, silence, clarification, transfer.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::domain::law::regime::Confidence;
use crate::domain::law::term::{Limit, Term, Unit};

/// The event from which a term runs; its day is day 0 and never counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Starts {
    /// The day the request reached the authority.
    DayAfterReceipt,
    /// The day the authority registered it; the day of receipt where nobody told us.
    DayAfterRegistration,
    /// The day of receipt; a mail that was not acknowledged counts as received on the day given as registered.
    DayAfterAcknowledgedReceipt,
    /// The working day after the one on which the mail came; the day given as registered, where the authority
    /// acknowledged it on that day (Art. 6 § 5 of the Walloon Decree of 30 March 1995, as its commission counts).
    NextWorkingDay,
}

/// What happens to an end on a day off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndRoll {
    /// It moves to the next day that is none of `roll_on`.
    NextWorkingDay,
    /// It stays.
    None,
}

/// A kind of day that moves an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayKind {
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
    /// A holiday of the law's calendar.
    PublicHoliday,
    /// The Friday before Western Easter, whether or not the calendar has it.
    GoodFriday,
    /// 24 December.
    ChristmasEve,
    /// The Friday between 19 and 25 June.
    MidsummerEve,
    /// 31 December.
    NewYearsEve,
}

/// Which days of a term count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counting {
    /// The day of the event does not, the last day does.
    Ordinary,
    /// Neither does (Romania, HG 123/2002 Art. 16(2)).
    ClearDays,
}

/// The time for the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// How many units; absent with `promptly` and `none`.
    pub amount: Option<u32>,
    /// The unit.
    pub unit: Unit,
    /// From what it runs.
    pub starts: Starts,
    /// Nobody registers on a day off: where no day of registration is known, that of receipt stands for it only if it
    /// is a working day, and the next one otherwise.
    #[serde(default)]
    pub registers_on_working_days: bool,
    /// Whether a day off moves the end.
    pub end_roll: EndRoll,
    /// The days that move it.
    #[serde(default)]
    pub roll_on: Vec<DayKind>,
    /// How days are counted.
    pub counting: Counting,
    /// The law says "should": an answer after it is late, but not yet unlawful.
    #[serde(default)]
    pub target: bool,
    /// The provision.
    pub src: String,
    /// The provision on counting, working days and the end.
    pub roll_src: Option<String>,
    /// What a reader should know.
    pub note: Option<String>,
    /// How sure we are.
    pub confidence: Option<Confidence>,
    /// What practice expects where the law has no figure.
    pub expected_amount: Option<u32>,
    /// Its unit.
    pub expected_unit: Option<Unit>,
    /// Who says so.
    pub expected_src: Option<String>,
}

impl Response {
    /// The time for the answer as a value.
    pub const fn limit(&self) -> Limit {
        match (self.unit, Term::of(self.amount, Some(self.unit))) {
            (_, Some(term)) => Limit::Term(term),
            (Unit::None, None) => Limit::None,
            (_, None) => Limit::Promptly { expected: Term::of(self.expected_amount, self.expected_unit) },
        }
    }
}

/// How an extension is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExtensionMode {
    /// Both terms are one, counted from the start.
    Additional,
    /// Counted from the end of the first term, already moved if it was (§ 190 BGB).
    FromEndOfFirst,
    /// The whole term, counted again from the start.
    Total,
}

/// Whether and how far the authority may put the answer off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// Whether it may at all.
    pub allowed: bool,
    /// How far; absent: the law gives no figure.
    pub amount: Option<u32>,
    /// The unit.
    pub unit: Option<Unit>,
    /// How it is added.
    pub mode: Option<ExtensionMode>,
    /// The figure is not the statute's: commissioners or preparatory works give it.
    #[serde(default)]
    pub practice: bool,
    /// When it may.
    pub conditions: Option<String>,
    /// By when it must tell the requester.
    pub must_notify_before: Option<String>,
    /// The provision.
    pub src: String,
    /// The provision on how two terms are joined.
    pub mode_src: Option<String>,
    /// What a reader should know.
    pub note: Option<String>,
    /// How sure we are.
    pub confidence: Option<Confidence>,
}

impl Extension {
    /// The figure and how it is added, where the law allows an extension and gives one.
    pub fn term(&self) -> Option<(Term, ExtensionMode)> {
        if self.allowed { Term::of(self.amount, self.unit).zip(self.mode) } else { None }
    }
}

/// The rule for the answer as it stood up to a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousResponse {
    /// The first day of receipt for which it held; absent: as far back as the law goes.
    pub since: Option<NaiveDate>,
    /// The last day of receipt for which it held.
    pub until: NaiveDate,
    /// How many units.
    pub amount: u32,
    /// The unit.
    pub unit: Unit,
    /// The provision.
    pub src: String,
    /// The extension of that time, where it was another one.
    pub extension: Option<Extension>,
}

/// Whether the authority must confirm receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Whether it must.
    pub required: bool,
    /// Within how many units.
    pub amount: Option<u32>,
    /// The unit.
    pub unit: Option<Unit>,
    /// The provision.
    pub src: String,
    /// What a reader should know.
    pub note: Option<String>,
}

/// What the law makes of silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SilenceEffect {
    /// A refusal: the time for the appeal runs by itself.
    Refusal,
    /// Nothing.
    None,
}

/// Silence at the end of the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Its effect.
    pub effect: SilenceEffect,
    /// So many days after the end it counts as a decision that was served (§ 18 ods. 3 of Act 211/2000: three).
    #[serde(default)]
    pub served_after_days: u32,
    /// The provision.
    pub src: String,
    /// What a reader should know.
    pub note: Option<String>,
}

/// What a question back does to the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClarificationEffect {
    /// It stands still until the requester has answered.
    Stops,
    /// It begins again with the requester's answer.
    Restarts,
    /// Nothing.
    None,
}

/// From and until which days a clock stands still, about the day of the notice and that of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseDays {
    /// From the day after the notice to the day of its answer: as many days as lie between the two.
    #[default]
    Between,
    /// Both days too (s.10(2) FOIA 2000: the period beginning with the notice and ending with the payment).
    Both,
    /// From the day after the notice to the day before the answer (Art. 4:15 Awb).
    Inside,
}

/// What a demand for money does to the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeeEffect {
    /// It stands still until the fee is paid.
    Stops,
    /// Nothing.
    #[default]
    None,
}

/// What hearing a third party does to the clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThirdParty {
    /// Its effect on the clock: it stands still, at most for the time given.
    pub effect: ThirdPartyEffect,
    /// The longest it may stand still; absent: as long as the hearing takes.
    pub amount: Option<u32>,
    /// The unit.
    pub unit: Option<Unit>,
    /// The days it stands still.
    #[serde(default)]
    pub days: PauseDays,
    /// The provision.
    pub src: String,
    /// What a reader should know.
    pub note: Option<String>,
}

/// What hearing a third party does to the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThirdPartyEffect {
    /// It stands still.
    Stops,
    /// The term is longer by the time given.
    Adds,
}

/// What a transfer does to the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferEffect {
    /// It begins again when the new body has the request.
    #[default]
    Restarts,
    /// It runs on: the wrong address is the authority's affair.
    RunsOn,
}

/// A question back to the requester.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clarification {
    /// Its effect on the clock.
    pub effect: ClarificationEffect,
    /// The requester's time to answer.
    pub requester_amount: Option<u32>,
    /// Its unit.
    pub requester_unit: Option<Unit>,
    /// The days on which the clock stands still, where it does.
    #[serde(default)]
    pub days: PauseDays,
    /// The provision.
    pub src: String,
    /// What a reader should know.
    pub note: Option<String>,
}

impl Clarification {
    /// The requester's time to answer.
    pub const fn requester_term(&self) -> Option<Term> {
        Term::of(self.requester_amount, self.requester_unit)
    }
}

/// What a body that is not competent must do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferDuty {
    /// Send the request on.
    Forward,
    /// Tell the requester who is competent.
    Inform,
    /// Either.
    ForwardOrInform,
    /// Nothing.
    None,
}

/// A request that reached the wrong body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// The duty.
    pub duty: TransferDuty,
    /// Within how many units.
    pub amount: Option<u32>,
    /// The unit.
    pub unit: Option<Unit>,
    /// What it does to the clock.
    #[serde(default)]
    pub effect: TransferEffect,
    /// The provision.
    pub src: String,
    /// What a reader should know.
    pub note: Option<String>,
}
