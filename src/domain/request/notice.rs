//! What the people of a request are told by mail: that something happened, and never what a mail says.

use chrono::NaiveDate;

/// Something that whoever asked should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Somebody at the authority wrote.
    ReplyCame,
    /// Somebody wrote who is not known to be of the authority.
    StrangerWrote,
    /// No server took the letter, or it was given up after five days.
    Undeliverable,
    /// The letter came back.
    CameBack,
    /// The answer is late.
    Overdue {
        /// The day on which it was due.
        due_on: NaiveDate,
    },
    /// Silence counts as a refusal.
    RefusedBySilence,
    /// A right lapses soon.
    RightLapses {
        /// The last day.
        last_on: NaiveDate,
    },
    /// Nobody knows whether a letter arrived; told to the staff.
    Unknown,
}

impl News {
    /// In a few words.
    pub fn heading(self) -> &'static str {
        match self {
            Self::ReplyCame => "A reply came in",
            Self::StrangerWrote => "A message came in",
            Self::Undeliverable => "The letter could not be delivered",
            Self::CameBack => "The letter came back",
            Self::Overdue { .. } => "The answer is late",
            Self::RefusedBySilence => "Silence counts as a refusal now",
            Self::RightLapses { .. } => "A time limit of yours ends soon",
            Self::Unknown => "Nobody knows whether a letter arrived",
        }
    }

    /// What happened and what to do next.
    pub fn sentence(self) -> String {
        match self {
            Self::ReplyCame => {
                "Volunteers read it first; then the page of your request says what it means.".to_owned()
            }
            Self::StrangerWrote => {
                "It was not sent from the authority’s own domain, so volunteers check first who wrote it.".to_owned()
            }
            Self::Undeliverable => {
                "It did not arrive, and no clock runs. Send it again to another address, or ask a volunteer to find one."
                    .to_owned()
            }
            Self::CameBack => {
                "The authority’s mail server reports that the address does not work. A volunteer looks for another one; then send the letter again."
                    .to_owned()
            }
            Self::Overdue { due_on } => format!(
                "It was due on {}. The page of your request says what you can do now.",
                long(due_on)
            ),
            Self::RefusedBySilence => {
                "The law counts it as a refusal that no answer came. The page of your request says what you can do, and until when."
                    .to_owned()
            }
            Self::RightLapses { last_on } => format!(
                "{} is the last day. The page of your request says what has to be sent, and where.",
                long(last_on)
            ),
            Self::Unknown => {
                "Handing it over was cut short. It is not sent again by itself: look at it and decide.".to_owned()
            }
        }
    }
}

fn long(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}
