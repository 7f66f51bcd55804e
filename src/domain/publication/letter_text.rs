//! The text of a letter as the public reads it: what is covered, and where the bars are.

use crate::domain::letter::Signature;
use crate::domain::publication::redaction::{Private, redact};
use regex::Regex;
use serde::Serialize;
use std::sync::LazyLock;

/// A run of text, or a bar as long as what it hides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// The text; of a bar only its length is told.
    pub text: String,
    /// Whether it is a bar.
    pub bar: bool,
}

/// Our reply addresses, on any domain and without one: the token alone is the secret (reference.rs).
static REPLY_ADDRESS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\br-\d{4}-\d{4,9}-[a-z2-7]{20}(?:@[a-z0-9.-]*[a-z0-9])?").ok());

/// Our own letter with the reply address, other contacts and the requester's name covered.
pub fn covered(text: &str, signed_as: &str) -> String {
    let hidden = REPLY_ADDRESS.as_ref().map_or_else(
        || text.to_owned(),
        |address| address.replace_all(text, "█".repeat(16).as_str()).into_owned(),
    );
    redact(&hidden, Private { names: &[Signature::parse(signed_as).person], reply_address: "" })
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
    fn bars_tell_their_length_and_nothing_else() {
        let parts = pieces("price: ████ EUR");
        assert_eq!(parts.iter().map(|p| p.bar).collect::<Vec<_>>(), [false, true, false]);
        assert_eq!(parts[1].text, "xxxx");
    }
}
