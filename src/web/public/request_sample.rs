//! Requests as they may look, for the golden files and the screenshots.

use crate::domain::authority::AuthorityKind;
use crate::domain::publication::timeline::Happened;
use crate::domain::request::event::{Event, ExtensionVerdict, Ground, Moved};
use crate::domain::request::state::{Outcome, Status};
use crate::service::Context;
use crate::store::published::request::{
    Answer, Asked, Campaign, Facts, File, OurLetter, OutboxState, Published, Question, Reply,
};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

/// The instant at which samples are looked at: noon of 21 November 2026.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_262_400, 0).unwrap_or_default()
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

fn time(date: NaiveDate, hour: u32, minute: u32) -> NaiveDateTime {
    date.and_hms_opt(hour, minute, 0).unwrap_or_default()
}

fn happened(date: NaiveDate, hour: u32, event: Event) -> Happened {
    Happened { at: time(date, hour, 14).and_utc(), event }
}

/// A British police force that answered late and in part.
pub fn late(ctx: &Context) -> Published {
    let version =
        "gb-foia".parse().ok().and_then(|id| ctx.library.laws.regime(&id)).map(|law| law.version.clone());
    let letter = "r1@post.askance.example".to_owned();
    let (received, due, answered) = (day(2026, 8, 3), day(2026, 9, 1), day(2026, 9, 21));
    let why = "it was told after the first term had passed".to_owned();
    let sent = Event::Sent {
        letter: letter.clone(),
        received_on: received,
        due_on: Some(due),
        server_reply: "250 2.0.0 queued".to_owned(),
    };
    let claim = Event::ExtensionClaimed {
        message: 3,
        on: day(2026, 9, 3),
        until: Some(day(2026, 9, 29)),
        verdict: ExtensionVerdict::NotLawful { why },
        due_on: Some(due),
    };
    let decision = Event::Answered {
        message: 4,
        outcome: Outcome::PartlyDisclosed,
        on: answered,
        grounds: vec![Ground { cite: "s.31(1)(a) FOIA 2000".to_owned(), category: None }],
    };
    Published {
        facts: facts(version.unwrap_or_default(), (received, due, answered)),
        asked: asked(),
        group: Some("Klarblick".to_owned()),
        campaign: Some(Campaign {
            slug: "live-2026".to_owned(),
            title: "Live face recognition, 2026".to_owned(),
        }),
        events: vec![
            happened(received, 9, Event::Filed { letter }),
            happened(received, 10, sent),
            happened(day(2026, 8, 5), 8, Event::AutoReplied { message: 1 }),
            happened(
                day(2026, 8, 6),
                11,
                Event::Acknowledged { message: 2, reference: Some("NP/2026/1182".to_owned()) },
            ),
            happened(day(2026, 9, 2), 6, Event::Overdue { due_on: due }),
            happened(day(2026, 9, 3), 15, claim),
            happened(answered, 16, decision),
        ],
        questions: questions(),
        answers: vec![answer()],
        letters: vec![our_letter(received)],
        replies: vec![reply(answered)],
        being_read: vec![time(day(2026, 11, 20), 17, 41)],
        erased: Vec::new(),
        alike: std::collections::BTreeMap::new(),
        files: files(),
        withheld: vec![(4, 1)],
        rules: None,
    }
}

/// The same request a week after it was sent.
pub fn waiting(ctx: &Context) -> Published {
    let mut published = late(ctx);
    let (received, due) = (day(2026, 11, 9), day(2026, 12, 8));
    published.events.truncate(3);
    for happened in &mut published.events {
        happened.at = time(received, 9, 14).and_utc();
        if let Event::Sent { received_on, due_on, .. } = &mut happened.event {
            (*received_on, *due_on) = (received, Some(due));
        }
    }
    let facts = &mut published.facts;
    (facts.status, facts.outcome, facts.answered_on) = (Status::Sent, None, None);
    (facts.received_on, facts.first_due_on, facts.due_on) = (Some(received), Some(due), Some(due));
    facts.filed_at = time(received, 9, 2);
    published.letters = vec![our_letter(received)];
    (published.replies, published.files, published.being_read, published.withheld) = Default::default();
    published.campaign = None;
    published.answers = Vec::new();
    published
}

/// The same request, held up by a demand for money that was paid.
pub fn paused(ctx: &Context) -> Published {
    let mut published = waiting(ctx);
    let (asked, paid, due) = (day(2026, 11, 11), day(2026, 11, 18), day(2026, 12, 16));
    let fee = Event::FeeAsked {
        message: 2,
        on: asked,
        amount: Some("45.00".to_owned()),
        currency: Some("GBP".to_owned()),
    };
    let still = Moved::StandsStill { why: "the authority asked for money".to_owned() };
    published.events.extend([
        happened(asked, 11, fee),
        happened(asked, 12, Event::ClockMoved { message: None, due_on: None, why: still }),
        happened(paid, 9, Event::FeePaid { on: paid }),
        happened(paid, 10, Event::ClockMoved { message: None, due_on: Some(due), why: Moved::Counted }),
    ]);
    (published.facts.status, published.facts.due_on) = (Status::Acknowledged, Some(due));
    published
}

/// A French town that never answered: since a month and a day that is a refusal.
pub fn silent(ctx: &Context) -> Published {
    let mut published = waiting(ctx);
    let (received, due) = (day(2026, 10, 5), day(2026, 11, 5));
    for happened in &mut published.events {
        happened.at = time(received, 9, 14).and_utc();
        if let Event::Sent { received_on, due_on, .. } = &mut happened.event {
            (*received_on, *due_on) = (received, Some(due));
        }
    }
    published.events.extend([
        happened(day(2026, 11, 6), 0, Event::Overdue { due_on: due }),
        happened(day(2026, 11, 6), 0, Event::RefusedBySilence { on: due }),
    ]);
    let law = "fr-crpa".parse().ok().and_then(|id| ctx.library.laws.regime(&id));
    let facts = &mut published.facts;
    "fr-crpa".clone_into(&mut facts.regime);
    facts.regime_version = law.map(|law| law.version.clone()).unwrap_or_default();
    (facts.received_on, facts.first_due_on, facts.due_on) = (Some(received), Some(due), Some(due));
    (facts.silence_refused_on, facts.filed_at) = (Some(due), time(received, 9, 2));
    published.letters = vec![our_letter(received)];
    published.asked = Asked {
        slug: "ville-de-port-clair".to_owned(),
        name: "Ville de Port-Clair".to_owned(),
        language: "fr".to_owned(),
        kind: AuthorityKind::Municipality,
        country: "FR".to_owned(),
        place: "Port-Clair".to_owned(),
        ..published.asked
    };
    published
}

fn facts(version: String, (received, due, answered): (NaiveDate, NaiveDate, NaiveDate)) -> Facts {
    Facts {
        id: 417,
        reference: "2026-0417".to_owned(),
        title: "Live face recognition, watch lists and error rates".to_owned(),
        language: "en".to_owned(),
        regime: "gb-foia".to_owned(),
        regime_version: version,
        status: Status::Answered,
        outcome: Some(Outcome::PartlyDisclosed),
        filed_at: time(received, 9, 2),
        received_on: Some(received),
        first_due_on: Some(due),
        due_on: Some(due),
        answered_on: Some(answered),
        silence_refused_on: None,
        stage: None,
    }
}

fn asked() -> Asked {
    Asked {
        slug: "northmoor-police".to_owned(),
        name: "Northmoor Police".to_owned(),
        name_en: None,
        language: "en".to_owned(),
        kind: AuthorityKind::Police,
        country: "GB".to_owned(),
        place: "Northmoor".to_owned(),
    }
}

fn questions() -> Vec<Question> {
    let texts = [
        "Whether the force uses, or has trialled, live face recognition.",
        "The date, place and duration of each deployment.",
        "The contract with the supplier, including its price.",
        "Any measurement of error rates in use.",
    ];
    (1..)
        .zip(texts)
        .map(|(position, body)| Question { position, key: format!("q{position}"), body: body.to_owned() })
        .collect()
}

fn answer() -> Answer {
    Answer {
        key: "q2".to_owned(),
        disposition: "disclosed_partly".to_owned(),
        grounds: "[]".to_owned(),
        passage: Some("Deployments since 2024 are listed in the attached file.".to_owned()),
        readers: 1,
        checked: false,
    }
}

fn our_letter(on: NaiveDate) -> OurLetter {
    OurLetter {
        letter: "request".to_owned(),
        subject: "Freedom of Information request: live face recognition [2026-0417]".to_owned(),
        body: "Dear Information Governance Team,\n\nUnder section 1(1) of the Freedom of Information Act 2000 I ask for \
               the following recorded information:\n\n1. Whether the force uses, or has trialled, live face \
               recognition.\n2. The date, place and duration of each deployment.\n\nPlease answer to ████████████████.\n\n\
               Yours faithfully,\n████████████"
            .to_owned(),
        state: OutboxState::Accepted,
        created_at: time(on, 9, 2),
        accepted_at: Some(time(on, 9, 14)),
    }
}

fn reply(on: NaiveDate) -> Reply {
    Reply {
        id: 4,
        received_at: time(on, 15, 52),
        kind: Some("partial".to_owned()),
        language: Some("en".to_owned()),
        subject: Some("RE: Freedom of Information request: live face recognition. Our ref NP/2026/1182".to_owned()),
        text: Some(
            "Dear Applicant,\n\nI can confirm that Northmoor Police holds the information requested. Live face \
             recognition has been in use since March 2025 from two vehicles.\n\nThe contract is attached as Annex B. \
             It was concluded with ██████████████ Ltd for a price of £█████████ over three years.\n\nYours \
             sincerely,\n████████████████\nInformation Governance"
                .to_owned(),
        ),
    }
}

fn files() -> Vec<File> {
    let file = |position, name: &str, size, sha256: &str| File {
        message_id: 4,
        position,
        name: name.to_owned(),
        content_type: "application/pdf".to_owned(),
        size,
        sha256: sha256.to_owned(),
    };
    vec![
        file(
            0,
            "Annex A – deployments.pdf",
            184_213,
            "9f2c41d07be8a3556c0e71b488d2f60e31a9c5d4027ab8e1f3c65d90b4e27a10",
        ),
        file(
            1,
            "Annex B – contract (redacted).pdf",
            1_702_400,
            "03be77c1e95af2284d165e0caa41b7f3d8806b92e17c3350a4df28b96c71c4e5",
        ),
    ]
}
