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

/// Days of 2026 and 2027 in a statute's calendar that its place does not have, and the other way round.
fn differences(statute: &str, place: &str) -> Vec<String> {
    let days = |id: &str| -> BTreeSet<NaiveDate> {
        let all = LAWS.calendar(id).unwrap().holidays().iter().map(|h| h.on);
        all.filter(|on| (2026..=2027).contains(&on.year())).collect()
    };
    let (with, without) = (days(statute), days(place));
    let more = with.difference(&without).map(|on| format!("+{on}"));
    more.chain(without.difference(&with).map(|on| format!("-{on}"))).collect()
}

#[test]
fn a_statute_differs_from_its_source_in_these_days_and_no_others() {
    let listed = [
        // Art. 3 Algemene termijnenwet: 5 May in every year, not in every fifth; Good Friday the source has too.
        ("NL-TERMIJNENWET", "NL", &["+2026-05-05", "+2027-05-05"][..]),
        // 2 § lag (1930:173): Midsummer Eve, Christmas Eve, New Year's Eve.
        (
            "SE-LAG-1930-173",
            "SE",
            &["+2026-06-19", "+2026-12-24", "+2026-12-31", "+2027-06-25", "+2027-12-24", "+2027-12-31"],
        ),
        // s.10(6) FOIA 2000: what England does not keep and Scotland or Northern Ireland does: 2 January (in 2027 a
        // Saturday, so Monday the 4th), St Patrick, the Scottish day of the World Cup, 12 July, the first Monday of
        // August, St Andrew. The source keeps a day on a weekend beside its substitute; that moves nothing.
        (
            "GB-ANY-PART",
            "GB-ENG",
            &[
                "+2026-01-02",
                "+2026-03-17",
                "+2026-06-15",
                "+2026-07-12",
                "+2026-07-13",
                "+2026-08-03",
                "+2026-11-30",
                "+2027-01-02",
                "+2027-01-04",
                "+2027-03-17",
                "+2027-07-12",
                "+2027-08-02",
                "+2027-11-30",
            ],
        ),
    ];
    for (statute, place, expected) in listed {
        assert_eq!(differences(statute, place), expected, "{statute}");
    }
}

#[test]
fn days_that_lists_of_holidays_get_wrong_are_as_the_statute_says() {
    let off = |place: &str, date: &str| LAWS.calendar(place).unwrap().holiday(day(date)).is_some();
    // (place, day, a day off, why)
    let said = [
        ("SK", "2023-09-01", true, "zákon 241/1993 as it was"),
        (
            "SK",
            "2024-09-01",
            false,
            "§ 2 (2): Constitution Day stays a state holiday and is a working day since 2024",
        ),
        ("SK", "2026-09-01", false, "the same"),
        ("SK", "2024-11-17", true, "the last one"),
        ("SK", "2025-11-17", false, "a state holiday and a working day since 2025"),
        ("SK", "2027-11-17", false, "the same"),
        ("SK", "2026-05-08", false, "a working day in 2026 alone, by the consolidation act"),
        ("SK", "2027-05-08", true, "a day off again"),
        ("SK", "2026-09-15", false, "a working day in 2026 alone, by the consolidation act"),
        ("SK", "2027-09-15", true, "a day off again"),
        ("PL", "2024-12-24", false, "not yet"),
        ("PL", "2025-12-24", true, "Christmas Eve, by the act of 6 December 2024"),
        ("DK", "2023-05-05", true, "Great Prayer Day"),
        ("DK", "2024-04-26", false, "Great Prayer Day was abolished from 2024"),
        ("IT", "2027-10-04", true, "Saint Francis, since 2026"),
        ("IT", "2025-10-04", false, "not yet"),
        ("LV", "2025-05-05", true, "4 May 2025 was a Sunday: the Monday after"),
        ("LV", "2028-11-20", true, "18 November 2028 is a Saturday: the Monday after"),
        ("EE", "2027-06-28", false, "Estonia gives no day for one that falls on a weekend"),
        ("CH-BE", "2026-01-02", true, "Berchtold's Day is kept in Berne"),
        ("CH-BE", "2026-05-01", false, "Labour Day is not"),
        ("BG", "2026-12-28", true, "26 December 2026 is a Saturday: Art. 154 (2) Labour Code"),
        ("FI", "2026-06-19", true, "5 § laki 150/1930: Midsummer Eve ends no term"),
        ("IT", "2026-06-29", false, "the patron of Rome is no day of all Italy"),
    ];
    for (place, date, expected, why) in said {
        assert_eq!(off(place, date), expected, "{place} {date}: {why}");
    }
}
