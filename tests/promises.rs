//! `docs/reliability.md` names a test for each promise, and each test that bears a promise's number stands there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The promises about mail, storage and operations.
const PROMISED: [u32; 32] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 26, 48, 49, 50, 51, 52, 53, 54,
    55, 56, 58, 60,
];

/// What stands in the page: the tests that each promise names.
fn named() -> BTreeMap<u32, BTreeSet<String>> {
    let page = std::fs::read_to_string("docs/reliability.md").unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| R")?.split_once(" |"));
    rows.map(|(number, rest)| {
        let number = number.parse().unwrap_or_else(|_| panic!("`R{number}` is no promise"));
        let tests = rest.split('`').skip(1).step_by(2).filter(|word| bears_a_number(word).is_some());
        (number, tests.map(str::to_owned).collect())
    })
    .collect()
}

/// The number that the name of a test bears: `r09_…`.
fn bears_a_number(name: &str) -> Option<u32> {
    let (number, _) = name.strip_prefix('r')?.split_once('_')?;
    (number.len() == 2).then(|| number.parse().ok())?
}

/// The tests below a folder that bear a number.
fn written(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            written(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let names =
                text.lines().filter_map(|line| line.trim_start().strip_prefix("fn ")?.split('(').next());
            found.extend(names.filter(|name| bears_a_number(name).is_some()).map(str::to_owned));
        }
    }
}

#[test]
fn each_promise_has_a_test_and_each_such_test_is_named() {
    let named = named();
    let promised: BTreeSet<u32> = PROMISED.into();
    assert_eq!(named.keys().copied().collect::<BTreeSet<u32>>(), promised);
    let mut tests = BTreeSet::new();
    written(Path::new("tests"), &mut tests);
    for (number, names) in &named {
        assert!(!names.is_empty(), "R{number} names no test");
        for name in names {
            assert_eq!(bears_a_number(name), Some(*number), "`{name}` stands beside R{number}");
            assert!(tests.contains(name), "R{number} names `{name}`, which there is not");
        }
    }
    let all: BTreeSet<String> = named.into_values().flatten().collect();
    let unnamed: Vec<&String> = tests.difference(&all).collect();
    assert!(unnamed.is_empty(), "docs/reliability.md does not name {unnamed:?}");
}
