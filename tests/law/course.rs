//! The life of a clock: what stops it, what lets it begin again, what the law makes of silence, and whose turn it is.

use askance::domain::law::claim::Claim;
use askance::domain::law::course::{Counts, Course, RightStanding, Verdict};
use askance::domain::law::remedy::{After, RemedyStep};

use crate::law::day;
use crate::law::ways::lived;

fn due(course: &Course) -> Option<String> {
    course.answer.as_ref().unwrap().due_on.map(|on| on.to_string())
}

/// Opens and lasts until, of the only right to a step.
fn right(course: &Course, step: RemedyStep, after: After) -> (String, String) {
    let found: Vec<_> = course.rights.iter().filter(|it| it.step == step && it.after == after).collect();
    assert_eq!(found.len(), 1, "{step}: {found:?}");
    let shown = |on: Option<chrono::NaiveDate>| on.map(|on| on.to_string()).unwrap_or_default();
    (shown(found[0].opens_on), shown(found[0].last_on))
}

#[test]
fn a_question_back_begins_the_clock_anew_in_the_united_kingdom_and_not_in_germany() {
    // s.1(3) FOIA 2000: no duty until the particulars came; twenty working days from Monday 16 March 2026.
    let asked = [("received", "2026-03-02"), ("clarification_asked", "2026-03-09")];
    let waits = lived("gb-foia", &asked);
    let answer = waits.answer.as_ref().unwrap();
    assert_eq!((answer.due_on, answer.stands_still.map(|(since, _)| since)), (None, Some(day("2026-03-09"))));
    let given = [asked[0], asked[1], ("clarification_given", "2026-03-16")];
    assert_eq!(due(&lived("gb-foia", &given)).as_deref(), Some("2026-04-16"));
    // Without the question: 17 March drops out, so twenty working days from 2 March end on 31 March.
    assert_eq!(due(&lived("gb-foia", &asked[..1])).as_deref(), Some("2026-03-31"));
    // § 7 IFG knows no such effect: one month from 2 March, whatever is asked.
    assert_eq!(due(&lived("de-nw-ifg", &asked[..1])).as_deref(), Some("2026-04-02"));
    assert_eq!(due(&lived("de-nw-ifg", &given)).as_deref(), Some("2026-04-02"));
}

#[test]
fn a_question_that_comes_after_the_last_day_stops_nothing() {
    let course = lived("gb-foia", &[("received", "2026-03-02"), ("clarification_asked", "2026-04-01")]);
    let answer = course.answer.as_ref().unwrap();
    assert_eq!(due(&course).as_deref(), Some("2026-03-31"));
    assert!(
        answer.remarks.iter().any(|step| step.text.contains("after the last day")),
        "{:?}",
        answer.remarks
    );
}

#[test]
fn a_fee_notice_takes_its_days_out_of_the_count() {
    // s.10(2) FOIA 2000: the working days from the notice (Monday 9 March) to the payment (Friday 13 March), both
    // included, are disregarded: five working days later than 31 March, past Good Friday and Easter Monday.
    let notice = [("received", "2026-03-02"), ("fee_asked", "2026-03-09")];
    assert_eq!(due(&lived("gb-foia", &notice)), None);
    let paid = lived("gb-foia", &[notice[0], notice[1], ("fee_paid", "2026-03-13")]);
    assert_eq!(due(&paid).as_deref(), Some("2026-04-09"));
    let still = paid
        .answer
        .as_ref()
        .unwrap()
        .deadline
        .days
        .iter()
        .filter(|d| d.why_not.as_deref().is_some_and(|why| why.starts_with("stands still")));
    assert_eq!(still.count(), 5);
}

#[test]
fn an_extension_told_too_late_moves_nothing() {
    let told = |on: &str| {
        let (regime, calendar) = crate::law::law("si-zdijz");
        let facts = [
            crate::law::ways::fact(&["received".to_owned(), "2026-03-02".to_owned()]),
            crate::law::ways::fact(&["extended".to_owned(), on.to_owned(), "2026-04-30".to_owned()]),
        ];
        askance::domain::law::course::course(regime, calendar, &facts).unwrap()
    };
    let (in_time, late) = (told("2026-03-20"), told("2026-03-31"));
    let verdict = |course: &Course| course.answer.as_ref().unwrap().claims[0].verdict.clone();
    assert!(matches!(verdict(&in_time), Verdict::Measured(Claim::Lawful { .. })), "{in_time:?}");
    assert_eq!(due(&in_time).as_deref(), Some("2026-04-30"));
    let first = lived("si-zdijz", &[("received", "2026-03-02")]);
    assert!(matches!(verdict(&late), Verdict::ToldLate { .. }), "{late:?}");
    assert_eq!(due(&late), due(&first));
}

#[test]
fn a_transfer_begins_the_time_of_the_new_body() {
    // § 15 ods. 3 of Act 211/2000: the new body has its own twelve working days, under the rule of that day.
    let course = lived("sk-211", &[("received", "2025-02-26"), ("transferred", "2025-03-03")]);
    assert_eq!(due(&course).as_deref(), Some("2025-03-19"));
    // Received under the old rule of eight working days, and kept there.
    assert_eq!(due(&lived("sk-211", &[("received", "2025-02-26")])).as_deref(), Some("2025-03-10"));
}

#[test]
fn silence_in_france_opens_the_cada_and_its_silence_the_court() {
    let silent = lived("fr-crpa", &[("received", "2026-03-10")]);
    assert_eq!(due(&silent).as_deref(), Some("2026-04-10"));
    let complaint = right(&silent, RemedyStep::Complaint, After::Silence);
    assert_eq!(complaint, ("2026-04-11".to_owned(), "2026-06-10".to_owned()));
    let early = silent.rights.iter().find(|it| it.step == RemedyStep::Complaint).unwrap();
    let not_yet = RightStanding::NotYet { opens_on: day("2026-04-11") };
    assert_eq!(early.standing(day("2026-04-10")), not_yet);
    assert_eq!(early.standing(day("2026-06-10")), RightStanding::Open { days_left: Some(0) });
    assert_eq!(early.standing(day("2026-06-11")), RightStanding::Lapsed);
    assert_eq!(silent.refused_by_silence(day("2026-04-10")), None);
    assert_eq!(silent.refused_by_silence(day("2026-04-11")), Some(day("2026-04-10")));
    let at_cada = lived(
        "fr-crpa",
        &[
            ("received", "2026-03-10"),
            ("taken:complaint", "2026-05-04"),
            ("taken_registered:complaint", "2026-05-06"),
        ],
    );
    // R.* 343-5: two months after CADA registered it; then two clear months to the court, whose last day is a Monday.
    assert_eq!(at_cada.bodies[0].refuses_on, Some(day("2026-07-06")));
    assert_eq!(at_cada.counts(day("2026-06-01")), Counts::Body(RemedyStep::Complaint));
    let court = right(&at_cada, RemedyStep::Court, After::Silence);
    assert_eq!(court, ("2026-07-07".to_owned(), "2026-09-07".to_owned()));
}

#[test]
fn a_walloon_appeal_one_day_early_is_too_early() {
    let course = lived(
        "be-wal",
        &[("received", "2019-10-25"), ("registered", "2019-10-28"), ("taken:complaint", "2019-11-27")],
    );
    assert_eq!(due(&course).as_deref(), Some("2019-11-27"));
    let appeal = course.rights.iter().find(|it| it.step == RemedyStep::Complaint).unwrap();
    assert_eq!(appeal.opens_on, Some(day("2019-11-28")));
    assert_eq!(appeal.standing(day("2019-12-01")), RightStanding::UsedEarly);
}

#[test]
fn a_letter_says_late_on_a_working_day_and_with_a_day_of_grace() {
    // 31 January + one month is Saturday 28 February 2026, and stays there; a letter waits for Tuesday.
    let course = lived("fr-crpa", &[("received", "2026-01-31")]);
    assert_eq!(course.answer.unwrap().late_letter_from, Some(day("2026-03-03")));
    let course = lived("de-nw-ifg", &[("received", "2026-03-02")]);
    assert_eq!(course.answer.unwrap().late_letter_from, Some(day("2026-04-07")));
}

#[test]
fn the_court_of_justice_is_two_months_and_ten_days_away() {
    let course = lived(
        "eu-1049",
        &[
            ("received", "2026-03-02"),
            ("answered", "2026-03-20"),
            ("taken:review", "2026-03-27"),
            ("decided:review", "2026-04-21"),
        ],
    );
    let (_, last) = right(&course, RemedyStep::Court, After::Decision);
    assert_eq!(last, "2026-07-01");
}
