//! What the letter says, read from its text; read anew once it is known what of that text is our own letter.

use crate::domain::incoming::body::{self, Part, Split};
use crate::domain::incoming::mime::html::cut;
use crate::domain::incoming::reading::{self, Kind, Letter, Prepared, voices};
use crate::domain::incoming::{Incoming, Knowledge, language};

/// Quoted text of so many words that is not ours may be an answer, whatever it says.
const LONG: usize = 40;
/// How much of it is shown, in bytes.
const PASSAGE: usize = 300;
/// From this score on phrases are clear.
const CLEAR: f32 = 0.9;

/// Cuts own text and attachments of a mail into words, once for all who ask what they say.
pub fn prepare<'b>(incoming: &Incoming, knowledge: &'b Knowledge) -> Prepared<'b> {
    let attached = attached(incoming);
    reading::prepare(&letter(incoming, &attached), &knowledge.phrasebook)
}

fn attached(incoming: &Incoming) -> Vec<(&str, &str)> {
    incoming.attachments.iter().filter_map(|a| Some((a.name.as_str(), a.text.as_deref()?))).collect()
}

fn letter<'a>(incoming: &'a Incoming, attached: &'a [(&'a str, &'a str)]) -> Letter<'a> {
    Letter {
        subject: &incoming.subject,
        body: &incoming.text,
        attachments: attached,
        sent_on: incoming.date.map(|d| d.date_naive()),
    }
}

/// Reads language, kind and facts of a mail from what was prepared of it.
pub fn reread<'b>(
    incoming: &mut Incoming,
    mut prepared: Prepared<'b>,
    knowledge: &'b Knowledge,
) -> Prepared<'b> {
    let attached = attached(incoming);
    let letter = letter(incoming, &attached);
    let language = language::detect(&letter, &prepared, &knowledge.phrasebook);
    prepared.settle(language.as_deref());
    prepared.hear(&knowledge.model);
    let mut reading = reading::read(&letter, &prepared, language.as_deref(), knowledge);
    // Whether a machine wrote it is known from its headers: such a mail keeps its kind whatever text remains.
    reading::automatic(&mut reading, incoming.automatic, &prepared);
    incoming.language = language;
    incoming.reading = reading;
    prepared
}

/// Takes out of the own text what is copied from `letters` without any mark, and reads the rest anew; holds what is
/// quoted against them. Whether the mail is another than before.
pub fn without_letters(incoming: &mut Incoming, letters: &[&str], knowledge: &Knowledge) -> bool {
    let before = incoming.beyond.clone();
    let split = body::without_copies(&incoming.text, letters);
    let is_cut = split.is_some();
    let quoted = incoming.quoted.take();
    if let Some(quoted) = &quoted {
        incoming.beyond.compared = true;
        let strange = body::not_ours(quoted, letters);
        incoming.beyond.quoted = speaks(&strange, knowledge).then(|| cut(&strange, PASSAGE).to_owned());
    }
    incoming.quoted = quoted;
    if let Some(split) = split {
        // What is taken out here is ours, and was compared.
        incoming.beyond.compared = true;
        take_out(incoming, split);
        let prepared = prepare(incoming, knowledge);
        reread(incoming, prepared, knowledge);
    }
    is_cut || incoming.beyond != before
}

fn take_out(incoming: &mut Incoming, split: Split) {
    let copied: Vec<_> =
        split.parts.iter().filter(|m| m.part == Part::Quoted).map(|m| m.range.clone()).collect();
    if let Some(placed) = body::placed(&incoming.text, &incoming.full_text, &incoming.marked) {
        incoming.marked = body::quoted_too(&incoming.marked, &placed, &copied);
    }
    incoming.text = split.own;
    let quoted: Vec<String> = split.quoted.into_iter().chain(incoming.quoted.take()).collect();
    incoming.quoted = (!quoted.is_empty()).then(|| quoted.join("\n\n"));
}

/// Whether a text that is quoted and not ours may be an answer: it is long, or reads like a step of the authority.
fn speaks(strange: &str, knowledge: &Knowledge) -> bool {
    if strange.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count() >= LONG {
        return true;
    }
    let letter = Letter { subject: "", body: strange, attachments: &[], sent_on: None };
    let mut prepared = reading::prepare(&letter, &knowledge.phrasebook);
    let language = language::detect(&letter, &prepared, &knowledge.phrasebook);
    prepared.settle(language.as_deref());
    prepared.hear(&knowledge.model);
    let voices = voices::listen(&prepared, language.as_deref(), &knowledge.phrasebook);
    let step = |kind: &Kind| !matches!(kind, Kind::Acknowledgement | Kind::Other);
    voices.iter().any(|(kind, voice)| step(kind) && voice.score >= CLEAR)
}
