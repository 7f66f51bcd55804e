//! What holds for every law on every day, whatever its figures.

use askance::domain::law::deadline::{Clock, Deadline, deadline};
use askance::domain::law::regime::Regime;
use askance::domain::law::rules::{Counting, EndRoll, ExtensionMode, Starts};
use askance::domain::law::term::{Limit, Term, Unit};
use chrono::{Datelike, Days, NaiveDate};

use crate::law::{LAWS, day, law};

/// Each law on days of three years, one of them a leap year: on every day, or on every third, which still brings up
/// all weekdays, month ends and holidays.
fn walk(apart: u64, mut seen: impl FnMut(&'static Regime, NaiveDate, &Deadline)) {
    for regime in LAWS.regimes() {
        let calendar = LAWS.calendar_of(regime);
        let mut day = day("2026-01-01");
        while day < self::day("2029-01-01") {
            let found = deadline(regime, calendar, &Clock::received(day)).unwrap();
            seen(regime, day, &found);
            day = day + Days::new(apart);
        }
    }
}

/// The day on which a term is over before anything moves it, or for working days if there were no holidays.
fn earliest(start: NaiveDate, term: Term, counting: Counting) -> NaiveDate {
    let end = match term.unit {
        Unit::WorkingDays => {
            let weekdays = start.iter_days().skip(1).filter(|d| d.weekday().number_from_monday() < 6);
            weekdays.take(usize::try_from(term.amount).unwrap()).last().unwrap()
        }
        Unit::Months => {
            let month = start.month0() + term.amount;
            let year = start.year() + i32::try_from(month / 12).unwrap();
            let on = |day| NaiveDate::from_ymd_opt(year, month % 12 + 1, day);
            (1..=start.day()).rev().find_map(on).unwrap()
        }
        _ => start + Days::new(u64::from(term.amount)),
    };
    if counting == Counting::ClearDays { end.succ_opt().unwrap() } else { end }
}

/// The extended term: the day from which it is counted, and its length.
fn extension(regime: &Regime, found: &Deadline) -> Option<(NaiveDate, Term)> {
    let (term, mode) = regime.extension.term()?;
    let Limit::Term(first) = regime.response.limit() else { return None };
    Some(match mode {
        ExtensionMode::Total => (found.start, term),
        ExtensionMode::FromEndOfFirst => (found.due_on?, term),
        ExtensionMode::Additional => {
            assert_eq!(first.unit, term.unit, "{}", regime.id);
            (found.start, Term { amount: first.amount + term.amount, unit: term.unit })
        }
    })
}

#[test]
fn a_due_date_is_never_before_its_time_and_never_on_a_day_that_moves_it() {
    let mut dates = 0;
    walk(1, |regime, received, found| {
        let calendar = LAWS.calendar_of(regime);
        let (Some(due), Limit::Term(term)) = (found.due_on, regime.response.limit()) else { return };
        let told = format!("{} received {received}", regime.id);
        assert!(due > received, "{told}: due {due}");
        assert!(found.extended_due_on.is_none_or(|later| later >= due), "{told}: extended before due");
        let longer = extension(regime, found);
        assert_eq!(longer.is_some(), found.extended_due_on.is_some(), "{told}: the extension");
        let ends = [Some((due, (found.start, term))), found.extended_due_on.zip(longer)];
        for (end, (start, term)) in ends.into_iter().flatten() {
            let earliest = earliest(start, term, regime.response.counting);
            assert!(earliest <= end, "{told}: {term} from {start} end on {end}");
            let rolls = regime.response.end_roll == EndRoll::NextWorkingDay;
            let moves = |day: NaiveDate| rolls && calendar.moves_end(&regime.response.roll_on, day).is_some();
            let counts = term.unit != Unit::WorkingDays || calendar.is_working_day(end);
            assert!(!moves(end) && counts, "{told}: ends on {end}");
            let kept = |day: &NaiveDate| *day < end && !moves(*day);
            let early = earliest.iter_days().take_while(|day| *day < end).find(kept);
            assert!(term.unit == Unit::WorkingDays || early.is_none(), "{told}: {end}, not {early:?}");
        }
        dates += 1;
    });
    assert!(dates > 52_000, "only {dates} dates were looked at");
}

#[test]
fn a_later_request_is_never_due_earlier() {
    let mut last: Option<(&Regime, [Option<NaiveDate>; 3])> = None;
    let mut steps = 0;
    walk(1, |regime, received, found| {
        let now = [found.due_on, found.extended_due_on, found.expected_on];
        if let Some((_, before)) = last.filter(|(law, _)| law.id == regime.id) {
            let told = format!("{} received {received}: {before:?}, then {now:?}", regime.id);
            // `None` comes before any date: a date that is missing once is missed always.
            assert!(before.iter().zip(&now).all(|(b, n)| b <= n && b.is_some() == n.is_some()), "{told}");
            steps += 1;
        }
        last = Some((regime, now));
    });
    assert!(steps > 58_000, "only {steps} pairs of days were compared");
}

#[test]
fn only_a_law_that_counts_from_registration_asks_for_its_day() {
    walk(3, |regime, received, found| {
        let registered = Some(received + Days::new(u64::from(received.day() % 9)));
        let clock = Clock { received, registered };
        let with = deadline(regime, LAWS.calendar_of(regime), &clock).unwrap();
        let told = format!("{} received {received}, registered {registered:?}", regime.id);
        if regime.response.starts == Starts::DayAfterReceipt {
            assert_eq!((with.start, with.due_on), (received, found.due_on), "{told}");
            assert_eq!((with.extended_due_on, with.expected_on), (found.extended_due_on, found.expected_on));
        } else {
            assert_eq!(Some(with.start), registered, "{told}");
            // Where no day is known, that of receipt stands for it, or the first one on which somebody is there.
            let known = registered.is_some_and(|on| found.start <= on);
            let later = with.due_on >= found.due_on && with.extended_due_on >= found.extended_due_on;
            assert!(!known || later, "{told}");
            assert!(known || received < found.start, "{told}");
        }
    });
}

#[test]
fn the_days_of_a_derivation_count_up_to_the_limit_without_a_gap() {
    walk(3, |regime, received, found| {
        let (Some(due), Limit::Term(term)) = (found.due_on, regime.response.limit()) else { return };
        let told = format!("{} received {received}", regime.id);
        let (first, last) = (found.days.first().unwrap(), found.days.last().unwrap());
        assert_eq!((first.date, last.date), (found.start, due), "{told}");
        assert_eq!((first.number, last.why_not.is_some() && last.number.is_some()), (None, false), "{told}");
        assert!(found.days.windows(2).all(|w| w[0].date.succ_opt() == Some(w[1].date)), "{told}: a gap");
        let numbers: Vec<u32> = found.days.iter().filter_map(|d| d.number).collect();
        let expected = if term.unit == Unit::Months { 0 } else { term.amount };
        assert_eq!(numbers, (1..=expected).collect::<Vec<_>>(), "{told}");
    });
}

/// A second way to count working days: strike out and take the nth, instead of stepping.
#[test]
fn working_days_agree_with_a_plain_list() {
    for id in ["gb-foia", "ie-foi", "dk-offl", "eu-1049", "sk-211", "lt-tgi"] {
        let (regime, calendar) = law(id);
        let amount = usize::try_from(regime.response.amount.unwrap()).unwrap();
        for received in day("2026-01-01").iter_days().take(700) {
            let rest = |d: &NaiveDate| {
                d.weekday().number_from_monday() > 5 || calendar.holidays().iter().any(|h| h.on == *d)
            };
            // Nobody registers on a day off.
            let put_off = regime.response.registers_on_working_days;
            let start = if put_off { received.iter_days().find(|d| !rest(d)).unwrap() } else { received };
            let plain = start.iter_days().skip(1).filter(|d| !rest(d)).nth(amount - 1);
            let found = deadline(regime, calendar, &Clock::received(received)).unwrap();
            assert_eq!(found.due_on, plain, "{id} received {received}");
        }
    }
}

#[test]
fn a_month_ends_on_its_number_or_on_its_last_day() {
    let (regime, calendar) = law("fr-crpa");
    for received in day("2023-01-01").iter_days().take(1500) {
        let due = deadline(regime, calendar, &Clock::received(received)).unwrap().due_on.unwrap();
        let same = due.day() == received.day();
        let last_of_short = due.succ_opt().unwrap().day() == 1 && due.day() < received.day();
        assert!(same || last_of_short, "received {received}, due {due}");
        assert_eq!(due.month0(), (received.month0() + 1) % 12, "received {received}, due {due}");
    }
}

#[test]
fn a_date_is_an_estimate_unless_the_statute_was_read() {
    walk(3, |regime, received, found| {
        let sure = regime.verified.as_str() == "primary";
        assert!(found.estimate || sure, "{} received {received}", regime.id);
    });
    let (regime, calendar) = law("at-ifg");
    assert!(!deadline(regime, calendar, &Clock::received(day("2026-03-06"))).unwrap().estimate);
}

#[test]
fn lateness_is_told_in_days_and_in_the_unit_of_the_law() {
    use askance::domain::law::deadline::days_late;
    let (regime, calendar) = law("gb-foia");
    // Friday 27 November 2026; Monday 30 is St Andrew's Day, so Tuesday is one working day late.
    let late = days_late(regime, calendar, day("2026-11-27"), day("2026-12-01"));
    assert_eq!((late.calendar_days, late.working_days), (4, Some(1)));
    let early = days_late(regime, calendar, day("2026-11-27"), day("2026-11-20"));
    assert_eq!((early.calendar_days, early.working_days), (0, Some(0)));
    let (regime, calendar) = law("de-ifg");
    let late = days_late(regime, calendar, day("2026-11-27"), day("2026-12-01"));
    assert_eq!((late.calendar_days, late.working_days), (4, None));
}

#[test]
fn the_day_of_receipt_is_the_day_where_the_law_holds() {
    let at = |id: &str, utc: &str| law(id).0.day_of(utc.parse().unwrap()).to_string();
    // 22:30 UTC in summer: already tomorrow in Athens and Vienna, still today in London and Lisbon.
    let evening = "2026-07-01T22:30:00Z";
    assert_eq!(at("gr-kdd5", evening), "2026-07-02");
    assert_eq!(at("at-ifg", evening), "2026-07-02");
    assert_eq!(at("gb-foia", evening), "2026-07-01");
    assert_eq!(at("pt-lada", evening), "2026-07-01");
    // In winter midnight comes an hour later in UTC.
    assert_eq!(at("at-ifg", "2026-12-01T22:30:00Z"), "2026-12-01");
    assert_eq!(at("eu-1049", "2026-12-01T23:00:00Z"), "2026-12-02");
}

#[test]
fn a_target_and_a_figure_of_practice_are_called_so() {
    let told = |id: &str| {
        let (regime, calendar) = law(id);
        deadline(regime, calendar, &Clock::received(day("2026-03-03"))).unwrap()
    };
    assert!(told("de-ifg").is_target && told("de-ifg").steps.iter().any(|s| s.text.contains("should")));
    assert!(!told("de-nw-ifg").is_target);
    assert!(told("gb-foia").extended_steps.iter().any(|s| s.text.contains("practice")));
    assert!(!told("ie-foi").extended_steps.iter().any(|s| s.text.contains("practice")));
}

#[test]
fn a_law_survives_the_copy_that_a_request_keeps() {
    for regime in LAWS.regimes() {
        let kept = serde_json::to_string(regime).unwrap();
        let back: Regime = serde_json::from_str(&kept).unwrap();
        assert_eq!(&back, regime);
        assert!(back.version.starts_with(&format!("{}@", regime.id)), "{}", back.version);
    }
}
