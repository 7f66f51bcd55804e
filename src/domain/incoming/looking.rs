//! What hides in a mail and its files, as its reading is kept: a person looks at it before anything is published (R35).

use serde::Deserialize;
use serde::de::IgnoredAny;

/// As much of a kept reading as is needed to count; what it does not know it passes over.
#[derive(Deserialize)]
struct Kept {
    attachments: Vec<KeptFile>,
    #[serde(default)]
    hidden: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct KeptFile {
    #[serde(default)]
    hidden: Vec<IgnoredAny>,
}

/// How many things hide in the text and the files of a mail whose reading was kept as JSON; none where it could not be read.
pub fn hidden_in(reading: &str) -> usize {
    let kept: Option<Kept> = serde_json::from_str(reading).unwrap_or_default();
    kept.map_or(0, |kept| {
        kept.hidden.len() + kept.attachments.iter().map(|file| file.hidden.len()).sum::<usize>()
    })
}

#[cfg(test)]
mod tests {
    use super::hidden_in;

    #[test]
    fn what_hides_is_counted_even_if_its_kind_is_not_known_here() {
        let reading = r#"{"text":"x","attachments":[{"name":"a","hidden":[{"what":"author","detail":""},{"what":"news"}]},
            {"name":"b"},{"hidden":[{}]}]}"#;
        assert_eq!(hidden_in(reading), 3);
        assert_eq!(hidden_in(&reading.replacen('{', r#"{"hidden":[{"what":"hidden_text"}],"#, 1)), 4);
        assert_eq!((hidden_in("null"), hidden_in(r#"{"attachments":[]}"#), hidden_in("{")), (0, 0, 0));
    }
}
