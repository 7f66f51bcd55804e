//! Data that do not load: file, line, key, what was expected and what was found.

use std::fs;

use askance::data::laws::{Laws, regime};

fn at_ifg() -> String {
    fs::read_to_string("src/data/regimes/at-ifg.toml").unwrap()
}

/// The message for the Austrian law with one passage changed.
fn changed(from: &str, to: &str) -> String {
    let text = at_ifg();
    assert!(text.contains(from), "the file has no `{from}`");
    let text = text.replacen(from, to, 1);
    regime("regimes/at-ifg.toml", &text).expect_err("a wrong file must not load").to_string()
}

fn line_of(needle: &str) -> usize {
    at_ifg().lines().position(|l| l.contains(needle)).unwrap() + 1
}

#[test]
fn an_unknown_unit_names_file_line_and_key() {
    let told = changed("unit = \"calendar_days\"", "unit = \"fortnights\"");
    let place = format!("regimes/at-ifg.toml:{}: response.unit: ", line_of("unit = \"calendar_days\""));
    assert!(told.starts_with(&place), "{told}");
    assert!(told.contains("`fortnights`") && told.contains("`working_days`"), "{told}");
}

#[test]
fn a_missing_source_names_file_line_and_key() {
    let told = changed("src = \"§ 8(1) IFG\"\n", "");
    let place = format!("regimes/at-ifg.toml:{}: response.src: ", line_of("[response]"));
    assert!(told.starts_with(&place), "{told}");
    let told = changed("src = \"§ 8(1) IFG\"", "src = \" \"");
    assert!(told.contains("response.src: expected a source, found ` `"), "{told}");
}

#[test]
fn an_unknown_key_names_itself() {
    let told = changed("[silence]", "[silence]\nefect = \"none\"");
    let place = format!("regimes/at-ifg.toml:{}: silence.efect: ", line_of("[silence]") + 1);
    assert!(told.starts_with(&place), "{told}");
    let told = changed("country = \"AT\"", "colour = \"red\"\ncountry = \"AT\"");
    assert!(told.starts_with("regimes/at-ifg.toml:2: colour: "), "{told}");
    let told = changed("[[exemption]]", "[[exemption]]\nwhy = \"so\"");
    assert!(told.contains("exemption.why: "), "{told}");
}

#[test]
fn a_roll_on_an_unknown_day_names_the_day() {
    let told = changed("\"christmas_eve\"", "\"yule\"");
    assert!(told.contains("response.roll_on") && told.contains("`yule`"), "{told}");
}

#[test]
fn figures_and_units_belong_together() {
    let told = changed("amount = 28\n", "");
    assert!(told.contains("response.amount: expected an amount beside the unit `days`"), "{told}");
    let told = changed("amount = 28\n", "amount = 28000\n");
    assert!(told.contains("response.amount: expected an amount from 1 to 1000, found `28000`"), "{told}");
    let told = changed("unit = \"calendar_days\"", "unit = \"promptly\"");
    assert!(told.contains("expected no amount with the unit `promptly`"), "{told}");
    let told = changed("end_roll = \"next_working_day\"", "end_roll = \"none\"");
    assert!(told.contains("response.roll_on"), "{told}");
}

#[test]
fn broken_toml_names_the_line() {
    let told = changed("country = \"AT\"", "country = AT\"");
    assert!(told.starts_with(&format!("regimes/at-ifg.toml:{}: country: ", line_of("country = "))), "{told}");
}

fn holidays() -> Vec<(String, String)> {
    ["at.toml"]
        .map(|f| (format!("holidays/{f}"), fs::read_to_string(format!("src/data/holidays/{f}")).unwrap()))
        .into()
}

#[test]
fn an_id_is_that_of_its_file_and_of_no_other() {
    let told = changed("id = \"at-ifg\"", "id = \"at-ifq\"");
    assert!(told.contains("id: expected the name of the file `at-ifg`, found `at-ifq`"), "{told}");
    let twice = [("a/at-ifg.toml".to_owned(), at_ifg()), ("b/at-ifg.toml".to_owned(), at_ifg())];
    let told = Laws::read(&twice, &holidays()).unwrap_err().to_string();
    assert!(told.starts_with("b/at-ifg.toml:1: id: ") && told.contains("`at-ifg` again"), "{told}");
}

#[test]
fn a_calendar_that_is_not_there_is_named() {
    let text = at_ifg().replace("holiday_calendar = \"AT\"", "holiday_calendar = \"AT-10\"");
    let told = Laws::read(&[("regimes/at-ifg.toml".to_owned(), text)], &holidays()).unwrap_err().to_string();
    assert!(told.contains("holiday_calendar: expected a calendar") && told.contains("`AT-10`"), "{told}");
}

#[test]
fn letters_and_what_a_law_gives_are_taken_as_they_come() {
    let text = at_ifg().replace("gives = \"answers\"", "gives = \"documents\"")
        + "\n[letter.ga]\nlaw = \"IFG\"\nbasis = \"§ 7 IFG\"\ndeadline = \"binnen vier Wochen\"\nclosing = \"Danke\"\n";
    let law = regime("regimes/at-ifg.toml", &text).unwrap();
    let words = &law.letter["ga"];
    assert_eq!((words.basis.as_str(), words.deadline.as_deref()), ("§ 7 IFG", Some("binnen vier Wochen")));
    assert_eq!(words.more["closing"], "Danke");
    assert_eq!(serde_json::to_value(law.gives).unwrap(), "documents");
}
