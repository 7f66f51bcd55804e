//! The register we ship is read as it stands, and a mistake in it is named by file, line and key.

use askance::data::register::{deployments, deployments_of, organisations};

const TEXT: &str = include_str!("../src/data/deployments.toml");

/// What the reader says once `from` has become `to`, and the line of that place.
fn complaint(from: &str, to: &str) -> (String, usize) {
    let at = TEXT.find(from).unwrap();
    let line = TEXT[..at].matches('\n').count() + 1;
    (deployments_of(&TEXT.replacen(from, to, 1)).unwrap_err().to_string(), line)
}

#[test]
fn what_we_ship_is_read_whole() {
    let deployments = deployments().unwrap();
    assert_eq!(deployments.len(), TEXT.matches("\n[[deployment]]").count());
    assert!(deployments.iter().all(|deployment| !deployment.statements.is_empty()));
    for statement in deployments.iter().flat_map(|deployment| &deployment.statements) {
        assert!(!statement.source.is_empty(), "{}", statement.text);
    }
    assert!(organisations().unwrap().len() > 50);
}

#[test]
fn a_bundle_of_a_deployment_is_one_of_the_catalogue() {
    let catalogue = askance::data::catalogue::load().unwrap();
    for deployment in deployments().unwrap() {
        for bundle in &deployment.bundles {
            assert!(catalogue.bundle(bundle).is_some(), "{}: `{bundle}`", deployment.key);
        }
    }
}

#[test]
fn a_wrong_word_names_file_line_and_key() {
    let (told, line) =
        complaint("status = \"in_use\"\nstart = \"2012\"", "status = \"used\"\nstart = \"2012\"");
    let place = format!(
        "deployments.toml:{line}: deployment.fr-taj.status: expected one of planned, trial, in_use, "
    );
    assert!(told.starts_with(&place) && told.ends_with("found `used`"), "{told}");
    let (told, line) = complaint("key = \"fr-alicem\"", "key = \"fr-taj\"");
    let place = format!("deployments.toml:{line}: deployment.fr-taj.key: ");
    assert!(told.starts_with(&place) && told.contains("twice"), "{told}");
}

#[test]
fn a_missing_or_wrong_field_names_itself() {
    let (told, line) = complaint("place = \"France (national)\"\n", "");
    let header =
        format!("deployments.toml:{}: ", TEXT.lines().position(|l| l == "[[deployment]]").unwrap() + 1);
    assert!(told.starts_with(&header) && told.contains("deployment.place: missing field"), "{told} ({line})");
    let (told, line) = complaint("place = \"France (national)\"", "place = 1");
    assert!(told.starts_with(&format!("deployments.toml:{line}: deployment.place: ")), "{told}");
    let (told, line) = complaint("place = \"France (national)\"", "place = \"France");
    assert!(told.starts_with(&format!("deployments.toml:{line}: ")), "{told}");
}
