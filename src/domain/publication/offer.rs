//! What of a message is proposed for everyone to read, before anything is struck out.

/// Where the passages of files are said to stand.
const IN_A_FILE: &str = "attachment:";
/// What a sentence ends with.
const ENDS: [char; 3] = ['.', '!', '?'];
/// A line of running text has so many characters at least.
const FULL_LINE: usize = 45;
/// A sentence goes on for so many bytes before and behind its passage.
const LONGEST: usize = 600;
/// All that is proposed of files has so many bytes at most.
const MOST: usize = 4_000;

/// The words of a message that are proposed for everyone to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offer {
    /// The words; none = it has none of its own, and no passage of a file shows what it is.
    pub text: Option<String>,
    /// The files that they were taken from; none = they are its own.
    pub files: Vec<String>,
}

/// A passage that shows what a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passage<'a> {
    /// `body`, `subject` or `attachment:NAME`.
    pub place: &'a str,
    /// Its words.
    pub words: &'a str,
    /// The text that it stands in, where that is known.
    pub within: &'a str,
}

impl Offer {
    /// Its own text; where it has none, because the letter itself is a file, the sentences of its files that show what
    /// it is. Whole files are never proposed: too much of them is nobody's business.
    pub fn of<'a>(own: &str, passages: impl IntoIterator<Item = Passage<'a>>) -> Self {
        if !own.trim().is_empty() {
            return Self { text: Some(own.to_owned()), files: Vec::new() };
        }
        let (mut texts, mut files): (Vec<&str>, Vec<String>) = (Vec::new(), Vec::new());
        for passage in passages {
            let Some(file) = passage.place.strip_prefix(IN_A_FILE) else { continue };
            // Words that stand there twice may be said of something else.
            if passage.within.matches(passage.words).nth(1).is_some() {
                continue;
            }
            let words = sentence(&passage).unwrap_or(passage.words).trim();
            let all: usize = texts.iter().map(|text| text.len()).sum();
            if words.is_empty() || texts.contains(&words) || all + words.len() > MOST {
                continue;
            }
            texts.push(words);
            if !files.iter().any(|known| known == file) {
                files.push(file.to_owned());
            }
        }
        Self { text: (!texts.is_empty()).then(|| texts.join("\n\n")), files }
    }
}

/// The sentence that a passage stands in: half of one may say the contrary.
fn sentence<'a>(passage: &Passage<'a>) -> Option<&'a str> {
    let text = passage.within;
    let at = text.find(passage.words).filter(|_| !passage.words.is_empty())?;
    let end = at + passage.words.len();
    let before = text.get(..at)?.char_indices().rev().take_while(|(i, _)| at - i <= LONGEST);
    let begins = before.into_iter().find(|(i, c)| ends_at(text, *i, *c));
    // What has no ends is no sentence.
    let from = match begins {
        Some((i, c)) => i + c.len_utf8(),
        None => (at <= LONGEST).then_some(0)?,
    };
    let until = if text.get(..end)?.ends_with(ENDS) {
        end
    } else {
        let after = text.get(end..)?;
        let mut behind = after.char_indices().take_while(|(i, _)| *i < LONGEST);
        match behind.find(|(i, c)| ends_at(text, end + i, *c)) {
            Some((i, c)) => end + i + c.len_utf8(),
            None => (after.len() <= LONGEST).then_some(text.len())?,
        }
    };
    text.get(from..until)
}

/// Whether a sentence ends with the character at a place: a full stop that is none of an abbreviation or a number, or a
/// line that ended before its edge, as those of a letterhead and a salutation do.
fn ends_at(text: &str, at: usize, c: char) -> bool {
    let after = text.get(at + c.len_utf8()..).unwrap_or_default();
    if c == '\n' {
        let line = text.get(..at).and_then(|before| before.rsplit('\n').next()).unwrap_or_default();
        return line.trim().chars().count() < FULL_LINE;
    }
    if !ENDS.contains(&c) {
        return false;
    }
    let next = after.trim_start().chars().next();
    let is_followed = after.is_empty() || after.starts_with(char::is_whitespace);
    is_followed && next.is_none_or(|next| !next.is_lowercase() && !next.is_numeric())
}

#[cfg(test)]
mod tests {
    use super::{Offer, Passage};

    fn passage<'a>(place: &'a str, words: &'a str, within: &'a str) -> Passage<'a> {
        Passage { place, words, within }
    }

    #[test]
    fn passages_of_files_stand_in_only_where_there_is_no_text_and_each_once() {
        let passages = [
            passage("subject", "Ablehnung", ""),
            passage("attachment:Bescheid.pdf", "Antrag wird abgelehnt", "Ihr Antrag wird abgelehnt. Gründe:"),
            passage("attachment:Bescheid.pdf", "wird abgelehnt", "Ihr Antrag wird abgelehnt. Gründe:"),
            passage("attachment:Anlage.pdf", "Es besteht kein Anspruch.", ""),
        ];
        let own = Offer::of("Siehe Anlage.", passages);
        assert_eq!((own.text.as_deref(), own.files.len()), (Some("Siehe Anlage."), 0));
        let of_files = Offer::of(" \n", passages);
        assert_eq!(of_files.text.unwrap(), "Ihr Antrag wird abgelehnt.\n\nEs besteht kein Anspruch.");
        assert_eq!(of_files.files, ["Bescheid.pdf", "Anlage.pdf"]);
        assert_eq!(Offer::of("", [passage("subject", "Ablehnung", "")]), Offer::default());
    }

    #[test]
    fn a_passage_is_shown_with_its_sentence_and_without_what_stands_around_it() {
        let text = "Stadt Brandau\nFrau Zeisig, Zimmer 4\nSehr geehrte Frau Varga,\nauf Ihren Antrag ergeht folgender \
                    Bescheid: Soweit Sie nach\n§ 4 Abs. 1 IFG NRW Zugang begehren, wird dies abgelehnt. Sie können klagen.";
        let shown = |words: &str| Offer::of("", [passage("attachment:a", words, text)]).text.unwrap();
        assert_eq!(
            shown("wird dies abgelehnt"),
            "auf Ihren Antrag ergeht folgender Bescheid: Soweit Sie nach\n§ 4 Abs. 1 IFG NRW Zugang begehren, wird dies abgelehnt."
        );
        assert_eq!(shown("Sie können klagen."), "Sie können klagen.");
        assert_eq!(shown("nicht darin"), "nicht darin");
        // What stands there twice may be said of another case.
        let twice = "Frau B. schrieb, ihr Antrag wird abgelehnt. Ihr Antrag wird abgelehnt.";
        assert_eq!(Offer::of("", [passage("attachment:a", "wird abgelehnt", twice)]), Offer::default());
        // No sentence ends here; what is shown stays short.
        let long = format!("{} abgelehnt {}", "wort ".repeat(900), "wort ".repeat(900));
        assert_eq!(Offer::of("", [passage("attachment:a", "abgelehnt", &long)]).text.unwrap(), "abgelehnt");
        // A file that is one passage is not proposed.
        let whole = "Punkt 1 wird gewährt, Punkt 2 nicht ".repeat(200);
        assert_eq!(Offer::of("", [passage("attachment:a", &whole, &whole)]), Offer::default());
    }
}
