//! The zone of the server, of the reader and of a mail's `Date` never moves a day: a law counts in its own.

use std::collections::BTreeMap;
use std::process::Command;

use askance::domain::law::deadline::{Clock, deadline};
use askance::domain::law::regime::Regime;
use chrono::{
    DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc, Weekday,
};
use chrono_tz::Tz;

use crate::law::{LAWS, day};

/// From UTC-12 to UTC+14, with halves and quarters of an hour and clocks that change on other days than Europe's.
const SERVERS: [Tz; 26] = [
    Tz::Etc__GMTPlus12,
    Tz::Pacific__Pago_Pago,
    Tz::Pacific__Honolulu,
    Tz::Pacific__Marquesas,
    Tz::America__Anchorage,
    Tz::America__Los_Angeles,
    Tz::America__Denver,
    Tz::America__Mexico_City,
    Tz::America__New_York,
    Tz::America__Santiago,
    Tz::America__St_Johns,
    Tz::America__Nuuk,
    Tz::Atlantic__Azores,
    Tz::UTC,
    Tz::Europe__Berlin,
    Tz::Africa__Cairo,
    Tz::Europe__Moscow,
    Tz::Asia__Tehran,
    Tz::Asia__Karachi,
    Tz::Asia__Kathmandu,
    Tz::Asia__Tokyo,
    Tz::Australia__Lord_Howe,
    Tz::Pacific__Noumea,
    Tz::Pacific__Auckland,
    Tz::Pacific__Chatham,
    Tz::Pacific__Kiritimati,
];

fn three_years() -> impl Iterator<Item = NaiveDate> {
    day("2026-01-01").iter_days().take_while(|d| d.year() < 2029)
}

/// One law for each zone that laws have; the day of an instant depends on nothing else of a law.
fn one_a_zone() -> BTreeMap<&'static str, &'static Regime> {
    LAWS.regimes().map(|regime| (regime.zone.name(), regime)).collect()
}

/// The dates that follow from a day of receipt: due, extended, expected.
fn dates(regime: &Regime, received: NaiveDate) -> [Option<NaiveDate>; 3] {
    let found = deadline(regime, LAWS.calendar_of(regime), &Clock::received(received)).unwrap();
    [found.due_on, found.extended_due_on, found.expected_on]
}

/// An instant as a program in another zone keeps it and as its mails and logs write it, read back.
fn as_written_there(at: DateTime<Utc>, server: Tz) -> [DateTime<Utc>; 4] {
    let there = at.with_timezone(&server);
    let fixed = there.fixed_offset();
    let log = DateTime::parse_from_rfc3339(&there.to_rfc3339()).unwrap();
    let mail = DateTime::parse_from_rfc2822(&there.to_rfc2822()).unwrap();
    [there.to_utc(), fixed.to_utc(), log.to_utc(), mail.to_utc()]
}

/// How many hours a zone is ahead of UTC, by Directive 2000/84/EC, which all countries of our laws follow:
/// summer time from 01:00 UTC on the last Sunday of March to 01:00 UTC on the last Sunday of October.
fn hours_ahead(zone: &str, at: NaiveDateTime) -> i64 {
    let winter = match zone {
        "Europe/London" | "Europe/Dublin" | "Europe/Lisbon" => 0,
        "Asia/Nicosia" | "Europe/Athens" | "Europe/Bucharest" | "Europe/Helsinki" | "Europe/Riga"
        | "Europe/Sofia" | "Europe/Tallinn" | "Europe/Vilnius" => 2,
        _ => 1,
    };
    let [from, until] = changes(at.year()).map(|d| d.and_hms_opt(1, 0, 0).unwrap());
    winter + i64::from(from <= at && at < until)
}

/// The Sundays on which the clocks change.
fn changes(year: i32) -> [NaiveDate; 2] {
    [3, 10].map(|month| {
        let last = NaiveDate::from_ymd_opt(year, month, 31).unwrap();
        last - Days::new(u64::from(last.weekday().days_since(Weekday::Sun)))
    })
}

#[test]
fn a_day_of_receipt_is_the_same_from_every_server() {
    let (mut seen, mut elsewhere) = (0, 0);
    for (zone, regime) in one_a_zone() {
        for received in three_years() {
            for clock in [(0, 30), (23, 30)] {
                let local = received.and_time(NaiveTime::from_hms_opt(clock.0, clock.1, 0).unwrap());
                let at = regime.zone.from_local_datetime(&local).single().unwrap();
                for server in SERVERS {
                    let there = at.with_timezone(&server);
                    assert_eq!(
                        (regime.day_of(there.to_utc()), regime.day_of(there.fixed_offset().to_utc())),
                        (received, received),
                        "{zone}: {at} as {there}"
                    );
                    seen += 1;
                    elsewhere += u32::from(there.date_naive() != received);
                }
            }
        }
    }
    // Each of these was on another date by the clock of the server.
    assert!(seen > 1_000_000 && elsewhere > seen / 4, "{elsewhere} of {seen}");
}

#[test]
fn on_the_days_on_which_clocks_change_every_hour_has_its_day() {
    let mut seen = 0;
    for (zone, regime) in one_a_zone() {
        for change in (2026..=2028).flat_map(changes) {
            let from = change.pred_opt().unwrap().and_hms_opt(20, 30, 0).unwrap();
            for hour in 0..30 {
                let at = from + TimeDelta::hours(hour);
                let expected = (at + TimeDelta::hours(hours_ahead(zone, at))).date();
                for server in SERVERS {
                    for read in as_written_there(at.and_utc(), server) {
                        assert_eq!(regime.day_of(read), expected, "{zone}: {at} UTC written in {server}");
                    }
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 100_000, "only {seen}");
}

#[test]
fn every_law_gives_the_same_dates_at_both_ends_of_a_day_from_every_server() {
    let mut seen = 0;
    for regime in LAWS.regimes() {
        assert_eq!(regime.zone, LAWS.calendar_of(regime).zone(), "{}", regime.id);
        for (nth, received) in three_years().enumerate() {
            // Another server each day: over three years each law meets each of them on every weekday and month.
            let server = SERVERS[nth % SERVERS.len()];
            let ends = [received.and_hms_opt(0, 0, 0), received.and_hms_opt(23, 59, 59)].map(|local| {
                // No clock of our laws changes within an hour of midnight, UTC or local.
                let local = local.unwrap();
                let utc = local - TimeDelta::hours(hours_ahead(regime.zone.name(), local));
                let at = utc.and_utc().with_timezone(&server);
                let on = regime.day_of(at.to_utc());
                assert_eq!(on, received, "{}: {local} as {at}", regime.id);
                dates(regime, on)
            });
            assert_eq!(ends[0], ends[1], "{} received {received}", regime.id);
            seen += 1;
        }
    }
    assert!(seen > 58_000, "only {seen}");
}

/// What the library cannot show: that no part of the program asks the machine where it is.
#[test]
fn the_program_says_the_same_wherever_its_machine_believes_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("requests.csv");
    let days = ["2026-02-28", "2026-03-29", "2026-08-31", "2026-10-25", "2026-12-31", "2028-02-29"];
    let rows = LAWS.regimes().flat_map(|law| days.map(|on| format!("{},{on}\n", law.id)));
    std::fs::write(&path, format!("regime,received\n{}", rows.collect::<String>())).unwrap();
    let run = |zone: Tz| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_askance"));
        let done =
            program.args(["due", "--json", "--csv"]).arg(&path).env("TZ", zone.name()).output().unwrap();
        assert!(done.status.success(), "{zone}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    let here = run(Tz::UTC);
    assert_eq!(here.lines().count(), LAWS.regimes().count() * days.len());
    for zone in [Tz::Etc__GMTPlus12, Tz::America__St_Johns, Tz::Pacific__Chatham, Tz::Pacific__Kiritimati] {
        assert!(run(zone) == here, "{zone}: other dates than in UTC");
    }
}

/// R48, by the program itself: no deadline depends on the zone of the server. All: `ASKANCE_ZONES=26 ASKANCE_DAYS=730`.
#[test]
fn r48_no_deadline_differs_between_servers_of_26_zones() {
    let number = |name, usual: u64| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(usual);
    let (days, zones) = (number("ASKANCE_DAYS", 40), usize::try_from(number("ASKANCE_ZONES", 6)).unwrap());
    // From one end of the earth to the other, whatever the number.
    let zones: Vec<Tz> = (0..zones).map(|n| SERVERS[n * (SERVERS.len() - 1) / (zones - 1).max(1)]).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("requests.csv");
    let laws: Vec<_> = LAWS.regimes().map(|law| law.id.to_string()).collect();
    // Spread over two years, ends of months and changes of clocks among them; another law each day.
    let rows = (0..days).map(|n| {
        let on = day("2026-01-01") + Days::new(n * 730 / days);
        let law = &laws[usize::try_from(n).unwrap() % laws.len()];
        format!("{law},{on}\n")
    });
    std::fs::write(&path, format!("regime,received\n{}", rows.collect::<String>())).unwrap();
    let run = |zone: &str| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_askance"));
        let done = program.args(["due", "--json", "--csv"]).arg(&path).env("TZ", zone).output().unwrap();
        assert!(done.status.success(), "{zone}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    let here = run("UTC");
    assert_eq!(here.lines().count() as u64, days);
    let differing = zones.iter().filter(|zone| run(zone.name()) != here).count();
    println!("R48: {} zones x {days} days, {differing} differ", zones.len());
    assert_eq!(differing, 0);
}
