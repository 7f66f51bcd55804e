//! The text of a mail itself, as a reader is shown it: of its plain text and its HTML the one that says more.

use crate::domain::incoming::documents::{self, Document};
use crate::domain::incoming::mime::html::{self, Page, Unshown};
use crate::domain::incoming::mime::{Leaf, Mail, Notes};
use crate::domain::incoming::{Incoming, MAX_KEPT};
use std::collections::BTreeSet;

/// How many words of two texts are compared.
const MOST_COMPARED: usize = 20_000;
/// Fewer hidden words say nothing.
const FEWEST_HIDDEN: usize = 3;

/// Whether a part is text of the mail itself, no file.
pub(super) fn is_own(leaf: &Leaf) -> bool {
    leaf.within == 0 && !leaf.attached && leaf.name.is_none() && is_readable(leaf)
}

fn is_readable(leaf: &Leaf) -> bool {
    matches!(leaf.content_type.as_str(), "text/plain" | "text/html")
}

/// Whether a text has words enough of its own beside another to say something else.
fn says_else(text: &str, beside: &str) -> bool {
    let words_of = |text: &str| -> BTreeSet<String> {
        let long = text.split(|c: char| !c.is_alphanumeric()).filter(|w| w.chars().count() > 3);
        long.take(MOST_COMPARED).map(str::to_lowercase).collect()
    };
    let (own, other) = (words_of(text), words_of(beside));
    let new = own.difference(&other).count();
    new >= 4 && new * 3 >= own.len()
}

/// The text a reader of the mail sees first: plain text where it says as much as the HTML beside it.
pub(super) fn of(mail: &Mail, notes: &mut Notes) -> Page {
    if !mail.leaves.iter().any(is_own) {
        // Some programs name the text itself; it stays a file as well.
        let named = mail.leaves.iter().find(|l| l.within == 0 && !l.attached && is_readable(l));
        return named.map(|leaf| documents::decoded(leaf, notes)).unwrap_or_default();
    }
    let mut hidden = Vec::new();
    let mut texts: Vec<(usize, bool, Option<usize>, String)> = Vec::new();
    for (index, leaf) in mail.leaves.iter().enumerate().filter(|(_, l)| is_own(l)) {
        let html = leaf.content_type == "text/html";
        let has_plain = texts.iter().any(|(_, h, group, text)| {
            !h && group.is_some()
                && *group == leaf.alternative
                && text.chars().filter(|c| c.is_alphanumeric()).count() > 80
        });
        let page = documents::decoded(leaf, notes);
        hidden.extend(page.hidden);
        let text = page.text;
        if html && has_plain {
            // Nobody is shown one thing here and another in a mail program.
            let beside = texts.iter().filter(|(_, h, group, _)| !h && *group == leaf.alternative);
            if beside.clone().all(|(_, _, _, plain)| says_else(&text, plain)) {
                notes.warn("the HTML of the mail says something else than its plain text; both are shown");
                texts.push((index, html, None, text));
            }
            continue;
        }
        texts.push((index, html, leaf.alternative, text));
    }
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
    let keep: Vec<&str> = texts
        .iter()
        .filter(|(index, html, group, text)| {
            group.is_none()
                || !texts.iter().any(|(i, h, g, other)| {
                    // A stub ("your program cannot show HTML") gives way to the HTML; else plain text goes first.
                    i != index && g == group && h != html && {
                        let (mine, theirs) = (letters(text), letters(other));
                        if *html { theirs * 3 >= mine && theirs > 0 } else { mine * 3 < theirs || mine == 0 }
                    }
                })
        })
        .map(|(_, _, _, text)| text.trim_end())
        .filter(|text| !text.trim().is_empty())
        .collect();
    Page { text: keep.join("\n\n"), hidden }
}

/// Reports what the HTML of the mail hides. A word or two is a mark of some machine ("[ABC-123]"): it is only noted.
pub(super) fn tell_hidden(incoming: &mut Incoming, hidden: Vec<Unshown>, notes: &mut Notes) {
    let texts: Vec<&str> =
        hidden.iter().map(|one| one.text.as_str()).filter(|text| !text.is_empty()).collect();
    let text = texts.join("\n\n");
    let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| word.chars().nth(1).is_some()).count();
    let unfinished = hidden.iter().any(|one| one.text.is_empty());
    if words < FEWEST_HIDDEN && !unfinished {
        for one in &hidden {
            notes.add(format!("the HTML hides {}", html::cut(&one.in_words(), 300)));
        }
        return;
    }
    notes.warn("the HTML of the mail holds text that it does not show; it is kept apart and not taken for the sender’s words");
    let mut document = Document::default();
    document.hide_unshown(&hidden);
    incoming.hidden = document.hidden;
    incoming.hidden_text = (!text.is_empty()).then(|| html::cut(&text, MAX_KEPT).to_owned());
}
