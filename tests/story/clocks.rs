//! The life of clocks: what moves them, what a person records of them, what the days make of them, each once.

use crate::story::desk::{Desk, between};
use crate::support::mail::Reply;
use crate::support::{Site, day, stories};
use askance::domain::authority::AuthorityKind;
use askance::domain::incoming::reading::Kind;
use askance::domain::law::course::{AnswerClock, Counts, Course, Right, RightStanding, Verdict};
use askance::domain::law::remedy::{After, RemedyStep};
use askance::domain::request::bucket::Bucket;
use askance::domain::request::clocks::looked;
use askance::domain::request::state::{Outcome, Status};
use askance::service::deadlines::tick;
use askance::service::steps::{self, Error, Step, What, record, take_back};
use askance::service::triage::{Settlement, outlook, proposed_settlement, settle};
use askance::store::desk::requests::{ClockPile, Filter, count, list};
use askance::store::requests::{self, RequestRow};
use askance::store::types::Role;
use chrono::{NaiveDate, TimeDelta};
use rocket::http::Status as Http;

/// A service with a request under a law, sent now, and a volunteer.
struct Case<'a> {
    site: &'a Site,
    request: RequestRow,
    volunteer: i64,
}

impl<'a> Case<'a> {
    fn under(site: &'a Site, regime: &str) -> Self {
        let volunteer = site.person(&format!("Volunteer {regime}"), Role::Volunteer);
        let language = if regime == "gb-foia" || regime == "ie-foi" { "en" } else { "de" };
        let language = if regime == "fr-crpa" || regime == "be-wal" { "fr" } else { language };
        let name = format!("Authority {regime}");
        let domain = format!("{regime}.example");
        let authority = site.authority(&name, (AuthorityKind::Municipality, regime, language), &domain);
        let request = site.sends(volunteer, authority);
        assert!(request.received_on.is_some(), "{request:?}");
        Self { site, request, volunteer }
    }

    /// A letter comes, by its number, with what a volunteer would say of it.
    fn receives(&self, number: i64) -> Settlement {
        let domain = format!("{}.example", self.request.regime);
        let reply = Reply::to(&self.request, &domain)
            .with_id(&format!("letter-{number}@{domain}"))
            .saying(&format!("Letter number {number}."));
        self.site.receives(&reply.raw(), &self.request.reply_address);
        let mut said = proposed_settlement(&self.site.ctx, &mut self.site.conn(), number).unwrap().unwrap();
        (said.publish, said.outcome) = (None, None);
        said
    }

    fn settles(&self, said: &Settlement) {
        settle(&self.site.ctx, &mut self.site.conn(), self.volunteer, said).unwrap();
    }

    /// A letter of a kind comes and is settled.
    fn is_told(&self, number: i64, kind: Kind) {
        self.settles(&Settlement { kind, ..self.receives(number) });
    }

    fn records(&self, what: What, on: &str) -> Result<(), Error> {
        let step = Step { what, on: day(on), sure: false };
        record(&self.site.ctx, &mut self.site.conn(), self.volunteer, self.request.id, step)
    }

    fn course(&self) -> Course {
        self.site.ctx.lived(&mut self.site.conn(), self.request.id).unwrap().course
    }

    fn clock(&self) -> AnswerClock {
        self.course().answer.unwrap()
    }

    fn right(&self, step: RemedyStep, after: After) -> Right {
        let found = self.course().rights.into_iter().find(|it| it.step == step && it.after == after);
        found.unwrap()
    }

    fn due(&self) -> Option<NaiveDate> {
        let due = self.site.request(&self.request.reference).due_on;
        assert_eq!(due, self.site.state(self.request.id).due_on, "the column says what the events say");
        assert_eq!(due, self.clock().due_on, "the events say what the law says");
        due
    }

    /// How often something of a kind happened.
    fn times(&self, kind: &str) -> usize {
        self.site.kinds(self.request.id).iter().filter(|known| **known == kind).count()
    }

    fn kinds(&self) -> Vec<&'static str> {
        self.site.kinds(self.request.id)
    }
}

stories! {
    fn an_extension_that_is_claimed_too_late_moves_nothing(site: &mut Site) {
        let case = Case::under(site, "ie-foi");
        assert_eq!(case.due(), Some(day("2026-10-05")));
        site.days_pass(30);
        let said = Settlement { kind: Kind::Extension, until: Some(day("2026-11-02")), ..case.receives(1) };
        let ahead = outlook(&site.ctx, &mut site.conn(), &said).unwrap();
        let claims = ahead.after.answer.unwrap().claims;
        assert_eq!(claims[0].verdict, Verdict::ToldLate { by: day("2026-10-05") }, "the desk is told before it accepts");
        case.settles(&said);
        assert_eq!(case.due(), Some(day("2026-10-05")));
        assert_eq!(site.state(case.request.id).overdue_since, Some(day("2026-10-05")));
        assert_eq!(case.times("clock_moved"), 0);
    }

    fn a_question_lets_the_clock_begin_again_in_the_united_kingdom_and_not_in_germany(site: &mut Site) {
        let (london, brandau) = (Case::under(site, "gb-foia"), Case::under(site, "de-nw-ifg"));
        let first = brandau.due();
        assert_eq!((london.due(), first), (Some(day("2026-10-05")), Some(day("2026-10-07"))));
        site.days_pass(7);
        london.is_told(1, Kind::Clarification);
        brandau.is_told(2, Kind::Clarification);
        assert_eq!((london.due(), brandau.due()), (None, first));
        assert!(london.clock().stands_still.is_some() && brandau.clock().stands_still.is_none());
        site.days_pass(7);
        for case in [&london, &brandau] {
            case.records(What::ClarificationGiven, "2026-09-21").unwrap();
        }
        // Day 0 is the day of the answer: s.1(3) with s.10(6)(b) FOIA 2000.
        assert_eq!((london.due(), brandau.due()), (Some(day("2026-10-19")), first));
        assert_eq!(site.request(&london.request.reference).status, Status::Acknowledged);
        let again = london.kinds();
        london.records(What::ClarificationGiven, "2026-09-21").unwrap();
        assert_eq!(london.kinds(), again, "a second press of the button records nothing");
    }

    fn in_france_silence_refuses_twice_and_then_the_court_is_open(site: &mut Site) {
        let case = Case::under(site, "fr-crpa");
        let id = case.request.id;
        site.days_pass(31);
        assert_eq!(site.state(id).silence_refused_on, Some(day("2026-10-07")));
        site.days_pass(14);
        case.records(What::Used(RemedyStep::Complaint), "2026-10-20").unwrap();
        case.records(What::Registered(RemedyStep::Complaint), "2026-10-22").unwrap();
        let course = case.course();
        assert_eq!(course.counts(day("2026-10-22")), Counts::Body(RemedyStep::Complaint));
        assert_eq!(site.state(id).stage, Some(RemedyStep::Complaint));
        // Two months after CADA registered it: R.* 343-5 CRPA.
        assert_eq!(course.bodies[0].refuses_on, Some(day("2026-12-22")));
        site.days_pass(90);
        assert_eq!(site.state(id).silent, [(RemedyStep::Complaint, day("2026-12-22"))]);
        assert_eq!((case.times("refused_by_silence"), case.times("remedy_silent")), (1, 1));
        let court = case.right(RemedyStep::Court, After::Silence);
        assert_eq!((court.of, court.trigger_on), (Some(RemedyStep::Complaint), Some(day("2026-12-22"))));
        // Two months, R. 421-1 CJA.
        assert!(court.last_on >= Some(day("2027-02-22")) && court.last_on <= Some(day("2027-02-23")), "{court:?}");
        assert_eq!(court.standing(day("2026-12-22")), RightStanding::NotYet { opens_on: day("2026-12-23") });
    }

    fn a_slovak_request_keeps_the_days_of_the_law_under_which_it_came(site: &mut Site) {
        site.ctx.clock.set("2025-02-27T10:00:00Z".parse().unwrap());
        let old = Case::under(site, "sk-211");
        // Eight working days from 28 February 2025, § 17 ods. 1 as it stood.
        assert_eq!(old.due(), Some(day("2025-03-11")));
        site.ctx.clock.set("2025-03-01T10:00:00Z".parse().unwrap());
        let other = site.authority("Mesto Nové", (AuthorityKind::Municipality, "sk-211", "sk"), "nove.example");
        let new = Case { site, request: site.sends(old.volunteer, other), volunteer: old.volunteer };
        // Twelve since 1 March 2025.
        assert_eq!((new.due(), old.due()), (Some(day("2025-03-18")), Some(day("2025-03-11"))));
        assert_eq!(requests::look_again(&mut site.conn(), &["sk-211".to_owned()]).unwrap(), 2);
        assert_eq!(tick(&site.ctx, &site.db).unwrap(), 0, "looked at again under the new rule, nothing moves");
        assert_eq!((new.due(), old.due()), (Some(day("2025-03-18")), Some(day("2025-03-11"))));
    }

    fn a_body_that_is_passed_the_request_has_its_own_time(site: &mut Site) {
        let case = Case::under(site, "de-ifg");
        assert_eq!(case.due(), Some(day("2026-10-07")));
        site.days_pass(7);
        let said = case.receives(1);
        case.settles(&Settlement {
            kind: Kind::Transfer,
            passed_to: Some("Bundespolizei".to_owned()),
            passed_on: Some(day("2026-09-10")),
            ..said
        });
        // One month from the day the other body had it, a Saturday: § 31 Abs. 3 VwVfG moves it to Monday.
        assert_eq!(case.due(), Some(day("2026-10-12")));
        assert_eq!(site.request(&case.request.reference).status, Status::Transferred);
        assert_eq!(case.kinds(), ["filed", "sent", "transferred", "clock_moved"]);
    }

    fn a_fee_notice_stops_the_clock_until_the_money_is_there(site: &mut Site) {
        let case = Case::under(site, "gb-foia");
        site.days_pass(7);
        let said = case.receives(1);
        let fee = Some(("40.00".to_owned(), "GBP".to_owned()));
        case.settles(&Settlement { kind: Kind::Fee, fee, ..said });
        assert_eq!(case.due(), None);
        site.days_pass(30);
        assert_eq!(case.times("overdue"), 0, "a clock that stands still is never late");
        case.records(What::FeePaid, "2026-09-28").unwrap();
        // 14 to 28 September are disregarded, both included: eleven working days, s.10(2) FOIA 2000.
        assert_eq!(case.due(), Some(day("2026-10-20")));
        assert_eq!(site.request(&case.request.reference).status, Status::Acknowledged);
    }

    fn what_passed_while_nobody_looked_is_noticed_once(site: &mut Site) {
        let case = Case::under(site, "fr-crpa");
        let notices = |case: &Case<'_>| ["overdue", "refused_by_silence", "right_lapsed"].map(|kind| case.times(kind));
        // The tick is down from before the last day until a week after it.
        site.ctx.clock.set("2026-10-15T10:00:00Z".parse().unwrap());
        assert_eq!(notices(&case), [0, 0, 0]);
        assert_eq!(tick(&site.ctx, &site.db).unwrap(), 2);
        assert_eq!(notices(&case), [1, 1, 0]);
        assert_eq!(tick(&site.ctx, &site.db).unwrap(), 0);
        // CADA could be asked for two months, R. 311-15 CRPA; the tick is down again when they end.
        site.ctx.clock.set("2026-12-16T10:00:00Z".parse().unwrap());
        assert!(tick(&site.ctx, &site.db).unwrap() > 0);
        assert_eq!(notices(&case)[..2], [1, 1]);
        let lapsed = site.state(case.request.id).lapsed;
        assert_eq!(lapsed.len(), notices(&case)[2]);
        assert!(lapsed.iter().any(|(step, _)| *step == RemedyStep::Complaint), "{lapsed:?}");
        let all = case.kinds();
        site.ctx.clock.set("2026-12-15T10:00:00Z".parse().unwrap());
        assert_eq!(tick(&site.ctx, &site.db).unwrap(), 0, "a clock that was set back takes nothing back");
        requests::look_again(&mut site.conn(), &["fr-crpa".to_owned()]).unwrap();
        assert_eq!(tick(&site.ctx, &site.db).unwrap(), 0);
        site.days_pass(1);
        assert_eq!(case.kinds(), all);
        assert_eq!(requests::verify_chain(&mut site.conn()).unwrap().1, None);
    }

    fn a_question_that_was_none_gives_the_last_day_back(site: &mut Site) {
        let case = Case::under(site, "gb-foia");
        site.days_pass(7);
        case.is_told(1, Kind::Clarification);
        assert_eq!(case.due(), None);
        let seen = proposed_settlement(&site.ctx, &mut site.conn(), 1).unwrap().unwrap();
        case.settles(&Settlement { kind: Kind::Acknowledgement, publish: None, ..seen });
        assert_eq!(case.due(), Some(day("2026-10-05")));
        let kinds = ["filed", "sent", "clarification_asked", "clock_moved", "retracted", "acknowledged"];
        assert_eq!(case.kinds()[..6], kinds);
        site.days_pass(30);
        assert_eq!(site.state(case.request.id).overdue_since, Some(day("2026-10-05")));
        assert_eq!(case.times("overdue"), 1);
    }

    fn a_walloon_appeal_before_its_first_day_asks_whether_it_is_meant(site: &mut Site) {
        let case = Case::under(site, "be-wal");
        let due = case.due().unwrap();
        site.ctx.clock.set(site.now() + TimeDelta::days((due - day("2026-09-07")).num_days()));
        let appeal = case.right(RemedyStep::Complaint, After::Silence);
        let opens = appeal.opens_on.unwrap();
        assert!(opens > due, "nobody appeals against silence while there is time");
        let used = What::Used(RemedyStep::Complaint);
        let refused = case.records(used, &due.to_string()).unwrap_err();
        assert!(matches!(refused, Error::Early { opens_on: Some(on), .. } if on == opens), "{refused}");
        assert_eq!(case.times("remedy_used"), 0);
        let sure = Step { what: used, on: due, sure: true };
        record(&site.ctx, &mut site.conn(), case.volunteer, case.request.id, sure).unwrap();
        let right = case.right(RemedyStep::Complaint, After::Silence);
        assert_eq!(right.standing(due), RightStanding::UsedEarly);
        // One that was too early is inadmissible and may be repeated, once it is open.
        site.ctx.clock.set(site.now() + TimeDelta::days((opens - due).num_days()));
        case.records(used, &opens.to_string()).unwrap();
        assert_eq!(case.right(RemedyStep::Complaint, After::Silence).standing(opens), RightStanding::Used);
        let twice = case.records(used, &opens.to_string());
        assert!(twice.is_ok(), "the same again is recorded already");
        assert_eq!(case.times("remedy_used"), 2);
    }

    fn a_step_that_was_recorded_wrongly_is_taken_back(site: &mut Site) {
        let case = Case::under(site, "gb-foia");
        site.days_pass(7);
        case.is_told(1, Kind::Fee);
        site.days_pass(14);
        case.records(What::FeePaid, "2026-09-21").unwrap();
        let wrong = case.due();
        let seq = i64::try_from(case.kinds().iter().position(|kind| *kind == "fee_paid").unwrap()).unwrap() + 1;
        let undo = |seq| take_back(&site.ctx, &mut site.conn(), case.volunteer, case.request.id, (seq, "of another request"));
        undo(seq).unwrap();
        assert_eq!(case.due(), None, "it stands still again");
        assert_eq!(site.request(&case.request.reference).status, Status::FeeAsked);
        assert!(matches!(undo(seq), Err(Error::NotAStep(_))), "once is enough");
        assert!(matches!(undo(1), Err(Error::NotAStep(1))), "what a letter proves is retracted with the letter");
        case.records(What::FeePaid, "2026-09-28").unwrap();
        assert!(case.due() > wrong);
        case.records(What::FeePaid, "2026-09-28").unwrap();
        assert_eq!((case.times("fee_paid"), case.times("step_retracted")), (2, 1));
        assert_eq!(requests::verify_chain(&mut site.conn()).unwrap().1, None);
        // A letter that is read anew must not shift the places by which steps are known.
        let said = Settlement { kind: Kind::Extension, until: Some(day("2026-11-20")), ..case.receives(2) };
        let ahead = outlook(&site.ctx, &mut site.conn(), &said).unwrap();
        assert_eq!(ahead.before.answer.unwrap().due_on, case.due());
        case.settles(&said);
        assert!(case.due().is_some());
    }

    fn a_step_that_cannot_be_is_refused_with_its_reason(site: &mut Site) {
        let case = Case::under(site, "gb-foia");
        site.days_pass(7);
        assert!(matches!(case.records(What::FeePaid, "2026-09-14"), Err(Error::NothingAsked(_))));
        assert!(matches!(case.records(What::FeePaid, "2026-09-15"), Err(Error::Future { .. })));
        assert!(matches!(case.records(What::FeePaid, "2026-09-06"), Err(Error::BeforeReceipt { .. })));
        let review = RemedyStep::Review;
        assert!(matches!(case.records(What::Decided(review, None), "2026-09-14"), Err(Error::NotUsed { .. })));
        let notice = case.records(What::Used(RemedyStep::Notice), "2026-09-14");
        assert!(matches!(notice, Err(Error::NoSuchRemedy(RemedyStep::Notice))));
        let nobody = Step { what: What::FeePaid, on: day("2026-09-14"), sure: false };
        let gone = record(&site.ctx, &mut site.conn(), case.volunteer, 999, nobody);
        assert!(matches!(gone, Err(steps::Error::NoSuchRequest(999))));
        assert_eq!(case.kinds(), ["filed", "sent"]);
        site.days_pass(7);
        let refusal = case.receives(1);
        let grounds = vec![askance::domain::request::event::Ground { cite: "s.31".to_owned(), category: None }];
        case.settles(&Settlement { kind: Kind::Refusal, grounds, ..refusal });
        case.records(What::Used(review), "2026-09-21").unwrap();
        assert!(matches!(case.records(What::Used(review), "2026-09-21"), Ok(())));
        site.days_pass(7);
        assert!(matches!(case.records(What::Used(review), "2026-09-28"), Err(Error::UsedAlready { .. })));
        case.records(What::Decided(review, Some(Outcome::Disclosed)), "2026-09-28").unwrap();
        assert_eq!(site.request(&case.request.reference).outcome, Some(Outcome::Disclosed));
        let used = i64::try_from(case.kinds().iter().position(|kind| *kind == "remedy_used").unwrap()).unwrap() + 1;
        let undone = take_back(&site.ctx, &mut site.conn(), case.volunteer, case.request.id, (used, "no"));
        assert!(matches!(undone, Err(Error::Decided)));
    }

    fn a_letter_that_is_read_late_was_no_silence(site: &mut Site) {
        let case = Case::under(site, "fr-crpa");
        site.days_pass(29);
        let said = case.receives(1);
        site.days_pass(10);
        assert_eq!(site.state(case.request.id).silence_refused_on, Some(day("2026-10-07")));
        case.settles(&Settlement { kind: Kind::Full, ..said });
        let state = site.state(case.request.id);
        assert_eq!((state.silence_refused_on, state.overdue_since), (None, None), "it came on the day before the last");
    }

    fn every_open_request_is_in_one_bucket_and_its_columns_are_its_fold(site: &mut Site) {
        let laws = ["gb-foia", "ie-foi", "de-nw-ifg", "de-ifg", "fr-crpa", "be-wal", "sk-211", "se-tf"];
        let mut cases: Vec<Case<'_>> = Vec::new();
        for law in laws {
            cases.push(Case::under(site, law));
            site.days_pass(2);
        }
        cases[0].is_told(1, Kind::Clarification);
        cases[1].is_told(2, Kind::Full);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..12 {
            site.days_pass(4);
            let today = site.now().date_naive();
            let mut listed: Vec<i64> = Vec::new();
            for bucket in Bucket::ALL {
                let filter = Filter { clock: Some((ClockPile::Due(*bucket), today)), ..Filter::default() };
                let entries = list(&mut site.conn(), &filter, 0).unwrap();
                assert_eq!(count(&mut site.conn(), &filter).unwrap(), i64::try_from(entries.len()).unwrap());
                for entry in entries {
                    let of = Bucket::of(entry.status, (entry.first_due_on, entry.due_on), today);
                    assert_eq!(of, Some(*bucket), "{entry:?}");
                    seen.insert(bucket.as_str());
                    listed.push(entry.id);
                }
            }
            listed.sort_unstable();
            let all = list(&mut site.conn(), &Filter::default(), 0).unwrap();
            let mut open: Vec<i64> = all.iter().filter(|it| it.status.is_open()).map(|it| it.id).collect();
            open.sort_unstable();
            assert_eq!(listed, open, "each open request once");
            for entry in all {
                let lived = site.ctx.lived(&mut site.conn(), entry.id).unwrap();
                let state = &lived.state;
                assert_eq!((entry.status, entry.outcome, entry.due_on), (state.status, state.outcome, state.due_on));
                assert_eq!((entry.first_due_on, entry.silence_refused_on), (state.first_due_on, state.silence_refused_on));
                let today = lived.law.day_of(site.now());
                let right = looked(&lived.course, state, today).right;
                let right = right.map(|it| (it.step.as_str().to_owned(), it.opens_on, it.last_on));
                assert_eq!(entry.right, right, "{} on {today}", entry.regime);
            }
        }
        assert!(["late", "this_week", "later", "stands_still", "no_date"].iter().all(|it| seen.contains(it)), "{seen:?}");
    }
}

/// What the form says of a review on a day.
fn review<'a>(token: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let day =
        [("csrf", token), ("what", "used.review"), ("on_day", "21"), ("on_month", "11"), ("on_year", "2026")];
    [&day[..], more].concat()
}

#[test]
fn the_form_of_steps_warns_of_what_is_early_and_marks_what_is_wrong() {
    let desk = Desk::new();
    let reference = desk.asks("Polizeipräsidium Ostheim");
    let token = desk.volunteer_signs_in();
    let page = format!("/desk/requests/{reference}");
    assert!(desk.page(&page).contains("No clock runs yet."));
    desk.later(TimeDelta::minutes(11));
    let transport = askance::mail::transport::Transport::Memory(std::sync::Arc::default());
    while askance::service::delivery::send_next(&desk.ctx, &desk.db, &transport, "worker").unwrap() {}
    let shown = desk.page(&page);
    assert!(shown.contains("counts now") && shown.contains("Record what happened"), "{shown}");
    let to = format!("{page}/steps");
    let early = desk.post(&to, &review(&token, &[]));
    assert_eq!(early.status(), Http::UnprocessableEntity);
    let early = early.into_string().unwrap();
    assert!(early.contains("Too early.") && early.contains("name=\"sure\""), "{early}");
    let wrong = desk.post(
        &to,
        &[
            ("csrf", &token),
            ("what", "used.review"),
            ("on_day", "31"),
            ("on_month", "2"),
            ("on_year", "2026"),
        ],
    );
    assert_eq!(wrong.status(), Http::UnprocessableEntity);
    assert!(wrong.into_string().unwrap().contains("“31 2 2026” is no day"));
    let forged = desk.post(&to, &review("x", &[]));
    assert_eq!(forged.status(), Http::Forbidden);
    let done = desk.post(&to, &review(&token, &[("sure", "1")]));
    assert_eq!(done.status(), Http::SeeOther);
    drop(done);
    let shown = desk.page(&page);
    assert!(shown.contains("Used: review"), "{shown}");
    let undo = between(&shown, &format!("action=\"{to}/"), "/take-back").to_owned();
    let done = desk.post(&format!("{to}/{undo}/take-back"), &[("csrf", &token), ("reason", "never sent")]);
    assert_eq!(done.status(), Http::SeeOther);
    drop(done);
    let shown = desk.page(&page);
    assert!(shown.contains("never sent") && shown.contains("counts no more"), "{shown}");
    let public = desk.page(&format!("/requests/{reference}"));
    assert!(public.contains("Corrected: a step was recorded by mistake") && !public.contains("never sent"));
}
