//! The language of a reply, measured on our own letters, near languages apart.

use askance::data::knowledge::knowledge;
use askance::domain::incoming::understand;
use std::collections::BTreeMap;
use std::path::Path;

#[test]
fn near_languages_are_told_apart() {
    let knowledge = knowledge().expect("the knowledge is readable");
    for (language, body) in [
        (
            "sr-Latn",
            "Poštovani, obaveštavamo Vas da je Vaš zahtev primljen i da će rešenje biti doneto u roku od 15 dana.",
        ),
        (
            "hr",
            "Poštovani, obavještavamo Vas da je Vaš zahtjev zaprimljen te da će rješenje biti doneseno u roku od 15 dana.",
        ),
        ("nn", "Hei, vi har motteke kravet ditt om innsyn. Du får ikkje svar frå oss før saka er avklart."),
        ("nb", "Hei, vi har mottatt kravet ditt om innsyn. Du får ikke svar fra oss før saken er avklart."),
        ("mk", "Почитувани, Ве известуваме дека барањето е примено и ќе добиете одговор во рок од 20 дена."),
        ("bg", "Уважаеми, уведомяваме Ви, че заявлението е прието и ще получите отговор в срок от 14 дни."),
    ] {
        let mail = format!("Content-Type: text/plain; charset=utf-8\r\nSubject: x\r\n\r\n{body}\r\n");
        assert_eq!(understand(mail.as_bytes(), &knowledge).language.as_deref(), Some(language), "{body}");
    }
}

#[test]
fn letters_of_every_language_are_told() {
    let knowledge = knowledge().expect("the knowledge is readable");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/replies/letters");
    let (mut right, mut all) = (0, 0);
    let mut missed: BTreeMap<String, usize> = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("there are letters") {
        let path = entry.expect("readable").path();
        let name = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default().to_owned();
        let file: toml::Table = std::fs::read_to_string(&path).expect("readable").parse().expect("TOML");
        for letter in file["letter"].as_array().expect("letters") {
            let body = letter["body"].as_str().expect("a body");
            let wanted = letter.get("language").and_then(toml::Value::as_str).unwrap_or(&name);
            let mail = format!("Content-Type: text/plain; charset=utf-8\r\n\r\n{body}");
            let found = understand(mail.as_bytes(), &knowledge).language.unwrap_or_default();
            let plain =
                |l: &str| l.split('-').next().unwrap_or_default().replace("nn", "no").replace("nb", "no");
            all += 1;
            if plain(&found) == plain(wanted) {
                right += 1;
            } else {
                *missed.entry(name.clone()).or_default() += 1;
            }
        }
    }
    assert!(all >= 300, "found {all} letters");
    assert!(right * 100 >= all * 97, "{right} of {all} told; missed: {missed:?}");
}
