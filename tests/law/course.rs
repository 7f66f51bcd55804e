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

/// Whether a right stands there as this on a day; of several the one that was opened last.
fn standing(course: &Course, step: RemedyStep, after: After, today: &str) -> RightStanding {
    let found = course.rights.iter().filter(|it| it.step == step && it.after == after);
    found
        .max_by_key(|it| it.trigger_on)
        .unwrap_or_else(|| panic!("no {step}: {course:#?}"))
        .standing(day(today))
}

#[test]
fn an_answer_that_comes_while_the_clock_stands_still_is_not_late() {
    // § 14 ods. 7 of Act 211/2000: from the notice to the payment; nobody paid, the answer came all the same.
    let paused = lived(
        "sk-211",
        &[("received", "2026-03-02"), ("fee_asked", "2026-03-05"), ("answered", "2026-05-20")],
    );
    let answer = paused.answer.as_ref().unwrap();
    assert!(answer.due_on.is_none_or(|due| due >= day("2026-05-20")), "{:?}", answer.due_on);
    assert_eq!(paused.refused_by_silence(day("2026-06-30")), None);
    assert!(paused.rights.iter().all(|right| right.after == After::Decision), "{:?}", paused.rights);
    // What would have begun the term anew never came, so it never ended; and what comes later moves nothing.
    let facts =
        [("received", "2026-03-02"), ("clarification_asked", "2026-03-10"), ("answered", "2026-05-20")];
    assert_eq!(due(&lived("gb-foia", &facts)), None);
    let late = [facts[0], facts[1], facts[2], ("clarification_given", "2026-05-22")];
    assert_eq!(due(&lived("gb-foia", &late)), None);
}

#[test]
fn a_complaint_against_silence_stays_valid_when_a_decision_comes_late() {
    // The silence of CRPA L. 311-14 was used in time; the refusal that comes then opens its own two months.
    let facts = [("received", "2026-03-02"), ("taken:complaint", "2026-04-20"), ("answered", "2026-05-11")];
    for id in ["pt-lada", "fr-crpa"] {
        let course = lived(id, &facts);
        let used: Vec<_> = course.rights.iter().filter(|it| it.used_on.is_some()).collect();
        assert_eq!(used.len(), 1, "{id}: {:?}", course.rights);
        assert_eq!((used[0].after, used[0].step), (After::Silence, RemedyStep::Complaint), "{id}");
        assert_ne!(used[0].standing(day("2026-06-01")), RightStanding::UsedEarly, "{id}");
    }
    let again = standing(&lived("fr-crpa", &facts), RemedyStep::Complaint, After::Decision, "2026-06-01");
    assert!(matches!(again, RightStanding::Open { .. }), "{again:?}");
}

#[test]
fn one_use_serves_every_way_that_was_open_and_none_of_them_lapses() {
    let course = lived(
        "fr-crpa",
        &[("received", "2026-02-06"), ("answered", "2026-04-10"), ("taken:complaint", "2026-04-20")],
    );
    let complaints = course.rights.iter().filter(|it| it.step == RemedyStep::Complaint);
    let standings: Vec<_> = complaints.map(|it| (it.after, it.standing(day("2026-09-01")))).collect();
    assert_eq!(standings, [(After::Decision, RightStanding::Used)]);
}

#[test]
fn a_second_decision_leaves_what_was_used_against_the_first() {
    let facts = [
        ("received", "2026-02-16"),
        ("answered", "2026-03-10"),
        ("taken:review", "2026-03-15"),
        ("answered", "2026-04-10"),
    ];
    let course = lived("gb-foia", &facts);
    let reviews: Vec<_> = course
        .rights
        .iter()
        .filter(|it| it.step == RemedyStep::Review)
        .map(|it| it.standing(day("2026-04-20")))
        .collect();
    assert_eq!(reviews.len(), 2, "{reviews:?}");
    assert_eq!(reviews[0], RightStanding::Used);
    assert!(matches!(reviews[1], RightStanding::Open { .. }), "{reviews:?}");
}

#[test]
fn whoever_got_everything_has_nothing_left_to_challenge() {
    let course = lived("fr-crpa", &[("received", "2026-03-06"), ("disclosed", "2026-04-20")]);
    assert_eq!(course.rights, []);
}

#[test]
fn what_is_recorded_before_the_letter_is_known_to_have_arrived_is_not_lost() {
    for answered in ["2026-03-02", "2026-03-01"] {
        let course = lived("fr-crpa", &[("answered", answered), ("received", "2026-03-02")]);
        assert_eq!(course.answer.as_ref().unwrap().answered_on, Some(day("2026-03-02")));
        assert_eq!(course.refused_by_silence(day("2026-06-01")), None);
    }
    // A question and its answer on one day, whichever was recorded first.
    let given = [
        ("received", "2026-03-02"),
        ("clarification_given", "2026-03-10"),
        ("clarification_asked", "2026-03-10"),
    ];
    assert_eq!(due(&lived("gb-foia", &given)).as_deref(), Some("2026-04-10"));
}

#[test]
fn a_german_objection_is_over_only_if_the_decision_named_it() {
    let course = lived("de-ifg", &[("received", "2026-02-20"), ("answered", "2026-03-20")]);
    let objection = |today| standing(&course, RemedyStep::Review, After::Decision, today);
    assert_eq!(objection("2026-04-20"), RightStanding::Open { days_left: Some(0) });
    assert_eq!(objection("2026-04-21"), RightStanding::OnlyIfUntold { until: day("2027-03-22") });
    assert_eq!(objection("2027-03-23"), RightStanding::Lapsed);
}

#[test]
fn days_of_two_waits_are_taken_off_once() {
    // Thirty-seven days between question and answer; the hearing lies within them.
    let question = [
        ("received", "2026-03-02"),
        ("clarification_asked", "2026-03-04"),
        ("clarification_given", "2026-04-10"),
    ];
    let both = [question[0], question[1], ("third_party_asked", "2026-03-06"), question[2]];
    assert_eq!(due(&lived("es-ltaibg", &both)), due(&lived("es-ltaibg", &question)));
    // A hearing that begins a day before the question takes off that one day more, and none twice.
    let still = |facts: &[(&str, &str)]| -> i64 {
        let course = lived("es-ltaibg", facts);
        course.answer.unwrap().still.iter().map(|still| (still.last - still.first).num_days() + 1).sum()
    };
    let before = [question[0], ("third_party_asked", "2026-03-03"), question[1], question[2]];
    assert_eq!((still(&question), still(&both), still(&before)), (37, 37, 38));
}

#[test]
fn an_extension_never_ends_before_the_first_term() {
    for id in ["bg-zdoi", "ie-foi"] {
        let course = lived(id, &[("received", "2026-03-02"), ("third_party_asked", "2026-03-10")]);
        let deadline = &course.answer.as_ref().unwrap().deadline;
        assert!(
            deadline.extended_due_on.is_none_or(|later| Some(later) >= deadline.due_on),
            "{id}: {deadline:?}"
        );
    }
}

#[test]
fn silence_that_was_a_refusal_before_the_transfer_stays_one() {
    let course = lived("sk-211", &[("received", "2026-03-02"), ("transferred", "2026-03-25")]);
    let opened: Vec<_> =
        course.rights.iter().filter(|it| it.step == RemedyStep::Review).map(|it| it.trigger_on).collect();
    assert!(opened.contains(&Some(day("2026-03-21"))), "{opened:?}");
    assert_eq!(opened.len(), 2, "{opened:?}");
}

#[test]
fn a_complaint_that_is_filed_again_is_decided_again() {
    let facts = [
        ("received", "2026-02-16"),
        ("registered", "2026-02-16"),
        ("taken:complaint", "2026-03-18"),
        ("decided:complaint", "2026-03-30"),
        ("taken:complaint", "2026-04-10"),
    ];
    let course = lived("be-wal", &facts);
    assert_eq!((course.bodies[0].start, course.bodies[0].decided_on), (day("2026-04-10"), None));
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
