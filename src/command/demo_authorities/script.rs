//! The replies of each behaviour, in order.

use crate::command::demo_authorities::cast::Behaviour;

/// When a reply leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// As quickly as an acknowledgement or a machine.
    Soon,
    /// When it has been decided.
    Later,
}

/// What a reply is as a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Written by a person.
    Plain,
    /// With a file; its text has the same placeholders.
    WithFile { name: &'static str, mime: &'static str, text: &'static str },
    /// With the text as a PDF.
    WithPdf { name: &'static str, text: &'static str },
    /// Sent by a machine (RFC 3834).
    OutOfOffice,
    /// A delivery report (RFC 3464).
    Bounce,
}

/// One reply: the first line of `text` is the subject.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub when: When,
    pub form: Form,
    pub text: &'static str,
}

macro_rules! text {
    ($name:literal) => {
        include_str!(concat!("texts/", $name))
    };
}

const fn soon(text: &'static str) -> Step {
    Step { when: When::Soon, form: Form::Plain, text }
}

const fn later(text: &'static str) -> Step {
    Step { when: When::Later, form: Form::Plain, text }
}

const fn with_file(name: &'static str, mime: &'static str, file: &'static str, text: &'static str) -> Step {
    Step { when: When::Later, form: Form::WithFile { name, mime, text: file }, text }
}

const GERMAN_EXTENSION: &[Step] = &[soon(text!("de-acknowledgement.txt")), later(text!("de-extension.txt"))];
const GERMAN_PARTIAL: &[Step] = &[with_file(
    "Anlage 1 Standorte.txt",
    "text/plain",
    text!("de-partial-attachment.txt"),
    text!("de-partial.txt"),
)];
const GERMAN_TRANSFER: &[Step] = &[soon(text!("de-transfer.txt"))];
const FRENCH_REFUSAL: &[Step] = &[
    soon(text!("fr-acknowledgement.txt")),
    Step {
        when: When::Later,
        form: Form::WithPdf { name: "Décision.pdf", text: text!("fr-refusal-pdf.txt") },
        text: text!("fr-refusal.txt"),
    },
];
const FRENCH_CLARIFICATION: &[Step] = &[soon(text!("fr-clarification.txt"))];
const ITALIAN_PARTIAL: &[Step] = &[
    soon(text!("it-acknowledgement.txt")),
    with_file(
        "elenco_impianti.txt",
        "text/plain",
        text!("it-partial-attachment.txt"),
        text!("it-partial.txt"),
    ),
];
const ITALIAN_FULL: &[Step] =
    &[with_file("contratti.txt", "text/plain", text!("it-full-attachment.txt"), text!("it-full.txt"))];
const GREEK_NOT_HELD: &[Step] = &[soon(text!("el-acknowledgement.txt")), later(text!("el-not-held.txt"))];
const ENGLISH_OUT_OF_OFFICE: &[Step] = &[
    Step { when: When::Soon, form: Form::OutOfOffice, text: text!("en-out-of-office.txt") },
    with_file("deployments.csv", "text/csv", text!("en-full-attachment.csv"), text!("en-full.txt")),
];
const ENGLISH_EXTENSION: &[Step] = &[soon(text!("en-acknowledgement.txt")), later(text!("en-extension.txt"))];
const BOUNCE: &[Step] =
    &[Step { when: When::Soon, form: Form::Bounce, text: "Undelivered Mail Returned to Sender\n\n" }];

impl Behaviour {
    pub(crate) fn steps(self) -> &'static [Step] {
        match self {
            Self::GermanExtension => GERMAN_EXTENSION,
            Self::GermanPartial => GERMAN_PARTIAL,
            Self::GermanTransfer => GERMAN_TRANSFER,
            Self::FrenchRefusalInPdf => FRENCH_REFUSAL,
            Self::FrenchClarification => FRENCH_CLARIFICATION,
            Self::Silence => &[],
            Self::ItalianPartial => ITALIAN_PARTIAL,
            Self::ItalianFull => ITALIAN_FULL,
            Self::GreekNotHeld => GREEK_NOT_HELD,
            Self::EnglishOutOfOffice => ENGLISH_OUT_OF_OFFICE,
            Self::EnglishExtension => ENGLISH_EXTENSION,
            Self::Bounce => BOUNCE,
        }
    }
}
