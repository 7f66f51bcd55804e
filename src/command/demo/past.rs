//! The demonstration's past: letters filed, answered and settled over the last months, by the real use cases and a
//! clock that is moved from day to day.

use crate::command::demo_authorities::{Behaviour, CastMember, answers, cast};
use crate::domain::authority::{AuthorityKind, slug};
use crate::domain::incoming::reading::Kind;
use crate::domain::request::event::Ground;
use crate::mail::transport::{SentLetter, Transport};
use crate::service::cage::Cage;
use crate::service::filing::{self, Filing};
use crate::service::intake::{self, Mail};
use crate::service::sign_in::{self, Newcomer};
use crate::service::{Context, deadlines, delivery, triage};
use crate::store::authorities::{self, NewAuthority};
use crate::store::types::Role;
use crate::store::{Db, messages, outbox, people, transaction};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::{Arc, Mutex, PoisonError};

/// Why the past cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// A letter could not be filed.
    #[error(transparent)]
    Filing(#[from] filing::Error),
    /// A letter could not be sent.
    #[error(transparent)]
    Delivery(#[from] delivery::Error),
    /// A mail could not be taken in.
    #[error(transparent)]
    Intake(#[from] intake::Error),
    /// A mail could not be placed.
    #[error(transparent)]
    Place(#[from] triage::PlaceError),
    /// A reply could not be settled.
    #[error(transparent)]
    Triage(#[from] triage::Error),
    /// A due day could not be marked.
    #[error(transparent)]
    Law(#[from] crate::service::LawError),
    /// A person could not be added.
    #[error(transparent)]
    People(#[from] sign_in::Error),
    /// A word of the cast is none of the register.
    #[error(transparent)]
    Word(#[from] crate::domain::words::UnknownWord),
    /// An address of the cast is none.
    #[error(transparent)]
    Address(#[from] crate::domain::authority::NotAnAddress),
}

/// How to sign in.
pub struct Cast {
    /// E-mail.
    pub email: String,
    /// Password, made for this run.
    pub password: String,
}

/// One request of the past: whom it asks what, how many days ago, and after how many days each answer came.
struct Plan {
    member: usize,
    bundle: &'static str,
    days_ago: i64,
    answers_after: &'static [i64],
    /// Whether a volunteer has settled the answers.
    settled: bool,
    end: End,
}

/// What else became of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Answered,
    TakenBack,
    /// The sending machine stopped in the middle.
    Unknown,
}

const fn plan(
    member: usize,
    bundle: &'static str,
    days_ago: i64,
    answers_after: &'static [i64],
    settled: bool,
) -> Plan {
    Plan { member, bundle, days_ago, answers_after, settled, end: End::Answered }
}

const fn ended(member: usize, bundle: &'static str, days_ago: i64, end: End) -> Plan {
    Plan { member, bundle, days_ago, answers_after: &[], settled: false, end }
}

/// Members in the order of the cast: 0 Rheinau police, 1 Lindenbrück, 2 Donaustein, 3 Val-d’Ombre, 4 Saint-Aubert,
/// 5 Eschenbourg, 6 Monteverde, 7 Valdorata, 8 Alkyoni, 9 Northmoor, 10 EU agency, 11 Ballydara.
const PLANS: &[Plan] = &[
    plan(9, "police_retrospective_fr", 214, &[1, 27], true),
    plan(3, "live_fr", 205, &[4, 48], true),
    plan(6, "municipal_cctv_analytics", 190, &[2, 30], true),
    plan(1, "municipal_cctv_analytics", 187, &[41], true),
    plan(8, "municipal_cctv_analytics", 180, &[3, 15], true),
    plan(5, "municipal_cctv_analytics", 172, &[], true),
    plan(7, "contract_and_dpia", 166, &[24], true),
    plan(0, "police_retrospective_fr", 150, &[5, 20], true),
    plan(2, "contract_and_dpia", 144, &[9], true),
    plan(9, "live_fr", 131, &[1, 49], true),
    plan(4, "municipal_cctv_analytics", 124, &[12], true),
    plan(1, "contract_and_dpia", 118, &[22], true),
    plan(6, "school_attendance", 110, &[1, 38], true),
    plan(3, "contract_and_dpia", 102, &[6, 27], true),
    plan(10, "eu_research_project", 95, &[3, 18], true),
    plan(8, "contract_and_dpia", 88, &[2, 33], true),
    plan(5, "contract_and_dpia", 81, &[], true),
    plan(7, "live_fr", 74, &[29], true),
    plan(11, "municipal_cctv_analytics", 70, &[0], true),
    plan(0, "live_fr", 62, &[4, 30], true),
    plan(9, "contract_and_dpia", 55, &[1, 17], true),
    // Silent for more than a month: in France a refusal, and the time for CADA runs.
    plan(3, "police_retrospective_fr", 52, &[], true),
    plan(2, "municipal_cctv_analytics", 47, &[], true),
    plan(1, "ai_act_paper_trail", 41, &[], true),
    plan(3, "internet_face_search", 36, &[2], true),
    plan(6, "contract_and_dpia", 30, &[3, 26], false),
    // The clock stands still since the question back (Art. L. 114-5 CRPA).
    plan(4, "school_attendance", 27, &[12], true),
    ended(10, "contract_and_dpia", 26, End::TakenBack),
    plan(8, "ai_act_paper_trail", 21, &[1], true),
    plan(0, "internet_face_search", 16, &[2], true),
    plan(4, "contract_and_dpia", 13, &[11], false),
    plan(7, "municipal_cctv_analytics", 11, &[9], false),
    ended(5, "ai_act_paper_trail", 8, End::Unknown),
    plan(9, "internet_face_search", 5, &[0], true),
    plan(1, "live_fr", 3, &[], true),
];

/// Authorities nobody has found an address for yet: name, place, country, language, law.
const WITHOUT_ADDRESS: &[(&str, &str, &str, &str, &str)] = &[
    ("Gemeente Oosterdam", "Oosterdam", "NL", "nl", "nl-woo"),
    ("Ängsviks kommun", "Ängsvik", "SE", "sv", "se-tf"),
    ("Urząd Miasta Dolnogóra", "Dolnogóra", "PL", "pl", "pl-udip"),
    ("Община Речен бряг", "Речен бряг", "BG", "bg", "bg-zdoi"),
];

/// What is on the agenda of a day.
enum Entry {
    File(usize),
    Answer { plan: usize, step: usize, bytes: Vec<u8>, recipient: String },
}

/// The stage: what every act needs.
struct Stage<'a> {
    ctx: &'a Context,
    db: &'a Db,
    cage: Cage,
    sent: Arc<Mutex<Vec<SentLetter>>>,
    activist: i64,
    volunteer: i64,
    members: Vec<i64>,
}

/// Tells the past up to `now`, with the clock of `ctx`, which must be a fixed one.
pub fn tell(ctx: &Context, db: &Db, now: DateTime<Utc>) -> Result<Cast, Error> {
    let first = PLANS.iter().map(|plan| plan.days_ago).max().unwrap_or(0);
    // Ten in the morning, so that a day is the same day in every zone of Europe.
    let morning = |days_ago: i64| (now - TimeDelta::days(days_ago)).date_naive().and_hms_opt(9, 0, 0);
    let at = |days_ago: i64| morning(days_ago).map_or(now, |time| time.and_utc());
    ctx.clock.set(at(first + 1));
    let (stage, cast) = set_the_stage(ctx, db)?;
    let mut agenda: Vec<(DateTime<Utc>, Entry)> =
        PLANS.iter().enumerate().map(|(index, plan)| (at(plan.days_ago), Entry::File(index))).collect();
    for day in (0..=first).rev() {
        let (today, later): (Vec<_>, Vec<_>) = agenda.into_iter().partition(|(time, _)| *time <= at(day));
        agenda = later;
        ctx.clock.set(at(day).min(now));
        deadlines::tick(ctx, db)?;
        for (minute, (_, entry)) in (1_i64..).zip(today) {
            ctx.clock.set((at(day) + TimeDelta::minutes(7 * minute)).min(now));
            match entry {
                Entry::File(index) => agenda.extend(stage.file(index, now)?),
                Entry::Answer { plan, step, bytes, recipient } => {
                    stage.answer((plan, step), &bytes, &recipient)?;
                }
            }
        }
    }
    stage.stray_mail()?;
    Ok(cast)
}

fn set_the_stage<'a>(ctx: &'a Context, db: &'a Db) -> Result<(Stage<'a>, Cast), Error> {
    let mut conn = db.conn()?;
    let email = "admin@askance.example".to_owned();
    let newcomer = |email, name, role| Newcomer { email, name, role };
    let password = sign_in::add_person(ctx, &mut conn, &newcomer(&email, "Mara Varga", Role::Admin))?;
    sign_in::add_person(
        ctx,
        &mut conn,
        &newcomer("volunteer@askance.example", "Theo Okafor", Role::Volunteer),
    )?;
    let id_of = |conn: &mut crate::store::Conn, email: &str| -> Result<i64, Error> {
        Ok(people::by_email(conn, email)?.map_or(0, |person| person.id))
    };
    let activist = id_of(&mut conn, &email)?;
    let volunteer = id_of(&mut conn, "volunteer@askance.example")?;
    let now = ctx.clock.now();
    let members = cast()
        .iter()
        .map(|member| Ok(authorities::insert(&mut conn, &authority(ctx, member)?, now)?))
        .collect::<Result<Vec<i64>, Error>>()?;
    for (name, place, country, language, regime) in WITHOUT_ADDRESS {
        let new = NewAuthority {
            slug: slug(name),
            name: (*name).to_owned(),
            name_en: None,
            language: (*language).to_owned(),
            kind: AuthorityKind::Municipality,
            country: (*country).to_owned(),
            place: (*place).to_owned(),
            regime: Some((*regime).to_owned()),
            subdivision: None,
            regime_reason: None,
            website: None,
            source: "demonstration".to_owned(),
            email: None,
            identifiers: Vec::new(),
        };
        authorities::insert(&mut conn, &new, now)?;
    }
    let cage = Cage::here(ctx.library.knowledge.clone());
    Ok((
        Stage { ctx, db, cage, sent: Arc::default(), activist, volunteer, members },
        Cast { email, password },
    ))
}

fn authority(ctx: &Context, member: &CastMember) -> Result<NewAuthority, Error> {
    // The law of a part of a country tells whose body an invented one is.
    let law = ctx.library.laws.regimes().find(|law| law.id.as_str() == member.regime);
    Ok(NewAuthority {
        slug: slug(member.name),
        name: member.name.to_owned(),
        name_en: Some(member.name_en.to_owned()).filter(|english| english != member.name),
        language: member.language.to_owned(),
        kind: member.kind.parse()?,
        country: member.country.to_owned(),
        place: member.place.to_owned(),
        regime: Some(member.regime.to_owned()),
        subdivision: law.and_then(|law| law.subdivision.clone()),
        regime_reason: None,
        website: None,
        source: "demonstration".to_owned(),
        email: Some(member.email.parse()?),
        identifiers: Vec::new(),
    })
}

/// What each answer of the cast is, whatever the reader makes of it.
fn meant(behaviour: Behaviour, step: usize) -> Option<Kind> {
    use Kind::{Acknowledgement, Clarification, Extension, Full, NotHeld, Partial, Refusal, Transfer};
    let kinds: &[Kind] = match behaviour {
        Behaviour::GermanExtension | Behaviour::EnglishExtension => &[Acknowledgement, Extension],
        Behaviour::GermanPartial => &[Partial],
        Behaviour::GermanTransfer => &[Transfer],
        Behaviour::FrenchRefusalInPdf => &[Acknowledgement, Refusal],
        Behaviour::FrenchClarification => &[Clarification],
        Behaviour::ItalianPartial => &[Acknowledgement, Partial],
        Behaviour::ItalianFull => &[Full],
        Behaviour::GreekNotHeld => &[Acknowledgement, NotHeld],
        Behaviour::EnglishOutOfOffice => &[Kind::Automatic, Full],
        Behaviour::Silence | Behaviour::Bounce => &[],
    };
    kinds.get(step).copied()
}

impl Stage<'_> {
    /// Files and sends; the answers it will get go on the agenda.
    fn file(&self, index: usize, now: DateTime<Utc>) -> Result<Vec<(DateTime<Utc>, Entry)>, Error> {
        let Some(plan) = PLANS.get(index) else { return Ok(Vec::new()) };
        let (Some(member), Some(authority)) = (cast().get(plan.member), self.members.get(plan.member)) else {
            return Ok(Vec::new());
        };
        let filing = Filing {
            authorities: vec![*authority],
            bundle: plan.bundle.to_owned(),
            language: None,
            signed_as: "Mara Varga\nKlarblick e. V.".to_owned(),
            form_key: format!("past-{index}"),
            ..Filing::default()
        };
        let mut conn = self.db.conn()?;
        let filed = filing::file(self.ctx, &mut conn, self.activist, &filing)?;
        match (plan.end, filed.first()) {
            (End::TakenBack, Some(filed)) => {
                filing::take_back(self.ctx, &mut conn, self.activist, &filed.reference)?;
                return Ok(Vec::new());
            }
            _ => drop(conn),
        }
        // Once it can no longer be taken back; a letter that stays would be answered in the name of the next.
        self.ctx.clock.set(self.ctx.clock.now() + self.ctx.config.undo);
        if plan.end == End::Unknown {
            self.stop_in_mid_send()?;
            return Ok(Vec::new());
        }
        let transport = Transport::Memory(Arc::clone(&self.sent));
        while delivery::send_next(self.ctx, self.db, &transport, "past")? {}
        let letters = std::mem::take(&mut *self.sent.lock().unwrap_or_else(PoisonError::into_inner));
        let start = self.ctx.clock.now();
        let times: Vec<DateTime<Utc>> = plan
            .answers_after
            .iter()
            .map(|days| start + TimeDelta::days(*days) + TimeDelta::hours(2))
            .collect();
        let mut entries = Vec::new();
        for letter in letters {
            for (step, (time, (_, bytes))) in
                times.iter().zip(answers(member, &letter.bytes, &times)).enumerate()
            {
                let recipient = letter.from.clone();
                entries.push(((*time).min(now), Entry::Answer { plan: index, step, bytes, recipient }));
            }
        }
        Ok(entries)
    }

    /// A worker takes the letter, commits the doubt and is never heard of again.
    fn stop_in_mid_send(&self) -> Result<(), Error> {
        let now = self.ctx.clock.now();
        let until = now + TimeDelta::minutes(1);
        let claim = outbox::Claim { worker: "stopped", now, until, per_minute: 0 };
        transaction(&mut *self.db.conn()?, |conn| {
            if let Some((letter, _)) = outbox::claim_due(conn, &claim)? {
                outbox::in_doubt(conn, letter.id, &claim)?;
            }
            Ok::<(), crate::store::Error>(())
        })?;
        self.ctx.clock.set(now + TimeDelta::minutes(2));
        Ok(delivery::expire_leases(self.ctx, self.db)?)
    }

    /// A reply comes in, is read, and settled where the plan says so.
    fn answer(&self, (plan, step): (usize, usize), raw: &[u8], recipient: &str) -> Result<(), Error> {
        let recipients = [recipient.to_owned()];
        intake::accept(
            self.ctx.door(),
            Some(self.db),
            Mail { raw, recipients: &recipients, via: "lmtp", handed: None },
        )?;
        triage::read_next(self.ctx, self.db, &self.cage, 50)?;
        let Some(plan) = PLANS.get(plan).filter(|plan| plan.settled) else { return Ok(()) };
        self.ctx.clock.set(self.ctx.clock.now() + TimeDelta::minutes(3));
        let mut conn = self.db.conn()?;
        for message in messages::held_for(&mut conn, recipient)? {
            let Some(mut settlement) = triage::proposed_settlement(self.ctx, &mut conn, message)? else {
                continue;
            };
            // A volunteer who reads the letter corrects the reader where it is wrong.
            let meant = cast().get(plan.member).and_then(|member| meant(member.behaviour, step));
            if let Some(kind) = meant.filter(|kind| *kind != settlement.kind) {
                settlement.kind = kind;
                settlement.outcome = None;
                if kind == Kind::Refusal && settlement.grounds.is_empty() {
                    settlement.grounds.push(Ground { cite: "none given".to_owned(), category: None });
                }
            }
            // The decision itself is public: its file names nobody.
            if meant == Some(Kind::Refusal) {
                let files = messages::attachment_names(&mut conn, message)?;
                let decisions = files.iter().filter(|(_, name)| name.to_lowercase().ends_with(".pdf"));
                settlement.publish_attachments = decisions.map(|(position, _)| *position).collect();
            }
            settlement.looked = true;
            triage::settle(self.ctx, &mut conn, self.volunteer, &settlement)?;
        }
        Ok(())
    }

    /// A mail that names no request waits in "unmatched".
    fn stray_mail(&self) -> Result<(), Error> {
        let date = self.ctx.clock.now().to_rfc2822();
        let raw = format!(
            "From: Bürgerbüro <buergerbuero@stadt-lindenbrueck.example>\r\n\
             To: info@post.askance.example\r\nSubject: Ihre Anfrage zu Kameras\r\n\
             Message-ID: <stray@stadt-lindenbrueck.example>\r\nDate: {date}\r\n\
             MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: 8bit\r\n\r\n\
             Sehr geehrte Damen und Herren,\r\n\r\nzu welchem Ihrer Anträge gehört Ihre telefonische Rückfrage \
             von gestern?\r\nBitte nennen Sie uns das Aktenzeichen.\r\n\r\nMit freundlichen Grüßen\r\nIhr Bürgerbüro\r\n"
        );
        let recipients = ["info@post.askance.example".to_owned()];
        let mail = Mail { raw: raw.as_bytes(), recipients: &recipients, via: "lmtp", handed: None };
        intake::accept(self.ctx.door(), Some(self.db), mail)?;
        triage::read_next(self.ctx, self.db, &self.cage, 50)?;
        Ok(())
    }
}
