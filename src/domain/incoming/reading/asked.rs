//! To whom a request was passed on, and what a clarification asks: the words of the letter themselves.

use crate::domain::incoming::phrases::{Hit, List};
use crate::domain::incoming::reading::section::{Prepared, Section};

/// How many characters of a passage are given.
const MOST: usize = 300;

/// The body named after a phrase of passing on: the first run of capitalised words.
pub fn transferred_to(prepared: &Prepared<'_>) -> Option<String> {
    loudest(prepared, List::Transfer).into_iter().find_map(|(section, hit)| {
        let sentence = section.sentence_of(hit);
        let last = section.words.get(hit.first + hit.count.max(1) - 1)?;
        let end = section.words.partition_point(|w| w.sentence <= sentence);
        let stop = section.words.get(end.checked_sub(1)?)?.end;
        let rest = section.text.get(last.end..stop)?;
        let first = section.words.get(hit.first)?;
        let whole = section.text.get(first.start..stop)?;
        name_in(rest).or_else(|| name_in(whole.split_once(' ').map_or("", |(_, tail)| tail)))
    })
}

/// Two or more words from a capital on, small joining words inside, up to a comma or the end.
fn name_in(text: &str) -> Option<String> {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut name: Vec<&str> = Vec::new();
    for token in flat.split(' ') {
        let bare = token.trim_matches(|c: char| !c.is_alphanumeric());
        let capital = bare.chars().next().is_some_and(char::is_uppercase) && bare.chars().count() > 1;
        if name.is_empty() && !capital {
            continue;
        }
        let joining = bare.chars().count() <= 4 && !capital;
        if name.len() >= 10 || !(capital || joining || name.len() == 1) {
            break;
        }
        name.push(token);
        if token.ends_with([',', ';', '.', ')', ':']) {
            break;
        }
    }
    while name
        .last()
        .is_some_and(|t| !t.chars().next().is_some_and(char::is_uppercase) && t.chars().count() <= 4)
    {
        name.pop();
    }
    let joined = name.join(" ");
    let trimmed = joined.trim_matches(|c: char| !c.is_alphanumeric());
    (trimmed.chars().count() >= 4).then(|| trimmed.to_owned())
}

/// The sentence that asks.
pub fn asks_for(prepared: &Prepared<'_>) -> Option<String> {
    loudest(prepared, List::Clarification).into_iter().find_map(|(section, hit)| {
        let text = section.sentence_text(section.sentence_of(hit))?;
        Some(shortened(&text.split_whitespace().collect::<Vec<_>>().join(" ")))
    })
}

/// A passage of bearable length: cut at the end of a word where no bracket is open, with a sign that it goes on.
fn shortened(text: &str) -> String {
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    let (mut open, mut end, mut word_end) = (0_usize, 0, 0);
    for (at, c) in text.char_indices().take(MOST) {
        match c {
            '(' | '[' => open += 1,
            ')' | ']' => open = open.saturating_sub(1),
            ' ' => {
                word_end = at;
                end = if open == 0 { at } else { end };
            }
            _ => {}
        }
    }
    // A bracket that fills the passage is cut within after all.
    let end = if end * 2 > word_end { end } else { word_end };
    let kept = text.get(..end).filter(|kept| !kept.is_empty()).unwrap_or(text);
    let kept: String = kept.chars().take(MOST).collect();
    format!("{} …", kept.trim_end_matches([',', ';', ':']))
}

fn loudest<'p, 'b>(prepared: &'p Prepared<'b>, list: List) -> Vec<(&'p Section<'b>, &'p Hit<'b>)> {
    let mut hits: Vec<_> = prepared
        .sections
        .iter()
        .flat_map(|s| {
            s.hits
                .iter()
                .filter(|h| h.phrase.list == list && !s.is_recited(h) && !s.is_courtesy(h))
                .map(move |h| (s, h))
        })
        .collect();
    hits.sort_by(|a, b| b.1.phrase.weight.total_cmp(&a.1.phrase.weight));
    hits
}
