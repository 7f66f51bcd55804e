//! Every row of examples.csv, worked out by hand by the people who researched the laws.

use chrono::NaiveDate;

use crate::law::{day, due};

#[test]
fn every_example_has_its_due_date_and_its_extended_one() {
    let mut rows = csv::Reader::from_path("tests/law/examples.csv").unwrap();
    let (mut count, mut wrong) = (0, Vec::new());
    for row in rows.records() {
        let row = row.unwrap();
        let maybe = |i: usize| -> Option<NaiveDate> { (!row[i].is_empty()).then(|| day(&row[i])) };
        let found = due(&row[0], day(&row[1]), maybe(2));
        let (expected, got) = ((maybe(3), maybe(4)), (found.due_on, found.extended_due_on));
        if expected != got {
            wrong.push(format!("{} received {}: expected {expected:?}, found {got:?}", &row[0], &row[1]));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(count, 53, "all rows were read");
}
