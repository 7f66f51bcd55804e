//! The text of a letter as the public reads it: what is covered, and where the bars are.

use crate::domain::letter::Signature;
use crate::domain::publication::names;
use crate::domain::publication::redaction::{strike_contacts, strike_secrets};
use serde::Serialize;

/// A run of text, or a bar as long as what it hides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// The text; of a bar only its length is told.
    pub text: String,
    /// Whether it is a bar.
    pub bar: bool,
}

/// Our own letter without reply address, other contacts and the requester's name. Who signed is known here, so
/// nothing is guessed: the name is covered exactly as the letter has it, wherever it stands.
pub fn covered(text: &str, signed_as: &str) -> String {
    let hidden = strike_contacts(&strike_secrets(text, ""));
    names::strike_exactly(&hidden, &Signature::parse(signed_as).person)
}

/// Text parted at its bars.
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for c in text.chars() {
        let bar = c == '█';
        let shown = if bar { 'x' } else { c };
        match pieces.last_mut() {
            Some(last) if last.bar == bar => last.text.push(shown),
            _ => pieces.push(Piece { text: shown.to_string(), bar }),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::{covered, pieces};

    #[test]
    fn reply_address_is_covered_on_any_domain() {
        for domain in ["localhost", "post.askance.example", "127.0.0.1"] {
            let text = format!("Please answer to R-2026-0417-abcdefghij234567klmn@{domain}. Thank you.");
            let shown = covered(&text, "Mira Varga");
            assert_eq!(shown, "Please answer to ████████████████. Thank you.");
        }
    }

    #[test]
    fn the_person_is_covered_and_nothing_else() {
        for (signed_as, written, shown) in [
            ("Mara V.\nKlarblick e. V.", "Mara V.", "███████"),
            ("Varga, Mara", "Varga, Mara", "███████████"),
            ("Anna van der Berg", "Anna van\n   der Berg", "████████████████████"),
            ("Jan Mu\u{308}ller", "Jan Müller", "██████████"),
            ("Lin  Wu", "Lin Wu", "██████"),
            ("Will", "Will", "████"),
        ] {
            let text = format!("I will ask, says {written}.\nWillard Amt\nKlarblick e. V.");
            let public = covered(&text, signed_as);
            assert_eq!(public, format!("I will ask, says {shown}.\nWillard Amt\nKlarblick e. V."));
        }
    }

    #[test]
    fn bars_tell_their_length_and_nothing_else() {
        let parts = pieces("price: ████ EUR");
        assert_eq!(parts.iter().map(|p| p.bar).collect::<Vec<_>>(), [false, true, false]);
        assert_eq!(parts[1].text, "xxxx");
    }
}
