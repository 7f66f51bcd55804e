//! Our letter copied bare beside the answer, or sent back by a server: what is whose, shape by shape.

use askance::data::phrasebook::phrasebook;
use askance::domain::incoming::body::split;
use serde::Deserialize;

#[derive(Deserialize)]
struct Table {
    letter: Vec<Letter>,
}

#[derive(Deserialize)]
struct Letter {
    shape: String,
    lines: String,
}

/// The lines of one of the two, without the empty ones.
fn of<'t>(lines: &'t str, whose: &str) -> Vec<&'t str> {
    let theirs = lines.lines().filter_map(|line| line.strip_prefix(whose));
    theirs.map(str::trim).filter(|line| !line.is_empty()).collect()
}

#[test]
fn each_line_of_two_letters_is_its_writers() {
    let book = phrasebook().expect("the phrases are readable");
    let table: Table = toml::from_str(include_str!("two_letters.toml")).expect("the table is readable");
    let mut wrong = Vec::new();
    for letter in &table.letter {
        let text: Vec<&str> = letter.lines.lines().map(|line| line.get(2..).unwrap_or_default()).collect();
        let own = split(&text.join("\n"), &book).own;
        let own: Vec<&str> = own.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if own != of(&letter.lines, "A") {
            wrong.push(format!("{}: {own:#?}", letter.shape));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(table.letter.iter().any(|letter| of(&letter.lines, "R").is_empty()), "some must stay whole");
}
