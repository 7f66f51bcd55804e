//! Why something was erased, in one word that everyone may read.

use crate::domain::words::words;

words! {
    /// Why something was erased. Without a word of it, another reason: from before reasons had a word.
    #[derive(Default)]
    pub enum Reason {
        /// It told of a person who is no official.
        PersonalData = "personal_data",
        /// Whoever it is about asked for it.
        AskedFor = "asked_for",
        /// A court or another authority ordered it.
        Order = "order",
        /// It was published, or sent to us, by mistake.
        Mistake = "mistake",
        /// The time for which it may be kept is over.
        TimeIsUp = "time_is_up",
        /// Another reason, which the audit log has.
        #[default]
        Other = "other",
    }
    expected "a reason to erase"
}

impl Reason {
    /// Those that a person may give; that its time is over is found by the service itself.
    pub const CHOICES: [Self; 5] =
        [Self::PersonalData, Self::AskedFor, Self::Order, Self::Mistake, Self::Other];

    /// The reason as a sentence.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::PersonalData => "It told of a private person.",
            Self::AskedFor => "A person it is about asked for it.",
            Self::Order => "A court or an authority ordered it.",
            Self::Mistake => "It was sent or published by mistake.",
            Self::TimeIsUp => "The time for which it may be kept is over.",
            Self::Other => "For another reason, which is not told here.",
        }
    }
}
