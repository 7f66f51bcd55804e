//! What the letter says, read from its text; read anew once it is known what of that text is our own letter.

use crate::domain::incoming::body::{self, Part};
use crate::domain::incoming::reading::{self, Letter, Prepared};
use crate::domain::incoming::{Incoming, Knowledge, language};

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

/// Takes out of the own text what is copied from `letters` without any mark, and reads the rest anew; whether there
/// was anything.
pub fn without_letters(incoming: &mut Incoming, letters: &[&str], knowledge: &Knowledge) -> bool {
    let Some(split) = body::without_copies(&incoming.text, letters) else { return false };
    let copied: Vec<_> =
        split.parts.iter().filter(|m| m.part == Part::Quoted).map(|m| m.range.clone()).collect();
    if let Some(placed) = body::placed(&incoming.text, &incoming.full_text, &incoming.marked) {
        incoming.marked = body::quoted_too(&incoming.marked, &placed, &copied);
    }
    incoming.text = split.own;
    let quoted: Vec<String> = split.quoted.into_iter().chain(incoming.quoted.take()).collect();
    incoming.quoted = (!quoted.is_empty()).then(|| quoted.join("\n\n"));
    let prepared = prepare(incoming, knowledge);
    reread(incoming, prepared, knowledge);
    true
}
