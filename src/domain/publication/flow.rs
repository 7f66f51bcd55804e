//! Mail keeps the line breaks of a window of 72 columns; for reading, those that only filled a line become blanks.

/// A line shorter than this was ended on purpose: an address, a verse, a list.
const LONG: usize = 55;
/// A line that fills its paragraph ends at most this far before the longest.
const NEAR: usize = 15;
/// Nobody wraps by hand beyond this: such a text has a break only where its writer pressed the key.
const WIDEST: usize = 100;

/// The text with each soft line break as a blank, one character for one character, so that all offsets stay right.
pub fn flow(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let lines: Vec<&str> = text.split('\n').collect();
    let mut longest = 0;
    for (place, line) in lines.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|before| lines.get(before));
        if before.is_none_or(|before| before.trim().is_empty()) {
            longest = lines
                .iter()
                .skip(place)
                .map(|line| width(line))
                .take_while(|width| *width > 0)
                .max()
                .unwrap_or(0);
        }
        let next = lines.get(place + 1).copied();
        match (next, line.strip_suffix('\r')) {
            (None, _) => out.push_str(line),
            (Some(next), bare) if is_soft(line, next, longest) => {
                out.push_str(bare.unwrap_or(line));
                out.push_str(if bare.is_some() { "  " } else { " " });
            }
            (Some(_), _) => {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    out
}

fn width(line: &str) -> usize {
    line.trim_end().chars().count()
}

/// Whether the break between two lines only filled the first.
fn is_soft(line: &str, next: &str, longest: usize) -> bool {
    let width = width(line);
    let fills = width >= LONG && width + NEAR >= longest && longest <= WIDEST;
    fills && is_prose(line) && is_prose(next) && continues(next) && !line.trim_end().ends_with(':')
}

/// No quote, no table, no rule, no line between blanks.
fn is_prose(line: &str) -> bool {
    let text = line.trim_end();
    let table = text.contains(['|', '\t']) || text.trim_start().contains("   ");
    let written = text.chars().any(|c| c.is_alphanumeric() || c == '█');
    written && !table && !text.starts_with('>')
}

/// Whether a line can be the middle of a sentence: no indent, no item of a list, no field of a head, no signature.
fn continues(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default();
    let more = line.trim_end().len() > first.len();
    let indented = line.starts_with(char::is_whitespace);
    let bullet = matches!(first, "-" | "*" | "•" | "–" | "—" | "·" | "+" | "o" | "--" | "▪" | "‣");
    let field = more && first.len() > 1 && first.ends_with(':');
    !(indented || bullet || field || (more && is_number(first)))
}

/// `1.`, `12)`, `(a)`, `α)`, `1.2.`, `IV.`: the number of an item.
fn is_number(word: &str) -> bool {
    let Some(inner) = word.strip_suffix(['.', ')']) else { return false };
    let inner = inner.trim_start_matches('(');
    let figures =
        |part: &str| !part.is_empty() && part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit());
    let roman = inner.len() <= 4 && !inner.is_empty() && inner.bytes().all(|b| b"IVX".contains(&b));
    let letter = inner.chars().count() == 1 && inner.chars().all(char::is_alphabetic);
    letter || roman || inner.split('.').all(figures)
}

#[cfg(test)]
mod tests {
    use super::flow;

    /// Every other character stays as it is, at its place.
    fn flowed(text: &str) -> String {
        let flowed = flow(text);
        assert_eq!(flowed.len(), text.len());
        let same = |(a, b): (u8, u8)| a == b || (matches!(a, b'\n' | b'\r') && b == b' ');
        assert!(text.bytes().zip(flowed.bytes()).all(same), "{flowed}");
        flowed
    }

    #[test]
    fn german_and_greek_prose_flows_and_its_paragraphs_stay() {
        let german = "Sehr geehrte Frau Varga,\n\nIhr Antrag auf Zugang zu amtlichen Informationen wird abgelehnt, weil\n\
                      das Bekanntwerden nachteilige Auswirkungen auf die innere Sicherheit haben\nkann.\n\nIm Auftrag\nMüller\n";
        let text = flowed(german);
        assert!(
            text.contains("abgelehnt, weil das Bekanntwerden")
                && text.contains("haben kann.\n\nIm Auftrag\nMüller\n")
        );
        assert!(text.starts_with("Sehr geehrte Frau Varga,\n\n"));
        let greek = "Σας ενημερώνουμε ότι το αίτημά σας διαβιβάστηκε στην αρμόδια\nυπηρεσία του Υπουργείου Προστασίας του Πολίτη για τις\nδικές της ενέργειες.";
        assert!(flowed(greek).contains("στην αρμόδια υπηρεσία του"));
        assert!(
            flowed("Ein Satz, der in seiner Zeile bis weit nach rechts reicht,\r\nund weitergeht.")
                .ends_with("reicht,  und weitergeht.")
        );
    }

    #[test]
    fn addresses_lists_tables_quotes_and_signatures_keep_their_lines() {
        for text in [
            "Polizeipräsidium Ostheim\nAm Markt 1\n12345 Ostheim\n",
            "Wir haben die folgenden Unterlagen zu Ihrem Antrag gefunden und\n- den Vertrag mit dem Hersteller\n- das Protokoll",
            "Wir haben die folgenden Unterlagen zu Ihrem Antrag gefunden und\n1. den Vertrag mit dem Hersteller",
            "Βρέθηκαν τα ακόλουθα έγγραφα σχετικά με το αίτημά σας, δηλαδή\nα) η σύμβαση με τον ανάδοχο",
            "Year   Cameras in the inner city   Cameras at the main stations\n2024   12                          7",
            "| Jahr | Kameras in der Innenstadt | Kameras an den Bahnhöfen |\n| 2024 | 12 | 7 |",
            "> Wir bitten um Auskunft über die Kameras in der Innenstadt und\n> um die Verträge mit dem Hersteller.",
            "Diese Zeile reicht fast bis an den rechten Rand des Fensters an\n-- \nMüller",
            "Diese Zeile reicht fast bis an den rechten Rand des Fensters an\n    eingerückt",
            "From: The Information Office of the City <office@city.example>\nSent: Monday, 3 May 2026 10:12",
            "Die Antworten auf Ihre Fragen der Reihe nach sind die folgenden:\nZwölf Kameras.",
        ] {
            assert_eq!(flowed(text), text);
        }
    }

    #[test]
    fn text_of_one_line_a_paragraph_keeps_its_breaks() {
        let long = "Ein sehr langer Satz, den ein Programm nie umbrochen hat. ".repeat(3);
        let text = format!("{long}\n{long}");
        assert_eq!(flowed(&text), text);
        assert_eq!(flowed(""), "");
        assert_eq!(flowed("\n\n"), "\n\n");
    }
}
