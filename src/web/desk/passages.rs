//! Where the passages that show something stand in a reply: its texts cut at them, each numbered and named.

use crate::domain::publication::flow::flow;
use serde::Serialize;
use std::collections::BTreeSet;

/// A piece of a text; a numbered one is evidence.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Segment {
    /// The text, exactly as it stands there.
    pub text: String,
    /// Number of the passage.
    pub number: Option<usize>,
    /// The row of the proposal that rests on it, the first if there are more.
    pub row: Option<String>,
    /// What it shows, in words: colour alone tells nothing.
    pub label: String,
    /// How many lines are folded away in it; none are in most.
    pub folded: usize,
}

/// A text in which passages may stand.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// `subject`, `body` or `attachment:NAME`.
    pub place: &'a str,
    /// As it came.
    pub text: &'a str,
}

/// What is said to be shown by a passage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim<'a> {
    /// The row of the proposal, counted from 0.
    pub fact: usize,
    /// What it shows, in a word or two.
    pub label: &'a str,
    /// The passage as it stands there.
    pub passage: &'a str,
    /// Where; none = wherever it stands first, as whole words.
    pub place: Option<&'a str>,
}

/// Texts cut at their passages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marked {
    /// The pieces of each text, in the order of the texts.
    pub texts: Vec<Vec<Segment>>,
    /// Numbers of the passages of each claim, in the order of the claims; none = it was not found.
    pub numbers: Vec<Option<usize>>,
}

impl Marked {
    /// The numbers of the passages on which a row rests, in their order.
    pub fn of_fact(&self, claims: &[Claim<'_>], fact: usize) -> Vec<usize> {
        let own = claims.iter().zip(&self.numbers).filter(|(claim, _)| claim.fact == fact);
        own.filter_map(|(_, number)| *number).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// A place in a text with the claim that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Spot {
    text: usize,
    from: usize,
    to: usize,
    claim: usize,
}

/// A marked passage: claims whose places overlap share one, so that no mark is ever within another.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Passage {
    text: usize,
    from: usize,
    to: usize,
    claims: Vec<usize>,
}

/// The id of a row of the proposal.
pub fn row(fact: usize) -> String {
    format!("pr{}", fact + 1)
}

/// Cuts texts at the passages that stand in them, numbered as they are read, and joins lines that only filled a
/// window.
pub fn mark(texts: &[Text<'_>], claims: &[Claim<'_>]) -> Marked {
    let spots = claims.iter().enumerate().filter_map(|(index, claim)| spot(texts, (index, claim))).collect();
    let passages = merged(spots);
    let number_of = |claim: usize| passages.iter().position(|p| p.claims.contains(&claim)).map(|at| at + 1);
    Marked {
        numbers: (0..claims.len()).map(number_of).collect(),
        // Passages were found in the texts as they came; flowed they have the same offsets.
        texts: texts
            .iter()
            .enumerate()
            .map(|(at, text)| cut((at, &flow(text.text)), &passages, claims))
            .collect(),
    }
}

/// The first place where a claim's passage stands.
fn spot(texts: &[Text<'_>], (claim, said): (usize, &Claim<'_>)) -> Option<Spot> {
    // Texts are kept without NUL, which PostgreSQL's text does not hold.
    let passage = said.passage.trim().replace('\0', "\u{fffd}");
    if passage.is_empty() {
        return None;
    }
    texts.iter().enumerate().filter(|(_, text)| said.place.is_none_or(|place| place == text.place)).find_map(
        |(at, text)| {
            let from = match said.place {
                Some(_) => text.text.find(&passage),
                None => as_words(text.text, &passage),
            }?;
            Some(Spot { text: at, from, to: from + passage.len(), claim })
        },
    )
}

/// Where words stand that are no part of longer ones: a file number `12` is not that of `2012`.
fn as_words(text: &str, words: &str) -> Option<usize> {
    let is_open = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(words).map(|(from, _)| from).find(|from| {
        let before = text.get(..*from).and_then(|before| before.chars().next_back());
        let after = text.get(from + words.len()..).and_then(|after| after.chars().next());
        is_open(before) && is_open(after)
    })
}

/// Places in the order of the texts; those that overlap become one.
fn merged(mut spots: Vec<Spot>) -> Vec<Passage> {
    spots.sort_unstable();
    let mut out: Vec<Passage> = Vec::new();
    for spot in spots {
        match out.last_mut() {
            Some(last) if last.text == spot.text && spot.from < last.to => {
                last.to = last.to.max(spot.to);
                last.claims.push(spot.claim);
            }
            _ => {
                out.push(Passage { text: spot.text, from: spot.from, to: spot.to, claims: vec![spot.claim] });
            }
        }
    }
    out
}

/// A text cut at its passages.
fn cut((at, text): (usize, &str), passages: &[Passage], claims: &[Claim<'_>]) -> Vec<Segment> {
    let (mut out, mut done) = (Vec::new(), 0);
    let mut push = |range: std::ops::Range<usize>, number, row, label| {
        if let Some(part) = text.get(range).filter(|part| !part.is_empty()) {
            out.push(Segment { text: part.to_owned(), number, row, label, folded: 0 });
        }
    };
    for (index, passage) in passages.iter().enumerate().filter(|(_, passage)| passage.text == at) {
        let (first, label) = shows(passage, claims);
        push(done..passage.from, None, None, String::new());
        push(passage.from..passage.to, Some(index + 1), first.map(row), label);
        done = passage.to;
    }
    push(done..text.len(), None, None, String::new());
    out
}

/// The first row that rests on a passage, and all that it shows, each said once.
fn shows(passage: &Passage, claims: &[Claim<'_>]) -> (Option<usize>, String) {
    let own = || passage.claims.iter().filter_map(|claim| claims.get(*claim));
    let mut labels: Vec<(usize, &str)> = own().map(|claim| (claim.fact, claim.label)).collect();
    labels.sort_unstable();
    labels.dedup_by_key(|(_, label)| *label);
    let words: Vec<&str> = labels.iter().map(|(_, label)| *label).collect();
    (own().map(|claim| claim.fact).min(), words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Der Antrag wird abgelehnt. § 3 Nr. 2 IFG steht entgegen.";

    fn claim(fact: usize, label: &'static str, passage: &'static str) -> Claim<'static> {
        Claim { fact, label, passage, place: Some("body") }
    }

    fn marks(segments: &[Segment]) -> Vec<(&str, usize, &str)> {
        segments.iter().filter_map(|s| Some((s.text.as_str(), s.number?, s.label.as_str()))).collect()
    }

    #[test]
    fn passages_are_numbered_as_read_over_all_texts_and_overlaps_are_one() {
        let texts = [
            Text { place: "subject", text: "Bescheid" },
            Text { place: "body", text: TEXT },
            Text { place: "attachment:a.pdf", text: "Az. 12/2012, wird abgelehnt" },
        ];
        let claims = [
            claim(1, "Ground", "§ 3 Nr. 2 IFG"),
            claim(0, "Kind", "wird abgelehnt"),
            claim(2, "Ground", "Antrag wird"),
            Claim { fact: 0, label: "Kind", passage: "wird abgelehnt", place: Some("attachment:a.pdf") },
            Claim { fact: 3, label: "File number", passage: "12", place: None },
            claim(0, "Kind", "bewilligt"),
        ];
        let marked = mark(&texts, &claims);
        assert_eq!(
            marks(&marked.texts[1]),
            [("Antrag wird abgelehnt", 1, "Kind, Ground"), ("§ 3 Nr. 2 IFG", 2, "Ground")]
        );
        assert_eq!(marks(&marked.texts[2]), [("12", 3, "File number"), ("wird abgelehnt", 4, "Kind")]);
        assert_eq!(marked.of_fact(&claims, 0), [1, 4]);
        assert_eq!(marked.numbers[5], None, "what does not stand there marks nothing");
        for (text, segments) in texts.iter().zip(&marked.texts) {
            let joined: String = segments.iter().map(|s| s.text.as_str()).collect();
            assert_eq!(joined, text.text);
        }
    }

    #[test]
    fn number_that_is_a_part_of_another_is_not_marked() {
        assert_eq!(as_words("Az. 2012, Az. 12", "12"), Some(14));
        assert_eq!(as_words("Az. 2012", "12"), None);
    }

    /// Whatever stands in the text and wherever passages lie, the pieces are the text.
    #[test]
    fn pieces_are_the_text_whatever_it_is() {
        let alphabet: Vec<char> = "a b<>&\"'\n\0{}%é█𐀀\u{202e}-->".chars().collect();
        let mut seed = 7_u64;
        let mut next = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(seed >> 33).unwrap() % below
        };
        for _ in 0..3_000 {
            let text: String = (0..next(60)).map(|_| alphabet[next(alphabet.len())]).collect();
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let passages: Vec<String> = (0..next(6))
                .map(|_| {
                    let (a, b) = (places[next(places.len())], places[next(places.len())]);
                    text[a.min(b)..a.max(b)].to_owned()
                })
                .collect();
            let claims: Vec<Claim<'_>> = passages
                .iter()
                .enumerate()
                .map(|(fact, passage)| Claim {
                    fact,
                    label: "x",
                    passage,
                    place: (fact % 2 == 0).then_some("body"),
                })
                .collect();
            let marked = mark(&[Text { place: "body", text: &text }], &claims);
            let joined: String = marked.texts[0].iter().map(|s| s.text.as_str()).collect();
            assert_eq!(joined, flow(&text));
            assert!(marked.texts[0].iter().all(|s| !s.text.is_empty()));
        }
    }
}
