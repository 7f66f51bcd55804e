//! How it goes with the mailbox that mail is fetched from, as the process that fetches knows it.

use std::time::Duration;

/// A connection that broke off once is weather; mail waits when the next one fails as well.
const ENOUGH: u32 = 2;
/// A server that has said nothing for so long while we open the folder and look at it.
const SILENT: Duration = Duration::from_secs(45);

/// What is known of the mailbox. Ages are those of the process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mailbox {
    /// Since when the server has owed an answer.
    asked: Option<Duration>,
    failing: Option<Failing>,
    left: usize,
    is_ours: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Failing {
    since: Duration,
    times: u32,
    why: String,
}

/// What keeps mail from being fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// For how long.
    pub lasts: Duration,
    /// Why, without personal data.
    pub why: String,
}

impl Mailbox {
    /// The server is asked for something that it should have at hand, or has answered and is asked for more.
    pub fn asks(&mut self, age: Duration) {
        (self.asked, self.is_ours) = (Some(age), true);
    }

    /// The server may take its time: it gives a mail, which has a patience of its own, or waits for news with us.
    pub fn waits(&mut self) {
        self.asked = None;
    }

    /// A mail was made safe, or all that waits was looked at.
    pub fn goes_well(&mut self) {
        (self.asked, self.failing, self.is_ours) = (None, None, true);
    }

    /// A session broke off. It counts from when the server was last asked in vain.
    pub fn fails(&mut self, age: Duration, why: String) {
        let since = self.asked.take().unwrap_or(age);
        let (since, times) =
            self.failing.as_ref().map_or((since, 1), |known| (known.since, known.times.saturating_add(1)));
        (self.failing, self.is_ours) = (Some(Failing { since, times, why }), true);
    }

    /// So many mails stay where they are, because they are too large or cannot be had.
    pub fn leaves(&mut self, mails: usize) {
        self.left = mails;
    }

    /// Another process fetches, and knows how it goes.
    pub fn is_another_s(&mut self) {
        *self = Self::default();
    }

    /// Whether this process fetches, or tries to.
    pub fn is_ours(&self) -> bool {
        self.is_ours
    }

    /// How many mails stay where they are.
    pub fn left(&self) -> usize {
        self.left
    }

    /// What keeps mail from being fetched at this age.
    pub fn trouble(&self, age: Duration) -> Option<Trouble> {
        let since = |at: Duration| age.saturating_sub(at);
        if let Some(failing) = self.failing.as_ref().filter(|failing| failing.times >= ENOUGH) {
            return Some(Trouble { lasts: since(failing.since), why: failing.why.clone() });
        }
        let lasts = self.asked.map(since).filter(|lasts| *lasts >= SILENT)?;
        Some(Trouble { lasts, why: "the server says nothing".to_owned() })
    }
}
