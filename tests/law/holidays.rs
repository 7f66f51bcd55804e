//! The calendars: equal to their source day by day, and with what the statutes add.

use std::collections::BTreeSet;
use std::fs;

use askance::domain::law::calendar::easter_sunday;
use chrono::{Datelike, NaiveDate};

use crate::law::{LAWS, day};

#[test]
fn every_place_has_the_days_of_its_source_in_2026_and_2027() {
    let mut rows = 0;
    for line in fs::read_to_string("tests/law/holidays.txt").unwrap().lines().filter(|l| !l.starts_with('#'))
    {
        let mut words = line.split(' ');
        let (place, year) = (words.next().unwrap(), words.next().unwrap());
        let expected: BTreeSet<NaiveDate> = words.map(|d| day(&format!("{year}-{d}"))).collect();
        let calendar = LAWS.calendar(place).unwrap_or_else(|| panic!("no calendar `{place}`"));
        let year: i32 = year.parse().unwrap();
        let found = calendar.holidays().iter().map(|h| h.on).filter(|d| d.year() == year).collect();
        assert_eq!(expected, found, "{place} {year}");
        rows += 1;
    }
    assert!(rows > 600, "only {rows} places and years were compared");
}

#[test]
fn countries_and_parts_are_all_there() {
    let parts = |country: &str| {
        let prefix = format!("{country}-");
        LAWS.calendars().filter(|c| c.place().starts_with(&prefix)).count()
    };
    // The sixteen Länder and Augsburg; the four parts and the union for FOIA; the cantons and the city of Zurich.
    assert_eq!((parts("DE"), parts("GB"), parts("CH")), (17, 5, 27));
    assert_eq!((parts("AT"), parts("ES")), (9, 20));
    let national = LAWS.calendars().filter(|c| c.place().len() == 2).count();
    assert_eq!(national, 32, "with the European Union's these are the 33 countries");
    for calendar in LAWS.calendars() {
        assert_eq!(calendar.span(), (day("2015-01-01"), day("2040-12-31")), "{}", calendar.place());
        for year in 2015..=2040 {
            let days = calendar.holidays().iter().filter(|h| h.on.year() == year).count();
            assert!((3..=30).contains(&days), "{} has {days} days in {year}", calendar.place());
        }
    }
}

#[test]
fn statutes_add_their_days() {
    let name = |place: &str, date: &str| LAWS.calendar(place).unwrap().holiday(day(date)).map(str::to_owned);
    assert_eq!(name("NL", "2026-05-05"), None);
    assert_eq!(name("NL-TERMIJNENWET", "2026-05-05").as_deref(), Some("Bevrijdingsdag"));
    assert_eq!(name("NL-TERMIJNENWET", "2027-03-26").as_deref(), Some("Goede Vrijdag"));
    assert_eq!(name("SE-LAG-1930-173", "2026-12-31").as_deref(), Some("New Year's Eve"));
    assert_eq!(name("GB-ANY-PART", "2026-06-15").is_some(), name("GB-SCT", "2026-06-15").is_some());
    assert_eq!(name("GB-ANY-PART", "2026-04-06").as_deref(), Some("Easter Monday (ENG, WLS, NIR)"));
    assert_eq!(name("GB-SCT", "2026-04-06"), None);
    assert_eq!(name("EU-INSTITUTION", "2027-05-07").as_deref(), Some("day after Ascension"));
    assert!(LAWS.calendar("EU-INSTITUTION").unwrap().caveat().is_some());
}

#[test]
fn western_easter_is_that_of_the_tables() {
    for date in ["2015-04-05", "2016-03-27", "2019-04-21", "2024-03-31", "2026-04-05", "2038-04-25"] {
        assert_eq!(easter_sunday(day(date).year()), Some(day(date)));
    }
}
